"""A CRM and an invoicing system as the planner sees them, small enough to read: capabilities, records, situations."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from unisono.model.capability import Capabilities, FieldLimit, Resource, Writing
from unisono.model.document import Document, Line, Lines
from unisono.model.party import Address, Contact, Party
from unisono.model.record import Body, Kind, Record, match_keys
from unisono.plan.situation import Candidate, Link, Owner, Rules, Seen, Situation, Subject
from unisono.policy.tables import policy_from

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
ANY = FieldLimit(confidence="doc")
FULL_ADDRESS = Address(line1="Am Markt 1", postcode="10115", city="Berlin", country="DE")
_ADDRESS = {f"address.{part}": ANY for part in ("line1", "postcode", "city", "country")}
_TYPE = FieldLimit(required="yes", on_change=False, can_clear=False)


def _system(name: str, title: str, kind: Any, *writings: Writing) -> Capabilities:
    return Capabilities(
        name=name,
        title=title,
        kind=kind,
        country="DE",
        implemented=True,
        time_zone="Europe/Berlin",
        api="https://api.example",
        hosts=("api.example",),
        login=(),
        pace=(),
        resources=(Resource(name="all", kinds=("party", "contact", "quote", "invoice")),),
        writings=writings,
    )


CRM = _system(
    "crm",
    "Crumb",
    "crm",
    Writing(
        kind="party",
        create="record",
        change=True,
        fields={
            "type": _TYPE,
            "name": FieldLimit(length=20, required="yes", can_clear=False),
            "first_name": ANY,
            "email": ANY,
            "phone": FieldLimit(can_clear=False),
            "note": ANY,
            **_ADDRESS,
        },
    ),
    Writing(
        kind="contact",
        create="record",
        change=True,
        fields={"name": FieldLimit(required="yes"), "first_name": ANY, "email": ANY, "position": ANY},
    ),
    Writing(kind="note", create="record", change=True),
    Writing(kind="file", create="record"),
)
INVOICING = _system(
    "bill",
    "Billy",
    "invoicing",
    Writing(
        kind="party",
        create="record",
        change=True,
        fields={
            "type": _TYPE,
            "name": FieldLimit(length=30, required="yes", can_clear=False),
            "first_name": FieldLimit(required="person"),
            "email": ANY,
            "phone": ANY,
            "number": FieldLimit(on_create=False, on_change=False),
            "tax_id": ANY,
            **_ADDRESS,
        },
    ),
    Writing(
        kind="contact",
        create="record",
        change=True,
        fields={"name": FieldLimit(required="yes"), "first_name": ANY, "email": ANY, "position": ANY},
    ),
    Writing(kind="quote", create="draft", delete=True, fields={"title": FieldLimit(length=40)}),
)
FIELDS = ("address.city", "address.country", "address.line1", "address.postcode", "email", "first_name", "name", "phone")
"""The fields of a party that both can hold, as the planner orders them."""


def rules(**policy: Any) -> Rules:
    """Rules of a pair with a policy made of these tables."""
    made, wrong = policy_from(policy)
    assert made is not None, wrong
    return Rules(made, CRM, INVOICING)


def seen(record: Record, *, change: int = 1, gone: bool = False, missing: bool = False) -> Seen:
    return Seen(record, change, NOW, gone, missing, match_keys(record))


def record(kind: Kind, key: str, body: Body, *, owner: str = "", created: dt.datetime | None = None) -> Record:
    return Record(
        kind=kind, key=key, body=body, resource="all", resource_key=key, owner=owner, owner_kind="party" if owner else "", created=created
    )


def company(key: str = "42", name: str = "Keller AG", *, gone: bool = False, missing: bool = False, **fields: Any) -> Seen:
    body = Party(type="company", name=name, **({"address": FULL_ADDRESS} | fields))
    return seen(record("party", key, body), gone=gone, missing=missing)


def person(key: str = "9", name: str = "Weber", owner: str = "42", *, gone: bool = False, **fields: Any) -> Seen:
    body = Contact(name=name, **({"first_name": "Anna"} | fields))
    return seen(record("contact", key, body, owner=owner), gone=gone)


def deal(key: str = "5", owner: str = "42", *, gone: bool = False, **fields: Any) -> Seen:
    usual: dict[str, Any] = {"type_code": "310", "title": "New roof", "value": Decimal("1000.00"), "reference": ""}
    return seen(record("quote", key, Document(**(usual | fields)), owner=owner), gone=gone)


def line(name: str = "New roof", price: str = "1000.00", quantity: str = "1") -> Line:
    return Line(name=name, quantity=Decimal(quantity), price=Decimal(price))


def quote(key: str = "q5", owner: str = "c42", *, gone: bool = False, **fields: Any) -> Seen:
    usual: dict[str, Any] = {"type_code": "310", "title": "New roof", "number": "A-1", "stage": "sent", "gross": Decimal("1190.00")}
    return seen(record("quote", key, Document(**(usual | {"lines": Lines((line(),))} | fields)), owner=owner), gone=gone)


def invoice(key: str = "i7", owner: str = "c42", *, gone: bool = False, **fields: Any) -> Seen:
    usual: dict[str, Any] = {"type_code": "380", "number": "R-7", "stage": "issued", "gross": Decimal("1190.00")}
    return seen(record("invoice", key, Document(**(usual | {"lines": Lines((line(),))} | fields)), owner=owner), gone=gone)


def about(mine: Seen, *, side: Any = "a", **more: Any) -> Situation:
    """A situation of one record seen on its own side; ``a``, ``b``, ``link`` and the rest may be given."""
    subject = Subject(side, mine.record.kind, mine.record.key)
    return Situation(**({"subject": subject, side: mine} | more))


def linked(a: Seen, b: Seen, agreed_a: dict[str, str] | None = None, agreed_b: dict[str, str] | None = None, **more: Any) -> Situation:
    """A situation of a linked record."""
    kind = a.record.kind
    link = Link(
        "l1", kind, a.record.key, b.record.key, agreed_a or {}, agreed_b or {}, **{k: more.pop(k) for k in ("state", "why") if k in more}
    )
    return Situation(subject=Subject("a", kind, a.record.key), a=a, b=b, link=link, **more)


def owned(key: str = "42", there: str = "c42", state: Any = "linked") -> Owner:
    return Owner(key, "party", there if state == "linked" else "", state)


def free(row: Seen) -> Candidate:
    return Candidate(row)


def taken(row: Seen) -> Candidate:
    return Candidate(row, linked=True)


def words(code: str, values: dict[str, str]) -> str:
    """``say`` without a catalogue: the code and its values, so that tests see what is said, not how."""
    return f"{code}({', '.join(values.values())})" if values else code
