"""Requisites: the legal side of a company or contact (tax ids, register numbers), their presets, bank details, and links to documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unisono.sandbox.bitrix24 import filters, records
from unisono.sandbox.bitrix24.directories import COUNTRIES
from unisono.sandbox.bitrix24.envelope import Call, Reply
from unisono.sandbox.bitrix24.errors import refused
from unisono.sandbox.bitrix24.fields import classic as classic_value
from unisono.sandbox.bitrix24.fields import integer, read_spec
from unisono.sandbox.bitrix24.phpform import members
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.specs import BANK_FIELDS, REQUISITE_FIELDS
from unisono.sandbox.bitrix24.types import BY_ID, COMPANY, CONTACT, DEAL, INVOICE, QUOTE
from unisono.sandbox.kit.world import Row

Handler = Callable[[Portal, Call], Reply]

OWNERS = {COMPANY.id: COMPANY, CONTACT.id: CONTACT}
ENTITY = 8
_STAMPS = ("DATE_CREATE", "DATE_MODIFY", "CREATED_BY_ID", "MODIFY_BY_ID")
COLUMNS = ("ID", "ENTITY_TYPE_ID", "ENTITY_ID", "PRESET_ID", *_STAMPS, *REQUISITE_FIELDS)
_BANK_COLUMNS = ("ID", "ENTITY_ID", *_STAMPS, *BANK_FIELDS)
_PLAIN = read_spec("X x string")["X"]


def shown(portal: Portal, row: Row, columns: tuple[str, ...], select: Any = None) -> Row:
    """A row with every plain value as text."""
    wanted = [str(name) for name in members(select)]
    names = [name for name in columns if not wanted or "*" in wanted or name in wanted] or list(columns)
    return {name: classic_value(_PLAIN, row.get(name), portal.zone) for name in names}


def cleaned(given: Row, limits: dict[str, int]) -> Row:
    """The known fields as texts, numbers as numbers. Raises ``Refused`` for what is too long (guess: it is refused)."""
    values: Row = {}
    for name, limit in limits.items():
        if name not in given:
            continue
        raw = given[name]
        if limit == 0:
            values[name] = integer(raw)
            continue
        text = "" if raw is None or isinstance(raw, dict | list) else str(raw)
        if len(text) > limit:
            raise refused(f"The value of the field '{name}' is longer than {limit} characters.")
        values[name] = text or None
    return values


def add(portal: Portal, given: Row) -> Row:
    """Make a requisite. Raises ``Refused``."""
    kind = OWNERS.get(integer(given.get("ENTITY_TYPE_ID")) or 0)
    if kind is None:
        raise refused("ENTITY_TYPE_ID is not defined or invalid.")
    key, preset = integer(given.get("ENTITY_ID")), integer(given.get("PRESET_ID"))
    if portal.get(kind.table, key) is None:
        raise refused("ENTITY_ID is not defined or invalid.")
    if portal.get("presets", preset) is None:
        raise refused("PRESET_ID is not defined or invalid.")
    if not str(given.get("NAME") or "").strip():
        raise refused("The field 'NAME' is required.")
    values = cleaned(given, REQUISITE_FIELDS)
    now = portal.now()
    row: Row = dict.fromkeys(REQUISITE_FIELDS, None) | {"ACTIVE": "Y", "ADDRESS_ONLY": "N", "SORT": 500}
    row |= {name: value for name, value in values.items() if value is not None}
    row |= {"ENTITY_TYPE_ID": kind.id, "ENTITY_ID": key, "PRESET_ID": preset}
    row |= {"DATE_CREATE": now, "DATE_MODIFY": None, "CREATED_BY_ID": portal.user, "MODIFY_BY_ID": None}
    portal.add("requisites", row)
    _happened(portal, row, "ADD")
    return row


def change(portal: Portal, row: Row, given: Row) -> bool:
    """Change a requisite; whether anything did change. Raises ``Refused``."""
    different = portal.change("requisites", row, cleaned(given, REQUISITE_FIELDS))
    if different:
        portal.change("requisites", row, {"DATE_MODIFY": portal.now(), "MODIFY_BY_ID": portal.user})
        _happened(portal, row, "UPDATE")
    return different


def remove(portal: Portal, row: Row) -> None:
    """Delete a requisite with its addresses and bank details."""
    for table in ("addresses", "bankdetails"):
        for part in portal.by(table, "ENTITY_ID", row["ID"]):
            if table == "bankdetails" or part["ENTITY_TYPE_ID"] == ENTITY:
                portal.remove(table, part["ID"])
    portal.remove("requisites", row["ID"])
    _happened(portal, row, "DELETE")


def _happened(portal: Portal, row: Row, what: str) -> None:
    portal.happened(f"ONCRMREQUISITE{what}", {"FIELDS": {"ID": row["ID"]}})
    moved(portal, row["ENTITY_TYPE_ID"], row["ENTITY_ID"], "requisite")


def moved(portal: Portal, type_id: int, key: int, why: str) -> None:
    """Whether the owner's stamp moves with what hangs on it is not documented; the setting ``moves_owner`` decides."""
    kind = OWNERS.get(type_id)
    owner = portal.get(kind.table, key) if kind is not None else None
    if kind is not None and owner is not None and why in portal.setting("moves_owner"):
        records.touched(portal, kind, owner)
        records.happened(portal, kind, "UPDATE", key)


