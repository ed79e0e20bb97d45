"""FastBill: customers and their contact persons, estimates and invoices with their PDFs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from unisono.connect.http import Door
from unisono.connect.pace import narrowed as paced
from unisono.connect.port import System
from unisono.model.capability import Capabilities
from unisono.model.secret import Secret
from unisono.systems.fastbill.client import Client, signed
from unisono.systems.fastbill.system import FastBill

PORTALS = ("portal.fastbill.com", "my.fastbill.com")


def make(door: Door, login: Mapping[str, str | Secret], capabilities: Capabilities, settings: Mapping[str, Any]) -> System:
    """One account. ``login``: ``email`` and ``api_key``. ``settings``: ``api`` (another address of the service), ``portal`` (another origin
    of the document links), and those of ``narrowed``.
    """
    portal = urlsplit(str(settings.get("portal") or "")).netloc
    client = Client(door, str(settings.get("api") or capabilities.api), signed(login), ZoneInfo(capabilities.time_zone))
    return FastBill(client, narrowed(capabilities, settings), (portal,) if portal else PORTALS)


def narrowed(capabilities: Capabilities, settings: Mapping[str, Any]) -> Capabilities:
    """What this connection can do. ``plan`` (``solo``, ``solo-plus``, ``pro``, ``premium``) sets the allowance and whether there are
    notices; ``own_numbers`` says that Unisono writes the customer numbers.
    """
    plan = str(settings.get("plan") or "")
    notices = plan in ("pro", "premium")
    resources = tuple(replace(resource, webhook=resource.webhook and notices) for resource in capabilities.resources)
    writings = capabilities.writings
    if settings.get("own_numbers"):
        writings = tuple(
            replace(w, fields=w.fields | {"number": replace(w.fields["number"], on_create=True, on_change=True)})
            if w.kind == "party"
            else w
            for w in writings
        )
    return replace(capabilities, pace=paced(capabilities.pace, plan), resources=resources, writings=writings)
