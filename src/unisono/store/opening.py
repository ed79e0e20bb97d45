"""How a database is reached, looked over and given its tables. Used by ``doors`` alone."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Literal

from msgspec import Struct
from sqlalchemy import Connection, Engine, Index, Table, bindparam, create_engine, event, insert, inspect, make_url, select, text, update
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool, StaticPool
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement

from unisono.store.refused import StoreRefused, from_system
from unisono.store.statements import Statement, driver
from unisono.store.tables import SCHEMA_VERSION, meta, metadata, pair

BUSY_SECONDS = 5
_OURS = 0x556E6973
"""``Unis`` as SQLite's application id: a database of another program is never touched."""
_POSTGRESQL_LOCK = 0x556E6973
_TEXTS = 500
"""Statements that a connection of SQLite keeps ready: more than there are here, in their usual lengths."""
_ROOM = ("pragma cache_size = -8000", "pragma wal_autocheckpoint = 4000")
"""A page of records touches up to 5 MiB of a large database's indexes. With less memory (KiB) SQLite writes them several times in one transaction;
with a shorter journal (pages of 4 KiB) it folds into the file after each what the next one changes again."""
_MODEL_TURN = threading.Lock()
_VERSION = "schema_version"
_COUNTER = "counter"


class Engines(Struct, frozen=True):
    """The connections behind the two doors. ``shared``: there is only one, for both, and the database does not keep a reader from writing."""

    dialect: Literal["sqlite", "postgresql"]
    reader: Engine
    writer: Engine
    begin_read: Callable[[Connection], None]
    begin_write: Callable[[Connection], None]
    shared: bool = False

    def dispose(self) -> None:
        """Closes the connections, the writer's last: SQLite then folds its journal into the file."""
        self.reader.dispose()
        self.writer.dispose()


def make_file(path: Path) -> None:
    """An empty database file for its owner alone, if there is none: SQLite's own would be readable by everybody."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise from_system(error, str(path)) from error


def sqlite(path: Path) -> Engines:
    """A SQLite file: durable commits, readers and writers side by side."""
    url = make_url("sqlite://").set(database=str(path))
    settings = {"check_same_thread": False, "isolation_level": None, "timeout": BUSY_SECONDS, "cached_statements": _TEXTS}
    reader, writer = (
        create_engine(url, poolclass=QueuePool, max_overflow=-1, hide_parameters=True, connect_args=settings) for _ in range(2)
    )
    _at_connect(reader, "pragma query_only = on")
    _at_connect(writer, "pragma foreign_keys = on", "pragma synchronous = full", *_ROOM)
    return Engines("sqlite", reader, writer, _begin, _begin_immediate)


def memory() -> Engines:
    """A SQLite database of this process alone, gone when it is closed. It has its tables already."""
    return _memory(_copied)


def _memory(creator: Callable[[], sqlite3.Connection]) -> Engines:
    engine = create_engine("sqlite://", poolclass=StaticPool, hide_parameters=True, creator=creator)
    _at_connect(engine, "pragma foreign_keys = on", "pragma synchronous = off")
    # ``query_only`` would keep a reader from writing, but to switch it makes SQLite forget all it has prepared: half of each short door.
    return Engines("sqlite", engine, engine, _begin, _begin_immediate, shared=True)


def _empty() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None, cached_statements=_TEXTS)


def _copied() -> sqlite3.Connection:
    made = _empty()
    with _MODEL_TURN:
        _model().backup(made)
    return made


@cache
def _model() -> sqlite3.Connection:
    """A database with our tables and nothing in them: copying its pages takes a tenth of making them."""
    engines = _memory(_empty)
    prepare(engines, ":memory:", check=False)
    with engines.writer.connect() as conn:
        return driver(conn)


def postgresql(address: str) -> tuple[Engines, str]:
    """A PostgreSQL database, and what to call it: no part of its login. Raises ``ArgumentError`` for an address that is none."""
    url = make_url(address)
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise StoreRefused("store-address", {"place": f"{url.get_backend_name()}://..."})
    engine = create_engine(url.set(drivername="postgresql+psycopg"), hide_parameters=True, pool_pre_ping=True, max_overflow=-1)
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    host = url.host or url.query.get("host") or "localhost"
    return Engines("postgresql", reader, engine, _no_words, _no_words), f"{host}/{url.database}"


def prepare(engines: Engines, place: str, *, check: bool) -> None:
    """Makes sure that the database is ours, whole (``check``: after a crash) and of this version. Raises ``StoreRefused``."""
    if engines.dialect == "sqlite":
        _prepare_sqlite(engines, place, check=check)
        return
    with engines.writer.begin() as conn:
        # Two processes may start on the same empty database.
        conn.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _POSTGRESQL_LOCK})
        tables = inspect(conn).get_table_names()
        if not tables:
            _create(conn)
            conn.execute(insert(meta).values(name=_VERSION, value=str(SCHEMA_VERSION)))
            return
        if meta.name not in tables:
            raise StoreRefused("store-foreign", {"place": place})
        found = conn.execute(select(meta.c.value).where(meta.c.name == _VERSION)).scalar()
        if _older(int(found or 0), place):
            _migrate(conn)
            conn.execute(update(meta).where(meta.c.name == _VERSION).values(value=str(SCHEMA_VERSION)))


def _prepare_sqlite(engines: Engines, place: str, *, check: bool) -> None:
    with engines.writer.connect() as conn:
        if check:
            _quick_check(conn, place)
        if not engines.shared:
            conn.exec_driver_sql("pragma journal_mode = wal")
        # Rebuilding a table with its keys enforced would empty the tables that point at it. Inside a transaction it is too late for this.
        conn.exec_driver_sql("pragma foreign_keys = off")
        conn.rollback()
        with conn.begin():
            _begin_immediate(conn)
            found, owner = _pragma(conn, "user_version"), _pragma(conn, "application_id")
            tables = int(conn.exec_driver_sql("select count(*) from sqlite_master").scalar() or 0)
            if owner != _OURS and (tables or found or owner):
                raise StoreRefused("store-foreign", {"place": place})
            if not tables:
                _create(conn)
            elif _older(found, place):
                _migrate(conn)
                broken = conn.exec_driver_sql("pragma foreign_key_check").first()
                if broken is not None:
                    raise StoreRefused("store-corrupt", {"place": place, "found": f"{broken[0]} -> {broken[2]}"})
            if (owner, found) != (_OURS, SCHEMA_VERSION):  # else each start would wait for the disk
                conn.exec_driver_sql(f"pragma application_id = {_OURS}")
                conn.exec_driver_sql(f"pragma user_version = {SCHEMA_VERSION}")
        conn.exec_driver_sql("pragma foreign_keys = on")


def _quick_check(conn: Connection, place: str) -> None:
    found = [str(row[0]) for row in conn.exec_driver_sql("pragma quick_check(3)")]
    if found != ["ok"]:
        raise StoreRefused("store-corrupt", {"place": place, "found": "; ".join(found)})


def _older(found: int, place: str) -> bool:
    if found > SCHEMA_VERSION:
        raise StoreRefused("store-newer", {"place": place, "found": str(found), "known": str(SCHEMA_VERSION)})
    return found < SCHEMA_VERSION


def _create(conn: Connection) -> None:
    # As the migrations would have left it, without loading what runs them: a test holds the two together.
    if conn.dialect.name == "sqlite":
        for words in _words():
            driver(conn).execute(words)
    else:
        for table in metadata.sorted_tables:
            for index in table.indexes:
                # Said for SQLite alone where the tables are: naming PostgreSQL there would load its dialect at every start.
                index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]
        metadata.create_all(conn, checkfirst=False)
    conn.exec_driver_sql("create table alembic_version (version_num varchar(32) not null constraint alembic_version_pkc primary key)")
    conn.execute(text("insert into alembic_version values (:revision)"), {"revision": f"{SCHEMA_VERSION:04d}"})


@cache
def _words() -> tuple[str, ...]:
    """What ``metadata.create_all`` says on SQLite, put together once."""
    spoken = sqlite_dialect()
    made: list[ExecutableDDLElement] = []
    for table in metadata.sorted_tables:
        made += [CreateTable(table), *map(CreateIndex, _in_order(table))]
    return tuple(str(part.compile(dialect=spoken)) for part in made)


def _in_order(table: Table) -> list[Index]:
    return sorted(table.indexes, key=lambda index: str(index.name))


def _migrate(conn: Connection) -> None:
    from unisono.store.migrations import upgrade

    upgrade(conn)


def count(conn: Connection) -> int:
    """The groups of writes this database knows of."""
    return int(_COUNTED.value(conn, name=_COUNTER) or 0)


def count_up(conn: Connection) -> int:
    """One group more, in the caller's transaction."""
    return _set_count(conn, count(conn) + 1)


