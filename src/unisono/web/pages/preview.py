"""What the next run would do: made aside, shown record by record with before and after and the reason, and released exactly as it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Query
from fastapi.responses import StreamingResponse
from starlette.responses import Response

from unisono.store import runs
from unisono.store.pairs import PairRow
from unisono.store.runs import Run
from unisono.web.doors import Doors
from unisono.web.filtering import Filter, filter_of, rows_of
from unisono.web.gate import Visitor
from unisono.web.live import pieces
from unisono.web.navigation import Entry
from unisono.web.planned import groups, lacking, planned
from unisono.web.visit import Visit
from unisono.wiring.making import Making, Previews
from unisono.wiring.previewing import VERDICTS, WRITING, behind, progress

doors = Doors()
ENTRIES = (Entry(code="nav.preview", icon="half", path="/pairs/{pair}/preview", group="setup", order=70),)


@doors.page("/pairs/{pair_id}/preview", needs="view")
def preview(
    visit: Visitor,
    pair_id: str,
    verdict: Annotated[list[str] | None, Query()] = None,
    kind: str = "",
    search: str = "",
    mark: str = "",
    after: int = 0,
) -> Response:
    """The preview there is, or how far the one is that is being made."""
    row = visit.pair(pair_id)
    making = previews(visit).standing(row.id)
    if making is not None and making.stage != "failed":
        return visit.page("preview/making.html", pair=row, making=making)
    with visit.house.store.read() as conn:
        latest = next((r for r in runs.runs(conn, row.id) if r.kind in runs.PLANNED_KINDS and r.state != "planning"), None)
    values: dict[str, Any] = {"made": None, "latest": latest, "failed": _failed(visit, making)}
    if latest is not None and latest.state == "previewed":
        values |= _shown(visit, row, latest, filter_of(verdict, kind, search, after, mark=mark))
    return visit.page("preview/preview.html", pair=row, **values)


@doors.form("/pairs/{pair_id}/preview", needs="act")
def make(visit: Visitor, pair_id: str) -> Response:
    """Both sides are read and everything is planned; nothing is written."""
    row = visit.pair(pair_id)
    previews(visit).make(row.id)
    return visit.go(f"/pairs/{row.id}/preview")


@doors.page("/pairs/{pair_id}/preview/live", needs="view")
def live(visit: Visitor, pair_id: str) -> StreamingResponse:
    """How far the preview is, and that it is there."""
    row = visit.pair(pair_id)

    def told() -> Iterator[tuple[str, str]]:
        yield "making", visit.part("preview/stage.html", making=previews(visit).standing(row.id), to=f"/pairs/{row.id}/preview")

    return pieces(visit.request, told, still=visit.still_in)


def previews(visit: Visit) -> Previews:
    """Who makes previews in this process."""
    found: Previews = visit.request.app.state.previews
    return found


def _failed(visit: Visit, making: Making | None) -> str:
    return visit.speech.tell(making.code, making.values) if making is not None else ""


def _shown(visit: Visit, row: PairRow, made: Run, wanted: Filter) -> dict[str, Any]:
    told = progress(visit.house, made.id)
    counts = {one: sum(n for (v, _), n in told.rows.items() if v == one) for one in VERDICTS}
    counts = {one: n for one, n in counts.items() if n}
    chosen = wanted.otherwise([*counts][:1])
    titles = visit.titles(row)
    rows, more = rows_of(visit.house, made.id, chosen)
    left = groups(visit.speech, behind(visit.house, made), titles)
    return {
        "made": made,
        "counts": counts,
        "chosen": chosen,
        "titles": titles,
        "rows": planned(visit.speech, rows, titles),
        "more": more,
        "refused": [one for one in left if one.held],
        "held": made.sheet.get("held", 0),
        "behind": [one for one in left if not one.held],
        "marked": next((one for one in left if chosen.mark and (one.mark, one.kind) == (chosen.mark, chosen.kind)), None),
        "cannot": lacking(visit.speech, made.sheet.get("cannot", ()), titles),
        "writing": sum(counts.get(one, 0) for one in WRITING),
        "forecast": _forecast(made, titles),
        "seconds": told.seconds_left,
    }


def _forecast(made: Run, titles: Any) -> list[dict[str, Any]]:
    """What it costs on either side: calls, and seconds under the vendor's limits."""
    calls, listing, seconds = (made.sheet.get(name, {}) for name in ("calls", "listing", "seconds"))
    return [
        {
            "side": mark,
            "title": titles[name],
            "calls": sum(calls.get(side, {}).values()) + listing.get(side, 0),
            "seconds": seconds.get(side, 0),
        }
        for side, mark, name in (("a", "crm", "crm"), ("b", "inv", "invoicing"))
    ]
