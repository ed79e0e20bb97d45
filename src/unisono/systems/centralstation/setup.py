"""Set-up: the custom fields of an account, and one of ours that keeps a reference out of people's sight."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from unisono.connect.port import Command
from unisono.model.errors import BadAnswer
from unisono.systems.centralstation.client import PAGE
from unisono.systems.centralstation.system import CentralStation
from unisono.systems.centralstation.values import flag, id_of, text, unwrap

OURS = "Unisono"
"""The name of the custom field that holds our reference."""


@dataclass(frozen=True, slots=True)
class FieldType:
    """A custom field an account has. ``category``: Company, Person, Deal, Project. ``kind``: string, select, decimal, date, url."""

    id: str
    name: str
    category: str
    kind: str
    hidden: bool


def custom_field_types(system: CentralStation) -> tuple[FieldType, ...]:
    """The live list, for a person to choose from when binding tax id and customer number."""
    found: dict[str, FieldType] = {}
    for number in range(1, 21):
        answer = system.client.value("/custom_fields_types", [("page", str(number)), ("perpage", str(PAGE))])
        if not isinstance(answer, list):
            raise BadAnswer("not-a-list", {"call": "/custom_fields_types", "value": str(answer)[:80]})
        fresh = {one.id: one for one in map(_field_type, answer) if one.id not in found}
        found |= fresh
        if len(answer) < PAGE or not fresh:
            break
    return tuple(found.values())


def ensure_reference_fields(system: CentralStation, categories: Iterable[str]) -> dict[str, dict[str, int]]:
    """The bindings ``{category: {"reference": type id}}``; a field of ours that is there is used, else one is made.

    Raises what ``send`` raises. After ``Unclear`` call it again: it looks first.
    """
    there = {one.category: one.id for one in custom_field_types(system) if one.name == OURS and one.kind == "string"}
    bindings: dict[str, dict[str, int]] = {}
    for category in categories:
        if category not in there:
            wanted = {"name": OURS, "category": category, "ftype": "string", "api_only": True}
            answered = system.client.send(Command("POST /custom_fields_types", {"custom_fields_type": wanted}))
            there[category] = answered.key.partition(":")[2]
        bindings[category] = {"reference": int(there[category])}
    return bindings


def _field_type(answer: object) -> FieldType:
    row = unwrap(answer, "custom_fields_type")
    if row is None or not id_of(row):
        raise BadAnswer("not-a-row", {"call": "/custom_fields_types", "value": str(answer)[:80]})
    key = id_of(row)
    return FieldType(key, text(row, "name", key), text(row, "category", key), text(row, "ftype", key), flag(row, "api_only"))
