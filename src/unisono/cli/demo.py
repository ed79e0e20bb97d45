"""``demo``: the product at work without any account. Two simulated vendors, a realistic firm, a first sync, the stories of the help article."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar

from unisono.cli.looking import problem_text
from unisono.cli.pairing import with_history
from unisono.cli.previewing import QUIET, counts_text, dry_run, forecast_text, progress_json
from unisono.cli.sandbox import start
from unisono.cli.staging import LOGIN, TITLES, Stage, count_sends, stories
from unisono.cli.terminal import AsJson, WrongCall, add_commands, counted, holder, language, out, sentence, show, words
from unisono.engine.runs import release_run
from unisono.locale.languages import LANGUAGES
from unisono.store import pairs
from unisono.store.doors import Store
from unisono.store.secrets import KeyRing
from unisono.wiring import House, add_pair, preset
from unisono.wiring.house import system_file
from unisono.wiring.previewing import VERDICTS, make_preview, pages, progress
from unisono.wiring.rhythm import delays
from unisono.wiring.running import Runner
from unisono.wiring.setup import add_reference_fields
from unisono.wiring.starting import add_connection

if TYPE_CHECKING:
    from unisono.cli.showing import Showing

EXPECTED = {("missing-field", "Holzmanufaktur Dachs"), ("quote-without-amount", "Plakatwand ohne Preis")}
"""The two records the demo firm keeps wrong on purpose: a customer without address, an offer without amount."""
SHOWN = 3
"""Records of each verdict that the preview shows."""


def add(app: typer.Typer) -> None:
    """Adds the command of this file."""
    add_commands(app, {"demo": demo})


def demo(
    once: Annotated[bool, typer.Option("--once", help="Ends after the stories instead of staying up.")] = False,
    open_: Annotated[bool, typer.Option("--open/--no-open", help="Whether to open the pages in a browser, if there is one.")] = True,
    spoken: Annotated[str, typer.Option("--language", help="de, en, pl or ro; otherwise that of the terminal.")] = "",
    as_json: AsJson = False,
    data: Annotated[Path | None, typer.Option("--data", help="Where the demo keeps its store; a temporary folder otherwise.")] = None,
) -> None:
    """Two simulated systems, a first sync, the stories; then pages to play with, without an account.

    Exit code 0 only if both sides are in step and only the two expected problems are open."""
    if spoken:
        if spoken not in LANGUAGES:
            raise WrongCall("no-such-language", name=spoken, names=", ".join(LANGUAGES))
        # Every word of this process is said in it, the pages' first visit included.
        os.environ["UNISONO_LANGUAGE"] = spoken
    with _cleanly(), tempfile.TemporaryDirectory(prefix="unisono-demo-") as scratch:
        folder = data or Path(scratch) / "data"
        with Store.open(folder) as store:
            hold = store.hold()
            try:
                result = _play(store, folder, Path(scratch), quiet=as_json, stays=not once and not as_json, opens=open_)
            finally:
                if hold is not None:
                    hold.release()
    if as_json:
        show(result, True)
    raise typer.Exit(0 if result["in_step"] else 1)


@contextmanager
def _cleanly() -> Iterator[None]:
    """Whoever ends the demo before it is ready, by Ctrl+C or SIGTERM, leaves nothing behind either: servers, pages, folder."""
    before = signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(1) from None
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _play(store: Store, folder: Path, scratch: Path, *, quiet: bool, stays: bool, opens: bool) -> dict[str, Any]:
    from unisono.cli.showing import in_browser, shown, stay  # brings the web server along, which other commands do without

    with ExitStack() as ends:
        crm, crm_server = start("centralstation")
        ends.callback(crm_server.stop)
        books, books_server = start("fastbill")
        ends.callback(books_server.stop)
        # The vendors' limits would make the first minutes of a demo slow; its preview says what they mean for a real account.
        crm.world.storage.settings["rate_limit"] = None
        places = _places(crm_server.url, books_server.url)
        house = House(store=store, ring=KeyRing(scratch / "key"), folder=folder, loopback=True, unlimited=True, sandboxes=places)
        ends.callback(house.close)
        stage = Stage(house, crm, books)
        showing = ends.enter_context(shown(stage, crm_server.url, books_server.url))
        if stays:
            # The pages are there before anything is: whoever comes now sees the first sync at work.
            link = showing.link()
            out.print(words("demo.pages", address=link), style="bold")
            if opens and in_browser(link):
                out.print(words("demo.opened"))
            out.print()
        _set_up(stage, showing, quiet=quiet)
        _first_sync(stage, quiet=quiet)
        told = stories(stage)
        result = _result(stage, told, showing)
        if not quiet:
            _print(result)
        if stays:
            stay(stage, showing)
    return result


def _places(crm_url: str, books_url: str) -> dict[str, dict[str, str]]:
    """Where the simulators are reached."""
    return {"centralstation": {"api": f"{crm_url}/api"}, "fastbill": {"api": f"{books_url}/api/1.0/api.php", "portal": books_url}}


def _set_up(stage: Stage, showing: Showing, *, quiet: bool) -> None:
    """The two logins, the pair with the article's preset and the complete sync, our reference fields; then the preview and its release."""
    house = stage.house
    firm = house.ids.new()
    with house.store.write() as conn:
        pairs.add_firm(conn, firm, words("demo.firm"), "DE", language(), "Europe/Berlin", house.clock.now())
    stage.spoil()
    crm_key = str(stage.crm.world.storage.settings["api_key"])
    crm = add_connection(house, firm, "centralstation", {"api_key": crm_key})
    books = add_connection(house, firm, "fastbill", LOGIN)
    stage.pair = add_pair(house, firm, "CentralStationCRM - FastBill", crm.id, books.id, with_history(preset("centralstation", "fastbill")))
    add_reference_fields(house, crm.id)
    stage.runner = Runner(house=house, holder=holder())
    showing.guide.pair = stage.pair
    _preview(stage)
    if not quiet:
        out.print(words("demo.connected"), style="bold")
        out.print(f"  CentralStationCRM  {showing.guide.crm.page}\n  FastBill           {showing.guide.invoicing.page}")
        out.print("\n" + words("demo.preview"), style="bold")
        _print_preview(stage)
    release_run(house.pairing(stage.pair), house.hands(), stage.run, holder())
    showing.guide.run = stage.run


