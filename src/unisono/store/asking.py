"""Questions and problems: what waits for a person. One question a subject, one problem a record and code; answers are remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, or_, select, update

from unisono.plan.actions import Ask, Report
from unisono.plan.undo import EDITED as UNDO_EDITED
from unisono.store.codec import text_of, value_from
from unisono.store.dialect import insert_for, plainly, portions
from unisono.store.stamps import stamp
from unisono.store.tables import problem, question

SNOOZE = timedelta(days=7)
"""How long *later* puts a question off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question as a person meets it."""

    id: str
    code: str
    group: str
    key: str
    subject: str
    options: tuple[str, ...]
    values: dict[str, str]
    label: str
    state: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A record that cannot go across as it is. ``raw`` is the other system's own answer, redacted."""

    id: str
    key: str
    kind: str
    code: str
    field: str
    values: dict[str, str]
    raw: str
    label: str
    state: str
    count: int
    first_at: str
    last_at: str


def ask(conn: Connection, new_id: str, pair: str, key: str, label: str, what: Ask, now: datetime) -> None:
    """Asks, unless the very same question stands or was answered. One that was withdrawn opens again.

    So does one whose answer is no longer among its options (the record chosen as *same* is somebody else's counterpart by now): else it
    would hold the record up without being on any page. A standing question takes the new options and values.
    """
    options = text_of(what.options)
    same = and_(question.c.pair == pair, question.c.code == what.code, question.c.key == key, question.c.subject == what.subject)
    old = conn.execute(select(question.c.id, question.c.state, question.c.answer).where(same)).first()
    if old is not None:
        if old.state == "answered" and old.answer in what.options:
            return
        told = {"options": options, "values": text_of(what.values), "label": label, "group_key": what.group}
        again = {"state": "open", "answer": "", "answered_by": "", "answered_at": "", "snoozed_until": "", "asked_at": stamp(now)}
        conn.execute(update(question).where(question.c.id == old.id).values(**told, **({} if old.state == "open" else again)))
        return
    statement = insert_for(conn, question).values(
        id=new_id,
        pair=pair,
        code=what.code,
        group_key=what.group,
        key=key,
        subject=what.subject,
        options=options,
        values=text_of(what.values),
        label=label,
        asked_at=stamp(now),
    )
    conn.execute(statement.on_conflict_do_nothing(index_elements=["pair", "code", "key", "subject"]))


def withdraw_others(conn: Connection, pair: str, key: str, standing: Sequence[tuple[str, str]]) -> None:
    """Open questions of a record that no longer arise (code, subject not among those standing) are withdrawn."""
    # What an undo asks does not arise from planning, so planning does not withdraw it.
    where = and_(question.c.pair == pair, question.c.key == key, question.c.state == "open", question.c.code != UNDO_EDITED)
    for row in conn.execute(select(question.c.id, question.c.code, question.c.subject).where(where)).all():
        if (row.code, row.subject) not in standing:
            conn.execute(update(question).where(question.c.id == row.id).values(state="withdrawn"))


def answer(conn: Connection, question_id: str, said: str, by: str, now: datetime) -> Question | None:
    """Notes an answer. ``None`` if there is no such open question; ``ValueError`` if the answer is none of its options.

    *Later* leaves it open, put off for ``SNOOZE``.
    """
    row = conn.execute(select(question).where(question.c.id == question_id, question.c.state == "open")).first()
    if row is None:
        return None
    if said not in value_from(row.options):
        raise ValueError(said)
    later = said == "later"
    values = {"state": "open" if later else "answered", "answer": said, "answered_by": by, "answered_at": stamp(now)}
    until = stamp(now + SNOOZE) if later else ""
    conn.execute(update(question).where(question.c.id == question_id).values(**values, snoozed_until=until))
    return _question(conn.execute(select(question).where(question.c.id == question_id)).one())


def answers_for(conn: Connection, pair: str, keys: Sequence[str]) -> dict[str, dict[str, str]]:
    """What people answered about some records: key -> ``code|subject`` -> answer."""
    out: dict[str, dict[str, str]] = {}
    where = and_(question.c.pair == pair, question.c.state == "answered")
    for some in portions(keys):
        for row in conn.execute(select(question).where(where, question.c.key.in_(some))):
            out.setdefault(row.key, {})[f"{row.code}|{row.subject}"] = row.answer
    return out


def couples(conn: Connection, pair: str) -> list[tuple[str, str]]:
    """What people answered about couples of customers: (CRM key and other key, joined by ``|``; answer)."""
    where = and_(question.c.pair == pair, question.c.code == "same-customer", question.c.state == "answered")
    order = (question.c.answered_at, plainly(conn, question.c.id))
    rows = conn.execute(select(question.c.subject, question.c.answer).where(where).order_by(*order))
    return [(r.subject, r.answer) for r in rows]


def questions(conn: Connection, pair: str, state: str = "open", limit: int = 500) -> list[Question]:
    """The questions of a pair, grouped ones beside each other, oldest first."""
    where = and_(question.c.pair == pair, question.c.state == state)
    order = (
        plainly(conn, question.c.group_key),
        question.c.asked_at,
        plainly(conn, question.c.key),
        plainly(conn, question.c.subject),
    )
    return [_question(r) for r in conn.execute(select(question).where(where).order_by(*order).limit(limit))]


