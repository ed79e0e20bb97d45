"""What people do in the stories, and what stands in the vendors' own books afterwards. Nothing here looks into our tables."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.stores import MEMORY, POSTGRESQL
from tests.support.village import Village
from unisono.sandbox.centralstation.protocols import files_of
from unisono.sandbox.centralstation.records import COMPANY_KIND, update
from unisono.sandbox.centralstation.subroutes import custom_fields_type
from unisono.wiring import pair_row
from unisono.wiring.policies import put_policy, with_entries

BOTH = pytest.mark.parametrize("unreleased", (MEMORY, POSTGRESQL), indirect=True)
"""The story is played on SQLite and on PostgreSQL."""

RING = {"street": "Ring 1", "zip": "12345", "city": "Berlin", "country_code": "DE"}
SUN = {"name": "Bäckerei Sonne GmbH", "email": "post@sonne.example", "phone": "030 1234", **RING}
MOON = {"ORGANIZATION": "Mond Optik GmbH", "ADDRESS": "Am Markt 7", "ZIPCODE": "50667", "CITY": "Köln", "COUNTRY_CODE": "DE"}

TWIN = {"ORGANIZATION": SUN["name"], "EMAIL": SUN["email"], "ADDRESS": SUN["street"], "ZIPCODE": SUN["zip"], "CITY": SUN["city"]}
"""FastBill's record of the company that the CRM has too."""

Row = dict[str, Any]


def company(v: Village, **values: Any) -> int:
    """A company in the CRM, with a full address unless told otherwise."""
    return v.crm_act("create_company", **(SUN | values))


def person(v: Village, first: str, last: str, **values: Any) -> int:
    """A person in the CRM with an address of their own."""
    return v.crm_act("create_person", first_name=first, name=last, **(RING | values))


def employee(v: Village, first: str, last: str, company_id: int, **values: Any) -> int:
    """A person of a company in the CRM, without an address of their own."""
    return v.crm_act("create_person", first_name=first, name=last, company_id=str(company_id), **values)


def deal(v: Village, name: str = "Leuchtschild", value: str = "1200", **values: Any) -> int:
    """An offer in the CRM."""
    return v.crm_act("create_deal", name=name, value=value, **values)


def deal_of(v: Village, company_id: int, name: str = "Leuchtschild", value: str = "1200") -> int:
    """An offer for a company."""
    return deal(v, name, value, company_id=str(company_id))


def customer(v: Village, **values: str) -> int:
    """A customer in FastBill with a full address."""
    return v.books_act("create_customer", **(MOON | values))


def customers(v: Village) -> list[Row]:
    """FastBill's customers."""
    return list(v.books.truth()["customers"])


def customer_named(v: Village, name: str) -> Row:
    """The one FastBill customer of this name."""
    found = [c for c in customers(v) if name in (c["ORGANIZATION"], f"{c['FIRST_NAME']} {c['LAST_NAME']}".strip())]
    assert len(found) == 1, f"{name}: {len(found)} customers"
    return found[0]


def customer_names(v: Village) -> list[str]:
    """The names of FastBill's customers, sorted."""
    return sorted(c["ORGANIZATION"] or f"{c['FIRST_NAME']} {c['LAST_NAME']}" for c in customers(v))


def contact_names(v: Village, customer_id: str) -> list[str]:
    """The contact persons that stand on their own at a FastBill customer, sorted."""
    rows = [c for c in v.books.truth()["contacts"] if c["CUSTOMER_ID"] == customer_id]
    return sorted(f"{c['FIRST_NAME']} {c['LAST_NAME']}" for c in rows)


def estimates(v: Village) -> list[Row]:
    """FastBill's estimates."""
    return list(v.books.truth()["estimates"])


def estimate(v: Village, customer_id: int | str, **values: str) -> int:
    """An estimate written in FastBill."""
    lines = {"TITLE": "Lesebrillen", "ITEMS": "Lesebrille; 2; 100; 19"}
    return v.books_act("create_estimate", CUSTOMER_ID=str(customer_id), **(lines | values))


