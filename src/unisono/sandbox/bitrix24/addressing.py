"""A person fills in the legal side of a card: the form writes requisite and addresses at once."""

from __future__ import annotations

from typing import Any

from unisono.sandbox.bitrix24 import addresses, requisites
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.types import COMPANY, Type
from unisono.sandbox.kit.world import Row

BILLING, DELIVERY = 6, 11
_NUMBERS = {"VAT_ID": "RQ_VAT_ID", "TAX_NUMBER": "RQ_INN", "REGISTER": "RQ_USRLE"}
_LINES = {"STREET": "ADDRESS_1", "EXTRA": "ADDRESS_2", "ZIP": "POSTAL_CODE", "CITY": "CITY", "COUNTRY": "COUNTRY"}


def first(portal: Portal, kind: Type, row: Row) -> Row | None:
    """The requisite a card shows first."""
    held = [one for one in portal.by("requisites", "ENTITY_ID", row["ID"]) if one["ENTITY_TYPE_ID"] == kind.id]
    return min(held, key=lambda one: (one["SORT"], one["ID"])) if held else None


def put_parts(portal: Portal, kind: Type, row: Row, values: dict[str, Any]) -> None:
    """Write what the form says of tax ids and addresses. An address emptied in every line is removed. Raises ``Refused``."""
    numbers = {stored: values[name] for name, stored in _NUMBERS.items() if name in values}
    places = {BILLING: _lines(values, ""), DELIVERY: _lines(values, "DELIVERY_")}
    if not numbers and not any(places.values()):
        return
    requisite = first(portal, kind, row)
    if requisite is None:
        if not any(numbers.values()) and not any(any(lines.values()) for lines in places.values()):
            return
        name = row["TITLE"] if kind is COMPANY else f"{row['NAME'] or ''} {row['LAST_NAME'] or ''}".strip()
        given: Row = {"ENTITY_TYPE_ID": kind.id, "ENTITY_ID": row["ID"], "PRESET_ID": 1 if kind is COMPANY else 3, "NAME": name}
        if kind is COMPANY:
            given["RQ_COMPANY_NAME"] = name[:255]
        requisite = requisites.add(portal, given | numbers)
    elif numbers:
        requisites.change(portal, requisite, numbers)
    for type_id, lines in places.items():
        if lines:
            _put(portal, requisite, type_id, lines)


def _lines(values: dict[str, Any], prefix: str) -> Row:
    return {stored: values[prefix + name] for name, stored in _LINES.items() if prefix + name in values}


def _put(portal: Portal, requisite: Row, type_id: int, lines: Row) -> None:
    held = addresses.found(portal, type_id, requisites.ENTITY, requisite["ID"])
    if held is None:
        if any(lines.values()):
            key: Row = {"TYPE_ID": type_id, "ENTITY_TYPE_ID": requisites.ENTITY, "ENTITY_ID": requisite["ID"]}
            addresses.add(portal, key | lines)
        return
    after = {name: lines.get(name, held[name]) for name in _LINES.values()}
    if any(after.values()):
        addresses.change(portal, held, lines)
    else:
        addresses.remove(portal, held)
