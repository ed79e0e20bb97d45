"""The demo's pages: open beside both simulators, on this machine only; a link that works once lets a visitor in without an account."""

from __future__ import annotations

import http.client
import os
import select
import signal
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from unisono.cli.looking import problem_text
from unisono.cli.staging import LOGIN, TITLES, Stage
from unisono.cli.terminal import language, out, sentence, words
from unisono.model.errors import SystemFault
from unisono.web.serving import NotServed, Opening, Pages, open_pages
from unisono.wiring.guiding import Guide, Played

PORT = 8460
"""Where the pages are if nobody else is there; else at any free port."""
BETWEEN = 2.0
"""Seconds from one look at both sides to the next."""
TRIED = ("/", "/demo", "/pairs/{pair}", "/pairs/{pair}/preview", "/pairs/{pair}/runs", "/pairs/{pair}/problems", "/pairs/{pair}/history")
"""Pages that ``demo --once`` asks for, to prove that they are there."""


@dataclass(frozen=True, slots=True)
class Showing:
    """Pages that are open, and the guide on them."""

    pages: Pages
    guide: Guide

    def link(self) -> str:
        """A new link that lets somebody in, once."""
        return f"{self.pages.address}/demo/in?once={self.guide.tickets.new()}"

    def tried(self) -> tuple[int, int]:
        """How many pages answered as they should to a visitor who came by such a link, and how many were asked for."""
        cookie = self._asked(self.link().removeprefix(self.pages.address), "")[1].partition(";")[0]
        return sum(self._asked(path.format(pair=self.guide.pair), cookie)[0] == 200 for path in TRIED), len(TRIED)

    def _asked(self, path: str, cookie: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(urlsplit(self.pages.address).netloc, timeout=30)
        try:
            connection.request("GET", path, headers={"cookie": cookie, "accept-language": language()})
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.getheader("set-cookie", "")
        finally:
            connection.close()


@contextmanager
def shown(stage: Stage, crm_url: str, books_url: str) -> Iterator[Showing]:
    """Opens the pages; both simulators' pages link to them and to each other. Ends every visit when it closes."""
    guide = Guide(
        house=stage.house,
        language=language(),
        crm=Played(side="crm", title=TITLES["crm"], page=f"{crm_url}/_sandbox/page", login=""),
        invoicing=Played(side="inv", title=TITLES["invoicing"], page=f"{books_url}/_sandbox/page", login=LOGIN["api_key"]),
    )
    try:
        pages = open_pages(stage.house, Opening(port=PORT), guide=guide, every=BETWEEN / 2)
    except NotServed:
        pages = open_pages(stage.house, Opening(port=0), guide=guide, every=BETWEEN / 2)
    others = {"centralstation": {TITLES["fastbill"]: guide.invoicing.page}, "fastbill": {TITLES["centralstation"]: guide.crm.page}}
    for name, simulator in (("centralstation", stage.crm), ("fastbill", stage.books)):
        simulator.world.storage.settings |= {"product": f"{pages.address}/demo", "others": others[name], "language": language()}
    try:
        yield Showing(pages, guide)
    finally:
        guide.leave()
        pages.close()


def in_browser(address: str, opener: Callable[[str], bool] = webbrowser.open) -> bool:
    """Opens a page in a browser with a window. A browser within the terminal would take the place of the demo itself."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        return opener(address)
    except webbrowser.Error:
        return False


def stay(stage: Stage, showing: Showing) -> None:
    """Keeps the pair in step while a visitor plays, until SIGTERM or Ctrl+C; the Enter key prints a fresh link."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    out.print("\n" + words("demo.stay"))
    out.print(f"  Unisono            {showing.link()}")
    out.print(f"  CentralStationCRM  {showing.guide.crm.page}\n  FastBill           {showing.guide.invoicing.page}")
    stage.new_problems()
    showing.guide.begin()
    # Said last: whoever waits for this line may tell us to go the next moment.
    out.print("ready")
    seen, told = len(stage.journal()), set[str]()
    while not stop.wait(BETWEEN):
        now = _turn(stage)
        for line in sorted(now - told):
            out.print(line, style="red")
        told = now
        showing.guide.look()
        journal = stage.journal()
        for entry in reversed(journal[: len(journal) - seen]):
            out.print(stage.line_of(entry))
        seen = len(journal)
        for problem in stage.new_problems():
            out.print(problem_text(problem, TITLES), style="yellow")
        if _pressed():
            out.print(f"  {showing.link()}")


def _turn(stage: Stage) -> set[str]:
    """Looks at both sides and works until nothing is due; what a system did wrong. Never waits: the visitor may mend it the next moment."""
    assert stage.runner is not None
    faults: list[SystemFault] = []
    turn = stage.runner.turn(poll=True)
    faults += turn.faults.values()
    while turn.outcomes and not turn.faults:
        turn = stage.runner.turn()
        faults += turn.faults.values()
    return {sentence(fault.code, fault.values, titles=TITLES) for fault in faults}


def _pressed() -> bool:
    """Whether somebody at the terminal pressed Enter since the last time."""
    if not sys.stdin.isatty() or not select.select([sys.stdin], [], [], 0)[0]:
        return False
    return bool(sys.stdin.readline())
