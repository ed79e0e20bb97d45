"""Problems: records that cannot go across as they are; sent again, or left out for good."""

from __future__ import annotations

from pydantic import BaseModel

from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.visit import NotFound
from unisono.wiring.deciding import NoSuchProblem, leave_out_problems, open_problems, retry_problems
from unisono.wiring.standing import titles_of

doors = Doors("problems")


class ProblemOut(BaseModel):
    """A record that cannot go across as it is. ``raw`` is the other system's own answer, without secrets."""

    id: str
    code: str
    record: str
    kind: str
    label: str
    field: str
    told: str
    values: dict[str, str]
    raw: str
    count: int
    first_at: str
    last_at: str


class ProblemsIn(BaseModel):
    """Ids of problems; without any, all that are open."""

    problems: list[str] | None = None


class SomeProblemsIn(BaseModel):
    """Ids of problems."""

    problems: list[str]


class CountOut(BaseModel):
    """How many records it was done for."""

    count: int


class VersionOut(BaseModel):
    """The version of the settings that says so; 0 if nothing changed by it."""

    version: int


@doors.get("/pairs/{pair_id}/problems", needs="view")
def problems(visit: Visitor, pair_id: str) -> list[ProblemOut]:
    """The open problems, alike ones beside each other."""
    row = visit.pair(pair_id)
    with visit.house.store.read() as conn:
        titles = titles_of(visit.house, conn, row.id)
    return [
        ProblemOut(
            id=p.id,
            code=p.code,
            record=p.key,
            kind=p.kind,
            label=p.label,
            field=p.field,
            told=visit.speech.tell(p.code, p.values, name=p.label, field=p.field, kind=p.kind, titles=titles),
            values=p.values,
            raw=p.raw,
            count=p.count,
            first_at=p.first_at,
            last_at=p.last_at,
        )
        for p in open_problems(visit.house, row.id)
    ]


@doors.post("/pairs/{pair_id}/problems/retry", needs="act")
def retry(visit: Visitor, pair_id: str, which: ProblemsIn) -> CountOut:
    """The records are looked at again at once."""
    row = visit.pair(pair_id)
    try:
        return CountOut(count=retry_problems(visit.house, row.id, which.problems))
    except NoSuchProblem:
        raise NotFound from None


@doors.post("/pairs/{pair_id}/problems/leave-out", needs="act")
def leave_out(visit: Visitor, pair_id: str, which: SomeProblemsIn) -> VersionOut:
    """The records are left out for good; the settings say so, and there they can be taken back."""
    row = visit.pair(pair_id)
    try:
        return VersionOut(version=leave_out_problems(visit.house, row.id, which.problems, visit.by) or 0)
    except NoSuchProblem:
        raise NotFound from None
