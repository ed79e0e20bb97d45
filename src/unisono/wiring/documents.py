"""Documents as people look at them: the list, what is still to be paid, one of them with its lines and both sides, and its rendered file."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection

from unisono.model.document import Document, Lines
from unisono.model.errors import NotThere
from unisono.model.money import cents
from unisono.model.record import Kind, Side, label_of, other
from unisono.plan.situation import Link, Seen, Subject
from unisono.policy.files import parse_policy
from unisono.store import documents as stored
from unisono.store import pairs, seen
from unisono.store.documents import START, Counted, Listed, Open, Place
from unisono.store.feed import Happened, feed
from unisono.store.links import links_of
from unisono.store.pairs import PairRow
from unisono.wiring.house import House
from unisono.wiring.leading import page_of

MOST_FILE = 20 * 1024 * 1024
"""Bytes of a rendered file that are handed on."""
OF_CUSTOMER = 10
"""Documents shown with their customer."""
_NOT_IN_NAMES = re.compile(r"[^\w.() -]+")


class NoSuchDocument(KeyError):
    """There is no such document in this pair. ``args[0]`` is what was asked for."""


@dataclass(frozen=True, slots=True)
class Tax:
    """What falls to one VAT rate."""

    rate: Decimal
    net: Decimal
    vat: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """How documents of a pair are filed in the CRM; ``possible``: at all, ``file``: with the rendered file."""

    possible: bool
    file: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One document, whole. ``counterpart`` is the record it is linked with on the other side, ``filed`` what was agreed about its note."""

    side: Side
    record: str
    listed: Listed
    seen: Seen
    counterpart: Seen | None
    link: Link | None
    customer: str
    filed: dict[str, str] | None
    taxes: tuple[Tax, ...]
    happened: tuple[Happened, ...]
    page: str
    has_file: bool

    @property
    def body(self) -> Document:
        """The document itself."""
        assert isinstance(self.seen.record.body, Document)
        return self.seen.record.body


def today_of(house: House, conn: Connection, row: PairRow) -> dt.date:
    """The date on the firm's own calendar: by it something is overdue or not."""
    return house.today(conn, row)


def sides_of(house: House, conn: Connection, row: PairRow) -> list[tuple[str, str]]:
    """The sides that have documents, as (side, connection): the invoicing system, and a CRM whose records of the kind have lines."""
    capabilities = house.capabilities(pairs.get_connection(conn, row.a).system)
    real = any(kind in r.kinds and r.lines in ("readable", "hidden") for r in capabilities.resources for kind in stored.KINDS)
    return [*([("a", row.a)] if real else []), ("b", row.b)]


def filing_of(house: House, conn: Connection, row: PairRow) -> Filing:
    """Whether documents are filed in the CRM: the firm may have said no, the CRM may have no place for them."""
    policy = parse_policy(row.policy).documents
    crm = house.capabilities(pairs.get_connection(conn, row.a).system)
    possible = policy.direction != "off" and crm.writing("note").create != "none"
    return Filing(possible=possible, file=possible and policy.file and crm.writing("file").create != "none")


def list_documents(
    house: House,
    row: PairRow,
    *,
    search: str = "",
    kind: str = "",
    state: str = "",
    customer: str = "",
    after: Place = START,
    limit: int = 50,
) -> tuple[list[Listed], Place | None]:
    """A page of a pair's documents, newest first. ``customer`` is a record (``b:party:customer:12``)."""
    with house.store.read() as conn:
        side, _, key = customer.partition(":party:")
        owner = ((row.a if side == "a" else row.b), key) if customer else None
        return stored.documents(
            conn,
            row.id,
            sides_of(house, conn, row),
            today_of(house, conn, row),
            search=search,
            kind=kind,
            state=state,
            owner=owner,
            after=after,
            limit=limit,
        )


def count_documents(house: House, row: PairRow, kind: str = "") -> Counted:
    """How many documents of each type and in each state."""
    with house.store.read() as conn:
        return stored.count_documents(conn, row.id, sides_of(house, conn, row), today_of(house, conn, row), kind)


def open_amounts(house: House, row: PairRow) -> list[Open]:
    """What is still to be paid, by currency and age."""
    with house.store.read() as conn:
        return stored.open_amounts(conn, row.id, sides_of(house, conn, row), today_of(house, conn, row))


def files_of(house: House, row: PairRow, listed: Sequence[Listed]) -> dict[str, dict[str, str]]:
    """Of some documents that are filed in the CRM, by their keys, what was agreed about the note."""
    with house.store.read() as conn:
        names = {stored.filed_as(one.kind, one.key): one.key for one in listed if one.connection == row.b}
        return {names[name]: agreed for name, agreed in stored.files_of(conn, row.id, list(names)).items()}


