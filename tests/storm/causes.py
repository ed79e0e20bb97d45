"""I4 and I21 for single writes: each has a person's edit for its cause, one write a system and edit, and touches nothing but what it is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.storm.edits import Typed, in_window
from tests.storm.picture import FIELDS, Picture, plain, rows_key
from tests.storm.sides import Call, Letter
from tests.storm.verdict import Broken

KINDS = ("party", "contact", "product")
"""Kinds of records that are kept in step field by field."""


def judge(p: Picture, typed: list[Typed]) -> Iterator[Broken]:
    """Everything about the causes of changes."""
    for letter in p.letters:
        calls = [c for c in p.side(letter).log if c.done and c.operation == "change" and c.kind in KINDS]
        yield from _spoilt(letter, calls)
        # Who put an older database back, or found out late that two records are one, fills and looks anew.
        if not p.e.restored:
            yield from _causeless(p, letter, calls, typed)


def _spoilt(letter: Letter, calls: list[Call]) -> Iterator[Broken]:
    for call in calls:
        if call.spoilt:
            yield Broken("I21", f"a change of a {call.kind} touched {', '.join(call.spoilt)}", f"{letter} {call.key}")


def _causeless(p: Picture, letter: Letter, calls: list[Call], typed: list[Typed]) -> Iterator[Broken]:
    """A field changes as often as somebody typed it on the other side, and no oftener."""
    far: Letter = "b" if letter == "a" else "a"
    causes = Counter((one.mark, one.field) for one in typed if one.letter == far and p.e.did[one.order].deed.what == "edit")
    # Whoever is asked which of two values counts has changed the other one, though nobody typed what a vendor made of the first.
    winner = "crm" if far == "a" else "invoicing"
    decided = Counter(
        (d.deed.about.rpartition(":")[2], d.deed.values["field"])
        for d in p.answered
        if d.deed.values.get("code") == "conflict" and d.deed.values["said"] == winner
    )
    begun = _begun(p, letter)
    # What the vendor itself makes of a value that is sent along is no change.
    changes = Counter(
        (wrote.key, wrote.field)
        for call in calls
        for wrote in call.wrote
        if wrote.field in FIELDS
        and plain(wrote.field, wrote.before).casefold() != plain(wrote.field, wrote.value).casefold()
        and (wrote.before or rows_key(wrote.key) not in begun)
    )
    if not changes:
        return
    marks = _marks(p, letter)
    for (key, field), number in sorted(changes.items()):
        mark = marks.get(key, "")
        if not mark or mark in p.taken or mark in p.mixed or p.made.get(mark, 0) > 1:
            continue
        # Who is shown a copy of any age takes it for a person's edit, and the row itself, later, for another one.
        if number > causes[mark, field] + _decided(p, decided, mark, field) + 2 * p.old_copies(far) + _put_back(
            p, letter, mark, field, typed
        ):
            yield Broken("I4", f"{field} of {mark} changed {number} times for {causes[mark, field]} edits", f"{letter} {rows_key(key)}")


def _decided(p: Picture, decided: Counter[tuple[str, str]], mark: str, field: str) -> int:
    """How often a person was asked about a field of this very record, and named the other side's value."""
    keys = {entry.key.rpartition(":")[2] for entries in p.entries(mark).values() for entry in entries}
    return sum(decided[key, field] for key in keys)


def _begun(p: Picture, letter: Letter) -> set[str]:
    """Records whose making was broken off where a vendor makes one in several steps: what is missing comes with a change."""
    side = p.side(letter)
    in_steps = getattr(side, "makes_in_steps", False)
    return {rows_key(call.key) for call in side.log if call.operation == "create" and call.done and call.fault} if in_steps else set()


def _put_back(p: Picture, letter: Letter, mark: str, field: str, typed: list[Typed]) -> int:
    """The honest limit: who has to send whole rows puts back what was typed between the look and the write, and nobody sees it."""
    return sum(1 for one in typed if (one.letter, one.mark, one.field) == (letter, mark, field) and in_window(p, one))


def _marks(p: Picture, letter: Letter) -> dict[str, str]:
    return {
        entry.key: mark
        for kind in KINDS
        for mark, entries in p.marked(letter, kind).items()  # type: ignore[arg-type]
        for entry in entries
    }
