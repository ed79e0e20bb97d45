"""Questions: what only a person can decide, and the answers."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import HTTPException, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from unisono.store.asking import Question
from unisono.web.api.listing import CountOut, still_open, told
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.telling import question_text
from unisono.web.visit import Visit
from unisono.wiring.deciding import (
    AlreadyDone,
    NoSuchOption,
    Said,
    answer_question,
    answers_given,
    answers_put_off,
    open_questions,
    take_answer_back,
)
from unisono.wiring.keeping import LaneBusy
from unisono.wiring.standing import Titles

doors = Doors("questions")


class QuestionOut(BaseModel):
    """An open question. ``group`` is shared by alike ones; ``told`` is the question in the language asked for."""

    id: str
    code: str
    group: str
    record: str
    label: str
    told: str
    options: list[str]
    values: dict[str, str]


class SaidOut(QuestionOut):
    """A question that somebody answered, or put off until a time. ``open``: nothing was done because of it, so it may be taken back."""

    answer: str
    by: str
    at: str
    until: str
    open: bool


class AnswerIn(BaseModel):
    """One of the question's options; ``group`` answers all alike ones."""

    answer: str
    group: bool = False


@doors.get("/pairs/{pair_id}/questions", needs="view")
def questions(visit: Visitor, pair_id: str) -> list[QuestionOut]:
    """The open questions, alike ones beside each other; those put off only when their time has come."""
    row = visit.pair(pair_id)
    return told(visit, row, open_questions(visit.house, row.id), lambda q, titles: _asked(visit, q, titles))


@doors.get("/pairs/{pair_id}/answers", needs="view")
def answers(
    visit: Visitor,
    pair_id: str,
    kind: Literal["answered", "later"] = "answered",
    skip: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[SaidOut]:
    """What people answered, the newest first; or the questions they put off, the next one first."""
    row = visit.pair(pair_id)
    read = answers_put_off if kind == "later" else answers_given

    def tell(one: Said, titles: Titles) -> SaidOut:
        given = one.answer
        asked = _asked(visit, given.question, titles).model_dump()
        return SaidOut(**asked, answer=given.question.answer, by=given.by, at=given.at, until=given.until, open=one.open)

    return told(visit, row, read(visit.house, row.id, skip=skip, limit=limit), tell)


@doors.post("/pairs/{pair_id}/questions/{question_id}/answer", needs="act", response_model=CountOut)
def answer(visit: Visitor, pair_id: str, question_id: str, said: AnswerIn) -> CountOut | JSONResponse:
    """Answers a question; its record is looked at again at once."""
    row = visit.pair(pair_id)
    try:
        with still_open():
            return CountOut(count=answer_question(visit.house, row.id, question_id, said.answer, visit.by, group=said.group))
    except NoSuchOption as wrong:
        text = visit.speech.words("no-such-option", option=str(wrong.args[0]), options=str(wrong.args[1]))
        return JSONResponse({"error": {"code": "no-such-option", "told": str(text)}}, status_code=422)


@doors.post("/pairs/{pair_id}/questions/{question_id}/take-back", needs="act")
def take_back(visit: Visitor, pair_id: str, question_id: str) -> CountOut:
    """An answer as if it had not been given, as long as nothing was done because of it; a question that was put off is asked now."""
    row = visit.pair(pair_id)
    try:
        with still_open():
            take_answer_back(visit.house, row.id, question_id, visit.by)
    except (AlreadyDone, LaneBusy):
        raise HTTPException(409) from None
    return CountOut(count=1)


def _asked(visit: Visit, q: Question, titles: Titles) -> QuestionOut:
    return QuestionOut(
        id=q.id,
        code=q.code,
        group=q.group,
        record=q.key,
        label=q.label,
        told=question_text(visit.speech, q, titles),
        options=list(q.options),
        values=q.values,
    )
