"""Documents as lists show them: found, filtered, counted and added up without reading each one whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal, get_args

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, case, delete, func, literal_column, or_, select

from unisono.model.codes import INVOICE, PREPAYMENT
from unisono.model.document import Document
from unisono.model.money import plain
from unisono.model.record import Kind, Record
from unisono.model.text import folded
from unisono.store.dialect import plainly
from unisono.store.links import links_of
from unisono.store.statements import Statement
from unisono.store.tables import document, link, seen
from unisono.store.upserts import upsert

KINDS: tuple[Kind, ...] = ("quote", "order", "invoice")
State = Literal["draft", "issued", "sent", "accepted", "rejected", "part-paid", "paid", "cancelled"]
Filter = Literal["", "draft", "open", "overdue", "paid", "accepted", "rejected", "cancelled"]
FILTERS: tuple[str, ...] = get_args(Filter)
UNIT = 10_000
"""Open amounts are kept in ten-thousandths: whole numbers, which both databases add up exactly."""
_MOST = 2**53
"""An open amount beyond it is a mistake of somebody's; it must not keep the record from being stored."""
_OPEN_STATES = ("issued", "sent", "part-paid")


class Listed(Struct, frozen=True, kw_only=True):
    """A document in a list. ``day`` and ``due`` are dates as text (``2026-11-22``), ``gross`` an exact number as text; empty where unknown.

    ``customer`` is what its customer is called.
    """

    connection: str
    kind: str
    key: str
    owner: str
    type: str
    number: str
    title: str
    day: str
    due: str
    state: str
    dunning: int
    currency: str
    gross: str
    open: Decimal
    customer: str = ""

    @property
    def total(self) -> Decimal | None:
        """What it comes to with VAT."""
        return Decimal(self.gross) if self.gross else None

    @property
    def is_open(self) -> bool:
        """Whether something is still to be paid."""
        return self.open != 0

    def days_late(self, today: dt.date) -> int:
        """For how many days it has been overdue; 0 if it is not."""
        return max(0, (today - dt.date.fromisoformat(self.due)).days) if self.is_open and self.due else 0


class Place(Struct, frozen=True):
    """How far somebody has read a list of documents. Empty: nothing yet."""

    day: str = ""
    kind: str = ""
    key: str = ""


START = Place()


def state_of(body: Document) -> State:
    """One word for how a document stands; ``overdue`` is not among them, since it depends on the day."""
    if body.stage in ("cancelled", "draft"):
        return body.stage
    if body.paid != "none":
        return "paid" if body.paid == "full" else "part-paid"
    return body.answer if body.answer != "open" else body.stage


def open_of(body: Document) -> Decimal:
    """What is still to be paid of an issued invoice; nothing of any other document."""
    if body.type_code not in (INVOICE, PREPAYMENT) or body.stage not in ("issued", "sent") or body.paid == "full" or body.gross is None:
        return Decimal(0)
    return body.gross - (body.paid_amount or Decimal(0) if body.paid == "part" else Decimal(0))


def put_documents(conn: Connection, connection: str, records: Iterable[Record]) -> None:
    """Notes what lists show of the documents among some records."""
    upsert(conn, document, [_columns(connection, r, r.body) for r in records if isinstance(r.body, Document)], keys=_KEY)


def forget_documents(conn: Connection, connection: str, keys: Iterable[tuple[str, str]]) -> None:
    """Takes documents that are gone off the lists."""
    rows = [{"b_kind": kind, "b_key": key} for kind, key in keys if kind in KINDS]
    if rows:
        _FORGET.run_many(conn, rows, b_connection=connection)


