"""Which field goes where: two columns with an arrow between them, at a real record, with what would not arrive marked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from unisono.model.record import Kind
from unisono.store.examples import Example
from unisono.store.pairs import PairRow
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.navigation import Entry
from unisono.web.speech import Speech
from unisono.web.visit import Visit
from unisono.wiring.fieldmap import KINDS, FieldMap, Flaw, MappedField, field_map, read_now, to_show

doors = Doors()
ENTRIES = (Entry(code="nav.fields", icon="fields", path="/pairs/{pair}/fields", group="setup", order=90),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One field for its line: values as people write them, flaws in words (words, whether the value would not arrive)."""

    name: str
    label: str
    field: MappedField
    crm: str | None
    invoicing: str | None
    flaws: tuple[tuple[str, bool], ...]
    way: str


@doors.page("/pairs/{pair_id}/fields", needs="view")
def fields(visit: Visitor, pair_id: str, kind: str = "party", record: str = "", named: str = "") -> Response:
    """The fields of customers or contacts, at a record; without one chosen at the one linked last."""
    row = visit.pair(pair_id)
    chosen: Kind = "contact" if kind == "contact" else "party"
    found = to_show(visit.house, row.id, chosen, named[:200])
    told = field_map(visit.house, row.id, chosen, record or (found[0].a_key if found else ""))
    return shown(visit, row, told, found, named[:200])


@doors.form("/pairs/{pair_id}/fields/read", needs="act")
def read(visit: Visitor, pair_id: str) -> Response:
    """Asks both vendors for the record that is shown; nothing is stored, nothing is written."""
    row = visit.pair(pair_id)
    kind: Kind = "contact" if visit.given("kind") == "contact" else "party"
    named = visit.given("named")[:200]
    told = read_now(visit.house, row.id, kind, visit.given("record"))
    return shown(visit, row, told, to_show(visit.house, row.id, kind, named), named)


def shown(visit: Visit, row: PairRow, told: FieldMap, found: list[Example], named: str) -> Response:
    """The page of a field map; ``found`` are the records there are to choose from."""
    titles = visit.titles(row)
    lines = [line(visit.speech, one, told.kind, titles) for one in told.fields]
    values: dict[str, Any] = {
        "map": told,
        "kinds": KINDS,
        "lines": lines,
        "titles": titles,
        "examples": found if told.shown is None or told.shown in found else [told.shown, *found],
        "named": named,
        "bad": sum(any(bad for _, bad in one.flaws) for one in lines),
        "failed": [(titles[side], visit.speech.tell(fault.code, fault.values) if fault else "") for side, fault in told.failed.items()],
    }
    return visit.page("fields/fields.html", pair=row, **values)


def line(speech: Speech, one: MappedField, kind: Kind, titles: Mapping[str, str]) -> Line:
    """One field in words."""
    ways = {(True, True): "both", (False, True): "to-invoicing", (True, False): "to-crm", (False, False): "off"}
    return Line(
        name=one.name,
        label=speech.field(one.name, kind),
        field=one,
        crm=None if one.crm is None else speech.value(one.name, one.crm),
        invoicing=None if one.invoicing is None else speech.value(one.name, one.invoicing),
        flaws=tuple((_flaw(speech, one.name, flaw, titles), flaw.bad) for flaw in one.flaws),
        way=ways[one.to_crm, one.to_invoicing],
    )


def _flaw(speech: Speech, name: str, flaw: Flaw, titles: Mapping[str, str]) -> str:
    values = dict(flaw.values)
    if "values" in values:
        values["values"] = ", ".join(speech.value(name, value) for value in values["values"].split(", "))
    return str(speech.words("flaw." + flaw.code, system=titles[flaw.side], **values))
