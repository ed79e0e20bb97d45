"""CentralStationCRM behind the port: one account, no state but login and door."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from unisono.connect.http import Door
from unisono.connect.port import Answered, Command, Fetched, Identity, Page, Raw
from unisono.model.capability import Capabilities, with_bindings
from unisono.model.errors import BadAnswer, NotThere, Refused
from unisono.model.record import Kind, Record
from unisono.model.secret import Secret
from unisono.model.writing import Write
from unisono.systems.centralstation import mapping, writing
from unisono.systems.centralstation.client import Client, row_in, since_of
from unisono.systems.centralstation.mapping import BOUND_FIELDS, PLURALS, RESOURCES, Bindings
from unisono.systems.centralstation.probe import probe

INCLUDES = {
    "companies": "tags tels emails homepages addrs custom_fields",
    "people": "positions tags tels emails homepages addrs custom_fields",
    "deals": "people company tags custom_fields",
}
"""What a row brings along, so that one call shows it in full."""
KINDS: dict[Kind, tuple[str, ...]] = {
    "party": ("company", "person"),
    "contact": ("person",),
    "quote": ("deal",),
    "tag": ("tag",),
    "note": ("protocol",),
    "file": ("attachment",),
}
ZONES = {
    "Amsterdam": "Europe/Amsterdam",
    "Berlin": "Europe/Berlin",
    "Bern": "Europe/Zurich",
    "London": "Europe/London",
    "Paris": "Europe/Paris",
    "Vienna": "Europe/Vienna",
    "Zurich": "Europe/Zurich",
}
"""The vendor names a zone by a city."""


class CentralStation:
    """The ``System`` of this vendor. ``tag`` is the one whose rows are seen as records."""

    def __init__(self, door: Door, key: Secret, capabilities: Capabilities, *, base: str, bindings: Bindings, tag: str) -> None:
        self.client = Client(door, key, base)
        self._bindings, self._tag = bindings, tag
        self._capabilities = narrowed(capabilities, bindings)

    @property
    def capabilities(self) -> Capabilities:
        """What it can do, with the fields that custom fields hold in this account."""
        return self._capabilities

    def identify(self) -> Identity | None:
        """The account, the user whose key it is and the zone, from the call that checks a key."""
        answer = self.client.value("/user")
        row = answer.get("user", answer) if isinstance(answer, dict) else {}
        account = row.get("current_account") if isinstance(row, dict) else None
        if not isinstance(account, str) or not account.strip():
            raise BadAnswer("not-a-row", {"call": "/user", "field": "current_account", "value": str(account)[:80]})
        parts = [row.get(part) for part in ("first", "last")]
        name = " ".join(part for part in parts if isinstance(part, str) and part) or str(row.get("name") or "")
        zone = str(row.get("timezone") or "")
        return Identity(account.strip(), name, ZONES.get(zone, zone))

    def pages(self, resource: str, since: datetime | None = None) -> Iterator[Page]:
        """The rows of a resource, oldest first, or those changed since a day (inclusive), least recently changed first.

        Tags are those of the watched name; tags and notes have no *changed since*, so they come whole.
        """
        if resource not in RESOURCES or resource == "attachments":
            raise KeyError(resource)
        if resource in INCLUDES:
            params = [("includes", INCLUDES[resource]), ("order", "update-asc" if since else "new-asc")]
            if since:
                params.append(("filter[updated_at][larger_than]", since_of(since)))
        elif resource == "tags":
            params = [("filter[name][equal]", self._tag), ("order", "id-asc")]
        else:
            params = [("order", "id-desc")]
        return self.client.pages(resource, params)

    def read(self, resource: str, key: str) -> Raw | None:
        """One row in full. An attachment is downloaded with its content for that, and kept as size and hash."""
        if resource not in RESOURCES:
            raise KeyError(resource)
        includes = INCLUDES.get(resource)
        return self.client.row(resource, key, [("includes", includes)] if includes else [])

    def records(self, raw: Raw) -> tuple[Record, ...]:
        """The row in canonical form."""
        return mapping.records(raw.resource, raw.key, row_in(raw), self._bindings, self._tag)

    def locate(self, kind: Kind, key: str) -> tuple[str, str]:
        """``party``, ``person:42`` -> ``people``, ``42``. Raises ``ValueError`` for a key that is none of that kind."""
        singular, _, row_id = key.partition(":")
        if singular not in KINDS.get(kind, ()) or not row_id:
            raise ValueError(f"{key!r} is not the key of a {kind}")
        return PLURALS[singular], row_id

    def compose(self, write: Write, current: Raw | None) -> tuple[Command, ...]:
        """The wire calls of a write; see ``writing.compose``."""
        calls = writing.compose(write, row_in(current) if current else None, self._capabilities, self._bindings)
        return tuple(Command(call.operation, call.payload, call.file) for call in calls)

    def send(self, command: Command, earlier: tuple[Answered, ...] = ()) -> Answered:
        """One wire call; see ``Client.send``."""
        try:
            return self.client.send(command, earlier)
        except Refused as refused:
            part = "positions." if "/positions/" in command.operation else ""
            refused.field = writing.our_name(part + refused.field)
            raise

    def probe(self, write: Write) -> tuple[Raw, ...]:
        """The rows that hold exactly what an unclear create would have made."""
        return probe(write, self.client, self.read, self.records, self._bindings)

    def fetch_file(self, record: Record, folder: Path, limit: int) -> Fetched:  # noqa: ARG002  the port's signature
        """Not offered: the CRM receives documents, it does not issue any."""
        raise NotThere("no-files-here", {"record": record.key})


def narrowed(capabilities: Capabilities, bindings: Bindings) -> Capabilities:
    """The capabilities of an account whose custom fields are bound: more fields, and ``find`` by our reference where that has a place."""
    bound = {name for category in ("Company", "Person") for name in bindings.of(category) if name != "reference"}
    if bound:
        capabilities = with_bindings(capabilities, "party", tuple(sorted(bound)))
    finds: set[Kind] = set()
    if "reference" in bindings.of("Person"):
        finds.add("contact")
        if "reference" in bindings.of("Company"):
            finds.add("party")
    writings = tuple(replace(w, find="reference") if w.kind in finds else w for w in capabilities.writings)
    return replace(capabilities, writings=writings)


def bindings_of(settings: Any) -> Bindings:
    """The setting ``bindings`` as a value. Raises ``ValueError`` naming the entry that is wrong."""
    types: dict[str, dict[str, str]] = {}
    for category, fields in (settings or {}).items():
        if category not in ("Company", "Person", "Deal"):
            raise ValueError(f"bindings.{category}: there are Company, Person and Deal")
        for name, type_id in fields.items():
            if name not in BOUND_FIELDS or not str(type_id).isdigit():
                raise ValueError(
                    f"bindings.{category}.{name} = {type_id!r}: one of {', '.join(BOUND_FIELDS)} and the number of a custom field"
                )
            types.setdefault(category, {})[name] = str(type_id)
    return Bindings(types)