def documents_of(house: House, row: PairRow, a_key: str, b_key: str) -> tuple[list[Listed], bool, list[Open]]:
    """The newest documents of a customer, whether there are more, and what is still to be paid of them."""
    found: list[Listed] = []
    open_: list[Open] = []
    more = False
    with house.store.read() as conn:
        sides, today = sides_of(house, conn, row), today_of(house, conn, row)
        for side, connection in sides:
            key = a_key if side == "a" else b_key
            if key:
                page, next_ = stored.documents(conn, row.id, sides, today, owner=(connection, key), limit=OF_CUSTOMER)
                found, more = [*found, *page], more or next_ is not None
                open_ += stored.open_amounts(conn, row.id, sides, today, (connection, key))
    return sorted(found, key=lambda one: one.day, reverse=True), more, open_


def paper(house: House, row: PairRow, record: str) -> Paper:
    """One document of a pair, by its record (``b:invoice:invoice:12``). Raises ``NoSuchDocument``."""
    subject = _subject(record)
    with house.store.read() as conn:
        connection = row.a if subject.side == "a" else row.b
        found = seen.get_many(conn, connection, subject.kind, [subject.key]).get(subject.key)
        if found is None or not isinstance(found.record.body, Document):
            raise NoSuchDocument(record)
        link = links_of(conn, row.id, subject.kind, subject.side, [subject.key]).get(subject.key)
        counterpart = _counterpart(conn, row, subject, link)
        source = stored.filed_as(subject.kind, subject.key)
        filed = stored.files_of(conn, row.id, [source]).get(source) if subject.side == "b" else None
        keys = [record, *([f"{other(subject.side)}:{subject.kind}:{link.key(other(subject.side))}"] if link else [])]
        happened, _ = feed(conn, row.id, keys=keys, limit=20)
        owner = found.record.owner
        named = seen.get_many(conn, connection, "party", [owner]).get(owner) if owner else None
        system = pairs.get_connection(conn, connection)
    body = found.record.body
    return Paper(
        side=subject.side,
        record=record,
        listed=stored.listed_of(connection, found.record, label_of(named.record) if named else ""),
        seen=found,
        counterpart=counterpart,
        link=link,
        customer=f"{subject.side}:party:{owner}" if named else "",
        filed=filed,
        taxes=_taxes(body),
        happened=tuple(happened),
        page=page_of(house, system, found.record),
        has_file=bool(body.file_url) and not found.gone,
    )


def fetch_paper(house: House, row: PairRow, record: str) -> tuple[str, bytes]:
    """The rendered file of a document and a name for it, asked of the other system now. Raises ``NoSuchDocument``, ``SystemFault``."""
    found = paper(house, row, record)
    if not found.has_file:
        raise NotThere("no-file", {"system": house.capabilities(_system_of(house, row, found.side)).title, "record": found.listed.number})
    pairing = house.pairing(row.id)
    system = (pairing.a if found.side == "a" else pairing.b).system
    # A folder of its own: the runner may be bringing the same document at this moment.
    folder = house.folder / "files" / house.ids.new()
    folder.mkdir(parents=True, mode=0o700)
    try:
        fetched = system.fetch_file(found.seen.record, folder, MOST_FILE)
        body = fetched.path.read_bytes()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return file_name(found.listed), body


def file_name(listed: Listed) -> str:
    """What the file is called when it is kept: ``RE-2026-0418.pdf``."""
    name = _NOT_IN_NAMES.sub("-", listed.number or listed.title or listed.key).strip(" .-")[:80]
    return f"{name or 'document'}.pdf"


def _system_of(house: House, row: PairRow, side: Side) -> str:
    with house.store.read() as conn:
        return pairs.get_connection(conn, row.a if side == "a" else row.b).system


def _subject(record: str) -> Subject:
    side, _, rest = record.partition(":")
    kind, _, key = rest.partition(":")
    if side not in ("a", "b") or kind not in stored.KINDS or not key:
        raise NoSuchDocument(record)
    return Subject("a" if side == "a" else "b", _KIND_OF[kind], key)


_KIND_OF: dict[str, Kind] = {kind: kind for kind in stored.KINDS}


def _counterpart(conn: Connection, row: PairRow, subject: Subject, link: Link | None) -> Seen | None:
    if link is None:
        return None
    there = other(subject.side)
    key = link.key(there)
    return seen.get_many(conn, row.a if there == "a" else row.b, subject.kind, [key]).get(key)


def _taxes(body: Document) -> tuple[Tax, ...]:
    """Net and VAT of each rate, where the lines tell both and add up to the document's own totals."""
    rows = body.lines.rows if isinstance(body.lines, Lines) else ()
    found: dict[Decimal, Tax] = {}
    for line in rows:
        if line.vat_rate is None or line.net is None or line.gross is None:
            return ()
        before = found.get(line.vat_rate, Tax(line.vat_rate, Decimal(0), Decimal(0)))
        found[line.vat_rate] = Tax(line.vat_rate, before.net + line.net, before.vat + line.gross - line.net)
    if not rows or body.net is None or body.vat is None:
        return ()
    sums = cents(sum((one.net for one in found.values()), Decimal(0))), cents(sum((one.vat for one in found.values()), Decimal(0)))
    return tuple(found[rate] for rate in sorted(found, reverse=True)) if sums == (cents(body.net), cents(body.vat)) else ()
