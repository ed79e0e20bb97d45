"""The routes of people, companies and deals: lists, counts, search, create, update, delete, merge."""

from __future__ import annotations

from collections.abc import Callable

from unisono.sandbox.centralstation.book import Book
from unisono.sandbox.centralstation.envelope import Call, answer, bad_request, invalid, refused
from unisono.sandbox.centralstation.listing import COMPANY_ATTRIBUTES, PERSON_ATTRIBUTES, filters, order, page, resembles
from unisono.sandbox.centralstation.records import (
    KINDS,
    PERSON_KIND,
    Kind,
    create,
    destroy,
    forget_in_notes,
    shown,
    update,
    wanted,
)
from unisono.sandbox.kit.simulator import Done
from unisono.sandbox.kit.world import Row

Handler = Callable[[Book, Call], Done]


def _found(book: Book, kind: Kind, call: Call) -> list[Row]:
    """The rows a list or count speaks of."""
    attributes = {"people": PERSON_ATTRIBUTES, "companies": COMPANY_ATTRIBUTES}.get(kind.table)
    if attributes is None:
        attributes = tuple(next(iter(book.rows("deals").values()), {})) or ("id", "name", "created_at", "updated_at")
    tests = filters(book, call, attributes, records=True)
    rows = list(book.rows(kind.table).values())
    for test in tests:
        rows = [row for row in rows if test(row)]
    return rows


def _list(book: Book, call: Call, kind: Kind) -> Done:
    includes, methods = wanted(call, kind)
    rows = page(call, order(book, call, _found(book, kind, call), kind.type))
    return Done(answer([{kind.wrapper: shown(book, kind, row, includes, methods)} for row in rows]))


def _count(book: Book, call: Call, kind: Kind) -> Done:
    return Done(answer({"total_entries": len(_found(book, kind, call))}))


def _show(book: Book, call: Call, kind: Kind) -> Done:
    row = book.owner(kind.type, call.id())
    return Done(answer({kind.wrapper: shown(book, kind, row, *wanted(call, kind))}))


def _create(book: Book, call: Call, kind: Kind) -> Done:
    row = create(book, kind, call.inner(kind.wrapper), quiet=call.truthy("no_log"))
    return Done(answer({kind.wrapper: row}, 201), write=True, subject=f"{kind.table}/{row['id']}")


def _update(book: Book, call: Call, kind: Kind) -> Done:
    row = book.owner(kind.type, call.id())
    changed = update(book, kind, row, call.inner(kind.wrapper), quiet=call.truthy("no_log"))
    return Done(answer({kind.wrapper: row}), write=changed, subject=f"{kind.table}/{row['id']}")


def _delete(book: Book, call: Call, kind: Kind) -> Done:
    row = book.owner(kind.type, call.id())
    destroy(book, kind, row)
    return Done(answer(None), write=True, subject=f"{kind.table}/{row['id']}")


def _bound(function: Callable[[Book, Call, Kind], Done], kind: Kind) -> Handler:
    return lambda book, call: function(book, call, kind)


def _people_template(_: Book, __: Call) -> Done:
    return Done(answer({"person": dict.fromkeys(PERSON_KIND.fields)}))


def _merge(book: Book, call: Call) -> Done:
    """``{"id": 1, "looser_ids": [5, 10]}``: everything of the losers goes to the winner, the losers are gone."""
    winner = book.owner("Person", call.id())
    given = call.body.get("person") if isinstance(call.body.get("person"), dict) else call.body
    losers = given.get("looser_ids") if isinstance(given, dict) else None
    if not isinstance(losers, list) or not losers:
        raise refused(400, "param-missing", "param is missing or the value is empty: looser_ids")
    if any(not str(key).isdigit() or int(key) == winner["id"] for key in losers):
        raise invalid({"looser_ids": ["must be ids of other people"]})
    merge(book, winner, [book.owner("Person", int(key)) for key in losers])
    return Done(answer({"person": winner}), write=True, subject=f"people/{winner['id']}")


