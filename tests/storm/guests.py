"""The door of an invented vendor: the port of the product over a ``Fake``, as a careful connector would write it. No HTTP, no files read."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from tests.storm.fakes import Bad, Fake, Missing, Newer, Row
from tests.storm.traits import capabilities_of
from unisono.connect.paging import Stretch, walk
from unisono.connect.port import Answered, Command, Fetched, Identity, Page, Raw
from unisono.model.capability import Capabilities
from unisono.model.codes import INVOICE, QUOTATION
from unisono.model.document import Document, File, Line, Lines, Note, NotGiven, Tag
from unisono.model.errors import BadAnswer, Conflicted, LoginRefused, NotThere, Refused, SystemFault, TryLater, Unclear
from unisono.model.party import Contact, Party, contact_of, flat_contact, flat_party, party_of
from unisono.model.record import Body, Kind, Record
from unisono.model.writing import Write

T = TypeVar("T")
_ENCODE = msgspec.json.Encoder()
_DECODE = msgspec.json.Decoder()
_BELONGS: dict[str, Kind] = {"contact": "party", "quote": "party", "invoice": "party", "tag": "party"}


@dataclass(slots=True)
class Login:
    """What a connection keeps of its login: the token that was given last. It outlives the process."""

    token: str = "token-1"


class Wire(Protocol):
    """What a call goes through: faults strike there, and the vendor's log is written."""

    def called(self, operation: str, kind: str, key: str, what: Callable[[], T], *, write: bool = False) -> T:
        """Does ``what``, or not."""
        ...


