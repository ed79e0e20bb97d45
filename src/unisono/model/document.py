"""Quotes, orders, invoices and their kin. Amounts and lines carry the names of EN 16931; its rules hold for invoices and credit notes only."""

from __future__ import annotations

import datetime as dt
import hashlib
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from unisono.model.codes import QUOTATION
from unisono.model.money import Basis, cents, plain

Stage = Literal["draft", "issued", "sent", "cancelled"]
Answer = Literal["open", "accepted", "rejected"]
Paid = Literal["none", "part", "full"]
State = Literal["draft", "issued", "sent", "accepted", "rejected", "part-paid", "paid", "overdue", "reminded", "cancelled"]
"""Where a document stands, in one word: what people ask first of its four axes."""


class Line(Struct, frozen=True, kw_only=True):
    """A line (BG-25). ``price`` is per unit on the document's basis; ``net``/``gross`` are the line's totals where the system names them."""

    name: str
    quantity: Decimal = Decimal(1)
    unit: str = ""
    price: Decimal = Decimal(0)
    vat_rate: Decimal | None = None
    """Percent (BT-152); ``None`` where the system does not say."""
    number: str = ""
    """Article number (BT-155)."""
    net: Decimal | None = None
    gross: Decimal | None = None


class Lines(Struct, frozen=True):
    """The lines of a document that can be read."""

    rows: tuple[Line, ...]


class NotGiven(Struct, frozen=True):
    """The kind of record has no lines at all (a CRM's deal with one amount)."""

    none: Literal[True] = True


class NotReadable(Struct, frozen=True):
    """There are lines, but the system does not show them: never to be read as an empty document."""

    hidden: Literal[True] = True


class Document(Struct, frozen=True, kw_only=True):
    """A quote, order, invoice, credit note, pro forma or receipt. The customer is the record's owner.

    Four axes of state instead of one word: ``stage``, ``answer``, ``paid``, ``dunning``. "Overdue" is computed, see ``overdue``.
    """

    type_code: str
    """UNTDID 1001 (``codes.py``) or ``receipt``."""
    title: str = ""
    number: str = ""
    date: dt.date | None = None
    due: dt.date | None = None
    """Payment due (BT-9); of a quote: valid until."""
    currency: str = "EUR"
    basis: Basis = "unknown"
    lines: Lines | NotGiven | NotReadable = NotGiven()
    value: Decimal | None = None
    """The one amount of a deal without lines, on ``basis``."""
    quantity: Decimal | None = None
    unit: str = ""
    net: Decimal | None = None
    vat: Decimal | None = None
    gross: Decimal | None = None
    stage: Stage = "draft"
    answer: Answer = "open"
    paid: Paid = "none"
    paid_amount: Decimal | None = None
    paid_date: dt.date | None = None
    dunning: int = 0
    text: str = ""
    reference: str = ""
    """Our own reference found in the document: that of the CRM record it was made from."""
    preceding: str = ""
    """Key of the document it follows from (a credit note's invoice, an invoice's quote), where the system names it."""
    file_url: str = ""
    """Where the vendor offers the rendered file. May be a link that opens without login: never shown or logged unless the policy says so."""
    view_url: str = ""
    """The page for staff, behind the vendor's login."""
    contact: str = ""


class Note(Struct, frozen=True, kw_only=True):
    """A note on one or several records of a CRM. ``about`` holds their keys, most specific first; ``text`` ends with our language-free marker."""

    title: str
    text: str
    about: tuple[str, ...] = ()
    reference: str = ""


class File(Struct, frozen=True, kw_only=True):
    """A file on a note. The bytes are not in the value: ``path`` names where they lie while being handed over, ``sha256`` tells them apart."""

    name: str
    media_type: str = "application/pdf"
    size: int = 0
    sha256: str = ""
    path: str = ""


class Tag(Struct, frozen=True, kw_only=True):
    """A tag on a record (its owner). Only tags a policy watches are seen as records of their own."""

    name: str


def overdue(document: Document, today: dt.date) -> bool:
    """Whether an issued document is past due and not wholly paid on ``today`` (the firm's date)."""
    open_ = document.stage in ("issued", "sent") and document.paid != "full"
    return open_ and document.due is not None and document.due < today


def state_of(document: Document, today: dt.date | None = None) -> State:
    """Where a document stands. It is overdue only for whoever says which day it is."""
    if document.stage == "cancelled":
        return "cancelled"
    if document.paid != "none":
        return "paid" if document.paid == "full" else "part-paid"
    if document.dunning:
        return "reminded"
    if document.answer != "open":
        return document.answer
    return "overdue" if today is not None and document.type_code != QUOTATION and overdue(document, today) else document.stage


def version_of(document: Document) -> str:
    """A hash of the document's own fields (number, state, totals, lines, dates): what decides that its file must be fetched again.

    Links are left out, since vendors issue a new one with each reading.
    """
    lines = document.lines.rows if isinstance(document.lines, Lines) else ()
    parts = [
        document.type_code,
        document.title,
        document.number,
        str(document.date or ""),
        str(document.due or ""),
        document.currency,
        document.stage,
        document.answer,
        document.paid,
        _text(document.paid_amount),
        str(document.paid_date or ""),
        str(document.dunning),
        _text(document.net),
        _text(document.vat),
        _text(document.gross),
        document.text,
        *(f"{line.name}|{_text(line.quantity)}|{line.unit}|{_text(line.price)}|{_text(line.vat_rate)}|{line.number}" for line in lines),
    ]
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=12).hexdigest()


def adds_up(document: Document) -> str:
    """Checks header totals and line sums to the cent; returns which sum is off and by how much, or ``""``.

    Unit prices are derived and not compared. Documents whose totals or lines the system does not name pass.
    """
    net, vat, gross = document.net, document.vat, document.gross
    if net is not None and vat is not None and gross is not None and cents(net + vat) != cents(gross):
        return f"net {plain(net)} + VAT {plain(vat)} != gross {plain(gross)}"
    rows = document.lines.rows if isinstance(document.lines, Lines) else ()
    for name, total in (("net", net), ("gross", gross)):
        sums = [getattr(row, name) for row in rows]
        if rows and total is not None and None not in sums and cents(sum(sums, Decimal(0))) != cents(total):
            return f"lines {name} {plain(sum(sums, Decimal(0)))} != {name} {plain(total)}"
    return ""


def _text(value: Decimal | None) -> str:
    return "" if value is None else plain(value)
