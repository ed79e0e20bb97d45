"""Directories as they are asked for: ``crm.status.*``, pipelines, currencies, VAT rates, enumerations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unisono.sandbox.bitrix24 import filters, types
from unisono.sandbox.bitrix24.addresses import TYPES as ADDRESS_TYPES
from unisono.sandbox.bitrix24.directories import stages
from unisono.sandbox.bitrix24.envelope import Call, Reply
from unisono.sandbox.bitrix24.errors import Refused, refused
from unisono.sandbox.bitrix24.fields import integer
from unisono.sandbox.bitrix24.phpform import members
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.types import DEAL, INVOICE
from unisono.sandbox.kit.world import Row

Handler = Callable[[Portal, Call], Reply]

_STATUS = ("ID", "ENTITY_ID", "STATUS_ID", "NAME", "NAME_INIT", "SORT", "SYSTEM", "CATEGORY_ID", "COLOR", "SEMANTICS")


def _status(row: Row) -> Row:
    shown = {name: None if row[name] is None else str(row[name]) for name in _STATUS}
    return shown | {"EXTRA": {"SEMANTICS": row["EXTRA"], "COLOR": row["COLOR"]}}


def _status_list(portal: Portal, call: Call) -> Reply:
    """All at once: the list of directories is not cut into pages."""
    raw = call.get("filter")
    columns = filters.plain(_STATUS)
    test = filters.compiled(portal, raw, columns)
    rows = [row for row in filters.candidates(portal, "statuses", raw, columns) if test(row)]
    found = filters.ordered(call.get("order") or {"SORT": "ASC"}, rows, columns)
    return Reply([_status(row) for row in found], total=len(found))


def _status_get(portal: Portal, call: Call) -> Reply:
    return Reply(_status(_one(portal, call)))


def _one(portal: Portal, call: Call) -> Row:
    row = portal.get("statuses", call.id())
    if row is None:
        raise refused("Not found")
    return row


def _status_add(portal: Portal, call: Call) -> Reply:
    given = call.fields()
    for name in ("ENTITY_ID", "STATUS_ID", "NAME"):
        if not given.get(name):
            raise refused(f"The field {name} is required.")
    entity, code = str(given["ENTITY_ID"]), str(given["STATUS_ID"])
    held = portal.by("statuses", "ENTITY_ID", entity)
    if not held:
        raise refused("The field ENTITY_ID is invalid.")
    category = held[0]["CATEGORY_ID"]
    prefix = held[0]["STATUS_ID"].partition(":")[0] + ":" if ":" in held[0]["STATUS_ID"] else ""
    code = code if code.startswith(prefix) else prefix + code
    if any(row["STATUS_ID"] == code for row in held):
        raise refused("The STATUS_ID is not unique.")
    semantics = str(given.get("SEMANTICS") or "") or None
    row: Row = {"ENTITY_ID": entity, "STATUS_ID": code, "NAME": str(given["NAME"]), "NAME_INIT": "", "SYSTEM": "N", "CATEGORY_ID": category}
    row |= {"SORT": integer(given.get("SORT")) or 500, "COLOR": str(given.get("COLOR") or "#39A8EF"), "SEMANTICS": semantics}
    row = portal.add("statuses", row | {"EXTRA": {"S": "success", "F": "apology"}.get(semantics or "", "process")})
    return Reply(row["ID"], f"statuses/{row['ID']}")


def _status_update(portal: Portal, call: Call) -> Reply:
    row, given = _one(portal, call), call.fields()
    values: Row = {name: str(given[name]) for name in ("NAME", "COLOR") if given.get(name)}
    if integer(given.get("SORT")) is not None:
        values["SORT"] = integer(given["SORT"])
    return Reply(True, f"statuses/{row['ID']}" if portal.change("statuses", row, values) else "")


def _status_delete(portal: Portal, call: Call) -> Reply:
    row = _one(portal, call)
    if row["SYSTEM"] == "Y":
        raise refused("System statuses cannot be deleted.")
    portal.remove("statuses", row["ID"])
    return Reply(True, f"statuses/{row['ID']}")


def _status_fields(portal: Portal, call: Call) -> Reply:
    del portal, call
    marks = {"isRequired": False, "isReadOnly": False, "isImmutable": False, "isMultiple": False, "isDynamic": False}
    return Reply({name: {"type": "integer" if name in ("ID", "SORT") else "string", **marks, "title": name} for name in _STATUS})


_NAMES = {
    "STATUS": "Lead-Phasen", "SOURCE": "Quellen", "CONTACT_TYPE": "Kontakttyp", "COMPANY_TYPE": "Unternehmenstyp",
    "EMPLOYEES": "Mitarbeiterzahl", "INDUSTRY": "Branche", "DEAL_TYPE": "Auftragstyp", "DEAL_STAGE": "Auftragsphasen",
    "QUOTE_STATUS": "Angebotsphasen", "HONORIFIC": "Anreden", "CALL_LIST": "Anrufstatus",
}  # fmt: skip


def _entity_types(portal: Portal, call: Call) -> Reply:
    del call
    found = []
    for entity in dict.fromkeys(row["ENTITY_ID"] for row in portal.table("statuses").values()):
        held = sorted(portal.by("statuses", "ENTITY_ID", entity), key=lambda row: row["SORT"])
        row: Row = {"ID": entity, "NAME": _NAMES.get(entity, entity)}
        kind = next((one for one in types.ALL if one.stages and entity.startswith(one.stages)), None)
        if kind is INVOICE:
            category = held[0]["CATEGORY_ID"]
            row |= {"SEMANTIC_INFO": [], "PREFIX": f"DT31_{category}", "FIELD_ATTRIBUTE_SCOPE": f"category_{category}"}
            row |= {"ENTITY_TYPE_ID": 31, "IS_ENABLED": True, "CATEGORY_ID": category}
        elif kind is not None:
            final = {mark: next((one["STATUS_ID"] for one in held if one["SEMANTICS"] == mark), "") for mark in "SF"}
            start = {
                "START_FIELD": held[0]["STATUS_ID"],
                "FINAL_SUCCESS_FIELD": final["S"],
                "FINAL_UNSUCCESS_FIELD": final["F"],
                "FINAL_SORT": 0,
            }
            row |= {"SEMANTIC_INFO": start}
            if kind is DEAL:
                number = entity.removeprefix("DEAL_STAGE").removeprefix("_")
                row |= {"PARENT_ID": "DEAL_STAGE", "PREFIX": f"C{number}"} if number else {}
                row |= {"FIELD_ATTRIBUTE_SCOPE": f"category_{number}" if number else ""}
            row["ENTITY_TYPE_ID"] = kind.id
            if kind is DEAL:
                row["CATEGORY_ID"] = held[0]["CATEGORY_ID"] if held[0]["CATEGORY_ID"] is None else str(held[0]["CATEGORY_ID"])
                row["CATEGORY_ID"] = row["CATEGORY_ID"] or 0
        found.append(row)
    return Reply(found)


def _entity_items(portal: Portal, call: Call) -> Reply:
    held = portal.by("statuses", "ENTITY_ID", str(call.get("entityId") or ""))
    found = sorted(held, key=lambda row: row["SORT"])
    return Reply([{"NAME": row["NAME"], "SORT": row["SORT"], "STATUS_ID": row["STATUS_ID"]} for row in found])


def _deal_stages(portal: Portal, call: Call) -> Reply:
    found = stages(portal, DEAL, integer(call.get("ID")) or 0)
    return Reply([{"NAME": row["NAME"], "SORT": row["SORT"], "STATUS_ID": row["STATUS_ID"]} for row in found])


# pipelines


def _category(row: Row) -> Row:
    shown = {
        "id": row["ID"],
        "name": row["NAME"],
        "sort": row["SORT"],
        "entityTypeId": row["ENTITY_TYPE_ID"],
        "isDefault": row["IS_DEFAULT"],
    }
    return shown if row["IS_DEFAULT"] == "Y" else shown | {"originId": "", "originatorId": ""}


def _categories(portal: Portal, call: Call) -> Reply:
    kind = types.of_id(call.number("entityTypeId"))
    if kind not in (DEAL, INVOICE):
        raise Refused("ENTITY_TYPE_NOT_SUPPORTED", "Entity type is not supported")
    held = [row for row in portal.table("categories").values() if row["ENTITY_TYPE_ID"] == kind.id]
    found = sorted(held, key=lambda row: (row["SORT"], row["ID"]))
    return Reply({"categories": [_category(row) for row in found]}, total=len(found))


def _category_get(portal: Portal, call: Call) -> Reply:
    kind, key = types.of_id(call.number("entityTypeId")), call.number("id")
    row = portal.get("categories", key)
    if row is None or row["ENTITY_TYPE_ID"] != kind.id:
        raise Refused("NOT_FOUND", "Category not found")
    return Reply({"category": _category(row)})


# currencies and VAT


def _currencies(portal: Portal, call: Call) -> Reply:
    del call
    found = []
    for row in portal.table("currencies").values():
        base = row["CURRENCY"] == portal.setting("currency")
        found.append(
            {
                "CURRENCY": row["CURRENCY"], "AMOUNT_CNT": "1", "AMOUNT": row["AMOUNT"], "SORT": str(row["SORT"]), "BASE": "Y" if base else "N",
                "FULL_NAME": row["FULL_NAME"], "LID": portal.setting("language"), "FORMAT_STRING": "# €" if base else f"# {row['CURRENCY']}",
                "DEC_POINT": ",", "THOUSANDS_SEP": ".", "DECIMALS": "2", "DATE_UPDATE": "2024-01-29T12:28:40+01:00",
            }
        )  # fmt: skip
    return Reply(found, total=0)


def _base_currency(portal: Portal, call: Call) -> Reply:
    del call
    return Reply(portal.setting("currency"))


def _vats(portal: Portal, call: Call) -> Reply:
    known = ("ID", "NAME", "RATE", "ACTIVE", "SORT")
    wanted = [str(name).lstrip("=") for name in members(call.get("select"))]
    if odd := [name for name in wanted if name not in known and name != "*"]:
        raise Refused("Inadmissible fields for selection", f"Invalid fields were provided for selection: {', '.join(odd)}.")
    columns = filters.plain(known)
    rows = list(filter(filters.compiled(portal, call.get("filter"), columns), portal.table("vats").values()))
    names = [name for name in known if not wanted or "*" in wanted or name in wanted]

    def text(row: Row, name: str) -> Any:
        value = row[name]
        return f"{value:.2f}" if name == "RATE" and value is not None else None if value is None else str(value)

    found = [{name: text(row, name) for name in names} for row in filters.ordered(call.get("order"), rows, columns)]
    return Reply(found, total=len(found))


# enumerations


def _owner_types(portal: Portal, call: Call) -> Reply:
    del portal, call
    found = [{"ID": one.id, "NAME": one.words, "SYMBOL_CODE": one.code, "SYMBOL_CODE_SHORT": one.short} for one in types.ALL]
    found.append({"ID": 5, "NAME": "Invoice (old version)", "SYMBOL_CODE": "INVOICE", "SYMBOL_CODE_SHORT": "I"})
    found.append({"ID": 8, "NAME": "Billing Details", "SYMBOL_CODE": "REQUISITE", "SYMBOL_CODE_SHORT": "RQ"})
    return Reply(found)


def _address_types(portal: Portal, call: Call) -> Reply:
    del portal, call
    return Reply([{"ID": key, "NAME": name, "SYMBOL_CODE": None, "SYMBOL_CODE_SHORT": None} for key, name in ADDRESS_TYPES.items()])


METHODS: dict[str, Handler] = {
    "crm.status.list": _status_list,
    "crm.status.get": _status_get,
    "crm.status.add": _status_add,
    "crm.status.update": _status_update,
    "crm.status.delete": _status_delete,
    "crm.status.fields": _status_fields,
    "crm.status.entity.types": _entity_types,
    "crm.status.entity.items": _entity_items,
    "crm.dealcategory.stage.list": _deal_stages,
    "crm.category.list": _categories,
    "crm.category.get": _category_get,
    "crm.currency.list": _currencies,
    "crm.currency.base.get": _base_currency,
    "crm.vat.list": _vats,
    "crm.enum.ownertype": _owner_types,
    "crm.enum.addresstype": _address_types,
}
