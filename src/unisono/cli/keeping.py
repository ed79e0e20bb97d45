"""``backup``, ``restore``, ``keys rotate``, ``erase``, ``doctor``: what keeps an installation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unisono.cli.terminal import (
    AsJson,
    Data,
    WrongCall,
    add_commands,
    go_on,
    house_at,
    language,
    moments,
    out,
    person,
    plain,
    show,
    the_pair,
    words,
)
from unisono.locale.tell import tell
from unisono.store import pairs
from unisono.store.backup import look_into
from unisono.wiring.doctor import examine
from unisono.wiring.keeping import erase, keep, labels, put_back, rotate_keys

_EXITS = {"ok": 0, "look": 1, "refused": 3, "unreachable": 4, "broken": 5}
"""The doctor's exit code is that of the worst finding; see ``EXIT_CODES``."""
_MARKS = {"ok": "+", "look": "!", "refused": "-", "unreachable": "-", "broken": "-"}


def add(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    add_commands(app, {"backup": backup, "restore": restore})
    add_commands(app, {"rotate": keys_rotate}, group="keys", about="The key that stored logins are encrypted with.")
    add_commands(app, {"erase": erase_person, "doctor": doctor})


def backup(
    file: Annotated[Path, typer.Argument(help="A new file.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Everything in one file, also while Unisono runs. The key file is not in it: keep that one apart."""
    with house_at(data) as house:
        kept = keep(house, file)
        key = str(house.ring.path)
        rows = sum(kept.rows.values())
        value = {"file": str(file), "made_at": kept.made_at, "rows": kept.rows, "key_file": key}
        show(value, as_json, words("backup-made", file=str(file), count=str(rows), key=key))


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `unisono backup` made.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before what is there is replaced.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Puts a backup in place of what is there. Every pair then looks before it makes anything, until it has read both sides whole."""
    with house_at(data, alone=True) as house:
        made_at = look_into(file).made_at
        with house.store.read() as conn:
            empty = not pairs.firms(conn)
        if not empty:
            go_on(words("restore-sure", made=moments(house)(made_at)), yes=yes, as_json=as_json)
        kept, spare, closed = put_back(house, file, person())
        value = {"file": str(file), "made_at": kept.made_at, "rows": kept.rows, "spare": str(spare or ""), "logins_to_enter": closed}
        text = [words("restore-done", made=moments(house)(kept.made_at))]
        if spare is not None:
            text.append(words("restore-spare", place=str(spare)))
        if closed:
            text.append(words("restore-logins", count=str(len(closed)), key=str(house.ring.path)))
        show(value, as_json, "\n".join(text))
    if closed:
        raise typer.Exit(1)


def keys_rotate(data: Data = None, as_json: AsJson = False) -> None:
    """Encrypts every stored login with a new key. Backups made before then need their logins entered again."""
    with house_at(data, alone=True) as house:
        count = rotate_keys(house)
        key = str(house.ring.path)
        show({"secrets": count, "key_file": key}, as_json, words("keys-rotated", count=str(count), key=key))


def erase_person(
    whom: Annotated[str, typer.Argument(help="A record (a:party:person:42) or an e-mail address.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go and what would stay.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    pair: Annotated[str, typer.Option(help="The pair's id or name; may be left out if there is only one.")] = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Takes a person's data out of Unisono. CRM and invoicing system are not touched: delete there first, or it is read again."""
    if "@" not in whom and whom.count(":") < 2:
        raise WrongCall("erase-whom")
    with house_at(data, alone=True) as house:
        pair_id = the_pair(house, pair)
        found = erase(house, pair_id, whom, person(), dry=True)
        if not found.subjects:
            raise WrongCall("erase-nobody", name=whom)
        if not as_json:
            out.print(words("erase-records", names=", ".join(f"{label} ({key})" for key, label in labels(house, pair_id, found.subjects))))
            for code, count in sorted(found.kept.items()):
                out.print("  " + _kept_text(code, count))
            out.print(words("erase-still-there"))
        if not dry_run:
            go_on(words("erase-sure"), yes=yes, as_json=as_json)
            found = erase(house, pair_id, whom, person())
        show(
            plain(found) | {"done": not dry_run},
            as_json,
            words("erase-would" if dry_run else "erase-done", count=str(sum(found.gone.values()))),
        )


def _kept_text(code: str, count: int) -> str:
    if code == "erase-kept-unsettled":
        return words("erase-kept-unsettled", count=str(count))
    if code == "erase-kept-links":
        return words("erase-kept-links", count=str(count))
    return words("erase-kept-writes", count=str(count))


def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the other systems.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Looks at files, keys, clocks, the way to both sides, doors for vendors, the store, and what is open.

    The exit code is that of the worst finding.
    """
    with house_at(data) as house:
        found, at = examine(house, ask=not offline), moments(house)
    told = [f.values | ({"since": at(f.values["since"])} if "since" in f.values else {}) for f in found]
    lines = [f"{_MARKS[f.level]} {tell(f.code, values, language())}" for f, values in zip(found, told, strict=True)]
    show([plain(f) for f in found], as_json, "\n".join(lines))
    worst = max((_EXITS[f.level] for f in found), default=0)
    if worst:
        raise typer.Exit(worst)
