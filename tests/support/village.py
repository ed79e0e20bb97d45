"""Two simulated vendors, a store and the real engine between them, in one process under one clock: what the stories are played in."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.clock import FakeClock
from tests.support.transport import SimTransport
from unisono.connect.wire import Transport
from unisono.engine.cycle import cycle
from unisono.engine.outcome import Outcome
from unisono.engine.recover import next_probe
from unisono.model.secret import Secret
from unisono.sandbox import centralstation, fastbill
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.world import SimClock, World
from unisono.store import asking, intents, lanes, links, pairs, secrets, work
from unisono.store.doors import Store
from unisono.wiring import House, add_pair, preset


class TiedClock(SimClock):
    """The vendor's clock, moving with the test's."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock.now())
        self._clock = clock
        self.ahead = timedelta()

    def now(self) -> datetime:
        return self._clock.now() + self.ahead


@dataclass
class Village:
    """``crm`` and ``books`` are the simulators; ``house`` is the product; ``pair`` the pair between them."""

    house: House
    clock: FakeClock
    crm: Any
    books: Any
    firm: str
    a: str
    b: str
    pair: str
    outcomes: list[Outcome] = field(default_factory=list)

    def cycle(self, *, read: bool = True, dry: bool = False, whole: bool = False) -> Outcome:
        """One cycle under a fresh lease."""
        epoch = self.lease()
        outcome = cycle(self.house.pairing(self.pair, epoch=epoch), self.house.hands(), read=read, dry=dry, whole=whole)
        self.outcomes.append(outcome)
        return outcome

    def lease(self) -> int:
        """Takes the pair's lane over, as a restarted process would."""
        with self.house.store.write() as conn:
            epoch = lanes.take_lane(conn, f"pair:{self.pair}", "test", self.clock.now(), 300, may_take_over=True)
        assert epoch is not None
        return epoch

    def sync(self, minutes: int = 5) -> Outcome:
        """The next poll, and as many cycles as retries and pace ask for within an hour; raises nothing."""
        self.clock.advance(timedelta(minutes=minutes))
        outcome = self.cycle()
        for _ in range(30):
            wait = self._wait(outcome)
            if wait is None:
                break
            self.clock.advance(wait + timedelta(milliseconds=1))
            outcome = self.cycle(read=self._list_wanted())
        return outcome

    def _list_wanted(self) -> bool:
        """Whether a write may be lost: it is given up after a list was read, as the runner reads it then."""
        with self.house.store.read() as conn:
            return any(intent.doubt == "not-found-yet" for intent in intents.unsettled(conn, self.pair))

    def _wait(self, outcome: Outcome) -> timedelta | None:
        probe = next_probe(self.house.pairing(self.pair), self.house.hands())
        if probe is not None:
            return probe
        with self.house.store.read() as conn:
            due = work.next_due(conn, f"pair:{self.pair}")
        late = due is not None and due - self.clock.now() <= timedelta(seconds=90)
        return max(due - self.clock.now(), timedelta()) if late and due is not None else None

    def release(self, policy: str = "") -> None:
        """From now on the pair writes."""
        with self.house.store.write() as conn:
            if policy:
                pairs.put_policy(conn, self.pair, policy, "test", self.clock.now())
            from unisono.store.stamps import stamp

            pairs.update_pair(conn, self.pair, state="released", released_at=stamp(self.clock.now()))
        self.clock.advance(1)

    def settings(self, side: str, **values: Any) -> None:
        """Changes a connection's settings."""
        which = self.a if side == "a" else self.b
        with self.house.store.write() as conn:
            row = pairs.get_connection(conn, which)
            pairs.update_connection(conn, which, settings=row.settings | values)

    # what a person sees

    def questions(self) -> list[asking.Question]:
        with self.house.store.read() as conn:
            return asking.questions(conn, self.pair)

    def problems(self) -> list[asking.Problem]:
        with self.house.store.read() as conn:
            return asking.problems(conn, self.pair)

    def answer(self, question: asking.Question, said: str) -> None:
        """A person answers; the record is looked at again."""
        from unisono.engine.answering import answer

        assert answer(self.house.pairing(self.pair), self.house.hands(), question.id, said, "test") is not None

    def journal(self) -> list[dict[str, object]]:
        with self.house.store.read() as conn:
            return intents.journal(conn, self.pair, limit=1000)

    def link_count(self) -> dict[str, int]:
        with self.house.store.read() as conn:
            return links.count_links(conn, self.pair)

    def notes(self) -> list[dict[str, Any]]:
        with self.house.store.read() as conn:
            return pairs.notes(conn, self.pair, limit=1000)

    # the vendors' side

    def crm_act(self, what: str, /, **values: Any) -> int:
        """A person does something in the CRM."""
        return int(self.crm.act(what, values)["id"])

    def books_act(self, what: str, /, **values: Any) -> int:
        """A person does something in FastBill."""
        return int(self.books.act(what, values)["id"])

    def writes(self, side: str) -> list[str]:
        """The operations that changed a vendor's data through its API, in order."""
        return [call.operation for call in (self.crm if side == "a" else self.books).world.log.writes()]

    def calls(self, side: str) -> int:
        """How many requests a vendor has seen."""
        return len((self.crm if side == "a" else self.books).world.log.calls)


def village(folder: Path, *, store: Store | None = None, policy: str = "", fan_out: int = 1, seed: int = 1) -> Village:
    """A pair of CentralStationCRM and FastBill, reading, with the article's preset unless a policy is given."""
    clock = FakeClock()
    crm = centralstation.make(World(clock=TiedClock(clock), random=random.Random(seed)))
    books = fastbill.make(World(clock=TiedClock(clock), random=random.Random(seed + 1)))
    apps = {"centralstation": application(crm), "fastbill": application(books)}

    def transport(system: str) -> Transport:
        return SimTransport(apps[system])

    store = store or Store.open(":memory:", least_room=0)
    ring = secrets.KeyRing(folder / "key")
    house = House(store=store, ring=ring, folder=folder, clock=clock, chance=random.Random(seed + 2), transports=transport, fan_out=fan_out)
    firm, a, b = house.ids.new(), house.ids.new(), house.ids.new()
    with store.write() as conn:
        pairs.add_firm(conn, firm, "Muster GmbH", "DE", "de", "Europe/Berlin", clock.now())
        pairs.add_connection(conn, a, firm, "centralstation", "CRM", {}, {}, clock.now())
        pairs.add_connection(conn, b, firm, "fastbill", "FastBill", {"email": "buchhaltung@example.de"}, {}, clock.now())
        secrets.put_secret(conn, ring, a, "api_key", Secret("centralstation-sandbox-key"), clock.now())
        secrets.put_secret(conn, ring, b, "api_key", Secret("fb-0123456789abcdef"), clock.now())
    pair = add_pair(house, firm, "CentralStationCRM - FastBill", a, b, policy or preset("centralstation", "fastbill"))
    return Village(house, clock, crm, books, firm, a, b, pair)
