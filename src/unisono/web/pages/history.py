"""What Unisono did, and what people decided: when, which record, why, before and after. Searched by name, without regard to diacritics."""

from __future__ import annotations

from typing import cast, get_args

from starlette.responses import Response

from unisono.store.deeds import Scope
from unisono.store.feed import Cursor, Sort, feed, find_records, with_counterparts
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.navigation import Entry
from unisono.web.pages.undo import is_scope
from unisono.web.telling import lines
from unisono.wiring.undoing import liftable

doors = Doors()
ENTRIES = (Entry(code="nav.history", icon="past", path="/pairs/{pair}/history", group="daily", order=60),)
PAGE = 50


@doors.page("/pairs/{pair_id}/history", needs="view")
def history(visit: Visitor, pair_id: str, before: str = "", search: str = "", record: str = "", sort: str = "", run: str = "") -> Response:
    """A page of it, newest first: of everything, of what a search finds, of one record, of one run."""
    row = visit.pair(pair_id)
    wanted = cast(Sort, sort) if sort in get_args(Sort) else ""
    titles = visit.titles(row)
    with visit.house.store.read() as conn:
        named = [record] if record else find_records(conn, (("a", row.a), ("b", row.b)), search) if search.strip() else None
        keys = None if named is None else with_counterparts(conn, row.id, named)
        happened, more = feed(conn, row.id, before=cursor_of(before), limit=PAGE, keys=keys, run=run, sort=wanted)
    scope = Scope(run=run, record=record)
    return visit.page(
        "history/history.html",
        pair=row,
        titles=titles,
        lines=lines(visit.speech, happened, titles),
        more=text_of(more) if more else "",
        search=search,
        record=record,
        run=run,
        sort=wanted,
        first=not before,
        liftable=liftable(visit.house, row.id, scope) if is_scope(scope) and visit.may("act") and not before else 0,
    )


def cursor_of(text: str) -> Cursor:
    """Where a page begins, from its address; anything unreadable is the beginning."""
    write, _, event = text.partition(".")
    whole = event.isascii() and event.isdecimal() and len(event) < 18 and (not write or (write.isascii() and write.isalnum()))
    return Cursor(write, int(event)) if whole else Cursor()


def text_of(cursor: Cursor) -> str:
    """The reverse."""
    return f"{cursor.write}.{cursor.event}"
