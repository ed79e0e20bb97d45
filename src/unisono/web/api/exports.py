"""Lists as CSV, the same as the pages hand out."""

from __future__ import annotations

from starlette.responses import Response

from unisono.store.feed import Sort
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.pages.exports import exported as sent
from unisono.wiring.exporting import What

doors = Doors("exports")


@doors.get("/pairs/{pair_id}/exports/{what}", needs="view", response_class=Response)
def exported(
    visit: Visitor,
    pair_id: str,
    what: What,
    search: str = "",
    state: str = "",
    kind: str = "",
    customer: str = "",
    record: str = "",
    run: str = "",
    sort: Sort = "",
    of: str = "",
    group: str = "",
) -> Response:
    """A list, whole, in the reader's language; filtered as its page is."""
    return sent(visit, pair_id, what, search, state, kind, customer, record, run, sort, of, group)
