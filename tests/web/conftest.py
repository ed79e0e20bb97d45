"""A desk for each test: pages, three users, a pair in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.desk import Desk, desk_at


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """The pages over a pair that only reads so far."""
    made = desk_at(tmp_path)
    yield made
    made.village.house.store.close()
