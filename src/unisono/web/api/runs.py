"""Runs: previews and what became of them, record by record; release, pause, resume, stop, report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import HTTPException, Query
from pydantic import BaseModel
from starlette.responses import Response

from unisono.engine.hands import Hands
from unisono.engine.runs import OVERTAKEN, RunOver, pause_run, resume_run, stop_run
from unisono.store import runs as stored
from unisono.store.runs import PLANNED_KINDS, PlanRow, Run
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.pages.runs import Form, record_of, released, report_of, run_of
from unisono.web.planned import why
from unisono.web.visit import Visit
from unisono.wiring.beside import beside_row
from unisono.wiring.previewing import found_rows, progress

doors = Doors("runs")


class RunOut(BaseModel):
    """One run as the list tells it. Instants are UTC; an empty text is none."""

    id: str
    kind: str
    state: str
    total: int
    done: int
    failed: int
    previewed_at: str
    released_at: str
    ended_at: str
    policy_version: int
    overtaken_by: str


class ProgressOut(RunOut):
    """How far a run is. ``counts`` are by verdict and outcome; ``forecast`` has calls and seconds of each side."""

    changed_since_preview: int
    seconds_left: float | None
    counts: dict[str, dict[str, int]]
    forecast: dict[str, dict[str, Any]]


class RowOut(BaseModel):
    """One record: what becomes of it, why, and every write with its values before and after. ``seq`` asks for what follows."""

    seq: int
    record: str
    kind: str
    label: str
    verdict: str
    outcome: str
    told: str
    action: dict[str, Any]


class FieldOut(BaseModel):
    """One field of both records as last seen; ``sign`` says what stands between them: same, alike, differs, apart."""

    name: str
    crm: str
    invoicing: str
    sign: str


class RecordOut(RowOut):
    """One record with both sides."""

    fields: list[FieldOut]


class CountOut(BaseModel):
    """How many records it is about."""

    count: int


class StateOut(BaseModel):
    """What became of a run."""

    state: str


@doors.get("/pairs/{pair_id}/runs", needs="view")
def runs(visit: Visitor, pair_id: str) -> list[RunOut]:
    """All runs of a pair, newest first."""
    row = visit.pair(pair_id)
    with visit.house.store.read() as conn:
        return [RunOut(**_head(run)) for run in stored.runs(conn, row.id) if run.kind in PLANNED_KINDS and run.state != "planning"]


@doors.get("/pairs/{pair_id}/runs/{run_id}", needs="view")
def run(visit: Visitor, pair_id: str, run_id: str) -> ProgressOut:
    """One run, also one that is only previewed."""
    told = progress(visit.house, run_of(visit, visit.pair(pair_id), run_id).id)
    counts: dict[str, dict[str, int]] = {}
    for (verdict, outcome), count in sorted(told.rows.items()):
        counts.setdefault(verdict, {})[outcome or "planned"] = count
    head = _head(told.run) | {"total": told.total, "done": told.done, "failed": told.failed}
    return ProgressOut(
        **head,
        changed_since_preview=told.changed,
        seconds_left=told.seconds_left,
        counts=counts,
        forecast={name: told.run.sheet.get(name, {}) for name in ("calls", "listing", "seconds")},
    )


@doors.get("/pairs/{pair_id}/runs/{run_id}/rows", needs="view")
def rows(
    visit: Visitor,
    pair_id: str,
    run_id: str,
    verdict: Annotated[list[str] | None, Query()] = None,
    outcome: str = "",
    kind: str = "",
    search: str = "",
    mark: str = "",
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[RowOut]:
    """Its records in their order. ``outcome`` ``planned`` are those that nothing was done for yet; ``verdict`` may be given several times,
    ``search`` is part of a name, without regard to case and diacritics, ``mark`` something that stays behind (of the preview's groups)."""
    row = visit.pair(pair_id)
    found = run_of(visit, row, run_id)
    wanted = None if not outcome else "" if outcome == "planned" else outcome
    titles = visit.titles(row)
    page, _ = found_rows(
        visit.house, found.id, verdicts=verdict or (), kind=kind, search=search, mark=mark, outcome=wanted, after=after, limit=limit
    )
    return [_row(one, why(visit.speech, one, titles)) for one in page]


@doors.get("/pairs/{pair_id}/runs/{run_id}/records/{seq}", needs="view")
def record(visit: Visitor, pair_id: str, run_id: str, seq: int) -> RecordOut:
    """One record of a plan, with both sides as they were seen last."""
    row = visit.pair(pair_id)
    one = record_of(visit, run_of(visit, row, run_id), seq)
    found = beside_row(visit.house, row.id, one)
    fields = [FieldOut(name=f.name, crm=f.a, invoicing=f.b, sign=f.sign) for f in found.fields] if found else []
    return RecordOut(**_row(one, why(visit.speech, one, visit.titles(row))).model_dump(), fields=fields)


@doors.post("/pairs/{pair_id}/runs/{run_id}/release", needs="act")
def release(visit: Visitor, pair_id: str, run_id: str) -> CountOut:
    """Yes to exactly what the preview shows; a second time, to what has changed since. From now on the pair writes."""
    row = visit.pair(pair_id)
    try:
        return CountOut(count=released(visit, row, run_id))
    except RunOver:
        raise HTTPException(409) from None


@doors.post("/pairs/{pair_id}/runs/{run_id}/pause", needs="act")
def pause(visit: Visitor, pair_id: str, run_id: str) -> StateOut:
    """Nothing more of it is written until it goes on."""
    return _moved(visit, pair_id, run_id, pause_run, "paused")


@doors.post("/pairs/{pair_id}/runs/{run_id}/resume", needs="act")
def resume(visit: Visitor, pair_id: str, run_id: str) -> StateOut:
    """Goes on where it was paused."""
    return _moved(visit, pair_id, run_id, resume_run, "running")


@doors.post("/pairs/{pair_id}/runs/{run_id}/stop", needs="act")
def stop(visit: Visitor, pair_id: str, run_id: str) -> StateOut:
    """Ends it for good; what is done stays done."""
    return _moved(visit, pair_id, run_id, stop_run, "stopped")


@doors.get("/pairs/{pair_id}/runs/{run_id}/report", needs="view", response_class=Response)
def report(visit: Visitor, pair_id: str, run_id: str, form: Form = "json") -> Response:
    """What came from where to where, line by line, with numbers that add up."""
    return report_of(visit, pair_id, run_id, form)


def _moved(visit: Visit, pair_id: str, run_id: str, move: Callable[[Hands, str], bool], to: str) -> StateOut:
    row = visit.pair(pair_id)
    moved = move(visit.house.hands(), run_of(visit, row, run_id).id)
    state = run_of(visit, row, run_id).state
    if not moved and state != to:
        raise HTTPException(409)
    return StateOut(state=state)


def _head(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "kind": run.kind,
        "state": run.state,
        "total": run.total,
        "done": run.done,
        "failed": run.failed,
        "previewed_at": run.started_at,
        "released_at": run.sheet.get("released_at", ""),
        "ended_at": run.ended_at,
        "policy_version": run.policy_version,
        "overtaken_by": run.sheet.get(OVERTAKEN, ""),
    }


def _row(row: PlanRow, told: str) -> RowOut:
    return RowOut(
        seq=row.seq, record=row.key, kind=row.kind, label=row.label, verdict=row.verdict, outcome=row.outcome, told=told, action=row.action
    )