def documents(
    conn: Connection,
    pair: str,
    sides: Sequence[tuple[str, str]],
    today: dt.date,
    *,
    search: str = "",
    kind: str = "",
    state: str = "",
    owner: tuple[str, str] | None = None,
    after: Place = START,
    limit: int = 50,
) -> tuple[list[Listed], Place | None]:
    """A page of documents, the newest first, and where the next begins.

    ``sides`` are (side, connection); a document of side *a* that is linked with one of side *b* is shown as that. ``kind`` is a document
    type (``380``), ``owner`` (connection, key of a customer).
    """
    where = [_of_sides(pair, sides), *_found(sides, search), *_in_state(state, today)]
    where += [document.c.type == kind] if kind else []
    where += [document.c.connection == owner[0], document.c.owner == owner[1]] if owner else []
    order = [plainly(conn, document.c[name]) for name in ("day", "kind", "key")]
    if after.key:
        day, of, key = order
        where.append(and_(day <= after.day, or_(day < after.day, of < after.kind, and_(of == after.kind, key < after.key))))
    rows = conn.execute(select(document).where(*where).order_by(*(one.desc() for one in order)).limit(limit + 1)).all()
    page = [_listed(row) for row in rows[:limit]]
    last = page[-1] if len(rows) > limit else None
    return _named(conn, page), Place(last.day, last.kind, last.key) if last else None


class Counted(Struct, frozen=True):
    """How many documents there are of each type and in each state, how many are overdue, and the highest dunning level."""

    types: dict[str, int]
    states: dict[str, int]
    overdue: int
    dunning: int

    def of(self, wanted: str) -> int:
        """How many a filter shows."""
        if wanted == "overdue":
            return self.overdue
        if wanted == "open":
            return sum(self.states.get(one, 0) for one in _OPEN_STATES)
        return self.states.get(wanted, 0) if wanted else sum(self.states.values())


def count_documents(conn: Connection, pair: str, sides: Sequence[tuple[str, str]], today: dt.date, kind: str = "") -> Counted:
    """Counts over all documents; with ``kind`` the states are those of one type."""
    late = case((_late(today), 1), else_=0)
    asked = (
        select(document.c.type, document.c.state, func.count(), func.sum(late), func.max(document.c.dunning))
        .where(_of_sides(pair, sides))
        .group_by(document.c.type, document.c.state)
    )
    types: dict[str, int] = {}
    states: dict[str, int] = {}
    overdue = dunning = 0
    for of, state, count, late_ones, level in conn.execute(asked):
        types[of] = types.get(of, 0) + int(count)
        dunning = max(dunning, int(level or 0))
        if not kind or kind == of:
            states[state] = states.get(state, 0) + int(count)
            overdue += int(late_ones or 0)
    return Counted(types, states, overdue, dunning)


AGES = ("not-due", "30", "60", "more")
"""How long open amounts have been overdue: not at all, up to 30 days, up to 60, longer."""


class Open(Struct, frozen=True):
    """What is still to be paid in one currency, by ``AGES``, and of how many documents."""

    currency: str
    sums: tuple[Decimal, ...]
    counts: tuple[int, ...]

    @property
    def total(self) -> Decimal:
        """All of it."""
        return sum(self.sums, Decimal(0))

    @property
    def overdue(self) -> Decimal:
        """What should have been paid by now."""
        return sum(self.sums[1:], Decimal(0))


def open_amounts(
    conn: Connection, pair: str, sides: Sequence[tuple[str, str]], today: dt.date, owner: tuple[str, str] | None = None
) -> list[Open]:
    """Open amounts, the currency with most documents first."""
    month, two = ((today - dt.timedelta(days=days)).isoformat() for days in (30, 60))
    on = today.isoformat()
    due = document.c.due
    age = case((or_(due == "", due >= on), 0), (due >= month, 1), (due >= two, 2), else_=3).label("age")
    where = [_of_sides(pair, sides), document.c.open != literal_column("0")]
    where += [document.c.connection == owner[0], document.c.owner == owner[1]] if owner else []
    asked = select(document.c.currency, age, func.sum(document.c.open), func.count()).where(*where).group_by(document.c.currency, age)
    found: dict[str, tuple[list[Decimal], list[int]]] = {}
    for currency, place, amount, count in conn.execute(asked):
        sums, counts = found.setdefault(currency, ([Decimal(0)] * len(AGES), [0] * len(AGES)))
        sums[place], counts[place] = Decimal(int(amount)) / UNIT, int(count)
    out = [Open(currency, tuple(sums), tuple(counts)) for currency, (sums, counts) in found.items()]
    return sorted(out, key=lambda one: (-sum(one.counts), one.currency))


def files_of(conn: Connection, pair: str, keys: Sequence[str]) -> dict[str, dict[str, str]]:
    """Of some documents (``filed_as``) that are filed as a note in the CRM, what was agreed about the note."""
    return {key: found.agreed_a for key, found in links_of(conn, pair, "note", "b", keys).items() if found.state == "linked"}