@dataclass(frozen=True, slots=True)
class Guest:
    """The ``System`` of one invented vendor."""

    fake: Fake
    wire: Wire
    login: Login
    capabilities: Capabilities

    def identify(self) -> Identity | None:
        """Whose account the key opens."""
        return self._call("identify", "", "", lambda: Identity(self.fake.account, self.fake.account))

    def pages(self, resource: str, since: dt.datetime | None = None) -> Iterator[Page]:
        """The rows of a list, a page a call."""
        size = self.fake.traits.page

        def read(at: int) -> Stretch[tuple[Raw, ...]]:
            rows = self._call("list", resource, "", lambda: [self._raw(row) for row in self.fake.page(resource, since, at, size)])
            return Stretch(at, [raw.key for raw in rows], len(rows) == size, tuple(rows))

        for stretch, fresh in walk(read, {"system": self.capabilities.name, "resource": resource}):
            yield Page(tuple(stretch.page[i] for i in fresh), not stretch.full, self.fake.now())

    def read(self, resource: str, key: str) -> Raw | None:
        """One row; a merged record's redirect to its survivor is a definite *not found* of the one that was asked for."""
        try:
            raw = self._call("read", resource, key, lambda: self._raw(self.fake.get(resource, key)))
        except Missing:
            return None
        return raw if raw.key == key else None

    def records(self, raw: Raw) -> tuple[Record, ...]:
        """The row in canonical form."""
        told = {"system": self.capabilities.name, "resource": raw.resource, "record": raw.key}
        if raw.resource == "file":
            body = File(name=_DECODE.decode(raw.body)["name"])
            return (Record(kind="file", key=raw.key, body=body, resource="file", resource_key=raw.key, owner=raw.key.partition("/")[0]),)
        try:
            return (_record(_DECODE.decode(raw.body), raw),)
        except (msgspec.DecodeError, KeyError, ValueError, TypeError, AttributeError) as error:
            raise BadAnswer("bad-row", told) from error

    def locate(self, kind: Kind, key: str) -> tuple[str, str]:
        """Every record is a row of its own."""
        return kind, key

    def compose(self, write: Write, current: Raw | None) -> tuple[Command, ...]:
        """The one call of a write."""
        payload: dict[str, Any] = {"kind": write.kind, "key": write.key, "owner": write.owner, "reference": write.reference}
        if write.operation == "create":
            payload["values"] = self._values(write)
        elif write.operation == "change":
            payload["values"] = dict(write.changes)
        if self.fake.traits.conditional and current is not None:
            payload["version"] = _DECODE.decode(current.body)["version"]
        return (Command(f"{write.operation} {write.kind}", payload),)

    def send(self, command: Command, earlier: tuple[Answered, ...] = ()) -> Answered:
        """One write."""
        payload, (operation, _, kind) = command.payload, command.operation.partition(" ")
        try:
            key, raw = self._call(operation, kind, payload["key"], lambda: self._written(operation, kind, payload), write=True)
        except Missing as missing:
            raise NotThere("not-there", {"key": str(missing)}) from missing
        except Newer as newer:
            raise Conflicted("changed-meanwhile", {"key": str(newer)}) from newer
        except Bad as bad:
            raise Refused(bad.args[0], {"field": bad.args[1]}, "the vendor's own words", field=bad.args[1]) from bad
        return Answered(key, raw if self.fake.traits.answers_row else None)

    def send_many(self, commands: Sequence[Command], earlier: Sequence[tuple[Answered, ...]]) -> list[Answered | SystemFault]:
        """Several writes as one call. An answer that is lost is lost for all of them, and what had not been carried out by then is not."""
        out: list[Answered | SystemFault] = []
        for command, before in zip(commands, earlier, strict=True):
            try:
                out.append(self.send(command, before))
            except Unclear:
                raise
            except (TryLater, LoginRefused) as shut:
                # The vendor stops there: the rest of the call is turned away like this one.
                return [*out, *([shut] * (len(commands) - len(out)))]
            except SystemFault as refused:
                out.append(refused)
        return out

    def read_many(self, places: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Raw | None]:
        """Several rows as one call."""
        return {place: self.read(*place) for place in places}

    def probe_many(self, writes: Sequence[Write]) -> list[tuple[Raw, ...]]:
        """Several looks for what a lost create made."""
        return [self.probe(write) for write in writes]

    def probe(self, write: Write) -> tuple[Raw, ...]:
        """The rows that a lost create made: by our reference where the vendor keeps it, else by every value that was sent."""
        if write.kind == "file":
            note = self.read("note", write.owner)
            named = write.body.name if isinstance(write.body, File) else ""
            there = note is not None and named in _DECODE.decode(note.body)["files"]
            return (Raw("file", f"{write.owner}/{named}", _ENCODE.encode({"name": named})),) if there else ()
        found = self._call("list", write.kind, "", lambda: [self._raw(row) for row in self._searched(write)])
        return tuple(found)

    def fetch_file(self, record: Record, folder: Path, limit: int) -> Fetched:
        """The rendered document."""
        try:
            row = self._call("read", record.kind, record.key, lambda: self.fake.get(record.kind, record.key))
        except Missing as missing:
            raise NotThere("not-there", {"key": record.key}) from missing
        body = b"%PDF-1.7 " + _ENCODE.encode(sorted(row.values.items()))
        if len(body) > limit:
            raise Refused("file-too-large", {"record": record.key})
        path = folder / f"{self.capabilities.name}-{record.key}.pdf"
        path.write_bytes(body)
        return Fetched(path, len(body), hashlib.sha256(body).hexdigest(), "application/pdf")

    # inside

    def _call(self, operation: str, kind: str, key: str, what: Callable[[], T], *, write: bool = False) -> T:
        """One call, with a token that holds."""
        if not self.fake.valid(self.login.token):
            self._refresh()
        return self.wire.called(operation, kind, key, what, write=write)

    def _refresh(self) -> None:
        try:
            token = self.wire.called("refresh", "token", "", lambda: self.fake.refresh(self.login.token))
        except Missing as missing:
            raise LoginRefused("login-refused", {"system": self.capabilities.name}) from missing
        self.login.token = token

    def _raw(self, row: Row) -> Raw:
        shown = self.fake.shown(row)
        return Raw(row.kind, row.key, _ENCODE.encode(shown), str(shown["version"]) if self.fake.traits.row_versions else "")

    def _values(self, write: Write) -> dict[str, str]:
        body, held = write.body, self.fake.traits.holds(write.kind)
        if isinstance(body, Party):
            return {name: value for name, value in flat_party(body).items() if value and (name in held or name == "type")}
        if isinstance(body, Contact):
            return {name: value for name, value in flat_contact(body).items() if value and name in held}
        if isinstance(body, Note):
            return {"title": body.title, "text": body.text, "about": " ".join(body.about)}
        if isinstance(body, File):
            return {"name": body.name, "sha256": body.sha256}
        assert isinstance(body, Document)
        assert isinstance(body.lines, Lines)
        lines = [[line.name, str(line.quantity), str(line.price), str(line.vat_rate or 0)] for line in body.lines.rows]
        return {
            "title": body.title,
            "currency": body.currency,
            "lines": _ENCODE.encode(lines).decode(),
            "stage": "draft",
            "basis": body.basis,
        }

    def _written(self, operation: str, kind: str, payload: dict[str, Any]) -> tuple[str, Raw | None]:
        fake, key = self.fake, payload["key"]
        if operation == "create" and kind == "file":
            fake.attach(payload["owner"], payload["values"])
            return f"{payload['owner']}/{payload['values']['name']}", None
        if operation == "create":
            again = payload["reference"] if fake.traits.find == "idempotency-key" else ""
            row = fake.create(kind, payload["values"], owner=payload["owner"], reference=payload["reference"], idempotency=again)
        elif operation == "change":
            row = fake.change(kind, key, payload["values"], version=payload.get("version", 0))
        else:
            row = fake.remove(kind, key)
        row.past = None if fake.traits.answers_row else row.past
        return row.key, self._raw(row)

    def _searched(self, write: Write) -> list[Row]:
        fake = self.fake
        if fake.traits.find == "idempotency-key" and write.kind != "note":
            # No search: the vendor looks the key up.
            return [row for row in fake.live(write.kind) if row.key == fake.made_under(write.reference)]
        rows = fake.findable(write.kind)
        if fake.keeps_reference(write.kind):
            return [row for row in rows if row.reference and row.reference == write.reference]
        sent = {name: _bare(fake.traits.kept(name, value)) for name, value in self._values(write).items()}
        return [
            row
            for row in rows
            if row.owner == write.owner and all(_bare(row.values.get(name, "")) == value for name, value in sent.items() if value)
        ]


