"""``crm.company.*``, ``crm.contact.*``, ``crm.deal.*``, ``crm.lead.*``, ``crm.quote.*``: the classic methods. Deprecated, and they work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unisono.sandbox.bitrix24 import cleaning, filters, multifields, records, shows
from unisono.sandbox.bitrix24.directories import known_code, stage_directory
from unisono.sandbox.bitrix24.envelope import Call, Reply
from unisono.sandbox.bitrix24.errors import no_array, refused
from unisono.sandbox.bitrix24.phpform import items
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.types import CLASSIC, COMPANY, WITH_MULTIFIELDS, Type
from unisono.sandbox.kit.world import Row

Handler = Callable[[Portal, Call], Reply]


def _importing(call: Call) -> bool:
    params = call.get("params")
    return isinstance(params, dict) and str(params.get("IMPORT", "N")).upper() == "Y"


def _found(portal: Portal, kind: Type, call: Call) -> Row:
    row = portal.get(kind.table, call.id())
    if row is None:
        raise records.missing(kind, universal=False)
    return row


def _known_stage(portal: Portal, kind: Type, row: Row, values: Row) -> None:
    """A stage that does not exist is dropped in silence."""
    stage = values.get(kind.stage) if kind.stage else None
    if stage and not known_code(portal, stage_directory(kind, values.get("CATEGORY_ID", row.get("CATEGORY_ID"))), stage):
        del values[kind.stage]


def _methods(kind: Type) -> dict[str, Handler]:
    def add(portal: Portal, call: Call) -> Reply:
        values, changes = cleaning.classic(portal, kind, call.fields(), creating=True, importing=_importing(call))
        row = records.create(portal, kind, values, changes)
        return Reply(row["ID"], f"{kind.table}/{row['ID']}")

    def get(portal: Portal, call: Call) -> Reply:
        row = portal.get(kind.table, call.id())
        if row is None:
            raise refused("Not found")
        return Reply(shows.classic_whole(portal, kind, row))

    def update(portal: Portal, call: Call) -> Reply:
        row = _found(portal, kind, call)
        values, changes = cleaning.classic(portal, kind, call.fields(), creating=False, importing=_importing(call))
        _known_stage(portal, kind, row, values)
        different = records.change(portal, kind, row, values, changes)
        return Reply(True, f"{kind.table}/{row['ID']}" if different else "")

    def delete(portal: Portal, call: Call) -> Reply:
        row = _found(portal, kind, call)
        records.remove(portal, kind, row)
        return Reply(True, f"{kind.table}/{row['ID']}")

    def listing(portal: Portal, call: Call) -> Reply:
        raw, order, select = call.get("filter"), call.get("order"), call.get("select")
        for name, value in (("filter", raw), ("order", order), ("select", select)):
            if value is not None and value != "" and not isinstance(value, dict | list):
                raise no_array(name)
        plain, reachable = _divided(kind, raw)
        columns = shows.classic_columns(portal, kind)
        if reachable:
            plain["@ID"] = sorted(_reached(portal, kind, reachable)) or [-1]
        reply = filters.listed(portal, call, kind.table, columns, plain, order)
        reply.result = [shows.classic_row(portal, kind, row, select) for row in reply.result]
        return reply

    def fields(portal: Portal, call: Call) -> Reply:
        del call
        known = {name: field for name, field in portal.fields(kind).items() if field.only != "item"}
        shown = {name: shows.described(portal, kind, field, universal=False) for name, field in known.items()}
        if kind is COMPANY:
            shown["CONTACT_ID"] = _MULTIFIELD | {"type": "crm_contact", "title": "CONTACT_ID"}
        if kind.id in WITH_MULTIFIELDS:
            shown |= {name: _MULTIFIELD | {"title": name} for name in multifields.TYPES}
        return Reply(shown)

    return {
        f"crm.{kind.name}.add": add,
        f"crm.{kind.name}.get": get,
        f"crm.{kind.name}.update": update,
        f"crm.{kind.name}.delete": delete,
        f"crm.{kind.name}.list": listing,
        f"crm.{kind.name}.fields": fields,
    }


_MULTIFIELD: Row = {
    "type": "crm_multifield", "isRequired": False, "isReadOnly": False, "isImmutable": False, "isMultiple": True, "isDynamic": False,
}  # fmt: skip


def _divided(kind: Type, raw: Any) -> tuple[Row, list[tuple[str, Any]]]:
    """Conditions on columns, and those on multifields (exact match only, other prefixes are ignored)."""
    plain, reachable = {}, []
    for key, want in items(raw):
        prefix, name = filters.split(key)
        if name in multifields.TYPES and kind.id in WITH_MULTIFIELDS:
            if prefix == "=":
                reachable.append((name, want))
        else:
            plain[key] = want
    return plain, reachable


def _reached(portal: Portal, kind: Type, wanted: list[tuple[str, Any]]) -> set[int]:
    found: set[int] | None = None
    for name, want in wanted:
        values = [str(one).casefold() for one in (want if isinstance(want, list) else [want])]
        keys: set[int] = set()
        for value in values:
            for row in portal.by("multifields", "PLAIN", multifields.plain(name, value)):
                short, _, key = row["OWNER"].partition("_")
                if short == kind.short and row["VALUE"].casefold() == value:
                    keys.add(int(key))
        found = keys if found is None else found & keys
    return found or set()


METHODS: dict[str, Handler] = {name: handler for kind in CLASSIC for name, handler in _methods(kind).items()}
