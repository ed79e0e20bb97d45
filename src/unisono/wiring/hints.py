"""What vendors said of themselves, looked into: which rows are meant is read out of a notice, and nothing else; then those rows are asked for.

A notice may be lost, doubled, late, out of order or forged: the next look at everything tells the same, only later.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from unisono.connect.pace import allowance
from unisono.engine.hands import Connected, Pairing
from unisono.engine.pull import Pulled, pull_rows
from unisono.engine.settle import mark_for
from unisono.model.record import Side
from unisono.plan.planner import RANKS
from unisono.store import inbox, seen, work
from unisono.store.pairs import ConnectionRow
from unisono.store.stamps import stamp
from unisono.wiring.house import House

AT_ONCE = 200
"""Notices read in one turn,"""
READS = 50
"""and about so many rows asked for; the rest waits for the next."""
SHARE = 4
"""A fourth of what the vendor allows in an hour may go into rows that notices name: half of it is for looking at everything."""
LEAST = 20


def take_hints(house: House, row: ConnectionRow, where: Connected, pairings: Iterable[Pairing]) -> Pulled | None:
    """Looks into what came in for a connection; ``None`` if nothing of it led to a call. Raises the system's faults.

    What was read is forgotten before anything is asked: what a fault leaves undone, the next look at everything does.
    """
    with house.store.read() as conn:
        lying = inbox.waiting(conn, row.id, AT_ONCE)
        doors = inbox.hooks(conn, row.id)
    if not lying:
        return None
    extract = import_module(f"unisono.systems.{row.system}.webhook").extract
    listed = {name for name in where.resources if "whole_at" in row.marks.get(name, {})}
    wanted: dict[tuple[str, str], None] = {}
    done, strange = [], 0
    for row_id, body in lying:
        if len(wanted) >= READS:
            break
        told = extract(body)
        wanted |= dict.fromkeys(hint for hint in told if hint[0] in listed)
        strange += not told
        done.append(row_id)
    door = doors[-1] if doors else None
    rows = list(wanted)[: _room(house, row, len(wanted), door)]
    with house.store.write() as conn:
        inbox.drop(conn, done)
        if strange and door is not None:
            inbox.count_at(conn, door.id, strange, house.clock.now())
    if not rows:
        return None
    pulled = pull_rows(where, rows, house.hands())
    if pulled.changed or pulled.gone:
        _go_first(house, row, rows, pairings)
    return pulled


def _room(house: House, row: ConnectionRow, wanted: int, door: inbox.HookRow | None) -> int:
    """How many rows may be asked for within this hour still; they are taken off it."""
    allowed = allowance(house.system(row).capabilities.pace, str(row.settings.get("plan") or ""))
    hour = stamp(house.clock.now())[:13]
    spent = door.reads if door is not None and door.hour == hour else 0
    room = wanted if not allowed or house.unlimited else max(0, min(wanted, max(LEAST, int(allowed) // SHARE) - spent))
    if door is not None and room:
        with house.store.write() as conn:
            inbox.update_hook(conn, door.id, hour=hour, reads=spent + room)
    return room


def _go_first(house: House, row: ConnectionRow, rows: Iterable[tuple[str, str]], pairings: Iterable[Pairing]) -> None:
    """Somebody is working there at this moment: these records are planned before others."""
    with house.store.write() as conn:
        for pairing in pairings:
            side: Side = "a" if pairing.a.id == row.id else "b"
            known = [record for resource, key in rows for record in seen.records_of_row(conn, row.id, resource, key)]
            marks = [mark_for(side, kind, key, 0) for kind, key in known if kind in RANKS]
            work.mark(conn, pairing.lane, marks, house.clock.now())
