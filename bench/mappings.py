"""``python -m bench.mappings``: customers from Lexware Office to Bitrix24 by the real connectors, against our simulators with their real limits.

The clock is simulated and moves only while somebody waits for a limit, so an hour of pace takes seconds, and a call takes no time at all: what is
measured is what the connectors ask for. Calls are counted by the simulators; the fewest possible follow from what the two ``system.toml`` say.
Uses the clock and the way into a simulator that the tests have. Ends with 1 if a bar is missed.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.minimum import Calls, Job, first_sync
from bench.reference.bars import Bar
from bench.reference.world import customer
from tests.support.clock import FakeClock
from tests.support.transport import SimTransport
from tests.support.village import TiedClock
from unisono.connect.wire import Hearer, Request, Transport
from unisono.model.capability import Capabilities, PaceRule
from unisono.sandbox import bitrix24, lexoffice
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.world import World
from unisono.store import asking, links, pairs
from unisono.store.doors import Store
from unisono.store.secrets import KeyRing
from unisono.wiring import House, add_pair, system_file
from unisono.wiring.running import Runner
from unisono.wiring.setup import connect, release

CALLS, TIME = 1.05, 1.05
"""How many times the fewest calls, and the time that the limits allow for those, it may take."""
EDITED = 20
PAUSE = 300
"""Seconds between two phases: both vendors have forgotten what was called before."""
POLICY = """
schema_version = 1
language = "de"
[customers]
direction = "to-crm"
contacts = "all"
country = "DE"
[customers.from_crm]
when = []
[customers.from_invoicing]
history = "all"
[quotes]
direction = "off"
[documents]
direction = "off"
"""


@dataclass(frozen=True, slots=True)
class Phase:
    """What a phase took: calls a side, seconds that passed by the clock of both vendors, calls they turned away."""

    calls: Mapping[str, int]
    seconds: float
    refused: int
    writes: int

    @property
    def total(self) -> int:
        """Calls of both sides."""
        return sum(self.calls.values())


class Counted:
    """A way to a vendor that counts the calls which go it: a batch is one."""

    def __init__(self, way: Transport) -> None:
        self._way, self._calls = way, 0

    def carry(self, request: Request, hearer: Hearer) -> None:
        """See ``wire.Transport``."""
        self._calls += 1
        self._way.carry(request, hearer)

    def close(self) -> None:
        """See ``wire.Transport``."""
        self._way.close()

    def taken(self) -> int:
        """The calls since it was last asked."""
        calls, self._calls = self._calls, 0
        return calls


@dataclass(frozen=True, slots=True)
class Measured:
    """The phases by name, and what the store holds at the end."""

    phases: Mapping[str, Phase]
    linked: Mapping[str, int]
    troubles: int


def measure(customers: int, folder: Path) -> Measured:
    """Set-up and first sync, one with nothing changed, one with some customers edited."""
    clock = FakeClock()
    worlds = [World(clock=TiedClock(clock), random=random.Random(seed)) for seed in (1, 2)]
    vendors: dict[str, Any] = {"bitrix24": bitrix24.make(worlds[0]), "lexoffice": lexoffice.make(worlds[1])}
    key = "0123456789abcdef0123"
    worlds[0].storage.settings.update({"webhook_secret": key, "plan": "professional"})
    worlds[1].storage.settings["api_key"] = key
    keys = _filled(vendors["lexoffice"], customers)
    ways = {name: Counted(SimTransport(application(vendor))) for name, vendor in vendors.items()}

    with Store.open(":memory:", least_room=0) as store:
        ring = KeyRing(folder / "key")
        house = House(store=store, ring=ring, folder=folder, clock=clock, chance=random.Random(3), transports=ways.get, fan_out=1)
        phases, faults = {}, 0
        pair = _set_up(house, key)
        for name in ("first", "third", "second"):
            if name == "second":
                for contact in keys[:: max(1, len(keys) // EDITED)][:EDITED]:
                    vendors["lexoffice"].act("edit_contact", {"id": contact, "phone": f"+49 421 {contact[:6]}"})
            if name != "first":
                clock.advance(PAUSE)
            began = clock.now()
            turns = Runner(house=house, holder="bench").until_quiet(pair)
            faults += sum(len(turn.faults) for turn in turns)
            phases[name] = _seen(vendors, ways, (clock.now() - began).total_seconds())
        with store.read() as conn:
            linked, waiting = links.count_links(conn, pair), sum(asking.counts(conn, pair))
    return Measured(phases, linked, waiting + faults)


def fewest(customers: int) -> tuple[Calls, Calls]:
    """The fewest calls of set-up and first sync: the CRM's and the books'."""
    crm, books = system_file("bitrix24"), system_file("lexoffice")
    people = sum(1 for number in range(customers) if _has_person(number))
    made = Job(rows={"companies": 0, "contacts": 0}, creates={"party": customers, "contact": people})
    # Lexware Office tells which page is the last, so none is asked for behind it.
    pages = -(-customers // books.resource("contacts").page)
    own = Calls(identity=1, listing=pages, creates=0, read_backs=0, files=0)
    return replace(first_sync((crm, made), (books, Job())), identity=1), own


def allowed(rules: tuple[PaceRule, ...], calls: int) -> float:
    """The least seconds in which so many calls may be made: those saved up are free. A bucket gives back one after the other, a window all
    that it takes at once."""
    waits = [0.0]
    for rule in rules:
        if rule.limit and rule.seconds and calls > rule.limit:
            waits.append(
                (calls - rule.limit) * rule.seconds / rule.limit if rule.window == "bucket" else (calls - 1) // rule.limit * rule.seconds
            )
    return max(waits)


def bars(customers: int, got: Measured) -> list[Bar]:
    """What was measured beside what it has to be."""
    a, b = fewest(customers)
    sides: list[tuple[Capabilities, int]] = [(system_file("bitrix24"), a.total), (system_file("lexoffice"), b.total)]
    least = max(allowed(system.pace, calls) for system, calls in sides)
    first, people = got.phases["first"], sum(1 for number in range(customers) if _has_person(number))
    missing = customers - got.linked.get("party", 0) + people - got.linked.get("contact", 0)
    refused = sum(phase.refused for phase in got.phases.values())
    return [
        Bar("set-up and first sync, calls by the fewest possible", first.total / (a.total + b.total), CALLS, f"({first.total})"),
        Bar("first sync, seconds; what the limits allow, and 5 %", first.seconds, TIME * least, "s"),
        Bar("first sync, records that are missing", missing, 0),
        Bar("nothing changed, writes", got.phases["third"].writes, 0),
        Bar(f"{EDITED} customers changed, writes beyond one each", abs(got.phases["second"].writes - min(EDITED, customers)), 0),
        Bar("calls that a vendor turned away", refused, 0),
        Bar("faults, questions and problems", got.troubles, 0),
    ]


def main(args: list[str] | None = None) -> int:
    """Measures and tells; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.mappings", description=__doc__)
    parser.add_argument("--customers", type=int, default=1000)
    customers = parser.parse_args(args).customers
    with tempfile.TemporaryDirectory(prefix="unisono-mappings-") as place:
        got = measure(customers, Path(place))
    lines = [f"{customers} customers from Lexware Office to Bitrix24, a simulated clock", ""]
    lines.append(f"{'':<24}{'Bitrix24':>10}{'Lexware Office':>16}{'writes':>9}{'seconds':>10}")
    for name, title in (("first", "set-up and first sync"), ("third", "nothing changed"), ("second", "some changed")):
        one = got.phases[name]
        lines.append(f"{title:<24}{one.calls['bitrix24']:>10}{one.calls['lexoffice']:>16}{one.writes:>9}{one.seconds:>10.1f}")
    found = bars(customers, got)
    lines += ["", *(f"{'ok  ' if bar.met else 'MISS'}  {bar.name:<54}{bar.value:>10.2f}  <= {bar.bar:g} {bar.unit}" for bar in found)]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if all(bar.met for bar in found) else 1


