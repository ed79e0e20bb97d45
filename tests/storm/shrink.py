"""From a failing world to the least of it that still fails: deeds are left out, then breaks, ever smaller pieces at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from tests.storm.chance import Break, Deed
from tests.storm.world import Played

T = TypeVar("T")
Replay = Callable[[Sequence[Deed], Sequence[Break]], Played]
"""Plays the same seed's world with these deeds and breaks instead of those it would draw."""


@dataclass(frozen=True, slots=True)
class Least:
    """A failing world from which nothing more can be left out. ``worlds`` were played to find it."""

    played: Played
    deeds: tuple[Deed, ...]
    breaks: tuple[Break, ...]
    worlds: int


def shrink(whole: Played, replay: Replay, *, most: int = 2000) -> Least:
    """The least deeds and breaks with which an invariant is still broken that was broken at first; at most so many worlds are played."""
    wanted = {broken.invariant for broken in whole.broken}
    played, worlds = whole, 0

    def fails(deeds: Sequence[Deed], breaks: Sequence[Break]) -> bool:
        nonlocal played, worlds
        if worlds >= most:
            return False
        worlds += 1
        again = replay(deeds, breaks)
        if not wanted & {broken.invariant for broken in again.broken}:
            return False
        played = again
        return True

    deeds, breaks = tuple(whole.script.deeds), tuple(whole.script.breaks)
    while True:
        before = (deeds, breaks)
        deeds = least(deeds, partial(_swapped, fails, breaks))
        breaks = least(breaks, partial(fails, deeds))
        if (deeds, breaks) == before:
            return Least(played, deeds, breaks, worlds)


def _swapped(fails: Callable[[Sequence[Deed], Sequence[Break]], bool], breaks: Sequence[Break], deeds: Sequence[Deed]) -> bool:
    return fails(deeds, breaks)


def least(items: tuple[T, ...], fails: Callable[[tuple[T, ...]], bool]) -> tuple[T, ...]:
    """Delta debugging: the items, in their order, without every stretch whose absence keeps ``fails`` true; in the end no single one can go."""
    size = len(items)
    while size:
        start, shorter = 0, items
        while start < len(shorter):
            without = shorter[:start] + shorter[start + size :]
            if fails(without):
                shorter = without
            else:
                start += size
        # A single item may become needless once a later one is gone: single ones are tried until none goes.
        size = size if size == 1 and shorter != items else size // 2
        items = shorter
    return items


def told(least_: Least) -> list[str]:
    """The minimal world in lines: what was broken, what people did, what failed."""
    lines = [f"{len(least_.deeds)} deeds and {len(least_.breaks)} breaks are left, after {least_.worlds} worlds:"]
    lines += [f"  broken: {broken}" for broken in least_.played.broken]
    lines += [f"  {deed!r}," for deed in sorted(least_.deeds, key=lambda deed: deed.at)]
    lines += [f"  {fault!r}," for fault in sorted(least_.breaks, key=lambda fault: fault.at)]
    return lines
