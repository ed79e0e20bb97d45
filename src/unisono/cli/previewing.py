"""``preview``, ``release``, ``run``: what would be done, record by record; the yes to exactly that; and how far it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from unisono.cli.pairing import PairId, the_pair, titles_of
from unisono.cli.terminal import AsJson, Data, Titles, holder, house_at, out, sentence, show, words
from unisono.engine.batch import LEASE
from unisono.engine.cycle import cycle
from unisono.engine.outcome import Outcome
from unisono.engine.runs import pause_run, release_run, resume_run, stop_run
from unisono.store import lanes, runs
from unisono.store.runs import PlanRow, Run
from unisono.wiring import House
from unisono.wiring.previewing import Progress, effect, make_preview, pages, progress
from unisono.wiring.reporting import report_as
from unisono.wiring.setup import delays, release

QUIET = ("equal", "left-out")
"""Verdicts that are counted, and shown only when they are asked for."""
RunId = Annotated[str, typer.Argument(help="Id of the run; without one the newest.")]


def add(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    app.command("preview")(preview)
    app.command("release")(release_pair)
    group = typer.Typer(no_args_is_help=True, help="Released previews at work: how far, pause, resume, stop, report.")
    for name, command in (("list", run_list), ("show", run_show), ("pause", run_pause), ("resume", run_resume), ("stop", run_stop)):
        group.command(name)(command)
    group.command("report")(run_report)
    app.add_typer(group, name="run")


def preview(
    pair: PairId = "",
    rows: Annotated[int, typer.Option(help="Records shown; 0 is all of them.")] = 40,
    verdict: Annotated[str, typer.Option(help="Only these: new, changed, linked, equal, doubtful, left-out, refused, waiting.")] = "",
    record: Annotated[str, typer.Option(help="One record with all its values, e.g. a:party:company:42.")] = "",
    run: Annotated[str, typer.Option(help="Look again at a preview that was made; nothing is read.")] = "",
    policy: Annotated[Path | None, typer.Option(help="What this policy file would do differently; nothing is read, nothing kept.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Reads both sides and shows what would be done, record by record, and why. Nothing is written."""
    with house_at(data, alone=not (run or policy)) as house:
        if policy is not None:
            _show_effect(house, the_pair(house, pair), policy.read_text(encoding="utf-8"), rows, as_json)
            return
        made = the_run(house, run) if run else make_preview(house, the_pair(house, pair), holder())
        found = pages(house, made.id, verdict=verdict, key=record, most=rows)
        if as_json:
            shown = [row_json(row) for row in found]
            show(progress_json(progress(house, made.id)) | {"delay_seconds": _delays(house, made.pair), "rows": shown}, True)
            return
        titles = _titles(house, made.pair)
        _print_counts(house, made, titles)
        if record:
            for row in found:
                _print_record(row, titles)
            return
        wanted = found if verdict else (r for r in pages(house, made.id) if r.verdict not in QUIET)
        _print_rows(wanted, rows, titles)
        for side, seconds in _delays(house, made.pair).items():
            out.print(words("delay", side=words(f"side.{side}"), minutes=str(max(1, round(seconds / 60)))), markup=False)
        out.print(words("preview-stored", id=made.id), markup=False)


