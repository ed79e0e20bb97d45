"""The target: contacts that carry the customer's id and version, written one by one or fifty in a batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from bench.systems import CRM, capabilities
from unisono.connect.http import Door
from unisono.connect.port import Answered, Command, Fetched, Identity, Page, Raw
from unisono.connect.reply import Reply
from unisono.model.capability import Capabilities
from unisono.model.errors import BadAnswer, NotThere, Refused, SystemFault, Unclear
from unisono.model.party import Address, Flat, Party
from unisono.model.record import Kind, Record, flat_of
from unisono.model.writing import Write

CONTACTS = "contacts"
ADD, UPDATE, LIST = "crm.contact.add", "crm.contact.update", "crm.contact.list"
_PLAIN = {
    "first_name": "NAME",
    "number": "ORIGIN_ID",
    "buyer_reference": "ORIGIN_VERSION",
    "address.line1": "ADDRESS",
    "address.postcode": "ADDRESS_POSTAL_CODE",
    "address.city": "ADDRESS_CITY",
    "address.country": "ADDRESS_COUNTRY",
}
_POINTS = {"email": "EMAIL", "phone": "PHONE"}
_OF_COMPANY = {"name": "COMPANY_TITLE", "note": "LAST_NAME"}
_OF_PERSON = {"name": "LAST_NAME"}
_ORIGINATOR = "lexoffice"


class _Point(msgspec.Struct):
    VALUE: str = ""


_Points = list[_Point] | dict[str, _Point]


class _Row(msgspec.Struct):
    ID: str
    NAME: str = ""
    LAST_NAME: str = ""
    COMPANY_TITLE: str = ""
    EMAIL: _Points = []
    PHONE: _Points = []
    ADDRESS: str = ""
    ADDRESS_POSTAL_CODE: str = ""
    ADDRESS_CITY: str = ""
    ADDRESS_COUNTRY: str = ""
    ORIGIN_ID: str = ""
    ORIGIN_VERSION: str = ""


class _Head(msgspec.Struct):
    ID: str
    ORIGIN_ID: str = ""


class _Listed(msgspec.Struct):
    result: list[msgspec.Raw]


class _Batch(msgspec.Struct):
    result: dict[str, msgspec.Raw] | list[msgspec.Raw]
    result_error: dict[str, Any] | list[Any]


class _Batched(msgspec.Struct):
    result: _Batch


class _Single(msgspec.Struct):
    result: msgspec.Raw


class _Quoted(dict[int, str]):
    """A letter as it stands in a query, found out once."""

    def __missing__(self, letter: int) -> str:
        quoted = self[letter] = quote(chr(letter), safe="")
        return quoted


_QUOTED = _Quoted()
_ROW, _HEAD = msgspec.json.Decoder(_Row), msgspec.json.Decoder(_Head)
_ROWS = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Crm:
    """The ``System`` of the target."""

    door: Door
    base: str
    capabilities: Capabilities = field(default_factory=partial(capabilities, CRM))

    def identify(self) -> Identity | None:
        """It does not say whose portal it is; an empty list proves that it answers."""
        self._list({"filter": {"ORIGIN_ID": "-"}})
        return None

    def pages(self, resource: str, since: datetime | None = None) -> Iterator[Page]:  # noqa: ARG002  the port's signature
        """Every contact, 50 a call."""
        size, start = self.capabilities.resource(resource).page, 0
        while True:
            rows, at = self._list({"start": start})
            yield Page(rows, len(rows) < size, at)
            if len(rows) < size:
                return
            start += size

    def read(self, resource: str, key: str) -> Raw | None:
        """One contact, found by the customer's id that it carries."""
        return self.read_many([(resource, key)])[resource, key]

    def read_many(self, places: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Raw | None]:
        """Contacts in one batch of lists, each by the customer's id that it carries: the vendor finds by nothing else."""
        asked = {f"c{n}": f"{LIST}?filter[ORIGIN_ID]={_origin(key).translate(_QUOTED)}" for n, (_, key) in enumerate(places)}
        found, refused = self._batch(asked, write=False)
        if refused or len(found) < len(asked):
            raise BadAnswer("refused", {"call": LIST, "answer": str(refused)[:300]})
        rows = (raw for listed in found.values() for raw in map(_raw, _ROWS.decode(listed)))
        there = {raw.key: raw for raw in rows}
        return {place: there.get(place[1]) for place in places}

    def records(self, raw: Raw) -> tuple[Record, ...]:
        """The contact as a customer; one with a company's name is a company."""
        try:
            row = _ROW.decode(raw.body)
        except msgspec.DecodeError as error:
            raise BadAnswer("not-a-row", {"record": raw.key, "reason": str(error)[:80]}) from error
        company = bool(row.COMPANY_TITLE)
        body = Party(
            type="company" if company else "person",
            name=row.COMPANY_TITLE if company else row.LAST_NAME,
            first_name=row.NAME,
            note=row.LAST_NAME if company else "",
            number=row.ORIGIN_ID,
            buyer_reference=row.ORIGIN_VERSION,
            email=_first(row.EMAIL),
            phone=_first(row.PHONE),
            address=Address(line1=row.ADDRESS, postcode=row.ADDRESS_POSTAL_CODE, city=row.ADDRESS_CITY, country=row.ADDRESS_COUNTRY),
        )
        return (Record(kind="party", key=raw.key, body=body, resource=CONTACTS, resource_key=raw.key),)

    def locate(self, kind: Kind, key: str) -> tuple[str, str]:  # noqa: ARG002  the port's signature
        """Every customer is a row of its own."""
        return CONTACTS, key

    def compose(self, write: Write, current: Raw | None) -> tuple[Command, ...]:
        """The one command of a write."""
        if write.operation == "create" and isinstance(write.body, Party):
            fields = _fields({name: value for name, value in flat_of(write.body).items() if value}, write.body.type == "company")
            return (Command(ADD, {"fields": fields | {"ORIGINATOR_ID": _ORIGINATOR}}),)
        if write.operation == "change" and current is not None:
            row = _ROW.decode(current.body)
            fields = _fields(write.changes, bool(row.COMPANY_TITLE))
            return (Command(UPDATE, {"id": row.ID, "key": write.key, "fields": fields}),)
        raise Refused("cannot-write", {"record": write.key, "value": write.operation})

    def send(self, command: Command, earlier: tuple[Answered, ...] = ()) -> Answered:  # noqa: ARG002  the port's signature
        """One write."""
        given = {name: value for name, value in command.payload.items() if name != "key"}
        reply = self._call(command.operation, given, write=True)
        try:
            return _answered(command, msgspec.json.decode(reply.body, type=_Single).result)
        except msgspec.DecodeError as error:
            raise Unclear("torn-json", {"call": command.operation}, reply.excerpt()) from error

    def send_many(
        self,
        commands: Sequence[Command],
        earlier: Sequence[tuple[Answered, ...]],  # noqa: ARG002  the port's signature
    ) -> list[Answered | SystemFault]:
        """Up to fifty writes in one call, each with an outcome of its own. A fault of the call itself is raised."""
        asked = {f"c{place}": f"{command.operation}?{_query(command.payload)}" for place, command in enumerate(commands)}
        done, refused = self._batch(asked, write=True)
        outcomes: list[Answered | SystemFault] = []
        for place, command in enumerate(commands):
            name, told = f"c{place}", {"call": command.operation}
            if name in done:
                outcomes.append(_answered(command, done[name]))
            elif name in refused:
                outcomes.append(Refused("refused", told | {"answer": str(refused[name])[:300]}))
            else:
                outcomes.append(Unclear("not-confirmed", told))
        return outcomes

    def probe(self, write: Write) -> tuple[Raw, ...]:
        """The contacts that carry the customer's id."""
        origin = write.body.number if isinstance(write.body, Party) else ""
        return self._list({"filter": {"ORIGIN_ID": origin}})[0] if origin else ()

    def probe_many(self, writes: Sequence[Write]) -> list[tuple[Raw, ...]]:
        """The contacts that carry each customer's id: a crash is no part of the job, so one by one will do."""
        return [self.probe(write) for write in writes]

    def fetch_file(self, record: Record, folder: Path, limit: int) -> Fetched:  # noqa: ARG002  the port's signature
        """It keeps no files."""
        raise NotThere("no-files-here", {"record": record.key})

    def _list(self, given: dict[str, Any]) -> tuple[tuple[Raw, ...], datetime | None]:
        reply = self._call(LIST, given, write=False)
        try:
            return tuple(map(_raw, msgspec.json.decode(reply.body, type=_Listed).result)), reply.server_time()
        except msgspec.DecodeError as error:
            raise BadAnswer("torn-json", {"call": LIST, "reason": str(error)[:80]}) from error

    def _batch(self, commands: dict[str, str], *, write: bool) -> tuple[dict[str, msgspec.Raw], dict[str, Any]]:
        """What each command brought, and what was refused."""
        reply = self._call("batch", {"halt": 0, "cmd": commands}, write=write)
        try:
            result = msgspec.json.decode(reply.body, type=_Batched).result
        except msgspec.DecodeError as error:
            raise (Unclear if write else BadAnswer)("torn-json", {"call": "batch"}, reply.excerpt()) from error
        # A map with nothing in it comes as a list.
        return (result.result if isinstance(result.result, dict) else {}), (
            result.result_error if isinstance(result.result_error, dict) else {}
        )

    def _call(self, method: str, given: dict[str, Any], *, write: bool) -> Reply:
        address = f"{self.base}/rest/1/secret/{method}.json"
        reply = self.door.call("POST", address, content=msgspec.json.encode(given), headers=_HEADERS, write=write, too_many=_too_many)
        if reply.status != 200:
            raise (Refused if write else BadAnswer)("refused", {"call": method, "status": str(reply.status)}, reply.excerpt())
        return reply


