"""Ways from a record to the vendor's own page about it, where the system says how; they lead to the vendor and nowhere else."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from unisono.model.capability import Capabilities
from unisono.model.document import Document
from unisono.model.record import Record
from unisono.store.pairs import ConnectionRow
from unisono.wiring.house import House


def page_of(house: House, connection: ConnectionRow, record: Record) -> str:
    """The address of a record's page; empty where it is not known.

    The vendor's answer names it, or the fact ``page-<resource>`` of its ``system.toml`` says how it is made.
    """
    capabilities = house.capabilities(connection.system)
    named = record.body.view_url if isinstance(record.body, Document) else ""
    # An address of its own (a simulator, a self-hosted system) has its pages elsewhere.
    made = "" if connection.settings.get("api") else _made(capabilities, record)
    return checked(named or made, capabilities.hosts, loopback=house.loopback)


def checked(url: str, hosts: tuple[str, ...], *, loopback: bool) -> str:
    """An address, if it is one of these hosts (``*.example.net`` for all below), by TLS and without a login in it; else nothing."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    if loopback and parts.scheme == "http" and host in ("127.0.0.1", "localhost"):
        return url
    known = any(host == one or (one.startswith("*.") and host.endswith(one[1:])) for one in hosts)
    return url if parts.scheme == "https" and known and not parts.username else ""


def _made(capabilities: Capabilities, record: Record) -> str:
    try:
        template = capabilities.fact(f"page-{record.resource}")
    except KeyError:
        return ""
    return template.replace("{id}", quote(record.resource_key, safe=""))
