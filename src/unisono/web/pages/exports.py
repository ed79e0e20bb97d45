"""Lists as files: customers, documents, history, problems, filtered as their pages are. Sent as they are read from the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import cast, get_args

from starlette.responses import Response, StreamingResponse

from unisono.store.customers import FILTERS as CUSTOMERS
from unisono.store.documents import FILTERS as DOCUMENTS
from unisono.store.feed import Sort
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.visit import NotFound, Visit
from unisono.wiring.exporting import LISTS, Cell, Wanted, csv_lines, export

doors = Doors()
_PIECE = 64 * 1024
"""Letters that are sent together."""


@doors.page("/pairs/{pair_id}/exports/{what}", needs="view")
def exported(
    visit: Visitor,
    pair_id: str,
    what: str,
    search: str = "",
    state: str = "",
    kind: str = "",
    customer: str = "",
    record: str = "",
    run: str = "",
    sort: str = "",
    of: str = "",
    group: str = "",
) -> Response:
    """One of the lists, whole; a filter it does not know leaves nothing out, as on its page."""
    row = visit.pair(pair_id)
    if what not in LISTS:
        raise NotFound
    states = CUSTOMERS if what == "customers" else DOCUMENTS
    wanted = Wanted(
        search=search,
        state=state if state in states else "",
        kind=kind,
        customer=customer,
        record=record,
        run=run,
        sort=cast(Sort, sort) if sort in get_args(Sort) else "",
        of=of,
        group=group,
    )
    return as_file(visit, what, export(visit.house, row, what, visit.speech.language, visit.speech.zone, wanted))


def as_file(visit: Visit, name: str, rows: Iterable[Sequence[Cell]]) -> Response:
    """Rows as a file for a spreadsheet, in the reader's language."""
    day = visit.speech.local(visit.house.clock.now()).date()
    headers = {"content-disposition": f'attachment; filename="unisono-{name}-{day}.csv"'}
    return StreamingResponse(_pieces(csv_lines(rows, visit.speech.language)), media_type="text/csv; charset=utf-8", headers=headers)


def _pieces(lines: Iterable[str]) -> Iterator[bytes]:
    """Many lines at once: handing each over by itself would cost more than making it."""
    held: list[str] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= _PIECE:
            yield "".join(held).encode()
            held, size = [], 0
    yield "".join(held).encode()
