"""Answers that people gave: listed newest first, and taken back as long as nothing was done because of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection, and_, or_, select, update

from unisono.plan.corrections import CORRECTED
from unisono.plan.wanted import WANTED
from unisono.store.asking import Question, question_from
from unisono.store.stamps import stamp
from unisono.store.tables import history, intent, link, question

_NAMES = ("id", "code", "group_key", "key", "subject", "options", "values", "label", "state", "answer")
_ACTS = ("linked", "unlinked", "link-kept")
"""Events that an answer may lead to without a write."""


class Answer(Struct, frozen=True, kw_only=True):
    """A question and what somebody said; ``until`` is when one that was put off is asked again (a stamp)."""

    question: Question
    by: str
    at: str
    until: str


def answers(conn: Connection, pair: str, *, skip: int = 0, limit: int = 50) -> list[Answer]:
    """The answers that hold, the newest first."""
    where = and_(question.c.pair == pair, question.c.state == "answered", question.c.code.not_in((CORRECTED, WANTED)))
    return _read(conn, where, (question.c.answered_at.desc(), question.c.id.desc()), skip, limit)


def later(conn: Connection, pair: str, now: datetime, *, skip: int = 0, limit: int = 50) -> list[Answer]:
    """The open questions that were put off, the next one first."""
    where = and_(question.c.pair == pair, question.c.state == "open", question.c.answer == "later", question.c.snoozed_until > stamp(now))
    return _read(conn, where, (question.c.snoozed_until, question.c.id), skip, limit)


def answer_of(conn: Connection, pair: str, question_id: str) -> Answer | None:
    """One question that somebody answered or put off; ``None`` if there is none of that id."""
    where = and_(
        question.c.pair == pair, question.c.id == question_id, question.c.answered_at != "", question.c.code.not_in((CORRECTED, WANTED))
    )
    found = _read(conn, and_(where, question.c.state.in_(("answered", "open"))), (question.c.id,), 0, 1)
    return found[0] if found else None


def acted_since(conn: Connection, pair: str, records: Sequence[str], at: str) -> bool:
    """Whether anything was written, linked or agreed about some records (``a:party:company:42``) since an instant."""
    names = [record.split(":", 2) for record in records]
    wrote = select(intent.c.id).where(intent.c.pair == pair, intent.c.key.in_(list(records)), intent.c.at >= at, intent.c.state != "void")
    noted = select(history.c.id).where(
        history.c.pair == pair, history.c.key.in_(list(records)), history.c.event.in_(_ACTS), history.c.at >= at
    )
    mine = or_(*(and_(link.c.kind == kind, (link.c.a_key if side == "a" else link.c.b_key) == key) for side, kind, key in names))
    moved = select(link.c.id).where(link.c.pair == pair, mine, link.c.changed_at >= at)
    return any(conn.execute(one.limit(1)).first() is not None for one in (wrote, noted, moved))


def ask_again(conn: Connection, question_id: str) -> None:
    """The question stands as if nobody had said anything."""
    values = {"state": "open", "answer": "", "answered_by": "", "answered_at": "", "snoozed_until": ""}
    conn.execute(update(question).where(question.c.id == question_id).values(**values))


def _read(conn: Connection, where: object, order: Sequence[object], skip: int, limit: int) -> list[Answer]:
    columns = [question.c[name] for name in (*_NAMES, "answered_by", "answered_at", "snoozed_until")]
    rows = conn.execute(select(*columns).where(where).order_by(*order).offset(skip).limit(limit))  # type: ignore[arg-type]
    return [
        Answer(question=question_from(tuple(row[: len(_NAMES)])), by=row[-3], at=row[-2], until=row[-1] if row.answer == "later" else "")
        for row in rows
    ]
