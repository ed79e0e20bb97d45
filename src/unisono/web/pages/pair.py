"""A pair at one glance: in step or not, when last, what needs somebody, what happened; to look now, to pause, to go on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi.responses import StreamingResponse
from starlette.responses import Response

from unisono.policy.files import parse_policy
from unisono.store.feed import feed
from unisono.store.pairs import PairRow
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.live import pieces
from unisono.web.navigation import Entry
from unisono.web.pages.documents import ages
from unisono.web.telling import Line, lines, problem_title
from unisono.web.visit import Visit
from unisono.wiring.deciding import grouped, open_problems, open_questions
from unisono.wiring.documents import open_amounts
from unisono.wiring.setup import about_to_allow, set_state
from unisono.wiring.standing import Standing, by_day, calls_used, look_now, standing, titles_of

doors = Doors()
ENTRIES = (Entry(code="nav.start", icon="home", path="/pairs/{pair}", group="daily", order=10, narrow=True),)
SHOWN = 8
"""Groups of problems, and lines of history, on the first page."""


@doors.page("/pairs/{pair_id}", needs="view")
def pair_page(visit: Visitor, pair_id: str) -> Response:
    """How a pair stands."""
    return show_pair(visit, visit.pair(pair_id))


def show_pair(visit: Visit, row: PairRow) -> Response:
    """The page of a pair, also as the start of whoever has only this one."""
    told = standing(visit.house, row.id)
    return visit.page("pair/pair.html", pair=row, standing=told, **_below(visit, told))


@doors.form("/pairs/{pair_id}/look", needs="act")
def look(visit: Visitor, pair_id: str) -> Response:
    """Both sides are looked at with the next turn."""
    row = visit.pair(pair_id)
    look_now(visit.house, row.id)
    return visit.go(f"/pairs/{row.id}", "looking")


@doors.form("/pairs/{pair_id}/pause", needs="act")
def pause(visit: Visitor, pair_id: str) -> Response:
    """Nothing more is read or written until it goes on."""
    row = visit.pair(pair_id)
    set_state(visit.house, row.id, "paused", visit.by)
    return visit.go(f"/pairs/{row.id}", "paused")


@doors.form("/pairs/{pair_id}/resume", needs="act")
def resume(visit: Visitor, pair_id: str) -> Response:
    """It goes on, also after a brake: the page said what that allows."""
    row = visit.pair(pair_id)
    set_state(visit.house, row.id, "released", visit.by)
    return visit.go(f"/pairs/{row.id}", "resumed")


@doors.page("/pairs/{pair_id}/live", needs="view")
def live(visit: Visitor, pair_id: str) -> StreamingResponse:
    """The head of the page again, whenever it changes."""
    row = visit.pair(pair_id)

    def told() -> Iterator[tuple[str, str]]:
        now = standing(visit.house, row.id)
        yield "standing", visit.part("pair/standing.html", standing=now, **_brake(visit, now))

    return pieces(visit.request, told, still=visit.still_in)


def _below(visit: Visit, told: Standing) -> dict[str, Any]:
    house, pair_id = visit.house, told.pair.id
    with house.store.read() as conn:
        titles = titles_of(house, conn, pair_id)
        happened, _ = feed(conn, pair_id, limit=SHOWN)
    groups = grouped(open_problems(house, pair_id)) if told.problems else []
    recent: list[Line] = lines(visit.speech, happened, titles)
    return {
        "titles": titles,
        "kinds": _kinds(visit, told) if told.questions else [],
        "groups": [(one, problem_title(visit.speech, one, titles)) for one in groups[:SHOWN]],
        "recent": recent,
        "ages": ages(visit.speech, open_amounts(house, told.pair)),
        "days": by_day(house, pair_id),
        "used": [(side.title, calls_used(house, side.connection)) for side in (told.crm, told.invoicing)],
        **_brake(visit, told),
    }


def _kinds(visit: Visit, told: Standing) -> list[tuple[str, int]]:
    """The open questions by what is asked, the most frequent first."""
    counted: dict[str, int] = {}
    for question in open_questions(visit.house, told.pair.id):
        counted[question.code] = counted.get(question.code, 0) + 1
    return sorted(counted.items(), key=lambda one: -one[1])


def _brake(visit: Visit, told: Standing) -> dict[str, Any]:
    """What going on would allow, if a brake stopped the pair."""
    if told.pair.state != "stopped":
        return {"allowed": None, "deletion": None}
    return {"allowed": about_to_allow(visit.house, told.pair.id), "deletion": parse_policy(told.pair.policy).customers.deletion}
