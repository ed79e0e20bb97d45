"""What is not in step: refused, waiting, left out by a rule. Alike ones together, each with what to do, a field to mend it on the spot, and
the raw answer one click away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from unisono.model.codes import COUNTRIES
from unisono.model.text import folded
from unisono.store import runs, work
from unisono.store.pairs import PairRow
from unisono.store.standing import count_open
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.mending import Group, mending, typed
from unisono.web.navigation import Entry
from unisono.web.telling import problem_title
from unisono.web.visit import Visit
from unisono.wiring.correcting import Corrected, correct_group, correct_problems
from unisono.wiring.deciding import (
    NoSuchProblem,
    all_problems,
    found_problems,
    grouped,
    leave_out_problems,
    left_for_good,
    retry_problems,
    take_along_again,
)
from unisono.wiring.keeping import labels
from unisono.wiring.previewing import found_rows

doors = Doors()
ENTRIES = (
    Entry(code="nav.problems", icon="differs", path="/pairs/{pair}/problems", group="daily", order=30, counts="problems", narrow=True),
)
_MARKS = {"a:": "crm", "b:": "inv"}
MOST = 50
"""Records on a page."""
GROUPS = 20
"""Groups on a page."""
FEW = 12
"""Records of a group that are shown before somebody opens it."""
WAITING = 1000
"""Waiting records that are looked through; the number above says how many there are."""


@doors.page("/pairs/{pair_id}/problems", needs="view")
def problems(
    visit: Visitor, pair_id: str, kind: str = "refused", search: str = "", of: str = "", group: str = "", after: int = 0
) -> Response:
    """One of the three kinds: ``search`` is part of a name, ``of`` a kind of record, ``group`` one group of alike ones."""
    row = visit.pair(pair_id)
    kind = kind if kind in ("refused", "waiting", "left-out") else "refused"
    return _page(visit, row, kind=kind, search=search, of=of, group=group, after=min(max(0, after), 2**31))


@doors.form("/pairs/{pair_id}/problems/retry", needs="act")
def retry(visit: Visitor, pair_id: str) -> Response:
    """The ticked ones, or their whole group, are looked at again; none ticked: nothing."""
    row = visit.pair(pair_id)
    try:
        count = retry_problems(visit.house, row.id, _meant(visit, row))
    except NoSuchProblem:
        return visit.go(f"/pairs/{row.id}/problems", "problem-gone")
    return visit.go(f"/pairs/{row.id}/problems", "retried", count)


@doors.form("/pairs/{pair_id}/problems/leave-out", needs="act")
def leave(visit: Visitor, pair_id: str) -> Response:
    """The ticked ones, or their whole group, are left out for good; the settings say so from now on."""
    row = visit.pair(pair_id)
    try:
        ids = _meant(visit, row)
        leave_out_problems(visit.house, row.id, ids, visit.by)
    except NoSuchProblem:
        return visit.go(f"/pairs/{row.id}/problems", "problem-gone")
    return visit.go(f"/pairs/{row.id}/problems", "left-out", len(ids))


@doors.form("/pairs/{pair_id}/problems/take-along", needs="act")
def take_along(visit: Visitor, pair_id: str) -> Response:
    """Records that were left out for good take part again."""
    row = visit.pair(pair_id)
    count = take_along_again(visit.house, row.id, visit.several("record"), visit.by)
    return visit.go(f"/pairs/{row.id}/problems?kind=left-out", "taken-along", count)


@doors.form("/pairs/{pair_id}/problems/correct", needs="act")
def correct(visit: Visitor, pair_id: str) -> Response:
    """What was typed is written where the records come from, and they go across; what does not fit is shown with what is wrong about it."""
    row = visit.pair(pair_id)
    entries, shared = typed(visit.form)
    group = visit.given("group")
    try:
        if visit.given("whole"):
            done = correct_group(visit.house, row.id, group, shared, visit.by)
        else:
            ticked = set(visit.several("problem"))
            done = correct_problems(visit.house, row.id, {one: given for one, given in entries.items() if one in ticked}, visit.by)
    except NoSuchProblem:
        return visit.go(f"/pairs/{row.id}/problems", "problem-gone")
    if done.wrong:
        return _page(visit, row, kind="refused", group=visit.given("only"), status=422, tried=done, entries=entries, shared=shared)
    if not done.done:
        return visit.go(f"/pairs/{row.id}/problems", "nothing-entered")
    return visit.go(f"/pairs/{row.id}/problems", "corrected", len(done.done))


def _meant(visit: Visit, row: PairRow) -> list[str]:
    """The problems of a form: the whole group where its button said so, else those ticked."""
    if visit.given("whole"):
        return [one.id for one in all_problems(visit.house, row.id, visit.given("group"))]
    return visit.several("problem")


def _page(
    visit: Visit,
    row: PairRow,
    *,
    kind: str,
    search: str = "",
    of: str = "",
    group: str = "",
    after: int = 0,
    status: int = 200,
    tried: Corrected | None = None,
    entries: Mapping[str, Mapping[str, str]] | None = None,
    shared: Mapping[str, str] | None = None,
) -> Response:
    with visit.house.store.read() as conn:
        counts = work.counts(conn, f"pair:{row.id}")
        plan = next((r for r in runs.runs(conn, row.id) if r.kind in runs.PLANNED_KINDS and r.state != "planning"), None)
        left_out = sum(n for (verdict, _), n in runs.count(conn, plan.id).items() if verdict == "left-out") if plan else 0
        open_ = count_open(conn, row.id, visit.house.clock.now())[1]
    for_good = left_for_good(visit.house, row.id)
    base = f"/pairs/{row.id}/problems"
    chosen = {"kind": kind if kind != "refused" else "", "search": search, "of": of, "group": group}
    values: dict[str, Any] = {
        "kind": kind,
        "search": search,
        "of": of,
        "group": group,
        "after": after,
        "more": 0,
        "here": base + "?" + urlencode({name: value for name, value in chosen.items() if value}),
        "titles": visit.titles(row),
        "counts": {
            "refused": open_,
            "waiting": counts.get("ready", 0) + counts.get("waiting", 0),
            "left-out": left_out + len(for_good),
        },
        "plan": plan,
        "tried": tried,
    }
    if kind == "refused":
        values |= _groups_of(visit, row, search, of, group, after, tried, entries or {}, shared or {})
    elif kind == "waiting":
        found = _waiting(visit, row, search, of)
        values |= {"rows": found[after : after + MOST], "more": after + MOST if len(found) > after + MOST else 0}
    else:
        found_plan = (
            found_rows(visit.house, plan.id, verdicts=("left-out",), search=search, kind=of, after=after, limit=MOST) if plan else ([], 0)
        )
        values |= {"rows": found_plan[0], "more": found_plan[1], "for_good": labels(visit.house, row.id, for_good) if not after else []}
    return visit.page("problems/problems.html", status=status, pair=row, **values)


def _groups_of(
    visit: Visit,
    row: PairRow,
    search: str,
    of: str,
    group: str,
    after: int,
    tried: Corrected | None,
    entries: Mapping[str, Mapping[str, str]],
    shared: Mapping[str, str],
) -> dict[str, Any]:
    """Groups of alike ones, a page of them with the first of each; or one group, a page of its records."""
    titles = visit.titles(row)
    found = found_problems(visit.house, row.id, search=search, kind=of, group=group)
    every = grouped(found)
    page = every if group else every[after : after + GROUPS]
    out: list[Group] = []
    for alike in page:
        some = alike.problems[after : after + MOST] if group else alike.problems[:FEW]
        title = problem_title(visit.speech, alike, titles)
        out.append(mending(visit, row, alike, some, title, titles, tried, entries, shared))
    size = len(page[0].problems) if group and page else len(every)
    step = MOST if group else GROUPS
    return {"groups": out, "more": after + step if size > after + step else 0, "countries": _countries(visit, out)}


def _countries(visit: Visit, groups: Sequence[Group]) -> list[str]:
    """The names to choose a country by, where one is asked for."""
    asked = any(one.field == "address.country" for group in groups for row in group.rows for one in row.inputs)
    return sorted(visit.speech.value("address.country", code) for code in COUNTRIES) if asked else []


def _waiting(visit: Visit, row: PairRow, search: str, of: str) -> list[dict[str, str]]:
    """What Unisono goes on with by itself: the record, and what it waits for."""
    lane = f"pair:{row.id}"
    with visit.house.store.read() as conn:
        tasks = [*work.standing(conn, lane, "waiting", WAITING), *work.standing(conn, lane, "ready", WAITING)][:WAITING]
    named = labels(visit.house, row.id, [task.key for task in tasks if task.key[:2] in ("a:", "b:")])
    names = dict(named)
    wanted = folded(search)
    out = []
    for task in tasks:
        label = names.get(task.key, task.key)
        if (wanted and wanted not in folded(label)) or of not in ("", task.kind):
            continue
        on = task.told if task.told[:2] in ("a:", "b:") else ""
        told = visit.speech.tell(task.told, {}) if task.told and not on and visit.speech.known(task.told) else ""
        # A sentence that asks for values says nothing without them.
        told = "" if "{" in told else told
        out.append({"key": task.key, "label": label, "side": _MARKS.get(task.key[:2], ""), "kind": task.kind, "on": on, "told": told})
    waited_for = dict(labels(visit.house, row.id, sorted({one["on"] for one in out if one["on"]})))
    return [one | {"on": waited_for.get(one["on"], "")} for one in out]
