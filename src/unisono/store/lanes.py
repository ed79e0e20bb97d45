"""Leases of lanes. Each take raises the lane's epoch, and every intent and settlement first proves in its own transaction that it still
has the current one: who was thought dead and comes back can read, but changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, or_, select, update

from unisono.store.stamps import stamp
from unisono.store.tables import lane
from unisono.store.upserts import insert_missing


@dataclass(eq=False)
class LostLane(Exception):
    """Somebody else has the lane by now, or it was let go of. Drop what was planned; nothing of this transaction may stay."""

    name: str
    epoch: int

    def __str__(self) -> str:
        return f"lane {self.name} is no longer held with epoch {self.epoch}"


def take_lane(conn: Connection, name: str, holder: str, now: datetime, seconds: int, *, may_take_over: bool = False) -> int | None:
    """Takes a lane until ``seconds`` from now; the new epoch, or ``None`` while somebody has it, this holder's other threads included.

    ``holder`` names the process for people to read. ``may_take_over``: nobody else can be alive (the folder's lock is ours), so a lease
    that is not over yet belongs to a dead process.
    """
    insert_missing(conn, lane, [{"name": name}], keys=["name"])
    free = or_(lane.c.holder == "", lane.c.until <= stamp(now))
    taken = update(lane).where(lane.c.name == name).returning(lane.c.epoch)
    if not may_take_over:
        taken = taken.where(free)
    return conn.execute(taken.values(holder=holder, epoch=lane.c.epoch + 1, until=_until(now, seconds))).scalar()


def renew_lane(conn: Connection, name: str, epoch: int, now: datetime, seconds: int) -> None:
    """Keeps a lane until ``seconds`` from now, also if the lease was over but nobody took it. Raises ``LostLane``."""
    kept = update(lane).where(lane.c.name == name, lane.c.epoch == epoch, lane.c.holder != "")
    if not conn.execute(kept.values(until=_until(now, seconds))).rowcount:
        raise LostLane(name, epoch)


def release_lane(conn: Connection, name: str, epoch: int) -> None:
    """Lets go of a lane; of one that was lost already there is nothing to let go. The epoch stays and goes on rising."""
    conn.execute(update(lane).where(lane.c.name == name, lane.c.epoch == epoch).values(holder="", until=""))


def check_epoch(conn: Connection, name: str, epoch: int) -> None:
    """Proves that the lane is still ours, until this transaction ends. Call it first in every transaction that intends or settles.

    On PostgreSQL the row stays locked, so a take-over waits for us, or we for it and then see its epoch; SQLite's writers take turns
    anyway. Raises ``LostLane``.
    """
    # An overdue lease does not count: as long as nobody took the lane, nobody else has acted in it.
    held = select(lane.c.epoch).where(lane.c.name == name, lane.c.holder != "").with_for_update()
    if conn.execute(held).scalar() != epoch:
        raise LostLane(name, epoch)


def _until(now: datetime, seconds: int) -> str:
    return stamp(now + timedelta(seconds=seconds))
