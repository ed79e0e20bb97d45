"""A pair of plain vendors, made of canonical records on shelves: what flows are played with that no documented pair has on both sides.

A shelf does what its capabilities say and no more. It keeps our reference where they say so, and loses the answer to a write when it is
told to.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import msgspec
from msgspec.structs import replace

from tests.support.clock import FakeClock
from tests.support.village import Village
from unisono.connect.port import Answered, Command, Fetched, Identity, Page, Raw
from unisono.model.capability import Capabilities, FieldLimit, Resource, Writing
from unisono.model.document import Document, File, Lines, Note
from unisono.model.errors import NotThere, Refused, Unclear
from unisono.model.party import ADDRESS_FIELDS, party_of
from unisono.model.product import Product, product_of
from unisono.model.record import Body, Kind, Record, flat_of
from unisono.model.totals import totals_of
from unisono.model.writing import Write
from unisono.store import pairs, secrets
from unisono.store.codec import body_from, body_text, write_from, write_text
from unisono.store.doors import Store
from unisono.wiring import House, add_pair

KINDS: tuple[Kind, ...] = ("party", "product", "quote", "invoice", "note", "file")
_HELD = ("type", "name", "first_name", "email", *(f"address.{part}" for part in ADDRESS_FIELDS))
PARTY = Writing(
    kind="party", create="record", change=True, find="reference", fields={name: FieldLimit(on_change=name != "type") for name in _HELD}
)
NOTE = Writing(kind="note", create="record", change=True, find="reference")
FILE = Writing(kind="file", create="record", find="natural")


def able(name: str, *writings: Writing, doors: tuple[Any, ...] = (), lists: tuple[Kind, ...] = KINDS[:4]) -> Capabilities:
    """What a vendor can do that lists every kind of record and writes these."""
    return Capabilities(
        name=name,
        title=name.title(),
        kind="crm" if name == "till" else "invoicing",
        country="DE",
        implemented=True,
        time_zone="Europe/Berlin",
        api="",
        hosts=(),
        login=(),
        pace=(),
        resources=tuple(Resource(name=kind, kinds=(kind,), signal="compare", lines="readable", delete_lag=60) for kind in lists),
        writings=writings,
        doors=doors,
    )


@dataclass(slots=True)
class Row:
    """One record on a shelf, and how often it was written."""

    body: Body
    owner: str
    created: datetime
    version: int = 1
    told: list[dict[str, str]] = field(default_factory=list)
    """What was written to it that is no field of its own: stages and triggers."""


@dataclass
class Shelf:
    """One vendor. ``wrote`` are its writes in order; ``lost`` counts how many answers to writes are lost from now on, after they were done."""

    capabilities: Capabilities
    clock: FakeClock
    rows: dict[tuple[Kind, str], Row] = field(default_factory=dict)
    wrote: list[Write] = field(default_factory=list)
    lost: int = 0
    cents_more: str = ""
    """Kind of document that it computes a cent too much for."""

    # people

    def put(self, kind: Kind, body: Body, owner: str = "") -> str:
        """A person makes a record."""
        key = f"{self.capabilities.name[0]}{kind[0]}:{sum(1 for k, _ in self.rows if k == kind) + 1}"
        self.rows[kind, key] = Row(body, owner, self.clock.now())
        return key

    def edit(self, kind: Kind, key: str, **values: Any) -> None:
        """A person edits a record."""
        row = self.rows[kind, key]
        row.body, row.version = replace(cast(Any, row.body), **values), row.version + 1

    def remove(self, kind: Kind, key: str) -> None:
        """A person deletes a record."""
        del self.rows[kind, key]

    def all(self, kind: Kind) -> dict[str, Any]:
        """The bodies of a kind by key."""
        return {key: row.body for (k, key), row in self.rows.items() if k == kind}

    def told(self, kind: Kind, key: str) -> list[dict[str, str]]:
        """The stages and triggers that were written to a record."""
        return self.rows[kind, key].told

    # the port

    def identify(self) -> Identity | None:
        """The one account."""
        return Identity(self.capabilities.name, self.capabilities.title)

    def pages(self, resource: str, since: datetime | None = None) -> Iterator[Page]:
        """Everything at once."""
        yield Page(tuple(self._raw(kind, key) for kind, key in self.rows if kind == resource), True, self.clock.now())

    def read(self, resource: str, key: str) -> Raw | None:
        """One row."""
        return self._raw(resource, key) if (resource, key) in self.rows else None  # type: ignore[arg-type, comparison-overlap]

    def records(self, raw: Raw) -> tuple[Record, ...]:
        """The record of a row."""
        told, kind = msgspec.json.decode(raw.body), raw.resource
        record = Record(
            kind=kind,  # type: ignore[arg-type]
            key=raw.key,
            body=body_from(kind, told["body"]),  # type: ignore[arg-type]
            resource=kind,
            resource_key=raw.key,
            owner=told["owner"],
            owner_kind="party" if told["owner"] else "",
            created=datetime.fromisoformat(told["created"]),
            version=raw.version,
        )
        return (record,)

    def locate(self, kind: Kind, key: str) -> tuple[str, str]:
        """Every record is a row of its own."""
        return kind, key

    def compose(self, write: Write, current: Raw | None) -> tuple[Command, ...]:
        """One call a write; what the capabilities do not name is no call at all."""
        able = self.capabilities.writing(write.kind)
        if not {"create": able.create != "none", "change": able.change, "delete": able.delete}[write.operation]:
            raise Refused("cannot-write", {"kind": write.kind})
        return (Command(f"{write.operation} {write.kind}", {"write": write_text(write)}),)

    def send(self, command: Command, earlier: tuple[Answered, ...] = ()) -> Answered:
        """Does it, and loses the answer if that is its turn."""
        write = write_from(command.payload["write"])
        key = self._done(write)
        self.wrote.append(write)
        if self.lost:
            self.lost -= 1
            raise Unclear("answer-lost", {"key": key})
        return Answered(key, None if write.kind == "file" or write.operation == "delete" else self._raw(write.kind, key))

    def probe(self, write: Write) -> tuple[Raw, ...]:
        """The rows that carry our reference; without one those that hold what was sent."""
        there = [(key, row) for key, row in self.rows.items() if key[0] == write.kind]
        if self.capabilities.writing(write.kind).find == "reference":
            found = [key for key, row in there if write.reference and write.reference == getattr(row.body, "reference", "")]
        else:
            found = [key for key, row in there if row.owner == write.owner and _told(row.body) == _told(write.body)]
        return tuple(self._raw(*key) for key in found)

    def fetch_file(self, record: Record, folder: Path, limit: int) -> Fetched:
        """The document, rendered."""
        content = b"%PDF-1.7 " + body_text(record.body).encode()
        path = folder / f"{self.capabilities.name}-{hashlib.sha256(record.key.encode()).hexdigest()[:12]}.pdf"
        path.write_bytes(content)
        return Fetched(path, len(content), hashlib.sha256(content).hexdigest(), "application/pdf")

    # inside

    def _raw(self, kind: Kind, key: str) -> Raw:
        row = self.rows[kind, key]
        told = {"body": body_text(row.body), "owner": row.owner, "created": row.created.isoformat()}
        return Raw(kind, key, msgspec.json.encode(told), str(row.version))

    def _done(self, write: Write) -> str:
        if write.operation == "create":
            if write.kind == "file":
                assert isinstance(write.body, File)
                return self.put("file", replace(write.body, path=""), write.owner)
            assert write.body is not None
            made = self._made(write.body)
            if self.capabilities.writing(write.kind).find == "natural":
                made = replace(cast(Any, made), reference="")
            return self.put(write.kind, made, write.owner)
        row = self.rows.get((write.kind, write.key))
        if row is None:
            raise NotThere("not-there", {"key": write.key})
        if write.operation == "delete":
            self.remove(write.kind, write.key)
        elif isinstance(row.body, Document):
            row.told.append(dict(write.changes))
        elif isinstance(row.body, Note):
            self.edit(write.kind, write.key, **write.changes)
        else:
            flat = flat_of(row.body) | write.changes
            row.body, row.version = product_of(flat) if isinstance(row.body, Product) else party_of(flat), row.version + 1
        return write.key

    def _made(self, body: Body) -> Body:
        """A document gets its totals, and if it is issued its number."""
        if not isinstance(body, Document) or not isinstance(body.lines, Lines):
            return body
        totals = totals_of(body.lines.rows, body.basis)
        assert totals is not None
        more = totals.gross.__class__("0.01") if self.cents_more else 0
        number = f"R-{sum(1 for k, _ in self.rows if k == 'invoice') + 1}" if body.stage != "draft" else ""
        return replace(body, net=totals.net, vat=totals.vat, gross=totals.gross + more, number=number)


def _told(body: Body | None) -> object:
    """What a record is recognised by that carries no reference of ours."""
    if isinstance(body, Document):
        return (body.title, body.lines)
    return flat_of(body) if body is not None else None


def shop(folder: Path, till: Capabilities, ledger: Capabilities, policy: str) -> Village:
    """A pair of a CRM ``till`` and an invoicing system ``ledger``, reading."""
    clock = FakeClock()
    crm, books = Shelf(till, clock), Shelf(ledger, clock)
    shelves = {"till": crm, "ledger": books}
    store = Store.open(":memory:", least_room=0)
    ring = secrets.KeyRing(folder / "key")
    house = House(store=store, ring=ring, folder=folder, clock=clock, chance=random.Random(7), guests=shelves.get, fan_out=1)
    firm, a, b = house.ids.new(), house.ids.new(), house.ids.new()
    with store.write() as conn:
        pairs.add_firm(conn, firm, "Muster GmbH", "DE", "de", "Europe/Berlin", clock.now())
        pairs.add_connection(conn, a, firm, "till", "Till", {}, {}, clock.now())
        pairs.add_connection(conn, b, firm, "ledger", "Ledger", {}, {}, clock.now())
    return Village(house, clock, crm, books, firm, a, b, add_pair(house, firm, "Till - Ledger", a, b, policy))
