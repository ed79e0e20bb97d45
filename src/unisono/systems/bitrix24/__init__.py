"""Bitrix24: companies and contacts with their requisites, deals, quotes and smart invoices, comments on cards. Our side of its REST API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unisono.connect.http import Door
from unisono.connect.port import System
from unisono.connect.renewal import Keys
from unisono.model.capability import Capabilities, signed_in
from unisono.model.secret import Secret
from unisono.systems.bitrix24.client import App, Client, Hook
from unisono.systems.bitrix24.login import APP, KEYS, base_of, portal_of, renewal
from unisono.systems.bitrix24.system import Bitrix24
from unisono.systems.bitrix24.ways import ways_of


def make(
    door: Door,
    login: Mapping[str, str | Secret],
    capabilities: Capabilities,
    settings: Mapping[str, Any],
    *,
    keys: Keys | None = None,
) -> System:
    """One portal, over an incoming webhook or as a local app (``settings["login"]``); what the webhook may not is not among its capabilities.

    ``login``: ``portal`` (its host) and ``webhook`` (the address as the portal shows it, or its last part), or ``client_id``,
    ``client_secret`` and the keys of ``login.redeem``, which ``keys`` renews. ``settings``: ``api`` (base address, for a portal on a host of
    the firm's own or a simulator), ``login_server`` and what set-up settled (``ways.ways_of``). Raises ``ValueError`` for a setting that
    cannot be.
    """
    way = str(settings.get("login") or "")
    signed: App | Hook
    if way == APP:
        signed = App({name: _secret(login[name]) for name in KEYS}, keys, renewal(door, login, settings))
    else:
        signed = Hook(_secret(login["webhook"]))
    ways = ways_of(settings, portal_of(str(login["portal"])))
    return Bitrix24(Client(door, signed, base_of(login, settings)), signed_in(capabilities, way), ways)


def _secret(value: str | Secret) -> Secret:
    return value if isinstance(value, Secret) else Secret(value)
