"""Rising numbers under the write door: change numbers, generations. A number that was committed is never given again."""

from __future__ import annotations

from sqlalchemy import BigInteger, Connection, Text, cast, select, update

from unisono.store.dialect import insert_for
from unisono.store.tables import connection, meta


def next_numbers(conn: Connection, name: str, count: int) -> int:
    """Reserves ``count`` numbers of a series and gives the first. One statement: two writers at once get different ones."""
    statement = insert_for(conn, meta).values(name=name, value=str(count))
    risen = cast(cast(meta.c.value, BigInteger) + count, Text)
    statement = statement.on_conflict_do_update(index_elements=["name"], set_={"value": risen})
    return int(conn.execute(statement.returning(meta.c.value)).scalar_one()) - count + 1


def next_changes(conn: Connection, connection_id: str, count: int) -> int:
    """Reserves ``count`` change numbers of a connection and gives the first."""
    statement = update(connection).where(connection.c.id == connection_id).values(change=connection.c.change + count)
    last = conn.execute(statement.returning(connection.c.change)).scalar_one()
    return int(last) - count + 1


def last_change(conn: Connection, connection_id: str) -> int:
    """The last change number a connection gave."""
    return int(conn.execute(select(connection.c.change).where(connection.c.id == connection_id)).scalar_one())
