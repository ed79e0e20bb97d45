"""Where the databases differ for a query: which ``insert`` knows *on conflict*, how many values a list may have, how texts are ordered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Table, collate
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

MOST_KEYS = 10_000
"""SQLite takes 32,766 values in a statement, PostgreSQL 65,535."""


def insert_for(conn: Connection, table: Table) -> Insert:
    """An insert with ``on_conflict_do_update`` for the database at hand. Both databases' have the same methods."""
    if conn.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert

        return insert(table)  # type: ignore[return-value]
    return sqlite_insert(table)


_Key = TypeVar("_Key", str, int)


def portions(keys: Sequence[_Key]) -> Iterator[list[_Key]]:
    """The keys without repetition, in lists a statement can take; nothing for no keys."""
    unique = list(dict.fromkeys(keys))
    for start in range(0, len(unique), MOST_KEYS):
        yield unique[start : start + MOST_KEYS]


def plainly(conn: Connection, column: Column[str]) -> ColumnElement[str]:
    """A column to order by, letter by letter: PostgreSQL would use the language its database was made with."""
    return collate(column, "C") if conn.dialect.name == "postgresql" else column
