"""Which of several e-mails, numbers, addresses and positions stands for the record. Pure.

The CRM keeps lists, the other side one value each. Reading and writing must choose the same entry, so both ask here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from unisono.model.fields import Row, text
from unisono.systems.centralstation.values import age, flag, id_of, nested

_PHONE = {"office_hq": 0, "office": 1, "other": 3, "voip": 4, "private": 5}
_MAIL = {"office_hq": 0, "office": 1, "other": 3, "private": 5}
_ADDRESS = {
    "company": {"invoice": 0, "work_hq": 1, "work": 2, "other": 3, "private": 5},
    "person": {"invoice": 0, "private": 1, "work_hq": 2, "work": 3, "other": 4},
}
_UNKNOWN = 4
"""An atype that is missing or new ranks behind *other*."""
NOT_A_PHONE = ("mobile", "fax", "skype")

LISTS = {"email": "emails", "phone": "tels", "mobile": "tels", "fax": "tels", "website": "homepages"}
"""Canonical field -> the list of the CRM that holds it."""


def kind_of_entry(row: Row) -> str:
    """The entry's ``atype`` in lower case, empty if it has none."""
    value = row.get("atype")
    return value.strip().casefold() if isinstance(value, str) else ""


def point(row: Row, field: str, record: str) -> Row | None:
    """The entry that holds ``email``, ``phone``, ``mobile``, ``fax`` or ``website``; empty ones are passed over."""
    entries = [e for e in _entries(row, LISTS[field], record) if text(e, "name", record)]
    if field in ("mobile", "fax"):
        return _best([e for e in entries if kind_of_entry(e) == field], lambda _: 0)
    if field == "phone":
        entries = [e for e in entries if kind_of_entry(e) not in NOT_A_PHONE]
    ranks = _MAIL if field == "email" else _PHONE
    return _best(entries, lambda e: ranks.get(kind_of_entry(e), _UNKNOWN))


def address(row: Row, type_: str, record: str) -> Row | None:
    """The postal address an invoice goes to. A delivery address is never it."""
    entries = [e for e in _entries(row, "addrs", record) if kind_of_entry(e) != "delivery"]
    entries = [e for e in entries if any(text(e, part, record) for part in ("street", "zip", "city", "country_code"))]
    ranks = _ADDRESS[type_]
    return _best(entries, lambda e: ranks.get(kind_of_entry(e), _UNKNOWN), primary_first=False)


def position(row: Row, record: str, company: str = "") -> Row | None:
    """The position a person holds now: the main one, else the oldest. ``company`` asks for the one at that company (its id)."""
    entries = [p for p in _entries(row, "positions", record) if not flag(p, "former") and id_of(p, "company_id")]
    if company:
        entries = [p for p in entries if id_of(p, "company_id") == company]
    return next((p for p in entries if flag(p, "primary_function")), entries[0] if entries else None)


def bound_value(row: Row, type_id: str, record: str) -> Row | None:
    """The custom field row of one type; no row is an empty field."""
    return next((f for f in _entries(row, "custom_fields", record) if id_of(f, "custom_fields_type_id") == type_id), None)


def _entries(row: Row, name: str, record: str) -> list[Row]:
    found = nested(row, name, record)
    return sorted(found, key=age) if len(found) > 1 else found


def _best(entries: Sequence[Row], rank: Callable[[Row], int], *, primary_first: bool = True) -> Row | None:
    # Entries come oldest first, and ``min`` keeps the first of equals.
    if not entries:
        return None
    if primary_first:
        return min(entries, key=lambda e: (not flag(e, "primary"), rank(e)))
    return min(entries, key=lambda e: (rank(e), not flag(e, "primary")))
