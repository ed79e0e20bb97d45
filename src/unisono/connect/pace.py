"""Pace: a vendor's limits as *go now* or *ask again at T*, and what an hour's allowance means for how often to look.

The store keeps the state of each rule in a row that all workers share, ``MemoryPace`` for one process. Both step it with ``windows``.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from msgspec.structs import replace

from unisono.connect import windows
from unisono.connect.clock import Clock
from unisono.model.capability import PaceRule


class Pace(Protocol):
    """The limits of one connection. After each ``take`` that gave ``None`` comes ``succeeded`` or ``rejected`` of the same cost."""

    def take(self, cost: int = 1) -> datetime | None:
        """``None``: go now, the calls are reserved. Else the instant (UTC) from which to ask again; nothing is reserved."""
        ...

    def succeeded(self, cost: int = 1) -> None:
        """The vendor counted it, or may have."""
        ...

    def rejected(self, cost: int = 1) -> None:
        """The vendor did not count it, or it never arrived: given back where only successes count."""
        ...

    def blocked(self, until: datetime) -> None:
        """The vendor said stop (429, Retry-After): nobody asks before."""
        ...


class MemoryPace:
    """A pace of this process alone: for tests, one-off checks and the first look at a key. Threads may share it."""

    def __init__(self, rules: Sequence[PaceRule], clock: Clock, plan: str = "") -> None:
        self._rules = narrowed(rules, plan)
        self._clock = clock
        self._kept = [windows.Kept() for _ in self._rules]
        self._lock = threading.Lock()

    def take(self, cost: int = 1) -> datetime | None:
        with self._lock:
            self._kept, at = windows.take_all(self._kept, self._rules, self._clock.now(), cost)
        return at

    def succeeded(self, cost: int = 1) -> None:
        self._settle(cost, counted=True)

    def rejected(self, cost: int = 1) -> None:
        self._settle(cost, counted=False)

    def blocked(self, until: datetime) -> None:
        with self._lock:
            now = self._clock.now()
            self._kept = [windows.blocked(k, rule, now, until) for k, rule in zip(self._kept, self._rules, strict=True)]

    def _settle(self, cost: int, *, counted: bool) -> None:
        with self._lock:
            now = self._clock.now()
            self._kept = [windows.settled(k, rule, now, cost, counted=counted) for k, rule in zip(self._kept, self._rules, strict=True)]


def narrowed(rules: Sequence[PaceRule], plan: str) -> tuple[PaceRule, ...]:
    """The rules with the limits of a price plan; an unknown plan changes nothing. Without rules: one that limits nothing, but can block."""
    return tuple(replace(rule, limit=rule.plans.get(plan, rule.limit)) for rule in rules) or (PaceRule(),)


def allowance(rules: Sequence[PaceRule], plan: str = "") -> int | None:
    """Calls an hour that the tightest rule allows in the long run; ``None`` without a limit."""
    hourly = [
        max(1, rule.limit * 3600 * (9 if rule.window == "block" else 10) // (rule.seconds * 10))
        for rule in narrowed(rules, plan)
        if rule.window != "none" and rule.limit > 0 and rule.seconds > 0
    ]
    return min(hourly, default=None)


def poll_interval(cost_calls: int, rules: Sequence[PaceRule], plan: str = "", floor: int = 300) -> int:
    """Seconds between two looks that cost ``cost_calls`` each, so that half the allowance stays free for writing and for other programs."""
    hourly = allowance(rules, plan)
    return floor if hourly is None else max(floor, -(-cost_calls * 2 * 3600 // hourly))