def merge(book: Book, winner: Row, losers: list[Row]) -> None:
    """Give everything of the losers to the winner and delete them."""
    key = winner["id"]
    for loser in losers:
        lost = loser["id"]
        for table in ("contact_details", "addrs", "tags"):
            for row in book.by(table, "attachable_id", lost):
                book.change(table, row, {"attachable_id": key})
        have = {row["custom_fields_type_id"] for row in book.by("custom_fields", "attachable_id", key)}
        for row in book.by("custom_fields", "attachable_id", lost):
            if row["custom_fields_type_id"] not in have:
                book.change("custom_fields", row, {"attachable_id": key})
        for row in book.by("positions", "person_id", lost):
            book.change("positions", row, {"person_id": key})
        for entry in book.by("deal_people", "person_ids", lost):
            ids = [key if one == lost else one for one in entry["person_ids"]]
            book.change("deal_people", entry, {"person_ids": list(dict.fromkeys(ids))})
        forget_in_notes(book, "person_ids", lost, key)
        destroy(book, PERSON_KIND, loser)
    book.change("people", winner, {"updated_at": book.now()})
    book.moved(key)
    book.event("Person", "update", winner)


# search


def _search_people(book: Book, call: Call) -> Done:
    args = call.args
    if "email" in args and "phone" in args:
        raise bad_request("email and phone exclude each other")
    asked = {name: args[name] for name in ("name", "first_name", "email", "phone") if args.get(name)}
    if not asked:
        raise refused(400, "param-missing", "param is missing or the value is empty: name")
    rows = list(book.rows("people").values())
    for name in ("name", "first_name"):
        if name in asked:
            rows = [row for row in rows if resembles(asked[name], row[name])]
    for name, type_ in (("email", "Email"), ("phone", "Tel")):
        if name in asked:
            keys = {row["attachable_id"] for row in _details(book, asked[name], type_)}
            rows = [row for row in rows if row["id"] in keys]
    return Done(answer([{"person": row} for row in page(call, rows)]))


def _details(book: Book, value: str, *types: str) -> list[Row]:
    """Contact details that contain a value; telephone numbers by their digits."""
    digits = "".join(c for c in value if c.isdigit())
    found = []
    for row in book.rows("contact_details").values():
        if types and row["type"] not in types:
            continue
        if resembles(value, row["name"]) or (row["type"] == "Tel" and len(digits) > 4 and digits in row["name_clean"]):
            found.append(row)
    return found


def _search_by_name(table: str) -> Handler:
    kind = KINDS[table]

    def search(book: Book, call: Call) -> Done:
        name = call.args.get("name", "")
        if not name:
            raise refused(400, "param-missing", "param is missing or the value is empty: name")
        rows = [row for row in book.rows(table).values() if resembles(name, row["name"])]
        includes, methods = wanted(call, kind)
        return Done(answer([{kind.wrapper: shown(book, kind, row, includes, methods)} for row in page(call, rows)]))

    return search


def _search_details(book: Book, call: Call) -> Done:
    value, what = call.args.get("name", ""), call.args.get("query") or call.args.get("type", "")
    if not value or what not in ("people", "companies"):
        raise refused(400, "param-missing", "param is missing or the value is empty: name, query (people or companies)")
    kind = KINDS[what]
    keys = dict.fromkeys(row["attachable_id"] for row in _details(book, value) if row["attachable_type"] == kind.type)
    return Done(answer([{kind.wrapper: row} for row in page(call, [book.rows(what)[key] for key in keys])]))


ROUTES: dict[str, Handler] = {
    "GET people/new": _people_template,
    "POST people/#/merge": _merge,
    "GET people/search": _search_people,
    "GET companies/search": _search_by_name("companies"),
    "GET deals/search": _search_by_name("deals"),
    "GET contact_details/search": _search_details,
}
for _kind in KINDS.values():
    ROUTES |= {
        f"GET {_kind.table}": _bound(_list, _kind),
        f"GET {_kind.table}/count": _bound(_count, _kind),
        f"GET {_kind.table}/stats": _bound(_count, _kind),
        f"GET {_kind.table}/#": _bound(_show, _kind),
        f"POST {_kind.table}": _bound(_create, _kind),
        f"PUT {_kind.table}/#": _bound(_update, _kind),
        f"DELETE {_kind.table}/#": _bound(_delete, _kind),
    }
