"""Undo: a look at what can be taken back, then exactly that; and the reverse. The same as ``unisono undo``."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import HTTPException
from pydantic import BaseModel

from unisono.store.deeds import Scope
from unisono.web.api.listing import CountOut
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.pages.undo import is_scope, undoings
from unisono.web.undone import why_of
from unisono.web.visit import Visit
from unisono.wiring.undoing import lift

doors = Doors("undo")


class ScopeIn(BaseModel):
    """What is meant: the writes of a run, those about one record (``a:party:company:42``), or one single write of the history."""

    run: str = ""
    record: str = ""
    write: str = ""
    field: str = ""


class ShownIn(BaseModel):
    """The id of what was shown."""

    shown: str


class StepOut(BaseModel):
    """What is done about one record: ``delete``, ``change``, ``unlink``, ``ask``; or ``leave`` and ``done``, where nothing is."""

    record: str
    label: str
    what: str
    code: str
    told: str
    before: dict[str, str]
    after: dict[str, str]


class UndoOut(BaseModel):
    """How far the undo is. ``shown`` says yes to ``steps``; ``done`` of ``total`` records are taken back; ``failed`` says why some are not."""

    stage: Literal["none", "looking", "shown", "undoing", "done", "failed"]
    shown: str = ""
    by: str = ""
    scope: dict[str, str] = {}
    steps: list[StepOut] = []
    done: int = 0
    total: int = 0
    failed: dict[str, str] = {}
    run: str = ""
    code: str = ""
    told: str = ""


@doors.get("/pairs/{pair_id}/history/undo", needs="view")
def undo(visit: Visitor, pair_id: str) -> UndoOut:
    """The undo that is being looked at, shown, under way or done."""
    return _out(visit, pair_id)


@doors.post("/pairs/{pair_id}/history/undo/look", needs="act", status_code=202)
def look(visit: Visitor, pair_id: str, what: ScopeIn) -> UndoOut:
    """Reads both sides and tells what can be taken back; nothing is written. It takes a while: ask again."""
    row = visit.pair(pair_id)
    scope = Scope(run=what.run, record=what.record, write=what.write, field=what.field)
    if not is_scope(scope):
        raise HTTPException(422)
    if not undoings(visit).look(row.id, scope, visit.by):
        raise HTTPException(409)
    return _out(visit, pair_id)


@doors.post("/pairs/{pair_id}/history/undo/do", needs="act", status_code=202)
def begin(visit: Visitor, pair_id: str, what: ShownIn) -> UndoOut:
    """Yes to exactly what was shown."""
    row = visit.pair(pair_id)
    if undoings(visit).begin(row.id, what.shown, visit.by) is None:
        raise HTTPException(409)
    return _out(visit, pair_id)


@doors.post("/pairs/{pair_id}/history/undo/close", needs="act")
def close(visit: Visitor, pair_id: str, what: ShownIn) -> UndoOut:
    """What was shown is not to be done, or what was done has been read."""
    row = visit.pair(pair_id)
    if not undoings(visit).close(row.id, what.shown):
        raise HTTPException(409)
    return _out(visit, pair_id)


@doors.post("/pairs/{pair_id}/history/undo/lift", needs="act")
def lifted(visit: Visitor, pair_id: str, what: ScopeIn) -> CountOut:
    """The reverse: what an undo left unlinked may be linked and made again."""
    row = visit.pair(pair_id)
    scope = Scope(run=what.run, record=what.record)
    if not is_scope(scope):
        raise HTTPException(422)
    return CountOut(count=lift(visit.house, row.id, scope, visit.by))


def _out(visit: Visit, pair_id: str) -> UndoOut:
    row = visit.pair(pair_id)
    one = undoings(visit).standing(row.id)
    if one is None:
        return UndoOut(stage="none")
    titles = visit.titles(row)
    scope: dict[str, Any] = {"run": one.scope.run, "record": one.scope.record, "write": one.scope.write, "field": one.scope.field}
    return UndoOut(
        stage=one.stage,
        shown=one.id,
        by=one.by,
        scope={name: value for name, value in scope.items() if value},
        steps=[
            StepOut(
                record=f"{step.side}:{step.kind}:{step.key}",
                label=step.label,
                what=step.what,
                code=step.reason.code,
                told=why_of(visit.speech, step, titles),
                before=step.before,
                after=step.changes,
            )
            for step in one.steps
        ],
        done=one.done,
        total=one.total,
        failed={f"{s.side}:{s.kind}:{s.key}": visit.speech.tell(f.code, f.values) if f else "" for s, f in one.failed},
        run=one.run,
        code=one.code,
        told=visit.speech.tell(one.code, one.values, titles=titles) if one.code else "",
    )
