"""A desk for each test: an empty data folder, and both vendors without a firm in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli.desk import Desk
from unisono.cli.sandbox import start


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("UNISONO_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("UNISONO_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("UNISONO_LOOPBACK", "1")
    monkeypatch.setenv("UNISONO_LANGUAGE", "en")
    monkeypatch.setenv("COLUMNS", "200")
    crm, crm_server = start("centralstation", seeded=False)
    books, books_server = start("fastbill", seeded=False)
    crm.world.storage.settings["rate_limit"] = None
    try:
        yield (made := Desk(tmp_path / "data", crm, books, crm_server.url, books_server.url))
        for server in made.more:
            server.stop()
    finally:
        crm_server.stop()
        books_server.stop()