def _preview(stage: Stage) -> None:
    """The preview as a real account would have it: read, and forecast, under the vendors' limits that the rest of the demo does without."""
    house = stage.house
    with closing(House(store=house.store, ring=house.ring, folder=house.folder, loopback=True)) as limited:
        stage.run = make_preview(limited, stage.pair, holder()).id
        stage.previewed = progress_json(progress(limited, stage.run))


def _print_preview(stage: Stage) -> None:
    """Counts, what it would cost on real accounts, and a few records of each verdict with the reason."""
    told = stage.previewed
    out.print("  " + counts_text(told["counts"]))
    for line in forecast_text(told["forecast"], TITLES).splitlines():
        out.print("  " + line)
    out.print("  " + words("demo.limits", calls=counted("call", _smallest_plan("fastbill"))))
    for verdict in VERDICTS:
        count = told["counts"].get(verdict, 0)
        if verdict in QUIET or not count:
            continue
        out.print(f"\n  {words(f'verdict.{verdict}')}")
        for row in pages(stage.house, stage.run, verdict=verdict, most=SHOWN):
            reason = row.action["reason"]
            out.print("    " + sentence(reason["code"], reason["values"], name=row.label, kind=row.kind, titles=TITLES))
        if count > SHOWN:
            out.print("    " + words("and-more", count=str(count - SHOWN)))


def _smallest_plan(system: str) -> int:
    """Calls an hour that the smallest plan of a vendor allows: what is forecast with as long as nobody names a plan."""
    return min(limit for rule in system_file(system).pace for limit in rule.plans.values())


