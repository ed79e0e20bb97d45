"""Doors for vendors: opened after a person's yes, made known to the vendor, watched, and taken away with the pair.

A vendor is told of a door by us, or by a person in its own pages; or it keeps its notices until they are fetched, and the door is its queue.

What a vendor is told is a write into somebody else's system: it is noted in the history before it is sent, and again when it is done.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any

from sqlalchemy import Connection, select

from unisono.connect.hosts import check_host
from unisono.model.capability import signed_in, ways_in
from unisono.model.errors import SystemFault
from unisono.model.secret import Secret
from unisono.store import inbox, pairs
from unisono.store.inbox import HookRow, Strays
from unisono.store.pairs import ConnectionRow
from unisono.store.stamps import stamp
from unisono.store.tables import meta
from unisono.store.upserts import upsert
from unisono.wiring.house import House
from unisono.wiring.queueing import QUEUE

SIGNED_BY = "signed_by"
"""What a connection knows its vendor's notices are signed with."""
PATH = "/hooks/"
"""How the path of every door begins."""
AGAIN = timedelta(hours=1)
"""After so long a vendor that could not be reached is asked once more to forget a door."""
_ADDRESS = "public_address"
_SENT_BY = "notices_by"
"""What is proven of a connection by its first notice: by whose token the others come."""
_ELSEWHERE = ("1.1.1.1",)


class NoPublicAddress(ValueError):
    """There is no address by which a vendor reaches this installation: ``serve --address`` names it."""


class ByHand(ValueError):
    """This connection's login may not register a door: a person enters its address (``open_by_hand``). ``args[0]``: the system's title."""


class NoNotices(ValueError):
    """This connection's vendor, or its plan, sends no notices. ``args[0]`` is the system's title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One side of a pair and its door. ``why_not`` is a code: why none can be opened; ``door`` is the one there is.

    ``means``: ``door`` (the vendor calls us), ``by-hand`` (the same, and a person enters our address), ``queue`` (we fetch).
    """

    side: str
    connection: ConnectionRow
    title: str
    why_not: str
    resources: tuple[str, ...]
    door: HookRow | None
    means: str = "door"


def keep_address(house: House, address: str) -> None:
    """Remembers under which address this installation is served; one that nobody outside can reach is none."""
    with house.store.write() as conn:
        upsert(conn, meta, [{"name": _ADDRESS, "value": address if is_public(address) else ""}], keys=["name"])


def public_address(house: House) -> str:
    """The address by which vendors reach this installation; empty if there is none."""
    with house.store.read() as conn:
        return str(conn.execute(select(meta.c.value).where(meta.c.name == _ADDRESS)).scalar() or "")


def is_public(address: str) -> bool:
    """Whether an address is one that a vendor out there could call: https, and no name or number of this machine or its own network."""
    try:
        # What our own resolver says of the name is of no interest: in this network it may well be an inner address.
        check_host(address, lambda _: _ELSEWHERE)
    except SystemFault:
        return False
    return address.startswith("https://")


def doors_of(house: House, pair_id: str) -> list[Told]:
    """Both sides of a pair, with their doors."""
    with house.store.read() as conn:
        row = pairs.get_pair(conn, pair_id)
        rows = [pairs.get_connection(conn, c) for c in (row.a, row.b)]
        doors = {c.id: inbox.hooks(conn, c.id) for c in rows}
    address = public_address(house)
    out = []
    for side, connection in zip(("crm", "invoicing"), rows, strict=True):
        told, means = _telling(house, connection), _means(house, connection, address)
        why_not = "" if told and (address or means == "queue") else "no-notices" if not told else "no-address"
        out.append(
            Told(
                side=side,
                connection=connection,
                title=house.capabilities(connection.system).title,
                why_not=why_not,
                resources=told,
                door=doors[connection.id][-1] if doors[connection.id] else None,
                means=means,
            )
        )
    return out


def means_of(house: House, connection_id: str) -> str:
    """How notices of a connection would come: see ``Told``."""
    with house.store.read() as conn:
        row = pairs.get_connection(conn, connection_id)
    return _means(house, row, public_address(house))


