"""The start: whoever has one pair sees how it stands, whoever looks after several sees which of them need somebody."""

from __future__ import annotations

from starlette.responses import Response

from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.navigation import Entry
from unisono.web.pages.pair import show_pair
from unisono.wiring.people import firms_of
from unisono.wiring.standing import by_day, calls_used, standings

doors = Doors()
ENTRIES = (Entry(code="nav.firms", icon="firms", path="/firms", group="house", order=900),)


@doors.page("/", needs="view")
def home(visit: Visitor) -> Response:
    """One pair: its page. Several, or none: the list."""
    found = standings(visit.house, visit.somebody.firms)
    return show_pair(visit, found[0].pair) if len(found) == 1 else _list(visit)


@doors.page("/firms", needs="view")
def firms(visit: Visitor) -> Response:
    """Every firm and pair one looks after."""
    return _list(visit)


def _list(visit: Visitor) -> Response:
    found = standings(visit.house, visit.somebody.firms)
    names = {firm["id"]: firm["name"] for firm in firms_of(visit.house, visit.somebody)}
    rows = [
        {
            "standing": one,
            "firm": names.get(one.pair.firm, ""),
            "days": by_day(visit.house, one.pair.id),
            "used": [calls_used(visit.house, side.connection) for side in (one.crm, one.invoicing)],
        }
        for one in found
    ]
    wanted = visit.request.query_params.get("show", "")
    kinds = {
        "": len(found),
        "needs": sum(bool(one.needs_somebody) for one in found),
        "in-step": sum(one.answer == "in-step" for one in found),
    }
    kept = [row for row, one in zip(rows, found, strict=True) if _shown(wanted, one.needs_somebody, one.answer)]
    return visit.page("home/firms.html", rows=kept, kinds=kinds, wanted=wanted, firms=len(names))


def _shown(wanted: str, needs: int, answer: str) -> bool:
    return not wanted or (wanted == "needs" and needs > 0) or wanted == answer
