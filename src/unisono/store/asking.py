"""Questions and problems: what waits for a person. One question a subject, one problem a record and code; answers are remembered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import BindParameter, ColumnElement, Connection, Integer, Select, and_, bindparam, func, insert, select, update

from unisono.plan.actions import Ask, Report
from unisono.store.codec import text_of, value_from
from unisono.store.dialect import insert_for, plainly, portions
from unisono.store.stamps import stamp
from unisono.store.statements import Built, Statement
from unisono.store.tables import problem, question

SNOOZE = timedelta(days=7)
"""How long *later* puts a question off."""


class Question(Struct, frozen=True, kw_only=True):
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


class Standing(Struct, frozen=True):
    """An open question as planning needs it: of which record, about what, with which values."""

    key: str
    subject: str
    values: dict[str, str]


class Problem(Struct, frozen=True, kw_only=True):
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
    told = {"options": text_of(what.options), "values": text_of(what.values), "label": label, "group_key": what.group}
    same = {"pair": pair, "code": what.code, "key": key, "subject": what.subject}
    old = _SAME.row(conn, **same)
    if old is None:
        _ASK.run(conn, id=new_id, **same, **told, asked_at=stamp(now))
        return
    of, state, said = old
    if state == "answered" and said in what.options:
        return
    if state != "open":
        told |= {"state": "open", "answer": "", "answered_by": "", "answered_at": "", "snoozed_until": "", "asked_at": stamp(now)}
    _SET_QUESTION.run(conn, b_id=of, **told)


def withdraw_others(conn: Connection, pair: str, key: str, standing: Sequence[tuple[str, str]]) -> None:
    """Open questions of a record that no longer arise (code, subject not among those standing) are withdrawn."""
    from unisono.plan.undo import EDITED as UNDO_EDITED  # what hardly any start needs

    for of, code, subject in _STANDING_QUESTIONS.rows(conn, pair=pair, key=key):
        # What an undo asks does not arise from planning, so planning does not withdraw it.
        if code != UNDO_EDITED and (code, subject) not in standing:
            _SET_QUESTION.run(conn, b_id=of, state="withdrawn")


def answer(conn: Connection, question_id: str, said: str, by: str, now: datetime) -> Question | None:
    """Notes an answer. ``None`` if there is no such open question; ``ValueError`` if the answer is none of its options.

    *Later* leaves it open, put off for ``SNOOZE``.
    """
    row = _QUESTION.row(conn, id=question_id)
    asked = None if row is None else question_from(row)
    if asked is None or asked.state != "open":
        return None
    if said not in asked.options:
        raise ValueError(said)
    later = said == "later"
    values = {"state": "open" if later else "answered", "answer": said, "answered_by": by, "answered_at": stamp(now)}
    _SET_QUESTION.run(conn, b_id=question_id, **values, snoozed_until=stamp(now + SNOOZE) if later else "")
    return replace(asked, state=values["state"], answer=said)


def decide(conn: Connection, new_id: str, pair: str, key: str, label: str, code: str, subject: str, by: str, now: datetime) -> None:
    """A person's word about a record that nothing asked them for (a correction): kept among the answers until it is carried out."""
    at = stamp(now)
    same = {"pair": pair, "code": code, "key": key, "subject": subject}
    told = {"state": "answered", "answer": "yes", "answered_by": by, "answered_at": at, "label": label}
    old = _SAME.row(conn, **same)
    if old is not None:
        _SET_QUESTION.run(conn, b_id=old[0], **told)
        return
    _DECIDE.run(conn, id=new_id, **same, **told, group_key=code, options=text_of(("yes",)), asked_at=at)


def spend(conn: Connection, pair: str, keys: Sequence[str], code: str) -> None:
    """What was decided so about some records is carried out, or cannot be any more."""
    for some in portions(keys):
        _SPEND.run(conn, b_pair=pair, b_keys=some, b_code=code, state="withdrawn")


