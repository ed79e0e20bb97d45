"""Lexware Office, formerly lexoffice: customers and their contact persons, quotations, invoices and their kin with PDFs, articles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unisono.connect.http import Door
from unisono.connect.port import System
from unisono.model.capability import Capabilities
from unisono.model.secret import Secret
from unisono.systems.lexoffice.client import Client
from unisono.systems.lexoffice.system import Lexoffice
from unisono.systems.lexoffice.ways import ways_of


def make(door: Door, login: Mapping[str, str | Secret], capabilities: Capabilities, settings: Mapping[str, Any]) -> System:
    """One account. ``login``: ``api_key``. ``settings``: ``api`` (another address of the service) and those of ``ways.ways_of``.

    Raises ``ValueError`` for a setting that cannot be.
    """
    key, api = login["api_key"], str(settings.get("api") or capabilities.api).rstrip("/")
    client = Client(door, key if isinstance(key, Secret) else Secret(key), api)
    return Lexoffice(client, capabilities, ways_of(settings, api))
