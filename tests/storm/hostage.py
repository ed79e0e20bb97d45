"""I16: no hostage. What one record is refused for delays no other: in fair weather an edit is carried over in the first turn that reads it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from tests.storm.edits import Typed
from tests.storm.picture import Picture, same
from tests.storm.sides import Letter
from tests.storm.verdict import Broken

POLL = timedelta(seconds=360)
"""After this at the latest both sides were asked again, and told of it; longer only where a small plan makes polls rare."""
AMPLE = 1000
"""Calls an hour from which on a plan makes nothing rarer."""


def judge(p: Picture, typed: list[Typed]) -> Iterator[Broken]:
    """Only where nothing but people can delay anything: no fault, nobody who pauses or chooses anew, no small plan."""
    e = p.e
    tight = any(hold.seconds > 60 and hold.limit < AMPLE for letter in p.letters for hold in p.side(letter).hold())
    if not e.fair or tight or not e.turns:
        return
    typed_at = [did.at for did in e.did]
    for one in typed:
        did = e.did[one.order]
        if did.deed.what == "edit" and not did.meanwhile and one.value and not _its_own_fault(p, one, typed):
            due = _due(typed_at[one.order], e.turns)
            late = _carried(p, one)
            if due is not None and late is not None and late > due:
                minutes = (late - typed_at[one.order]).total_seconds() / 60
                yield Broken("I16", f"{one.field} of {one.mark} came {minutes:.0f} minutes after it was typed on {one.letter}", one.key)


def _due(typed: datetime, turns: tuple[tuple[datetime, datetime], ...]) -> datetime | None:
    """The end of the first turn that must have read it."""
    return next((end for begin, end in turns if begin >= typed + POLL), None)


def _carried(p: Picture, one: Typed) -> datetime | None:
    """When the product wrote the value on the other side; ``None`` if it never had to."""
    far: Letter = "b" if one.letter == "a" else "a"
    keys = {entry.key for entry in p.entries(one.mark)[far]}
    for call in p.side(far).log:
        if call.seq > one.seq and any(w.key in keys and w.field == one.field and same(one.field, w.value, one.value) for w in call.wrote):
            return call.at
    return None


def _its_own_fault(p: Picture, one: Typed, typed: list[Typed]) -> bool:
    """Whether something about this very record may have held it up: a question, a problem, another edit of the field, a second record."""
    if one.field.startswith("address.") and getattr(p.side(one.letter), "quiet_addresses", False):
        # No list of changes tells of it: the weekly sweep does.
        return True
    if one.mark in p.taken or one.mark in p.merged or p.made.get(one.mark, 0) > 1 or p.loose or p.ever_named(one.mark):
        return True
    return any(
        t.mark == one.mark and t.field == one.field and t is not one and t.order for t in typed if t.before or t.letter != one.letter
    )
