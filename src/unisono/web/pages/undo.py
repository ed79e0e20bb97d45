"""Undo on a page: what of a write, a record or a run can be taken back and what cannot, shown before; then exactly that; and the reverse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi.responses import StreamingResponse
from starlette.responses import Response

from unisono.store.deeds import Scope
from unisono.store.pairs import PairRow
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.live import pieces
from unisono.web.undone import told_steps
from unisono.web.visit import Visit
from unisono.wiring.undoing import Undoings, lift, liftable

doors = Doors()


@doors.page("/pairs/{pair_id}/history/undo", needs="view")
def undo(visit: Visitor, pair_id: str) -> Response:
    """The undo there is: being looked at, shown, under way, done."""
    row = visit.pair(pair_id)
    return visit.page("undo/undo.html", pair=row, base=f"/pairs/{row.id}/history", **_standing(visit, row))


@doors.page("/pairs/{pair_id}/history/undo/live", needs="view")
def live(visit: Visitor, pair_id: str) -> StreamingResponse:
    """How far it is."""
    row = visit.pair(pair_id)

    def told() -> Iterator[tuple[str, str]]:
        one = undoings(visit).standing(row.id)
        yield "undo", visit.part("undo/stage.html", one=one, to=f"/pairs/{row.id}/history/undo")

    return pieces(visit.request, told, still=visit.still_in)


@doors.form("/pairs/{pair_id}/history/undo/look", needs="act")
def look(visit: Visitor, pair_id: str) -> Response:
    """Both sides are read, and it is told what can be taken back; nothing is written."""
    row = visit.pair(pair_id)
    scope = Scope(run=visit.given("run"), record=visit.given("record"), write=visit.given("write"), field=visit.given("field"))
    if not is_scope(scope):
        return visit.go(f"/pairs/{row.id}/history", "undo-gone")
    if not undoings(visit).look(row.id, scope, visit.by):
        return visit.go(f"/pairs/{row.id}/history/undo", "undo-under-way")
    return visit.go(f"/pairs/{row.id}/history/undo")


@doors.form("/pairs/{pair_id}/history/undo/do", needs="act")
def begin(visit: Visitor, pair_id: str) -> Response:
    """Yes to exactly what is shown."""
    row = visit.pair(pair_id)
    if undoings(visit).begin(row.id, visit.given("shown"), visit.by) is None:
        return visit.go(f"/pairs/{row.id}/history/undo", "undo-gone")
    return visit.go(f"/pairs/{row.id}/history/undo")


@doors.form("/pairs/{pair_id}/history/undo/close", needs="act")
def close(visit: Visitor, pair_id: str) -> Response:
    """Nothing is to be done, or what was done has been read."""
    row = visit.pair(pair_id)
    undoings(visit).close(row.id, visit.given("shown"))
    return visit.go(f"/pairs/{row.id}/history")


@doors.form("/pairs/{pair_id}/history/undo/lift", needs="act")
def lifted(visit: Visitor, pair_id: str) -> Response:
    """The reverse: what an undo left unlinked may be linked and made again."""
    row = visit.pair(pair_id)
    scope = Scope(run=visit.given("run"), record=visit.given("record"))
    count = lift(visit.house, row.id, scope, visit.by) if is_scope(scope) else 0
    return visit.go(f"/pairs/{row.id}/history", "undo-lifted", count)


def undoings(visit: Visit) -> Undoings:
    """Who undoes in this process."""
    found: Undoings = visit.request.app.state.undoings
    return found


def is_scope(scope: Scope) -> bool:
    """Whether a scope says what is meant, in a form that can be looked for."""
    side, _, rest = scope.record.partition(":")
    return scope.named and (not scope.record or (side in ("a", "b") and ":" in rest))


def _standing(visit: Visit, row: PairRow) -> dict[str, Any]:
    one = undoings(visit).standing(row.id)
    if one is None:
        return {"one": None}
    titles = visit.titles(row)
    why = visit.speech.tell(one.code, one.values, titles=titles) if one.code else ""
    return {
        "one": one,
        "why": why,
        "groups": told_steps(visit.speech, one.steps, titles),
        "failed": [
            (step.label, visit.speech.tell(fault.code if fault else "undo-stale", fault.values if fault else {}, titles=titles, led=False))
            for step, fault in one.failed
        ],
        "liftable": liftable(visit.house, row.id, Scope(run=one.run)) if one.stage == "done" and one.run else 0,
    }
