"""Level C: whole worlds, the program over its own clients against the simulators."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

from tests.storm.chance import Break, Deed
from tests.storm.stages import PAIR, staged
from tests.storm.vendors import drawn
from tests.storm.verdict import Failure, Verdict
from tests.storm.world import Played, play

LEVEL = "worlds"


def run(first_seed: int, last_seed: int, pair: str = PAIR) -> Verdict:
    """Plays the worlds of these seeds, both included. Every pair but the first is a level of its own, of its name."""
    return played(LEVEL if pair == PAIR else pair, "worlds", pair, partial(world, pair=pair), first_seed, last_seed)


def world(
    seed: int, deeds: Sequence[Deed] | None = None, breaks: Sequence[Break] | None = None, *, pair: str = PAIR, words: bool = False
) -> Played:
    """One world of a pair of the simulators."""
    return play(seed, deeds, breaks, maker=staged(pair), draw=drawn(pair), words=words)


def played(level: str, unit: str, pair: str, world: Callable[[int], Played], first_seed: int, last_seed: int) -> Verdict:
    """Plays a level's worlds, one a seed, and adds up what happened in them."""
    verdict, began = Verdict(level), time.process_time()
    for seed in range(first_seed, last_seed + 1):
        end = world(seed)
        verdict.count(unit)
        for name, number in end.figures.items():
            verdict.count(name, number)
        for fault, number in end.bitten.items():
            if number:
                verdict.count(f"bite:{fault}")
        if end.broken:
            verdict.failures.append(
                Failure(level, seed, f"--level {LEVEL if '/' in level else level} --seed {seed} --pair {pair}", end.broken)
            )
    verdict.seconds = time.process_time() - began
    return verdict