def one(portal: Portal, call: Call, table: str, words: str) -> Row:
    """The row a call names. Raises ``Refused``."""
    key = call.id()
    row = portal.get(table, key)
    if row is None:
        raise refused(f"The {words} with ID '{key}' is not found")
    return row


def _add(portal: Portal, call: Call) -> Reply:
    row = add(portal, call.fields())
    return Reply(row["ID"], f"requisites/{row['ID']}")


def _get(portal: Portal, call: Call) -> Reply:
    return Reply(shown(portal, one(portal, call, "requisites", "Requisite"), COLUMNS))


def _update(portal: Portal, call: Call) -> Reply:
    row = one(portal, call, "requisites", "Requisite")
    return Reply(True, f"requisites/{row['ID']}" if change(portal, row, call.fields()) else "")


def _delete(portal: Portal, call: Call) -> Reply:
    row = one(portal, call, "requisites", "Requisite")
    remove(portal, row)
    return Reply(True, f"requisites/{row['ID']}")


def _lister(table: str, columns: tuple[str, ...]) -> Handler:
    known = filters.plain(columns)

    def listing(portal: Portal, call: Call) -> Reply:
        reply = filters.listed(portal, call, table, known, call.get("filter"), call.get("order"))
        reply.result = [shown(portal, row, columns, call.get("select")) for row in reply.result]
        return reply

    return listing


def described(columns: tuple[str, ...], required: tuple[str, ...], fixed: tuple[str, ...]) -> Row:
    """The answer of ``fields``."""
    kinds = {"ID": "integer", "ENTITY_ID": "integer", "ENTITY_TYPE_ID": "integer", "PRESET_ID": "integer", "SORT": "integer"}
    kinds |= {"DATE_CREATE": "datetime", "DATE_MODIFY": "datetime", "CREATED_BY_ID": "user", "MODIFY_BY_ID": "user"}
    kinds |= {"ACTIVE": "char", "ADDRESS_ONLY": "char", "RQ_VAT_PAYER": "char", "COUNTRY_ID": "integer", "RQ_IDENT_TYPE": "crm_status"}
    found: Row = {}
    for name in columns:
        marks = {"isRequired": name in required, "isReadOnly": name in ("ID", *_STAMPS), "isImmutable": name in fixed}
        more: Row = {"statusType": ["RQ_IDENT_TYPE_CO"]} if name == "RQ_IDENT_TYPE" else {}
        found[name] = {"type": kinds.get(name, "string"), **marks, "isMultiple": False, "isDynamic": False, **more, "title": name}
    return found


def _fields(portal: Portal, call: Call) -> Reply:
    del portal, call
    three = ("ENTITY_TYPE_ID", "ENTITY_ID", "PRESET_ID")
    return Reply(described(COLUMNS, three, three))


# presets

_PRESET_COLUMNS = ("ID", "ENTITY_TYPE_ID", "COUNTRY_ID", "NAME", "XML_ID", "ACTIVE", "SORT")


def _preset_get(portal: Portal, call: Call) -> Reply:
    return Reply(shown(portal, one(portal, call, "presets", "Preset"), _PRESET_COLUMNS))


def _preset_countries(portal: Portal, call: Call) -> Reply:
    del portal, call
    return Reply([{"ID": number, "CODE": code, "TITLE": code} for number, code in COUNTRIES])


def _preset_fields(portal: Portal, call: Call) -> Reply:
    raw = call.get("preset")
    key = integer(raw.get("ID") if isinstance(raw, dict) else None)
    row = portal.get("presets", key)
    if row is None:
        raise refused(f"The Preset with ID '{key or ''}' is not found")
    return Reply(
        [
            {"ID": number, "FIELD_NAME": name, "FIELD_TITLE": "", "IN_SHORT_LIST": "Y" if number < 3 else "N", "SORT": 500 + 10 * number}
            for number, name in enumerate(row["FIELDS"], 1)
        ]
    )


# bank details


