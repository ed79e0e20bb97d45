"""The steps of an undo as the pages and the API tell them: what is done first, then what stays, each record with its reason and values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from unisono.plan.undo import Step, What
from unisono.web.speech import Speech

ORDER: tuple[What, ...] = ("delete", "change", "unlink", "ask", "leave", "done")
LOOKS: dict[What, tuple[str, str]] = {
    "delete": ("bad", "cross"),
    "change": ("ok", "undo"),
    "unlink": ("wait", "link"),
    "ask": ("wait", "ask"),
    "leave": ("off", "lock"),
    "done": ("off", "equals"),
}
"""State of the style sheet and sign of each sort."""
_MARK: dict[str, Literal["crm", "inv"]] = {"a": "crm", "b": "inv"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One record: where it is, why, and the values that come back (field, now, then)."""

    side: Literal["crm", "inv"]
    label: str
    kind: str
    why: str
    fields: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """The steps of one sort."""

    what: What
    look: str
    sign: str
    steps: tuple[Told, ...]


def told_steps(speech: Speech, steps: Sequence[Step], titles: Mapping[str, str]) -> list[Sort]:
    """All steps, sort by sort."""
    out = []
    for what in ORDER:
        some = tuple(_told(speech, step, titles) for step in steps if step.what == what)
        if some:
            out.append(Sort(what=what, look=LOOKS[what][0], sign=LOOKS[what][1], steps=some))
    return out


def why_of(speech: Speech, step: Step, titles: Mapping[str, str]) -> str:
    """Why a step is as it is."""
    return speech.tell(step.reason.code, step.reason.values, name=step.label, kind=step.kind, titles=titles, led=False)


def _told(speech: Speech, step: Step, titles: Mapping[str, str]) -> Told:
    fields = tuple(
        (speech.field(name, step.kind), speech.value(name, step.before.get(name, "")), speech.value(name, value))
        for name, value in sorted(step.changes.items())
    )
    return Told(side=_MARK[step.side], label=step.label, kind=step.kind, why=why_of(speech, step, titles), fields=fields)
