"""Rising numbers under the write door: change numbers, generations. A number that was committed is never given again."""

from __future__ import annotations

from sqlalchemy import BigInteger, Connection, Text, bindparam, cast, select, update

from unisono.store.dialect import insert_for
from unisono.store.statements import Built, Statement
from unisono.store.tables import connection, meta


def next_numbers(conn: Connection, name: str, count: int) -> int:
    """Reserves ``count`` numbers of a series and gives the first. One statement: two writers at once get different ones."""
    return int(_RISE.value(conn, name=name, value=str(count), b_count=count)) - count + 1


def next_changes(conn: Connection, connection_id: str, count: int) -> int:
    """Reserves ``count`` change numbers of a connection and gives the first."""
    return _one(_CHANGES.value(conn, b_id=connection_id, b_count=count)) - count + 1


def last_change(conn: Connection, connection_id: str) -> int:
    """The last change number a connection gave."""
    return _one(_LAST.value(conn, id=connection_id))


def _one(found: int | None) -> int:
    if found is None:
        raise KeyError("there is no such connection")
    return found


def _risen(conn: Connection) -> Built:
    added = insert_for(conn, meta)
    risen = cast(cast(meta.c.value, BigInteger) + bindparam("b_count", type_=BigInteger), Text)
    return added.on_conflict_do_update(index_elements=["name"], set_={"value": risen}).returning(meta.c.value)


_RISE = Statement(_risen)
_CHANGES = Statement(
    lambda _: (
        update(connection)
        .where(connection.c.id == bindparam("b_id"))
        .values(change=connection.c.change + bindparam("b_count", type_=BigInteger))
        .returning(connection.c.change)
    )
)
_LAST = Statement(lambda _: select(connection.c.change).where(connection.c.id == bindparam("id")))