def answers_for(conn: Connection, pair: str, keys: Sequence[str]) -> dict[str, dict[str, str]]:
    """What people answered about some records: key -> ``code|subject`` -> answer."""
    out: dict[str, dict[str, str]] = {}
    for some in portions(keys):
        for key, code, subject, said in _ANSWERS.rows(conn, pair=pair, keys=some):
            out.setdefault(key, {})[f"{code}|{subject}"] = said
    return out


def couples(conn: Connection, pair: str) -> list[tuple[str, str]]:
    """What people answered about couples of customers: (CRM key and other key, joined by ``|``; answer)."""
    return answered(conn, pair, "same-customer")


def answered(conn: Connection, pair: str, code: str) -> list[tuple[str, str]]:
    """What people answered to questions of one code: (what each was about, answer), oldest first."""
    return [(subject, said) for subject, said in _ANSWERED_TO.rows(conn, pair=pair, code=code)]


def questions(conn: Connection, pair: str, state: str = "open", limit: int = 500) -> list[Question]:
    """The questions of a pair, grouped ones beside each other, oldest first."""
    return [question_from(row) for row in _QUESTIONS.rows(conn, pair=pair, state=state, limit=limit)]


def standing(conn: Connection, pair: str, code: str, keys: Sequence[str], subjects: Sequence[str] = ()) -> list[Standing]:
    """The open questions of one code that are of some records, or about some ``subjects``."""
    found: dict[tuple[str, str], Standing] = {}
    for statement, wanted in ((_STANDING, keys), (_STANDING_ABOUT, subjects)):
        for some in portions(wanted):
            for key, subject, values in statement.rows(conn, pair=pair, code=code, keys=some):
                found[key, subject] = Standing(key, subject, value_from(values))
    return [found[which] for which in sorted(found)]


def report(conn: Connection, new_id: str, pair: str, key: str, kind: str, label: str, what: Report, raw: str, now: datetime) -> None:
    """Notes a problem, or that it is still there."""
    at = stamp(now)
    where = {"pair": pair, "key": key, "code": what.code, "field": what.field}
    told = {"kind": kind, "values": text_of(what.values), "raw": raw, "label": label, "first_at": at, "last_at": at}
    _REPORT.run(conn, id=new_id, **where, **told)


def resolve_others(conn: Connection, pair: str, key: str, standing: Sequence[tuple[str, str]], now: datetime) -> None:
    """Problems of a record that no longer arise (code and field not among those standing) are resolved."""
    for of, code, field in _STANDING_PROBLEMS.rows(conn, pair=pair, key=key):
        if (code, field) not in standing:
            _SET_PROBLEM.run(conn, b_id=of, state="resolved", last_at=stamp(now))


def keys_asked(conn: Connection, pair: str, keys: Sequence[str]) -> set[str]:
    """Of some records those that have an open question or problem: only these need withdrawing and resolving."""
    out: set[str] = set()
    for some in portions(keys):
        out.update(key for (key,) in _KEYS_ASKED.rows(conn, pair=pair, keys=some))
    return out


def problems(conn: Connection, pair: str, state: str = "open", limit: int = 500) -> list[Problem]:
    """The problems of a pair, alike ones beside each other, oldest first."""
    return [_problem(row) for row in _PROBLEMS.rows(conn, pair=pair, state=state, limit=limit)]


def rows_told(conn: Connection, pair: str, side: str) -> list[tuple[str, str]]:
    """The rows (resource, key) of a side that could not be read and stand as problems."""
    prefix = f"{side}:row:"
    named = [key for (key,) in _ROWS_TOLD.rows(conn, pair=pair) if key.startswith(prefix)]
    found = (key.removeprefix(prefix).partition("/") for key in named)
    return [(resource, key) for resource, _, key in found]


def lists_with_unread_rows(conn: Connection, pair: str, side: str) -> set[str]:
    """The lists of a side with a row that could not be read and that no person has said does not matter."""
    prefix = f"{side}:row:"
    return {key.removeprefix(prefix).partition("/")[0] for (key,) in _ROWS_OPEN.rows(conn, pair=pair) if key.startswith(prefix)}


