"""Customers: everybody both systems know, found without regard to diacritics; and one of them with both sides beside each other."""

from __future__ import annotations

from starlette.responses import Response

from unisono.store.customers import FILTERS
from unisono.store.pairs import PairRow
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.navigation import Entry
from unisono.web.telling import lines, question_text
from unisono.web.visit import NotFound, Visit
from unisono.wiring.customers import About, NoSuchCustomer, count_customers, customer_about, list_customers
from unisono.wiring.documents import today_of
from unisono.wiring.drafting import drafts_here
from unisono.wiring.exporting import SORTS
from unisono.wiring.standing import titles_of

doors = Doors()
ENTRIES = (Entry(code="nav.customers", icon="people", path="/pairs/{pair}/customers", group="daily", order=40),)
PAGE = 50
LAST = 2**60
"""No number in an address is taken for a greater one."""


@doors.page("/pairs/{pair_id}/customers", needs="view")
def customers(visit: Visitor, pair_id: str, search: str = "", state: str = "", after: str = "") -> Response:
    """A page of them, by name."""
    row = visit.pair(pair_id)
    chosen = state if state in FILTERS else ""
    since = place_of(after)
    found, more = list_customers(visit.house, row, search=search, state=chosen, after=since, limit=PAGE)
    with visit.house.store.read() as conn:
        titles = titles_of(visit.house, conn, row.id)
    return visit.page(
        "customers/customers.html",
        pair=row,
        titles=titles,
        filters=FILTERS,
        counts=count_customers(visit.house, row),
        rows=found,
        why={one.id: visit.speech.tell(one.why.code, one.why.values, kind="party", titles=titles, led=False) for one in found if one.why},
        search=search,
        state=chosen,
        more=more,
        first=not since,
        invoices=drafts_here(visit.house, row),
    )


@doors.page("/pairs/{pair_id}/customers/{customer:path}", needs="view")
def customer(visit: Visitor, pair_id: str, customer: str) -> Response:
    """One customer, by its link or its record."""
    row = visit.pair(pair_id)
    found = about(visit, row, customer)
    with visit.house.store.read() as conn:
        titles, today = titles_of(visit.house, conn, row.id), today_of(visit.house, conn, row)
    why = found.customer.why
    return visit.page(
        "customers/customer.html",
        pair=row,
        titles=titles,
        sorts=SORTS,
        about=found,
        one=found.customer,
        invoice_from=found.both.a.record.key if found.both.a and not found.both.a.gone and drafts_here(visit.house, row) else "",
        today=today,
        why=visit.speech.tell(why.code, why.values, kind="party", titles=titles, led=False) if why else "",
        questions=[(question, question_text(visit.speech, question, titles)) for question in found.questions],
        problems=[
            visit.speech.tell(p.code, p.values, name=p.label, field=p.field, kind=p.kind, titles=titles, led=False) for p in found.problems
        ],
        lines=lines(visit.speech, found.happened, titles),
    )


def place_of(text: str) -> int:
    """Where a page begins, from its address; anything unreadable is the beginning."""
    return min(int(text), LAST) if text.isascii() and text.isdecimal() and len(text) < 20 else 0


def about(visit: Visit, row: PairRow, address: str) -> About:
    """One customer of a pair. Raises ``NotFound``."""
    try:
        return customer_about(visit.house, row, address)
    except NoSuchCustomer:
        raise NotFound from None
