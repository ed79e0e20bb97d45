"""Writing begins while a source is still read for the first time, where that can change nothing about what is written.

A vendor that allows two calls a second makes a long list of what it brings, and the other side would stand idle meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from unisono.engine.hands import Pairing
from unisono.engine.pull import Between, Further
from unisono.model.record import Side, other
from unisono.policy.schema import Policy
from unisono.store import links, pairs, seen
from unisono.store.pairs import ConnectionRow, PairRow
from unisono.wiring.house import House

PAUSE = timedelta(seconds=0.3)
"""Reading that is over within this has nobody waiting for it."""

RENEWED = timedelta(minutes=1)
"""How often a lane is renewed that is held for long."""


def writes_to(policy: Policy, side: Side) -> bool:
    """Whether anything of a pair may be written on a side."""
    flows = (policy.customers, policy.products, policy.quotes, policy.invoices, policy.documents, policy.status)
    there = "to-crm" if side == "a" else "to-invoicing"
    return any(flow.direction in ("both", there) for flow in flows)


def may_begin(house: House, row: ConnectionRow, pair: PairRow, pairing: Pairing) -> bool:
    """Whether a pair may carry over what was read of a connection before all of it is.

    It writes nothing there, so that no page of the list can be older than a write of ours. The other side has been read whole, and there is
    nobody on it but whom this pair made: then nobody further down the list could be taken for somebody there, and what two of the list have
    in common is seen when the second one comes.
    """
    side: Side = "a" if pair.a == row.id else "b"
    if pair.state != "released" or pair.unsure or writes_to(pairing.policy, side):
        return False
    there = pairing.side(other(side))
    with house.store.read() as conn:
        marks = pairs.get_connection(conn, there.id).marks
        if all("whole_at" in row.marks.get(name, {}) for name in pairing.side(side).resources):
            return False
        if any("whole_at" not in marks.get(name, {}) for name in there.resources):
            return False
        return seen.count_live(conn, there.id, "party") == links.count_links(conn, pair.id).get("party", 0)


def only_read(row: ConnectionRow, rows: Sequence[tuple[PairRow, Pairing]]) -> bool:
    """Whether no pair writes to a connection: then a page of it that lies about for a while is no older than a write of ours."""
    return not any(writes_to(pairing.policy, "a" if pair.a == row.id else "b") for pair, pairing in rows)


def kept_up(house: House, further: Further, renew: Callable[[], None]) -> Further:
    """Reading on from the middle of writing, which may take long: the lane of the list is renewed now and then, whether a page comes or not."""
    last = house.clock.now()

    def read_on() -> bool:
        nonlocal last
        if house.clock.now() - last >= RENEWED:
            renew()
            last = house.clock.now()
        return further()

    return read_on


@dataclass(slots=True)
class Meanwhile:
    """What happens between two pages of a list: now and then the pairs that may begin go on with what came so far."""

    house: House
    go_on: Between
    last: datetime

    def __call__(self, further: Further) -> None:
        if self.house.clock.now() - self.last >= PAUSE:
            self.go_on(further)
            self.last = self.house.clock.now()
