"""Bitrix24: companies and contacts with their requisites, deals, quotes and smart invoices, comments on cards. Our side of its REST API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from unisono.connect.http import Door
from unisono.connect.port import System
from unisono.model.capability import Capabilities
from unisono.model.secret import Secret
from unisono.systems.bitrix24.client import Client
from unisono.systems.bitrix24.setup import portal_of, ways_of
from unisono.systems.bitrix24.system import Bitrix24
from unisono.systems.bitrix24.webhook import EVENTS


def make(door: Door, login: Mapping[str, str | Secret], capabilities: Capabilities, settings: Mapping[str, Any]) -> System:
    """One portal over an incoming webhook.

    ``login``: ``portal`` (its host) and ``webhook`` (the address as the portal shows it, or its last part). ``settings``: ``api`` (base
    address, for a portal of the firm's own or a simulator), ``outgoing_webhook`` (whether the portal was told by hand to send notices) and
    what set-up settled (``setup.ways_of``). Raises ``ValueError`` for a setting that cannot be.
    """
    key, portal = login["webhook"], portal_of(str(login["portal"]))
    client = Client(door, key if isinstance(key, Secret) else Secret(key), str(settings.get("api") or f"https://{portal}/rest"))
    if settings.get("outgoing_webhook"):
        told = tuple(replace(resource, webhook=resource.name in EVENTS) for resource in capabilities.resources)
        capabilities = replace(capabilities, resources=told)
    return Bitrix24(client, capabilities, ways_of(settings, portal))
