"""Notices that a vendor keeps until they are fetched, for an installation that nobody reaches from outside.

What is fetched lies in the inbox like what came to a door, and is a hint like it: looked into, asked for, forgotten.
"""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any

from unisono.model.errors import SystemFault, TryLater
from unisono.store import inbox, pairs
from unisono.store.inbox import HookRow
from unisono.store.pairs import ConnectionRow
from unisono.store.stamps import stamp
from unisono.wiring.house import House

QUEUE = "queue"
"""The address of a door that is no place of ours but a queue of the vendor's."""
EVERY = timedelta(minutes=1)
AFTER_A_FAULT = timedelta(minutes=15)


def due_queues(house: House) -> list[HookRow]:
    """The queues to be asked now."""
    with house.store.read() as conn:
        return inbox.due_at(conn, QUEUE, house.clock.now())


def fetch(house: House, door: HookRow) -> None:
    """Takes what lies in a queue into the inbox, then lets the vendor forget it. Call it with the connection's lane held.

    A fault is told at the door and stops nothing: the next look at everything sees the same.
    """
    with house.store.read() as conn:
        row = pairs.get_connection(conn, door.connection)
    if row.state != "ok" or row.told:
        return
    now = house.clock.now()
    try:
        _taken(house, row, door)
    except SystemFault as fault:
        again = fault.at if isinstance(fault, TryLater) and fault.at is not None else now + AFTER_A_FAULT
        with house.store.write() as conn:
            inbox.update_hook(conn, door.id, told=fault.code, due_at=stamp(again))
        return
    with house.store.write() as conn:
        inbox.update_hook(conn, door.id, told="", due_at=stamp(now + EVERY))


def _taken(house: House, row: ConnectionRow, door: HookRow) -> None:
    system = house.system(row)
    setup: Any = import_module(f"unisono.systems.{row.system}.setup")
    pack, notices = setup.queued(system)
    if notices:
        with house.store.write() as conn:
            for body in notices:
                inbox.put(conn, door.id, row.id, body, house.clock.now())
    if pack:
        # Only now: a crash before this leaves the pack with the vendor, and a pack that is never let go of costs time only.
        setup.let_go(system, pack)