def filed_as(kind: str, key: str) -> str:
    """The key under which a document is linked with its note."""
    return f"{kind}/{key}"


def listed_of(connection: str, record: Record, customer: str) -> Listed:
    """A record as a list would show it."""
    assert isinstance(record.body, Document)
    values = _columns(connection, record, record.body)
    del values["words"]
    return Listed(**values | {"open": open_of(record.body), "customer": customer})  # type: ignore[arg-type]


_KEY = ("connection", "kind", "key")


def _columns(connection: str, record: Record, body: Document) -> dict[str, object]:
    rest = (open_of(body) * UNIT).to_integral_value(ROUND_HALF_UP)
    return {
        "connection": connection,
        "kind": record.kind,
        "key": record.key,
        "owner": record.owner,
        "type": body.type_code,
        "number": body.number,
        "title": body.title,
        "words": folded(f"{body.number} {body.title}"),
        "day": body.date.isoformat() if body.date else (record.created.date().isoformat() if record.created else ""),
        "due": body.due.isoformat() if body.due else "",
        "state": state_of(body),
        "dunning": min(body.dunning, 99),
        "currency": body.currency,
        "gross": plain(body.gross) if body.gross is not None else "",
        "open": int(rest) if abs(rest) < _MOST else 0,
    }


def _listed(row: Row[Any]) -> Listed:
    values = dict(row._mapping)
    values.pop("words")
    return Listed(**values | {"open": Decimal(values["open"]) / UNIT})


def _named(conn: Connection, page: list[Listed]) -> list[Listed]:
    """With what their customers are called."""
    names: dict[tuple[str, str], str] = {}
    for connection in {one.connection for one in page}:
        owners = list({one.owner for one in page if one.connection == connection and one.owner})
        rows = _LABELS.rows(conn, connection=connection, keys=owners) if owners else []
        names |= {(connection, key): label for key, label in rows}
    return [replace(one, customer=names.get((one.connection, one.owner), "")) for one in page]


def _of_sides(pair: str, sides: Sequence[tuple[str, str]]) -> ColumnElement[bool]:
    # A draft that became another record's counterpart is that record: it is told once.
    theirs = select(link.c.id).where(
        link.c.pair == pair, link.c.kind == document.c.kind, link.c.a_key == document.c.key, link.c.state == "linked"
    )
    named = [document.c.connection == c if side == "b" else and_(document.c.connection == c, ~theirs.exists()) for side, c in sides]
    return or_(*named) if len(named) > 1 else named[0]


def _late(today: dt.date) -> ColumnElement[bool]:
    return and_(document.c.open != literal_column("0"), document.c.due != "", document.c.due < today.isoformat())


def _in_state(state: str, today: dt.date) -> list[ColumnElement[bool]]:
    if state == "overdue":
        return [_late(today)]
    if state == "open":
        return [document.c.state.in_(_OPEN_STATES)]
    return [document.c.state == state] if state else []


def _found(sides: Sequence[tuple[str, str]], search: str) -> list[ColumnElement[bool]]:
    """By number or title, or by the name of the customer; without regard to case and diacritics."""
    wanted = folded(search)
    if not wanted:
        return [literal_column("1 = 0")] if search.strip() else []
    # The empty text is spelt out, or SQLite does not see that the index of names fits.
    mine = [
        document.c.owner.in_(
            select(seen.c.key).where(
                seen.c.connection == connection,
                seen.c.name != literal_column("''"),
                seen.c.name.contains(wanted, autoescape=True),
                seen.c.kind + literal_column("''") == "party",
            )
        )
        for _, connection in sides
    ]
    return [or_(document.c.words.contains(wanted, autoescape=True), *mine)]


_FORGET = Statement(
    lambda _: delete(document).where(
        document.c.connection == bindparam("b_connection"), document.c.kind == bindparam("b_kind"), document.c.key == bindparam("b_key")
    )
)
_LABELS = Statement(
    lambda _: select(seen.c.key, seen.c.label).where(
        seen.c.connection == bindparam("connection"), seen.c.kind == "party", seen.c.key.in_(bindparam("keys", expanding=True))
    )
)
