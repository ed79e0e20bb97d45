"""The manual of the commands, written from the program itself: ``python -m tests.shape.commands`` makes ``docs/commands.md`` anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer.main

from unisono.cli.app import EXIT_CODES, program

FILE = Path(__file__).parents[2] / "docs" / "commands.md"
ALWAYS = ("ok", "usage", "store")
STORELESS = ("sandbox", "systems")
"""Commands that look into no data folder."""
EXITS = {
    "adjust": ("open", "refused", "unavailable"),
    "connect": ("open", "refused", "unavailable"),
    "correct": ("open",),
    "demo": ("open",),
    "doctor": ("open", "refused", "unavailable"),
    "documents": ("refused", "unavailable"),
    "erase": ("open",),
    "fields": ("refused", "unavailable"),
    "hooks open": ("open", "refused", "unavailable"),
    "invoice": ("open", "refused", "unavailable"),
    "notices chat-add": ("refused", "unavailable"),
    "notices mail": ("refused", "unavailable"),
    "notices send": ("open",),
    "notices show": ("open",),
    "notices test": ("refused", "unavailable"),
    "notices wish": ("refused",),
    "oidc off": ("open",),
    "oidc set": ("refused", "unavailable"),
    "pair add": ("refused", "unavailable"),
    "pair remove": ("open",),
    "pair resume": ("open",),
    "policy diff": ("open", "refused"),
    "policy fields": ("refused", "unavailable"),
    "policy filter-preview": ("refused",),
    "policy import": ("refused",),
    "policy rollback": ("refused",),
    "policy set": ("refused",),
    "policy show": ("refused",),
    "preview": ("refused", "unavailable"),
    "restore": ("open",),
    "run show": ("open",),
    "status": ("open",),
    "sync": ("open", "refused", "unavailable"),
    "undo": ("open", "refused", "unavailable"),
    "users remove": ("open",),
}
"""What a command may end with besides ``ALWAYS``."""
COMMON = ("--data", "--json", "--help")
MEANING = {
    "ok": "done",
    "open": "done, but something waits for a person (or, for `policy diff`: there is a difference; or a question was answered with no or not at all)",
    "usage": "a wrong call: what is wrong is said",
    "refused": "a login, a policy or a record was refused",
    "unavailable": "a system is out of reach",
    "store": "the store cannot be used, or another process works on it",
}


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its words, its arguments, its own options (with ``VALUE`` where they take one), what it is for."""

    name: str
    arguments: tuple[str, ...]
    options: tuple[str, ...]
    switches: tuple[str, ...]
    help: str

    @property
    def exits(self) -> list[int]:
        """The exit codes it may end with."""
        words = [word for word in (*ALWAYS, *EXITS.get(self.name, ())) if word != "store" or self.name not in STORELESS]
        return sorted(EXIT_CODES[word] for word in words)


def commands() -> list[Command]:
    """Every command of the program, by name."""
    return sorted(_walk((), typer.main.get_command(program())), key=lambda c: c.name)


def _walk(path: tuple[str, ...], command: Any) -> Iterator[Command]:
    inner = getattr(command, "commands", None)
    if inner is not None:
        for name, one in inner.items():
            yield from _walk((*path, name), one)
        return
    arguments, options, switches = [], [], ["--help"]
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            word = (parameter.name or "").upper()
            arguments.append(word + ("..." if parameter.nargs == -1 else "") if parameter.required else f"[{word}]")
            continue
        names = [*parameter.opts, *parameter.secondary_opts]
        switches += names
        own = [name for name in names if name not in COMMON]
        if own:
            flag = getattr(parameter, "is_flag", False)
            options.append("/".join(own) + ("" if flag else " " + (parameter.name or "value").upper()))
    yield Command(" ".join(path), tuple(arguments), tuple(options), tuple(switches), " ".join((command.help or "").split()))


def manual() -> str:
    """The text of ``docs/commands.md``."""
    found = commands()
    lines = [
        "# The commands",
        "",
        "Written from the program (`python -m tests.shape.commands`) and tested against it. Each command also has `--help`; where it makes sense",
        "`--json` for programs, and `--data FOLDER` for another data folder than `~/.local/share/unisono` (or the variable `UNISONO_DATA`).",
        "",
        "With `--json` a program reads one JSON document on standard output and nothing else, also where something went wrong:",
        '`{"error": {"code": "...", "values": {...}, "told": "the sentence", "exit": 2}}`. `serve` and `sync --watch` write a document a line as',
        "things happen. What needs a yes needs `--yes` then. Errors, and questions to people, go to standard error.",
        "",
        "| Exit code | Means |",
        "|---|---|",
        *(f"| {code} | {MEANING[word]} |" for word, code in EXIT_CODES.items()),
        "",
        "| Command | What it does | Options | Exit codes |",
        "|---|---|---|---|",
    ]
    for command in found:
        call = " ".join(("unisono", command.name, *command.arguments))
        cells = (f"`{call}`", command.help, " ".join(f"`{o}`" for o in command.options) or "-", " ".join(map(str, command.exits)))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(manual(), encoding="utf-8")
    print(f"{len(commands())} commands")
