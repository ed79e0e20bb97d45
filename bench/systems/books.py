"""The source: pages of contacts, four asked for at once where the vendor's limit lets them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

import msgspec

from bench.systems import BOOKS, capabilities
from unisono.connect.fan_out import fan_out
from unisono.connect.http import Door
from unisono.connect.port import Answered, Command, Fetched, Identity, Page, Raw
from unisono.model.capability import Capabilities
from unisono.model.errors import BadAnswer, NotThere, Refused
from unisono.model.party import Address, Party
from unisono.model.record import Kind, Record
from unisono.model.writing import Write

CONTACTS = "contacts"


class _Listing(msgspec.Struct):
    content: list[msgspec.Raw]
    totalPages: int  # the vendor's names, here and below


class _Head(msgspec.Struct):
    id: str
    version: int


class _Person(msgspec.Struct, frozen=True):
    firstName: str = ""
    lastName: str = ""


class _Company(msgspec.Struct, frozen=True):
    name: str
    contactPersons: list[_Person] = []


class _Place(msgspec.Struct, frozen=True):
    street: str = ""
    zip: str = ""
    city: str = ""
    countryCode: str = ""


class _Places(msgspec.Struct, frozen=True):
    billing: list[_Place] = []


class _Ways(msgspec.Struct, frozen=True):
    business: list[str] = []


_NO_PLACES, _NO_WAYS = _Places(), _Ways()


class _Contact(msgspec.Struct):
    id: str
    version: int
    company: _Company | None = None
    person: _Person | None = None
    addresses: _Places = _NO_PLACES
    emailAddresses: _Ways = _NO_WAYS
    phoneNumbers: _Ways = _NO_WAYS


_LISTING = msgspec.json.Decoder(_Listing)
_HEAD = msgspec.json.Decoder(_Head)
_CONTACT = msgspec.json.Decoder(_Contact)


@dataclass(frozen=True, slots=True)
class Books:
    """The ``System`` of the source. ``ahead``: pages asked for at once."""

    door: Door
    base: str
    ahead: int = 4
    capabilities: Capabilities = field(default_factory=partial(capabilities, BOOKS))

    def identify(self) -> Identity | None:
        """It does not say whose account it is; one row proves that it answers."""
        self._page(0, 1)
        return None

    def pages(self, resource: str, since: datetime | None = None) -> Iterator[Page]:  # noqa: ARG002  the port's signature
        """Every contact, 250 a call."""
        size = self.capabilities.resource(resource).page
        page, count = self._page(0, size)
        yield page
        at = 1
        while at < count:
            some = range(at, min(at + self.ahead, count))
            for outcome in fan_out([partial(self._page, number, size) for number in some], self.ahead):
                page, count = outcome.get()
                yield page
            at = some.stop

    def read(self, resource: str, key: str) -> Raw | None:
        """One contact."""
        reply = self.door.call("GET", f"{self.base}/v1/{resource}/{key}")
        return _raw(msgspec.Raw(reply.body)) if reply.status == 200 else None

    def records(self, raw: Raw) -> tuple[Record, ...]:
        """The customer; a company's person to talk to stands in its first name and note."""
        try:
            row = _CONTACT.decode(raw.body)
        except msgspec.DecodeError as error:
            raise BadAnswer("not-a-row", {"record": raw.key, "reason": str(error)[:80]}) from error
        company = row.company
        person = row.person or (company.contactPersons[0] if company is not None and company.contactPersons else _Person())
        place = row.addresses.billing[0] if row.addresses.billing else _Place()
        body = Party(
            type="person" if company is None else "company",
            name=person.lastName if company is None else company.name,
            first_name=person.firstName,
            note="" if company is None else person.lastName,
            number=row.id,
            buyer_reference=str(row.version),
            email=next(iter(row.emailAddresses.business), ""),
            phone=next(iter(row.phoneNumbers.business), ""),
            address=Address(line1=place.street, postcode=place.zip, city=place.city, country=place.countryCode),
        )
        return (Record(kind="party", key=row.id, body=body, resource=CONTACTS, resource_key=row.id, version=raw.version),)

    def locate(self, kind: Kind, key: str) -> tuple[str, str]:  # noqa: ARG002  the port's signature
        """Every customer is a row of its own."""
        return CONTACTS, key

    def compose(self, write: Write, current: Raw | None) -> tuple[Command, ...]:  # noqa: ARG002  the port's signature
        """Nothing is ever written to the source."""
        raise Refused("cannot-write", {"record": write.key})

    def send(self, command: Command, earlier: tuple[Answered, ...] = ()) -> Answered:  # noqa: ARG002  the port's signature
        """Nothing is ever written to the source."""
        raise Refused("cannot-write", {"call": command.operation})

    def probe(self, write: Write) -> tuple[Raw, ...]:  # noqa: ARG002  the port's signature
        """Nothing is ever written to the source."""
        return ()

    def fetch_file(self, record: Record, folder: Path, limit: int) -> Fetched:  # noqa: ARG002  the port's signature
        """It keeps no files."""
        raise NotThere("no-files-here", {"record": record.key})

    def _page(self, number: int, size: int) -> tuple[Page, int]:
        reply = self.door.call("GET", f"{self.base}/v1/{CONTACTS}?page={number}&size={size}")
        try:
            listing = _LISTING.decode(reply.body)
            rows = tuple(map(_raw, listing.content))
        except msgspec.DecodeError as error:
            raise BadAnswer("torn-json", {"call": CONTACTS, "reason": str(error)[:80]}) from error
        return Page(rows, number + 1 >= listing.totalPages, reply.server_time()), listing.totalPages


def _raw(row: msgspec.Raw) -> Raw:
    head = _HEAD.decode(row)
    return Raw(CONTACTS, head.id, bytes(row), str(head.version))
