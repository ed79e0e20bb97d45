"""Leases of lanes. Each take raises the lane's epoch, and every intent and settlement first proves in its own transaction that it still
has the current one: who was thought dead and comes back can read, but changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, or_, select, update

from unisono.store.stamps import instant, stamp
from unisono.store.statements import Statement
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
    values = {"b_name": name, "holder": holder, "until": _until(now, seconds)}
    epoch: int | None = _TAKE_OVER.value(conn, **values) if may_take_over else _TAKE.value(conn, **values, b_now=stamp(now))
    return epoch


def renew_lane(conn: Connection, name: str, epoch: int, now: datetime, seconds: int) -> None:
    """Keeps a lane until ``seconds`` from now, also if the lease was over but nobody took it. Raises ``LostLane``."""
    if not _KEEP.run(conn, b_name=name, b_epoch=epoch, until=_until(now, seconds)):
        raise LostLane(name, epoch)


def release_lane(conn: Connection, name: str, epoch: int) -> None:
    """Lets go of a lane; of one that was lost already there is nothing to let go. The epoch stays and goes on rising."""
    _KEEP.run(conn, b_name=name, b_epoch=epoch, holder="", until="")


def rest_lane(conn: Connection, name: str, epoch: int, until: datetime) -> None:
    """Lets go of a lane that nobody is to take before an hour: the other side named it."""
    _KEEP.run(conn, b_name=name, b_epoch=epoch, holder=RESTING, until=stamp(until))


def rests_until(conn: Connection, name: str, now: datetime) -> datetime | None:
    """Until when nobody is to take a lane, if somebody said so."""
    found = _RESTS.value(conn, name=name, now=stamp(now))
    return instant(found) if found else None


def check_epoch(conn: Connection, name: str, epoch: int) -> None:
    """Proves that the lane is still ours, until this transaction ends. Call it first in every transaction that intends or settles.

    On PostgreSQL the row stays locked, so a take-over waits for us, or we for it and then see its epoch; SQLite's writers take turns
    anyway. Raises ``LostLane``.
    """
    # An overdue lease does not count: as long as nobody took the lane, nobody else has acted in it.
    if _HELD.value(conn, name=name) != epoch:
        raise LostLane(name, epoch)


def _until(now: datetime, seconds: int) -> str:
    return stamp(now + timedelta(seconds=seconds))


RESTING = "resting"
"""In the place of a holder's name."""
_NAMED = lane.c.name == bindparam("b_name")
_TAKE_OVER = Statement(lambda _: update(lane).where(_NAMED).values(epoch=lane.c.epoch + 1).returning(lane.c.epoch))
_TAKE = Statement(
    lambda _: (
        update(lane)
        .where(_NAMED, or_(lane.c.holder == "", lane.c.until <= bindparam("b_now")))
        .values(epoch=lane.c.epoch + 1)
        .returning(lane.c.epoch)
    )
)
_KEEP = Statement(lambda _: update(lane).where(_NAMED, lane.c.epoch == bindparam("b_epoch"), lane.c.holder != ""))
_RESTS = Statement(
    lambda _: select(lane.c.until).where(lane.c.name == bindparam("name"), lane.c.holder == RESTING, lane.c.until > bindparam("now"))
)
_HELD = Statement(lambda _: select(lane.c.epoch).where(lane.c.name == bindparam("name"), lane.c.holder != "").with_for_update())
