"""What only a person can decide: both records beside each other, an answer by button or key, alike cases at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape
from starlette.responses import Response

from unisono.locale.names import name_of
from unisono.store.asking import Question
from unisono.store.pairs import PairRow
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.marking import marked
from unisono.web.navigation import Entry
from unisono.web.telling import question_text
from unisono.web.visit import NotFound, Visit
from unisono.wiring.beside import Beside, beside_question, last_agreed
from unisono.wiring.deciding import (
    AlreadyDone,
    NoSuchOption,
    NoSuchQuestion,
    Said,
    answer_question,
    answers_given,
    answers_put_off,
    open_questions,
    take_answer_back,
)
from unisono.wiring.keeping import LaneBusy, labels

doors = Doors()
ENTRIES = (
    Entry(code="nav.questions", icon="ask", path="/pairs/{pair}/questions", group="daily", order=20, counts="questions", narrow=True),
)
MOST_SAID = 25
"""Answers on a page."""
MOST_ALIKE = 50
"""Alike cases listed under a question; all of them are answered together all the same."""


@dataclass(frozen=True, slots=True)
class Option:
    """One answer: what is sent, what the button says, what it does (empty where the button says it all)."""

    said: str
    words: str
    does: str


@doors.page("/pairs/{pair_id}/questions", needs="view")
def questions(visit: Visitor, pair_id: str, question: str = "", kind: str = "", after: int = 0) -> Response:
    """The queue, and one question of it; or those put off, or the answers that were given."""
    row = visit.pair(pair_id)
    if kind in ("later", "answered"):
        return _given(visit, row, kind, min(max(0, after), 2**31))
    open_ = open_questions(visit.house, row.id)
    chosen = next((q for q in open_ if q.id == question), open_[0] if open_ else None)
    titles = visit.titles(row)
    values: dict[str, Any] = {
        "kind": "",
        "queue": _queue(open_),
        "count": visit.place(row).counts["questions"],
        "titles": titles,
        "chosen": chosen,
    }
    if chosen is not None:
        alike = [q for q in open_ if q.group == chosen.group and q.options == chosen.options]
        place = open_.index(chosen)
        found = beside_question(visit.house, row.id, chosen)
        values |= {
            "text": question_text(visit.speech, chosen, titles),
            "beside": found,
            "fields": _fields(visit, found, chosen),
            "agreed": _agreed(visit, row.id, chosen),
            "options": _options(visit, row.id, chosen),
            "alike": [(q, question_text(visit.speech, q, titles)) for q in alike[:MOST_ALIKE]] if len(alike) > 1 else [],
            "alike_count": len(alike),
            "place_of": place + 1,
            "before": open_[place - 1].id if place else "",
            "after": open_[place + 1].id if place + 1 < len(open_) else "",
        }
    return visit.page("questions/questions.html", pair=row, **values)


@doors.form("/pairs/{pair_id}/questions/{question_id}/answer", needs="act")
def answered(visit: Visitor, pair_id: str, question_id: str) -> Response:
    """An answer, or one for all alike; then the next question."""
    row = visit.pair(pair_id)
    group = visit.given("group") == "yes"
    try:
        count = answer_question(visit.house, row.id, question_id, visit.given("said"), visit.by, group=group)
    except NoSuchQuestion:
        return visit.go(f"/pairs/{row.id}/questions", "question-gone")
    except NoSuchOption:
        raise NotFound from None
    to = f"/pairs/{row.id}/questions"
    return visit.go(to, "answered", count)


@doors.form("/pairs/{pair_id}/questions/{question_id}/take-back", needs="act")
def taken_back(visit: Visitor, pair_id: str, question_id: str) -> Response:
    """An answer is taken back, as long as nothing was done because of it; one that was put off is asked now."""
    row = visit.pair(pair_id)
    to = f"/pairs/{row.id}/questions"
    try:
        take_answer_back(visit.house, row.id, question_id, visit.by)
    except NoSuchQuestion:
        return visit.go(to, "question-gone")
    except AlreadyDone:
        return visit.go(f"{to}?kind=answered", "answer-acted")
    except LaneBusy:
        return visit.go(f"{to}?kind=answered", "pair-busy")
    return visit.go(f"{to}?question={question_id}", "answer-back")


def _given(visit: Visit, row: PairRow, kind: str, after: int) -> Response:
    titles = visit.titles(row)
    read = answers_put_off if kind == "later" else answers_given
    found = read(visit.house, row.id, skip=after, limit=MOST_SAID + 1)
    rows = [(one, question_text(visit.speech, one.answer.question, titles), _words_of(visit, row.id, one)) for one in found[:MOST_SAID]]
    more = after + MOST_SAID if len(found) > MOST_SAID else 0
    count = visit.place(row).counts["questions"]
    return visit.page("questions/said.html", pair=row, kind=kind, rows=rows, more=more, after=after, count=count)


def _words_of(visit: Visit, pair_id: str, one: Said) -> str:
    """What somebody answered, as its button said it."""
    said = one.answer.question.answer
    return next((option.words for option in _options(visit, pair_id, one.answer.question) if option.said == said), said)


def _fields(visit: Visit, found: Beside | None, question: Question) -> list[tuple[str, Markup, Markup, str]]:
    """Both sides field by field with what differs marked, first the fields that the question is about."""
    if found is None:
        return []
    asked = [name.strip() for name in (question.values.get("fields") or question.values.get("field") or "").split(",")]
    out: list[tuple[str, Markup, Markup, str]] = []
    for one in sorted(found.fields, key=lambda field: field.name not in asked):
        a, b = (visit.speech.value(one.name, text) if text else "" for text in (one.a, one.b))
        left, right = marked(a, b) if one.sign == "differs" else (escape(a), escape(b))
        out.append((visit.speech.field(one.name, found.kind), left, right, one.sign))
    return out


def _agreed(visit: Visit, pair_id: str, question: Question) -> str:
    """What both sides held before each changed it; empty where they never agreed."""
    field = question.values.get("field", "") if question.code == "conflict" else ""
    value = last_agreed(visit.house, pair_id, question.key).get(field, "") if field else ""
    return visit.speech.value(field, value) if value else ""


def _queue(open_: list[Question]) -> list[tuple[str, list[tuple[Question, int]]]]:
    """By what is asked; alike cases stand as one entry with their number, under the first of them."""
    found: dict[str, dict[str, list[Question]]] = {}
    for one in open_:
        found.setdefault(one.code, {}).setdefault(one.group, []).append(one)
    return [(code, [(some[0], len(some)) for some in groups.values()]) for code, groups in found.items()]


def _options(visit: Visit, pair_id: str, question: Question) -> list[Option]:
    """The answers in words. One that is a record's key is shown by that record's name."""
    subject_side = question.key[:1]
    there = "b" if subject_side == "a" else "a"
    kind = question.key.split(":", 2)[1]
    out = []
    for said in question.options:
        if name_of(f"option.{said}", visit.speech.language):
            does = visit.speech.words("does." + said) if visit.speech.known("does." + said) else ""
            out.append(Option(said, visit.speech.words("option." + said), str(does)))
        else:
            label = labels(visit.house, pair_id, [said if said.count(":") >= 2 else f"{there}:{kind}:{said}"])[0][1]
            out.append(Option(said, label, ""))
    return out
