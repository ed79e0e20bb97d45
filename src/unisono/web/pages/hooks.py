"""Instant notices: the doors at which each side may say that something has changed; opened after a yes, and taken away again."""

from __future__ import annotations

from starlette.responses import Response

from unisono.model.errors import SystemFault
from unisono.store.inbox import HookRow
from unisono.store.pairs import PairRow
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.navigation import Entry
from unisono.web.visit import NotFound, Visit
from unisono.wiring.hooks import ByHand, NoNotices, NoPublicAddress, close_doors, doors_of, open_by_hand, open_door, public_address, strays

doors = Doors()
ENTRIES = (Entry(code="nav.hooks", icon="sent", path="/pairs/{pair}/hooks", group="setup", order=95, needs="admin"),)


@doors.page("/pairs/{pair_id}/hooks", needs="admin")
def hooks(visit: Visitor, pair_id: str) -> Response:
    """Both sides and their doors."""
    return _page(visit, visit.pair(pair_id))


@doors.form("/pairs/{pair_id}/hooks/open", needs="admin")
def open_(visit: Visitor, pair_id: str) -> Response:
    """A door is opened, and the vendor told of it, after a yes."""
    row = visit.pair(pair_id)
    connection = side_of(row, visit.given("connection"))
    if visit.given("yes") != "yes":
        return _page(visit, row, {connection: str(visit.speech.words("hooks.yes-missing"))}, 422)
    try:
        open_door(visit.house, connection, visit.by)
    except (NoPublicAddress, NoNotices, ByHand):
        return _page(visit, row, status=422)
    except SystemFault as fault:
        return _page(visit, row, {connection: visit.speech.tell(fault.code, fault.values)}, 502)
    return visit.go(f"/pairs/{row.id}/hooks", "hook-opened")


@doors.form("/pairs/{pair_id}/hooks/hand", needs="admin")
def by_hand(visit: Visitor, pair_id: str) -> Response:
    """A door whose address a person enters at the vendor: it is shown in this answer and never again."""
    row = visit.pair(pair_id)
    connection = side_of(row, visit.given("connection"))
    told = next(one for one in doors_of(visit.house, row.id) if one.connection.id == connection)
    if told.means != "by-hand" or told.why_not:
        return _page(visit, row, status=422)
    _, address = open_by_hand(visit.house, connection, visit.by)
    return _page(visit, row, handed=(connection, address))


@doors.form("/pairs/{pair_id}/hooks/close", needs="admin")
def close(visit: Visitor, pair_id: str) -> Response:
    """The door is shut at once; the vendor forgets it as soon as it can be reached."""
    row = visit.pair(pair_id)
    done = close_doors(visit.house, side_of(row, visit.given("connection")), visit.by)
    if done:
        return visit.go(f"/pairs/{row.id}/hooks", "hook-closed")
    return visit.go(f"/pairs/{row.id}/hooks", "hook-ending")


def side_of(row: PairRow, connection: str) -> str:
    """One of the two connections of a pair. Raises ``NotFound`` for any other."""
    if connection not in (row.a, row.b):
        raise NotFound
    return connection


def counted(visit: Visit) -> None:
    """What was counted at the doors until now is written down, so that it can be read."""
    visit.request.app.state.doorkeeper.write_down()


def why(visit: Visit, door: HookRow | None) -> str:
    """Why a vendor was not told yet, or has not forgotten yet."""
    return visit.speech.tell(door.told, {}) if door is not None and door.told else ""


def _page(
    visit: Visit,
    row: PairRow,
    troubles: dict[str, str] | None = None,
    status: int = 200,
    handed: tuple[str, str] | None = None,
) -> Response:
    counted(visit)
    sides = doors_of(visit.house, row.id)
    return visit.page(
        "hooks/hooks.html",
        pair=row,
        status=status,
        sides=sides,
        whys={one.connection.id: why(visit, one.door) for one in sides},
        troubles=troubles or {},
        handed=handed,
        address=public_address(visit.house),
        strays=strays(visit.house),
    )
