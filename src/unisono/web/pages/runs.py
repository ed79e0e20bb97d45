"""Released previews at work: how far, how long it takes, pause, resume, stop; what became of each record; the report for the files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

from fastapi import Query
from fastapi.responses import StreamingResponse
from starlette.responses import Response

from unisono.engine.hands import Hands
from unisono.engine.runs import OVERTAKEN, RunOver, pause_run, release_run, resume_run, stop_run
from unisono.locale.say import say
from unisono.store import runs as stored
from unisono.store.pairs import PairRow
from unisono.store.runs import CHANGED, PENDING, PLANNED_KINDS, PlanRow, Run
from unisono.web.doors import Doors
from unisono.web.filtering import LAST, filter_of, rows_of
from unisono.web.gate import Visitor
from unisono.web.live import pieces
from unisono.web.navigation import Entry
from unisono.web.planned import planned, why
from unisono.web.visit import NotFound, Visit
from unisono.wiring.beside import beside_row
from unisono.wiring.previewing import VERDICTS, WRITING, Progress, progress
from unisono.wiring.printable import STYLE_HASH
from unisono.wiring.reporting import UNTOUCHED, report_as

doors = Doors()
ENTRIES = (Entry(code="nav.runs", icon="again", path="/pairs/{pair}/runs", group="setup", order=75),)
LISTED = 200
Form = Literal["html", "markdown", "json"]
_ENDINGS: dict[str, tuple[str, str]] = {
    "html": ("text/html", "html"),
    "markdown": ("text/markdown; charset=utf-8", "md"),
    "json": ("application/json", "json"),
}
_OPEN = tuple(one or "planned" for one in PENDING)
_ORDER = ("done", "begun", "planned", "waiting", CHANGED, "asked", "refused", "failed", "stopped")
PRINTED = f"default-src 'none'; style-src '{STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""A report brings its one style along, and nothing else."""


@doors.page("/pairs/{pair_id}/runs", needs="view")
def runs(visit: Visitor, pair_id: str) -> Response:
    """All runs of a pair, newest first."""
    row = visit.pair(pair_id)
    with visit.house.store.read() as conn:
        found = [run for run in stored.runs(conn, row.id) if run.state not in ("planning", "previewed")]
    return visit.page("runs/runs.html", pair=row, runs=found[:LISTED], planned_kinds=PLANNED_KINDS)


@doors.page("/pairs/{pair_id}/runs/{run_id}", needs="view")
def run(
    visit: Visitor,
    pair_id: str,
    run_id: str,
    verdict: Annotated[list[str] | None, Query()] = None,
    kind: str = "",
    search: str = "",
    outcome: str = "",
    after: int = 0,
) -> Response:
    """One run."""
    row = visit.pair(pair_id)
    found = run_of(visit, row, run_id)
    if found.state == "previewed":
        return visit.go(f"/pairs/{row.id}/preview")
    told = progress(visit.house, found.id)
    verdicts = _verdicts(told)
    chosen = filter_of(verdict, kind, search, after, outcome, (CHANGED,)).otherwise([*verdicts][:1])
    titles = visit.titles(row)
    rows, more = rows_of(visit.house, found.id, chosen)
    return visit.page(
        "runs/run.html",
        pair=row,
        titles=titles,
        chosen=chosen,
        verdicts=verdicts,
        rows=planned(visit.speech, rows, titles),
        more=more,
        **_standing(told),
    )


@doors.page("/pairs/{pair_id}/runs/{run_id}/records/{seq}", needs="view")
def record(visit: Visitor, pair_id: str, run_id: str, seq: int) -> Response:
    """One record of a plan: what becomes of it and why, every write, and both sides as they were seen last."""
    row = visit.pair(pair_id)
    found = run_of(visit, row, run_id)
    one = record_of(visit, found, seq)
    titles = visit.titles(row)
    return visit.page(
        "runs/record.html",
        pair=row,
        run=found,
        titles=titles,
        row=planned(visit.speech, [one], titles)[0],
        beside=beside_row(visit.house, row.id, one),
        back=f"/pairs/{row.id}/preview" if found.state == "previewed" else f"/pairs/{row.id}/runs/{found.id}",
    )


@doors.page("/pairs/{pair_id}/runs/{run_id}/live", needs="view")
def live(visit: Visitor, pair_id: str, run_id: str) -> StreamingResponse:
    """The head of a run's page again, whenever it changes."""
    row = visit.pair(pair_id)
    found = run_of(visit, row, run_id)

    def told() -> Iterator[tuple[str, str]]:
        yield (
            "standing",
            visit.part("runs/standing.html", base=f"/pairs/{row.id}/runs/{found.id}", **_standing(progress(visit.house, found.id))),
        )

    return pieces(visit.request, told, still=visit.still_in)