def strays(house: House) -> Strays:
    """The calls at doors that are not there."""
    with house.store.read() as conn:
        return inbox.strays(conn)


def open_door(house: House, connection_id: str, by: str) -> HookRow:
    """Opens a door and has the vendor told of it, or asks it to keep its notices for us where nobody reaches us from outside.

    Called again after a failure it begins anew with another secret. Raises ``NoPublicAddress``, ``NoNotices``, ``ByHand``, ``SystemFault``;
    after a fault the door stays, to be tried again or taken away.
    """
    address = public_address(house)
    row, there = _to_open(house, connection_id)
    means = _means(house, row, address)
    if means == "by-hand":
        raise ByHand(house.capabilities(row.system).title)
    if not address and means != "queue":
        raise NoPublicAddress
    if there and there[-1].state == "open":
        return there[-1]
    hook_id, begin, token = _asked(house, row, there, "" if means == "queue" else address, by)
    system, setup = _speaking(house, row)
    try:
        if means == "queue":
            setup.queue_up(system)
        else:
            if there:
                setup.unhook(system, begin)
            setup.hook(system, Secret(begin + token), begin)
            _learn_key(house, row, system, setup)
    except SystemFault as fault:
        with house.store.write() as conn:
            inbox.update_hook(conn, hook_id, told=fault.code)
        raise
    return _opened(house, row, hook_id, by)


def _learn_key(house: House, row: ConnectionRow, system: Any, setup: Any) -> None:
    """Where a vendor signs its notices: the key it publishes, kept with the connection. Without it the secret of the address has to do."""
    published = getattr(setup, "signing_key", None)
    key = ""
    if published is not None:
        with suppress(SystemFault):
            key = published(system)
    with house.store.write() as conn:
        proven = pairs.get_connection(conn, row.id).proven
        if proven.get(SIGNED_BY, "") != key:
            others = {name: value for name, value in proven.items() if name != SIGNED_BY}
            pairs.update_connection(conn, row.id, proven=others | ({SIGNED_BY: key} if key else {}))


def open_by_hand(house: House, connection_id: str, by: str) -> tuple[HookRow, str]:
    """Opens a door whose address a person enters at the vendor; the whole address, which is never told again.

    Raises ``NoPublicAddress``, ``NoNotices``. Called for a door that is open already it begins anew with another secret.
    """
    address = public_address(house)
    row, there = _to_open(house, connection_id)
    if not address:
        raise NoPublicAddress
    hook_id, begin, token = _asked(house, row, there, address, by)
    return _opened(house, row, hook_id, by), begin + token


def _to_open(house: House, connection_id: str) -> tuple[ConnectionRow, list[HookRow]]:
    with house.store.read() as conn:
        row = pairs.get_connection(conn, connection_id)
        there = inbox.hooks(conn, connection_id)
    if not _telling(house, row):
        raise NoNotices(house.capabilities(row.system).title)
    return row, there


def _asked(house: House, row: ConnectionRow, there: list[HookRow], address: str, by: str) -> tuple[str, str, str]:
    """A door that is about to be made known: its id, how its address begins, its secret. Without an address it is the vendor's queue."""
    token = base64.urlsafe_b64encode(house.chance.randbytes(24)).decode()
    digest = inbox.secret_hash(token) if address else ""
    hook_id = there[-1].id if there else house.ids.new()
    begin = f"{address}{PATH}{hook_id}/" if address else QUEUE
    with house.store.write() as conn:
        if there:
            inbox.update_hook(conn, hook_id, hash=digest, state="asked", told="", due_at="", address=begin)
        else:
            inbox.add_hook(conn, hook_id, row.id, digest, begin, by, house.clock.now())
        # A door that is opened anew may be another app's or another webhook's: its first notice says whose.
        forget_sender(conn, pairs.get_connection(conn, row.id))
        note(house, conn, row, by, "hook-asked")
    return hook_id, begin, token


def forget_sender(conn: Connection, row: ConnectionRow) -> None:
    """The next notice of a connection says anew by whose token they come."""
    if _SENT_BY in row.proven:
        pairs.update_connection(conn, row.id, proven={name: value for name, value in row.proven.items() if name != _SENT_BY})