def guest(fake: Fake, wire: Wire, login: Login) -> Guest:
    """The door of a vendor."""
    return Guest(fake, wire, login, capabilities_of(fake.traits))


def _bare(text: str) -> str:
    return "".join(text.casefold().split())


def _record(shown: dict[str, Any], raw: Raw) -> Record:
    kind = shown["kind"]
    return Record(
        kind=kind,
        key=shown["key"],
        body=_body(kind, shown["values"], shown),
        resource=raw.resource,
        resource_key=raw.key,
        owner=shown["owner"],
        owner_kind=_BELONGS.get(kind, "") if shown["owner"] else "",
        created=dt.datetime.fromisoformat(shown["created"]),
        changed=dt.datetime.fromisoformat(shown["changed"]),
        version=str(shown["version"]),
    )


def _body(kind: str, values: dict[str, str], shown: dict[str, Any]) -> Body:
    reference = shown["reference"]
    if kind == "party":
        return party_of(values, reference=reference)
    if kind == "contact":
        return contact_of(values, reference=reference)
    if kind == "tag":
        return Tag(name=values["name"])
    if kind == "note":
        return Note(title=values["title"], text=values["text"], about=tuple(values["about"].split()), reference=reference)
    return _document(kind, values, reference)


def _document(kind: str, values: dict[str, str], reference: str) -> Document:
    if "lines" not in values:
        value = Decimal(values["value"]) if values.get("value") else None
        answer = values.get("answer", "open")
        return Document(
            type_code=QUOTATION,
            title=values["title"],
            currency=values.get("currency", "EUR"),
            basis="net",
            lines=NotGiven(),
            value=value,
            answer=answer if answer in ("accepted", "rejected") else "open",  # type: ignore[arg-type]
            stage="issued",
            reference=reference,
        )
    rows = [Line(name=n, quantity=Decimal(q), price=Decimal(p), vat_rate=Decimal(v)) for n, q, p, v in _DECODE.decode(values["lines"])]
    return Document(
        type_code=INVOICE if kind == "invoice" else QUOTATION,
        title=values["title"],
        number=values.get("number", ""),
        currency=values["currency"],
        basis="net",
        lines=Lines(tuple(rows)),
        stage=values["stage"],  # type: ignore[arg-type]
        answer=values.get("answer", "open"),  # type: ignore[arg-type]
        paid=values.get("paid", "none"),  # type: ignore[arg-type]
        reference=reference,
        file_url="invented:file",
        net=Decimal(values["net"]),
        vat=Decimal(values["vat"]),
        gross=Decimal(values["gross"]),
    )
