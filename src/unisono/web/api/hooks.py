"""Instant notices: the doors at which vendors may say that something has changed."""

from __future__ import annotations

from fastapi import HTTPException
from pydantic import BaseModel

from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.pages.hooks import counted, side_of
from unisono.wiring.hooks import (
    ByHand,
    NoNotices,
    NoPublicAddress,
    Told,
    close_doors,
    doors_of,
    means_of,
    open_by_hand,
    open_door,
    public_address,
    strays,
)

doors = Doors("hooks")


class DoorOut(BaseModel):
    """A side and its door. ``state``: empty (none), asked, open, ending. ``why_not`` says why there can be none. The secret is not told.

    ``means``: `door` (the vendor calls us), `by-hand` (a person enters our address there), `queue` (we fetch what the vendor keeps).
    """

    connection: str
    side: str
    system: str
    resources: list[str]
    why_not: str
    means: str
    state: str
    address: str
    told: str
    taken: int
    taken_at: str
    refused: int
    refused_at: str


class HooksOut(BaseModel):
    """The doors of a pair; the public address they stand under; calls at doors that are not there."""

    address: str
    doors: list[DoorOut]
    strays: int


class OpenIn(BaseModel):
    """Which connection, and the yes: the vendor is told an address of ours, which is a write in its system."""

    connection: str
    yes: bool


class CloseIn(BaseModel):
    """Which connection."""

    connection: str


class DoorStateOut(BaseModel):
    """What became of a door: open, closed, or ending until the vendor can be reached.

    ``address`` is told once, where a person has to enter it at the vendor: whoever knows it may knock there.
    """

    state: str
    address: str = ""


@doors.get("/pairs/{pair_id}/hooks", needs="admin")
def hooks(visit: Visitor, pair_id: str) -> HooksOut:
    """The doors of a pair."""
    row = visit.pair(pair_id)
    counted(visit)
    told = [_out(one) for one in doors_of(visit.house, row.id)]
    return HooksOut(address=public_address(visit.house), doors=told, strays=strays(visit.house).count)


@doors.post("/pairs/{pair_id}/hooks/open", needs="admin")
def open_(visit: Visitor, pair_id: str, given: OpenIn) -> DoorStateOut:
    """Opens a door and has the vendor told of it."""
    connection = side_of(visit.pair(pair_id), given.connection)
    if not given.yes:
        raise HTTPException(422)
    try:
        return DoorStateOut(state=open_door(visit.house, connection, visit.by).state)
    except (NoPublicAddress, NoNotices, ByHand):
        raise HTTPException(409) from None


@doors.post("/pairs/{pair_id}/hooks/hand", needs="admin")
def by_hand(visit: Visitor, pair_id: str, given: CloseIn) -> DoorStateOut:
    """Opens a door whose address a person enters at the vendor: it is told in this answer and never again."""
    connection = side_of(visit.pair(pair_id), given.connection)
    if means_of(visit.house, connection) != "by-hand":
        raise HTTPException(409)
    try:
        door, address = open_by_hand(visit.house, connection, visit.by)
    except (NoPublicAddress, NoNotices):
        raise HTTPException(409) from None
    return DoorStateOut(state=door.state, address=address)


@doors.post("/pairs/{pair_id}/hooks/close", needs="admin")
def close(visit: Visitor, pair_id: str, given: CloseIn) -> DoorStateOut:
    """Shuts a door; the vendor forgets it as soon as it can be reached."""
    done = close_doors(visit.house, side_of(visit.pair(pair_id), given.connection), visit.by)
    return DoorStateOut(state="closed" if done else "ending")


def _out(one: Told) -> DoorOut:
    door = one.door
    return DoorOut(
        connection=one.connection.id,
        side=one.side,
        system=one.title,
        resources=list(one.resources),
        why_not=one.why_not,
        means=one.means,
        state=door.state if door else "",
        address=door.address if door else "",
        told=door.told if door else "",
        taken=door.taken if door else 0,
        taken_at=door.taken_at if door else "",
        refused=door.refused if door else 0,
        refused_at=door.refused_at if door else "",
    )
