"""The engine between two simulated vendors, in memory: see ``tests.support.village``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.stores import MEMORY, opened
from tests.support.village import Village, village


@pytest.fixture(params=(MEMORY,))
def v(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Village]:
    """A pair that was set up, has read both empty systems, and writes from now on."""
    with opened(request.param, tmp_path) as store:
        made = village(tmp_path, store=store)
        made.sync()
        made.release()
        made.clock.advance(60)
        yield made