def _bank_add(portal: Portal, call: Call) -> Reply:
    given = call.fields()
    owner = portal.get("requisites", integer(given.get("ENTITY_ID")))
    if owner is None:
        raise refused("ENTITY_ID is not defined or invalid.")
    if not str(given.get("NAME") or "").strip():
        raise refused("The field 'NAME' is required.")
    values = cleaned(given, BANK_FIELDS)
    row: Row = dict.fromkeys(BANK_FIELDS, None) | {"ACTIVE": "Y", "SORT": 500, "COUNTRY_ID": 46} | values
    row |= {"ENTITY_ID": owner["ID"], "DATE_CREATE": portal.now(), "CREATED_BY_ID": portal.user, "DATE_MODIFY": None, "MODIFY_BY_ID": None}
    portal.add("bankdetails", row)
    portal.happened("ONCRMBANKDETAILADD", {"FIELDS": {"ID": row["ID"]}})
    return Reply(row["ID"], f"bankdetails/{row['ID']}")


def _bank_get(portal: Portal, call: Call) -> Reply:
    return Reply(shown(portal, one(portal, call, "bankdetails", "BankDetail"), _BANK_COLUMNS))


def _bank_update(portal: Portal, call: Call) -> Reply:
    row = one(portal, call, "bankdetails", "BankDetail")
    different = portal.change("bankdetails", row, cleaned(call.fields(), BANK_FIELDS))
    if different:
        portal.change("bankdetails", row, {"DATE_MODIFY": portal.now(), "MODIFY_BY_ID": portal.user})
        portal.happened("ONCRMBANKDETAILUPDATE", {"FIELDS": {"ID": row["ID"]}})
    return Reply(True, f"bankdetails/{row['ID']}" if different else "")


def _bank_delete(portal: Portal, call: Call) -> Reply:
    row = one(portal, call, "bankdetails", "BankDetail")
    portal.remove("bankdetails", row["ID"])
    portal.happened("ONCRMBANKDETAILDELETE", {"FIELDS": {"ID": row["ID"]}})
    return Reply(True, f"bankdetails/{row['ID']}")


def _bank_fields(portal: Portal, call: Call) -> Reply:
    del portal, call
    return Reply(described(_BANK_COLUMNS, ("ENTITY_ID", "NAME"), ("ENTITY_ID",)))


# which requisite a document carries

_LINK_IDS = ("REQUISITE_ID", "BANK_DETAIL_ID", "MC_REQUISITE_ID", "MC_BANK_DETAIL_ID")


def _link_row(portal: Portal, type_id: int | None, key: int | None) -> Row | None:
    rows = portal.table("requisite_links").values()
    return next((row for row in rows if (row["ENTITY_TYPE_ID"], row["ENTITY_ID"]) == (type_id, key)), None)


def _link_register(portal: Portal, call: Call) -> Reply:
    given = call.fields()
    type_id, key = integer(given.get("ENTITY_TYPE_ID")), integer(given.get("ENTITY_ID"))
    if type_id not in (DEAL.id, QUOTE.id, INVOICE.id) or portal.get(BY_ID[type_id].table, key) is None:
        raise refused("Entity is not found")
    values: Row = {}
    for name in _LINK_IDS:
        number = integer(given.get(name))
        if number is None:
            raise refused(f"The field '{name}' is required.")
        table = "requisites" if name.endswith("REQUISITE_ID") else "bankdetails"
        if number and portal.get(table, number) is None:
            raise refused(f"{name} is not defined or invalid.")
        values[name] = number
    row = _link_row(portal, type_id, key)
    if row is None:
        portal.add("requisite_links", {"ENTITY_TYPE_ID": type_id, "ENTITY_ID": key, **values})
    else:
        portal.change("requisite_links", row, values)
    return Reply(True, f"{BY_ID[type_id].table}/{key}")


def _link_get(portal: Portal, call: Call) -> Reply:
    row = _link_row(portal, integer(call.get("entityTypeId")), integer(call.get("entityId")))
    if row is None:
        raise refused("Not found")
    ids = {name: str(row[name]) for name in _LINK_IDS}
    return Reply({"ENTITY_TYPE_ID": row["ENTITY_TYPE_ID"], "ENTITY_ID": row["ENTITY_ID"], **ids})


METHODS: dict[str, Handler] = {
    "crm.requisite.add": _add,
    "crm.requisite.get": _get,
    "crm.requisite.update": _update,
    "crm.requisite.delete": _delete,
    "crm.requisite.list": _lister("requisites", COLUMNS),
    "crm.requisite.fields": _fields,
    "crm.requisite.preset.list": _lister("presets", _PRESET_COLUMNS),
    "crm.requisite.preset.get": _preset_get,
    "crm.requisite.preset.countries": _preset_countries,
    "crm.requisite.preset.field.list": _preset_fields,
    "crm.requisite.bankdetail.add": _bank_add,
    "crm.requisite.bankdetail.get": _bank_get,
    "crm.requisite.bankdetail.update": _bank_update,
    "crm.requisite.bankdetail.delete": _bank_delete,
    "crm.requisite.bankdetail.fields": _bank_fields,
    "crm.requisite.bankdetail.list": _lister("bankdetails", _BANK_COLUMNS),
    "crm.requisite.link.register": _link_register,
    "crm.requisite.link.get": _link_get,
}
