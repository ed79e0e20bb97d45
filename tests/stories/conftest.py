"""A village for each story: both vendors simulated, the real engine between them, released unless the story says otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.stores import MEMORY, opened
from tests.support.village import Village, village


@pytest.fixture(params=(MEMORY,))
def unreleased(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Village]:
    """A pair that so far only reads. ``BOTH`` of ``tests.stories.folk`` runs a story on both databases."""
    with opened(request.param, tmp_path) as store:
        yield village(tmp_path, store=store)


@pytest.fixture
def v(unreleased: Village) -> Village:
    """A pair that was set up, has read both empty systems, and writes from now on."""
    unreleased.sync()
    unreleased.release()
    unreleased.clock.advance(60)
    return unreleased
