"""One after the other: records of a batch that are about the same counterpart, or alike enough to be, are not decided from one picture."""

from __future__ import annotations

from collections.abc import Sequence

from unisono.engine.assumed import keys_of_new
from unisono.model.record import MatchKeys, other
from unisono.plan.actions import Decision, Join, Sever
from unisono.plan.situation import Situation, Subject

Planned = tuple[Situation, tuple[Decision, ...]]


def apart(planned: Sequence[Planned]) -> tuple[list[Planned], list[Subject]]:
    """Those that can be done from this picture, in order, and those to be planned again after them.

    Again, because an earlier one takes the record that this one may be (two branches with one tax id), or makes one that it may be (two
    customers of one name): which of them comes first is then seen by the other, as it would be in another batch.
    """
    now: list[Planned] = []
    later: list[Subject] = []
    taken: set[tuple[str, str, str]] = set()
    made: set[tuple[str, str, str]] = set()
    for situation, decisions in planned:
        s = situation.subject
        mine = _alike(situation)
        wants = {(other(s.side), s.kind, c.seen.record.key) for c in situation.candidates} | {(s.side, s.kind, s.key)}
        joins = [a for d in decisions for a in d.actions if isinstance(a, Join) and d.verdict == "linked"]
        # Both records of a link are taken: either may be a later one's candidate, or be planned itself later in this batch.
        both = {(side, j.kind, key) for j in joins for side, key in (("a", j.a_key), ("b", j.b_key))}
        if wants & taken or mine & made or both & taken:
            later.append(s)
            continue
        now.append((situation, decisions))
        # So is a link that ends: planned from the same picture, its other record would end it, too.
        ended = [a for d in decisions for a in d.actions if isinstance(a, Sever)]
        taken |= both | {(side, e.kind, key) for e in ended for side, key in (("a", e.a_key), ("b", e.b_key))}
        for send in (send for d in decisions for send in d.sends):
            if send.write.operation == "create" and send.write.kind == s.kind:
                # It is linked then, and free no more for one on the other side that is like it in anything.
                taken.add((s.side, s.kind, s.key))
            if send.write.operation == "create" and send.write.kind == "party":
                made |= places(s.side, keys_of_new(send.write))
    return now, later


def _alike(situation: Situation) -> set[tuple[str, str, str]]:
    """What a customer would be taken for another one by."""
    s = situation.subject
    me = situation.seen(s.side)
    return places(s.side, me.keys) if me is not None and s.kind == "party" and situation.link is None else set()


def places(side: str, k: MatchKeys) -> set[tuple[str, str, str]]:
    """What the rules of matching look at on a side, no more: an e-mail address alone makes nobody alike."""
    found = {"tax_id": k.tax_id, "number": k.number}
    found["email"] = f"{k.email}|{k.name}" if k.email and k.name else ""
    found["place"] = f"{k.name}|{k.postcode}" if k.name and k.postcode else ""
    return {(side, name, value) for name, value in found.items() if value}
