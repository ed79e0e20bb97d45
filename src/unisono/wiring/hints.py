"""What vendors said of themselves, looked into: which rows are meant is read out of a notice, and nothing else; then those rows are asked for.

A notice may be lost, doubled, late, out of order or forged: the next look at everything tells the same, only later.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from unisono.connect.pace import allowance
from unisono.engine.hands import Connected, Pairing
from unisono.engine.marks import mark_for
from unisono.engine.pull import Pulled, pull, pull_rows
from unisono.model.capability import calls_to_read
from unisono.model.record import Side
from unisono.plan.planner import RANKS
from unisono.store import inbox, pairs, seen, work
from unisono.store.pairs import ConnectionRow
from unisono.store.stamps import stamp
from unisono.wiring.house import House
from unisono.wiring.queueing import QUEUE
from unisono.wiring.receiving import notices_of

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
    notices, door = notices_of(row.system), doors[-1] if doors else None
    asked = door is not None and door.address == QUEUE
    known = _Sender(house, row, notices)
    listed = {name for name in where.resources if "whole_at" in row.marks.get(name, {})}
    told = {row_id: tuple(notices.extract(body)) if asked or known.fits(body) else None for row_id, body in lying}
    named = {hint for hints in told.values() for hint in hints or () if hint[0] in listed}
    whole = _cheaper_listed(house, where, named)
    wanted: dict[tuple[str, str], None] = {}
    done, strange = [], 0
    for row_id, body in lying:
        if len(wanted) >= READS:
            break
        done.append(row_id)
        hints = told[row_id]
        if hints is None:
            strange += 1
            continue
        wanted |= dict.fromkeys(hint for hint in hints if hint in named and hint[0] not in whole)
        urgent = bool(hints) or known.hurries(body)
        strange += not urgent
    rows = list(wanted)[: _room(house, row, len(wanted), door)]
    with house.store.write() as conn:
        inbox.drop(conn, done)
        known.keep(conn)
        if strange and door is not None:
            inbox.count_at(conn, door.id, strange, house.clock.now())
    if not (rows or whole):
        return None
    pulled = pull_rows(where, rows, house.hands())
    again = replace(where, resources=tuple(name for name in where.resources if name in whole))
    anew = pull(again, house.hands()) if whole else Pulled()
    if pulled.changed or pulled.gone:
        _go_first(house, row, rows, pairings)
    return _both(pulled, anew)


def _both(one: Pulled, two: Pulled) -> Pulled:
    """What two looks brought."""
    return Pulled(
        calls=one.calls + two.calls,
        rows=one.rows + two.rows,
        changed=one.changed + two.changed,
        gone=one.gone + two.gone,
        unreadable=[*one.unreadable, *two.unreadable],
        whole=one.whole | two.whole,
        listed=one.listed | two.listed,
    )


def _cheaper_listed(house: House, where: Connected, hints: set[tuple[str, str]]) -> set[str]:
    """The lists of which so many rows are named that reading the list takes at most half the calls of reading them one by one. Else they are
    read singly: a list may trail what a single look shows."""
    out = set()
    for name in sorted({resource for resource, _ in hints}):
        resource = where.system.capabilities.resource(name)
        named = sum(1 for hint in hints if hint[0] == name)
        with house.store.read() as conn:
            known = seen.count_rows(conn, where.id, name)
        stamped = resource.signal in ("stamp", "coarse-stamp", "ordered-until")
        listing = 1 + named * resource.row_calls if stamped else calls_to_read(resource, known)
        if named * (1 + resource.row_calls) > 2 * listing * resource.batch:
            out.add(name)
    return out


class _Sender:
    """Whose notices come to a door, where the vendor says so in each of them: the first one is remembered, others have to fit it."""

    def __init__(self, house: House, row: ConnectionRow, notices: Any) -> None:
        self._house, self._row = house, row
        self._sender = getattr(notices, "sender", None)
        self._urgent = getattr(notices, "urgent", None)
        self._known: dict[str, Any] = dict(row.proven)
        self._now = False

    def fits(self, body: bytes) -> bool:
        """Whether a notice is from where the ones before it were from. The address it came to was secret already."""
        if self._sender is None:
            return True
        told: Mapping[str, str] = self._sender(body)
        before = {name: str(self._known.get(name) or value) for name, value in told.items()}
        if not all(value and hmac.compare_digest(before[name].encode(), value.encode()) for name, value in told.items()):
            return False
        self._known |= told
        return True

    def hurries(self, body: bytes) -> bool:
        """Whether a notice is a reason to try the login at once; it is tried, whatever the notice says."""
        hurries = self._urgent is not None and bool(self._urgent(body))
        self._now = self._now or hurries
        return hurries

    def keep(self, conn: Any) -> None:
        """What was learned, with the forgetting of the notices."""
        learned = {name: value for name, value in self._known.items() if self._row.proven.get(name) != value}
        if learned:
            # Read anew: set-up may have proved something else meanwhile.
            pairs.update_connection(conn, self._row.id, proven=pairs.get_connection(conn, self._row.id).proven | learned)
        if self._now:
            pairs.update_connection(conn, self._row.id, next_poll="")


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
