"""Questions: what only a person can decide, and the answers."""

from __future__ import annotations

from fastapi.responses import JSONResponse
from pydantic import BaseModel

from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.telling import question_text
from unisono.web.visit import NotFound
from unisono.wiring.deciding import NoSuchOption, NoSuchQuestion, answer_question, open_questions
from unisono.wiring.standing import titles_of

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


class AnswerIn(BaseModel):
    """One of the question's options; ``group`` answers all alike ones."""

    answer: str
    group: bool = False


class CountOut(BaseModel):
    """How many records it was done for."""

    count: int


@doors.get("/pairs/{pair_id}/questions", needs="view")
def questions(visit: Visitor, pair_id: str) -> list[QuestionOut]:
    """The open questions, alike ones beside each other."""
    row = visit.pair(pair_id)
    with visit.house.store.read() as conn:
        titles = titles_of(visit.house, conn, row.id)
    return [
        QuestionOut(
            id=q.id,
            code=q.code,
            group=q.group,
            record=q.key,
            label=q.label,
            told=question_text(visit.speech, q, titles),
            options=list(q.options),
            values=q.values,
        )
        for q in open_questions(visit.house, row.id)
    ]


@doors.post("/pairs/{pair_id}/questions/{question_id}/answer", needs="act", response_model=CountOut)
def answer(visit: Visitor, pair_id: str, question_id: str, said: AnswerIn) -> CountOut | JSONResponse:
    """Answers a question; its record is looked at again at once."""
    row = visit.pair(pair_id)
    try:
        return CountOut(count=answer_question(visit.house, row.id, question_id, said.answer, visit.by, group=said.group))
    except NoSuchQuestion:
        raise NotFound from None
    except NoSuchOption as wrong:
        told = visit.speech.words("no-such-option", option=str(wrong.args[0]), options=str(wrong.args[1]))
        return JSONResponse({"error": {"code": "no-such-option", "told": str(told)}}, status_code=422)
