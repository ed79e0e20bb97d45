"""Fields: which way each goes, at a record that may be read anew. Directions are changed through the settings."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from unisono.store.pairs import PairRow
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.pages.fields import line
from unisono.web.visit import NotFound, Visit
from unisono.wiring.fieldmap import FieldMap, field_map, read_now, to_show

doors = Doors("fields")
KindIn = Literal["party", "contact"]


class FlawOut(BaseModel):
    """Something about a field on one side; ``bad``: the value shown would not arrive."""

    code: str
    side: str
    bad: bool
    told: str


class FieldOut(BaseModel):
    """One field. ``direction`` and ``wins`` are its own, empty where it goes as all customers do; ``directions`` may be chosen."""

    name: str
    label: str
    direction: str
    wins: str
    to_crm: bool
    to_invoicing: bool
    winner: str
    directions: list[str]
    crm: str | None
    invoicing: str | None
    flaws: list[FlawOut]


class FieldsOut(BaseModel):
    """The fields of a kind at a record; ``record`` is empty where none is linked, ``failed`` says which side could not be read just now."""

    kind: str
    record: str
    label: str
    read_now: bool
    failed: dict[str, str]
    fields: list[FieldOut]


class ReadIn(BaseModel):
    """A linked record by its key in the CRM."""

    kind: KindIn = "party"
    record: str


@doors.get("/pairs/{pair_id}/fields", needs="view")
def fields(visit: Visitor, pair_id: str, kind: KindIn = "party", record: str = "") -> FieldsOut:
    """The fields with the values that were read last; without a record, of the one linked last."""
    row = visit.pair(pair_id)
    found = [] if record else to_show(visit.house, row.id, kind)
    return _out(visit, row, field_map(visit.house, row.id, kind, record or (found[0].a_key if found else "")))


@doors.post("/pairs/{pair_id}/fields/read", needs="act")
def read(visit: Visitor, pair_id: str, what: ReadIn) -> FieldsOut:
    """The same with what both vendors answer at this moment; nothing is stored, nothing is written."""
    row = visit.pair(pair_id)
    told = read_now(visit.house, row.id, what.kind, what.record)
    if told.shown is None:
        raise NotFound
    return _out(visit, row, told)


def _out(visit: Visit, row: PairRow, told: FieldMap) -> FieldsOut:
    titles = visit.titles(row)
    out = []
    for one in told.fields:
        shown = line(visit.speech, one, told.kind, titles)
        flaws = [
            FlawOut(code=flaw.code, side=flaw.side, bad=flaw.bad, told=words)
            for flaw, (words, _) in zip(one.flaws, shown.flaws, strict=True)
        ]
        out.append(
            FieldOut(
                name=one.name,
                label=shown.label,
                direction=one.direction,
                wins=one.wins,
                to_crm=one.to_crm,
                to_invoicing=one.to_invoicing,
                winner=one.winner,
                directions=list(one.directions),
                crm=one.crm,
                invoicing=one.invoicing,
                flaws=flaws,
            )
        )
    failed = {side: fault.code if fault else "gone" for side, fault in told.failed.items()}
    record, label = (told.shown.a_key, told.shown.label) if told.shown else ("", "")
    return FieldsOut(kind=told.kind, record=record, label=label, read_now=told.read_now, failed=failed, fields=out)
