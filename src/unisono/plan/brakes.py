"""Brakes: numbers that stop a pair before a mistake becomes a disaster."""

from __future__ import annotations

from unisono.policy.schema import Deletion


def mass_deletion(linked: int, vanished: int, rules: Deletion) -> bool:
    """Whether so many of the linked records vanished in one pull that the pair must stop and ask: more than max(number, percent)."""
    return vanished > max(rules.brake_number, linked * rules.brake_percent // 100)
