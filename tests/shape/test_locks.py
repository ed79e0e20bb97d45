"""What is installed is pinned, hashed, complete, and comes from no address written down here."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.shape.project import text_of

LOCKS = (Path("requirements/run.txt"), Path("requirements/dev.txt"))
FOREIGN = Path("requirements/foreign.txt")
ENTRY = re.compile(r"^(?P<pin>[a-z0-9.-]+==[^ \\;]+)(?P<marker> ;[^\\]*)?(?P<rest>(?: \\\n    --hash=sha256:[0-9a-f]{64})*)$", re.MULTILINE)


def pins_of(lock: Path) -> dict[str, str]:
    """Each pin of a lock with its hashes."""
    return {found["pin"]: found["rest"] for found in ENTRY.finditer(text_of(lock))}


def wanted_in(path: str) -> set[str]:
    """The requirements of an input file, without its comments and references."""
    lines = (line.strip() for line in text_of(Path(path)).splitlines())
    return {line for line in lines if line and not line.startswith(("#", "-"))}


@pytest.mark.parametrize("lock", (*LOCKS, FOREIGN), ids=str)
def test_every_pin_has_a_hash_and_the_lock_names_no_address(lock: Path) -> None:
    pins = pins_of(lock)
    unread = [line for line in text_of(lock).splitlines() if line and not line.startswith(" ") and line.split(" ")[0] not in pins]
    assert len(pins) > 15
    assert unread == []
    assert [pin for pin, hashes in pins.items() if "--hash=sha256:" not in hashes] == []
    assert "://" not in text_of(lock)


def test_the_development_lock_holds_every_pin_of_the_other() -> None:
    run, dev = (pins_of(lock) for lock in LOCKS)
    assert {pin: hashes for pin, hashes in run.items() if dev.get(pin) != hashes} == {}


def test_the_foreign_clients_are_nobodys_dependency_but_their_own() -> None:
    clients = {re.split(r"[<>=]", line)[0] for line in wanted_in("requirements/foreign.in")}
    pinned = {pin.partition("==")[0] for pin in pins_of(FOREIGN)}
    ours = {pin.partition("==")[0] for lock in LOCKS for pin in pins_of(lock)}
    assert clients == {"b24pysdk", "fast-bitrix24", "lexoffice-client"}
    assert clients <= pinned
    assert clients & ours == set()


def test_the_project_and_the_locks_ask_for_the_same_packages() -> None:
    project = tomllib.loads(text_of(Path("pyproject.toml")))["project"]
    run, dev = set(project["dependencies"]), set(project["optional-dependencies"]["dev"])
    builder = {requirement for requirement in dev if requirement.startswith("hatchling")}
    assert wanted_in("requirements/run.in") == run | builder
    assert wanted_in("requirements/dev.in") == dev - builder
