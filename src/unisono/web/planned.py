"""Rows of a plan as the pages tell them: what becomes of a record and why, and every write with its values before and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from unisono.locale.shortfall import behind_text, left_of, shortfall_text
from unisono.plan.behind import HELD
from unisono.policy.shortfalls import Way
from unisono.store.runs import PlanRow
from unisono.web.speech import Speech

_SYSTEM = {"a": "crm", "b": "invoicing"}
_MARK: dict[str, Literal["crm", "inv"]] = {"a": "crm", "b": "inv"}
_INSIDE = ("reference", "type")
"""Fields of a new record that are for Unisono, or that its kind says already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One write: where, what, and its fields as (name, before, after)."""

    side: Literal["crm", "inv"]
    system: str
    operation: str
    kind: str
    fields: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One record. ``side`` is where it is, ``to`` where something is written; ``asked`` are questions and problems beside the reason,
    ``stays`` is what stays behind."""

    seq: int
    key: str
    label: str
    kind: str
    verdict: str
    outcome: str
    why: str
    side: Literal["crm", "inv"]
    to: tuple[Literal["crm", "inv"], ...]
    writes: tuple[Write, ...]
    asked: tuple[str, ...]
    stays: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Records of which the same stays behind. ``names`` are the first of them; ``mark`` finds them, ``held``: it waits for a person."""

    kind: str
    mark: str
    told: str
    count: int
    names: tuple[str, ...]
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """One thing that the two systems cannot do. ``side`` is whose doing it is, ``known`` how that is known, in words."""

    way: str
    side: Literal["crm", "inv"]
    about: str
    told: str
    known: str


def planned(speech: Speech, rows: Iterable[PlanRow], titles: Mapping[str, str]) -> list[Planned]:
    """Rows, in the order given."""
    return [_planned(speech, row, titles) for row in rows]


def why(speech: Speech, row: PlanRow, titles: Mapping[str, str]) -> str:
    """Why a row is as it is, without the record's name in front."""
    reason = row.action["reason"]
    return speech.tell(reason["code"], reason["values"], name=row.label, kind=row.kind, titles=titles, led=False)


def groups(speech: Speech, behind: Iterable[Mapping[str, Any]], titles: Mapping[str, str]) -> list[Group]:
    """What of the records stays behind, as a preview counted it."""
    return [
        Group(
            kind=one["kind"],
            mark=one["mark"],
            told=behind_text(one, speech.language, titles),
            count=one["count"],
            names=tuple(one["names"]),
            held=one["mark"].startswith(f"{HELD}:"),
        )
        for one in behind
    ]


def lacking(speech: Speech, cannot: Iterable[Mapping[str, Any]], titles: Mapping[str, str]) -> dict[str, list[Lacking]]:
    """What the two systems cannot do of what the settings ask for, by the way it is done instead, if at all."""
    out: dict[str, list[Lacking]] = {}
    for one in cannot:
        line = Lacking(
            way=one["way"],
            side="crm" if one["side"] == "crm" else "inv",
            about=speech.kind(one["kind"]) if one.get("kind") else titles[one["side"]],
            told=shortfall_text(one, speech.language, titles),
            known=str(speech.words(f"known.{one['confidence']}")) if one.get("confidence") else "",
        )
        out.setdefault(line.way, []).append(line)
    return {way: out[way] for way in get_args(Way) if way in out}


def _planned(speech: Speech, row: PlanRow, titles: Mapping[str, str]) -> Planned:
    reason = row.action["reason"]
    writes = tuple(_write(speech, write, titles) for write in row.action.get("writes", []))
    asked = tuple(
        speech.tell(one["code"], one["values"], name=row.label, field=one.get("field", ""), kind=row.kind, titles=titles, led=False)
        for one in (*row.action.get("questions", []), *row.action.get("problems", []))
        if one["code"] != reason["code"]
    )
    return Planned(
        seq=row.seq,
        key=row.key,
        label=row.label,
        kind=row.kind,
        verdict=row.verdict,
        outcome=row.outcome,
        why=why(speech, row, titles),
        side=_MARK[row.key[:1]],
        to=tuple(dict.fromkeys(write.side for write in writes)),
        writes=writes,
        asked=asked,
        stays=left_of(row.action, row.kind, speech.language, titles),
    )


def _write(speech: Speech, write: Mapping[str, Any], titles: Mapping[str, str]) -> Write:
    kind, before = write["kind"], write["before"]
    fields = tuple(
        (speech.field(name, kind), _text(speech, name, before.get(name)), _text(speech, name, value))
        for name, value in write["after"].items()
        if name not in _INSIDE or write["operation"] == "change"
    )
    return Write(side=_MARK[write["side"]], system=titles[_SYSTEM[write["side"]]], operation=write["operation"], kind=kind, fields=fields)


def _text(speech: Speech, field: str, value: Any) -> str:
    """A value in words; one with parts, such as the lines of an offer, part by part."""
    if value is None or value == "":
        return ""
    if isinstance(value, Mapping):
        return " · ".join(text for name, part in value.items() if (text := _text(speech, str(name), part)))
    if isinstance(value, list | tuple):
        return "\n".join(text for part in value if (text := _text(speech, field, part)))
    return speech.value(field, str(value))
