"""Which of several numbers, requisites and addresses stands for the record. Pure.

The portal keeps lists, the other side one value each. Reading and writing must choose the same entry, so both ask here.
"""

from __future__ import annotations

from unisono.model.fields import Row, text
from unisono.systems.bitrix24.values import id_of, nested

ADDRESS_TYPES = ("6", "1")
"""The legal address, which is the one invoices go to; else the actual one."""
POINTS: dict[str, tuple[str, str]] = {
    "email": ("EMAIL", "WORK"),
    "phone": ("PHONE", "WORK"),
    "mobile": ("PHONE", "MOBILE"),
    "fax": ("PHONE", "FAX"),
    "website": ("WEB", "WORK"),
}
"""Canonical field -> type of a multifield entry, and the kind of value a new one is given."""
_NOT_A_PHONE = ("MOBILE", "FAX", "PAGER")
_RANK = {"WORK": 0, "OTHER": 1, "HOME": 2, "MAILING": 3}


def point(row: Row, name: str, me: str) -> Row | None:
    """The entry that holds ``email``, ``phone``, ``mobile``, ``fax`` or ``website``; empty ones are passed over."""
    type_id, kind = POINTS[name]
    held = [entry for entry in nested(row, "fm", me) if entry.get("typeId") == type_id and text(entry, "value", me)]
    if name in ("mobile", "fax"):
        held = [entry for entry in held if entry.get("valueType") == kind]
    elif name == "phone":
        held = [entry for entry in held if entry.get("valueType") not in _NOT_A_PHONE]
    return min(held, key=lambda entry: (_RANK.get(str(entry.get("valueType")), 4), _number(id_of(entry))), default=None)


def requisite(row: Row, me: str) -> Row | None:
    """The requisite that holds the tax id: the first by sorting that is not there for an address alone."""
    held = [one for one in nested(row, "requisites", me) if one.get("ADDRESS_ONLY") != "Y"]
    return min(held, key=lambda one: (_number(text(one, "SORT", me)), _number(id_of(one, "ID"))), default=None)


def tax_field(found: Row, me: str) -> str:
    """The member of a requisite that holds its tax id."""
    return next((name for name in ("RQ_VAT_ID", "RQ_INN") if text(found, name, me)), "RQ_VAT_ID")


def address(row: Row, types: tuple[str, ...], me: str) -> Row | None:
    """The address in step: of the wanted types in their order, on the main requisite before others."""
    main = requisite(row, me)
    first = id_of(main, "ID") if main is not None else ""
    held = [one for one in nested(row, "addresses", me) if text(one, "TYPE_ID", me) in types]

    def rank(one: Row) -> tuple[int, bool, int]:
        owner = id_of(one, "ENTITY_ID")
        return types.index(text(one, "TYPE_ID", me)), not (one.get("ENTITY_TYPE_ID") in ("8", 8) and owner == first), _number(owner)

    return min(held, key=rank, default=None)


def _number(value: str) -> int:
    return int(value) if value.isdigit() and len(value) < 20 else 10**20
