"""What all writes have in common: keys, limits, and steps that travel as one call. Pure."""

from __future__ import annotations

from unisono.connect.port import Command
from unisono.model.capability import Capabilities
from unisono.model.limits import must_fit as held_to
from unisono.model.limits import refused
from unisono.model.party import Flat
from unisono.model.writing import Write
from unisono.systems.bitrix24.steps import Step, points_elsewhere

PERSON_ONLY = ("first_name", "salutation")


def split(key: str, allowed: tuple[str, ...], write: Write) -> tuple[str, str]:
    """``company:42`` as prefix and row id."""
    prefix, _, row_id = key.partition("@")[0].partition(":")
    if prefix not in allowed or not row_id.isdigit():
        raise refused("wrong-owner" if key else "missing-owner", write, "owner", key)
    return prefix, row_id


def steps_of(command: Command) -> list[Step]:
    """The steps that a command was made of."""
    return [Step(name, method, params) for name, method, params in command.payload["steps"]]


def must_fit(flat: Flat, write: Write, capabilities: Capabilities, *, is_company: bool = False, whole: bool = True) -> None:
    """Required fields, lengths, words. ``whole``: a create, where a field that is not there is missing; else only what changes is seen."""
    limits = capabilities.fields(write.kind)
    held_to(flat, write, limits, "company" if is_company else "person", whole=whole)
    for name, value in flat.items():
        fixed = not whole and name in limits and not limits[name].on_change
        strange = not whole and value and (name not in limits or (is_company and name in PERSON_ONLY))
        if fixed or strange or points_elsewhere(value):
            raise refused("cannot-hold", write, name, value)


def command_of(steps: list[Step], key: str, prefix: str = "", place: str = "") -> Command:
    """Steps as one call: alone as it is, several as a batch. ``key`` is that of a record that is there, ``prefix`` begins that of a new one."""
    operation = steps[0].method if len(steps) == 1 else "batch"
    payload = {"key": key, "prefix": prefix, "place": place, "steps": [[step.name, step.method, dict(step.params)] for step in steps]}
    return Command(operation, payload)
