"""I14: webhooks are hints. In some worlds both vendors tell what happens at our doors, and the post does to it what posts do: it loses, doubles,
mixes up, keeps back for days; and somebody forges. The ordinary oracle judges such a world as any other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.storm.chance import Streams
from tests.storm.frail import no_listener
from tests.storm.stages import Simulated
from tests.support.hooks import JSON, Postman, deliver, open_hook
from unisono.store import inbox
from unisono.wiring.receiving import Doorkeeper

if TYPE_CHECKING:
    from tests.storm.world import World

SHARE = 0.2
"""Of the worlds between the simulators."""
Letter = tuple[str, dict[str, str], bytes]
EVENTS = "customer.created,customer.updated,customer.deleted,estimate.created,invoice.completed,invoice.canceled"
FATES = ("once", "once", "once", "lost", "fifty", "later", "later")


class Post:
    """What is between the vendors and our doors in one world."""

    def __init__(self, w: World, stage: Simulated) -> None:
        self._w, self._chance = w, w.setting.streams.of("letters")
        self._man = Postman(Doorkeeper(house=w.house), hold=True)
        self._late: list[Letter] = []
        self._doors = {letter: open_hook(w.house, w.ids[letter]) for letter in ("a", "b")}
        crm, books = stage.a.world.storage, stage.b.world.storage
        crm.settings["deliver"] = books.settings["deliver"] = self._man
        for model in ("Company", "Person", "Deal"):
            for event in ("create", "update", "destroy"):
                number = 91_000_000 + len(crm.table("hooks"))
                told = {
                    "id": number,
                    "target_url": self._doors["a"],
                    "object_type": "lean",
                    "state": "active",
                    "model": model,
                    "event": event,
                }
                crm.table("hooks")[number] = told | {"includes": "", "methods": [], "failed": 0, "failed_at": None}
        books.table("webhooks")[16] = {"WEBHOOK_ID": "16", "ENDPOINT": self._doors["b"], "TYPE": "url", "EVENTS": EVENTS}

    def bring(self) -> None:
        """Before a turn: what was written since the last one, and what was kept back, in any order, each with a fate of its own."""
        w, chance, doors = self._w, self._chance, self._w.store
        listen, doors.listen = doors.listen, no_listener
        self._man.keeper = Doorkeeper(house=w.house)
        letters, self._man.held = [*self._late, *self._man.held], []
        self._late = []
        before = list(letters)
        chance.shuffle(letters)
        w.bit(30, letters != before)
        for letter in letters:
            match chance.choice(FATES):
                case "lost":
                    w.bit(32)
                case "later":
                    w.bit(30)
                    self._late.append(letter)
                case "fifty":
                    w.bit(29)
                    self._deliver(letter, 50)
                case _:
                    self._deliver(letter, 1)
        if chance.random() < 0.3:
            w.bit(31)
            self._forge(letters)
        doors.listen = listen

    def _deliver(self, letter: Letter, times: int) -> None:
        for _ in range(times):
            self._w.count("letters", deliver(self._man.keeper, *letter))

    def _forge(self, letters: list[Letter]) -> None:
        """A wrong secret; the right one with ids that are nobody's or somebody else's, with nonsense, or with what was true once."""
        door = self._doors[self._chance.choice("ab")]
        if deliver(self._man.keeper, door[:-4] + "AAAA", JSON, b"{}"):
            raise AssertionError("a notice under a wrong secret was kept")
        ids = [str(self._chance.randint(1, 40_000_000)), "999", "-1", "../x"]
        for one in ids:
            told = {
                "event": "update",
                "model": "Company",
                "company": {"id": one},
                "customer": {"CUSTOMER_ID": one},
                "type": "customer.deleted",
            }
            self._deliver((door, dict(JSON), json.dumps(told).encode()), 1)
        for _, headers, body in letters[:2]:
            self._deliver((door, headers, body[: len(body) // 2]), 1)
            self._deliver((door, headers, body.replace(b"1", b"2")), 1)


def chosen(streams: Streams) -> bool:
    """Whether the vendors of this world tell what happens."""
    return streams.of("post").random() < SHARE


def waiting(w: World) -> int:
    """How much lies in the inbox."""
    with w.store.read() as conn:
        return sum(len(inbox.waiting(conn, w.ids[letter], 1_000_000)) for letter in ("a", "b"))
