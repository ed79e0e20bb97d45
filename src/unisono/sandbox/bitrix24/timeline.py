"""The timeline of a card: comments with files, their bindings, log entries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unisono.sandbox.bitrix24 import files, filters
from unisono.sandbox.bitrix24.envelope import Call, Reply, page
from unisono.sandbox.bitrix24.errors import Refused, missing, no_array, refused
from unisono.sandbox.bitrix24.fields import integer
from unisono.sandbox.bitrix24.phpform import Map, items, members
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.types import BY_ID, TIMELINE, Type
from unisono.sandbox.kit.world import Row

Handler = Callable[[Portal, Call], Reply]
_COLUMNS = ("ID", "ENTITY_ID", "ENTITY_TYPE", "CREATED", "COMMENT", "AUTHOR_ID", "FILES")


def _owner(portal: Portal, word: Any, key: Any) -> tuple[Type, int]:
    kind, number = TIMELINE.get(str(word).lower()), integer(key)
    if kind is None:
        raise refused("ENTITY_TYPE is not defined or invalid.")
    if portal.get(kind.table, number) is None:
        raise Refused("NOT_FOUND", "Not found.")
    return kind, number or 0


def comment(portal: Portal, kind: Type, key: int, text: str, given_files: Any = None) -> Row:
    """Write a comment with its files. Raises ``Refused``."""
    kept = []
    for entry in members(given_files):
        pair = members(entry.get("fileData")) if isinstance(entry, dict) else members(entry)
        if len(pair) != 2:
            raise refused("FILES is invalid.")
        kept.append(files.keep(portal, str(pair[0]), files.decoded(pair[1])))
    row: Row = {"ENTITY_ID": key, "ENTITY_TYPE": _word(kind), "CREATED": portal.now(), "COMMENT": text, "AUTHOR_ID": portal.user}
    row |= {"FILES": kept, "BOUND": [f"{kind.short}_{key}"]}
    portal.add("comments", row)
    portal.happened("ONCRMTIMELINECOMMENTADD", {"ID": row["ID"], "FIELDS": {"ID": row["ID"]}})
    return row


def _word(kind: Type) -> str:
    return next(word for word, one in TIMELINE.items() if one is kind)


def _shown(portal: Portal, row: Row, select: Any = None) -> Row:
    whole = {
        "ID": str(row["ID"]),
        "ENTITY_ID": str(row["ENTITY_ID"]),
        "ENTITY_TYPE": row["ENTITY_TYPE"],
        "CREATED": portal.stamp(row["CREATED"]),
        "COMMENT": row["COMMENT"],
        "AUTHOR_ID": str(row["AUTHOR_ID"]),
        "FILES": Map({str(number): _file(portal, row, number) for number in row["FILES"]}),
    }
    wanted = [str(name) for name in members(select)]
    return {name: value for name, value in whole.items() if not wanted or "*" in wanted or name in wanted}


def _file(portal: Portal, row: Row, number: int) -> Row:
    """A comment's file; its addresses need a browser's session."""
    kept = portal.table("files")[number]
    author = portal.table("users")[row["AUTHOR_ID"]]
    name = kept["NAME"]
    picture = name.lower().endswith((".gif", ".png", ".jpg", ".jpeg"))
    show = f"{portal.base}/disk/showFile/{number}/?&ncc=1&ts={int(row['CREATED'].timestamp())}&filename={name}"
    shown: Row = {"id": number, "date": portal.stamp(row["CREATED"]), "type": "image" if picture else "file", "name": name}
    shown |= {"size": len(kept["DATA"])}
    if picture:
        shown["image"] = {"width": 1, "height": 1}
    shown |= {"authorId": row["AUTHOR_ID"], "authorName": f"{author['NAME']} {author['LAST_NAME']}"}
    if picture:
        shown["urlPreview"] = show
    return shown | {"urlShow": show, "urlDownload": f"{portal.base}/disk/downloadFile/{number}/?&ncc=1&filename={name}"}


def _add(portal: Portal, call: Call) -> Reply:
    """Here only ``fields`` in small letters is understood."""
    fields = call.exact("fields")
    if not isinstance(fields, dict):
        raise no_array()
    kind, key = _owner(portal, fields.get("ENTITY_TYPE"), fields.get("ENTITY_ID"))
    text = str(fields.get("COMMENT") or "")
    if not text and not fields.get("FILES"):
        raise refused("The comment is empty.")
    row = comment(portal, kind, key, text, fields.get("FILES"))
    return Reply(row["ID"], f"comments/{row['ID']}")


def _one(portal: Portal, call: Call) -> Row:
    row = portal.get("comments", call.id())
    if row is None:
        raise Refused("NOT_FOUND", "Not found.")
    return row


def _get(portal: Portal, call: Call) -> Reply:
    return Reply(_shown(portal, _one(portal, call)))


def _update(portal: Portal, call: Call) -> Reply:
    row, given = _one(portal, call), call.fields()
    values: Row = {}
    if "COMMENT" in given:
        values["COMMENT"] = str(given["COMMENT"])
    if "FILES" in given:
        pairs = [members(entry) for entry in members(given["FILES"])]
        values["FILES"] = [files.keep(portal, str(pair[0]), files.decoded(pair[1])) for pair in pairs if len(pair) == 2]
    different = portal.change("comments", row, values)
    if different:
        portal.happened("ONCRMTIMELINECOMMENTUPDATE", {"ID": row["ID"], "FIELDS": {"ID": row["ID"]}})
    return Reply(True, f"comments/{row['ID']}" if different else "")


def _delete(portal: Portal, call: Call) -> Reply:
    row = _one(portal, call)
    portal.remove("comments", row["ID"])
    portal.happened("ONCRMTIMELINECOMMENTDELETE", {"ID": row["ID"], "FIELDS": {"ID": row["ID"]}})
    return Reply(True, f"comments/{row['ID']}")


def _list(portal: Portal, call: Call) -> Reply:
    """Comments of one card; both conditions are needed."""
    said = {filters.split(key)[1].upper(): want for key, want in items(call.get("filter"))}
    kind, key = TIMELINE.get(str(said.get("ENTITY_TYPE")).lower()), integer(said.get("ENTITY_ID"))
    if kind is None or key is None:
        raise refused("ENTITY_TYPE is not defined or invalid." if kind is None else "ENTITY_ID is not defined or invalid.")
    mark = f"{kind.short}_{key}"
    rows = [row for row in portal.table("comments").values() if mark in row["BOUND"]]
    reply = page(filters.ordered(call.get("order"), rows, filters.plain(_COLUMNS)), call)
    reply.result = [_shown(portal, row, call.get("select")) for row in reply.result]
    return reply


# bindings


def _binding(portal: Portal, call: Call) -> tuple[Row, str]:
    fields = call.fields()
    row = portal.get("comments", integer(fields.get("OWNER_ID")))
    if row is None:
        raise Refused("OWNER_NOT_FOUND", "Owner was not found")
    kind, key = _owner(portal, fields.get("ENTITY_TYPE"), fields.get("ENTITY_ID"))
    return row, f"{kind.short}_{key}"


def _bind(portal: Portal, call: Call) -> Reply:
    row, mark = _binding(portal, call)
    different = portal.change("comments", row, {"BOUND": list(dict.fromkeys([*row["BOUND"], mark]))})
    return Reply(True, f"comments/{row['ID']}" if different else "")


def _unbind(portal: Portal, call: Call) -> Reply:
    row, mark = _binding(portal, call)
    different = portal.change("comments", row, {"BOUND": [one for one in row["BOUND"] if one != mark]})
    return Reply(True, f"comments/{row['ID']}" if different else "")


def _bindings(portal: Portal, call: Call) -> Reply:
    said = {filters.split(key)[1].upper(): want for key, want in items(call.get("filter"))}
    row = portal.get("comments", integer(said.get("OWNER_ID")))
    if row is None:
        raise Refused("OWNER_NOT_FOUND", "Owner was not found")
    by_short = {kind.short: word for word, kind in TIMELINE.items()}
    pairs = [mark.rsplit("_", 1) for mark in row["BOUND"]]
    return Reply([{"OWNER_ID": str(row["ID"]), "ENTITY_TYPE": by_short[short], "ENTITY_ID": key} for short, key in pairs], total=len(pairs))


# log entries


def _log_add(portal: Portal, call: Call) -> Reply:
    fields = call.map()
    kind, key = BY_ID.get(integer(fields.get("entityTypeId")) or 0), integer(fields.get("entityId"))
    if kind is None or portal.get(kind.table, key) is None:
        raise Refused("NOT_FOUND", "Not found")
    for name in ("title", "text", "iconCode"):
        if not fields.get(name):
            raise missing(name)
    row: Row = {"ENTITY_TYPE_ID": kind.id, "ENTITY_ID": key, "CREATED": portal.now(), "AUTHOR_ID": portal.user}
    row = portal.add("logs", row | {name: str(fields[name]) for name in ("title", "text", "iconCode")})
    return Reply({"logMessage": _log(portal, row)}, f"logs/{row['ID']}")


def _log(portal: Portal, row: Row) -> Row:
    shown = {"id": row["ID"], "created": portal.stamp(row["CREATED"]), "authorId": row["AUTHOR_ID"]}
    return shown | {name: row[name] for name in ("title", "text", "iconCode")}


def _log_one(portal: Portal, call: Call) -> Row:
    row = portal.get("logs", call.number("id"))
    if row is None:
        raise Refused("NOT_FOUND", "Not found")
    return row


def _log_get(portal: Portal, call: Call) -> Reply:
    return Reply({"logMessage": _log(portal, _log_one(portal, call))})


def _log_list(portal: Portal, call: Call) -> Reply:
    type_id, key = call.number("entityTypeId"), call.number("entityId")
    rows = [row for row in portal.table("logs").values() if (row["ENTITY_TYPE_ID"], row["ENTITY_ID"]) == (type_id, key)]
    reply = page(rows, call)
    reply.result = {"logMessages": [_log(portal, row) for row in reply.result]}
    return reply


def _log_delete(portal: Portal, call: Call) -> Reply:
    row = _log_one(portal, call)
    portal.remove("logs", row["ID"])
    return Reply(True, f"logs/{row['ID']}")


METHODS: dict[str, Handler] = {
    "crm.timeline.comment.add": _add,
    "crm.timeline.comment.get": _get,
    "crm.timeline.comment.update": _update,
    "crm.timeline.comment.delete": _delete,
    "crm.timeline.comment.list": _list,
    "crm.timeline.bindings.bind": _bind,
    "crm.timeline.bindings.unbind": _unbind,
    "crm.timeline.bindings.list": _bindings,
    "crm.timeline.logmessage.add": _log_add,
    "crm.timeline.logmessage.get": _log_get,
    "crm.timeline.logmessage.list": _log_list,
    "crm.timeline.logmessage.delete": _log_delete,
}
