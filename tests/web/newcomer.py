"""A first start: nothing there but two simulated vendors with a firm's data, and somebody at a browser who has never seen this."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.web.desk import HASHER, PASSWORD
from tests.web.tongues import foreign
from unisono.sandbox import centralstation, fastbill
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.server import Server
from unisono.sandbox.kit.world import SimClock, World
from unisono.store.doors import Store
from unisono.store.secrets import KeyRing
from unisono.web.serving import Opening, Pages, open_pages
from unisono.wiring import House
from unisono.wiring.people import new_first_code
from unisono.wiring.running import Runner

KEYS = {
    "crm": {"api_key": "centralstation-sandbox-key"},
    "invoicing": {"email": "buchhaltung@example.de", "api_key": "fb-0123456789abcdef"},
}
"""What a newcomer pastes, by side and field."""


@dataclass
class Start:
    """``crm`` and ``books`` are what the newcomer's two systems hold; ``pages`` is where they open Unisono; ``code`` is on the terminal."""

    house: House
    crm: Any
    books: Any
    pages: Pages
    code: str
    runner: Runner

    def turn(self) -> None:
        """What the runner of ``serve`` does within the next minutes: looks at both sides, works until nothing is due."""
        made = self.runner.turn(poll=True)
        while made.outcomes and not made.faults:
            made = self.runner.turn()


@contextmanager
def first_start(folder: Path, *, seed: int = 1) -> Iterator[Start]:
    """Everything as it is after ``unisono serve`` in an empty folder, with both vendors on loopback."""
    crm = centralstation.make(World(clock=SimClock(running=True), random=random.Random(seed)))
    books = fastbill.make(World(clock=SimClock(running=True), random=random.Random(seed + 1)))
    centralstation.seed(crm.world)
    fastbill.seed(books.world)
    crm.world.storage.settings["rate_limit"] = None
    with Server.start(application(crm)) as a, Server.start(application(books)) as b, Store.open(folder / "data") as store:
        books.world.storage.settings["portal"] = b.url
        places = {"centralstation": {"api": f"{a.url}/api"}, "fastbill": {"api": f"{b.url}/api/1.0/api.php", "portal": b.url}}
        house = House(store=store, ring=KeyRing(folder / "key"), folder=folder, loopback=True, unlimited=True, sandboxes=places)
        pages = open_pages(house, Opening(port=0), hasher=HASHER, every=0.2)
        try:
            yield Start(house, crm, books, pages, new_first_code(house), Runner(house=house, holder="test"))
        finally:
            pages.close()
            house.close()


@dataclass
class Newcomer:
    """Somebody at a browser. Clicks are counted by the browser itself, and every page is read: nothing in another language, no complaint."""

    page: Any
    language: str
    clicks: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    strange: dict[str, str] = field(default_factory=dict)

    def read(self) -> None:
        """Reads the page that is open, up to its end."""
        self.strange |= foreign(self.page.locator("body").inner_text(), self.language)
        assert self.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), self.page.url

    def press(self, button: Any) -> None:
        """Reads, then clicks as people do."""
        self.read()
        button.click()
        self.page.wait_for_load_state()

    def paste(self, side: str) -> None:
        """Types what belongs into the fields of a side's login."""
        for name, value in KEYS[side].items():
            self.page.fill(f"#{side}-{name}", value)

    def come_in(self, start: Start) -> None:
        """The first user: with the code from the terminal."""
        self.page.goto(start.pages.address)
        for name, value in (("once", start.code), ("name", "Anna Muster"), ("login", "anna"), ("password", PASSWORD), ("again", PASSWORD)):
            self.page.fill(f"[name={name}]", value)
        self.read()
        self.page.press("[name=again]", "Enter")
        self.page.wait_for_url(lambda url: "/first" not in url)


def newcomer(browser: Any, language: str, *, width: int = 1280, height: int = 900) -> Newcomer:
    """A window of a browser in that language."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale={"en": "en-GB"}.get(language, f"{language}-{language.upper()}")
    )
    page = context.new_page()
    somebody = Newcomer(page, language)
    page.on("console", lambda message: somebody.said.append(message.text))
    page.on("pageerror", lambda error: somebody.said.append(str(error)))
    context.expose_function(
        "clicked", lambda what: somebody.clicks.append(what)
    )  # a plain method has no place for what the library notes on it
    # A click that people make, also the one that Enter in a field makes; seen before the page goes away with it.
    context.add_init_script("addEventListener('click', e => e.isTrusted && clicked(e.target.innerText || e.target.tagName), true)")
    return somebody


class Slowly:
    """Holds the runner after a batch of writes until it is told to go on, so that somebody can look at a sync that is half done."""

    def __init__(self, start: Start, at: int) -> None:
        self._start = start
        self._left = at
        self.reached, self._on = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="runner")

    def __enter__(self) -> Slowly:
        self._start.house.step = self._step
        self._thread.start()
        assert self.reached.wait(60), "the sync never came so far"
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on()

    def go_on(self) -> None:
        """The rest of it."""
        self._on.set()
        self._thread.join(120)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        self._start.turn()
        self.reached.set()

    def _step(self, name: str) -> None:
        if name == "settled":
            self._left -= 1
            if self._left == 0:
                self.reached.set()
                assert self._on.wait(120)
