"""I14: webhooks are hints. In some worlds both vendors tell what happens at our doors, and the post does to it what posts do: it loses, doubles,
mixes up, keeps back for days; and somebody forges. The ordinary oracle judges such a world as any other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.storm.chance import Streams
from tests.storm.frail import no_listener
from tests.storm.stages import Simulated
from tests.support.hooks import JSON, Postman, deliver, open_hook
from unisono.sandbox.lexoffice.signing import public_pem
from unisono.store import inbox, pairs
from unisono.wiring.hooks import SIGNED_BY
from unisono.wiring.receiving import Doorkeeper

if TYPE_CHECKING:
    from tests.storm.world import World

SHARE = 0.2
"""Of the worlds between the simulators."""
Letter = tuple[str, dict[str, str], bytes]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
FATES = ("once", "once", "once", "lost", "fifty", "later", "later")


class Post:
    """What is between the vendors and our doors in one world."""

    def __init__(self, w: World, stage: Simulated) -> None:
        self._w, self._chance = w, w.setting.streams.of("letters")
        self._man = Postman(Doorkeeper(house=w.house), hold=True)
        self._late: list[Letter] = []
        self._doors = {letter: open_hook(w.house, w.ids[letter]) for letter in ("a", "b")}
        for side, letter in ((stage.a, "a"), (stage.b, "b")):
            side.world.storage.settings["deliver"] = self._man
            side.tell_at(self._doors[letter])
        self._systems = {self._doors["a"]: stage.a.system, self._doors["b"]: stage.b.system}
        if stage.b.system == "lexoffice":
            with w.store.write() as conn:
                pairs.update_connection(conn, w.ids["b"], proven={SIGNED_BY: public_pem().decode()})

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
            self._deliver((door, *_forged(self._systems[door], one)), 1)
        for _, headers, body in letters[:2]:
            self._deliver((door, headers, body[: len(body) // 2]), 1)
            self._deliver((door, headers, body.replace(b"1", b"2")), 1)


def _forged(system: str, one: str) -> tuple[dict[str, str], bytes]:
    """A notice in the form of a system, by somebody who knows the address and no more."""
    if system == "bitrix24":
        return dict(FORM), f"event=ONCRMCOMPANYDELETE&data%5BFIELDS%5D%5BID%5D={one}&auth%5Bapplication_token%5D=guessed".encode()
    told: dict[str, object] = {"event": "update", "model": "Company", "company": {"id": one}, "customer": {"CUSTOMER_ID": one}}
    told["type"] = "customer.deleted"
    if system == "lexoffice":
        told = {"organizationId": "x", "eventType": "contact.deleted", "resourceId": one, "eventDate": "2026-03-01T10:00:00.000+01:00"}
    return dict(JSON), json.dumps(told).encode()


def chosen(streams: Streams) -> bool:
    """Whether the vendors of this world tell what happens."""
    return streams.of("post").random() < SHARE


def waiting(w: World) -> int:
    """How much lies in the inbox."""
    with w.store.read() as conn:
        return sum(len(inbox.waiting(conn, w.ids[letter], 1_000_000)) for letter in ("a", "b"))
