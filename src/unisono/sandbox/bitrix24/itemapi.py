"""``crm.item.*``: the universal methods, with ``entityTypeId``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unisono.sandbox.bitrix24 import cleaning, filters, records, shows, types
from unisono.sandbox.bitrix24.directories import default_category, has_category, known_code, stage_directory
from unisono.sandbox.bitrix24.envelope import Call, Reply
from unisono.sandbox.bitrix24.errors import Refused, invalid, mistyped
from unisono.sandbox.bitrix24.fields import integer
from unisono.sandbox.bitrix24.phpform import items, members
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.types import DEAL, INVOICE, LEAD, WITH_MULTIFIELDS, Type
from unisono.sandbox.kit.world import Row

Handler = Callable[[Portal, Call], Reply]


def _kind(call: Call) -> Type:
    return types.of_id(call.number("entityTypeId"))


def _original(call: Call) -> bool:
    return str(call.exact("useOriginalUfNames") or "N").upper() == "Y"


def _found(portal: Portal, kind: Type, call: Call) -> Row:
    row = portal.get(kind.table, call.number("id"))
    if row is None:
        raise records.missing(kind, universal=True)
    return row


def _shown(portal: Portal, kind: Type, row: Row, call: Call) -> Row:
    return {"item": shows.universal_row(portal, kind, row, original=_original(call), everything=True)}


def _add(portal: Portal, call: Call, *, importing: bool = False) -> Reply:
    kind = _kind(call)
    values, changes = cleaning.universal(portal, kind, call.map(), creating=True, original=_original(call), importing=importing)
    if kind is LEAD:
        values.pop(kind.stage, None)  # live: a lead begins at its first stage, whatever is asked for
    if kind.stage and values.get(kind.stage):
        _check_stage(portal, kind, values)
    row = records.create(portal, kind, values, changes)
    return Reply(_shown(portal, kind, row, call), f"{kind.table}/{row['ID']}")


def _import(portal: Portal, call: Call) -> Reply:
    return _add(portal, call, importing=True)


def _check_stage(portal: Portal, kind: Type, values: Row) -> None:
    category = values.get("CATEGORY_ID")
    if category is None or not has_category(portal, kind, category):
        category = default_category(portal, kind)
    if not known_code(portal, stage_directory(kind, category), values[kind.stage]):
        raise Refused("CRM_FIELD_ERROR_VALUE_NOT_VALID", "The value of the field 'stageId' is no stage of the pipeline.")


def _get(portal: Portal, call: Call) -> Reply:
    kind = _kind(call)
    return Reply(_shown(portal, kind, _found(portal, kind, call), call))


def _update(portal: Portal, call: Call) -> Reply:
    kind = _kind(call)
    row = _found(portal, kind, call)
    values, changes = cleaning.universal(portal, kind, call.map(), creating=False, original=_original(call))
    different = records.change(portal, kind, row, values, changes)
    return Reply(_shown(portal, kind, row, call), f"{kind.table}/{row['ID']}" if different else "")


def _delete(portal: Portal, call: Call) -> Reply:
    kind = _kind(call)
    row = _found(portal, kind, call)
    records.remove(portal, kind, row)
    return Reply([], f"{kind.table}/{row['ID']}")


def _list(portal: Portal, call: Call) -> Reply:
    kind, original = _kind(call), _original(call)
    raw, order, select = call.exact("filter"), call.exact("order"), call.exact("select")
    for name, value in (("filter", raw), ("order", order), ("select", select)):
        if value is not None and value != "" and not isinstance(value, dict | list):
            raise mistyped(name)
    if kind is DEAL and "parentId2" in members(select):
        raise invalid("Invalid select: field 'parentId2' is not allowed in select")  # live
    columns = shows.universal_columns(portal, kind, original)
    # Seen in a public client: it asks every list for {"ID": "ASC"}, and its users read their items that way. Filters are not known to forgive it.
    order = {"id" if name == "ID" else name: direction for name, direction in items(order)}
    reply = filters.listed(portal, call, kind.table, columns, raw, order or {"id": "ASC"})
    reply.result = {"items": [shows.universal_row(portal, kind, row, original=original, select=select) for row in reply.result]}
    return reply


def _fields(portal: Portal, call: Call) -> Reply:
    kind, original = _kind(call), _original(call)
    known = [field for field in portal.fields(kind).values() if field.only != "classic" and field.kind not in ("null", "noise")]
    found: dict[str, Any] = {shows.name_of(field, original): shows.described(portal, kind, field, universal=True) for field in known}
    if kind.id in WITH_MULTIFIELDS:
        marks = {"isRequired": False, "isReadOnly": False, "isImmutable": False, "isMultiple": True, "isDynamic": False}
        found["fm"] = {"type": "crm_multifield", **marks, "upperName": "FM", "title": "fm"}
    if kind is INVOICE:
        category = integer(call.exact("categoryId"))
        for name in ("stageId", "previousStageId"):
            found[name] |= {"statusType": stage_directory(kind, default_category(portal, kind) if category is None else category)}
    return Reply({"fields": found})


METHODS: dict[str, Handler] = {
    "crm.item.add": _add,
    "crm.item.import": _import,
    "crm.item.get": _get,
    "crm.item.update": _update,
    "crm.item.delete": _delete,
    "crm.item.list": _list,
    "crm.item.fields": _fields,
}
