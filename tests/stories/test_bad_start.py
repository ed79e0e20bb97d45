"""What whoever runs the program gets wrong: each command ends with one sentence that says what to do, and nothing has changed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.stores import with_a_pair
from unisono.cli.app import EXIT_CODES, explain, program
from unisono.policy.files import parse_policy
from unisono.store import pairs
from unisono.store.doors import Store
from unisono.wiring import preset

Command = Callable[..., tuple[int, str]]
PRESET = preset("centralstation", "fastbill")
LANGUAGES = pytest.mark.parametrize("language", ("de", "en"))


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """Runs a command of ``unisono`` on the data folder; its exit code and what it printed."""
    monkeypatch.setenv("HOME", str(tmp_path))

    def run(*arguments: str, language: str = "en", data: Path | None = None) -> tuple[int, str]:
        monkeypatch.setenv("UNISONO_LANGUAGE", language)
        capsys.readouterr()
        code = 0
        try:
            program()([*arguments, "--data", str(data or tmp_path / "data")])
        except SystemExit as end:
            code = int(end.code or 0)
        except Exception as error:  # noqa: BLE001  # as the entry point does
            code = explain(error)
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with a pair."""
    with Store.open(tmp_path / "data", least_room=0) as store:
        pair = with_a_pair(store)
        with store.write() as conn:
            from sqlalchemy import insert

            from unisono.store.tables import policy

            conn.execute(insert(policy).values(pair=pair, version=1, body=PRESET, at="2026-03-02T09:00:00.000Z", by=""))
    return tmp_path / "data"


def policy_in(folder: Path) -> tuple[int, str]:
    """Version and text of the policy in force."""
    with Store.open(folder, least_room=0) as store, store.read() as conn:
        row = pairs.get_pair(conn, "p")
    return row.policy_version, row.policy


@LANGUAGES
@pytest.mark.parametrize(
    ("broken", "named"),
    (
        (PRESET.replace('direction = "both"', 'direction = "bothways"'), ("customers.direction", "bothways")),
        (PRESET.replace("vat_rate = 19", 'vat_rate = "nineteen"'), ("quotes.vat_rate", "nineteen")),
        (PRESET + "\n[customres]\ndirection = 1\n", ("customres",)),
        (PRESET.replace("[customers]", "[customers"), (" 5,",)),
    ),
    ids=("a word that is none", "no number", "a misspelt part", "no TOML"),
)
def test_a_broken_policy_file_names_the_entry_and_the_former_one_holds(
    folder: Path, command: Command, tmp_path: Path, broken: str, named: tuple[str, ...], language: str
) -> None:
    assert broken != PRESET
    file = tmp_path / "policy.toml"
    file.write_text(broken, encoding="utf-8")
    before = policy_in(folder)
    code, text = command("policy", "import", str(file), language=language)
    assert code == EXIT_CODES["refused"]
    for part in named:
        assert part in text, text
    assert ("settings" if language == "en" else "Einstellungen") in text, text
    assert "Traceback" not in text
    assert policy_in(folder) == before
    file.write_text(PRESET.replace("vat_rate = 19", "vat_rate = 7"), encoding="utf-8")
    assert command("policy", "import", str(file))[0] == 0, "a good one is taken"
    version, body = policy_in(folder)
    assert version == 2
    assert parse_policy(body).quotes.vat_rate == 7


@LANGUAGES
def test_a_database_of_a_newer_version_is_not_touched(folder: Path, command: Command, language: str) -> None:
    with closing(sqlite3.connect(folder / "unisono.db")) as db:
        db.execute("pragma user_version = 99")
        db.commit()
    before = (folder / "unisono.db").read_bytes()
    code, text = command("status", language=language)
    assert code == EXIT_CODES["store"]
    assert "99" in text
    assert "unisono.db" in text
    assert ("newer" if language == "en" else "neuere") in text, text
    assert (folder / "unisono.db").read_bytes() == before


@LANGUAGES
def test_a_file_that_is_no_database_is_not_touched(folder: Path, command: Command, language: str) -> None:
    (folder / "unisono.db").write_bytes(b"my shopping list: bread, butter, and a good deal more than sixteen bytes\n" * 99)
    before = (folder / "unisono.db").read_bytes()
    code, text = command("status", language=language)
    assert code == EXIT_CODES["store"]
    assert "unisono.db" in text
    assert ("backup" if language == "en" else "Sicherung") in text, text
    assert (folder / "unisono.db").read_bytes() == before


@LANGUAGES
def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path, command: Command, language: str) -> None:
    (tmp_path / "a-file").write_text("no folder")
    code, text = command("status", language=language, data=tmp_path / "a-file" / "data")
    assert code == EXIT_CODES["store"]
    assert str(tmp_path / "a-file" / "data") in text.replace("\n", "")
    assert ("access rights" if language == "en" else "Zugriffsrechte") in text, text
    assert (tmp_path / "a-file").read_text() == "no folder"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_folder_without_the_right_to_write_is_named(folder: Path, command: Command) -> None:
    folder.chmod(0o500)
    try:
        code, text = command("status")
    finally:
        folder.chmod(0o700)
    assert code == EXIT_CODES["store"]
    assert str(folder) in text.replace("\n", "")


@pytest.fixture
def other(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that runs the lanes of the same data folder."""
    program = (
        "import sys; from pathlib import Path; from unisono.store.doors import Store\n"
        "with Store.open(Path(sys.argv[1])) as store, store.hold(): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(folder)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        if process.poll() is None:
            process.kill()


def test_a_second_process_on_the_same_folder_is_told_who_has_it(folder: Path, command: Command, other: subprocess.Popen[str]) -> None:
    for language, what in (("en", "already uses"), ("de", "benutzt schon")):
        code, text = command("sync", language=language)
        assert code == EXIT_CODES["store"]
        assert str(other.pid) in text
        assert str(folder) in text.replace("\n", "")
        assert what in text, text
    assert command("status")[0] == 0, "looking is allowed meanwhile"
    other.kill()
    other.wait()
    with Store.open(folder, least_room=0) as store:
        hold = store.hold()
        assert hold is not None, "a process that was killed holds nothing"
        hold.release()
