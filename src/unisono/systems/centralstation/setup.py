"""Set-up: the custom fields of an account, one of ours that keeps a reference out of people's sight, and the notices it sends."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from msgspec import Struct

from unisono.connect.port import Command
from unisono.model.errors import BadAnswer, NotThere
from unisono.model.fields import Row, text
from unisono.model.secret import Secret
from unisono.systems.centralstation.client import PAGE
from unisono.systems.centralstation.system import CentralStation
from unisono.systems.centralstation.values import flag, id_of, unwrap

_HOOKED = ("Company", "Person", "Deal")
_EVENTS = ("create", "update", "destroy")
OURS = "Unisono"
"""The name of the custom field that holds our reference."""


class FieldType(Struct, frozen=True):
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


def hooked(system: CentralStation, begin: str) -> dict[str, str]:
    """The notices whose address begins so: id and what each tells of."""
    found: dict[str, Row] = {}
    for number in range(1, 21):
        answer = system.client.value("/hooks", [("page", str(number)), ("perpage", str(PAGE))])
        if not isinstance(answer, list):
            raise BadAnswer("not-a-list", {"call": "/hooks", "value": str(answer)[:80]})
        rows = [row for row in (unwrap(one, "hook") for one in answer) if row is not None and id_of(row)]
        fresh = {id_of(row): row for row in rows if id_of(row) not in found}
        found |= fresh
        if len(answer) < PAGE or not fresh:
            break
    ours = {key: row for key, row in found.items() if str(row.get("target_url") or "").startswith(begin)}
    return {key: f"{row.get('model')}/{row.get('event')}" for key, row in ours.items()}


def hook(system: CentralStation, url: Secret, begin: str) -> None:
    """Has every change of companies, people and deals told to an address, which begins with ``begin``; what is told there already stays.

    One call for each kind and event. Raises what ``send`` raises; called again it goes on where it ended.
    """
    there = {told.casefold() for told in hooked(system, begin).values()}
    for model in _HOOKED:
        for event in _EVENTS:
            if f"{model.casefold()}/{event}" not in there:
                # Only the id is of use to us: the less of a record is sent about, the better.
                wanted = {"model": model, "event": event, "target_url": url, "object_type": "lean", "state": "active"}
                system.client.send(Command("POST /hooks", {"hook": wanted}))


def unhook(system: CentralStation, begin: str) -> int:
    """Takes away every notice whose address begins so; how many there were."""
    found = hooked(system, begin)
    for key in found:
        with suppress(NotThere):
            system.client.send(Command(f"DELETE /hooks/{key}"))
    return len(found)


def _field_type(answer: object) -> FieldType:
    row = unwrap(answer, "custom_fields_type")
    if row is None or not id_of(row):
        raise BadAnswer("not-a-row", {"call": "/custom_fields_types", "value": str(answer)[:80]})
    key = id_of(row)
    return FieldType(key, text(row, "name", key), text(row, "category", key), text(row, "ftype", key), flag(row, "api_only"))