def rows_left_out(conn: Connection, pair: str, side: str) -> list[dict[str, str]]:
    """What was told of the rows of a side that could not be read and of which a person has said that they do not matter."""
    return [value_from(told) for key, told in _ROWS_LEFT_OUT.rows(conn, pair=pair) if key.startswith(f"{side}:row:")]


def dismiss(conn: Connection, problem_id: str) -> str | None:
    """A person leaves a record out for good; returns its key."""
    key: str | None = _KEY_OF_PROBLEM.value(conn, id=problem_id)
    _SET_PROBLEM.run(conn, b_id=problem_id, state="dismissed")
    return key


def tell_again(conn: Connection, pair: str, keys: Sequence[str]) -> None:
    """What people left out takes part again: its problems are told as soon as they arise anew."""
    for some in portions(keys):
        _TELL_AGAIN.run(conn, b_pair=pair, b_keys=some, state="resolved")


def close_all(conn: Connection, pair: str, now: datetime) -> None:
    """A pair is put to rest: nobody is asked or told any more."""
    _CLOSE_QUESTIONS.run(conn, b_pair=pair, state="withdrawn")
    _CLOSE_PROBLEMS.run(conn, b_pair=pair, state="resolved", last_at=stamp(now))


def counts(conn: Connection, pair: str) -> tuple[int, int]:
    """How many questions and problems are open."""
    return int(_COUNT_QUESTIONS.value(conn, pair=pair)), int(_COUNT_PROBLEMS.value(conn, pair=pair))


def question_from(row: tuple[Any, ...]) -> Question:
    """A row of the table as a question."""
    of, code, group, key, subject, options, values, label, state, said = row
    return Question(
        id=of,
        code=code,
        group=group,
        key=key,
        subject=subject,
        options=tuple(value_from(options)),
        values=value_from(values),
        label=label,
        state=state,
        answer=said,
    )


def _problem(row: tuple[Any, ...]) -> Problem:
    of, key, kind, code, field, values, raw, label, state, count, first_at, last_at = row
    return Problem(
        id=of,
        key=key,
        kind=kind,
        code=code,
        field=field,
        values=value_from(values),
        raw=raw,
        label=label,
        state=state,
        count=count,
        first_at=first_at,
        last_at=last_at,
    )


def _ask(conn: Connection) -> Built:
    return insert_for(conn, question).on_conflict_do_nothing(index_elements=["pair", "code", "key", "subject"])


def _report(conn: Connection) -> Built:
    statement = insert_for(conn, problem)
    again = {name: statement.excluded[name] for name in ("field", "values", "raw", "label", "last_at")}
    counted = {"count": problem.c.count + 1, "state": func.coalesce(func.nullif(problem.c.state, "resolved"), "open")}
    return statement.on_conflict_do_update(index_elements=["pair", "key", "code", "field"], set_=again | counted)


def _questions() -> Select[Any]:
    names = ("id", "code", "group_key", "key", "subject", "options", "values", "label", "state", "answer")
    return select(*(question.c[name] for name in names))


def _sorted(conn: Connection, *columns: Any) -> tuple[ColumnElement[str], ...]:
    return tuple(plainly(conn, column) for column in columns)


def _all_questions(conn: Connection) -> Built:
    order = (question.c.group_key, question.c.asked_at, question.c.key, question.c.subject)
    return _questions().where(_ASKED, question.c.state == bindparam("state")).order_by(*_sorted(conn, *order)).limit(_LIMIT)


def _all_problems(conn: Connection) -> Built:
    names = ("id", "key", "kind", "code", "field", "values", "raw", "label", "state", "count", "first_at", "last_at")
    order = (problem.c.code, problem.c.field, problem.c.first_at, problem.c.key)
    wanted = select(*(problem.c[name] for name in names)).where(_TOLD, problem.c.state == bindparam("state"))
    return wanted.order_by(*_sorted(conn, *order)).limit(_LIMIT)


def _standing() -> Select[Any]:
    return select(question.c.key, question.c.subject, question.c["values"]).where(_ASKED_STILL, question.c.code == bindparam("code"))


