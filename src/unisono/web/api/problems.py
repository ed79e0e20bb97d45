"""Problems: records that cannot go across as they are; mended on the spot, sent again, or left out for good."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from unisono.store.asking import Problem
from unisono.web.api.listing import CountOut, still_open, told
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.wiring.correcting import Corrected, correct_group, correct_problems, mendable
from unisono.wiring.deciding import (
    all_problems,
    found_problems,
    group_of,
    leave_out_problems,
    left_for_good,
    retry_problems,
    take_along_again,
)
from unisono.wiring.keeping import labels
from unisono.wiring.standing import Titles

doors = Doors("problems")


class ProblemOut(BaseModel):
    """A record that cannot go across as it is. ``raw`` is the other system's own answer, without secrets; alike ones share ``group``."""

    id: str
    code: str
    group: str
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
    fields: dict[str, str]
    """The fields that can be corrected, with what they hold now; none if it cannot be mended from here."""
    side: str
    """Where a correction is written: ``crm`` or ``invoicing``."""
    pending: dict[str, str]
    """What was entered and is about to be written."""


class ProblemsIn(BaseModel):
    """Ids of problems, or a group of alike ones; without either, all that are open."""

    problems: list[str] | None = None
    group: str = ""


class SomeProblemsIn(BaseModel):
    """Ids of problems, or a group of alike ones."""

    problems: list[str] = []
    group: str = ""


class CorrectIn(BaseModel):
    """By problem and field, the values to write; or with ``group`` the same ``values`` for all of a group."""

    problems: dict[str, dict[str, str]] = {}
    group: str = ""
    values: dict[str, str] = {}


class CorrectedOut(BaseModel):
    """How many are being written; by problem and field what is wrong with the others, in words."""

    count: int
    wrong: dict[str, dict[str, str]]


class RecordOut(BaseModel):
    """A record that was left out for good."""

    record: str
    label: str


class RecordsIn(BaseModel):
    """Records (``a:party:company:42``)."""

    records: list[str] = Field(max_length=10_000)


class VersionOut(BaseModel):
    """The version of the settings that says so; 0 if nothing changed by it."""

    version: int


@doors.get("/pairs/{pair_id}/problems", needs="view")
def problems(
    visit: Visitor,
    pair_id: str,
    search: str = "",
    kind: str = "",
    group: str = "",
    skip: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 500,
) -> list[ProblemOut]:
    """The open problems, alike ones beside each other. ``search`` is part of a name, without regard to case and diacritics."""

    row = visit.pair(pair_id)
    some = found_problems(visit.house, row.id, search=search, kind=kind, group=group)[skip : skip + limit]
    places = mendable(visit.house, row.id, some)

    def tell(p: Problem, titles: Titles) -> ProblemOut:
        place = places.get(p.id)
        return ProblemOut(
            id=p.id,
            code=p.code,
            group=group_of(p),
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
            fields={blank.name: blank.value for blank in place.blanks} if place else {},
            side={"a": "crm", "b": "invoicing"}[place.side] if place else "",
            pending=place.pending if place else {},
        )

    return told(visit, row, some, tell)


@doors.post("/pairs/{pair_id}/problems/correct", needs="act")
def correct(visit: Visitor, pair_id: str, what: CorrectIn) -> CorrectedOut:
    """Values for fields that kept records from going across: written where the records come from, as this user's correction."""
    row = visit.pair(pair_id)
    done = Corrected()
    with still_open():
        if what.problems:
            done = correct_problems(visit.house, row.id, what.problems, visit.by)
        if what.group:
            all_ = correct_group(visit.house, row.id, what.group, what.values, visit.by)
            done = Corrected([*done.done, *all_.done], done.wrong | all_.wrong)
    wrong = {
        problem: {name: visit.speech.tell(one.code, one.values, field=name, led=False) for name, one in fields.items()}
        for problem, fields in done.wrong.items()
    }
    return CorrectedOut(count=len(done.done), wrong=wrong)


@doors.post("/pairs/{pair_id}/problems/retry", needs="act")
def retry(visit: Visitor, pair_id: str, which: ProblemsIn) -> CountOut:
    """The records are looked at again at once."""
    row = visit.pair(pair_id)
    with still_open():
        ids = [one.id for one in all_problems(visit.house, row.id, which.group)] if which.group else which.problems
        return CountOut(count=retry_problems(visit.house, row.id, ids))


@doors.post("/pairs/{pair_id}/problems/leave-out", needs="act")
def leave_out(visit: Visitor, pair_id: str, which: SomeProblemsIn) -> VersionOut:
    """The records are left out for good; the settings say so, and ``take-along`` takes it back."""
    row = visit.pair(pair_id)
    with still_open():
        ids = [one.id for one in all_problems(visit.house, row.id, which.group)] if which.group else which.problems
        return VersionOut(version=leave_out_problems(visit.house, row.id, ids, visit.by) or 0)


@doors.get("/pairs/{pair_id}/left-out", needs="view")
def left_out(visit: Visitor, pair_id: str) -> list[RecordOut]:
    """The records that people left out for good."""
    row = visit.pair(pair_id)
    return [RecordOut(record=record, label=label) for record, label in labels(visit.house, row.id, left_for_good(visit.house, row.id))]


@doors.post("/pairs/{pair_id}/problems/take-along", needs="act")
def take_along(visit: Visitor, pair_id: str, which: RecordsIn) -> CountOut:
    """Records that were left out for good take part again."""
    return CountOut(count=take_along_again(visit.house, visit.pair(pair_id).id, which.records, visit.by))
