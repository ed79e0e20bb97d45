"""The migrations lead to the very tables that a new database is given at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, insert, inspect, select, text

from tests.support import postgres
from tests.support.stores import FILE, POSTGRESQL
from unisono.store.doors import Store
from unisono.store.folder import DATABASE
from unisono.store.migrations import upgrade
from unisono.store.tables import SCHEMA_VERSION, firm, meta

BOTH = pytest.mark.parametrize("kind", (FILE, POSTGRESQL))


@contextmanager
def empty(kind: str, folder: Path) -> Iterator[Engine]:
    if kind == "postgresql":
        with postgres.database() as address:
            engine = create_engine(address.replace("postgresql:", "postgresql+psycopg:"))
            yield engine
            engine.dispose()
    else:
        folder.mkdir(exist_ok=True)
        engine = create_engine(f"sqlite:///{folder / DATABASE}")
        yield engine
        engine.dispose()


def target(engine: Engine) -> str | Path:
    if engine.dialect.name == "postgresql":
        return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return Path(str(engine.url.database)).parent


def shape(conn: Connection) -> dict[str, Any]:
    """Everything the database itself tells about its tables."""
    look = inspect(conn)
    return {
        table: {
            "columns": [
                (c["name"], str(c["type"]), getattr(c["type"], "collation", None), c["nullable"], c["default"])
                for c in look.get_columns(table)
            ],
            "without numbers": conn.dialect.name == "sqlite" and _is_without_numbers(conn, table),
            "key": look.get_pk_constraint(table)["constrained_columns"],
            "foreign": sorted((f["constrained_columns"], f["referred_table"], f["referred_columns"]) for f in look.get_foreign_keys(table)),
            "indexes": sorted(
                (str(i["name"]), i["column_names"], bool(i["unique"]), _where(i.get("dialect_options", {})))
                for i in look.get_indexes(table)
            ),
        }
        for table in sorted(look.get_table_names())
    }


def _is_without_numbers(conn: Connection, table: str) -> bool:
    return bool(conn.execute(text("select wr from pragma_table_list where name = :name"), {"name": table}).scalar_one())


def _where(options: dict[str, Any]) -> str:
    return next((str(value) for name, value in options.items() if name.endswith("_where")), "")


def revision(conn: Connection) -> str:
    return str(conn.execute(text("select version_num from alembic_version")).scalar_one())


@BOTH
def test_migrating_step_by_step_gives_the_tables_of_a_new_database(kind: str, tmp_path: Path) -> None:
    with empty(kind, tmp_path / "migrated") as engine, engine.begin() as conn:
        upgrade(conn)
        migrated, at = shape(conn), revision(conn)
    with empty(kind, tmp_path / "new") as engine:
        Store.open(target(engine), least_room=0).close()
        with engine.connect() as conn:
            made, begun_at = shape(conn), revision(conn)
    assert len(made) > 15
    assert any(index[3] for index in made["seen"]["indexes"]), "partial indexes are compared by their condition too"
    assert migrated == made
    assert (at, begun_at) == (f"{SCHEMA_VERSION:04d}",) * 2


@BOTH
def test_an_older_database_is_brought_up_to_date_at_opening(kind: str, tmp_path: Path) -> None:
    """Version 0, before any table of ours but the one that holds the version, stands for every older one."""
    with empty(kind, tmp_path) as engine:
        with engine.begin() as conn:
            conn.execute(text("create table alembic_version (version_num varchar(32) not null)"))
            if kind == "postgresql":
                upgrade(conn)
                conn.execute(insert(meta).values(name="schema_version", value="0"))
        if kind != "postgresql":
            with closing(sqlite3.connect(tmp_path / DATABASE)) as raw:
                raw.execute("pragma application_id = 1433299315")
        with Store.open(target(engine), least_room=0) as store, store.write() as conn:
            conn.execute(insert(firm).values(id="f", name="x", created_at=""))
        with Store.open(target(engine), least_room=0) as store, store.read() as conn:
            assert conn.execute(select(firm.c.id)).scalar_one() == "f"
            assert revision(conn) == f"{SCHEMA_VERSION:04d}"
            found = (
                conn.execute(select(meta.c.value).where(meta.c.name == "schema_version")).scalar_one()
                if kind == "postgresql"
                else str(conn.exec_driver_sql("pragma user_version").scalar_one())
            )
    assert found == str(SCHEMA_VERSION)


def test_a_migration_that_fails_leaves_the_old_database(tmp_path: Path) -> None:
    with empty("file", tmp_path) as engine:
        with engine.begin() as conn:
            conn.execute(text("create table alembic_version (version_num varchar(32) not null)"))
            conn.execute(text("create table seen (in_the_way text)"))
        with closing(sqlite3.connect(tmp_path / DATABASE)) as raw:
            raw.execute("pragma application_id = 1433299315")
        with pytest.raises(Exception, match="table seen already exists"):
            Store.open(tmp_path, least_room=0)
        with engine.connect() as conn:
            assert set(shape(conn)) == {"alembic_version", "seen"}
