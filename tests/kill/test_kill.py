"""Kill tests: a first sync is killed with `kill -9` at a drawn moment and finished by the next start. Nothing missing, nothing twice.

The first sync follows either from a pair that was released as it is, or from a preview whose rows were released: then the report adds up, too.
"""

from __future__ import annotations

import resource
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.kill.world import SMALL, Death, drawn, live_and_die, running

SEEDS = tuple(range(1, 21))
SMALL_SEEDS = tuple(range(21, 31))
"""Seeds of small firms."""
PREVIEWED = frozenset(range(11, 31))
"""Seeds in which a preview is released; the others begin without one."""
TWICE = (7, 12)
"""Seeds whose second start is killed too, while it recovers from the first death."""
LANES = 4
"""Firms played side by side: most of the time that a start waits for the vendors' declared lag passes in another's work."""
SECONDS, SMALL_SECONDS, CORES = 60, 15, 2
"""What the whole firms and the small ones may take. Other work on the machine is no fault of theirs, so it is measured as processor time."""

pytestmark = pytest.mark.kill


def test_first_syncs_and_released_previews_killed_at_drawn_moments_are_finished_without_a_loss_or_a_twin(tmp_path: Path) -> None:
    deaths = [drawn(seed, twice=seed in TWICE, preview=seed in PREVIEWED) for seed in SEEDS]
    deaths += [drawn(seed, preview=seed in PREVIEWED, part=SMALL) for seed in SMALL_SEEDS]
    assert sum(death.preview for death in deaths) == 20, "so many kills hit a released plan"
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
    assert spent <= (SECONDS + SMALL_SECONDS) * CORES


def processor_time() -> float:
    """Seconds of processor time of this process and of those it started that have ended."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)
