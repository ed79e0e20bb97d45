"""Kill tests: a first sync is killed with `kill -9` at a drawn moment and finished by the next start. Nothing missing, nothing twice."""

from __future__ import annotations

import resource
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.kill.world import Death, drawn, live_and_die, running

SEEDS = tuple(range(1, 21))
TWICE = (7, 12)
"""Seeds whose second start is killed too, while it recovers from the first death."""
LANES = 4
"""Firms played side by side: most of the time that a start waits for the vendors' declared lag passes in another's work."""
SECONDS, CORES = 60, 2
"""What all runs together may take. Other work on the machine is no fault of theirs, so it is measured as processor time."""

pytestmark = pytest.mark.kill


def test_twenty_first_syncs_killed_at_drawn_moments_are_finished_without_a_loss_or_a_twin(tmp_path: Path) -> None:
    deaths = [drawn(seed, twice=seed in TWICE) for seed in SEEDS]
    began, used = time.perf_counter(), processor_time()
    with running(LANES) as village, ThreadPoolExecutor(LANES) as pool:

        def play(death: Death) -> list[str]:
            folder = tmp_path / str(death.seed)
            folder.mkdir()
            with village.lane() as lane:
                start = time.perf_counter()
                wrong = live_and_die(lane, death, folder)
            print(f"{death}: {'; '.join(wrong) or 'ok'} ({time.perf_counter() - start:.1f} s)")
            return wrong

        found = list(pool.map(play, deaths))
    spent = processor_time() - used
    print(f"{len(deaths)} runs in {time.perf_counter() - began:.1f} s, {spent:.0f} s of processor time")
    assert {str(death): wrong for death, wrong in zip(deaths, found, strict=True) if wrong} == {}
    assert spent <= SECONDS * CORES


def processor_time() -> float:
    """Seconds of processor time of this process and of those it started that have ended."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)
