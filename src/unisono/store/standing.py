"""How a pair stands, counted: records linked, records that hold something open, and both over the last weeks."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection, and_, func, or_, select

from unisono.store import asking
from unisono.store.dialect import portions
from unisono.store.stamps import stamp
from unisono.store.tables import link, pace, problem, question

COUNTED = ("party", "contact", "product", "quote", "order", "invoice")
"""What people count as a record; notes and files come with these."""
MOST_OPEN = 5_000


class Span(Struct, frozen=True):
    """Something that was open about a record, from when to when (``""``: still)."""

    key: str
    since: str
    until: str


def open_keys(conn: Connection, pair: str) -> set[str]:
    """The records that hold an open question or problem."""
    asked = select(question.c.key).where(question.c.pair == pair, question.c.state == "open")
    told = select(problem.c.key).where(problem.c.pair == pair, problem.c.state == "open")
    return set(conn.execute(asked.union(told).limit(MOST_OPEN)).scalars())


def put_off(conn: Connection, pair: str, now: datetime) -> set[str]:
    """The open questions that somebody wants to decide later: they are not asked before their time."""
    where = and_(question.c.pair == pair, question.c.state == "open", question.c.answer == "later", question.c.snoozed_until > stamp(now))
    return set(conn.execute(select(question.c.id).where(where)).scalars())


def count_open(conn: Connection, pair: str, now: datetime) -> tuple[int, int]:
    """How many questions and problems wait for a person now: those put off do not."""
    questions, problems = asking.counts(conn, pair)
    return questions - (len(put_off(conn, pair, now)) if questions else 0), problems


def linked_of(conn: Connection, pair: str, keys: set[str]) -> set[str]:
    """Those of some records (``a:party:company:42``) that are linked."""
    out: set[str] = set()
    wanted: dict[tuple[str, str], dict[str, str]] = {}
    for key in keys:
        side, kind, vendor_key = key.split(":", 2)
        wanted.setdefault((side, kind), {})[vendor_key] = key
    for (side, kind), names in wanted.items():
        column = link.c.a_key if side == "a" else link.c.b_key
        # Without the state: with it, SQLite would rather go through all links of the pair than along their keys.
        where = and_(link.c.pair == pair, link.c.kind == kind)
        for some in portions(list(names)):
            rows = conn.execute(select(column, link.c.state).where(where, column.in_(some)))
            out |= {names[found] for found, state in rows if state == "linked"}
    return out


def links_by_day(conn: Connection, pair: str, since: datetime) -> tuple[int, dict[str, int]]:
    """Records linked before an instant, and those linked since by day (UTC) - of those that are linked today."""
    where = and_(link.c.pair == pair, link.c.state == "linked", link.c.kind.in_(COUNTED))
    day = func.substr(link.c.at, 1, 10)
    before = conn.execute(select(func.count()).select_from(link).where(where, link.c.at < stamp(since))).scalar_one()
    rows = conn.execute(select(day, func.count()).where(where, link.c.at >= stamp(since)).group_by(day))
    return int(before), {row[0]: int(row[1]) for row in rows}


def open_spans(conn: Connection, pair: str, since: datetime) -> list[Span]:
    """What was open at some time since an instant."""
    at = stamp(since)
    asked = and_(question.c.pair == pair, question.c.state != "withdrawn", or_(question.c.state == "open", question.c.answered_at >= at))
    told = and_(problem.c.pair == pair, or_(problem.c.state == "open", problem.c.last_at >= at))
    out = [
        Span(row.key, row.asked_at, "" if row.state == "open" else row.answered_at)
        for row in conn.execute(select(question).where(asked).limit(MOST_OPEN))
    ]
    return out + [
        Span(row.key, row.first_at, "" if row.state == "open" else row.last_at)
        for row in conn.execute(select(problem).where(told).limit(MOST_OPEN))
    ]


def pace_state(conn: Connection, scope: str) -> str:
    """What is kept of one limit; empty if nothing was counted yet."""
    return str(conn.execute(select(pace.c.state).where(pace.c.scope == scope)).scalar() or "")
