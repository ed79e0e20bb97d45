"""History: what was written and why, and what people decided."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel

from unisono.store.feed import Happened, Sort, feed, find_records, with_counterparts
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.pages.history import cursor_of, text_of

doors = Doors("history")


class HappenedOut(BaseModel):
    """One line. A write has an ``id`` that an undo may name, ``side``, ``operation``, ``state``, ``reason``, ``before`` and ``after``; anything
    else ``event`` and ``by``."""

    id: str
    at: str
    record: str
    kind: str
    label: str
    run: str
    event: str
    by: str
    side: str
    operation: str
    state: str
    reason: str
    values: dict[str, str]
    before: dict[str, Any]
    after: dict[str, Any]
    policy_version: int


class HistoryOut(BaseModel):
    """A page, newest first; ``more`` asks for the next one as ``before``, empty at the end."""

    lines: list[HappenedOut]
    more: str


@doors.get("/pairs/{pair_id}/history", needs="view")
def history(
    visit: Visitor,
    pair_id: str,
    before: str = "",
    record: str = "",
    search: str = "",
    run: str = "",
    sort: Sort = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> HistoryOut:
    """What happened. ``record`` is one record (``a:party:company:42``), ``search`` part of a name, ``run`` one run."""
    row = visit.pair(pair_id)
    with visit.house.store.read() as conn:
        named = [record] if record else find_records(conn, (("a", row.a), ("b", row.b)), search) if search.strip() else None
        keys = None if named is None else with_counterparts(conn, row.id, named)
        happened, more = feed(conn, row.id, before=cursor_of(before), limit=limit, keys=keys, run=run, sort=sort)
    return HistoryOut(lines=[_out(one) for one in happened], more=text_of(more) if more else "")


def _out(one: Happened) -> HappenedOut:
    return HappenedOut(
        id=one.id,
        at=one.at,
        record=one.key,
        kind=one.kind,
        label=one.label,
        run=one.run,
        event=one.event,
        by=one.by,
        side=one.side,
        operation=one.operation,
        state=one.state,
        reason=one.reason,
        values=one.values,
        before=one.before,
        after=one.after,
        policy_version=one.policy_version,
    )