@doors.form("/pairs/{pair_id}/runs/{run_id}/release", needs="act")
def release(visit: Visitor, pair_id: str, run_id: str) -> Response:
    """Yes to exactly what the preview shows; a second time, to what has changed since."""
    row = visit.pair(pair_id)
    try:
        # Said is what the button said: the records something is written for, not those that are equal already.
        told = progress(visit.house, run_of(visit, row, run_id).id)
        count = released(visit, row, run_id)
        if told.run.state == "previewed":
            count = sum(n for (verdict, _), n in told.rows.items() if verdict in WRITING)
    except NotFound:
        return visit.go(f"/pairs/{row.id}/preview", "preview-gone")
    except RunOver:
        return visit.go(f"/pairs/{row.id}/runs/{run_id}", "run-over")
    return visit.go(f"/pairs/{row.id}/runs/{run_id}", "run-released", count)


@doors.form("/pairs/{pair_id}/runs/{run_id}/pause", needs="act")
def pause(visit: Visitor, pair_id: str, run_id: str) -> Response:
    """Nothing more of it is written until it goes on."""
    return _moved(visit, pair_id, run_id, pause_run)


@doors.form("/pairs/{pair_id}/runs/{run_id}/resume", needs="act")
def resume(visit: Visitor, pair_id: str, run_id: str) -> Response:
    """Goes on where it was paused."""
    return _moved(visit, pair_id, run_id, resume_run)


@doors.form("/pairs/{pair_id}/runs/{run_id}/stop", needs="act")
def stop(visit: Visitor, pair_id: str, run_id: str) -> Response:
    """Ends it for good; what is done stays done."""
    return _moved(visit, pair_id, run_id, stop_run)


@doors.page("/pairs/{pair_id}/runs/{run_id}/report", needs="view")
def report(visit: Visitor, pair_id: str, run_id: str, form: Form = "html") -> Response:
    """The report as a page to print, or as a file to keep."""
    return report_of(visit, pair_id, run_id, form)


def run_of(visit: Visit, row: PairRow, run_id: str) -> Run:
    """A planned run of a pair. Raises ``NotFound``."""
    with visit.house.store.read() as conn:
        try:
            found = stored.get_run(conn, run_id)
        except KeyError:
            raise NotFound from None
    if found.pair != row.id or found.kind not in PLANNED_KINDS or found.state == "planning":
        raise NotFound
    return found


def record_of(visit: Visit, found: Run, seq: int) -> PlanRow:
    """A record of a plan, by its number. Raises ``NotFound``."""
    with visit.house.store.read() as conn:
        one = stored.row_at(conn, found.id, seq if seq <= LAST else 0)
    if one is None:
        raise NotFound
    return one


def released(visit: Visit, row: PairRow, run_id: str) -> int:
    """Releases a run, and says how many records it has. Raises ``NotFound``, ``RunOver``."""
    return release_run(visit.house.pairing(row.id), visit.house.hands(), run_of(visit, row, run_id).id, visit.by)


def report_of(visit: Visit, pair_id: str, run_id: str, form: Form) -> Response:
    """A report in the reader's words, read from the store as it is sent."""
    row = visit.pair(pair_id)
    found = run_of(visit, row, run_id)
    titles = visit.titles(row)
    speech = visit.speech

    def words(code: str, **values: object) -> str:
        return say(code, {name: str(value) for name, value in values.items()}, speech.language)

    def reason(one: PlanRow) -> str:
        return why(speech, one, titles)

    lines = report_as(visit.house, found.id, form, words, reason, language=speech.language, moment=speech.moment)
    kind, ending = _ENDINGS[form]
    headers = {"content-security-policy": PRINTED}
    if form != "html":
        headers["content-disposition"] = f'attachment; filename="unisono-{found.id}.{ending}"'
    return StreamingResponse((line + "\n" for line in lines), media_type=kind, headers=headers)


def _moved(visit: Visit, pair_id: str, run_id: str, move: Callable[[Hands, str], bool]) -> Response:
    row = visit.pair(pair_id)
    done = move(visit.house.hands(), run_of(visit, row, run_id).id)
    return visit.go(f"/pairs/{row.id}/runs/{run_id}", "" if done else "run-over")


def _verdicts(told: Progress) -> dict[str, dict[str, int]]:
    """How many records of each verdict, and what became of them; of what nothing is done for, only how many."""
    found: dict[str, dict[str, int]] = {}
    for verdict in VERDICTS:
        for (one, outcome), count in sorted(told.rows.items()):
            if one == verdict:
                name = "" if verdict in UNTOUCHED else outcome or "planned"
                of = found.setdefault(verdict, {})
                of[name] = of.get(name, 0) + count
    return found


def _standing(told: Progress) -> dict[str, Any]:
    """The numbers of a run's head: of the records that something is done for, or that somebody has to do something for."""
    found: dict[str, int] = {}
    for (verdict, outcome), count in told.rows.items():
        if verdict not in UNTOUCHED:
            found[outcome or "planned"] = found.get(outcome or "planned", 0) + count
    outcomes = {name: found[name] for name in _ORDER if name in found}
    return {
        "run": told.run,
        "told": told,
        "outcomes": outcomes,
        "total": sum(outcomes.values()),
        "settled": sum(n for name, n in outcomes.items() if name not in _OPEN and name not in (CHANGED, "stopped")),
        "open": sum(outcomes.get(name, 0) for name in _OPEN),
        "changed": outcomes.get(CHANGED, 0),
        "overtaken": str(told.run.sheet.get(OVERTAKEN, "")),
    }
