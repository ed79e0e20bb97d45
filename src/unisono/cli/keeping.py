"""``backup``, ``restore``, ``keys rotate``, ``erase``, ``doctor``: what keeps an installation."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from unisono.cli.pairing import the_pair
from unisono.cli.terminal import AsJson, Data, holder, house_at, language, out, show, words
from unisono.locale.tell import tell
from unisono.store import pairs
from unisono.store.backup import look_into
from unisono.wiring.doctor import examine
from unisono.wiring.keeping import erase, keep, put_back, rotate_keys

_EXITS = {"ok": 0, "look": 1, "refused": 3, "unreachable": 4, "broken": 5}
"""The doctor's exit code is that of the worst finding; see ``EXIT_CODES``."""
_MARKS = {"ok": "+", "look": "!", "refused": "-", "unreachable": "-", "broken": "-"}


def add(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    app.command("backup")(backup)
    app.command("restore")(restore)
    keys = typer.Typer(no_args_is_help=True, help="The key that stored logins are encrypted with.")
    keys.callback()(_keys_group)
    keys.command("rotate")(keys_rotate)
    app.add_typer(keys, name="keys")
    app.command("erase")(erase_person)
    app.command("doctor")(doctor)


def _keys_group() -> None:
    """A group of its own, though it has one command so far."""


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
        if not (yes or empty):
            typer.confirm(words("restore-sure", made=made_at), abort=True)
        kept, spare, closed = put_back(house, file, holder())
        value = {"file": str(file), "made_at": kept.made_at, "rows": kept.rows, "spare": str(spare or ""), "logins_to_enter": closed}
        text = [words("restore-done", made=kept.made_at)]
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
    pair: Annotated[str, typer.Option(help="The pair's id; may be left out if there is only one.")] = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Takes a person's data out of Unisono. CRM and invoicing system are not touched: delete there first, or it is read again."""
    if "@" not in whom and whom.count(":") < 2:
        raise typer.BadParameter(words("erase-whom"))
    with house_at(data, alone=True) as house:
        pair_id = the_pair(house, pair)
        found = erase(house, pair_id, whom, holder(), dry=True)
        if not found.subjects:
            raise typer.BadParameter(words("erase-nobody", name=whom))
        if not as_json:
            out.print(words("erase-records", names=", ".join(found.subjects)), markup=False)
            for code, count in sorted(found.kept.items()):
                out.print("  " + _kept_text(code, count), markup=False)
            out.print(words("erase-still-there"), markup=False)
        if not (dry_run or yes or as_json):
            typer.confirm(words("erase-sure"), abort=True)
        if not dry_run:
            found = erase(house, pair_id, whom, holder())
        show(
            dataclasses.asdict(found) | {"done": not dry_run},
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
    """Looks at files, keys, clocks, the way to both sides, the store, and what is open. The exit code is that of the worst finding."""
    with house_at(data) as house:
        found = examine(house, ask=not offline)
    lines = [f"{_MARKS[f.level]} {tell(f.code, f.values, language())}" for f in found]
    show([dataclasses.asdict(f) for f in found], as_json, "\n".join(lines))
    worst = max((_EXITS[f.level] for f in found), default=0)
    if worst:
        raise typer.Exit(worst)
