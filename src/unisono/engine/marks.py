"""Marks: the records to be looked at because something else happened to them or to what they depend on."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from unisono.engine.hands import Hands, Pairing
from unisono.model.record import Kind, Side
from unisono.plan.planner import RANKS
from unisono.store import seen, work
from unisono.store.work import Mark

PAPERS: tuple[Kind, ...] = ("quote", "invoice")
"""Documents that are made from others: what is agreed of them is what was carried over, not field by field."""
_MARKED_KINDS: tuple[Kind, ...] = ("contact", "quote", "invoice")


def mark_for(side: Side, kind: str, key: str, priority: int = 10) -> Mark:
    """A mark for one record, ranked so that what others depend on comes first; documents after customers."""
    rank = RANKS.get(kind, 9)
    return Mark(f"{side}:{kind}:{key}", kind, rank, max(priority, 20) if rank >= 2 and priority else priority)


def mark_linked(conn: Connection, pairing: Pairing, hands: Hands, made: Sequence[tuple[Kind, str, str]]) -> None:
    """New links (kind, keys of both sides): the records that belong to either side of them can be looked at now, and those that waited for
    them, and the pairs themselves.
    """
    if not made:
        return
    marks = [mark_for("b", kind, b_key) for kind, _, b_key in made if kind in PAPERS]
    sides: tuple[tuple[Side, list[str]], ...] = (("a", [a for _, a, _ in made]), ("b", [b for _, _, b in made]))
    for side, keys in sides:
        marks += [mark_for(side, kind, key) for kind, key in seen.keys_of_owners(conn, pairing.side(side).id, _MARKED_KINDS, keys)]
    waited = [subject for kind, a_key, b_key in made for subject in (f"a:{kind}:{a_key}", f"b:{kind}:{b_key}")]
    marks += work.waiting_on(conn, pairing.lane, waited)
    work.mark(conn, pairing.lane, marks, hands.clock.now())
