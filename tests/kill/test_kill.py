"""Kill tests: a first sync is killed with `kill -9` at a drawn moment and finished by the next start. Nothing missing, nothing twice.

The first sync follows either from a pair that was released as it is, or from a preview whose rows were released: then the report adds up, too.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.kill.world import SMALL, Death, drawn, live_and_die, running

SEEDS = tuple(range(1, 21))
SMALL_SEEDS = tuple(range(21, 41))
"""Seeds of small firms, in which the rows of a preview are released; the others are released as they are."""
TWICE = (7, 12)
"""Seeds whose second start is killed too, while it recovers from the first death."""
LANES = 4
"""Firms played side by side: most of the time that a start waits for the vendors' declared lag passes in another's work."""
pytestmark = pytest.mark.kill


def test_first_syncs_killed_at_drawn_moments_are_finished_without_a_loss_or_a_twin(tmp_path: Path) -> None:
    assert play([drawn(seed, twice=seed in TWICE) for seed in SEEDS], tmp_path) == {}


def test_released_previews_of_small_firms_killed_at_drawn_moments_are_finished_too(tmp_path: Path) -> None:
    assert play([drawn(seed, preview=True, part=SMALL) for seed in SMALL_SEEDS], tmp_path) == {}


def play(deaths: Sequence[Death], folder: Path) -> dict[str, list[str]]:
    """Plays deaths on several lanes, prints each with its seconds, and returns what was wrong, by death. Time is printed, not judged."""
    began, used = time.perf_counter(), processor_time()
    with running(LANES) as village, ThreadPoolExecutor(LANES) as pool:

        def one(death: Death) -> list[str]:
            data = folder / str(death.seed)
            data.mkdir()
            with village.lane() as lane:
                start = time.perf_counter()
                wrong = live_and_die(lane, death, data)
            print(f"{death}: {'; '.join(wrong) or 'ok'} ({time.perf_counter() - start:.1f} s)")
            return wrong

        found = list(pool.map(one, deaths))
    print(f"{len(deaths)} runs in {time.perf_counter() - began:.1f} s, {processor_time() - used:.0f} s of processor time")
    return {str(death): wrong for death, wrong in zip(deaths, found, strict=True) if wrong}


def processor_time() -> float:
    """Seconds of processor time of this process and of those it started that have ended."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)
