"""The product on the reference job: its house with the two systems of ``bench.systems`` as guests, and the two phases.

``setup`` connects the two systems of ``bench.systems`` to the address in ``BENCH_URL`` and releases the pair; ``sync`` is one look at the
source and everything that follows from it. Prints one line of JSON. With ``UNISONO_BENCH_PROFILE=<file>`` a profile is written, too (``sampling``).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.systems import BOOKS, CRM, capabilities
from bench.systems.books import Books
from bench.systems.crm import Crm
from unisono.connect.curl import Network
from unisono.connect.http import Door
from unisono.connect.port import System
from unisono.connect.wire import Hearer, Request, Transport
from unisono.engine.hands import no_step
from unisono.store import asking, links, pairs
from unisono.store.doors import Store
from unisono.store.secrets import KeyRing
from unisono.wiring import House, add_pair
from unisono.wiring.running import Runner

POLICY = """
schema_version = 1
language = "de"
[customers]
direction = "to-crm"
contacts = "none"
wins = "invoicing"
[customers.from_crm]
when = []
[customers.from_invoicing]
when = "all"
history = "all"
[quotes]
direction = "off"
[documents]
direction = "off"
"""
"""One way: nothing of the CRM goes back, so the product does not look at it with every look at the books."""


@dataclass(slots=True)
class Noted:
    """The network, and when its first call left."""

    network: Network
    first: float = 0.0

    def carry(self, request: Request, hearer: Hearer) -> None:
        """See ``wire.Transport``."""
        self.first = self.first or time.time()
        self.network.carry(request, hearer)

    def close(self) -> None:
        """See ``wire.Transport``."""
        self.network.close()


@contextmanager
def the_house(
    store: Store, folder: Path, base: str, wire: Transport, *, limits: bool = False, step: Callable[[str], None] = no_step
) -> Iterator[House]:
    """The product's house with the two systems as its guests."""
    guests: dict[str, System] = {}
    ring = KeyRing(folder.parent / "key")
    house = House(store=store, ring=ring, folder=folder, loopback=True, unlimited=not limits, guests=guests.get, step=step)
    for name in (BOOKS, CRM):
        pace = house.pace_of(capabilities(name), name, {})
        door = Door(transport=wire, hosts=("127.0.0.1",), pace=pace, clock=house.clock, insecure_loopback=True)
        # Two calls a second leave no room for more than two at once.
        guests[name] = Books(door, base, 2 if limits else 4) if name == BOOKS else Crm(door, base)
    try:
        yield house
    finally:
        house.close()
        wire.close()


def set_up(house: House) -> dict[str, Any]:
    """Both connections, the pair, its release."""
    from unisono.wiring.setup import connect, release

    firm = house.ids.new()
    with house.store.write() as conn:
        pairs.add_firm(conn, firm, "Muster GmbH", "DE", "de", "Europe/Berlin", house.clock.now())
    a, b = (connect(house, firm, name, {}, {}).id for name in (CRM, BOOKS))
    pair = add_pair(house, firm, "reference", a, b, POLICY)
    release(house, pair, "bench")
    return {"pair": pair}


def sync(house: House) -> dict[str, Any]:
    """Brings the pair in step, as ``unisono sync`` does."""
    with house.store.read() as conn:
        row = pairs.pairs(conn)[0]
    turns = Runner(house=house, holder="bench").until_quiet(row.id)
    outcomes = [outcome for turn in turns for outcome in turn.outcomes.values()]
    with house.store.read() as conn:
        linked, (questions, problems) = links.count_links(conn, row.id), asking.counts(conn, row.id)
    return {
        "turns": len(turns),
        "faults": sorted({str(fault) for turn in turns for fault in turn.faults.values()}),
        "planned": sum(o.planned for o in outcomes),
        "writes": sum(o.writes for o in outcomes),
        "failed": sum(o.failed for o in outcomes),
        "links": linked.get("party", 0),
        "questions": questions,
        "problems": problems,
    }


def main(args: list[str] | None = None) -> None:
    """One phase; prints what came of it."""
    parser = argparse.ArgumentParser(prog="python -m bench.reference.product", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("phase", choices=("setup", "sync"))
    parser.add_argument("--limits", action="store_true", help="keep the vendors' limits")
    given = parser.parse_args(args)
    wire = Noted(Network(proxies=False))
    with Store.open(given.folder) as store, the_house(store, given.folder, os.environ["BENCH_URL"], wire, limits=given.limits) as house:
        told = set_up(house) if given.phase == "setup" else _looked_at(house)
    beside = time.process_time() - time.thread_time()
    sys.stdout.write(json.dumps(told | {"first_call": wire.first, "beside": beside}) + "\n")


def _looked_at(house: House) -> dict[str, Any]:
    where = os.environ.get("UNISONO_BENCH_PROFILE")
    if not where:
        return sync(house)
    from bench.reference.sampling import sampled

    with sampled(Path(where)):
        return sync(house)
