"""``demo``: the product at work without any account. Two simulated vendors, a realistic firm, a first sync, the stories of the help article."""

from __future__ import annotations

import signal
import tempfile
import threading
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from unisono.cli.looking import problem_text, question_text
from unisono.cli.pairing import with_history
from unisono.cli.previewing import dry_run, print_preview
from unisono.cli.sandbox import start
from unisono.cli.staging import TITLES, Stage, count_sends, stories
from unisono.cli.terminal import AsJson, holder, out, sentence, show, words
from unisono.model.errors import SystemFault
from unisono.store import pairs
from unisono.store.doors import Store
from unisono.store.secrets import KeyRing
from unisono.wiring import House, add_pair, preset
from unisono.wiring.running import Runner
from unisono.wiring.setup import add_reference_fields, connect, delays, release

EXPECTED = {("missing-field", "Holzmanufaktur Dachs"), ("quote-without-amount", "Plakatwand ohne Preis")}
"""The two records the demo firm keeps wrong on purpose: a customer without address, an offer without amount."""


def add(app: typer.Typer) -> None:
    """Adds the command of this file."""
    app.command("demo")(demo)


def demo(
    once: Annotated[bool, typer.Option("--once", help="Ends after the stories instead of staying up.")] = False,
    as_json: AsJson = False,
    data: Annotated[Path | None, typer.Option("--data", help="Where the demo keeps its store; a temporary folder otherwise.")] = None,
) -> None:
    """Two simulated systems, a first sync, the stories. Exit code 0 only if both sides are in step and only the two expected problems are open."""
    quiet = as_json
    with tempfile.TemporaryDirectory(prefix="unisono-demo-") as scratch:
        folder = data or Path(scratch) / "data"
        with Store.open(folder) as store:
            hold = store.hold()
            try:
                result = _play(store, folder, Path(scratch), quiet=quiet, stay=not once and not as_json)
            finally:
                if hold is not None:
                    hold.release()
    if as_json:
        show(result, True)
    raise typer.Exit(0 if result["in_step"] else 1)


def _play(store: Store, folder: Path, scratch: Path, *, quiet: bool, stay: bool) -> dict[str, Any]:
    crm, crm_server = start("centralstation")
    books, books_server = start("fastbill")
    # The vendors' limits would make the first minutes of a demo slow; `unisono preview` says what they mean for a real account.
    crm.world.storage.settings["rate_limit"] = None
    house = House(store=store, ring=KeyRing(scratch / "key"), folder=folder, loopback=True, unlimited=True)
    stage = Stage(house, crm, books)
    try:
        _set_up(stage, crm_server.url, books_server.url, quiet=quiet)
        _first_sync(stage, quiet=quiet)
        told = stories(stage)
        result = _result(stage, told, crm_server.url, books_server.url)
        if not quiet:
            _print(result)
        if stay:
            _stay(stage, crm_server.url, books_server.url)
    finally:
        crm_server.stop()
        books_server.stop()
    return result


def _set_up(stage: Stage, crm_url: str, books_url: str, *, quiet: bool) -> None:
    """The two logins, the pair with the article's preset and the complete sync, our reference fields; then the preview."""
    house = stage.house
    firm = house.ids.new()
    with house.store.write() as conn:
        pairs.add_firm(conn, firm, words("demo.firm"), "DE", "de", "Europe/Berlin", house.clock.now())
    stage.spoil()
    crm_key = str(stage.crm.world.storage.settings["api_key"])
    crm = connect(house, firm, "centralstation", {"api_key": crm_key}, {"api": f"{crm_url}/api"})
    login = {"email": "buchhaltung@example.de", "api_key": "fb-0123456789abcdef"}
    books = connect(house, firm, "fastbill", login, {"api": f"{books_url}/api/1.0/api.php", "portal": books_url})
    stage.pair = add_pair(house, firm, "CentralStationCRM - FastBill", crm.id, books.id, with_history(preset("centralstation", "fastbill")))
    add_reference_fields(house, crm.id)
    stage.runner = Runner(house=house, holder=holder())
    outcome = dry_run(house, stage.pair)
    stage.previewed = outcome.verdicts
    if not quiet:
        out.print(words("demo.connected"), style="bold", markup=False)
        out.print(f"  CentralStationCRM  {crm_url}/_sandbox/page\n  FastBill           {books_url}/_sandbox/page", markup=False)
        out.print("\n" + words("demo.preview"), style="bold", markup=False)
        print_preview(outcome, 12, TITLES)
    release(house, stage.pair, holder())


