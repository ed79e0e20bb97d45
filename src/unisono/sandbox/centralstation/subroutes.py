"""The routes of sub-records, of tags across all records, and of custom field types."""

from __future__ import annotations

from collections.abc import Callable

from unisono.sandbox.centralstation import parts
from unisono.sandbox.centralstation.book import TABLE_OF, Book, split_errors
from unisono.sandbox.centralstation.envelope import Call, answer, bad_request, invalid, not_found, refused
from unisono.sandbox.centralstation.fields import CUSTOM_FIELDS_TYPE, clean
from unisono.sandbox.centralstation.listing import TAG_ATTRIBUTES, filters, order, page
from unisono.sandbox.centralstation.parts import DETAIL_TYPES, PARTS, Part
from unisono.sandbox.kit.simulator import Done
from unisono.sandbox.kit.world import Row

Handler = Callable[[Book, Call], Done]

_OWNER = {table: type_ for type_, table in TABLE_OF.items()}


def _part_of(name: str, row: Row) -> Part:
    return DETAIL_TYPES[row["type"]] if name == "contact_details" else PARTS[name]


def _asked(name: str, call: Call) -> tuple[Part, Row]:
    """The part and the object in the body; contact details are told apart by their wrapper."""
    if name != "contact_details":
        return PARTS[name], call.inner(PARTS[name].wrapper)
    for part in DETAIL_TYPES.values():
        if part.wrapper in call.body:
            return part, call.inner(part.wrapper)
    raise refused(400, "param-missing", "param is missing or the value is empty: tel, email, homepage, im or sm")


def _wrapped(book: Book, name: str, row: Row) -> Row:
    return {_part_of(name, row).wrapper: parts.custom_field(book, row, whole=True) if name == "custom_fields" else row}


def _list(table: str, name: str) -> Handler:
    owner_type = _OWNER[table]

    def handle(book: Book, call: Call) -> Done:
        owner = book.owner(owner_type, call.id())
        if name == "positions":
            rows = parts.of(book, name, owner_type, owner["id"])
        else:
            rows = book.by(name, "attachable_id", owner["id"])
        return Done(answer([_wrapped(book, name, row) for row in page(call, order(book, call, rows, ""))]))

    return handle


def _create(table: str, name: str) -> Handler:
    owner_type = _OWNER[table]

    def handle(book: Book, call: Call) -> Done:
        owner = book.owner(owner_type, call.id())
        part, given = _asked(name, call)
        return _made(book, part, name, owner_type, owner["id"], given)

    return handle


def _made(book: Book, part: Part, name: str, owner_type: str, owner_id: int, given: Row) -> Done:
    work, errors = parts.prepare(book, part, owner_type, owner_id, given)
    split_errors(errors)
    row = work(owner_id) or {}
    book.touch(owner_type, owner_id)
    return Done(answer(_wrapped(book, name, row), 201), write=True, subject=f"{part.table}/{row['id']}")


def _one(book: Book, call: Call, table: str, name: str) -> Row:
    owner = book.owner(_OWNER[table], call.id())
    row = book.get(name, call.id(1))
    if row is None or owner["id"] not in (row.get("attachable_id"), row.get("person_id"), row.get("company_id")):
        raise not_found()
    return row


def _show(table: str, name: str) -> Handler:
    return lambda book, call: Done(answer(_wrapped(book, name, _one(book, call, table, name))))


def _update(table: str, name: str) -> Handler:
    def handle(book: Book, call: Call) -> Done:
        row = _one(book, call, table, name)
        part, given = _asked(name, call)
        if part.type and part.type != row["type"]:
            raise bad_request(f"{row['id']} is no {part.wrapper}")
        work, errors = parts.prepare(book, part, _OWNER[table], call.id(), given, row)
        split_errors(errors)
        changed = work(call.id()) is not None
        if changed:
            book.touch(_OWNER[table], call.id())
        return Done(answer(_wrapped(book, name, row)), write=changed, subject=f"{name}/{row['id']}")

    return handle


def _delete(table: str, name: str) -> Handler:
    def handle(book: Book, call: Call) -> Done:
        row = _one(book, call, table, name)
        parts.remove(book, _part_of(name, row), row)
        book.touch(_OWNER[table], call.id())
        return Done(answer(None), write=True, subject=f"{name}/{row['id']}")

    return handle


# tags across records


def _tags(book: Book, call: Call) -> Done:
    tests = filters(book, call, TAG_ATTRIBUTES)
    equal = call.args.get("filter[name][equal]")
    owner = next((call.args[f"{word}_id"] for word in ("person", "company", "deal", "project") if call.args.get(f"{word}_id")), None)
    if owner is not None:
        rows = book.by("tags", "attachable_id", int(owner)) if owner.isdigit() else []
    elif equal is not None:
        rows = book.by("tags", "name", equal)
    else:
        rows = list(book.rows("tags").values())
    rows = [row for row in rows if all(test(row) for test in tests)] if tests else rows
    return Done(answer([{"tag": row} for row in page(call, order(book, call, rows, ""))]))