def _opened(house: House, row: ConnectionRow, hook_id: str, by: str) -> HookRow:
    with house.store.write() as conn:
        inbox.update_hook(conn, hook_id, state="open")
        note(house, conn, row, by, "hook-opened")
        return next(one for one in inbox.hooks(conn, row.id) if one.id == hook_id)


def close_doors(house: House, connection_id: str, by: str) -> bool:
    """Takes the doors of a connection away, here at once and at the vendor as soon as it can be reached. Whether it is done."""
    with house.store.write() as conn:
        row = pairs.get_connection(conn, connection_id)
        there = inbox.hooks(conn, connection_id)
        for one in there:
            inbox.update_hook(conn, one.id, state="ending", hash="", due_at="", by=by)
        if there:
            inbox.drop_before(conn, connection_id, house.clock.now())
            note(house, conn, row, by, "hook-ending")
    return end_doors(house, connection_id)


def end_doors(house: House, connection_id: str) -> bool:
    """Has the vendor forget the doors that were taken away; whether all of them are forgotten. Raises nothing a vendor may do."""
    with house.store.read() as conn:
        row = pairs.get_connection(conn, connection_id)
        ending = [one for one in inbox.hooks(conn, connection_id) if one.state == "ending"]
    for one in ending:
        try:
            _forgotten(house, row, one)
        except SystemFault as fault:
            with house.store.write() as conn:
                inbox.update_hook(conn, one.id, told=fault.code, due_at=stamp(house.clock.now() + AGAIN))
            return False
        with house.store.write() as conn:
            inbox.update_hook(conn, one.id, state="closed", told="")
            note(house, conn, row, one.by, "hook-closed")
    return True


def _forgotten(house: House, row: ConnectionRow, door: HookRow) -> None:
    """The vendor forgets a door; one that a person entered, a person takes out."""
    if _means(house, row, door.address) == "by-hand":
        return
    if row.state != "ok":
        raise SystemFault("login-refused", {})
    system, setup = _speaking(house, row)
    if door.address == QUEUE:
        setup.unqueue(system)
    else:
        setup.unhook(system, door.address)


def close_unused(house: House, connections: Sequence[str], by: str) -> None:
    """After a pair was put to rest: the doors of connections that no other pair uses are taken away."""
    for connection in connections:
        with house.store.read() as conn:
            used = any(pair.state != "removed" for pair in pairs.pairs_on(conn, connection))
            there = inbox.hooks(conn, connection)
        if there and not used:
            close_doors(house, connection, by)


def _telling(house: House, row: ConnectionRow) -> tuple[str, ...]:
    """The lists whose changes a vendor tells of. Where nobody said what plan the firm has, the vendor's answer will show it."""
    capabilities = house.capabilities(row.system)
    if row.state == "ok" and row.settings.get("plan"):
        capabilities = house.system(row).capabilities
    return tuple(r.name for r in capabilities.resources if r.webhook) if capabilities.implemented else ()


def _means(house: House, row: ConnectionRow, address: str) -> str:
    """How notices of a connection come: see ``Told``."""
    capabilities = house.capabilities(row.system)
    if not ways_in(capabilities):
        return "door"
    opened = signed_in(capabilities, str(row.settings.get("login") or "")).doors
    if "webhook" not in opened and "webhook-by-hand" in opened:
        return "by-hand"
    return "queue" if not address and "queue" in opened else "door"


def _speaking(house: House, row: ConnectionRow) -> tuple[Any, Any]:
    """The system and its set-up."""
    return house.system(row), import_module(f"unisono.systems.{row.system}.setup")


def note(house: House, conn: Connection, row: ConnectionRow, by: str, event: str) -> None:
    """A line in the history of every pair that uses a connection."""
    title = house.capabilities(row.system).title
    for pair in pairs.pairs_on(conn, row.id):
        side = "a" if pair.a == row.id else "b"
        pairs.note(conn, pair.id, "connection", f"{side}:connection:{row.id}", event, {"system": title}, title, house.clock.now(), by)
