"""A visit to the demo: links that let one in without an account, and what a visitor has tried out, told from what the product itself notes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from unisono.store import pairs, people
from unisono.store.feed import Happened, feed
from unisono.store.stamps import stamp
from unisono.wiring.house import House
from unisono.wiring.people import Let, digest, open_session, secret_of

LIFE = timedelta(minutes=15)
"""How long a link waits to be opened."""
STORIES: Mapping[str, tuple[str, ...]] = {"edit": ("to-invoicing", "to-crm"), "sent": ("pdf",), "break": ("broken", "mended")}
"""What there is to try out: the stories, and the steps of each."""
_LATEST = 50
"""Lines of history looked through for a step, newest first."""


class Tickets:
    """One-time links: each lets somebody in once, within ``LIFE``. They live in this process alone and are gone with it."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._until: dict[str, datetime] = {}
        self._turn = threading.Lock()

    def new(self) -> str:
        """A secret for one more visit."""
        secret = secret_of(self._house)
        now = self._house.clock.now()
        with self._turn:
            self._until = {kept: until for kept, until in self._until.items() if until > now} | {digest(secret, "ticket"): now + LIFE}
        return secret

    def take(self, secret: str) -> bool:
        """Whether this one lets somebody in; never a second time."""
        with self._turn:
            until = self._until.pop(digest(secret, "ticket"), None)
        return until is not None and self._house.clock.now() < until


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A system that is only pretended: its side (``crm`` or ``inv``), its name, the page where one plays it, the login that goes with it."""

    side: str
    title: str
    page: str
    login: str


@dataclass
class Guide:
    """What the guided page shows. Whoever runs the demo says how far it is, and calls ``look`` now and then."""

    house: House
    crm: Played
    invoicing: Played
    language: str = ""
    """What the visitor reads; empty: what their browser asks for."""
    pair: str = ""
    run: str = ""
    """The first sync, once it is released."""
    ready: bool = False
    """Whether the demo has played what it plays by itself: from then on things are the visitor's."""
    done: dict[str, Happened | None] = field(default_factory=dict)
    """Step -> the write that did it, or nothing where it was no write."""
    _since: str = ""

    def __post_init__(self) -> None:
        self.tickets = Tickets(self.house)

    def begin(self) -> None:
        """From now on what happens is the visitor's."""
        self._since = stamp(self.house.clock.now())
        self.ready = True

    def come_in(self, secret: str, name: str, language: str, browser: str) -> Let | None:
        """The visitor, let in by a ticket: a user without a password, who may do everything. ``None`` for a ticket that was used or is old."""
        if not self.tickets.take(secret):
            return None
        user_id = self.house.ids.new()
        with self.house.store.write() as conn:
            # One user for all visits of this demo, so that history names one person.
            known = next((user.id for user in people.users(conn) if user.login == "demo"), None)
            if known is None:
                people.add_user(conn, user_id, "demo", name, "", "admin", None, language, self.house.clock.now())
        return open_session(self.house, known or user_id, kind="browser", name=browser)

    def leave(self) -> None:
        """Nobody stays signed in when the demo ends."""
        with self.house.store.write() as conn:
            for user in people.users(conn):
                if user.login == "demo":
                    people.close_sessions(conn, user.id)

    def look(self) -> None:
        """Ticks off what happened since ``begin``; what was ticked stays so."""
        if not self.ready:
            return
        with self.house.store.read() as conn:
            row = pairs.get_pair(conn, self.pair)
            troubled = any(c.told or c.state == "refused" for c in (pairs.get_connection(conn, side) for side in (row.a, row.b)))
            latest, _ = feed(conn, self.pair, limit=_LATEST, sort="writes")
        for happened in reversed(latest):
            step = _step_of(happened) if happened.at >= self._since else ""
            if step and step not in self.done:
                self.done[step] = happened
        if troubled:
            self.done.setdefault("broken", None)
        elif "broken" in self.done:
            self.done.setdefault("mended", None)


def _step_of(happened: Happened) -> str:
    """The step that a write is the end of."""
    if happened.state != "done":
        return ""
    if happened.operation == "change" and happened.kind in ("party", "contact"):
        return "to-crm" if happened.side == "a" else "to-invoicing"
    return "pdf" if happened.side == "a" and happened.operation == "create" and happened.kind == "file" else ""