def invoice(v: Village, customer_id: int | str, **values: str) -> int:
    """An invoice written and finished in FastBill."""
    lines = {"TITLE": "Reparatur", "ITEMS": "Reparatur; 1; 80; 19", "COMPLETE": "1"}
    return v.books_act("create_invoice", CUSTOMER_ID=str(customer_id), **(lines | values))


def state(v: Village, estimate_id: int | str, word: str) -> None:
    """A person sets an estimate's state: a draft, b sent, d accepted, e rejected."""
    v.books_act("set_estimate_state", ID=str(estimate_id), STATE=word)


def number_of(v: Village, table: str, key: int) -> str:
    """The number printed on an estimate or invoice."""
    name = table[:-1].upper()
    return next(str(r[f"{name}_NUMBER"]) for r in v.books.truth()[table] if r[f"{name}_ID"] == str(key))


def companies(v: Village) -> list[Row]:
    """The CRM's companies."""
    return list(v.crm.truth()["companies"])


def company_names(v: Village) -> list[str]:
    """The names of the CRM's companies, sorted."""
    return sorted(c["name"] for c in companies(v))


def company_row(v: Village, key: int) -> Row:
    """One company of the CRM."""
    return next(c for c in companies(v) if c["id"] == key)


def person_names(v: Village) -> list[str]:
    """The names of the CRM's people, sorted."""
    return sorted(f"{p['first_name']} {p['name']}" for p in v.crm.truth()["people"])


def notes(v: Village) -> list[Row]:
    """The CRM's notes, oldest first."""
    return list(v.crm.truth()["protocols"])


def notes_at(v: Village, word: str, key: int) -> list[Row]:
    """The notes on the page of a ``company``, ``person`` or ``deal``."""
    return [n for n in notes(v) if key in n[f"{word}_ids"]]


def files_at(v: Village, note: Row) -> list[Row]:
    """The files of a note, each with its ``data``."""
    return list(files_of(v.crm.book, note["id"]))


def bound(v: Village, field: str) -> int:
    """The account has a custom field for companies, and set-up bound it to one of ours."""
    kind = custom_fields_type(v.crm.book, {"category": "Company", "ftype": "string", "name": field})
    v.settings("a", bindings={"Company": {field: str(kind["id"])}})
    return int(kind["id"])


def filled(v: Village, key: int, type_id: int, value: str) -> None:
    """A person fills the custom field in."""
    row = v.crm.book.owner("Company", key)
    update(v.crm.book, COMPANY_KIND, row, {"custom_fields_attributes": [{"custom_fields_type_id": type_id, "name": value}]}, by_api=False)


def known_to_both(v: Village, *there: Row, **own: str) -> int:
    """The company stands in both systems from before, in FastBill as ``there`` says (more than once, if there are several); after the release
    it gets an offer in the CRM. ``own``: what stands in the CRM's custom fields (``tax_id``, ``number``). Returns its id in the CRM.
    """
    for values in there:
        customer(v, **(TWIN | values))
    kinds = {name: bound(v, name) for name in own}
    sun = company(v)
    for name, value in own.items():
        filled(v, sun, kinds[name], value)
    v.clock.advance(86400)
    v.sync()
    v.release()
    v.clock.advance(60)
    deal_of(v, sun)
    v.sync()
    return sun


def tagged(v: Village, **values: Any) -> int:
    """A company in the CRM with the tag that makes it a customer."""
    key = company(v, **values)
    v.crm_act("tag", kind="company", id=str(key), name="FastBill")
    return key


def count(v: Village, side: str, operation: str) -> int:
    """How often a vendor carried out an operation that writes."""
    return v.writes(side).count(operation)


def digits(text: str) -> str:
    """A text without the dots and commas that languages put into amounts."""
    return text.replace(".", "").replace(",", "")


def choose(v: Village, *settings: str) -> int:
    """The firm changes single entries of its policy: ``customers.contacts=all``."""
    return put_policy(v.house, v.pair, with_entries(pair_row(v.house, v.pair).policy, settings), "test")