def _first_sync(stage: Stage, *, quiet: bool) -> None:
    if not quiet:
        out.print("\n" + words("demo.first-sync"), style="bold", markup=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=out, disable=quiet, transient=False) as progress:
        bar = progress.add_task(words("demo.records"), total=stage.left())
        total = stage.left()

        def moved(_: str) -> None:
            progress.update(bar, completed=max(0, total - stage.left()))

        stage.house.step = moved
        stage.sync()
        stage.house.step = lambda _: None
        progress.update(bar, completed=total)
    asked = stage.answer_all()
    if not quiet and asked:
        out.print("\n" + words("demo.questions", count=str(len(asked))), style="bold", markup=False)
        for question, said in asked[:6]:
            out.print(f"  {question_text(question, TITLES).splitlines()[0].split('  ', 1)[1]}  -> {words(f'option.{said}')}", markup=False)


def _result(stage: Stage, told: list[dict[str, Any]], crm_url: str, books_url: str) -> dict[str, Any]:
    """How both sides stand at the end: what a further look would do, which problems are open, and whether that is as expected."""
    problems = stage.problems()
    found = {(p.code, p.label) for p in problems}
    after = dry_run(stage.house, stage.pair)
    questions = stage.questions()
    in_step = found == EXPECTED and not questions and count_sends(after) == 0 and all(t["ok"] for t in told)
    return {
        "in_step": in_step,
        "preview": stage.previewed,
        "links": stage.links(),
        "writes": stage.written(),
        "stories": told,
        "expected_problems": [problem_text(p, TITLES) for p in problems if (p.code, p.label) in EXPECTED],
        "unexpected_problems": [problem_text(p, TITLES) for p in problems if (p.code, p.label) not in EXPECTED],
        "open_questions": [q.label for q in questions],
        "further_writes": count_sends(after),
        "delays_seconds": {side: int(d.total_seconds()) for side, d in delays(stage.house, stage.pair).items()},
        "pages": {"centralstation": f"{crm_url}/_sandbox/page", "fastbill": f"{books_url}/_sandbox/page"},
    }


def _print(result: dict[str, Any]) -> None:
    out.print("\n" + words("demo.stories"), style="bold", markup=False)
    for story in result["stories"]:
        out.print(("  ok  " if story["ok"] else "  !!  ") + story["told"], markup=False)
        out.print(f"        {story['before']}  ->  {story['after']}", style="dim", markup=False)
    out.print("\n" + words("demo.result"), style="bold", markup=False)
    links = ", ".join(f"{words(f'kind.{kind}')}: {count}" for kind, count in sorted(result["links"].items()))
    writes = ", ".join(f"{side}: {count}" for side, count in result["writes"].items())
    out.print(f"  {words('demo.linked')} {links}\n  {words('demo.written')} {writes}", markup=False)
    for name, where in (
        ("demo.expected", "expected_problems"),
        ("demo.unexpected", "unexpected_problems"),
        ("demo.open", "open_questions"),
    ):
        if result[where]:
            out.print("  " + words(name), markup=False)
            for line in result[where]:
                out.print(f"    {line}", markup=False)
    out.print(
        "\n" + words("demo.in-step" if result["in_step"] else "demo.not-in-step"),
        style="bold green" if result["in_step"] else "bold red",
        markup=False,
    )


def _stay(stage: Stage, crm_url: str, books_url: str) -> None:
    """Keeps the pair in step while a visitor plays at either vendor's page."""
    out.print("\n" + words("demo.stay"), markup=False)
    out.print(f"  CentralStationCRM  {crm_url}/_sandbox/page\n  FastBill           {books_url}/_sandbox/page", markup=False)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    # Said last: whoever waits for this line may tell us to go the next moment.
    out.print("ready", markup=False)
    seen = len(stage.journal())
    while not stop.wait(2):
        try:
            stage.sync()
        except SystemFault as fault:
            out.print(sentence(fault.code, fault.values, titles=TITLES), style="red", markup=False)
        journal = stage.journal()
        for entry in reversed(journal[: len(journal) - seen]):
            out.print(stage.line_of(entry), markup=False)
        seen = len(journal)
        for problem in stage.new_problems():
            out.print(problem_text(problem, TITLES), style="yellow", markup=False)