def _tag(book: Book, call: Call) -> Done:
    row = book.get("tags", call.id())
    if row is None:
        raise not_found("tag")
    return Done(answer({"tag": row}))


def _tag_names(book: Book, _: Call) -> Done:
    """The distinct names; that they are plain texts is a guess."""
    return Done(answer(sorted(book.values("tags", "name"))))


def _create_tag(book: Book, call: Call) -> Done:
    given = call.inner("tag")
    owner_type, owner_id = given.get("attachable_type"), given.get("attachable_id")
    if owner_type not in TABLE_OF or not str(owner_id).isdigit() or book.get(TABLE_OF[owner_type], int(str(owner_id))) is None:
        raise invalid({"attachable": ["does not exist"]})
    return _made(book, PARTS["tags"], "tags", owner_type, int(str(owner_id)), given)


# custom field types


def _types(book: Book, call: Call) -> Done:
    return Done(answer([{"custom_fields_type": row} for row in page(call, list(book.rows("custom_fields_types").values()))]))


def _type(book: Book, call: Call) -> Row:
    row = book.get("custom_fields_types", call.id())
    if row is None:
        raise not_found("custom field type")
    return row


def _show_type(book: Book, call: Call) -> Done:
    return Done(answer({"custom_fields_type": _type(book, call)}))


def _check_options(values: Row, ftype: str, errors: dict[str, list[str]]) -> None:
    options = values.get("options")
    if ftype == "select" and not (isinstance(options, list) and options and all(isinstance(one, str) for one in options)):
        errors["options"] = ["must be a list of texts"]
    elif ftype != "select" and options:
        errors["options"] = ["only go with select"]


def _create_type(book: Book, call: Call) -> Done:
    values, errors = clean(CUSTOM_FIELDS_TYPE, call.inner("custom_fields_type"), creating=True)
    if "ftype" in values:
        _check_options(values, values["ftype"], errors)
    split_errors(errors)
    row = custom_fields_type(book, values)
    return Done(answer({"custom_fields_type": row}, 201), write=True, subject=f"custom_fields_types/{row['id']}")


def custom_fields_type(book: Book, values: Row) -> Row:
    """Keep a new type of custom field."""
    now = book.now()
    row = {
        "id": book.new_id(),
        "account_id": book.setting("account_id"),
        "position": values.get("position") or len(book.rows("custom_fields_types")) + 1,
        "api_only": values.get("api_only") or False,
        "visible_for_all_groups": values.get("visible_for_all_groups") or False,
        "category": values["category"],
        "ftype": values["ftype"],
        "name": values["name"],
        "options": values.get("options"),
        "created_at": now,
        "updated_at": now,
    }
    return book.add("custom_fields_types", row)


def _update_type(book: Book, call: Call) -> Done:
    row = _type(book, call)
    values, errors = clean(CUSTOM_FIELDS_TYPE, call.inner("custom_fields_type"), creating=False)
    if "options" in values:
        _check_options(values, row["ftype"], errors)
    for fixed in ("category", "ftype"):
        if fixed in values and values[fixed] != row[fixed]:
            errors[fixed] = ["cannot be changed"]
    split_errors(errors)
    changed = book.change("custom_fields_types", row, values)
    if changed:
        book.change("custom_fields_types", row, {"updated_at": book.now()})
    return Done(answer({"custom_fields_type": row}), write=changed, subject=f"custom_fields_types/{row['id']}")


ROUTES: dict[str, Handler] = {
    "GET tags": _tags,
    "GET tags/list": _tag_names,
    "GET tags/#": _tag,
    "POST tags": _create_tag,
    "GET custom_fields_types": _types,
    "GET custom_fields_types/#": _show_type,
    "POST custom_fields_types": _create_type,
    "PUT custom_fields_types/#": _update_type,
    "GET companies/#/positions": _list("companies", "positions"),
}
for _table, _names in {
    "people": ("contact_details", "addrs", "tags", "positions", "custom_fields"),
    "companies": ("contact_details", "addrs", "tags", "custom_fields"),
    "deals": ("tags", "custom_fields"),
}.items():
    for _name in _names:
        ROUTES |= {
            f"GET {_table}/#/{_name}": _list(_table, _name),
            f"GET {_table}/#/{_name}/#": _show(_table, _name),
            f"POST {_table}/#/{_name}": _create(_table, _name),
            f"DELETE {_table}/#/{_name}/#": _delete(_table, _name),
        }
        if _name != "tags":
            ROUTES[f"PUT {_table}/#/{_name}/#"] = _update(_table, _name)
