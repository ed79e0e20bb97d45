"""``preview``, ``release``, ``run``: what would be done, record by record; the yes to exactly that; and how far it is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from unisono.cli.pairing import policy_of
from unisono.cli.terminal import (
    AsJson,
    Commands,
    Data,
    PairId,
    Titles,
    WrongCall,
    add_commands,
    counted,
    holder,
    house_at,
    language,
    moments,
    narrow,
    out,
    person,
    sentence,
    show,
    the_pair,
    trouble_of,
    words,
)
from unisono.engine.batch import LEASE
from unisono.engine.cycle import cycle
from unisono.engine.hands import Hands
from unisono.engine.outcome import Outcome
from unisono.engine.runs import OVERTAKEN, pause_run, release_run, resume_run, stop_run
from unisono.locale.format import duration_text
from unisono.locale.names import field_name, kind_name, value_name
from unisono.locale.shortfall import behind_line, left_of, shortfall_line
from unisono.model.taxid import valid_tax_id
from unisono.store import lanes, runs
from unisono.store.runs import PlanRow, Run
from unisono.wiring import House
from unisono.wiring.previewing import VERDICTS, Progress, behind, effect, make_preview, pages, progress
from unisono.wiring.reporting import FORMS, report_as
from unisono.wiring.rhythm import delays
from unisono.wiring.setup import release
from unisono.wiring.standing import titles_of

QUIET = ("equal", "left-out")
"""Verdicts that are counted, and shown only when they are asked for."""
_FORM_OF = {".json": "json", ".md": "markdown", ".html": "html"}
"""The form of a report by its file's ending."""
RunId = Annotated[str, typer.Argument(help="Id of the run; without one the newest.")]


