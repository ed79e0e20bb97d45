"""Addresses. They have no id: type, owner's type and owner are the key, and the owner is a requisite."""

from __future__ import annotations

from collections.abc import Callable

from unisono.sandbox.bitrix24 import filters
from unisono.sandbox.bitrix24.envelope import Call, Reply
from unisono.sandbox.bitrix24.errors import refused
from unisono.sandbox.bitrix24.fields import integer
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.requisites import ENTITY, OWNERS, cleaned, moved, shown
from unisono.sandbox.bitrix24.specs import ADDRESS_FIELDS
from unisono.sandbox.kit.world import Row

Handler = Callable[[Portal, Call], Reply]

TYPES = {
    11: "Lieferadresse",
    1: "Tatsächliche Adresse",
    6: "Rechtliche Adresse",
    4: "Meldeadresse",
    8: "Postadresse",
    9: "Adresse des Begünstigten",
}
_KEY = ("TYPE_ID", "ENTITY_TYPE_ID", "ENTITY_ID")
COLUMNS = (*_KEY, *ADDRESS_FIELDS, "ANCHOR_TYPE_ID", "ANCHOR_ID")


def _key(portal: Portal, given: Row) -> tuple[int, int, int, int, int]:
    """The key with the anchor (the company or contact behind it). Raises ``Refused``."""
    kind, owner_type, owner = (integer(given.get(name)) for name in _KEY)
    if kind not in TYPES:
        raise refused("TYPE_ID is not defined or invalid.")
    if owner_type in OWNERS and portal.setting("old_addresses"):
        if portal.get(OWNERS[owner_type].table, owner) is None:
            raise refused("ENTITY_ID is not defined or invalid.")
        return kind, owner_type, owner or 0, owner_type, owner or 0
    if owner_type != ENTITY:
        raise refused("ENTITY_TYPE_ID is not defined or invalid.")
    requisite = portal.get("requisites", owner)
    if requisite is None:
        raise refused("ENTITY_ID is not defined or invalid.")
    return kind, ENTITY, requisite["ID"], requisite["ENTITY_TYPE_ID"], requisite["ENTITY_ID"]


def found(portal: Portal, type_id: int, owner_type: int, owner: int) -> Row | None:
    """The address of a key."""
    rows = portal.by("addresses", "ENTITY_ID", owner)
    return next((row for row in rows if (row["TYPE_ID"], row["ENTITY_TYPE_ID"]) == (type_id, owner_type)), None)


def add(portal: Portal, given: Row) -> Row:
    """Make an address. Raises ``Refused``."""
    type_id, owner_type, owner, anchor_type, anchor = _key(portal, given)
    if found(portal, type_id, owner_type, owner) is not None:
        raise refused("TypeAddress exists.")
    row: Row = dict.fromkeys(ADDRESS_FIELDS, None) | cleaned(given, ADDRESS_FIELDS)
    row |= {"TYPE_ID": type_id, "ENTITY_TYPE_ID": owner_type, "ENTITY_ID": owner, "ANCHOR_TYPE_ID": anchor_type, "ANCHOR_ID": anchor}
    portal.add("addresses", row)
    _happened(portal, row, "REGISTER")
    return row


def change(portal: Portal, row: Row, given: Row) -> bool:
    """Change an address; whether anything did change. Raises ``Refused``."""
    different = portal.change("addresses", row, cleaned(given, ADDRESS_FIELDS))
    if different:
        _happened(portal, row, "REGISTER")
    return different


def remove(portal: Portal, row: Row) -> None:
    """Delete an address."""
    portal.remove("addresses", row["ID"])
    _happened(portal, row, "UNREGISTER")


def _happened(portal: Portal, row: Row, what: str) -> None:
    portal.happened(f"ONCRMADDRESS{what}", {"FIELDS": {name: row[name] for name in _KEY}})
    moved(portal, row["ANCHOR_TYPE_ID"], row["ANCHOR_ID"], "address")


def _existing(portal: Portal, given: Row) -> Row:
    type_id, owner_type, owner, _, _ = _key(portal, given)
    row = found(portal, type_id, owner_type, owner)
    if row is None:
        raise refused("TypeAddress not found.")
    return row


def _subject(row: Row) -> str:
    return f"addresses/{row['TYPE_ID']}-{row['ENTITY_TYPE_ID']}-{row['ENTITY_ID']}"


def _add(portal: Portal, call: Call) -> Reply:
    return Reply(True, _subject(add(portal, call.fields())))


def _update(portal: Portal, call: Call) -> Reply:
    given = call.fields()
    row = _existing(portal, given)
    return Reply(True, _subject(row) if change(portal, row, given) else "")


def _delete(portal: Portal, call: Call) -> Reply:
    row = _existing(portal, call.fields())
    remove(portal, row)
    return Reply(True, _subject(row))


def _list(portal: Portal, call: Call) -> Reply:
    columns = filters.plain(COLUMNS)
    reply = filters.listed(
        portal, call, "addresses", columns, call.get("filter"), call.get("order") or {"ENTITY_ID": "ASC", "TYPE_ID": "ASC"}
    )
    reply.result = [shown(portal, row, COLUMNS, call.get("select")) for row in reply.result]
    return reply


def _fields(portal: Portal, call: Call) -> Reply:
    del portal, call
    numbers = (*_KEY, "LOC_ADDR_ID", "ANCHOR_TYPE_ID", "ANCHOR_ID")
    described: Row = {}
    for name in COLUMNS:
        marks = {"isRequired": name in _KEY, "isReadOnly": name.startswith("ANCHOR"), "isImmutable": name in _KEY}
        described[name] = {
            "type": "integer" if name in numbers else "string",
            **marks,
            "isMultiple": False,
            "isDynamic": False,
            "title": name,
        }
    return Reply(described)


METHODS: dict[str, Handler] = {
    "crm.address.add": _add,
    "crm.address.update": _update,
    "crm.address.delete": _delete,
    "crm.address.list": _list,
    "crm.address.fields": _fields,
}
