"""Rising numbers under the write door: change numbers, generations. Never given twice, not even after a rollback was retried."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from unisono.store.tables import connection, meta


def next_numbers(conn: Connection, name: str, count: int) -> int:
    """Reserves ``count`` numbers of a series and gives the first."""
    row = conn.execute(update(meta).where(meta.c.name == name).values(value=meta.c.value).returning(meta.c.value)).first()
    last = int(row[0]) if row else 0
    if row is None:
        conn.execute(insert(meta).values(name=name, value=str(count)))
    else:
        conn.execute(update(meta).where(meta.c.name == name).values(value=str(last + count)))
    return last + 1


def next_changes(conn: Connection, connection_id: str, count: int) -> int:
    """Reserves ``count`` change numbers of a connection and gives the first."""
    statement = update(connection).where(connection.c.id == connection_id).values(change=connection.c.change + count)
    last = conn.execute(statement.returning(connection.c.change)).scalar_one()
    return int(last) - count + 1


def last_change(conn: Connection, connection_id: str) -> int:
    """The last change number a connection gave."""
    return int(conn.execute(select(connection.c.change).where(connection.c.id == connection_id)).scalar_one())
