"""Level C: whole worlds, the program over its own clients against the simulators."""

from __future__ import annotations

import time

from tests.storm.verdict import Failure, Verdict
from tests.storm.world import PAIR, play

LEVEL = "worlds"


def run(first_seed: int, last_seed: int) -> Verdict:
    """Plays the worlds of these seeds, both included."""
    verdict, began = Verdict(LEVEL), time.process_time()
    for seed in range(first_seed, last_seed + 1):
        played = play(seed)
        verdict.count("worlds")
        for name, number in played.figures.items():
            verdict.count(name, number)
        for fault, number in played.bitten.items():
            if number:
                verdict.count(f"bite:{fault}")
        if played.broken:
            verdict.failures.append(Failure(LEVEL, seed, f"--level {LEVEL} --seed {seed} --pair {PAIR}", played.broken))
    verdict.seconds = time.process_time() - began
    return verdict
