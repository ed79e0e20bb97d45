"""Fields that the portal's users make: the classic ``crm.company.userfield.*`` and the universal ``userfieldconfig.*``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

from unisono.sandbox.bitrix24 import filters
from unisono.sandbox.bitrix24.envelope import Call, Reply, page
from unisono.sandbox.bitrix24.errors import Refused, refused
from unisono.sandbox.bitrix24.fields import integer, snake, yes_no
from unisono.sandbox.bitrix24.phpform import members
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.types import ALL, CLASSIC, Type
from unisono.sandbox.kit.world import Row

Handler = Callable[[Portal, Call], Reply]

KINDS = (
    "string integer double boolean date datetime money url enumeration file crm employee address iblock_section iblock_element crm_status"
).split()
_LONGEST = 50
_SETTINGS: dict[str, Row] = {
    "string": {"SIZE": 20, "ROWS": 1, "REGEXP": "", "MIN_LENGTH": 0, "MAX_LENGTH": 0, "DEFAULT_VALUE": ""},
    "enumeration": {"DISPLAY": "LIST", "LIST_HEIGHT": 1, "CAPTION_NO_VALUE": "", "SHOW_NO_VALUE": "Y"},
}
_LABELS = ("EDIT_FORM_LABEL", "LIST_COLUMN_LABEL", "LIST_FILTER_LABEL", "ERROR_MESSAGE", "HELP_MESSAGE")


def make(portal: Portal, entity: str, given: Row) -> Row:
    """Make a field. Raises ``Refused``."""
    if not portal.setting("admin"):
        raise Refused("ACCESS_DENIED", "Access denied.", 403)
    name = str(given.get("FIELD_NAME") or "").upper()
    kind = str(given.get("USER_TYPE_ID") or "")
    if not kind:
        raise refused("The 'USER_TYPE_ID' field is not found.")
    if kind not in KINDS:
        raise refused(f"The user type '{kind}' is not supported.")
    if not name:
        raise refused("The 'FIELD_NAME' field is not found.")
    if not name.startswith("UF_CRM_"):
        name = f"UF_CRM_{name}"
    if len(name) > _LONGEST or not re.fullmatch(r"[A-Z0-9_]+", name):
        raise refused(f"The field name must be A-Z, 0-9 and _, at most {_LONGEST} characters.")
    if any(row["FIELD_NAME"] == name for row in portal.by("userfields", "ENTITY_ID", entity)):
        raise refused(f"The field {name} for {entity} already exists.")
    labels = {label: given.get(label) for label in _LABELS}
    row: Row = {"ENTITY_ID": entity, "FIELD_NAME": name, "USER_TYPE_ID": kind, "XML_ID": given.get("XML_ID"), "LABELS": labels}
    row |= {mark: yes_no(given.get(mark, "N")) or "N" for mark in ("MULTIPLE", "MANDATORY", "SHOW_FILTER")}
    row |= {
        "SORT": integer(given.get("SORT")) or 100,
        "SETTINGS": _SETTINGS.get(kind, {}) | (given.get("SETTINGS") or {}),
        "LABEL": _label(portal, given),
    }
    portal.add("userfields", row)
    for entry in members(given.get("LIST")):
        add_value(portal, row, entry)
    return row


def _label(portal: Portal, given: Row) -> str:
    for source in (given.get("EDIT_FORM_LABEL"), given.get("LABEL")):
        if isinstance(source, dict) and source:
            return str(source.get(portal.setting("language")) or next(iter(source.values())))
        if source:
            return str(source)
    return str(given.get("FIELD_NAME"))


def add_value(portal: Portal, row: Row, entry: Any) -> None:
    """A value of an enumeration."""
    given = {str(name).upper(): value for name, value in entry.items()} if isinstance(entry, dict) else {"VALUE": entry}
    key = portal.new_id("enums")
    xml_id = str(given.get("XML_ID") or given.get("XMLID") or hashlib.sha256(f"enum{key}".encode()).hexdigest()[:32])
    value: Row = {"ID": key, "FIELD": f"{row['ENTITY_ID']}:{row['FIELD_NAME']}", "VALUE": str(given.get("VALUE") or "")}
    portal.add("enums", value | {"SORT": integer(given.get("SORT")) or 500, "DEF": yes_no(given.get("DEF", "N")) or "N", "XML_ID": xml_id})


def values_of(portal: Portal, row: Row) -> list[Row]:
    """The values of an enumeration in their order."""
    name = f"{row['ENTITY_ID']}:{row['FIELD_NAME']}"
    return sorted((one for one in portal.table("enums").values() if one["FIELD"] == name), key=lambda one: (one["SORT"], one["ID"]))


def drop(portal: Portal, row: Row) -> None:
    """Remove a field; what it held stays unseen."""
    for value in values_of(portal, row):
        portal.remove("enums", value["ID"])
    portal.remove("userfields", row["ID"])


# classic


def _classic(portal: Portal, row: Row) -> Row:
    shown: Row = {"ID": str(row["ID"]), "ENTITY_ID": row["ENTITY_ID"], "FIELD_NAME": row["FIELD_NAME"], "USER_TYPE_ID": row["USER_TYPE_ID"]}
    shown |= {"XML_ID": row["XML_ID"], "SORT": str(row["SORT"]), "MULTIPLE": row["MULTIPLE"], "MANDATORY": row["MANDATORY"]}
    shown |= {
        "SHOW_FILTER": row["SHOW_FILTER"],
        "SHOW_IN_LIST": "Y",
        "EDIT_IN_LIST": "Y",
        "IS_SEARCHABLE": "N",
        "SETTINGS": row["SETTINGS"],
    }
    if row["USER_TYPE_ID"] == "enumeration":
        shown["LIST"] = [
            {"ID": str(one["ID"]), "SORT": str(one["SORT"]), "VALUE": one["VALUE"], "DEF": one["DEF"], "XML_ID": one["XML_ID"]}
            for one in values_of(portal, row)
        ]
    return shown


def _routes(kind: Type) -> dict[str, Handler]:
    def one(portal: Portal, call: Call) -> Row:
        row = portal.get("userfields", call.id())
        if row is None or row["ENTITY_ID"] != kind.user_fields:
            raise refused("The entity with ID is not found")
        return row

    def add(portal: Portal, call: Call) -> Reply:
        row = make(portal, kind.user_fields, call.fields())
        return Reply(row["ID"], f"userfields/{row['ID']}")

    def get(portal: Portal, call: Call) -> Reply:
        return Reply(_classic(portal, one(portal, call)))

    def listing(portal: Portal, call: Call) -> Reply:
        columns = filters.plain(("ID", "ENTITY_ID", "FIELD_NAME", "USER_TYPE_ID", "XML_ID", "SORT", "MULTIPLE", "MANDATORY"))
        rows = portal.by("userfields", "ENTITY_ID", kind.user_fields)
        found = filters.ordered(call.get("order"), list(filter(filters.compiled(portal, call.get("filter"), columns), rows)), columns)
        return Reply([_classic(portal, row) for row in found], total=len(found))

    def update(portal: Portal, call: Call) -> Reply:
        row = one(portal, call)
        return Reply(True, f"userfields/{row['ID']}" if _change(portal, row, call.fields()) else "")

    def delete(portal: Portal, call: Call) -> Reply:
        row = one(portal, call)
        drop(portal, row)
        return Reply(True, f"userfields/{row['ID']}")

    stem = f"crm.{kind.name}.userfield"
    return {f"{stem}.add": add, f"{stem}.get": get, f"{stem}.list": listing, f"{stem}.update": update, f"{stem}.delete": delete}


def _change(portal: Portal, row: Row, given: Row) -> bool:
    values: Row = {mark: yes_no(given[mark]) or "N" for mark in ("MANDATORY", "SHOW_FILTER") if mark in given}
    if integer(given.get("SORT")) is not None:
        values["SORT"] = integer(given["SORT"])
    if "LABEL" in given or "EDIT_FORM_LABEL" in given:
        values["LABEL"] = _label(portal, {"FIELD_NAME": row["FIELD_NAME"], **given})
    known = {one["VALUE"] for one in values_of(portal, row)}
    new = [
        entry for entry in members(given.get("LIST")) if isinstance(entry, dict) and not entry.get("ID") and entry.get("VALUE") not in known
    ]
    for entry in new:
        add_value(portal, row, entry)
    return portal.change("userfields", row, values) or bool(new)


# universal


def _shown(portal: Portal, row: Row, *, values: bool) -> Row:
    labels: Row = {snake_camel(name): row["LABELS"].get(name) for name in _LABELS}
    shown: Row = {
        "id": str(row["ID"]), "entityId": row["ENTITY_ID"], "fieldName": row["FIELD_NAME"], "userTypeId": row["USER_TYPE_ID"],
        "xmlId": row["XML_ID"], "sort": str(row["SORT"]), "multiple": row["MULTIPLE"], "mandatory": row["MANDATORY"],
        "showFilter": row["SHOW_FILTER"], "showInList": "Y", "editInList": "Y", "isSearchable": "N", "settings": row["SETTINGS"],
        "languageId": {portal.setting("language"): portal.setting("language")}, **labels,
    }  # fmt: skip
    if values and row["USER_TYPE_ID"] == "enumeration":
        shown["enum"] = [
            {"id": str(one["ID"]), "userFieldId": str(row["ID"]), "value": one["VALUE"], "def": one["DEF"], "sort": str(one["SORT"]),
             "xmlId": one["XML_ID"]} for one in values_of(portal, row)
        ]  # fmt: skip
    return shown


def snake_camel(name: str) -> str:
    """``EDIT_FORM_LABEL`` is ``editFormLabel``."""
    first, *rest = name.lower().split("_")
    return first + "".join(word.capitalize() for word in rest)


def _module(call: Call) -> None:
    if call.exact("moduleId") != "crm":
        raise Refused("100", "Could not find value for parameter {moduleId}")


def _upper(fields: Row) -> Row:
    found = {snake(name): value for name, value in fields.items()}
    return found | ({"LIST": found.pop("ENUM")} if "ENUM" in found else {})


def _add(portal: Portal, call: Call) -> Reply:
    _module(call)
    given = _upper(call.map("field"))
    entity = str(given.get("ENTITY_ID") or "")
    if entity not in {kind.user_fields for kind in ALL} | {"CRM_REQUISITE", "CRM_7"}:
        raise refused(f"The entity '{entity}' is not supported.")
    row = make(portal, entity, given)
    return Reply({"field": _shown(portal, row, values=True)}, f"userfields/{row['ID']}")


def _one(portal: Portal, call: Call) -> Row:
    _module(call)
    row = portal.get("userfields", call.number("id"))
    if row is None:
        raise Refused("NOT_FOUND", "Field not found")
    return row


def _get(portal: Portal, call: Call) -> Reply:
    return Reply({"field": _shown(portal, _one(portal, call), values=True)})


def _update(portal: Portal, call: Call) -> Reply:
    row = _one(portal, call)
    different = _change(portal, row, _upper(call.map("field")))
    return Reply({"field": _shown(portal, row, values=True)}, f"userfields/{row['ID']}" if different else "")


def _delete(portal: Portal, call: Call) -> Reply:
    row = _one(portal, call)
    drop(portal, row)
    return Reply([], f"userfields/{row['ID']}")


def _list(portal: Portal, call: Call) -> Reply:
    _module(call)
    names = {
        snake_camel(name): name for name in ("ID", "ENTITY_ID", "FIELD_NAME", "USER_TYPE_ID", "XML_ID", "SORT", "MULTIPLE", "MANDATORY")
    }

    def column(name: str) -> str:
        if name not in names:
            raise filters.Unknown(name)
        return names[name]

    columns = filters.Columns(column, strict=True)
    rows = list(filter(filters.compiled(portal, call.exact("filter"), columns), portal.table("userfields").values()))
    reply = page(filters.ordered(call.exact("order") or {"id": "ASC"}, rows, columns), call)
    reply.result = {"fields": [_shown(portal, row, values=False) for row in reply.result]}
    return reply


METHODS: dict[str, Handler] = {
    "userfieldconfig.add": _add,
    "userfieldconfig.get": _get,
    "userfieldconfig.update": _update,
    "userfieldconfig.delete": _delete,
    "userfieldconfig.list": _list,
}
for _kind in CLASSIC:
    METHODS |= _routes(_kind)