def report(conn: Connection, new_id: str, pair: str, key: str, kind: str, label: str, what: Report, raw: str, now: datetime) -> None:
    """Notes a problem, or that it is still there."""
    at = stamp(now)
    statement = insert_for(conn, problem).values(
        id=new_id,
        pair=pair,
        key=key,
        kind=kind,
        code=what.code,
        field=what.field,
        values=text_of(what.values),
        raw=raw,
        label=label,
        first_at=at,
        last_at=at,
    )
    new = statement.excluded
    again = {name: new[name] for name in ("field", "values", "raw", "label", "last_at")}
    counted = {"count": problem.c.count + 1, "state": func.coalesce(func.nullif(problem.c.state, "resolved"), "open")}
    conn.execute(statement.on_conflict_do_update(index_elements=["pair", "key", "code", "field"], set_=again | counted))


def resolve_others(conn: Connection, pair: str, key: str, standing: Sequence[tuple[str, str]], now: datetime) -> None:
    """Problems of a record that no longer arise (code and field not among those standing) are resolved."""
    where = and_(problem.c.pair == pair, problem.c.key == key, problem.c.state != "resolved")
    for row in conn.execute(select(problem.c.id, problem.c.code, problem.c.field).where(where)).all():
        if (row.code, row.field) not in standing:
            conn.execute(update(problem).where(problem.c.id == row.id).values(state="resolved", last_at=stamp(now)))


def keys_asked(conn: Connection, pair: str, keys: Sequence[str]) -> set[str]:
    """Of some records those that have an open question or problem: only these need withdrawing and resolving."""
    out: set[str] = set()
    for some in portions(keys):
        asked = select(question.c.key).where(question.c.pair == pair, question.c.key.in_(some), question.c.state == "open")
        told = select(problem.c.key).where(problem.c.pair == pair, problem.c.key.in_(some), problem.c.state != "resolved")
        out |= {row[0] for row in conn.execute(asked.union(told))}
    return out


def problems(conn: Connection, pair: str, state: str = "open", limit: int = 500) -> list[Problem]:
    """The problems of a pair, alike ones beside each other, oldest first."""
    where = and_(problem.c.pair == pair, problem.c.state == state)
    order = (plainly(conn, problem.c.code), plainly(conn, problem.c.field), problem.c.first_at, plainly(conn, problem.c.key))
    return [
        Problem(
            id=r.id,
            key=r.key,
            kind=r.kind,
            code=r.code,
            field=r.field,
            values=value_from(r._mapping["values"]),
            raw=r.raw,
            label=r.label,
            state=r.state,
            count=r._mapping["count"],
            first_at=r.first_at,
            last_at=r.last_at,
        )
        for r in conn.execute(select(problem).where(where).order_by(*order).limit(limit))
    ]


def rows_told(conn: Connection, pair: str, side: str) -> list[tuple[str, str]]:
    """The rows (resource, key) of a side that could not be read and stand as problems."""
    prefix = f"{side}:row:"
    of_side = problem.c.key.startswith(prefix, autoescape=True)
    where = and_(problem.c.pair == pair, problem.c.kind == "row", problem.c.state != "resolved", of_side)
    found = (row.key.removeprefix(prefix).partition("/") for row in conn.execute(select(problem.c.key).where(where)))
    return [(resource, key) for resource, _, key in found]


def dismiss(conn: Connection, problem_id: str) -> str | None:
    """A person leaves a record out for good; returns its key."""
    row = conn.execute(select(problem.c.key).where(problem.c.id == problem_id)).first()
    conn.execute(update(problem).where(problem.c.id == problem_id).values(state="dismissed"))
    return row[0] if row else None


def close_all(conn: Connection, pair: str, now: datetime) -> None:
    """A pair is put to rest: nobody is asked or told any more."""
    conn.execute(update(question).where(question.c.pair == pair, question.c.state == "open").values(state="withdrawn"))
    conn.execute(update(problem).where(problem.c.pair == pair, problem.c.state == "open").values(state="resolved", last_at=stamp(now)))


def counts(conn: Connection, pair: str) -> tuple[int, int]:
    """How many questions and problems are open."""
    asked = conn.execute(select(func.count()).select_from(question).where(question.c.pair == pair, question.c.state == "open")).scalar_one()
    told = conn.execute(select(func.count()).select_from(problem).where(problem.c.pair == pair, problem.c.state == "open")).scalar_one()
    return int(asked), int(told)


def snoozed(conn: Connection, pair: str, now: datetime) -> list[str]:
    """Records whose question was put off and is due again."""
    where = and_(question.c.pair == pair, question.c.state == "open", question.c.answer == "later")
    due = or_(question.c.snoozed_until == "", question.c.snoozed_until <= stamp(now))
    return [r.key for r in conn.execute(select(question.c.key).where(where, due).order_by(plainly(conn, question.c.key)))]


def _question(row: object) -> Question:
    r = row._mapping  # type: ignore[attr-defined]
    return Question(
        id=r["id"],
        code=r["code"],
        group=r["group_key"],
        key=r["key"],
        subject=r["subject"],
        options=tuple(value_from(r["options"])),
        values=value_from(r["values"]),
        label=r["label"],
        state=r["state"],
        answer=r["answer"],
    )
