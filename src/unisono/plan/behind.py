"""What of a record does not go across although the firm wants it to: fields without a place, fields that nobody may write, and what is refused.

A preview says it row by row and counts it, so that it is known before anything is released. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from unisono.model.capability import FieldLimit
from unisono.model.party import Flat
from unisono.model.record import FIELDWISE, Kind, Side, flat_of, other
from unisono.plan.actions import Decision, Join, Report
from unisono.plan.compare import allowed, held_by_both
from unisono.plan.situation import Link, Rules, Seen, Situation
from unisono.policy.schema import Direction, direction_of, product_direction

HELD: Literal["held"] = "held"
"""Place of a mark about something that would be refused: the record or the field waits for a person."""
_SIDES: tuple[Side, ...] = ("a", "b")
_UNTOLD = ("type", "reference")


class Mark(Struct, frozen=True, order=True):
    """One thing that does not go across. ``place`` is the side that lacks something, or ``held``; ``code`` a word under ``flaw.``, or that of
    the problem."""

    place: Literal["a", "b", "held"]
    code: str
    field: str

    def __str__(self) -> str:
        return f"{self.place}:{self.code}:{self.field}"


def mark_of(text: str) -> Mark | None:
    """The reverse of ``str(mark)``; ``None`` for a text that is none."""
    place, code, field = (*text.split(":", 2), "", "")[:3]
    return Mark(place, code, field) if place in ("a", "b", HELD) and code else None  # type: ignore[arg-type]


def marks(s: Situation, decisions: Sequence[Decision], rules: Rules) -> tuple[Mark, ...]:
    """What of a record stays behind under some decisions about it, each once, in a steady order."""
    found = {Mark(HELD, one.code, one.field) for decision in decisions for one in decision.actions if isinstance(one, Report)}
    if s.subject.kind not in FIELDWISE:
        return tuple(sorted(found))
    for decision in decisions:
        for send in decision.sends:
            if send.write.operation == "create" and send.write.kind == s.subject.kind:
                found |= _of_new(s, other(send.write.side), rules)
        for action in decision.actions:
            if isinstance(action, Join) and decision.verdict == "linked":
                found |= _of_joined(s, action, rules)
    if s.link is not None and s.link.state == "linked" and any(decision.verdict not in ("equal", "gone") for decision in decisions):
        found |= _of_edited(s, s.link, rules)
    return tuple(sorted(found))


def _of_new(s: Situation, here: Side, rules: Rules) -> set[Mark]:
    """Fields of a record that its new counterpart will not have."""
    mine = s.seen(here)
    if mine is None:
        return set()
    to, values = other(here), flat_of(mine.record.body)
    there = rules.capabilities(to).fields(s.subject.kind)
    found = _without_place(s.subject.kind, values, to, there, rules)
    for name in values.keys() & there.keys():
        limit = there[name]
        if values[name] and not limit.on_create and not limit.on_change and _wanted(s.subject.kind, name, to, rules):
            found.add(Mark(to, "not-written", name))
    return found


def _of_joined(s: Situation, join: Join, rules: Rules) -> set[Mark]:
    """Fields of two records that become counterparts, which one of them has and the other cannot have."""
    found: set[Mark] = set()
    for here, key in (("a", join.a_key), ("b", join.b_key)):
        mine, theirs = _record(s, key), _record(s, join.b_key if here == "a" else join.a_key)
        if mine is None or theirs is None:
            continue
        to: Side = "b" if here == "a" else "a"
        values, known = flat_of(mine.record.body), flat_of(theirs.record.body)
        there = rules.capabilities(to).fields(s.subject.kind, theirs.record.key)
        found |= _without_place(s.subject.kind, values, to, there, rules)
        for name in values.keys() & there.keys():
            if values[name] and not known.get(name) and not there[name].on_change and _wanted(s.subject.kind, name, to, rules):
                found.add(Mark(to, "not-written", name))
    return found


def _of_edited(s: Situation, link: Link, rules: Rules) -> set[Mark]:
    """Edits of linked records that the other side takes from nobody."""
    if s.a is None or s.b is None:
        return set()
    found: set[Mark] = set()
    flats: dict[Side, Flat] = {"a": flat_of(s.a.record.body), "b": flat_of(s.b.record.body)}
    for name in held_by_both(link.kind, rules.a, rules.b, link.a_key, link.b_key):
        if flats["a"].get(name, "") == flats["b"].get(name, ""):
            continue
        for here in _SIDES:
            agreed, to = link.agreed(here), other(here)
            edited = name in agreed and flats[here].get(name, "") != agreed[name]
            if edited and not rules.capabilities(to).fields(link.kind)[name].on_change and _wanted(link.kind, name, to, rules):
                found.add(Mark(to, "not-written", name))
    return found


def _without_place(kind: Kind, values: Flat, to: Side, there: dict[str, FieldLimit], rules: Rules) -> set[Mark]:
    """Filled fields that the other system, or this one form of its records, does not have."""
    code = "bind" if rules.capabilities(to).writing(kind).bindable else "no-place"
    form, found = values.get("type", ""), set()
    for name, value in values.items():
        if not value or name in _UNTOLD or not _wanted(kind, name, to, rules):
            continue
        if name not in there:
            found.add(Mark(to, code, name))
        elif there[name].of and form in ("company", "person") and there[name].of != form:
            found.add(Mark(to, "no-place", name))
    return found


def _record(s: Situation, key: str) -> Seen | None:
    """One of two records that become counterparts: the subject itself, or a candidate for it."""
    known = (s.a, s.b, *(candidate.seen for candidate in s.candidates))
    return next((one for one in known if one is not None and one.record.key == key), None)


def _wanted(kind: Kind, name: str, to: Side, rules: Rules) -> bool:
    direction: Direction = product_direction(rules.policy, name) if kind == "product" else direction_of(rules.policy, name)
    return allowed(direction, to)
