"""No sample lies about unread: every file of a folder of samples goes through the tests, and a folder without any fails."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

BUILT = ("bitrix24", "centralstation", "fastbill", "lexoffice")
PROSE = frozenset({"README.md"})


def read_by(system: str) -> set[Path]:
    """The files that the tests of a system's simulator take up, as they are named by the environment now."""
    module = importlib.import_module(f"tests.systems.{system}.test_simulator_samples")
    found: Callable[[], list[Path]] = module.all_files
    return set(found())


def lying_in(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file() and path.name not in PROSE}


@pytest.mark.parametrize("system", BUILT)
def test_every_sample_of_ours_is_read(system: str) -> None:
    ours = lying_in(Path(__file__).parent / system / "samples")
    assert ours
    assert ours <= read_by(system)


@pytest.mark.parametrize("system", BUILT)
def test_every_sample_of_the_folder_that_the_environment_names_is_read(system: str) -> None:
    folder = os.environ.get("UNISONO_SAMPLES")
    if folder:
        given = lying_in(Path(folder, system))
        assert given, f"UNISONO_SAMPLES is set, but {folder}/{system} holds no sample"
        assert given <= read_by(system)


@pytest.mark.parametrize("system", BUILT)
def test_a_new_file_of_any_kind_is_taken_up_and_an_empty_folder_fails(system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module(f"tests.systems.{system}.test_simulator_samples")
    monkeypatch.setenv("UNISONO_SAMPLES", str(tmp_path))
    for make in (lambda: None, (tmp_path / system).mkdir):
        make()
        with pytest.raises(AssertionError, match="no sample"):
            module.test_a_folder_of_samples_that_is_named_has_samples()
    for name in ("new.json", "recorded.http", "answer.xml", "README.md"):
        (tmp_path / system / name).write_text("{}", encoding="utf-8")

    assert {path.name for path in read_by(system) if path.is_relative_to(tmp_path)} == {"new.json", "recorded.http", "answer.xml"}
    module.test_a_folder_of_samples_that_is_named_has_samples()
