"""The plan of the house: rooms, a system's folder, the size of files, and what no file may say."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.shape.project import ROOT, SRC, project_files, python_files, text_of, tree_of

ROOMS = ("locale", "model", "policy", "plan", "store", "connect", "systems", "engine", "web", "cli", "sandbox")
SYSTEMS = ("bilendo", "bitrix24", "centralstation", "fakturownia", "fastbill", "lexoffice", "minicrm", "onecrm", "smartbill", "sugester")
BUILT = ("bitrix24", "centralstation", "fastbill", "lexoffice")
ALWAYS = frozenset({"system.toml", "README.md"})
WHEN_BUILT = ALWAYS | {"__init__.py", "client.py", "mapping.py"}
DIVIDED = {
    "system.py",
    "setup.py",
    "values.py",
    "writing.py",
    "probe.py",
    "choose.py",
    "lists.py",
    "calls.py",
    "steps.py",
    "together.py",
    "login.py",
    "events.py",
    "choices.py",
} | {
    "papers.py",
    "stages.py",
    "drafts.py",
    "notes.py",
    "products.py",
    "catalogue.py",
    "triggers.py",
    "placements.py",
    "ways.py",
}
"""A client or mapping that grew too long is divided under these names, the same in every folder."""
ALLOWED = WHEN_BUILT | DIVIDED | {"webhook.py"}
LONGEST = 600
NAMELESS = frozenset({"utils", "util", "helpers", "helper", "common", "base", "manager", "handler", "service", "misc"})
WAITS_FOR_A_PROCESS: frozenset[str] = frozenset()
"""Test files that may call time.sleep, because they watch another process. Everything else takes a clock."""

# Written in pieces, so that this file does not contain what it forbids.
HOSTS = ("pypi" + ".org", "files.python" + "hosted.org", "registry.npm" + "js.org", "deb." + "debian.org", "proxy." + "golang.org")
MACHINE_PATHS = re.compile(r"(?<![\w.~-])/" + "(?:wo" + r"rk|ro" + r"ot|ho" + r"me/\w+|Us" + r"ers/\w+)/")


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_exists_and_says_what_it_is_for(room: str) -> None:
    opening = SRC / room / "__init__.py"
    assert opening.is_file(), f"the room {room} has no __init__.py"
    assert ast.get_docstring(tree_of(opening.relative_to(ROOT))), f"the room {room} does not say what it is for"


def test_no_room_stands_that_the_plan_does_not_know() -> None:
    found = {path.relative_to("src/unisono").parts[0] for path in python_files("src/unisono")}
    assert found - set(ROOMS) <= {"__init__.py", "__main__.py", "wiring"}


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_system_is_a_folder_of_the_same_names(system: str) -> None:
    folder = Path("src/unisono/systems") / system
    names = {path.relative_to(folder).parts[0] for path in project_files() if path.is_relative_to(folder)}
    assert names >= ALWAYS, f"{system} lacks {sorted(ALWAYS - names)}"
    assert names <= ALLOWED, f"{system} has files under names of its own: {sorted(names - ALLOWED)}"
    if system in BUILT or "client.py" in names or "mapping.py" in names:
        assert names >= WHEN_BUILT, f"{system} lacks {sorted(WHEN_BUILT - names)}"


def test_there_is_no_system_beside_the_ten() -> None:
    folders = {path.relative_to("src/unisono/systems").parts[0] for path in project_files() if path.is_relative_to("src/unisono/systems")}
    assert {name for name in folders if "." not in name} == set(SYSTEMS)


def test_every_file_of_the_product_says_what_it_is_for() -> None:
    silent = [str(path) for path in python_files("src") if not ast.get_docstring(tree_of(path))]
    assert silent == []


def test_no_file_of_the_product_grows_beyond_reading() -> None:
    long = {str(path): lines for path in python_files("src") if (lines := text_of(path).count("\n")) > LONGEST}
    assert long == {}


def test_no_file_has_a_name_that_says_nothing() -> None:
    nameless = [str(path) for path in (*python_files("src"), *python_files("tests")) if path.stem in NAMELESS]
    assert nameless == []


def test_no_file_names_a_package_registry() -> None:
    naming = [str(path) for path in project_files() if any(host in text_of(path) for host in HOSTS)]
    assert naming == []


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    naming = {str(path): found.group() for path in project_files() if (found := MACHINE_PATHS.search(text_of(path)))}
    assert naming == {}


def test_the_path_rule_sees_a_path_and_leaves_addresses_alone() -> None:
    seen, left = "open('/wo" + "rk/data')", "GET /api/home" + "/x and example.com/wo" + "rk/plan"
    assert MACHINE_PATHS.search(seen)
    assert not MACHINE_PATHS.search(left)


def sleeps_in(tree: ast.Module) -> list[int]:
    """The lines that wait for real: `time.sleep`, called or imported. A test clock's `sleep` is none of them."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and ast.unparse(node) == "time.sleep")
        or (isinstance(node, ast.ImportFrom) and node.module == "time" and any(alias.name == "sleep" for alias in node.names))
    ]


def test_no_test_sleeps() -> None:
    sleeping = {str(path): lines for path in python_files("tests") if (lines := sleeps_in(tree_of(path)))}
    assert {path: lines for path, lines in sleeping.items() if path not in WAITS_FOR_A_PROCESS} == {}


def test_the_search_for_sleep_sees_both_spellings_and_no_test_clock() -> None:
    assert sleeps_in(ast.parse("import time\ntime.sleep(1)")) == [2]
    assert sleeps_in(ast.parse("from time import sleep\nsleep(1)")) == [1]
    assert sleeps_in(ast.parse("clock.sleep(1)")) == []