_HEADERS = {"Content-Type": "application/json"}


def _too_many(reply: Reply) -> bool:
    return reply.status == 503 and b"QUERY_LIMIT_EXCEEDED" in reply.body


def _origin(key: str) -> str:
    return key.partition("/")[2]


def _raw(row: msgspec.Raw) -> Raw:
    head = _HEAD.decode(row)
    return Raw(CONTACTS, f"{head.ID}/{head.ORIGIN_ID}", bytes(row))


def _first(points: _Points) -> str:
    return next((point.VALUE for point in (points.values() if isinstance(points, dict) else points)), "")


def _answered(command: Command, told: msgspec.Raw) -> Answered:
    """A create is answered with the id alone; the row then is what was sent."""
    if command.operation != ADD:
        return Answered(command.payload["key"])
    number, fields = bytes(told).decode(), command.payload["fields"]
    key = f"{number}/{fields.get('ORIGIN_ID', '')}"
    return Answered(key, Raw(CONTACTS, key, msgspec.json.encode({"ID": number, **fields})))


def _fields(flat: Flat, company: bool) -> dict[str, Any]:
    """Canonical fields as the vendor names them."""
    fields: dict[str, Any] = {_PLAIN[name]: value for name, value in flat.items() if name in _PLAIN}
    fields |= {member: flat[name] for name, member in (_OF_COMPANY if company else _OF_PERSON).items() if name in flat}
    return fields | {member: [{"VALUE": flat[name], "VALUE_TYPE": "WORK"}] for name, member in _POINTS.items() if name in flat}


def _query(payload: dict[str, Any]) -> str:
    """A command's parameters as PHP reads them: ``fields[EMAIL][0][VALUE]=x``."""
    parts = [f"id={payload['id']}"] if "id" in payload else []
    for name, value in payload["fields"].items():
        if isinstance(value, str):
            parts.append(f"fields[{name}]={value.translate(_QUOTED)}")
        else:
            parts += [f"fields[{name}][0][{inner}]={text.translate(_QUOTED)}" for inner, text in value[0].items()]
    return "&".join(parts)