def _set_up(house: House, key: str) -> str:
    firm = house.ids.new()
    with house.store.write() as conn:
        pairs.add_firm(conn, firm, "Muster GmbH", "DE", "de", "Europe/Berlin", house.clock.now())
    portal = {"portal": "muster.bitrix24.de", "webhook": f"https://muster.bitrix24.de/rest/1/{key}/"}
    a = connect(house, firm, "bitrix24", portal, {}).id
    b = connect(house, firm, "lexoffice", {"api_key": key}, {}).id
    pair = add_pair(house, firm, "Bitrix24 - Lexware Office", a, b, POLICY)
    release(house, pair, "bench")
    return pair


def _filled(books: Any, customers: int) -> list[str]:
    """The invented firm of the reference job, as a person would type it in; the keys of its customers."""
    chance = random.Random(customers)
    return [str(books.act("create_contact", _typed(customer(number, chance), number))["id"]) for number in range(customers)]


def _has_person(number: int) -> bool:
    """Half of the companies name a person to talk to."""
    return number % 10 < 3


def _typed(row: Mapping[str, Any], number: int) -> dict[str, str]:
    place = row["addresses"]["billing"][0]
    values = {"street": place["street"], "zip": place["zip"], "city": place["city"], "country": "DE"}
    values |= {"email": row["emailAddresses"]["business"][0], "phone": row["phoneNumbers"]["business"][0]}
    if "person" in row:
        return values | {"first_name": row["person"]["firstName"], "last_name": row["person"]["lastName"]}
    person = row["company"]["contactPersons"][0]
    named = (
        {"contact_first_name": person["firstName"], "contact_last_name": f"{person['lastName']} {number}"} if _has_person(number) else {}
    )
    return values | named | {"name": row["company"]["name"]}


def _seen(vendors: Mapping[str, Any], ways: Mapping[str, Counted], seconds: float) -> Phase:
    """What the vendors saw since they were last asked; their logs begin anew. Each command of a batch has a line there."""
    every = [call for vendor in vendors.values() for call in vendor.world.log.calls]
    for vendor in vendors.values():
        vendor.world.log.calls.clear()
    calls = {name: way.taken() for name, way in ways.items()}
    return Phase(calls, seconds, sum(call.status >= 400 for call in every), sum(bool(call.write) for call in every))


if __name__ == "__main__":
    raise SystemExit(main())
