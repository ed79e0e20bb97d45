"""The one difference between the databases that queries meet: which ``insert`` knows *on conflict*."""

from __future__ import annotations

from sqlalchemy import Connection, Table
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert


def insert_for(conn: Connection, table: Table) -> Insert:
    """An insert with ``on_conflict_do_update`` for the database at hand. Both databases' have the same methods."""
    if conn.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert

        return insert(table)  # type: ignore[return-value]
    return sqlite_insert(table)