def mark_unsure(conn: Connection, counter: int) -> None:
    """Every pair looks before it creates until a whole pull has ended; the count goes on from what the folder remembers."""
    conn.execute(update(pair).values(unsure=1))
    _set_count(conn, counter)


def _set_count(conn: Connection, value: int) -> int:
    if not _COUNT.run(conn, b_name=_COUNTER, value=str(value)):
        _BEGIN_COUNT.run(conn, name=_COUNTER, value=str(value))
    return value


_COUNTED = Statement(lambda _: select(meta.c.value).where(meta.c.name == bindparam("name")))
_COUNT = Statement(lambda _: update(meta).where(meta.c.name == bindparam("b_name")))
_BEGIN_COUNT = Statement(lambda _: insert(meta))


def _pragma(conn: Connection, name: str) -> int:
    return int(conn.exec_driver_sql(f"pragma {name}").scalar() or 0)


def _at_connect(engine: Engine, *statements: str) -> None:
    @event.listens_for(engine, "connect")
    def settle(connection: object, _record: object) -> None:
        for statement in statements:
            connection.execute(statement)  # type: ignore[attr-defined]


def _begin(conn: Connection) -> None:
    driver(conn).execute("begin")


def _begin_immediate(conn: Connection) -> None:
    driver(conn).execute("begin immediate")


def changes(conn: Connection) -> int:
    """How many rows a connection of SQLite has changed so far."""
    return driver(conn).total_changes


def written_while_reading() -> OperationalError:
    """What a reading door says that is told apart only afterwards."""
    told = sqlite3.OperationalError("attempt to write a readonly database")
    told.sqlite_errorcode = sqlite3.SQLITE_READONLY
    return OperationalError("", None, told, hide_parameters=True)


def _no_words(_conn: Connection) -> None:
    """PostgreSQL's driver begins by itself, in the way the engine says."""
