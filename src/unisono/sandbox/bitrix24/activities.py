"""Activities: to-dos, and the configurable ones that an application makes; they carry an external key and can hang on several cards."""

from __future__ import annotations

from collections.abc import Callable

from unisono.sandbox.bitrix24 import filters
from unisono.sandbox.bitrix24.envelope import Call, Reply
from unisono.sandbox.bitrix24.errors import Refused, app_only, missing, refused
from unisono.sandbox.bitrix24.fields import integer, moment
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.types import BY_ID
from unisono.sandbox.kit.world import Row

Handler = Callable[[Portal, Call], Reply]
_COLUMNS = (
    "ID", "OWNER_ID", "OWNER_TYPE_ID", "PROVIDER_ID", "SUBJECT", "DESCRIPTION", "DEADLINE", "COMPLETED", "RESPONSIBLE_ID", "ORIGINATOR_ID",
    "ORIGIN_ID", "CREATED", "LAST_UPDATED",
)  # fmt: skip


def _make(portal: Portal, values: Row) -> Row:
    kind, key = BY_ID.get(integer(values["OWNER_TYPE_ID"]) or 0), integer(values["OWNER_ID"])
    if kind is None or portal.get(kind.table, key) is None:
        raise Refused("NOT_FOUND", "Not found.")
    row: Row = dict.fromkeys(_COLUMNS[3:], None) | values
    row |= {"OWNER_TYPE_ID": kind.id, "OWNER_ID": key, "CREATED": portal.now(), "LAST_UPDATED": portal.now(), "COMPLETED": "N"}
    row |= {"RESPONSIBLE_ID": integer(values.get("RESPONSIBLE_ID")) or portal.user, "BOUND": [f"{kind.id}_{key}"]}
    portal.add("activities", row)
    portal.happened("ONCRMACTIVITYADD", {"FIELDS": {"ID": row["ID"]}})
    return row


def _todo(portal: Portal, call: Call) -> Reply:
    for name in ("ownerTypeId", "ownerId", "deadline"):
        if call.exact(name) is None:
            raise missing(name)
    deadline = moment(call.exact("deadline"), portal.zone)
    if deadline is None:
        raise Refused("100", "Invalid value for parameter {deadline}")
    values: Row = {"OWNER_TYPE_ID": call.exact("ownerTypeId"), "OWNER_ID": call.exact("ownerId"), "DEADLINE": deadline}
    values |= {"SUBJECT": str(call.exact("title") or ""), "DESCRIPTION": str(call.exact("description") or ""), "PROVIDER_ID": "CRM_TODO"}
    row = _make(portal, values | {"RESPONSIBLE_ID": call.exact("responsibleId")})
    return Reply({"id": row["ID"]}, f"activities/{row['ID']}")


def _configurable(portal: Portal, call: Call) -> Reply:
    if not call.login.app:
        raise app_only()
    fields = call.map()
    values: Row = {"OWNER_TYPE_ID": call.exact("ownerTypeId"), "OWNER_ID": call.exact("ownerId"), "PROVIDER_ID": "CONFIGURABLE_REST_APP"}
    values |= {"ORIGINATOR_ID": fields.get("originatorId"), "ORIGIN_ID": fields.get("originId"), "LAYOUT": call.exact("layout")}
    row = _make(portal, values)
    return Reply({"activity": {"id": row["ID"]}}, f"activities/{row['ID']}")


def _one(portal: Portal, call: Call) -> Row:
    row = portal.get("activities", call.id())
    if row is None:
        raise refused("Not found")
    return row


def _shown(portal: Portal, row: Row) -> Row:
    shown: Row = {}
    for name in _COLUMNS:
        value = row[name]
        shown[name] = None if value is None else portal.stamp(value) if name in ("DEADLINE", "CREATED", "LAST_UPDATED") else str(value)
    return shown


def _get(portal: Portal, call: Call) -> Reply:
    return Reply(_shown(portal, _one(portal, call)))


def _list(portal: Portal, call: Call) -> Reply:
    reply = filters.listed(portal, call, "activities", filters.plain(_COLUMNS), call.get("filter"), call.get("order"))
    reply.result = [_shown(portal, row) for row in reply.result]
    return reply


def _update(portal: Portal, call: Call) -> Reply:
    row, given = _one(portal, call), call.fields()
    names = ("SUBJECT", "DESCRIPTION", "COMPLETED", "ORIGINATOR_ID", "ORIGIN_ID")
    different = portal.change("activities", row, {name: str(given[name]) for name in names if name in given})
    if different:
        portal.change("activities", row, {"LAST_UPDATED": portal.now()})
        portal.happened("ONCRMACTIVITYUPDATE", {"FIELDS": {"ID": row["ID"]}})
    return Reply(True, f"activities/{row['ID']}" if different else "")


def _delete(portal: Portal, call: Call) -> Reply:
    row = _one(portal, call)
    portal.remove("activities", row["ID"])
    portal.happened("ONCRMACTIVITYDELETE", {"FIELDS": {"ID": row["ID"]}})
    return Reply(True, f"activities/{row['ID']}")


def _bind(portal: Portal, call: Call) -> Reply:
    """Live: twice is refused, a card that does not exist is accepted."""
    row = portal.get("activities", call.number("activityId"))
    if row is None:
        raise Refused("NOT_FOUND", "Not found.")
    mark = f"{call.number('entityTypeId')}_{call.number('entityId')}"
    if mark in row["BOUND"]:
        raise Refused("ACTIVITY_IS_ALREADY_BOUND", "The activity is already bound to this entity")
    portal.change("activities", row, {"BOUND": [*row["BOUND"], mark]})
    return Reply(True, f"activities/{row['ID']}")


def _bound(portal: Portal, call: Call) -> Reply:
    row = portal.get("activities", call.number("activityId"))
    if row is None:
        raise Refused("NOT_FOUND", "Not found.")
    pairs = [mark.split("_") for mark in row["BOUND"]]
    return Reply([{"entityTypeId": int(kind), "entityId": int(key)} for kind, key in pairs])


METHODS: dict[str, Handler] = {
    "crm.activity.todo.add": _todo,
    "crm.activity.configurable.add": _configurable,
    "crm.activity.get": _get,
    "crm.activity.list": _list,
    "crm.activity.update": _update,
    "crm.activity.delete": _delete,
    "crm.activity.binding.add": _bind,
    "crm.activity.binding.list": _bound,
}
