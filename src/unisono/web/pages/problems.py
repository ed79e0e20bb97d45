"""What is not in step: refused, waiting, left out by a rule. Alike ones together, each with what to do and the raw answer one click away."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from unisono.store import runs, work
from unisono.store.pairs import PairRow
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.navigation import Entry
from unisono.web.telling import problem_title
from unisono.web.visit import Visit
from unisono.wiring.deciding import NoSuchProblem, grouped, leave_out_problems, open_problems, retry_problems
from unisono.wiring.keeping import labels
from unisono.wiring.previewing import pages
from unisono.wiring.standing import titles_of

doors = Doors()
ENTRIES = (
    Entry(code="nav.problems", icon="differs", path="/pairs/{pair}/problems", group="daily", order=30, counts="problems", narrow=True),
)
_MARKS = {"a:": "crm", "b:": "inv"}
MOST = 200
"""Records listed of a kind; the number above says how many there are."""


@doors.page("/pairs/{pair_id}/problems", needs="view")
def problems(visit: Visitor, pair_id: str, kind: str = "refused") -> Response:
    """One of the three kinds."""
    row = visit.pair(pair_id)
    kind = kind if kind in ("refused", "waiting", "left-out") else "refused"
    with visit.house.store.read() as conn:
        titles = titles_of(visit.house, conn, row.id)
        counts = work.counts(conn, f"pair:{row.id}")
        plan = next((r for r in runs.runs(conn, row.id) if r.kind in runs.PLANNED_KINDS), None)
        left_out = sum(n for (verdict, _), n in runs.count(conn, plan.id).items() if verdict == "left-out") if plan else 0
    open_ = open_problems(visit.house, row.id)
    values: dict[str, Any] = {
        "kind": kind,
        "titles": titles,
        "counts": {
            "refused": visit.place(row).counts["problems"],
            "waiting": counts.get("ready", 0) + counts.get("waiting", 0),
            "left-out": left_out,
        },
        "plan": plan,
    }
    if kind == "refused":
        values["groups"] = [(one, problem_title(visit.speech, one, titles)) for one in grouped(open_)]
        values["told"] = {
            p.id: visit.speech.tell(p.code, p.values, name=p.label, field=p.field, kind=p.kind, titles=titles, led=False) for p in open_
        }
    elif kind == "waiting":
        values["rows"] = _waiting(visit, row)
    else:
        values["rows"] = list(pages(visit.house, plan.id, verdict="left-out", most=MOST)) if plan else []
    return visit.page("problems/problems.html", pair=row, **values)


@doors.form("/pairs/{pair_id}/problems/retry", needs="act")
def retry(visit: Visitor, pair_id: str) -> Response:
    """The ticked ones are looked at again; none ticked: nothing."""
    row = visit.pair(pair_id)
    try:
        count = retry_problems(visit.house, row.id, visit.several("problem"))
    except NoSuchProblem:
        return visit.go(f"/pairs/{row.id}/problems", "problem-gone")
    return visit.go(f"/pairs/{row.id}/problems", "retried", count)


@doors.form("/pairs/{pair_id}/problems/leave-out", needs="act")
def leave(visit: Visitor, pair_id: str) -> Response:
    """The ticked ones are left out for good; the settings say so from now on."""
    row = visit.pair(pair_id)
    ids = visit.several("problem")
    try:
        leave_out_problems(visit.house, row.id, ids, visit.by)
    except NoSuchProblem:
        return visit.go(f"/pairs/{row.id}/problems", "problem-gone")
    return visit.go(f"/pairs/{row.id}/problems", "left-out", len(ids))


def _waiting(visit: Visit, row: PairRow) -> list[dict[str, str]]:
    """What Unisono goes on with by itself: the record, and what it waits for."""
    lane = f"pair:{row.id}"
    with visit.house.store.read() as conn:
        tasks = [*work.standing(conn, lane, "waiting", MOST), *work.standing(conn, lane, "ready", MOST)][:MOST]
    names = dict(labels(visit.house, row.id, [task.key for task in tasks if task.key[:2] in ("a:", "b:")]))
    out = []
    for task in tasks:
        on = task.told if task.told[:2] in ("a:", "b:") else ""
        told = visit.speech.tell(task.told, {}) if task.told and not on and visit.speech.known(task.told) else ""
        # A sentence that asks for values says nothing without them.
        told = "" if "{" in told else told
        out.append(
            {
                "key": task.key,
                "label": names.get(task.key, task.key),
                "side": _MARKS.get(task.key[:2], ""),
                "kind": task.kind,
                "on": on,
                "told": told,
            }
        )
    waited_for = dict(labels(visit.house, row.id, sorted({one["on"] for one in out if one["on"]})))
    return [one | {"on": waited_for.get(one["on"], "")} for one in out]
