"""Problems as the page shows them: alike ones as one group, each record with its fields to mend, what was typed, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from unisono.plan.actions import Report
from unisono.store.asking import Problem
from unisono.store.pairs import PairRow
from unisono.web.visit import Visit
from unisono.wiring.correcting import SHARED, Blank, Corrected, Mendable, mendable
from unisono.wiring.deciding import Alike

_SYSTEM = {"a": "crm", "b": "invoicing"}
_MARK: dict[str, Literal["crm", "inv"]] = {"a": "crm", "b": "inv"}
_ADDRESS = ("address.line1", "address.line2", "address.postcode", "address.city")


@dataclass(frozen=True, slots=True)
class Input:
    """One field to fill in: its name in the form, what it is called, what stands in it, what is wrong with that."""

    name: str
    field: str
    label: str
    value: str
    trouble: str
    blank: Blank


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record of a group. ``about`` tells it from others of its name; ``pending`` is what is being written just now."""

    problem: Problem
    told: str
    about: str
    inputs: tuple[Input, ...]
    pending: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Alike problems: ``rows`` are those shown of ``count``. ``to`` is the system that a correction is written in, empty if none can be."""

    alike: Alike
    title: str
    count: int
    rows: tuple[Row, ...]
    to: str
    side: Literal["crm", "inv", ""]
    shared: tuple[Input, ...]
    columns: tuple[str, ...]
    """What the fields to fill in are called."""
    key: str
    """What tells the group from others."""
    raw: str
    """The other system's answer where it is the same for all."""


def typed(form: Mapping[str, Any]) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """What a form of the page carries: by problem and field, and by field for a whole group."""
    entries: dict[str, dict[str, str]] = {}
    shared: dict[str, str] = {}
    for name, value in form.items():
        what, _, rest = name.partition("|")
        if what == "all" and isinstance(value, str):
            shared[rest] = value
        elif what == "value" and isinstance(value, str):
            problem, _, field = rest.partition("|")
            entries.setdefault(problem, {})[field] = value
    return entries, shared


def mending(
    visit: Visit,
    row: PairRow,
    alike: Alike,
    some: Sequence[Problem],
    title: str,
    titles: Mapping[str, str],
    tried: Corrected | None,
    entries: Mapping[str, Mapping[str, str]],
    shared: Mapping[str, str],
) -> Group:
    """A group with some of its records; ``tried`` and the entries are those of a form that did not fit."""
    places = mendable(visit.house, row.id, some)
    wrong = tried.wrong if tried is not None else {}
    rows = tuple(_row(visit, one, places.get(one.id), titles, title, wrong.get(one.id, {}), entries.get(one.id, {})) for one in some)
    sides = {place.side for place in places.values()}
    side = next(iter(sides)) if len(sides) == 1 else ""
    open_ = [place for place in places.values() if place.blanks and not place.pending]
    raws = {one.raw for one in some}
    return Group(
        alike=alike,
        title=title,
        count=len(alike.problems),
        rows=rows,
        to=titles[_SYSTEM[side]] if side and open_ else "",
        side=_MARK[side] if side and open_ else "",
        shared=_shared(visit, alike, open_, wrong, shared) if side else (),
        columns=next((tuple(one.label for one in row.inputs) for row in rows if row.inputs), ()),
        key=alike.group,
        raw=next(iter(raws)) if len(raws) == 1 else "",
    )


def _row(
    visit: Visit,
    problem: Problem,
    place: Mendable | None,
    titles: Mapping[str, str],
    title: str,
    wrong: Mapping[str, Report],
    given: Mapping[str, str],
) -> Row:
    speech = visit.speech
    told = speech.tell(problem.code, problem.values, name=problem.label, field=problem.field, kind=problem.kind, titles=titles, led=False)
    # What the head of the group says already is not said again in every row.
    told = "" if told == title else told
    if place is None:
        return Row(problem=problem, told=told, about="", inputs=(), pending="")
    pending = ", ".join(speech.value(name, value) for name, value in sorted(place.pending.items()))
    inputs = tuple(
        Input(
            name=f"value|{problem.id}|{blank.name}",
            field=blank.name,
            label=speech.field(blank.name, problem.kind),
            value=given.get(blank.name) or _shown(visit, blank.name, blank.value),
            trouble=_trouble(visit, wrong.get(blank.name), problem.kind),
            blank=blank,
        )
        for blank in place.blanks
    )
    about = ", ".join(place.now[name].replace("\n", ", ") for name in _ADDRESS if place.now.get(name))
    return Row(problem=problem, told=told, about=about, inputs=() if pending else inputs, pending=pending)


def _shared(
    visit: Visit, alike: Alike, places: Sequence[Mendable], wrong: Mapping[str, Mapping[str, Report]], given: Mapping[str, str]
) -> tuple[Input, ...]:
    """The fields that one entry may be given for all records of a group."""
    if len(alike.problems) < 2 or not places:
        return ()
    first = next(iter(wrong.values()), {})
    return tuple(
        Input(
            name=f"all|{blank.name}",
            field=blank.name,
            label=visit.speech.field(blank.name, alike.first.kind),
            value=given.get(blank.name, ""),
            trouble=_trouble(visit, first.get(blank.name), alike.first.kind) if given.get(blank.name) else "",
            blank=blank,
        )
        for blank in places[0].blanks
        if blank.name in SHARED
    )


def _shown(visit: Visit, field: str, value: str) -> str:
    return visit.speech.value(field, value) if field == "address.country" else value


def _trouble(visit: Visit, report: Report | None, kind: str) -> str:
    if report is None:
        return ""
    return visit.speech.tell(report.code, report.values, field=report.field, kind=kind, led=False)
