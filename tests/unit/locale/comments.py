"""Writes into the catalogues, before each message, the files that use it: `python -m tests.unit.locale.comments` (after files moved)."""

from __future__ import annotations

import re
from pathlib import Path

from tests.unit.locale import source

_MESSAGE = re.compile(r'(?:^#: .+\n)*^msgid "(?P<code>.+)"$', re.MULTILINE)


def places() -> dict[str, set[str]]:
    """The files that use each code."""
    found = {code: set(one.files) for code, one in source.codes().items()} | source.wheres()
    found |= {f"counted.{word}": files for word, files in source.nouns().items()}
    found |= {f"option.{word}": files for word, files in source.options().items()}
    return found | {f"event.{word}": files for word, files in source.events().items()}


def commented(text: str, found: dict[str, set[str]]) -> str:
    """A catalogue's text with its ``#:`` lines made anew; nothing else changes."""
    return _MESSAGE.sub(lambda m: "".join(f"#: {f}\n" for f in sorted(found.get(m["code"], ()))) + f'msgid "{m["code"]}"', text)


def refresh(folder: Path) -> list[str]:
    """Rewrites the catalogues of a folder; the names of those that changed."""
    changed = []
    for path in sorted(folder.glob("*.po")):
        before = path.read_text(encoding="utf-8")
        after = commented(before, places())
        if after != before:
            path.write_text(after, encoding="utf-8")
            changed.append(path.name)
    return changed


if __name__ == "__main__":
    print("changed:", ", ".join(refresh(source.SOURCE / "locale" / "catalogues")) or "nothing")
