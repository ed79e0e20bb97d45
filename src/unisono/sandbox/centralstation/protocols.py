"""Notes ("protocols") and the files that hang on them."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import Any

from unisono.sandbox.centralstation.book import TABLE_OF, Book, split_errors
from unisono.sandbox.centralstation.envelope import Call, answer, bad_request, instant, invalid, not_found, refused
from unisono.sandbox.centralstation.fields import PROTOCOL, Errors, clean
from unisono.sandbox.centralstation.listing import order, page, resembles
from unisono.sandbox.kit.simulator import Done
from unisono.sandbox.kit.world import Row

Handler = Callable[[Book, Call], Done]

WRAPPERS = {
    "ProtocolObjectNote": "protocol_object_note",
    "ProtocolExternal": "protocol_external",
    "ProtocolEmail": "protocol_email",
    "ProtocolUserNote": "protocol_user_note",
}
_LISTS = {"person_ids": "people", "company_ids": "companies", "deal_ids": "deals"}
_TYPE_OF = {"person_ids": "Person", "company_ids": "Company", "deal_ids": "Deal"}


def wrapped(row: Row, includes: tuple[str, ...] = ()) -> Row:
    """A note in the wrapper of its type; comments do not exist here and are always empty."""
    return {WRAPPERS[row["type"]]: row | {name: [] for name in includes} if includes else row}


def create(book: Book, given: Row, *, by_api: bool = True) -> Row:
    """Make a note; 422 before anything is written."""
    values, errors = clean(PROTOCOL, given, creating=True)
    _check(book, values, errors)
    split_errors(errors)
    now = book.now()
    people, companies = values.get("person_ids") or [], values.get("company_ids") or []
    row = {
        "id": book.new_id(),
        "user_id": next(iter(book.rows("users"))),
        "attachments_count": 0,
        "comments_count": 0,
        "name": values.get("name"),
        "confidential": values.get("confidential") or False,
        "format": values.get("format") or "plaintext",
        "content": values.get("content"),
        "updated_by_user_id": None,
        "created_at": now,
        "updated_at": now,
        "data_hash": values.get("data_hash") if isinstance(values.get("data_hash"), dict) else {},
        "account_id": book.setting("account_id"),
        "type": values["type"],
        "badge": values.get("badge") or ("email" if values["type"] == "ProtocolEmail" else "note"),
        "person_ids": people,
        "company_ids": companies,
        "deal_ids": values.get("deal_ids") or [],
        "project_ids": [],
        "person_id": people[0] if people else None,
        "company_id": companies[0] if companies else None,
    }
    book.add("protocols", row)
    book.storage.table("protocols_feed")[row["id"]] = {"occurred_at": values.get("occurred_at"), "shown_at": now, "by_api": by_api}
    _stir(book, row)
    return row


def _stir(book: Book, row: Row) -> None:
    for column in _LISTS:
        for key in row[column]:
            book.moved(key)


def _check(book: Book, values: Row, errors: Errors, row: Row | None = None) -> None:
    for column, table in _LISTS.items():
        if column in values:
            ids = _ids(values[column])
            if ids is None or any(book.get(table, key) is None for key in ids):
                errors[column] = ["names a record that does not exist"]
            else:
                values[column] = ids
    kind, badge = values.get("type") or (row or {}).get("type"), values.get("badge")
    if kind == "ProtocolEmail" and badge not in (None, "email"):
        errors["badge"] = ["must be email for a ProtocolEmail"]
    if values.get("occurred_at"):
        try:
            instant(values["occurred_at"])
        except ValueError:
            errors["occurred_at"] = ["is not a date"]
    if values.get("data_hash") is not None and not isinstance(values["data_hash"], dict):
        errors["data_hash"] = ["is invalid"]


def _ids(raw: Any) -> list[int] | None:
    if raw is None:
        return []
    if not isinstance(raw, list) or not all(str(one).isdigit() for one in raw):
        return None
    return list(dict.fromkeys(int(one) for one in raw))


def _one(book: Book, call: Call) -> Row:
    row = book.get("protocols", call.id())
    if row is None:
        raise not_found("protocol")
    _may_read(book, row)
    return row


def _may_read(book: Book, row: Row) -> None:
    if row["confidential"] and not book.setting("power_user"):
        raise refused(403, "forbidden", "confidential notes need the rights of a power user")


def _includes(call: Call) -> tuple[str, ...]:
    words = tuple(call.args.get("includes", "").split())
    if odd := [word for word in words if word not in ("comments", "all")]:
        raise bad_request(f"includes: {' '.join(odd)} is unknown")
    return ("comments",) if words else ()


def _shown(book: Book, call: Call, rows: list[Row]) -> Done:
    if not book.setting("power_user"):
        rows = [row for row in rows if not row["confidential"]]
    includes = _includes(call)
    return Done(answer([wrapped(row, includes) for row in page(call, order(book, call, rows, ""))]))


def _list(book: Book, call: Call) -> Done:
    for column in (*_LISTS, "project_ids"):
        if key := call.args.get(column.removesuffix("s"), ""):
            found = book.by("protocols", column, int(key)) if key.isdigit() and column in _LISTS else []
            return _shown(book, call, found)
    return _shown(book, call, list(book.rows("protocols").values()))


def _nested(table: str) -> tuple[Handler, Handler]:
    column = next(name for name, kept in _LISTS.items() if kept == table)

    def index(book: Book, call: Call) -> Done:
        owner = book.owner(_TYPE_OF[column], call.id())
        return _shown(book, call, book.by("protocols", column, owner["id"]))

    def make(book: Book, call: Call) -> Done:
        owner = book.owner(_TYPE_OF[column], call.id())
        given: Row = {"type": "ProtocolObjectNote"} | call.inner("protocol")
        given[column] = list(dict.fromkeys([*(given.get(column) or []), owner["id"]]))
        return _made(create(book, given))

    return index, make


def _made(row: Row) -> Done:
    return Done(answer(wrapped(row), 201), write=True, subject=f"protocols/{row['id']}")


def _create(book: Book, call: Call) -> Done:
    return _made(create(book, call.inner("protocol")))


def _show(book: Book, call: Call) -> Done:
    return Done(answer(wrapped(_one(book, call), _includes(call))))


def _update(book: Book, call: Call) -> Done:
    """Change a note. That it moves to other records is answered with 200 and does not happen, as was reported (setting ``move_notes``)."""
    row = _one(book, call)
    values, errors = clean(PROTOCOL, call.inner("protocol"), creating=False)
    _check(book, values, errors, row)
    split_errors(errors)
    feed = book.storage.table("protocols_feed")[row["id"]]
    when = values.pop("occurred_at", None)
    values.pop("type", None)
    values.pop("project_ids", None)
    if not book.setting("move_notes"):
        for column in _LISTS:
            values.pop(column, None)
    for column in ("person_ids", "company_ids"):
        if column in values:
            values[column.removesuffix("s")] = values[column][0] if values[column] else None
    changed = book.change("protocols", row, values)
    if changed:
        book.change("protocols", row, {"updated_at": book.now(), "updated_by_user_id": row["user_id"]})
    if when and feed["shown_at"] != when:
        feed |= {"occurred_at": when, "shown_at": when}
        changed = True
    return Done(answer(wrapped(row)), write=changed, subject=f"protocols/{row['id']}")


def _delete(book: Book, call: Call) -> Done:
    """Answers 204; the note stays all the same, as was reported (setting ``delete_notes``)."""
    row = _one(book, call)
    if not book.setting("delete_notes"):
        return Done(answer(None), subject=f"protocols/{row['id']}")
    for file in book.by("attachments", "attachable_id", row["id"]):
        _forget_file(book, file)
    book.remove("protocols", row["id"])
    book.storage.table("protocols_feed").pop(row["id"], None)
    return Done(answer(None), write=True, subject=f"protocols/{row['id']}")


# attachments


def attach(book: Book, note: Row, filename: str, content_type: str, data: bytes, category: int | None = None) -> Row:
    """Hang a file on a note."""
    now = book.now()
    key = book.storage.next_id("attachment_row")
    row = {
        "id": book.new_uuid(),
        "account_id": book.setting("account_id"),
        "user_id": note["user_id"],
        "attachable_id": note["id"],
        "attachable_type": "Protocol",
        "filename": filename,
        "content_type": content_type,
        "size": len(data),
        "attachment_category_id": category,
        "created_at": now,
        "updated_at": now,
    }
    book.add("attachments", row, key)
    book.storage.table("attachment_data")[key] = {"data": data, "sha256": hashlib.sha256(data).hexdigest()}
    book.change("protocols", note, {"attachments_count": note["attachments_count"] + 1})
    return row


def files_of(book: Book, note_id: int) -> list[Row]:
    """The files of a note with ``sha256`` and ``data``, oldest first."""
    stored = book.storage.table("attachment_data")
    found = book.by_key("attachments", "attachable_id", note_id)
    return [row | {name: stored[key][name] for name in ("sha256", "data")} for key, row in found.items()]


def data_of(book: Book, uuid: str) -> bytes | None:
    """The content of a file."""
    key = _file_key(book, uuid)
    return book.storage.table("attachment_data")[key]["data"] if key is not None else None


def _file_key(book: Book, uuid: str) -> int | None:
    return next(iter(book.by_key("attachments", "id", uuid)), None)


def _forget_file(book: Book, file: Row) -> None:
    key = _file_key(book, file["id"])
    if key is not None:
        book.remove("attachments", key)
        book.storage.table("attachment_data").pop(key, None)


def _create_file(book: Book, call: Call) -> Done:
    return _attached(book, call, _one(book, call))


def _create_file_anywhere(book: Book, call: Call) -> Done:
    given = call.inner("attachment")
    if given.get("attachable_type") != "Protocol" or not str(given.get("attachable_id")).isdigit():
        raise invalid({"attachable": ["does not exist"]})
    note = book.get("protocols", int(given["attachable_id"]))
    if note is None:
        raise invalid({"attachable": ["does not exist"]})
    return _attached(book, call, note)


def _attached(book: Book, call: Call, note: Row) -> Done:
    given = call.inner("attachment")
    book.room_for("files")
    errors: Errors = {}
    filename, raw = given.get("filename"), given.get("data")
    if not isinstance(filename, str) or not filename.strip():
        errors["filename"] = ["must be filled in"]
    elif len(filename) > 255:
        errors["filename"] = ["is too long (at most 255 characters)"]
    data = b""
    try:
        data = base64.b64decode(raw, validate=True) if isinstance(raw, str) else b""
    except (binascii.Error, ValueError):
        errors["data"] = ["is not base64"]
    if not data and "data" not in errors:
        errors["data"] = ["must be filled in"]
    split_errors(errors)
    category = given.get("attachment_category_id")
    row = attach(book, note, str(filename), str(given.get("content_type") or "application/octet-stream"), data, category)
    return Done(answer({"attachment": row}, 201), write=True, subject=f"attachments/{row['id']}")


def _list_files(book: Book, call: Call) -> Done:
    """All files of a note with their content beside them. Without any, a message instead of a list (setting ``attachments_empty``)."""
    note = _one(book, call)
    rows = files_of(book, note["id"])
    if not rows and book.setting("attachments_empty") == "message":
        return Done(answer({"message": "there are no attachments"}))
    return Done(answer([_file(row) for row in page(call, order(book, call, rows, ""))]))


def _file(row: Row) -> Row:
    shown = {name: value for name, value in row.items() if name not in ("sha256", "data")}
    return {"attachment": shown, "data": base64.b64encode(row["data"]).decode("ascii")}


def _show_file(book: Book, call: Call) -> Done:
    uuid = call.ids[-1]
    found = book.by("attachments", "id", uuid)
    if not found or (len(call.ids) == 2 and found[0]["attachable_id"] != call.id()):
        raise not_found("attachment")
    data = data_of(book, uuid) or b""
    return Done(answer({"attachment": found[0] | {"data": base64.b64encode(data).decode("ascii")}}))


def _search_files(book: Book, call: Call) -> Done:
    name = call.args.get("filename", "")
    if not name:
        raise refused(400, "param-missing", "param is missing or the value is empty: filename")
    rows = [row for row in book.rows("attachments").values() if resembles(name, row["filename"])]
    return Done(answer([{"attachment": row} for row in page(call, rows)]))


def _fixed(_: Book, __: Call) -> Done:
    raise refused(405, "method-not-allowed", "an attachment cannot be replaced or deleted")


ROUTES: dict[str, Handler] = {
    "GET protocols": _list,
    "POST protocols": _create,
    "GET protocols/#": _show,
    "PUT protocols/#": _update,
    "DELETE protocols/#": _delete,
    "GET protocols/#/attachments": _list_files,
    "POST protocols/#/attachments": _create_file,
    "GET protocols/#/attachments/#": _show_file,
    "PUT protocols/#/attachments/#": _fixed,
    "DELETE protocols/#/attachments/#": _fixed,
    "POST attachments": _create_file_anywhere,
    "GET attachments/search": _search_files,
    "GET attachments/#": _show_file,
    "PUT attachments/#": _fixed,
    "DELETE attachments/#": _fixed,
}
for _table in TABLE_OF.values():
    _index, _make = _nested(_table)
    ROUTES |= {f"GET {_table}/#/protocols": _index, f"POST {_table}/#/protocols": _make}
