"""Many rows with one statement, the same on both databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table

from unisono.store.dialect import insert_for
from unisono.store.statements import Built, Statement


def upsert(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, keys: Sequence[str], keep: Sequence[str] = ()) -> None:
    """Adds rows, or where one with the same ``keys`` (a unique index) is there sets its other columns, but for those in ``keep``.

    All rows name the same columns. Runs as one prepared statement over all rows: a statement with a list of values would cost ten times.
    """
    if rows:
        _statement(table, tuple(rows[0]), tuple(keys), frozenset(keep), True).run_many(conn, rows)


def insert_missing(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, keys: Sequence[str]) -> None:
    """Adds the rows whose ``keys`` are not there yet and leaves the others as they are."""
    if rows:
        _statement(table, tuple(rows[0]), tuple(keys), frozenset(), False).run_many(conn, rows)


@lru_cache(maxsize=200)
def _statement(table: Table, columns: tuple[str, ...], keys: tuple[str, ...], keep: frozenset[str], change: bool) -> Statement:
    changed = [name for name in columns if name not in keys and name not in keep]

    def build(conn: Connection) -> Built:
        # The columns are named here and their values come as parameters, so that the driver repeats one prepared statement.
        added = insert_for(conn, table)
        if change and changed:
            return added.on_conflict_do_update(index_elements=keys, set_={name: added.excluded[name] for name in changed})
        return added.on_conflict_do_nothing(index_elements=keys)

    return Statement(build)
