"""What the manual says can be typed: every command and option it names exists, every command that exists is in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.shape.commands import EXITS, FILE, commands, manual
from unisono.cli.app import EXIT_CODES

ROOT = FILE.parents[1]
KNOWN = {command.name: command for command in commands()}
FIRST = {name.split()[0] for name in KNOWN}
PAGES = [ROOT / "README.md", FILE, *sorted((ROOT / "src/unisono/systems").glob("*/README.md")), ROOT / "SECURITY.md"]


def calls(text: str) -> list[tuple[str, list[str], str]]:
    """The commands a text names, as (command, options, where): in code, or at the start of an indented line."""
    found = []
    for place in re.findall(r"`(unisono [^`]+)`|^    (unisono .+)$", text, re.MULTILINE):
        line = re.split(r"\s{2,}", (place[0] or place[1]).strip())[0]
        words = line.split()[1:]
        name = " ".join(words[:2]) if " ".join(words[:2]) in KNOWN else words[0].rstrip(",")
        found.append((name, re.findall(r"--[a-z][a-z-]*", line), line))
    return found


@pytest.mark.parametrize("page", [p for p in PAGES if p.is_file()], ids=lambda p: str(Path(p).relative_to(ROOT)))
def test_every_command_and_option_a_page_names_exists(page: Path) -> None:
    wrong = []
    for name, options, line in calls(page.read_text(encoding="utf-8")):
        command = KNOWN.get(name)
        group = command is None and name in FIRST
        lacking = [o for o in options if command is not None and o not in command.switches]
        if (command is None and not group) or lacking:
            wrong.append(line)
    assert wrong == []


def test_the_readme_really_names_commands() -> None:
    named = {name for name, _, _ in calls((ROOT / "README.md").read_text(encoding="utf-8"))}
    assert {"connect", "pair add", "preview", "release", "sync"} <= named


def test_the_manual_is_that_of_this_program() -> None:
    assert FILE.read_text(encoding="utf-8") == manual(), "commands changed: python -m tests.shape.commands"


def test_every_command_says_what_it_is_for_in_a_line() -> None:
    assert [c.name for c in KNOWN.values() if not c.help.endswith(".")] == []


def test_every_option_says_what_it_is_for() -> None:
    import typer.main

    from unisono.cli.app import program

    silent = []
    pending: list[tuple[tuple[str, ...], Any]] = [((), typer.main.get_command(program()))]
    while pending:
        path, command = pending.pop()
        inner = getattr(command, "commands", {})
        pending += [((*path, name), one) for name, one in inner.items()]
        if not inner:
            silent += [" ".join((*path, str(p.name))) for p in command.params if p.name != "help" and not getattr(p, "help", None)]
    assert silent == []


def test_exit_codes_are_told_apart_and_belong_to_commands_that_exist() -> None:
    assert len(set(EXIT_CODES.values())) == len(EXIT_CODES)
    assert sorted(set(EXITS) - set(KNOWN)) == []
    text = FILE.read_text(encoding="utf-8")
    assert all(f"| {code} | " in text for code in EXIT_CODES.values())
