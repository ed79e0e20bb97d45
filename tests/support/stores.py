"""The fixture ``store``: each test that takes it runs in memory, on a SQLite file and on PostgreSQL.

Import it into a ``conftest.py``: ``from tests.support.stores import store``.
"""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import insert

from tests.support import postgres
from unisono.store.doors import Store
from unisono.store.tables import connection, firm, metadata, pair

MEMORY = pytest.param("memory")
FILE = pytest.param("file")
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgres)
EVERYWHERE = (MEMORY, FILE, POSTGRESQL)
BESIDE_EACH_OTHER = (FILE, POSTGRESQL)
"""Where several connections work at once: ``@pytest.mark.parametrize("store", BESIDE_EACH_OTHER, indirect=True)``."""

NOW = "2026-03-02T09:00:00.000Z"


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Store]:
    """A new store with its tables, gone in the end."""
    if kind == "postgresql":
        address = _shared_database()
        try:
            with Store.open(address) as made:
                yield made
        finally:
            _empty(address)
    else:
        with Store.open(":memory:" if kind == "memory" else folder / "data", least_room=0) as made:
            yield made


@cache
def _shared_database() -> str:
    # Making a database and its tables takes half a second, emptying one a few milliseconds.
    stack = ExitStack()
    address = stack.enter_context(postgres.database())
    atexit.register(stack.close)  # after the server's own: what is registered last runs first
    return address


def _empty(address: str) -> None:
    emptied = [f'delete from "{table.name}"' for table in reversed(metadata.sorted_tables) if table.name != "meta"]
    emptied.append("delete from meta where name <> 'schema_version'")
    numbered = [table.name for table in metadata.sorted_tables if table.autoincrement_column is not None]
    with psycopg.connect(address, options="-c lock_timeout=5s") as conn:
        for statement in emptied + [f'alter sequence "{name}_id_seq" restart' for name in numbered]:
            conn.execute(statement.encode())


@pytest.fixture(params=EVERYWHERE)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store, on each kind of database in turn."""
    with opened(request.param, tmp_path) as made:
        yield made


def with_a_pair(store: Store) -> str:
    """A firm ``f`` with connections ``crm`` and ``inv`` and the pair ``p`` between them; returns the pair's id."""
    with store.write() as conn:
        conn.execute(insert(firm).values(id="f", name="Muster GmbH", created_at=NOW))
        for name, system in (("crm", "centralstation"), ("inv", "fastbill")):
            conn.execute(insert(connection).values(id=name, firm="f", system=system, name=system, created_at=NOW))
        conn.execute(insert(pair).values(id="p", firm="f", name="Muster", a="crm", b="inv", created_at=NOW))
    return "p"
