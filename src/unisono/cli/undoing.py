"""``undo``: takes back what was written, after showing what can be and what cannot."""

from __future__ import annotations

from typing import Annotated

import typer

from unisono.cli.looking import changes_text
from unisono.cli.terminal import (
    AsJson,
    Data,
    Titles,
    WrongCall,
    add_commands,
    go_on,
    house_at,
    out,
    person,
    sentence,
    show,
    the_pair,
    words,
)
from unisono.engine.undo import NothingWritten, Scope, Undoing
from unisono.engine.undone import again as link_again
from unisono.plan.undo import Step
from unisono.wiring.keeping import LaneBusy, take_back
from unisono.wiring.standing import titles_of

_ORDER = ("delete", "change", "unlink", "ask", "leave", "done")


def add(app: typer.Typer) -> None:
    """Adds the command of this file."""
    add_commands(app, {"undo": undo_writes})


def undo_writes(
    run: Annotated[str, typer.Argument(help="A run's id; its writes are taken back.")] = "",
    record: Annotated[str, typer.Option(help="Only what was written about one record, e.g. a:party:company:42.")] = "",
    field: Annotated[str, typer.Option(help="Only one field of it, e.g. phone or address.city.")] = "",
    write: Annotated[str, typer.Option(help="Only one single write, by its id in `unisono history --json`.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Everything this pair ever wrote.")] = False,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="The reverse: what an undo left unlinked may be linked and made again. With its scope, or its own id."
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be done, and what cannot be.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before it starts.")] = False,
    pair: Annotated[str, typer.Option(help="The pair's id; may be left out if there is only one.")] = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Takes back what was written: earlier values where nobody changed them since; records Unisono made and nobody uses.

    What was taken back is not done again by itself; with --again it may be.
    """
    scope = Scope(run=run, record=record, field=field, everything=everything, write=write)
    if not scope.named or (field and (again or not (record or run or write))):
        raise WrongCall("undo-what")
    with house_at(data, alone=True) as house:
        pair_id = the_pair(house, pair)
        if again:
            found = link_again(house.pairing(pair_id), house.hands(), scope, person(), dry=dry_run)
            show({"records": found, "done": not dry_run}, as_json, words("retry-count", count=str(len(found))))
            return
        with house.store.read() as conn:
            titles = titles_of(house, conn, pair_id)
        try:
            if not (dry_run or yes):
                if not as_json:
                    print_steps(take_back(house, pair_id, scope, person(), dry=True), titles)
                go_on(words("undo-sure"), yes=yes, as_json=as_json)
            undoing = take_back(house, pair_id, scope, person(), dry=dry_run)
        except NothingWritten as nothing:
            raise WrongCall("undo-nothing-written", name=str(nothing.args[0])) from None
        except LaneBusy:
            raise WrongCall("undo-busy") from None
        if as_json:
            show(undo_json(undoing, done=not dry_run), True)
        elif dry_run or yes:
            print_steps(undoing, titles)
        if not (dry_run or as_json):
            _print_end(undoing, titles)
    if undoing.failed or any(step.what in ("unlink", "ask", "leave") for step in undoing.steps):
        raise typer.Exit(1)


def print_steps(undoing: Undoing, titles: Titles) -> None:
    """The steps, sort by sort, each with its reason."""
    for what in _ORDER:
        steps = [step for step in undoing.steps if step.what == what]
        if steps:
            out.print(words(f"undo.{what}") + f" ({len(steps)})", style="bold")
        for step in steps:
            out.print("  " + step_text(step, titles))


def _print_end(undoing: Undoing, titles: Titles) -> None:
    out.print(words("undo-ended", count=str(undoing.records), failed=str(len(undoing.failed)), run=undoing.run))
    for step, fault in undoing.failed:
        why = sentence(fault.code, fault.values, name=step.label, kind=step.kind, titles=titles, led=False) if fault else ""
        out.print(f"  {step.label}: {why or words('undo-stale')}")


def step_text(step: Step, titles: Titles) -> str:
    """One record as a sentence, with the values before and after."""
    said = sentence(step.reason.code, step.reason.values, name=step.label, kind=step.kind, titles=titles)
    return "\n      ".join([said, *changes_text(step.before, step.changes, step.kind)])


def undo_json(undoing: Undoing, *, done: bool) -> dict[str, object]:
    """An undo for programs."""
    return {
        "run": undoing.run,
        "done": done,
        "records": undoing.records,
        "steps": [
            {
                "record": f"{s.side}:{s.kind}:{s.key}",
                "label": s.label,
                "what": s.what,
                "reason": {"code": s.reason.code, "values": s.reason.values},
                "before": s.before,
                "after": s.changes,
            }
            for s in undoing.steps
        ],
        "failed": [
            {"record": f"{s.side}:{s.kind}:{s.key}", "label": s.label, "code": f.code if f else "undo-stale"} for s, f in undoing.failed
        ],
    }
