"""What vendors say of themselves: the doors they were given, and what came in there, as it came, until it was looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Integer, Select, and_, bindparam, delete, func, insert, or_, select, union, update

from unisono.store.codec import text_of, value_from
from unisono.store.dialect import insert_for, plainly, portions
from unisono.store.stamps import stamp
from unisono.store.statements import Built, Statement
from unisono.store.tables import hook, inbox, meta
from unisono.store.upserts import upsert

MOST_ROWS = 2_000
MOST_BYTES = 32 * 1024 * 1024
"""What of one connection may lie unread, by number and by size; beyond it the next look at everything has to do."""
_STRAY = "stray_calls"


class HookRow(Struct, frozen=True, kw_only=True):
    """A door as stored. ``state``: asked (being registered at the vendor), open, ending (to be taken away there), closed."""

    id: str
    connection: str
    hash: str
    state: str
    address: str
    told: str
    due_at: str
    taken: int
    refused: int
    taken_at: str
    refused_at: str
    hour: str
    reads: int
    by: str
    at: str


class Strays(Struct, frozen=True):
    """Calls at doors that are not there: how many there were, and when the last."""

    count: int = 0
    last_at: str = ""


def due_at(conn: Connection, address: str, now: datetime) -> list[HookRow]:
    """The open doors of that address that are due to be looked at: places of the vendor's from which notices are fetched."""
    return [HookRow(**dict(zip(_NAMES, row, strict=True))) for row in _DUE_AT.rows(conn, address=address, now=stamp(now))]


def secret_hash(secret: str) -> str:
    """What is kept of a door's secret. It is long and made by chance, so a plain hash tells nobody anything."""
    return hashlib.sha256(secret.encode()).hexdigest()


def add_hook(conn: Connection, hook_id: str, connection: str, digest: str, address: str, by: str, now: datetime) -> None:
    """A door that is about to be made known to the vendor."""
    conn.execute(insert(hook).values(id=hook_id, connection=connection, hash=digest, address=address, by=by, at=stamp(now)))


def hooks(conn: Connection, connection: str = "") -> list[HookRow]:
    """All doors, or a connection's, oldest first; those that were closed are not among them."""
    rows = _HOOKS_OF.rows(conn, connection=connection) if connection else _HOOKS.rows(conn)
    return [HookRow(**dict(zip(_NAMES, row, strict=True))) for row in rows]


def update_hook(conn: Connection, hook_id: str, **values: Any) -> None:
    """Changes some columns of a door."""
    _SET_HOOK.run(conn, b_id=hook_id, **values)


def count_at(conn: Connection, hook_id: str, refused: int, now: datetime) -> None:
    """So many calls more were refused at a door."""
    conn.execute(update(hook).where(hook.c.id == hook_id).values(refused=hook.c.refused + refused, refused_at=stamp(now)))


def count_strays(conn: Connection, more: int, now: datetime) -> None:
    """So many calls more came to doors that are not there."""
    count = strays(conn).count + more
    upsert(conn, meta, [{"name": _STRAY, "value": text_of({"count": count, "last_at": stamp(now)})}], keys=["name"])


def strays(conn: Connection) -> Strays:
    """The calls at doors that are not there."""
    found = conn.execute(select(meta.c.value).where(meta.c.name == _STRAY)).scalar()
    return Strays(**value_from(found)) if found else Strays()


def put(conn: Connection, hook_id: str, connection: str, body: bytes, now: datetime) -> bool:
    """Keeps what came in, as it came. The same again while it is still unread is one row; ``False``: too much lies there already."""
    count, size = _LYING.rows(conn, connection=connection)[0]
    if count >= MOST_ROWS or int(size or 0) + len(body) > MOST_BYTES:
        return False
    delivery = hashlib.blake2b(body, digest_size=16).hexdigest()
    _PUT.run(conn, connection=connection, delivery=delivery, body=body, received_at=stamp(now))
    _TAKEN.run(conn, b_id=hook_id, taken_at=stamp(now))
    return True


def waiting(conn: Connection, connection: str, limit: int) -> list[tuple[int, bytes]]:
    """What lies unread, oldest first: (row, body)."""
    return [(row_id, bytes(body)) for row_id, body in _WAITING.rows(conn, connection=connection, limit=limit)]


def drop(conn: Connection, rows: Sequence[int]) -> None:
    """What was looked at is forgotten: it was a hint, and may hold a person's data."""
    for some in portions([str(row) for row in rows]):
        conn.execute(delete(inbox).where(inbox.c.id.in_([int(row) for row in some])))


def drop_before(conn: Connection, connection: str, at: datetime) -> None:
    """Whatever came in until an instant has been seen by reading everything."""
    _DROP_BEFORE.run(conn, b_connection=connection, b_at=stamp(at))


def stirred(conn: Connection, now: datetime) -> list[str]:
    """The connections at whose doors there is something to do: something came in, or a door is to be taken away."""
    return [connection for (connection,) in _STIRRED.rows(conn, now=stamp(now))]


_NAMES = HookRow.__struct_fields__


def _hooks(conn: Connection) -> Select[Any]:
    return select(*(hook.c[name] for name in _NAMES)).where(hook.c.state != "closed").order_by(hook.c.at, plainly(conn, hook.c.id))


def _lying() -> Select[Any]:
    lying: Select[Any] = select(func.count(), func.sum(func.length(inbox.c.body))).where(_MINE)  # type: ignore[assignment]
    return lying


def _put(conn: Connection) -> Built:
    added = insert_for(conn, inbox)
    return added.on_conflict_do_update(index_elements=["connection", "delivery"], set_={"received_at": added.excluded.received_at})


_DUE_AT = Statement(
    lambda conn: _hooks(conn).where(hook.c.address == bindparam("address"), hook.c.state == "open", hook.c.due_at <= bindparam("now"))
)
_MINE = inbox.c.connection == bindparam("connection")
_HOOKS = Statement(_hooks)
_HOOKS_OF = Statement(lambda conn: _hooks(conn).where(hook.c.connection == bindparam("connection")))
_SET_HOOK = Statement(lambda _: update(hook).where(hook.c.id == bindparam("b_id")))
_LYING = Statement(lambda _: _lying())
_PUT = Statement(_put)
_TAKEN = Statement(lambda _: update(hook).where(hook.c.id == bindparam("b_id")).values(taken=hook.c.taken + 1))
_WAITING = Statement(lambda _: select(inbox.c.id, inbox.c.body).where(_MINE).order_by(inbox.c.id).limit(bindparam("limit", type_=Integer)))
_DROP_BEFORE = Statement(
    lambda _: delete(inbox).where(inbox.c.connection == bindparam("b_connection"), inbox.c.received_at <= bindparam("b_at"))
)
_STIRRED = Statement(
    lambda _: union(
        select(inbox.c.connection),
        select(hook.c.connection).where(
            or_(hook.c.state == "ending", and_(hook.c.state == "asked", hook.c.told != "")), hook.c.due_at <= bindparam("now")
        ),
    )
)
