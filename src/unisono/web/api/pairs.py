"""Pairs: how they stand, a look now, pause and resume."""

from __future__ import annotations

from pydantic import BaseModel

from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.wiring.setup import set_state
from unisono.wiring.standing import Standing, look_now, standing, standings

doors = Doors("pairs")


class PairOut(BaseModel):
    """How a pair stands. Instants are UTC; an empty text is none."""

    id: str
    firm: str
    name: str
    state: str
    answer: str
    crm: str
    invoicing: str
    linked: dict[str, int]
    in_step: int
    apart: int
    questions: int
    problems: int
    waiting: int
    looked: str
    next_look: str
    run: str


class StateOut(BaseModel):
    """What became of a pair."""

    state: str


@doors.get("/pairs", needs="view")
def pairs(visit: Visitor) -> list[PairOut]:
    """Every pair one looks after, those that need somebody first."""
    return [_out(one) for one in standings(visit.house, visit.somebody.firms)]


@doors.get("/pairs/{pair_id}", needs="view")
def pair(visit: Visitor, pair_id: str) -> PairOut:
    """One pair."""
    return _out(standing(visit.house, visit.pair(pair_id).id))


@doors.post("/pairs/{pair_id}/look", needs="act")
def look(visit: Visitor, pair_id: str) -> StateOut:
    """Both sides are looked at with the runner's next turn."""
    row = visit.pair(pair_id)
    look_now(visit.house, row.id)
    return StateOut(state=row.state)


@doors.post("/pairs/{pair_id}/pause", needs="act")
def pause(visit: Visitor, pair_id: str) -> StateOut:
    """Nothing more is read or written until it goes on."""
    return StateOut(state=set_state(visit.house, visit.pair(pair_id).id, "paused", visit.by))


@doors.post("/pairs/{pair_id}/resume", needs="act")
def resume(visit: Visitor, pair_id: str) -> StateOut:
    """It goes on. After a brake this allows as many vanished records as there are now: look at them first."""
    return StateOut(state=set_state(visit.house, visit.pair(pair_id).id, "released", visit.by))


def _out(told: Standing) -> PairOut:
    return PairOut(
        id=told.pair.id,
        firm=told.pair.firm,
        name=told.pair.name,
        state=told.pair.state,
        answer=told.answer,
        crm=told.crm.title,
        invoicing=told.invoicing.title,
        linked=told.linked,
        in_step=told.in_step,
        apart=told.apart,
        questions=told.questions,
        problems=told.problems,
        waiting=told.waiting,
        looked=told.looked,
        next_look=told.next_look,
        run=told.run.id if told.run else "",
    )
