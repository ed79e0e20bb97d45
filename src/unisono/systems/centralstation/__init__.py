"""CentralStationCRM (42he): companies, people, offers, tags, notes with files. Our side of its API, and of nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unisono.connect.http import Door
from unisono.connect.port import System
from unisono.model.capability import Capabilities
from unisono.model.secret import Secret
from unisono.systems.centralstation.client import API
from unisono.systems.centralstation.system import CentralStation, bindings_of

TAG = "FastBill"
"""The tag that is watched unless the settings name another one."""


def make(door: Door, login: Mapping[str, str | Secret], capabilities: Capabilities, settings: Mapping[str, Any]) -> System:
    """One account.

    ``login``: ``api_key``. ``settings``: ``api`` (base address, for an account's own host or a simulator), ``tag`` (the watched tag),
    ``bindings`` (category -> canonical field -> custom field type id). Raises ``ValueError`` for a binding that cannot be.
    """
    key = login["api_key"]
    return CentralStation(
        door,
        key if isinstance(key, Secret) else Secret(key),
        capabilities,
        base=str(settings.get("api") or API),
        bindings=bindings_of(settings.get("bindings")),
        tag=str(settings.get("tag") or TAG),
    )
