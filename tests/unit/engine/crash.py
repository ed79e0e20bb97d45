"""A process that ends without a word, in process: raised at a step of the cycle, past everything that catches errors."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.village import Village


class Crash(BaseException):
    """The power is gone."""


def crash_at(v: Village, name: str, nth: int = 1) -> None:
    """The next cycle ends at the so-manieth step of that name."""
    _listen(v, lambda told, count: told == name and count(name) == nth)


def crash_after(v: Village, steps: int) -> None:
    """The next cycle ends at its so-manieth step, whatever it is."""
    _listen(v, lambda _told, count: count("") == steps)


def crash_never(v: Village) -> None:
    """The next process lives."""
    v.house.step = lambda _name: None


def _listen(v: Village, ends: Callable[[str, Callable[[str], int]], bool]) -> None:
    seen: list[str] = []

    def step(name: str) -> None:
        seen.append(name)
        if ends(name, lambda wanted: seen.count(wanted) if wanted else len(seen)):
            raise Crash(name)

    v.house.step = step