def add(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    add_commands(app, {"preview": preview, "release": release_pair})
    run: Commands = {"list": run_list, "show": run_show, "pause": run_pause, "resume": run_resume, "stop": run_stop, "report": run_report}
    add_commands(app, run, group="run", about="Released previews at work: how far, pause, resume, stop, report.")


def preview(
    pair: PairId = "",
    rows: Annotated[int, typer.Option(help="Records shown; 0 is all of them.")] = 40,
    verdict: Annotated[str, typer.Option(help="Only these: new, changed, linked, equal, doubtful, left-out, refused, waiting.")] = "",
    mark: Annotated[str, typer.Option(help="Only those of which this stays behind, e.g. b:no-place:website.")] = "",
    record: Annotated[str, typer.Option(help="One record with all its values, e.g. a:party:company:42.")] = "",
    run: Annotated[str, typer.Option(help="Look again at a preview that was made; nothing is read.")] = "",
    policy: Annotated[Path | None, typer.Option(help="What this policy file would do differently; nothing is read, nothing kept.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Reads both sides and shows what would be done, record by record, and why. Nothing is written."""
    if verdict and verdict not in VERDICTS:
        raise WrongCall("no-such-verdict", verdict=verdict, verdicts=", ".join(VERDICTS))
    body = policy_of(policy) if policy is not None else ""
    with house_at(data, alone=not (run or policy)) as house:
        if policy is not None:
            _show_effect(house, the_pair(house, pair), body, rows, as_json)
            return
        made = the_run(house, run) if run else make_preview(house, the_pair(house, pair), holder())
        found: Iterable[PlanRow] = pages(house, made.id, verdict=verdict, key=record, mark=mark, most=rows)
        if record and not (found := list(found)):
            raise WrongCall("not-in-preview", record=record)
        if as_json:
            shown = [row_json(row) for row in found]
            told = progress_json(progress(house, made.id)) | beforehand(house, made)
            show(told | {"delay_seconds": _delays(house, made.pair), "rows": shown}, True)
            return
        titles = _titles(house, made.pair)
        if record:
            for row in found:
                print_record(row, titles)
            return
        _print_counts(house, made, titles)
        _print_rows(found if verdict or mark else (r for r in pages(house, made.id) if r.verdict not in QUIET), rows, titles)
        for side, seconds in _delays(house, made.pair).items():
            out.print(words("delay", system=titles[side], time=duration_text(seconds)))
        out.print(words("preview-stored", id=made.id))


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
            count = release_run(house.pairing(known[which].pair), house.hands(), which, person())
            show({"run": which, "records": count}, as_json, words("run-released", run=which, count=str(count)))
            return
        pair_id = the_pair(house, which)
        release(house, pair_id, person())
        show({"pair": pair_id}, as_json, words("pair-released"))


def run_list(data: Data = None, as_json: AsJson = False) -> None:
    """All runs, newest first."""
    with house_at(data) as house:
        with house.store.read() as conn:
            found = runs.runs(conn)
        moment = moments(house)
    value = [{"id": r.id, "kind": r.kind, "state": r.state, "total": r.total, "done": r.done, "failed": r.failed} for r in found]
    lines = [
        f"{r.id}  {moment(r.started_at)}  {words(f'run-kind.{r.kind}')}: {words(f'run.{r.state}')}, {r.done} / {r.total}" for r in found
    ]
    show(value, as_json, "\n".join(lines) or words("no-runs"))


def run_show(run: RunId = "", data: Data = None, as_json: AsJson = False) -> None:
    """How far a run is, what failed, how long it takes. Exit code 1 if something waits for a second release."""
    with house_at(data) as house:
        made = the_run(house, run)
        told = progress(house, made.id)
        show(progress_json(told), as_json, _progress_text(told))
    if told.changed and told.run.state not in ("stopped", "previewed"):
        raise typer.Exit(1)


def run_pause(run: RunId = "", data: Data = None, as_json: AsJson = False) -> None:
    """Nothing more of it is written until it goes on; today's changes go on all the same."""
    _move(run, "paused", pause_run, data, as_json)


def run_resume(run: RunId = "", data: Data = None, as_json: AsJson = False) -> None:
    """Goes on where it was paused."""
    _move(run, "running", resume_run, data, as_json)


def run_stop(run: RunId = "", data: Data = None, as_json: AsJson = False) -> None:
    """Ends it for good: what is done stays done, the rest stays as it is."""
    _move(run, "stopped", stop_run, data, as_json)


def _move(run: str, state: str, move: Callable[[Hands, str], bool], data: Path | None, as_json: bool) -> None:
    """Moves a run; one that is there already stays, one that cannot get there is a wrong call."""
    with house_at(data) as house:
        made = the_run(house, run)
        moved = move(house.hands(), made.id)
        now = the_run(house, made.id).state
    if not moved and now != state:
        raise WrongCall("run-not-so", run=made.id, state=words(f"run.{now}"))
    show({"run": made.id, "state": now}, as_json, words("run-is", run=made.id, state=words(f"run.{now}")))


def run_report(
    run: RunId = "",
    to: Annotated[Path | None, typer.Option("--out", help="A file; its ending says how: .json, .md, .html, else plain text.")] = None,
    form: Annotated[
        str, typer.Option("--form", help="How, whatever the file's ending: text, markdown, json, html (a page to print).")
    ] = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """What came from where to where; what was left out, refused, is doubtful; with numbers that add up."""
    if form not in ("", *FORMS):
        raise WrongCall("no-such-form", form=form, forms=", ".join(FORMS))
    if as_json and to is None:
        form = "json"
    elif not form:
        form = "json" if as_json else _FORM_OF.get(to.suffix if to else "", "text")
    with house_at(data) as house:
        made = the_run(house, run)
        why = _reason(_titles(house, made.pair), led=False)
        lines = report_as(house, made.id, form, words, why, language=language(), moment=moments(house))
        if to is None:
            for line in lines:
                sys.stdout.write(line + "\n")
            return
        try:
            with to.open("w", encoding="utf-8") as file:
                file.writelines(line + "\n" for line in lines)
        except OSError as error:
            raise WrongCall("file-not-written", file=str(to), trouble=trouble_of(error, writing=True)) from None
        show({"run": made.id, "file": str(to)}, as_json, words("report-written", file=str(to)))


def the_run(house: House, given: str) -> Run:
    """The run named, or the newest that has a plan."""
    with house.store.read() as conn:
        found = [r for r in runs.runs(conn) if r.kind in runs.PLANNED_KINDS and given in ("", r.id)]
    if not found:
        raise WrongCall("no-such-run", id=given) if given else WrongCall("no-runs")
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


def beforehand(house: House, run: Run) -> dict[str, Any]:
    """What a preview says besides its records: what the two systems cannot do, and what of the records stays behind."""
    return {"cannot": run.sheet.get("cannot", []), "behind": behind(house, run)}


def _titles(house: House, pair_id: str) -> Titles:
    with house.store.read() as conn:
        return titles_of(house, conn, pair_id)


def _delays(house: House, pair_id: str) -> dict[str, int]:
    return {side: int(wait.total_seconds()) for side, wait in delays(house, pair_id).items()}


def _reason(titles: Titles, *, led: bool = True) -> Callable[[PlanRow], str]:
    """Why a row is as it is; without its name where that stands beside it."""

    def why(row: PlanRow) -> str:
        reason = row.action["reason"]
        return sentence(reason["code"], reason["values"], name=row.label, kind=row.kind, titles=titles, led=led)

    return why


def counts_text(counts: Mapping[str, int]) -> str:
    """How many records of each verdict, in the order a person asks for them."""
    return "   ".join(f"{words(f'verdict.{verdict}')}: {counts[verdict]}" for verdict in VERDICTS if counts.get(verdict))


def forecast_text(forecast: Mapping[str, Any], titles: Titles) -> str:
    """What it costs on either side: calls, and how long they take under the vendor's limits."""
    lines = []
    for side, name in (("a", "crm"), ("b", "invoicing")):
        calls = sum(forecast["calls"].get(side, {}).values()) + forecast["listing"].get(side, 0)
        time = duration_text(max(1, forecast["seconds"].get(side, 0)))
        lines.append(words("forecast", system=titles[name], calls=counted("call", calls), time=time))
    return "\n".join(lines)


def _print_counts(house: House, run: Run, titles: Titles) -> None:
    told = progress_json(progress(house, run.id))
    out.print(words("report-total", total=str(told["total"])) + "   " + counts_text(told["counts"]))
    out.print(forecast_text(told["forecast"], titles))
    said = beforehand(house, run)
    _print_beforehand("preview.cannot", [shortfall_line(one, language(), titles) for one in said["cannot"]])
    _print_beforehand("preview.behind", [f"{behind_line(one, language(), titles)} [{one['mark']}]" for one in said["behind"]])


def _print_beforehand(title: str, lines: Sequence[str]) -> None:
    if lines:
        out.print(words(title), style="bold")
    for line in lines:
        out.print(f"- {line}")


def _print_rows(found: Iterable[PlanRow], most: int, titles: Titles) -> None:
    why = _reason(titles, led=False)
    shown: list[tuple[str, str, str]] = []
    more = 0
    for number, row in enumerate(found):
        if most and number >= most:
            more += 1
            continue
        shown.append((row.label, _what(row, titles), why(row)))
    if not shown:
        out.print(words("nothing-to-show"))
    elif narrow():
        for label, what, reason in shown:
            out.print(f"{label}  {what}\n    {reason}")
    else:
        _print_table(shown)
    if more:
        out.print(words("and-more", count=str(more)))


def _print_table(shown: Sequence[tuple[str, str, str]]) -> None:
    from rich.table import Table

    table = Table(words("column.record"), words("column.what"), words("column.why"))
    for row in shown:
        table.add_row(*row)
    out.print(table)


def _what(row: PlanRow, titles: Titles) -> str:
    """``Kunde: neu -> FastBill``: what kind of record, what happens to it, and where."""
    places = dict.fromkeys(titles["crm" if write["side"] == "a" else "invoicing"] for write in row.action.get("writes", []))
    where = " -> " + ", ".join(places) if places else ""
    outcome = f" ({words(f'outcome.{row.outcome}')})" if row.outcome else ""
    return f"{kind_name(row.kind, language())}: {words(f'verdict.{row.verdict}')}{where}{outcome}"


def print_record(row: PlanRow, titles: Titles) -> None:
    """One record with every value before and after, its questions and its problems."""
    out.print(f"{row.label} ({row.key})", style="bold")
    out.print(f"{_what(row, titles)}. {_reason(titles, led=False)(row)}")
    for write in row.action.get("writes", []):
        name = titles["crm" if write["side"] == "a" else "invoicing"]
        out.print(f"  {name}, {words('operation.' + write['operation'])} {words('kind.' + write['kind'])}")
        for field, value in write["after"].items():
            before = write["before"].get(field, "")
            told = _value(field, value) if write["operation"] == "create" else f"{_value(field, before)} -> {_value(field, value)}"
            gap = "" if told.startswith("\n") else " "
            out.print(f"    {field_name(field, language(), write['kind'])}:{gap}{told}")
    for told in left_of(row.action, row.kind, language(), titles):
        out.print(f"  {words('preview.stays')}: {told}")
    reason = row.action["reason"]
    for one in (*row.action.get("questions", []), *row.action.get("problems", [])):
        if one["code"] != reason["code"]:
            out.print("  " + sentence(one["code"], one["values"], name=row.label, kind=row.kind, titles=titles, led=False))


def _value(field: str, value: Any) -> str:
    """A value in words; one of several lines stands below its name."""
    told = value_name(field, str(value or ""), language()) or words("word.nothing")
    if field == "tax_id" and value and valid_tax_id(str(value)) is False:
        told = words("tax-id-wrong", value=told)
    return "".join(f"\n      {line}" for line in told.splitlines()) if "\n" in told else told


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
        out.print(f"{row['label']}\n    {now}\n    -> {then}")
    if count > len(told):
        out.print(words("and-more", count=str(count - len(told))))
    out.print(words("effect", count=str(count)))


def _side_of(row: PlanRow | None, titles: Titles) -> dict[str, Any] | None:
    return (
        None if row is None else {"verdict": row.verdict, "reason": _reason(titles, led=False)(row), "writes": row.action.get("writes", [])}
    )


def _progress_text(told: Progress) -> str:
    numbers = {"done": str(told.done), "total": str(told.total), "failed": str(told.failed)}
    parts = [words("run-progress", run=told.run.id, state=words(f"run.{told.run.state}"), **numbers)]
    if told.changed:
        parts.append(words("run-changed", changed=str(told.changed)))
    if OVERTAKEN in told.run.sheet:
        parts.append(words("run-overtaken", run=told.run.sheet[OVERTAKEN]))
    if told.seconds_left:
        parts.append(words("run-left", time=duration_text(told.seconds_left)))
    return " ".join(parts)


def dry_run(house: House, pair_id: str) -> Outcome:
    """Reads both sides and plans what is due; raises what a system refused."""
    with house.store.write() as conn:
        epoch = lanes.take_lane(conn, f"pair:{pair_id}", holder(), house.clock.now(), LEASE, may_take_over=True)
    outcome = cycle(house.pairing(pair_id, epoch=epoch or 0), house.hands(), dry=True)
    if outcome.fault is not None:
        raise outcome.fault
    return outcome