def release_pair(
    which: Annotated[str, typer.Argument(help="A preview's run, whose rows are done and no others; or a pair.")] = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """From now on the pair writes, without further action. With a preview's run: exactly what it shows, as long as it still holds."""
    with house_at(data) as house:
        with house.store.read() as conn:
            known = {r.id: r for r in runs.runs(conn) if r.kind in runs.PLANNED_KINDS}
        if which in known:
            count = release_run(house.pairing(known[which].pair), house.hands(), which, holder())
            show({"run": which, "records": count}, as_json, words("run-released", run=which, count=str(count)))
            return
        pair_id = the_pair(house, which)
        release(house, pair_id, holder())
        show({"pair": pair_id}, as_json, words("pair-released"))


def run_list(data: Data = None, as_json: AsJson = False) -> None:
    """All runs, newest first."""
    with house_at(data) as house:
        with house.store.read() as conn:
            found = runs.runs(conn)
        told = [{"id": r.id, "kind": r.kind, "state": r.state, "total": r.total, "done": r.done, "failed": r.failed} for r in found]
    lines = [f"{r['id']}  {r['kind']:8} {words('run.' + str(r['state'])):12} {r['done']}/{r['total']}" for r in told]
    show(told, as_json, "\n".join(lines))


def run_show(run: RunId = "", data: Data = None, as_json: AsJson = False) -> None:
    """How far a run is, what failed, how long it takes. Exit code 1 if something waits for a second release."""
    with house_at(data) as house:
        made = the_run(house, run)
        told = progress(house, made.id)
        show(progress_json(told), as_json, _progress_text(told))
    if told.changed and told.run.state not in ("stopped", "previewed"):
        raise typer.Exit(1)


def run_pause(run: RunId = "", data: Data = None) -> None:
    """Nothing more of it is written until it goes on; today's changes go on all the same."""
    with house_at(data) as house:
        _moved(house, the_run(house, run), pause_run(house.hands(), the_run(house, run).id))


def run_resume(run: RunId = "", data: Data = None) -> None:
    """Goes on where it was paused."""
    with house_at(data) as house:
        _moved(house, the_run(house, run), resume_run(house.hands(), the_run(house, run).id))


def run_stop(run: RunId = "", data: Data = None) -> None:
    """Ends it for good: what is done stays done, the rest stays as it is."""
    with house_at(data) as house:
        _moved(house, the_run(house, run), stop_run(house.hands(), the_run(house, run).id))


def run_report(
    run: RunId = "",
    to: Annotated[Path | None, typer.Option("--out", help="A file; its ending says how: .json, .md, else plain text.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """What came from where to where; what was left out, refused, is doubtful; with numbers that add up."""
    with house_at(data) as house:
        form = "json" if as_json or (to and to.suffix == ".json") else "markdown" if to and to.suffix == ".md" else "text"
        made = the_run(house, run)
        lines = report_as(house, made.id, form, words, _reason(_titles(house, made.pair)))
        if to is None:
            for line in lines:
                out.print(line, markup=False)
            return
        with to.open("w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)
        out.print(words("report-written", file=str(to)), markup=False)


def the_run(house: House, given: str) -> Run:
    """The run named, or the newest that has a plan."""
    with house.store.read() as conn:
        found = [r for r in runs.runs(conn) if r.kind in runs.PLANNED_KINDS and given in ("", r.id)]
    if not found:
        raise typer.BadParameter(words("no-such-run", id=given or "-"))
    return found[0]


def row_json(row: PlanRow) -> dict[str, Any]:
    """One record for programs: what, why, before and after, what it comes after."""
    told = {"record": row.key, "label": row.label, "verdict": row.verdict, "outcome": row.outcome, "basis": row.basis}
    return told | {"writes": [], **row.action}


def progress_json(told: Progress) -> dict[str, Any]:
    """A run for programs."""
    counts: dict[str, int] = {}
    outcomes: dict[str, int] = {}
    for (verdict, outcome), count in told.rows.items():
        counts[verdict] = counts.get(verdict, 0) + count
        outcomes[outcome or "planned"] = outcomes.get(outcome or "planned", 0) + count
    run = told.run
    sheet = {name: run.sheet.get(name, {}) for name in ("calls", "listing", "seconds")}
    numbers = {"total": told.total, "done": told.done, "failed": told.failed, "changed_since_preview": told.changed}
    return {"run": run.id, "state": run.state, **numbers, "seconds_left": told.seconds_left, "counts": counts, "outcomes": outcomes} | {
        "forecast": sheet
    }


def _moved(house: House, run: Run, moved: bool) -> None:
    now = the_run(house, run.id)
    text = words("run-is", run=run.id, state=words(f"run.{now.state}"))
    out.print(text, markup=False)
    if not moved:
        raise typer.Exit(1)


def _titles(house: House, pair_id: str) -> Titles:
    with house.store.read() as conn:
        return titles_of(conn, pair_id)


def _delays(house: House, pair_id: str) -> dict[str, int]:
    return {side: int(wait.total_seconds()) for side, wait in delays(house, pair_id).items()}


def _reason(titles: Titles) -> Any:
    return lambda row: sentence(row.action["reason"]["code"], row.action["reason"]["values"], name=row.label, kind=row.kind, titles=titles)


def _print_counts(house: House, run: Run, titles: Titles) -> None:
    told = progress_json(progress(house, run.id))
    out.print("   ".join(f"{words(f'verdict.{v}')}: {n}" for v, n in sorted(told["counts"].items())), markup=False)
    forecast = told["forecast"]
    for side, name in (("a", "crm"), ("b", "invoicing")):
        calls = sum(forecast["calls"].get(side, {}).values()) + forecast["listing"].get(side, 0)
        time = _duration(forecast["seconds"].get(side, 0))
        out.print(words("forecast", system=titles[name], calls=str(calls), time=time), markup=False)


def _print_rows(found: Any, most: int, titles: Titles) -> None:
    from rich.table import Table

    table = Table(words("column.record"), words("column.what"), words("column.why"))
    more = 0
    for number, row in enumerate(found):
        if most and number >= most:
            more += 1
            continue
        what = words(f"verdict.{row.verdict}") + (f" ({words(f'outcome.{row.outcome}')})" if row.outcome else "")
        table.add_row(row.label, what, _reason(titles)(row))
    out.print(table)
    if more:
        out.print(words("and-more", count=str(more)), markup=False)


def _print_record(row: PlanRow, titles: Titles) -> None:
    out.print(f"{row.label} ({row.key}): {words(f'verdict.{row.verdict}')}. {_reason(titles)(row)}", markup=False)
    for write in row.action.get("writes", []):
        name = titles["crm" if write["side"] == "a" else "invoicing"]
        out.print(f"  {name}: {words('operation.' + write['operation'])} {words('kind.' + write['kind'])}", markup=False)
        for field, value in write["after"].items():
            out.print(f"    {field}: {write['before'].get(field, '') or '-'} -> {value or '-'}", markup=False)
    for one in (*row.action.get("questions", []), *row.action.get("problems", [])):
        out.print("  " + sentence(one["code"], one["values"], name=row.label, kind=row.kind, titles=titles), markup=False)


def _show_effect(house: House, pair_id: str, body: str, most: int, as_json: bool) -> None:
    titles = _titles(house, pair_id)
    told: list[dict[str, Any]] = []
    count = 0
    for before, after in effect(house, pair_id, body):
        count += 1
        one = after or before
        if one is not None and (not most or len(told) < most):
            told.append({"record": one.key, "label": one.label, "now": _side_of(before, titles), "then": _side_of(after, titles)})
    if as_json:
        show({"differ": count, "rows": told}, True)
        return
    for row in told:
        now, then = (f"{words('verdict.' + v['verdict'])}: {v['reason']}" if v else "-" for v in (row["now"], row["then"]))
        out.print(f"{row['label']}\n    {now}\n    -> {then}", markup=False)
    out.print(words("effect", count=str(count)), markup=False)


def _side_of(row: PlanRow | None, titles: Titles) -> dict[str, Any] | None:
    return None if row is None else {"verdict": row.verdict, "reason": _reason(titles)(row), "writes": row.action.get("writes", [])}


def _progress_text(told: Progress) -> str:
    left = "-" if told.seconds_left is None else _duration(told.seconds_left)
    numbers = {"done": str(told.done), "total": str(told.total), "failed": str(told.failed), "changed": str(told.changed)}
    return words("run-progress", run=told.run.id, state=words(f"run.{told.run.state}"), time=left, **numbers)


def _duration(seconds: float) -> str:
    minutes = -(-int(seconds) // 60)
    return f"{minutes // 60}:{minutes % 60:02d} h"


def dry_run(house: House, pair_id: str) -> Outcome:
    """Reads both sides and plans what is due; raises what a system refused."""
    with house.store.write() as conn:
        epoch = lanes.take_lane(conn, f"pair:{pair_id}", holder(), house.clock.now(), LEASE, may_take_over=True)
    outcome = cycle(house.pairing(pair_id, epoch=epoch or 0), house.hands(), dry=True)
    if outcome.fault is not None:
        raise outcome.fault
    return outcome
