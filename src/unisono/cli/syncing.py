"""``sync``: a pair is brought in step, once or from now on."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Mapping
from typing import Annotated

import typer

from unisono.cli.terminal import AsJson, Data, PairId, add_commands, holder, house_at, out, sentence, show, the_pair, words
from unisono.store import asking, links, pairs
from unisono.wiring import House
from unisono.wiring.running import Runner


def add(app: typer.Typer) -> None:
    """Adds the command of this file."""
    add_commands(app, {"sync": sync})


def sync(
    pair: PairId = "",
    watch: Annotated[bool, typer.Option("--watch", help="Stay and keep the pairs in step.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Brings a pair in step now; with --watch from now on."""
    with house_at(data, alone=True) as house:
        runner = Runner(house=house, holder=holder())
        if watch:
            stay(runner, as_json)
            return
        pair_id = the_pair(house, pair)
        turns = runner.until_quiet(pair_id)
        for fault in turns[-1].faults.values():
            raise fault
        show_status(house, pair_id, as_json, writes=sum(o.writes for t in turns for o in t.outcomes.values()))


def stay(runner: Runner, as_json: bool, *, address: str = "") -> None:
    """Turn after turn, until SIGTERM or Ctrl+C. A fault is said once, not with every turn; for programs each as a line of JSON.

    People who are needed are told meanwhile; ``address`` is where they find the pages.
    """
    # What only somebody needs who stays is loaded here: a single sync starts without mail and people.
    from unisono.cli.noticing import telling
    from unisono.wiring.hooks import public_address

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _line({"event": "staying"}, words("staying"), as_json)
    told: set[str] = set()
    with telling(runner.house, address or public_address(runner.house)):
        while not stop.is_set():
            turn = runner.turn()
            now = {sentence(fault.code, fault.values): fault.code for fault in turn.faults.values()}
            for text in sorted(now.keys() - told):
                _line({"event": "fault", "code": now[text], "told": text}, text, as_json)
            told = set(now) if turn.pulled or turn.outcomes else told
            if turn.idle:
                stop.wait(1)


def _line(value: Mapping[str, str], text: str, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    else:
        out.print(text, style="red" if value["event"] == "fault" else None)


def show_status(house: House, pair_id: str, as_json: bool, *, writes: int) -> None:
    """How a pair stands: linked, written, what waits for a person."""
    with house.store.read() as conn:
        questions, problems = asking.counts(conn, pair_id)
        linked = links.count_links(conn, pair_id)
        row = pairs.get_pair(conn, pair_id)
    value = {"pair": pair_id, "state": row.state, "writes": writes, "links": linked, "questions": questions, "problems": problems}
    text = words(
        "status",
        state=words(f"pair.{row.state}"),
        writes=str(writes),
        links=str(sum(linked.values())),
        questions=str(questions),
        problems=str(problems),
    )
    show(value, as_json, text)
    if questions or problems:
        raise typer.Exit(1)
