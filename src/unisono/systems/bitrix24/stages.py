"""Stages as a portal's directories list them: firms add, rename and sort them, so that only their meaning can be relied on.

A stage that stands for success or failure says so; which of several others is meant, a person names.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import Struct

from unisono.model.errors import BadAnswer, NotThere, Refused
from unisono.model.fields import Row, text
from unisono.model.text import folded
from unisono.systems.bitrix24.client import MOST, Client, Step, result_of
from unisono.systems.bitrix24.papers import directory_of
from unisono.systems.bitrix24.values import id_of

_MOST_PAGES = 20
_AXES = {"answer": {"accepted": "S", "rejected": "F"}, "paid": {"full": "S"}, "stage": {"cancelled": "F"}}
"""Axis and word of ours -> what the wanted stage means."""
_OWN = {
    ("quotes", "stage", "draft"): "DRAFT",
    ("quotes", "stage", "sent"): "SENT",
    ("invoices", "stage", "draft"): "N",
    ("invoices", "stage", "sent"): "S",
}
"""The vendor's own stages on the way, which no meaning tells apart."""


class Stage(Struct, frozen=True):
    """One stage of a pipeline. ``meaning``: ``S`` success, ``F`` failure, empty on the way."""

    id: str
    name: str
    meaning: str


def directories(client: Client, names: Collection[str]) -> dict[str, tuple[Stage, ...]]:
    """The stages of directories in the order of the pipeline, in one call where they are short.

    Rows of other directories are passed over: the list ignores conditions it does not know. Raises ``LoginRefused``, ``BadAnswer``,
    ``Unavailable``, ``TryLater``.
    """
    wanted = sorted(set(names) - {""})
    if not wanted:
        return {}
    steps = [
        Step(f"stages{n}", "crm.status.list", {"filter": {"ENTITY_ID": name}, "order": {"SORT": "ASC"}}) for n, name in enumerate(wanted)
    ]
    answers = client.read(steps)
    found: dict[str, tuple[Stage, ...]] = {}
    for name, step in zip(wanted, steps, strict=True):
        rows = page = _rows(result_of(answers, step), step)
        while len(page) >= MOST and len(rows) < MOST * _MOST_PAGES:
            further = Step("more", step.method, {**step.params, "start": len(rows)})
            page = _rows(result_of(client.read([further]), further), further)
            rows = rows + page
        found[name] = tuple(_stage(row) for row in rows if row.get("ENTITY_ID") == name)
    return found


def meanings(client: Client, names: Collection[str]) -> dict[str, dict[str, str]]:
    """Directory -> stage -> what it means; without a call where none is asked for."""
    return {name: {one.id: one.meaning for one in stages} for name, stages in directories(client, names).items()}


def moved(client: Client, resource: str, entity: int, key: str, wanted: Mapping[str, str]) -> str:
    """The id of the stage a paper is to be moved to; empty if it stands there already, or means the same.

    ``wanted`` holds the axes that change: ``answer`` and ``paid`` in our words, ``stage`` in our words or as the portal's own name or id.
    Raises ``Refused`` (``stage-not-there``) naming the axis, ``NotThere``, and what reading raises.
    """
    item = Step("item", "crm.item.get", {"entityTypeId": entity, "id": int(key)})
    answers = client.read([item])
    outcome = answers.of.get("item")
    if outcome is not None and outcome.gone:
        raise NotThere("not-there", {"record": f"{resource}/{key}"})
    result = result_of(answers, item)
    row = result.get("item") if isinstance(result, dict) else None
    if not isinstance(row, dict) or id_of(row) != key:
        raise BadAnswer("not-a-row", {"call": item.method, "value": str(row)[:80]})
    now = text(row, "stageId", f"{resource}/{key}")
    directory = directory_of(now, resource)
    stages = directories(client, {directory}).get(directory, ())
    chosen = choose(stages, resource, now, wanted)
    return "" if chosen == now else chosen


def choose(stages: Sequence[Stage], resource: str, now: str, wanted: Mapping[str, str]) -> str:
    """The stage that says what is wanted, among those of one pipeline. A stage of the same meaning is left as it is."""
    here = next((one for one in stages if one.id == now), None)
    for axis in ("paid", "answer", "stage"):
        word = wanted.get(axis, "")
        meaning = _AXES[axis].get(word, "")
        if not word:
            continue
        if meaning:
            if here is not None and here.meaning == meaning:
                return now
            found = next((one.id for one in stages if one.meaning == meaning), "")
        else:
            found = _named(stages, resource, axis, word)
        if not found:
            values = {"record": resource, "field": axis, "value": word, "allowed": ", ".join(one.name for one in stages)}
            raise Refused("stage-not-there", values, field=axis)
        return found
    return now


def _named(stages: Sequence[Stage], resource: str, axis: str, word: str) -> str:
    """The stage that a person named, by id or by a name that only one has; else the vendor's own stage for a word of ours."""
    named = [one.id for one in stages if one.id == word] or [one.id for one in stages if folded(one.name) == folded(word)]
    if axis == "stage" and named:
        return named[0] if len(named) == 1 else ""
    own = _OWN.get((resource, axis, word), "")
    return next((one.id for one in stages if own and one.id.rpartition(":")[2] == own), "")


def _rows(result: Any, step: Step) -> list[Row]:
    if not isinstance(result, list) or not all(isinstance(row, dict) for row in result):
        raise BadAnswer("list-missing", {"system": "bitrix24", "resource": step.method, "field": "result"})
    return result


def _stage(row: Row) -> Stage:
    meaning = row.get("SEMANTICS")
    return Stage(text(row, "STATUS_ID", "stage"), text(row, "NAME", "stage"), meaning if meaning in ("S", "F") else "")
