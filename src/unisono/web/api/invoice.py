"""A new invoice for a customer of the CRM: what its draft would hold, the wish for it, and what became of it."""

from __future__ import annotations

from fastapi import HTTPException
from pydantic import BaseModel

from unisono.model.document import Lines
from unisono.model.money import plain
from unisono.store.pairs import PairRow
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.pages.invoice import found_card
from unisono.web.visit import NotFound, Visit
from unisono.wiring.drafting import NoSuchCard, NotPossible, want
from unisono.wiring.placing import NoEntry, place_entry, take_entry, way_in

doors = Doors("invoice")


class LineOut(BaseModel):
    """A line of the draft."""

    name: str
    quantity: str
    unit: str
    price: str
    vat_rate: str


class MadeOut(BaseModel):
    """A draft that was made, and the page on which people finish it."""

    key: str
    page: str
    at: str
    number: str


class CardOut(BaseModel):
    """A record of the CRM as the beginning of an invoice. ``why_not`` is a code: why no draft can be made; empty if one can."""

    customer: str
    label: str
    known: bool
    pending: bool
    why_not: str
    basis: str
    currency: str
    lines: list[LineOut]
    made: list[MadeOut]
    questions: int
    problems: int


class WantIn(BaseModel):
    """The record's key in the CRM: ``company:7``, ``deal:5``."""

    record: str


class EntryIn(BaseModel):
    """The yes to a write into the CRM; ``away`` takes the entry away again."""

    yes: bool = False
    away: bool = False


class WayOut(BaseModel):
    """How one gets from the CRM to a new invoice: ``button`` (a menu entry), ``link`` (the login may place none)."""

    means: str
    placed: bool
    why_not: str


@doors.get("/pairs/{pair_id}/invoice", needs="view")
def invoice(visit: Visitor, pair_id: str, record: str) -> CardOut:
    """What a draft would hold, and how far it is. Nothing is made by asking."""
    return _card(visit, visit.pair(pair_id), record)


@doors.post("/pairs/{pair_id}/invoice", needs="act")
def make(visit: Visitor, pair_id: str, given: WantIn) -> CardOut:
    """Has a draft made with the pair's next turn, its customer first."""
    row = visit.pair(pair_id)
    try:
        want(visit.house, row.id, given.record, visit.by)
    except NoSuchCard:
        raise NotFound from None
    except NotPossible:
        raise HTTPException(409) from None
    return _card(visit, row, given.record)


@doors.post("/pairs/{pair_id}/invoice/entry", needs="admin")
def entry(visit: Visitor, pair_id: str, given: EntryIn) -> WayOut:
    """Puts the menu entry on the CRM's cards, or takes it away."""
    row = visit.pair(pair_id)
    if not (given.yes or given.away):
        raise HTTPException(422)
    try:
        act = take_entry if given.away else place_entry
        act(visit.house, row.id, visit.by)
    except NoEntry:
        raise HTTPException(409) from None
    way = way_in(visit.house, row.id)
    return WayOut(means=way.means, placed=way.placed, why_not=way.why_not)


def _card(visit: Visit, row: PairRow, record: str) -> CardOut:
    found = found_card(visit, row, record)
    if found is None:
        raise NotFound
    rows = found.paper.lines.rows if isinstance(found.paper.lines, Lines) else ()
    return CardOut(
        customer=found.customer,
        label=found.label,
        known=found.known,
        pending=found.pending,
        why_not=found.why_not.code if found.why_not is not None else "",
        basis=found.paper.basis,
        currency=found.paper.currency,
        lines=[
            LineOut(
                name=line.name,
                quantity=plain(line.quantity),
                unit=line.unit,
                price=plain(line.price),
                vat_rate="" if line.vat_rate is None else plain(line.vat_rate),
            )
            for line in rows
        ],
        made=[MadeOut(key=one.key, page=one.page, at=one.at, number=one.number) for one in found.made],
        questions=len(found.questions),
        problems=len(found.problems),
    )
