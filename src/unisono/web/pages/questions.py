"""What only a person can decide: both records beside each other, an answer by button or key, alike cases at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from unisono.locale.names import name_of
from unisono.store.asking import Question
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.navigation import Entry
from unisono.web.telling import question_text
from unisono.web.visit import NotFound, Visit
from unisono.wiring.beside import beside_question
from unisono.wiring.deciding import NoSuchOption, NoSuchQuestion, answer_question, open_questions
from unisono.wiring.keeping import labels
from unisono.wiring.standing import titles_of

doors = Doors()
ENTRIES = (
    Entry(code="nav.questions", icon="ask", path="/pairs/{pair}/questions", group="daily", order=20, counts="questions", narrow=True),
)
MOST_ALIKE = 50
"""Alike cases listed under a question; all of them are answered together all the same."""


@dataclass(frozen=True, slots=True)
class Option:
    """One answer: what is sent, what the button says, what it does (empty where the button says it all)."""

    said: str
    words: str
    does: str


@doors.page("/pairs/{pair_id}/questions", needs="view")
def questions(visit: Visitor, pair_id: str, question: str = "") -> Response:
    """The queue, and one question of it."""
    row = visit.pair(pair_id)
    open_ = open_questions(visit.house, row.id)
    chosen = next((q for q in open_ if q.id == question), open_[0] if open_ else None)
    with visit.house.store.read() as conn:
        titles = titles_of(visit.house, conn, row.id)
    values: dict[str, Any] = {"queue": _queue(open_), "count": visit.place(row).counts["questions"], "titles": titles, "chosen": chosen}
    if chosen is not None:
        alike = [q for q in open_ if q.group == chosen.group and q.options == chosen.options]
        place = open_.index(chosen)
        values |= {
            "text": question_text(visit.speech, chosen, titles),
            "beside": beside_question(visit.house, row.id, chosen),
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
