"""The codes that the pages show: read off the templates and off the modules that declare navigation and say what was done."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from unisono.systems import catalogue

SOURCE = Path(catalogue.__file__).parents[1]
OPEN: dict[str, tuple[str, ...]] = {
    "answer.": ("in-step", "stopped", "paused", "reading", "running"),
    "asks.": ("same-customer", "conflict"),
    "does.": ("same", "different", "later", "crm", "invoicing", "leave"),
    "kinds.": ("same-customer", "conflict"),
    "language.": ("de", "en", "pl", "ro"),
    "login.": (),
    "nav.group-": ("setup", "house"),
    "preview.": ("create", "change", "delete"),
    "preview.does-": ("new", "changed", "linked", "equal", "doubtful", "left-out", "refused", "waiting", "gone"),
    "role.": ("view", "act", "admin"),
    "runs.name-": ("first", "preview", "undo"),
    "said.": (),
    "setup.side-": ("crm", "invoicing"),
    "sign.": ("same", "alike", "differs", "go", "apart"),
    "stand.": ("in-step", "stopped", "paused", "reading", "running"),
    "password.": ("short", "long", "common", "own-name", "not-twice", "empty", "code", "before"),
}
"""Codes put together from a beginning and a word, and the words there are. Those of ``said.`` are read off the pages' modules."""
_CALL = re.compile(r"""\bt\(\s*'([\w.-]+)'(\s*~)?""")
_ENTRY = re.compile(r"""Entry\(\s*code="([\w.-]+)\"""")
_GO = re.compile(r"""\bgo\([^\n]*?,\s*"([a-z-]+)\"""")


def codes(known: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Code and file. ``known`` are beginnings whose words are told elsewhere."""
    for path in sorted((SOURCE / "web" / "templates").rglob("*.html")):
        file = path.relative_to(SOURCE.parent).as_posix()
        for code, open_ in _CALL.findall(path.read_text(encoding="utf-8")):
            if not open_:
                yield code, file
            elif code in OPEN:
                yield from ((code + word, file) for word in OPEN[code])
            elif code not in known:
                raise AssertionError(f"{file}: which words may follow {code!r}? Say so in OPEN.")
    for path in sorted((SOURCE / "web" / "pages").glob("*.py")):
        file, text = path.relative_to(SOURCE.parent).as_posix(), path.read_text(encoding="utf-8")
        yield from ((code, file) for code in _ENTRY.findall(text))
        yield from ((f"said.{word}", file) for word in _GO.findall(text))
