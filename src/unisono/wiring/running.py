"""The local runner: takes the lanes that are due, one hand a lane. Waits for pace or time are due times in the store, never a held thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from msgspec.structs import replace

from unisono.engine.batch import LEASE
from unisono.engine.changes import tell_unreadable
from unisono.engine.cycle import cycle
from unisono.engine.hands import Connected, Pairing
from unisono.engine.outcome import Outcome
from unisono.engine.pull import Between, Further, Pulled, nothing_between, pull
from unisono.engine.recover import next_probe
from unisono.model.errors import LoginRefused, SystemFault, TryLater
from unisono.model.record import Side
from unisono.store import inbox, intents, lanes, pairs, work
from unisono.store.lanes import LostLane
from unisono.store.pairs import ConnectionRow, PairRow
from unisono.store.stamps import instant, stamp
from unisono.wiring.house import House, stored_policy
from unisono.wiring.overlapping import Meanwhile, kept_up, may_begin, only_read
from unisono.wiring.queueing import due_queues, fetch
from unisono.wiring.rhythm import interval_of, needs_a_look, only_receives, resting
from unisono.wiring.tidying import tidy_when_due

_READING = ("reading", "released")
FURTHEST = timedelta(hours=24)
"""No poll is further off than this: a later hour was written while our clock was ahead."""


@dataclass(slots=True)
class Turn:
    """What one turn over all lanes did."""

    pulled: dict[str, Pulled] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    faults: dict[str, SystemFault] = field(default_factory=dict)

    @property
    def idle(self) -> bool:
        """Whether nothing was due."""
        return not self.pulled and not self.outcomes


@dataclass(kw_only=True)
class Runner:
    """Runs lanes in this process. ``holder`` names it; ``alone`` says that the data folder's lock is ours, so a lease left behind is dead."""

    house: House
    holder: str
    alone: bool = True

    def turn(self, *, poll: bool = False, pair: str = "", receivers: bool = True) -> Turn:
        """Takes every lane that is due once: connections pull, pairs write. ``poll`` asks all of them now, with ``receivers`` also those that
        only receive; ``pair`` names the only one."""
        turn = Turn()
        tidy_when_due(self.house)
        rows = [p for p in self._pairs() if not pair or p.id == pair]
        for connection_id in sorted({c for p in rows if p.state in ("reading", "released") for c in (p.a, p.b)}):
            self._connection_turn(
                connection_id, [p for p in rows if connection_id in (p.a, p.b)], turn, poll=poll, whole=poll and receivers
            )
        self._hints(rows, turn)
        for row in rows:
            if row.state in ("released", "reading"):
                self._look_first(row, rows, turn)
                self._pair_turn(row, turn)
        self.house.settle_paces()
        return turn

    def read(self, pair: str) -> Turn:
        """Polls both sides of a pair and does nothing else: what a preview looks at."""
        turn = Turn()
        row = next(p for p in self._pairs() if p.id == pair)
        for connection_id in sorted({row.a, row.b}):
            self._connection_turn(connection_id, [p for p in self._pairs() if connection_id in (p.a, p.b)], turn, poll=True, whole=True)
        self.house.settle_paces()
        return turn

    def until_quiet(self, pair: str, *, wait: Callable[[float], None] | None = None, most: timedelta = timedelta(minutes=15)) -> list[Turn]:
        """Polls all but what only receives, then goes on as long as work is due within ``most``; waits through the clock for pace and probes.

        Ends with the first fault that waiting does not mend: it is in the last turn.
        """
        sleep = wait or self.house.clock.sleep
        turns = [self.turn(poll=True, pair=pair, receivers=False)]
        end = self.house.clock.now() + most
        while all(isinstance(fault, TryLater) for fault in turns[-1].faults.values()):
            again = [f.at for f in turns[-1].faults.values() if isinstance(f, TryLater) and f.at is not None]
            due = min([*again, *([at] if (at := self.next_due(pair)) else [])], default=None)
            if due is None or due > end:
                break
            left = (due - self.house.clock.now()).total_seconds()
            if left > 0:
                sleep(left)
            turns.append(self.turn(poll=bool(again), pair=pair, receivers=False))
        return turns

    def next_due(self, pair: str) -> datetime | None:
        """When a released pair has something to do again, apart from the next poll."""
        row = next(p for p in self._pairs() if p.id == pair)
        if row.state != "released":
            return None
        with self.house.store.read() as conn:
            due = work.next_due(conn, f"pair:{pair}")
        probe = next_probe(self.house.pairing(pair), self.house.hands())
        if probe is not None:
            at = self.house.clock.now() + probe
            return min(due, at) if due else at
        return due

    def _pairs(self) -> list[PairRow]:
        with self.house.store.read() as conn:
            return pairs.pairs(conn)

    def _take(self, name: str) -> int | None:
        if name in self.house.busy:
            return None  # held by another thread of this process, which is alive
        with self.house.store.write() as conn:
            return lanes.take_lane(conn, name, self.holder, self.house.clock.now(), LEASE, may_take_over=self.alone)

    def _release(self, name: str, epoch: int) -> None:
        with self.house.store.write() as conn:
            lanes.release_lane(conn, name, epoch)

    def _connection_turn(self, connection_id: str, rows: list[PairRow], turn: Turn, *, poll: bool, whole: bool) -> None:
        """Reads a connection if it is due, or with ``poll`` in any case; with ``whole`` also the lists that rest."""
        with self.house.store.read() as conn:
            row = pairs.get_connection(conn, connection_id)
        due = not row.next_poll or not self.house.clock.now() < instant(row.next_poll) < self.house.clock.now() + FURTHEST
        if row.state != "ok" or not (due or poll):
            return
        where, pairings = self._whole_side(row, rows)
        rest = frozenset() if whole else resting(self.house, row, rows)
        where = replace(where, resources=tuple(name for name in where.resources if name not in rest))
        if rest and not where.resources:
            if due:
                self._postpone(row, min(p.policy.poll.floor_seconds for p in pairings))
            return
        lane = f"connection:{connection_id}"
        epoch = self._take(lane)
        if epoch is None:
            return
        told: dict[str, str] = {}
        try:
            told = self._pull(row, where, list(zip(rows, pairings, strict=True)), turn, epoch)
        except LostLane:
            return
        finally:
            with self.house.store.write() as conn:
                if told:
                    pairs.update_connection(conn, connection_id, **told)
                lanes.release_lane(conn, lane, epoch)

    def _postpone(self, row: ConnectionRow, floor: int) -> None:
        """Nothing was to be read; that is asked again later, unless somebody wanted a look meanwhile."""
        with self.house.store.write() as conn:
            if pairs.get_connection(conn, row.id).next_poll == row.next_poll:
                pairs.update_connection(conn, row.id, next_poll=stamp(self.house.clock.now() + timedelta(seconds=floor)))

    def _look_first(self, row: PairRow, rows: list[PairRow], turn: Turn) -> None:
        """Before something new is made on a side that rests, that side is read: somebody may have made it there by hand."""
        ways: tuple[tuple[str, str, Side], ...] = ((row.a, row.b, "b"), (row.b, row.a, "a"))
        for source, there, side in ways:
            read = turn.pulled.get(source)
            if row.state != "released" or read is None or not read.changed or there in turn.faults:
                continue
            if only_receives(stored_policy(row.policy), side) and needs_a_look(self.house, row, side):
                self._connection_turn(there, [p for p in rows if there in (p.a, p.b)], turn, poll=True, whole=True)

    def _pull(self, row: ConnectionRow, where: Connected, rows: list[tuple[PairRow, Pairing]], turn: Turn, epoch: int) -> dict[str, str]:
        """Reads one connection for all its pairs; what is to be kept of it besides what was seen."""
        now = self.house.clock.now()
        pairings = [pairing for _, pairing in rows]
        floor = min(p.policy.poll.floor_seconds for p in pairings)
        try:
            between = self._between(row, rows, turn, epoch)
            hands = self.house.hands()
            turn.pulled[row.id] = pulled = pull(where, hands, between=between, ahead=hands.fan_out > 1 and only_read(row, rows))
            for pairing in pairings:
                tell_unreadable(pairing, "a" if pairing.a.id == row.id else "b", pulled, self.house.hands())
            return {"next_poll": stamp(now + interval_of(self.house, where, row, floor)), "told": ""}
        except SystemFault as fault:
            turn.faults[row.id] = fault
            return _after_fault(fault, now, floor)

    def _between(self, row: ConnectionRow, rows: list[tuple[PairRow, Pairing]], turn: Turn, epoch: int) -> Between:
        """What is done between two pages of a connection's lists."""
        waiting = [pair for pair, pairing in rows if may_begin(self.house, row, pair, pairing)]
        if not waiting:
            return nothing_between

        def renew() -> None:
            with self.house.store.write() as conn:
                lanes.renew_lane(conn, f"connection:{row.id}", epoch, self.house.clock.now(), LEASE)

        def go_on(further: Further) -> None:
            for pair in waiting:
                self._pair_turn(pair, turn, kept_up(self.house, further, renew))
            renew()

        return Meanwhile(self.house, go_on, self.house.clock.now())

    def _whole_side(self, row: ConnectionRow, rows: list[PairRow]) -> tuple[Connected, list[Pairing]]:
        """A connection with every list that any of its pairs needs, and those pairs."""
        pairings = [self.house.pairing(p.id) for p in rows]
        sides = [p.a if p.a.id == row.id else p.b for p in pairings]
        names = sorted(
            {name for side in sides for name in side.resources}, key=[r.name for r in sides[0].system.capabilities.resources].index
        )
        return Connected(id=row.id, system=sides[0].system, resources=tuple(names)), pairings

    def _hints(self, rows: list[PairRow], turn: Turn) -> None:
        """What vendors said at their doors since the last turn or keep for us, and doors that are to be taken away."""
        now = self.house.clock.now()
        for door in due_queues(self.house):
            held = self._take(lane := f"connection:{door.connection}")
            if held is not None:
                try:
                    fetch(self.house, door)
                finally:
                    self._release(lane, held)
        with self.house.store.read() as conn:
            stirred = inbox.stirred(conn, now)
        if not stirred:
            return
        # Loaded when somebody is at the door: a sync from the command line mostly does without.
        from unisono.wiring.hooks import end_doors

        for connection_id in stirred:
            epoch = self._take(lane := f"connection:{connection_id}")
            if epoch is None:
                continue
            try:
                end_doors(self.house, connection_id)
                self._hints_of(connection_id, [p for p in rows if connection_id in (p.a, p.b) and p.state in _READING], turn)
            finally:
                self._release(lane, epoch)

    def _hints_of(self, connection_id: str, rows: list[PairRow], turn: Turn) -> None:
        with self.house.store.read() as conn:
            row = pairs.get_connection(conn, connection_id)
        if row.state != "ok" or row.told or not rows or connection_id in turn.pulled:
            # Nobody reads there now, or everything has been read: either way the hints are worth nothing any more.
            with self.house.store.write() as conn:
                inbox.drop_before(conn, connection_id, self.house.clock.now())
            return
        from unisono.wiring.hints import take_hints

        where, pairings = self._whole_side(row, rows)
        try:
            pulled = take_hints(self.house, row, where, pairings)
        except SystemFault as fault:
            turn.faults[connection_id] = fault
            floor = min(p.policy.poll.floor_seconds for p in pairings)
            with self.house.store.write() as conn:
                pairs.update_connection(conn, connection_id, **_after_fault(fault, self.house.clock.now(), floor))
            return
        if pulled is not None:
            turn.pulled[connection_id] = pulled
            for pairing in pairings:
                tell_unreadable(pairing, "a" if pairing.a.id == connection_id else "b", pulled, self.house.hands())

    def _pair_turn(self, row: PairRow, turn: Turn, further: Further | None = None) -> None:
        with self.house.store.read() as conn:
            sides = [pairs.get_connection(conn, c) for c in (row.a, row.b)]
            if any(side.state != "ok" for side in sides):
                return
            news = sides[0].change > row.position_a or sides[1].change > row.position_b
            due = work.next_due(conn, f"pair:{row.id}")
            open_ = bool(intents.unsettled(conn, row.id))
        # A side that was just read is always looked at: that records vanished is no news of its own, but the brake must see it.
        fresh = row.a in turn.pulled or row.b in turn.pulled
        if not (fresh or news or open_ or row.unsure or (due is not None and due <= self.house.clock.now())):
            return
        epoch = self._take(f"pair:{row.id}")
        if epoch is None:
            return
        try:
            # A pair that is unsure (restored from a backup) reads both sides whole before it writes anything.
            outcome = cycle(self.house.pairing(row.id, epoch=epoch), self.house.hands(), read=row.unsure, whole=row.unsure, further=further)
            before = turn.outcomes.get(row.id)
            turn.outcomes[row.id] = outcome if before is None else outcome.after(before)
            if outcome.fault is not None:
                turn.faults[row.id] = outcome.fault
        except LostLane:
            return
        finally:
            self._release(f"pair:{row.id}", epoch)


def _after_fault(fault: SystemFault, now: datetime, floor: int) -> dict[str, str]:
    """When a connection that failed is asked again: never after a refused key, at the vendor's instant, else after a while."""
    if isinstance(fault, LoginRefused):
        return {"state": "refused", "told": fault.code}
    if isinstance(fault, TryLater) and fault.at is not None:
        return {"next_poll": stamp(fault.at), "told": fault.code}
    return {"next_poll": stamp(now + timedelta(seconds=min(floor, 300))), "told": fault.code}
