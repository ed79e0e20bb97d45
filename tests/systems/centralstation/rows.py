"""Rows and writes that the tests of this connector share. All values are invented."""

from __future__ import annotations

from typing import Any

from unisono.connect.port import Raw
from unisono.model.party import Address, Contact, Party
from unisono.model.record import Kind
from unisono.model.writing import Operation, Write
from unisono.systems.catalogue import load
from unisono.systems.centralstation.mapping import Bindings
from unisono.systems.centralstation.system import narrowed

REFERENCE = "uni-abcdefgh23456723"
BINDINGS = Bindings(
    {"Company": {"tax_id": "17", "number": "18", "reference": "19"}, "Person": {"reference": "29"}, "Deal": {"reference": "39"}}
)
PLAIN = load("centralstation")
BOUND = narrowed(PLAIN, BINDINGS)
BIRKE = Party(
    type="company",
    name="Tischlerei Birke GmbH",
    email="post@birke.example",
    phone="+49 351 1234",
    address=Address(line1="Holzweg 3", line2="Hinterhaus", postcode="01099", city="Dresden", country="DE"),
)
MERTENS = Contact(name="Mertens", first_name="Ines", salutation="mrs", position="Einkauf", email="ines@birke.example")


def company(**changed: Any) -> dict[str, Any]:
    """A company as an answer with includes shows it."""
    return {
        "id": 42,
        "name": "Tischlerei Birke GmbH",
        "background": None,
        "created_at": "2026-01-24T11:17:02.000+01:00",
        "updated_at": "2026-07-07T14:16:16.000+02:00",
        "tags": [{"id": 7, "name": "FastBill", "attachable_type": "Company", "attachable_id": 42}],
        "tels": [
            {"id": 301, "atype": "fax", "name": "+49 351 99", "primary": True},
            {"id": 302, "atype": "office", "name": "+49 351 1234", "primary": False},
            {"id": 303, "atype": "mobile", "name": "+49 170 5", "primary": False},
        ],
        "emails": [{"id": 401, "atype": "office", "name": "post@birke.example", "primary": None}],
        "homepages": [],
        "addrs": [
            {"id": 500, "atype": "delivery", "street": "Lager 1", "zip": "01100", "city": "Dresden", "country_code": "DE"},
            {"id": 501, "atype": "work_hq", "street": "Holzweg 3\r\nHinterhaus", "zip": "01099", "city": "Dresden", "country_code": "DE"},
        ],
        "custom_fields": [{"id": 601, "custom_fields_type_id": 17, "name": "DE136695976"}],
    } | changed


def person(**changed: Any) -> dict[str, Any]:
    """A person of company 42."""
    return {
        "id": 43,
        "name": "Mertens",
        "first_name": "Ines",
        "gender": "female_user",
        "title": "Dr.",
        "country_code": "de",
        "background": None,
        "created_at": "2026-01-24T11:17:02.000+01:00",
        "updated_at": "2026-01-24T11:17:02.000+01:00",
        "positions": [
            {"id": 801, "company_id": 41, "name": "Azubi", "primary_function": True, "former": True},
            {"id": 802, "company_id": 40, "name": "Beirat", "primary_function": False, "former": False},
            {"id": 803, "company_id": 42, "name": "Einkauf", "primary_function": True, "former": False},
        ],
        "tags": [],
        "tels": [],
        "emails": [
            {"id": 411, "atype": "private", "name": "ines@web.example"},
            {"id": 412, "atype": "office", "name": "ines@birke.example"},
        ],
        "homepages": [],
        "addrs": [],
        "custom_fields": [],
    } | changed


def deal(**changed: Any) -> dict[str, Any]:
    """An offer to company 42 and two people."""
    return {
        "id": 5,
        "company_id": 42,
        "name": "Website",
        "description": "intern: Rabatt möglich",
        "value": "12000.50",
        "value_type": "total",
        "value_count": "3",
        "currency": "EUR",
        "target_date": "2026-03-31",
        "current_state": "open_50",
        "people": [{"id": 44}, {"id": 43}],
        "company": {"id": 42, "name": "Tischlerei Birke GmbH"},
        "custom_fields": [{"id": 602, "custom_fields_type_id": 39, "name": REFERENCE}],
    } | changed


def raw(resource: str, row: dict[str, Any]) -> Raw:
    """A row as the port hands it around."""
    import msgspec

    return Raw(resource, str(row["id"]), msgspec.json.encode(row))


def write(operation: Operation, kind: Kind, **given: Any) -> Write:
    """A write on the CRM's side."""
    return Write(operation=operation, side="a", kind=kind, **given)
