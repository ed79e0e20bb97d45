"""When a connection is read next: as often as its vendor allows and its pairs want it; what only receives, once a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from unisono.connect.pace import poll_interval
from unisono.engine.hands import Connected, Pairing
from unisono.model.capability import Resource
from unisono.model.record import Kind, Side, other
from unisono.policy.schema import Policy
from unisono.store import intents, links, pairs, seen
from unisono.store.pairs import ConnectionRow, PairRow
from unisono.store.stamps import instant
from unisono.wiring.house import House, stored_policy
from unisono.wiring.overlapping import writes_to

_AT_WORK = ("reading", "released")
DAY = timedelta(days=1)
"""A list of a side that only receives is read again after this: what vanished there is still noticed."""
_RECEIVED: frozenset[Kind] = frozenset(("party", "contact", "product", "tag"))
"""Kinds that are read before each write, and their tags. An invoice may be drafted from a deal as it was seen last: that is read all the same."""


def only_receives(policy: Policy, side: Side) -> bool:
    """Whether nothing of a side ever goes anywhere: no edit there means anything to the other, and no state of a document."""
    return writes_to(policy, side) and not writes_to(policy, other(side)) and policy.status.direction == "off"


def receives(conn: Connection, connection_id: str) -> bool:
    """Whether a connection only receives, for every pair that it works for."""
    at_work = [pair for pair in pairs.pairs_on(conn, connection_id) if pair.state in _AT_WORK]
    return bool(at_work) and all(
        pair.state == "released" and only_receives(stored_policy(pair.policy), "a" if pair.a == connection_id else "b") for pair in at_work
    )


def resting(house: House, row: ConnectionRow, rows: Sequence[PairRow]) -> frozenset[str]:
    """The lists of a connection that need not be read for its pairs now: both sides have been read whole, this one within a day, and
    nothing is under way there whose outcome a look would tell. A look that failed or that somebody wants (no ``next_poll``) is made."""
    at_work = [pair for pair in rows if pair.state in _AT_WORK]
    if not row.next_poll or row.told or not at_work:
        return frozenset()
    pairings = [house.pairing(pair.id) for pair in at_work]
    sides = [_side(pairing, row.id) for pairing in pairings]
    if any(
        pair.state != "released" or pair.unsure or not only_receives(pairing.policy, side)
        for pair, pairing, side in zip(at_work, pairings, sides, strict=True)
    ):
        return frozenset()
    with house.store.read() as conn:
        if any(
            intents.unsettled(conn, pair.id) or not _whole(conn, p.side(other(s)))
            for pair, p, s in zip(at_work, pairings, sides, strict=True)
        ):
            return frozenset()
        named = {resource.name: resource for p, s in zip(pairings, sides, strict=True) for resource in _resources(p.side(s))}
        return frozenset(name for name, resource in named.items() if _rests(conn, row, resource, house.clock.now()))


def needs_a_look(house: House, pair: PairRow, side: Side) -> bool:
    """Whether something new of the other side is about to be made on a side whose lists rest: it is looked for there first, as it is where
    both are read in turn."""
    pairing, far = house.pairing(pair.id), other(side)
    with house.store.read() as conn:
        source = pairing.side(far).id
        if _just_read(house, conn, pairing, side):
            return False
        position = pair.position_a if far == "a" else pair.position_b
        changed = seen.changed_since(conn, source, position, _LOOKED_THROUGH)
        known: dict[Kind, list[str]] = {}
        for _, kind, key, _ in changed:
            if kind in _taken(pairing.policy):
                known.setdefault(kind, []).append(key)
        return any(set(keys) - links.links_of(conn, pair.id, kind, far, keys).keys() for kind, keys in known.items())


def look_soon(house: House, pair_id: str, side: Side) -> None:
    """Somebody is about to use what is known of a side, or asks for a record of it that nobody has seen: with the next turn its lists are
    read, also those that rest, unless they were just read."""
    pairing = house.pairing(pair_id)
    with house.store.write() as conn:
        if not _just_read(house, conn, pairing, side):
            pairs.update_connection(conn, pairing.side(side).id, next_poll="")


def _just_read(house: House, conn: Connection, pairing: Pairing, side: Side) -> bool:
    """Whether all the lists of a side that may rest were read within the time between two looks."""
    where = pairing.side(side)
    marks = pairs.get_connection(conn, where.id).marks
    looked = min((marks.get(one.name, {}).get("looked_at", "") for one in _resources(where) if set(one.kinds) <= _RECEIVED), default="")
    return bool(looked) and house.clock.now() - instant(looked) < timedelta(seconds=pairing.policy.poll.floor_seconds)


_LOOKED_THROUGH = 1000
"""Changes among which a new record is looked for; where there are more at once, one of the first is new or none."""


def _taken(policy: Policy) -> Iterator[Kind]:
    if policy.customers.direction != "off":
        yield "party"
        if policy.customers.contacts != "none":
            yield "contact"
    if policy.products.direction != "off":
        yield "product"


def looked_at(row: ConnectionRow) -> str:
    """When a connection's lists were read last, as a stamp; empty if they never were."""
    return max((marks["looked_at"] for marks in row.marks.values() if marks.get("looked_at")), default="")


def _side(pairing: Pairing, connection: str) -> Side:
    return "a" if pairing.a.id == connection else "b"


def _resources(where: Connected) -> list[Resource]:
    return [where.system.capabilities.resource(name) for name in where.resources]


def _whole(conn: Connection, where: Connected) -> bool:
    marks = pairs.get_connection(conn, where.id).marks
    return all("whole_at" in marks.get(name, {}) for name in where.resources)


def _rests(conn: Connection, row: ConnectionRow, resource: Resource, now: datetime) -> bool:
    marks = row.marks.get(resource.name, {})
    if not set(resource.kinds) <= _RECEIVED or "whole_at" not in marks or not marks.get("looked_at"):
        return False
    if not timedelta() <= now - instant(marks["looked_at"]) < DAY:
        return False
    # A row that a write did not find is asked for until it is certain that it is gone.
    return not seen.missing_rows(conn, row.id, resource.name)


def interval_of(house: House, where: Connected, row: ConnectionRow, floor: int) -> timedelta:
    """How often a connection is asked: its listing may cost at most half of what the vendor allows."""
    cost = 0
    with house.store.read() as conn:
        for name in where.resources:
            resource = where.system.capabilities.resource(name)
            if resource.signal in ("stamp", "coarse-stamp", "ordered-until"):
                # Only what changed is listed; all of it once a week.
                cost += 1
                continue
            rows = seen.count_rows(conn, where.id, name)
            cost += 1 + (rows // resource.page if resource.page else 0) + rows * resource.row_calls
    rules = () if house.unlimited else where.system.capabilities.pace
    return timedelta(seconds=poll_interval(cost, rules, str(row.settings.get("plan") or ""), floor))


def delays(house: House, pair_id: str) -> dict[str, timedelta]:
    """The delay a change on each side may have at most before it is seen: what preview and home page say."""
    pairing = house.pairing(pair_id)
    out = {}
    for name, where in (("crm", pairing.a), ("invoicing", pairing.b)):
        with house.store.read() as conn:
            row = pairs.get_connection(conn, where.id)
        side: Side = "a" if where is pairing.a else "b"
        interval = interval_of(house, where, row, pairing.policy.poll.floor_seconds)
        out[name] = max(interval, DAY) if only_receives(pairing.policy, side) else interval
    return out
