"""Brakes: numbers that stop a pair before a mistake becomes a disaster."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from unisono.policy.schema import Deletion

WINDOW = timedelta(hours=24)
"""What vanished within this time counts together: a trickle of deletions is one, however often it is looked at meanwhile."""


class Vanishing(Struct, frozen=True):
    """What vanished of a pair's linked records.

    ``linked``: how many there are, with those whose link a deletion ended lately. ``lately``: how many of these vanished within the window,
    or are missing now. ``now``: those whose link has not ended yet. ``allowed``: how many a person has allowed within the window.
    """

    linked: int
    lately: int
    now: int
    allowed: int = 0


def must_stop(vanishing: Vanishing, rules: Deletion) -> bool:
    """Whether the pair stops and asks before one more link ends."""
    if not vanishing.now or vanishing.lately <= vanishing.allowed:
        return False
    return mass_deletion(vanishing.linked, vanishing.lately, rules)


def mass_deletion(linked: int, vanished: int, rules: Deletion) -> bool:
    """Whether so many of the linked records vanished that the pair must stop and ask: more than max(number, percent)."""
    return vanished > max(rules.brake_number, linked * rules.brake_percent // 100)
