"""Documents: quotes, invoices and their kin, what is still to be paid, one of them whole, and its rendered file."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from unisono.model.document import Lines
from unisono.store.documents import AGES, Filter, Listed, Open
from unisono.store.pairs import PairRow
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.pages.documents import document_of, place_of, sent_file, text_of
from unisono.wiring.documents import files_of, list_documents, open_amounts, today_of

doors = Doors("documents")


class DocumentOut(BaseModel):
    """A document of the list. Amounts are exact texts with VAT, dates ISO 8601; an empty text is none. ``type`` is UNTDID 1001 or ``receipt``."""

    record: str
    customer: str
    customer_name: str
    type: str
    number: str
    title: str
    date: str
    due: str
    days_overdue: int
    state: str
    dunning: int
    currency: str
    gross: str
    open: str
    filed: bool = False
    file_filed: bool = False


class DocumentsOut(BaseModel):
    """A page, newest first; ``more`` asks for the next one as ``after``, empty at the end."""

    documents: list[DocumentOut]
    more: str


class OpenOut(BaseModel):
    """What is still to be paid in a currency, by how long it has been overdue: ``not-due``, up to ``30`` days, up to ``60``, ``more``."""

    currency: str
    total: str
    overdue: str
    by_age: dict[str, str]
    documents: dict[str, int]


class LineOut(BaseModel):
    """A line; an amount the system does not tell is empty."""

    name: str
    number: str
    quantity: str
    unit: str
    price: str
    vat_rate: str
    net: str
    gross: str


class TaxOut(BaseModel):
    """What falls to one VAT rate."""

    rate: str
    net: str
    vat: str


class DocumentWholeOut(DocumentOut):
    """A document with its lines. ``lines_known``: whether the system shows them; ``basis``: whether prices have VAT in them."""

    basis: str
    net: str
    vat: str
    paid: str
    paid_date: str
    lines_known: bool
    lines: list[LineOut]
    taxes: list[TaxOut]
    page: str
    has_file: bool
    counterpart: str


@doors.get("/pairs/{pair_id}/documents", needs="view")
def documents(
    visit: Visitor,
    pair_id: str,
    search: str = "",
    kind: str = "",
    state: Filter = "",
    customer: str = "",
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> DocumentsOut:
    """Documents. ``search`` looks at number, title and the customer's name; ``kind`` is a type, ``customer`` a record."""
    row = visit.pair(pair_id)
    found, more = list_documents(
        visit.house, row, search=search, kind=kind, state=state, customer=customer, after=place_of(after), limit=limit
    )
    files = files_of(visit.house, row, found)
    with visit.house.store.read() as conn:
        today = today_of(visit.house, conn, row)
    return DocumentsOut(documents=[listed_out(row, one, today, files.get(one.key)) for one in found], more=text_of(more) if more else "")


@doors.get("/pairs/{pair_id}/open-amounts", needs="view")
def amounts(visit: Visitor, pair_id: str) -> list[OpenOut]:
    """What is still to be paid, the currency with most documents first."""
    return [open_out(one) for one in open_amounts(visit.house, visit.pair(pair_id))]


@doors.get("/pairs/{pair_id}/documents/{record:path}/pdf", needs="view", response_class=Response)
def pdf(visit: Visitor, pair_id: str, record: str) -> Response:
    """The rendered file, asked of the other system now."""
    return sent_file(visit, visit.pair(pair_id), record)


@doors.get("/pairs/{pair_id}/documents/{record:path}", needs="view")
def document(visit: Visitor, pair_id: str, record: str) -> DocumentWholeOut:
    """One document, by its record (``b:invoice:invoice:12``)."""
    row = visit.pair(pair_id)
    found = document_of(visit, row, record)
    with visit.house.store.read() as conn:
        today = today_of(visit.house, conn, row)
    body = found.body
    lines = body.lines.rows if isinstance(body.lines, Lines) else ()
    there = found.counterpart.record if found.counterpart else None
    return DocumentWholeOut(
        **listed_out(row, found.listed, today, found.filed).model_dump(),
        basis=body.basis,
        net=_text(body.net),
        vat=_text(body.vat),
        paid=_text(body.paid_amount),
        paid_date=body.paid_date.isoformat() if body.paid_date else "",
        lines_known=isinstance(body.lines, Lines),
        lines=[
            LineOut(
                name=line.name,
                number=line.number,
                quantity=_text(line.quantity),
                unit=line.unit,
                price=_text(line.price),
                vat_rate=_text(line.vat_rate),
                net=_text(line.net),
                gross=_text(line.gross),
            )
            for line in lines
        ],
        taxes=[TaxOut(rate=_text(one.rate), net=_text(one.net), vat=_text(one.vat)) for one in found.taxes],
        page=found.page,
        has_file=found.has_file,
        counterpart=f"{'b' if found.side == 'a' else 'a'}:{there.kind}:{there.key}" if there else "",
    )


def listed_out(row: PairRow, one: Listed, today: dt.date, filed: dict[str, str] | None = None) -> DocumentOut:
    """A document of a list, for a program."""
    side = "a" if one.connection == row.a else "b"
    return DocumentOut(
        record=f"{side}:{one.kind}:{one.key}",
        customer=f"{side}:party:{one.owner}" if one.owner else "",
        customer_name=one.customer,
        type=one.type,
        number=one.number,
        title=one.title,
        date=one.day,
        due=one.due,
        days_overdue=one.days_late(today),
        state=one.state,
        dunning=one.dunning,
        currency=one.currency,
        gross=one.gross,
        open=_text(one.open) if one.is_open else "",
        filed=filed is not None,
        file_filed=filed is not None and filed.get("files", "0") != "0",
    )


def open_out(one: Open) -> OpenOut:
    """Open amounts, for a program."""
    return OpenOut(
        currency=one.currency,
        total=_text(one.total),
        overdue=_text(one.overdue),
        by_age={age: _text(value) for age, value in zip(AGES, one.sums, strict=True)},
        documents=dict(zip(AGES, one.counts, strict=True)),
    )


def _text(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"
