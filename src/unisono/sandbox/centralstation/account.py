"""The account's users, and who the key belongs to."""

from __future__ import annotations

from collections.abc import Callable

from unisono.sandbox.centralstation.book import Book
from unisono.sandbox.centralstation.envelope import Call, answer, not_found
from unisono.sandbox.centralstation.listing import page, resembles
from unisono.sandbox.kit.simulator import Done
from unisono.sandbox.kit.world import Row

Handler = Callable[[Book, Call], Done]


def _wrapped(row: Row) -> Row:
    return {"user": {name: row[name] for name in ("id", "first", "name", "login")}}


def _list(book: Book, call: Call) -> Done:
    """All users, or the active ones; nothing in the answer says which is which."""
    rows = [row for row in book.rows("users").values() if row["active"] or not call.truthy("active")]
    return Done(answer([_wrapped(row) for row in page(call, rows)]))


def _show(book: Book, call: Call) -> Done:
    row = book.get("users", call.id())
    if row is None:
        raise not_found("user")
    return Done(answer(_wrapped(row)))


def _search(book: Book, call: Call) -> Done:
    rows = list(book.rows("users").values())
    for argument in ("first", "name"):
        if call.args.get(argument):
            rows = [row for row in rows if resembles(call.args[argument], row[argument])]
    return Done(answer([_wrapped(row) for row in page(call, rows)]))


def _self(book: Book, _: Call) -> Done:
    """Who the key belongs to; flat, without a wrapper."""
    user = next(iter(book.rows("users").values()))
    account = book.setting("account")
    return Done(
        answer(
            {
                "id": user["id"],
                "first": user["first"],
                "last": user["last"],
                "name": user["login"],
                "accounts": [account],
                "current_account": account,
                "salutation_official": f"Sehr geehrte Frau {user['last']}",
                "salutation_formal": f"Guten Tag {user['first']} {user['last']}",
                "salutation_informal": f"Hallo {user['first']}",
                "timezone": "Berlin",
            }
        )
    )


ROUTES: dict[str, Handler] = {"GET users": _list, "GET users/search": _search, "GET users/#": _show, "GET user": _self}
