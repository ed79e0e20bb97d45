"""The guided page of the demo: three stories to try out at the pretended systems, ticked off as they happen. Its doors exist in the demo only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi.responses import StreamingResponse
from starlette.responses import RedirectResponse, Response

from unisono.locale.say import say
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.live import pieces
from unisono.web.navigation import Entry
from unisono.web.pages.signin import let_in
from unisono.web.site import is_loopback
from unisono.web.telling import Line, lines
from unisono.web.visit import NotFound, Visit
from unisono.wiring.guiding import STORIES, Guide
from unisono.wiring.previewing import progress
from unisono.wiring.standing import standing

doors = Doors()
ENTRIES = (Entry(code="nav.demo", icon="play", path="/demo", group="house", order=1),)
ANCHORS = {
    "to-invoicing": (("crm", "#companies"),),
    "to-crm": (("inv", "#kunden"),),
    "pdf": (("inv", "#angebote"), ("crm", "#protocols")),
    "broken": (("inv", "#switch"),),
    "mended": (("inv", "#switch"),),
}
"""Step -> where it is played: side, and the place on that page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step as the page shows it."""

    code: str
    done: bool
    line: Line | None
    ways: tuple[tuple[str, str, str], ...]
    """(side, system, address)"""


def guide_of(visit: Visit) -> Guide:
    """The demo's own. Raises ``NotFound`` where this is no demo."""
    guide: Guide | None = visit.request.app.state.guide
    if guide is None:
        raise NotFound
    return guide


@doors.page("/demo/in", needs="open")
def come_in(visit: Visitor, once: str = "") -> Response:
    """A one-time link, from this machine: whoever opens it first is the visitor."""
    guide, client = guide_of(visit), visit.request.client
    let = None
    if client is not None and is_loopback(client.host):
        language = guide.language or visit.speech.language
        let = guide.come_in(once, say("demo.visitor", {}, language), language, visit.request.headers.get("user-agent", ""))
    if let is not None:
        return let_in(visit, let, "/demo")
    # The link again in a browser that is in already: no reason to turn anybody away.
    return RedirectResponse("/demo", 303) if visit.user is not None else visit.page("demo/closed.html", status=403)


@doors.page("/demo", needs="view")
def demo(visit: Visitor) -> Response:
    """The page."""
    guide = guide_of(visit)
    return visit.page("demo/demo.html", guide=guide, anew=False, **_told(visit, guide))


@doors.page("/demo/live", needs="view")
def live(visit: Visitor, early: str = "") -> StreamingResponse:
    """What changes on it; ``early`` says that the page was opened before there was a pair."""
    guide = guide_of(visit)

    def told() -> Iterator[tuple[str, str]]:
        values = _told(visit, guide)
        anew = bool(early) and values["standing"] is not None
        yield "standing", visit.part("demo/standing.html", guide=guide, anew=anew, **values)
        for story in STORIES:
            yield story, visit.part("demo/steps.html", guide=guide, steps=values["stories"][story])

    return pieces(visit.request, told, still=visit.still_in)


def _told(visit: Visit, guide: Guide) -> dict[str, Any]:
    guide.look()
    made = standing(visit.house, guide.pair) if guide.pair else None
    titles: dict[str, str] = {}
    if made is not None:
        titles = dict(visit.titles(made.pair))
    return {
        "standing": made,
        "run": progress(visit.house, guide.run) if guide.run else None,
        "stories": {story: [_tried_out(visit, guide, code, titles) for code in steps] for story, steps in STORIES.items()},
    }


def _tried_out(visit: Visit, guide: Guide, code: str, titles: dict[str, str]) -> Step:
    happened = guide.done.get(code)
    played = {one.side: one for one in (guide.crm, guide.invoicing)}
    ways = tuple((side, played[side].title, played[side].page + anchor) for side, anchor in ANCHORS[code])
    line = next(iter(lines(visit.speech, [happened], titles)), None) if happened is not None else None
    return Step(code=code, done=code in guide.done, line=line, ways=ways)