def _first_sync(stage: Stage, *, quiet: bool) -> None:
    """The released rows are carried out; then a person answers what was asked."""
    if not quiet:
        out.print("\n" + words("demo.first-sync"), style="bold")
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with ProgressBar(*columns, console=out.console, disable=quiet, transient=False) as shown:
        bar = shown.add_task(words("demo.records"), total=stage.previewed["total"])

        def moved(_: str) -> None:
            shown.update(bar, completed=progress(stage.house, stage.run).done)

        stage.house.step = moved
        stage.sync()
        stage.house.step = lambda _: None
        moved("")
    if not quiet:
        made = progress(stage.house, stage.run)
        numbers = {"done": made.done, "total": made.total, "waiting": made.total - made.done}
        out.print("  " + words("demo.released", **{name: str(number) for name, number in numbers.items()}))
    asked = stage.answer_all()
    if not quiet and asked:
        out.print("\n" + words("demo.questions", count=str(len(asked))), style="bold")
        for question, said in asked[:6]:
            told = sentence(question.code, question.values, name=question.label, titles=TITLES)
            out.print(f"  {told}  -> {words(f'option.{said}')}")


def _result(stage: Stage, told: list[dict[str, Any]], showing: Showing) -> dict[str, Any]:
    """How both sides stand at the end: what a further look would do, which problems are open, and whether that is as expected."""
    problems = stage.problems()
    found = {(p.code, p.label) for p in problems}
    after = dry_run(stage.house, stage.pair)
    questions = stage.questions()
    run = progress_json(progress(stage.house, stage.run))
    as_shown = run["state"] == "done" and not run["changed_since_preview"] and not run["failed"]
    answered, tried = showing.tried()
    in_step = found == EXPECTED and not questions and count_sends(after) == 0 and as_shown and all(t["ok"] for t in told)
    in_step = in_step and answered == tried
    return {
        "in_step": in_step,
        "preview": stage.previewed["counts"],
        "forecast": stage.previewed["forecast"],
        "run": {name: run[name] for name in ("state", "total", "done", "failed", "changed_since_preview")},
        "links": stage.links(),
        "writes": stage.written(),
        "stories": told,
        "expected_problems": [problem_text(p, TITLES) for p in problems if (p.code, p.label) in EXPECTED],
        "unexpected_problems": [problem_text(p, TITLES) for p in problems if (p.code, p.label) not in EXPECTED],
        "open_questions": [q.label for q in questions],
        "further_writes": count_sends(after),
        "delays_seconds": {side: int(d.total_seconds()) for side, d in delays(stage.house, stage.pair).items()},
        "pages": {"unisono": showing.pages.address, "centralstation": showing.guide.crm.page, "fastbill": showing.guide.invoicing.page},
        "pages_tried": answered,
    }


def _print(result: dict[str, Any]) -> None:
    out.print("\n" + words("demo.stories"), style="bold")
    for story in result["stories"]:
        out.print(("  ok  " if story["ok"] else "  !!  ") + story["told"])
        out.print(f"        {story['before']}  ->  {story['after']}", style="dim")
    out.print("\n" + words("demo.result"), style="bold")
    links = ", ".join(f"{words(f'kind.{kind}')}: {count}" for kind, count in sorted(result["links"].items()))
    writes = ", ".join(f"{side}: {count}" for side, count in result["writes"].items())
    out.print(f"  {words('demo.linked')} {links}\n  {words('demo.written')} {writes}")
    out.print("  " + words("demo.pages-tried", count=str(result["pages_tried"])))
    for name, where in (
        ("demo.expected", "expected_problems"),
        ("demo.unexpected", "unexpected_problems"),
        ("demo.open", "open_questions"),
    ):
        if result[where]:
            out.print("  " + words(name))
            for line in result[where]:
                out.print(f"    {line}")
    out.print(
        "\n" + words("demo.in-step" if result["in_step"] else "demo.not-in-step"),
        style="bold green" if result["in_step"] else "bold red",
    )
