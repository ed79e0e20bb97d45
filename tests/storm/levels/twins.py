"""Level H: the broken twins. Each has to be caught within so many seeds, for its own reason, where the sound engine passes."""

from __future__ import annotations

import time

from tests.storm.twins import TWINS, Twin
from tests.storm.verdict import Broken, Failure, Verdict
from tests.storm.world import Played

LEVEL = "twins"
SEEDS = 400
"""Seeds within which a twin has to be caught."""


FALLS = ("TypeError:", "AttributeError:", "NameError:", "UnboundLocalError:", "AssertionError:")
"""How an error begins that no world should make, but a replaced function that does not fit its callers."""


def run(first: int, last: int, *, seeds: int = SEEDS) -> Verdict:
    """Plays the twins of these numbers (from 1, both included), each until it is caught."""
    verdict, began = Verdict(LEVEL), time.perf_counter()
    for number in range(first, last + 1):
        twin = TWINS[number - 1]
        verdict.count("twins")
        seed, said = caught(twin, seeds)
        if seed:
            verdict.count("caught")
            verdict.count(f"caught:{twin.name} at seed {seed}")
        else:
            broken = Broken("H", f"{twin.mistake}: not seen in {seeds} seeds" + (f", only {said}" if said else ""), twin.name)
            verdict.failures.append(Failure(LEVEL, number, f"--level {LEVEL} --seed {number}", (broken,)))
    verdict.seconds = time.perf_counter() - began
    return verdict


def caught(twin: Twin, seeds: int = SEEDS) -> tuple[int, str]:
    """The first seed that shows a twin for the reason it is known for, with what was broken; 0 and other invariants it broke if none does.

    A seed at which the sound engine fails as well shows nothing of the twin, and one at which the twin falls over shows only that it does not
    fit the product any more.
    """
    others: set[str] = set()
    for seed in range(1, seeds + 1):
        with twin.wrong():
            broken = twin.scene(seed).broken
        if fell_over := [b.what for b in broken if b.what.startswith(FALLS)]:
            return 0, fell_over[0]
        if any(b.invariant in twin.reasons for b in broken) and not reasons(twin.scene(seed), twin):
            return seed, next(str(b) for b in broken if b.invariant in twin.reasons)
        others |= {b.invariant for b in broken}
    return 0, " ".join(sorted(others))


def reasons(played: Played, twin: Twin) -> set[str]:
    """The invariants a twin is known for that a world broke."""
    return {b.invariant for b in played.broken} & set(twin.reasons)