_LIMIT = bindparam("limit", type_=Integer)
_KEYS: BindParameter[str] = bindparam("keys", expanding=True)
_ASKED = question.c.pair == bindparam("pair")
_ASKED_STILL = and_(_ASKED, question.c.state == "open")
_ANSWERED = and_(_ASKED, question.c.state == "answered")
_TOLD = problem.c.pair == bindparam("pair")
_TOLD_STILL = and_(_TOLD, problem.c.state != "resolved")

_SAME = Statement(
    lambda _: select(question.c.id, question.c.state, question.c.answer).where(
        _ASKED, *(question.c[name] == bindparam(name) for name in ("code", "key", "subject"))
    )
)
_ASK = Statement(_ask)
_SET_QUESTION = Statement(lambda _: update(question).where(question.c.id == bindparam("b_id")))
_DECIDE = Statement(lambda _: insert(question))
_SPEND = Statement(
    lambda _: update(question).where(
        question.c.pair == bindparam("b_pair"),
        question.c.code == bindparam("b_code"),
        question.c.state == "answered",
        question.c.key.in_(bindparam("b_keys", expanding=True)),
    )
)
_STANDING_QUESTIONS = Statement(
    lambda _: select(question.c.id, question.c.code, question.c.subject).where(_ASKED_STILL, question.c.key == bindparam("key"))
)
_QUESTION = Statement(lambda _: _questions().where(question.c.id == bindparam("id")))
_ANSWERS = Statement(
    lambda _: select(question.c.key, question.c.code, question.c.subject, question.c.answer).where(_ANSWERED, question.c.key.in_(_KEYS))
)
_ANSWERED_TO = Statement(
    lambda conn: (
        select(question.c.subject, question.c.answer)
        .where(_ANSWERED, question.c.code == bindparam("code"))
        .order_by(*_sorted(conn, question.c.answered_at, question.c.id))
    )
)
_QUESTIONS = Statement(_all_questions)
_STANDING = Statement(lambda _: _standing().where(question.c.key.in_(_KEYS)))
_STANDING_ABOUT = Statement(lambda _: _standing().where(question.c.subject.in_(_KEYS)))
_REPORT = Statement(_report)
_SET_PROBLEM = Statement(lambda _: update(problem).where(problem.c.id == bindparam("b_id")))
_STANDING_PROBLEMS = Statement(
    lambda _: select(problem.c.id, problem.c.code, problem.c.field).where(_TOLD_STILL, problem.c.key == bindparam("key"))
)
_KEYS_ASKED = Statement(
    lambda _: (
        select(question.c.key)
        .where(_ASKED_STILL, question.c.key.in_(_KEYS))
        .union(select(problem.c.key).where(_TOLD_STILL, problem.c.key.in_(_KEYS)))
    )
)
_PROBLEMS = Statement(_all_problems)
_ROWS_TOLD = Statement(lambda _: select(problem.c.key).where(_TOLD_STILL, problem.c.kind == "row"))
_ROWS_OPEN = Statement(lambda _: select(problem.c.key).where(_TOLD, problem.c.kind == "row", problem.c.state == "open"))
_ROWS_LEFT_OUT = Statement(
    lambda _: select(problem.c.key, problem.c["values"]).where(_TOLD, problem.c.kind == "row", problem.c.state == "dismissed")
)
_KEY_OF_PROBLEM = Statement(lambda _: select(problem.c.key).where(problem.c.id == bindparam("id")))
_TELL_AGAIN = Statement(
    lambda _: update(problem).where(
        problem.c.pair == bindparam("b_pair"), problem.c.state == "dismissed", problem.c.key.in_(bindparam("b_keys", expanding=True))
    )
)
_CLOSE_QUESTIONS = Statement(lambda _: update(question).where(question.c.pair == bindparam("b_pair"), question.c.state == "open"))
_CLOSE_PROBLEMS = Statement(lambda _: update(problem).where(problem.c.pair == bindparam("b_pair"), problem.c.state == "open"))
_COUNT_QUESTIONS = Statement(lambda _: select(func.count()).select_from(question).where(_ASKED_STILL))
_COUNT_PROBLEMS = Statement(lambda _: select(func.count()).select_from(problem).where(_TOLD, problem.c.state == "open"))
