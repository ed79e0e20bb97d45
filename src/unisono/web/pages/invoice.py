"""A new invoice for a customer of the CRM: what its draft would hold, one button that makes it, and the way to the page on which it is finished."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from fastapi.responses import StreamingResponse
from starlette.responses import Response

from unisono.model.document import Lines
from unisono.model.errors import SystemFault
from unisono.store.pairs import PairRow
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.live import pieces
from unisono.web.telling import question_text
from unisono.web.visit import Visit
from unisono.wiring.drafting import Card, NoSuchCard, NotPossible, card_if_seen, drafts_here, want
from unisono.wiring.placing import NoEntry, place_entry, take_entry, way_in

doors = Doors()


@doors.page("/pairs/{pair_id}/invoice", needs="view")
def invoice(visit: Visitor, pair_id: str, record: str = "") -> Response:
    """The draft for one record of the CRM; without one, how one gets here. To open it makes nothing."""
    return _page(visit, visit.pair(pair_id), record)


@doors.page("/pairs/{pair_id}/invoice/live", needs="view")
def live(visit: Visitor, pair_id: str, record: str = "") -> StreamingResponse:
    """How far it is, again whenever that changes."""
    row = visit.pair(pair_id)

    def told() -> Iterator[tuple[str, str]]:
        yield "draft", visit.part("invoice/stage.html", **_stage(visit, row, record))

    return pieces(visit.request, told, still=visit.still_in)


@doors.form("/pairs/{pair_id}/invoice", needs="act")
def make(visit: Visitor, pair_id: str) -> Response:
    """Somebody wants the draft."""
    row, record = visit.pair(pair_id), visit.given("record")
    try:
        want(visit.house, row.id, record, visit.by)
    except NoSuchCard:
        return _page(visit, row, record, status=404)
    except NotPossible:
        return _page(visit, row, record, status=422)
    return visit.go(f"/pairs/{row.id}/invoice?record={quote(record, safe='')}")


@doors.form("/pairs/{pair_id}/invoice/entry", needs="admin")
def entry(visit: Visitor, pair_id: str) -> Response:
    """The menu entry is put on the CRM's cards, after a yes, or taken away."""
    row = visit.pair(pair_id)
    away = visit.given("away") == "yes"
    if not away and visit.given("yes") != "yes":
        return _page(visit, row, "", status=422)
    act = take_entry if away else place_entry
    try:
        act(visit.house, row.id, visit.by)
    except NoEntry:
        return _page(visit, row, "", status=422)
    except SystemFault as fault:
        return _page(visit, row, "", trouble=visit.speech.tell(fault.code, fault.values), status=502)
    if away:
        return visit.go(f"/pairs/{row.id}/invoice", "entry-taken")
    return visit.go(f"/pairs/{row.id}/invoice", "entry-placed")


def found_card(visit: Visit, row: PairRow, record: str) -> Card | None:
    """The record as the beginning of an invoice; ``None`` if it is not there, or was not seen yet."""
    return card_if_seen(visit.house, row.id, record) if record else None


def _page(visit: Visit, row: PairRow, record: str, *, trouble: str = "", status: int = 200) -> Response:
    return visit.page(
        "invoice/invoice.html",
        pair=row,
        status=404 if record and status == 200 and found_card(visit, row, record) is None else status,
        way=way_in(visit.house, row.id) if drafts_here(visit.house, row) else None,
        trouble=trouble,
        **_stage(visit, row, record),
    )


def _stage(visit: Visit, row: PairRow, record: str) -> dict[str, object]:
    found, titles = found_card(visit, row, record), visit.titles(row)
    lines = found.paper.lines if found is not None else None
    why = found.why_not if found is not None else None
    return {
        "record": record,
        "card": found,
        "base": f"/pairs/{row.id}",
        "titles": titles,
        "rows": lines.rows if isinstance(lines, Lines) else (),
        "why_not": visit.speech.tell(why.code, why.values, kind="invoice", titles=titles) if why is not None else "",
        "questions": [(one, question_text(visit.speech, one, titles)) for one in (found.questions if found is not None else ())],
        "problems": [
            visit.speech.tell(one.code, one.values, name=one.label, field=one.field, kind=one.kind, titles=titles, led=False)
            for one in (found.problems if found is not None else ())
        ],
        "token": visit.token,
        "may_act": visit.may("act"),
    }
