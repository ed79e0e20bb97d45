"""Level C: whole worlds, the program over its own clients against the simulators."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.storm.verdict import Failure, Verdict
from tests.storm.world import PAIR, Played, play

LEVEL = "worlds"


def run(first_seed: int, last_seed: int) -> Verdict:
    """Plays the worlds of these seeds, both included."""
    return played(LEVEL, "worlds", PAIR, play, first_seed, last_seed)


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
            verdict.failures.append(Failure(level, seed, f"--level {level} --seed {seed} --pair {pair}", end.broken))
    verdict.seconds = time.process_time() - began
    return verdict
