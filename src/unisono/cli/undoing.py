"""``undo``: takes back what was written, after showing what can be and what cannot."""

from __future__ import annotations

from typing import Annotated

import typer

from unisono.cli.pairing import the_pair
from unisono.cli.terminal import AsJson, Data, holder, house_at, language, out, show, words
from unisono.engine.undo import NothingWritten, Scope, Undoing
from unisono.locale.tell import tell
from unisono.plan.undo import Step
from unisono.wiring.keeping import LaneBusy, take_back

_ORDER = ("delete", "change", "unlink", "ask", "leave", "done")


def add(app: typer.Typer) -> None:
    """Adds the command of this file."""
    app.command("undo")(undo_writes)


def undo_writes(
    run: Annotated[str, typer.Argument(help="A run's id; its writes are taken back.")] = "",
    record: Annotated[str, typer.Option(help="Only what was written about one record, e.g. a:party:company:42.")] = "",
    field: Annotated[str, typer.Option(help="Only one field of it, e.g. phone or address.city.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Everything this pair ever wrote.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be done, and what cannot be.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before it starts.")] = False,
    pair: Annotated[str, typer.Option(help="The pair's id; may be left out if there is only one.")] = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Takes back what was written: earlier values where nobody changed them since; records Unisono made and nobody uses."""
    scope = Scope(run=run, record=record, field=field, everything=everything)
    if not (run or record or everything) or (field and not (record or run)):
        raise typer.BadParameter(words("undo-what"))
    with house_at(data, alone=True) as house:
        pair_id = the_pair(house, pair)
        try:
            if not (dry_run or yes or as_json):
                print_steps(take_back(house, pair_id, scope, holder(), dry=True))
                typer.confirm(words("undo-sure"), abort=True)
            undoing = take_back(house, pair_id, scope, holder(), dry=dry_run)
        except NothingWritten as nothing:
            raise typer.BadParameter(words("undo-nothing-written", name=str(nothing.args[0]))) from None
        except LaneBusy:
            raise typer.BadParameter(words("undo-busy")) from None
        if as_json:
            show(undo_json(undoing, done=not dry_run), True)
        elif dry_run or yes:
            print_steps(undoing)
        if not (dry_run or as_json):
            out.print(words("undo-ended", count=str(undoing.records), failed=str(len(undoing.failed)), run=undoing.run), markup=False)
            for step, fault in undoing.failed:
                out.print(
                    f"  {step.label}: " + (tell(fault.code, fault.values, language(), name=step.label) if fault else words("undo-stale"))
                )
    if undoing.failed or any(step.what in ("unlink", "ask", "leave") for step in undoing.steps):
        raise typer.Exit(1)


def print_steps(undoing: Undoing) -> None:
    """The steps, sort by sort, each with its reason."""
    for what in _ORDER:
        steps = [step for step in undoing.steps if step.what == what]
        if steps:
            out.print(words(f"undo.{what}") + f" ({len(steps)})", style="bold", markup=False)
        for step in steps:
            out.print("  " + step_text(step), markup=False)


def step_text(step: Step) -> str:
    """One record as a sentence, with the values before and after."""
    sentence = tell(step.reason.code, step.reason.values, language(), name=step.label, kind=step.kind)
    return sentence + "".join(f"\n      {n}: {step.before.get(n, '')} -> {v}" for n, v in sorted(step.changes.items()))


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
