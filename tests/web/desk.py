"""Somebody at a browser, in process: the real application over the real house and both simulators; nothing leaves the test."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from tests.support.village import Village, village
from unisono.store.people import Role
from unisono.web.app import make_app
from unisono.web.site import Site
from unisono.wiring.people import Argon, new_user

ADDRESS = "http://127.0.0.1:8460"
PASSWORD = "ein Satz mit siebzehn Äpfeln"
HASHER = Argon(time_cost=1, memory_kib=8, lanes=1)
"""Argon2id as cheap as it gets: the tests are about who is let in, not about how long guessing takes."""


@dataclass
class Desk:
    """``village`` is what the house works with; each role has a user of its own, ``anna`` for admin, ``adam`` for act, ``vera`` for view."""

    village: Village
    app: Any
    site: Site
    browsers: dict[str, TestClient] = field(default_factory=dict)

    def somebody(self) -> TestClient:
        """A browser in which nobody is signed in."""
        return TestClient(self.app, base_url=self.site.address, follow_redirects=False, raise_server_exceptions=False)

    def browser(self, who: str) -> TestClient:
        """The browser of a user, signed in."""
        if who not in self.browsers:
            made = self.somebody()
            token = token_in(made.get("/signin").text)
            answer = made.post("/signin", data={"login": who, "password": PASSWORD, "csrf": token})
            assert answer.status_code == 303, answer.text
            self.browsers[who] = made
        return self.browsers[who]

    def token(self, who: str) -> str:
        """What the forms of a user's pages carry."""
        return token_in(self.browser(who).get("/me").text)

    def send(self, who: str, path: str, **data: Any) -> Any:
        """A form of one of our pages, sent."""
        return self.browser(who).post(path, data={"csrf": self.token(who), **data})

    def call(self, who: str, method: str, path: str, json: Any = None) -> Any:
        """A call of our own pages' script."""
        return self.browser(who).request(method, path, json=json, headers={"x-csrf-token": self.token(who)})

    def add(self, login: str, role: Role, firms: tuple[str, ...] | None = None) -> None:
        """A user."""
        new_user(self.village.house, HASHER, login, login.title(), PASSWORD, role, firms, "")

    @property
    def pair(self) -> str:
        return f"/pairs/{self.village.pair}"


def desk_at(folder: Path, *, address: str = ADDRESS, people: bool = True) -> Desk:
    """The pages over a pair that was set up and reads; with a user for every role."""
    found = village(folder)
    site = Site(hasher=HASHER, address=address, every=0.0, looks=1, aside=at_once)
    desk = Desk(found, make_app(found.house, site), site)
    if people:
        desk.add("anna", "admin")
        desk.add("adam", "act")
        desk.add("vera", "view")
    return desk


def at_once(work: Callable[[], None]) -> None:
    """What a page begins is done before it answers: no thread is left when the test ends."""
    work()


def token_in(page: str) -> str:
    """The hidden field of a page's first form."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, "the page has no form of ours"
    return found[1]


class Seen(HTMLParser):
    """What a browser would make of a page: its elements with their attributes, its text, its links."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def changes(self) -> set[str]:
        """Where the page's forms that change something lead."""
        return {attrs.get("action", "") for tag, attrs in self.elements if tag == "form" and attrs.get("method") == "post"}

    @property
    def links(self) -> set[str]:
        return {attrs["href"] for tag, attrs in self.elements if tag == "a" and "href" in attrs}
