"""Kill tests: a first sync is killed with `kill -9` at a drawn moment and finished by the next start. Nothing missing, nothing twice."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.kill.world import Death, Village, drawn, live_and_die, running

SEEDS = tuple(range(1, 21))
TWICE = (7, 12)
"""Seeds whose second start is killed too, while it recovers from the first death."""
LANES = 4
"""Firms played side by side: most of the time that a start waits for the vendors' declared lag passes in another's work."""

pytestmark = pytest.mark.kill


@pytest.fixture(scope="module")
def village() -> Iterator[Village]:
    with running(LANES) as made:
        yield made


def test_twenty_first_syncs_killed_at_drawn_moments_are_finished_without_a_loss_or_a_twin(village: Village, tmp_path: Path) -> None:
    deaths = [drawn(seed, twice=seed in TWICE) for seed in SEEDS]
    began = time.perf_counter()

    def play(death: Death) -> list[str]:
        folder = tmp_path / str(death.seed)
        folder.mkdir()
        with village.lane() as lane:
            start = time.perf_counter()
            wrong = live_and_die(lane, death, folder)
        print(f"{death}: {'; '.join(wrong) or 'ok'} ({time.perf_counter() - start:.1f} s)")
        return wrong

    with ThreadPoolExecutor(LANES) as pool:
        found = list(pool.map(play, deaths))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{len(deaths)} runs in {time.perf_counter() - began:.1f} s")
    assert used.ru_maxrss >= 0
    assert {str(death): wrong for death, wrong in zip(deaths, found, strict=True) if wrong} == {}
