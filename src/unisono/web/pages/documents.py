"""Documents: quotes, invoices and their kin, what is still to be paid, one of them with its lines, and its rendered file."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import quote

from starlette.responses import Response

from unisono.model.codes import QUOTATION
from unisono.model.document import Document, Lines, NotReadable
from unisono.model.errors import SystemFault
from unisono.store.documents import AGES, FILTERS, Open, Place
from unisono.store.pairs import PairRow
from unisono.web import charts
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.navigation import Entry
from unisono.web.speech import Speech
from unisono.web.telling import lines
from unisono.web.visit import Foreign, NotFound, Visit
from unisono.wiring.documents import (
    NoSuchDocument,
    Paper,
    count_documents,
    fetch_paper,
    files_of,
    filing_of,
    list_documents,
    open_amounts,
    paper,
    today_of,
)
from unisono.wiring.exporting import SORTS
from unisono.wiring.standing import titles_of

doors = Doors()
ENTRIES = (Entry(code="nav.documents", icon="doc", path="/pairs/{pair}/documents", group="daily", order=50),)
PAGE = 50
KEPT_APART = "sandbox; default-src 'none'"
"""What a file of somebody else's may do, should a browser show it after all: nothing."""


@doors.page("/pairs/{pair_id}/documents", needs="view")
def documents(
    visit: Visitor, pair_id: str, search: str = "", kind: str = "", state: str = "", customer: str = "", after: str = ""
) -> Response:
    """A page of them, the newest first."""
    row = visit.pair(pair_id)
    chosen = state if state in FILTERS else ""
    counted = count_documents(visit.house, row, kind)
    found, more = list_documents(
        visit.house, row, search=search, kind=kind, state=chosen, customer=customer, after=place_of(after), limit=PAGE
    )
    with visit.house.store.read() as conn:
        titles, today = titles_of(visit.house, conn, row.id), today_of(visit.house, conn, row)
        filing = filing_of(visit.house, conn, row)
    return visit.page(
        "documents/documents.html",
        pair=row,
        titles=titles,
        sorts=SORTS,
        counted=counted,
        filters=[one for one in FILTERS if not one or one == chosen or counted.of(one)],
        rows=found,
        today=today,
        side_of={row.a: "a", row.b: "b"},
        filing=filing,
        files=files_of(visit.house, row, found) if filing.possible else {},
        ages=ages(visit.speech, open_amounts(visit.house, row)),
        search=search,
        kind=kind,
        state=chosen,
        customer=customer,
        more=text_of(more) if more else "",
        first=not after,
    )


@doors.page("/pairs/{pair_id}/documents/{record:path}/pdf", needs="view")
def pdf(visit: Visitor, pair_id: str, record: str) -> Response:
    """The rendered file, asked of the other system now; kept, never shown."""
    row = visit.pair(pair_id)
    # It costs a call of the other system's allowance: a page of somebody else's must not be able to spend it.
    if visit.request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise Foreign
    try:
        return sent_file(visit, row, record)
    except SystemFault as fault:
        found = document_of(visit, row, record)
        with visit.house.store.read() as conn:
            titles = titles_of(visit.house, conn, row.id)
        told = visit.speech.tell(fault.code, fault.values, name=found.listed.number, kind=found.listed.kind, titles=titles, led=False)
        return visit.page("documents/nofile.html", status=502, pair=row, titles=titles, paper=found, told=told, raw=fault.raw)


@doors.page("/pairs/{pair_id}/documents/{record:path}", needs="view")
def document(visit: Visitor, pair_id: str, record: str) -> Response:
    """One document."""
    row = visit.pair(pair_id)
    found = document_of(visit, row, record)
    with visit.house.store.read() as conn:
        titles, today = titles_of(visit.house, conn, row.id), today_of(visit.house, conn, row)
        filing = filing_of(visit.house, conn, row)
    body = found.body
    return visit.page(
        "documents/document.html",
        pair=row,
        titles=titles,
        sorts=SORTS,
        paper=found,
        one=found.listed,
        body=body,
        today=today,
        filing=filing,
        rows=body.lines.rows if isinstance(body.lines, Lines) else (),
        hidden=isinstance(body.lines, NotReadable),
        beside=_beside(visit.speech, found),
        lines=lines(visit.speech, found.happened, titles),
    )


def document_of(visit: Visit, row: PairRow, record: str) -> Paper:
    """One document of a pair. Raises ``NotFound``."""
    try:
        return paper(visit.house, row, record)
    except NoSuchDocument:
        raise NotFound from None


def sent_file(visit: Visit, row: PairRow, record: str) -> Response:
    """The rendered file as an attachment. Raises ``NotFound``, ``SystemFault``."""
    try:
        name, body = fetch_paper(visit.house, row, record)
    except NoSuchDocument:
        raise NotFound from None
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    headers = {
        "content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}",
        "content-security-policy": KEPT_APART,
    }
    return Response(body, media_type="application/pdf", headers=headers)


def place_of(text: str) -> Place:
    """Where a page begins, from its address; anything unreadable is the beginning."""
    parts = text.split("~", 2)
    return Place(*parts) if len(parts) == 3 else Place()


def text_of(place: Place) -> str:
    """The reverse."""
    return f"{place.day}~{place.kind}~{place.key}"


def ages(speech: Speech, found: list[Open]) -> list[dict[str, object]]:
    """What charts of open amounts are made of, one a currency."""
    out: list[dict[str, object]] = []
    for one in found:
        names = [str(speech.words(f"age.{age}")) for age in AGES]
        told = [speech.amount(value, one.currency) for value in one.sums]
        sentence = str(speech.words("documents.ages-told", total=speech.amount(one.total, one.currency), parts=_listing(names, told)))
        out.append(
            {
                "currency": one.currency,
                "total": speech.amount(one.total, one.currency),
                "overdue": speech.amount(one.overdue, one.currency) if one.overdue else "",
                "plot": charts.ages(one.sums, sentence) + charts.names(names),
                "rows": list(zip(names, told, [speech.number(count) for count in one.counts], strict=True)),
            }
        )
    return out


def _listing(names: list[str], amounts: list[str]) -> str:
    return ", ".join(f"{name}: {amount}" for name, amount in zip(names, amounts, strict=True))


def _beside(speech: Speech, found: Paper) -> list[tuple[str, str, str, str]]:
    """A document and the record it is linked with, as rows of a comparison; what neither has is left out."""
    if found.counterpart is None:
        return []
    here, there = _facts(speech, found.body), _facts(speech, found.counterpart.record.body)
    crm, invoicing = (here, there) if found.side == "a" else (there, here)
    rows = []
    for name in crm:
        a, b = crm[name], invoicing[name]
        if a or b:
            rows.append((speech.field(name, found.listed.kind), a, b, "same" if a == b else "differs" if a and b else "apart"))
    return rows


def _facts(speech: Speech, body: object) -> dict[str, str]:
    assert isinstance(body, Document)

    def amount(value: Decimal | None) -> str:
        return speech.amount(value, body.currency) if value is not None else ""

    return {
        "title": body.title,
        "number": body.number,
        "date": speech.value("date", body.date.isoformat()) if body.date else "",
        "net": amount(body.net if body.net is not None else body.value if body.basis == "net" else None),
        "gross": amount(body.gross if body.gross is not None else body.value if body.basis == "gross" else None),
        "value": amount(body.value if body.basis == "unknown" else None),
        "answer": str(speech.words(f"state.{body.answer}", level=body.dunning)) if body.type_code == QUOTATION else "",
    }
