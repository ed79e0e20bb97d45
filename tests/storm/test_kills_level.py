"""Level E: what it says of a death, and how it knows that a folder is held. The deaths themselves are played by the level."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.storm.levels import kills
from unisono.store.folder import hold


@pytest.mark.parametrize(
    ("text", "invariant"),
    (
        ("integrity: ['row 7 missing from index']", "I11"),
        ("3 notes missing: [...]", "I3"),
        ("1 companies too many: ['Nagel']", "I1"),
        ("2 writes explained missing: [...]", "I3"),
        ("a further sync is not silent: {}", "I4"),
        ("the second process was not refused, but ended with 0", "I12"),
        ("it was to be killed, but ended with [0]", "I11"),
    ),
)
def test_what_is_wrong_has_its_invariant(text: str, invariant: str) -> None:
    assert kills._invariant(text) == invariant


def test_a_folder_is_held_as_long_as_somebody_has_it(tmp_path: Path) -> None:
    assert not kills.held(tmp_path)
    mine = hold(tmp_path)
    assert kills.held(tmp_path)
    mine.release()
    assert not kills.held(tmp_path)
