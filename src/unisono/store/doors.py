"""The store and its two doors: ``read()`` shows one unchanging picture, ``write()`` changes all or nothing.

Never call a vendor, wait for pace or sleep inside a door: on SQLite a writer keeps every other writer waiting, and a reader keeps the
journal from being folded in. A writer should be done within 100 ms.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Literal

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import ArgumentError, DBAPIError

from unisono.store import opening
from unisono.store.folder import DATABASE, CounterFile, Hold, UncleanMark, hold, make_folder, need_room
from unisono.store.refused import StoreRefused, from_database
from unisono.store.statements import driver

Dialect = Literal["sqlite", "postgresql"]
LEAST_ROOM = 16 * 1024 * 1024
"""Bytes that must be free on the disk for a store to open."""


class Store:
    """A database of Unisono, shared by the threads of a process. Made by ``Store.open``, ended by ``close``."""

    dialect: Dialect
    folder: Path | None
    """The data folder; ``None`` in memory and on PostgreSQL."""
    unsure: bool
    """The database is older than the folder remembers (restored, or the counter is gone). Its pairs were marked unsure at opening."""

    def __init__(self, engines: opening.Engines, place: str) -> None:
        self.dialect = engines.dialect
        self.folder = None
        self.unsure = False
        self._engines = engines
        self._place = place
        self._mark: UncleanMark | None = None
        self._counter: CounterFile | None = None
        self._inside = threading.local()
        # Fetching a connection from the pool costs more than the door. A server's may be lost by the next one: the pool looks after those.
        self._keeps = self.dialect == "sqlite"
        self._idle: dict[Engine, list[Connection]] = {engines.reader: [], engines.writer: []}
        # One writer at a time: in turn and without SQLite's polling. In memory there is one connection, so readers take turns too.
        self._turn = threading.Lock()
        self._writer_waits = self.dialect == "sqlite"
        self._reader_waits = engines.shared

    @classmethod
    def open(cls, target: str | Path, *, least_room: int = LEAST_ROOM) -> Store:
        """Opens a data folder, ``":memory:"`` or a PostgreSQL address (``postgresql://...``), and brings its tables up to date.

        A folder or database without tables gets them. Raises ``StoreRefused``; nothing is changed then.
        """
        if isinstance(target, str) and "://" in target:
            try:
                engines, place = opening.postgresql(target)
            except (ArgumentError, ValueError):  # both may repeat parts of it, a password too
                raise StoreRefused("store-address", {"place": target.split("://")[0] + "://..."}) from None
            return cls._ready(cls(engines, place), check=False)
        if target == ":memory:":
            return cls._ready(cls(opening.memory(), ":memory:"), check=False)
        return cls._open_folder(Path(target), least_room)

    @classmethod
    def _open_folder(cls, folder: Path, least_room: int) -> Store:
        make_folder(folder)
        mark = UncleanMark(folder)
        try:
            need_room(folder, least_room)
            opening.make_file(folder / DATABASE)
            counter = CounterFile(folder)
            store = cls(opening.sqlite(folder / DATABASE), str(folder / DATABASE))
            store.folder, store._mark, store._counter = folder, mark, counter
            cls._ready(store, check=mark.found)
            store.unsure = store._compare_counter(counter)
        except BaseException:
            mark.close(clean=not mark.found)
            raise
        return store

    @classmethod
    def _ready(cls, store: Store, *, check: bool) -> Store:
        try:
            with store._told():
                opening.prepare(store._engines, store._place, check=check)
        except BaseException:
            store._engines.dispose()
            raise
        return store

    def read(self) -> AbstractContextManager[Connection]:
        """A connection that sees one picture from its first query on, whatever is written meanwhile. Writing through it is an error."""
        return self._door(self._engines.reader, self._engines.begin_read, wait=self._reader_waits)

    def write(self) -> AbstractContextManager[Connection]:
        """A connection whose changes are kept together when the block ends, or not at all if it raises.

        On SQLite one writer at a time (others wait up to 5 s, then ``StoreRefused("store-busy")``); on PostgreSQL rows are locked as they
        are changed, so whoever reads before writing locks the lane first (``lanes.check_epoch``).
        """
        return self._door(self._engines.writer, self._engines.begin_write, wait=self._writer_waits)

    @contextmanager
    def counted(self) -> Iterator[Connection]:
        """``write()`` for a group of intents: counts the group in the database and, before any of them may be sent, beside it.

        A restored database is then behind its folder, which the next opening notices.
        """
        count: int | None = None
        with self.write() as conn:
            yield conn
            if self._counter is not None:
                count = opening.count_up(conn)
        if self._counter is not None and count is not None:
            self._counter.write(count)

    def hold(self) -> Hold | None:
        """The right to run lanes, for this process alone; ``None`` where leases alone decide (PostgreSQL, memory). See ``folder.hold``."""
        return hold(self.folder) if self.folder else None

    def close(self) -> None:
        """Ends every connection. Doors must be closed by then. May be called twice."""
        for idle in self._idle.values():
            while idle:
                idle.pop().close()
        self._engines.dispose()
        if self._mark is not None:
            self._mark.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _door(self, engine: Engine, begin: Callable[[Connection], None], *, wait: bool) -> AbstractContextManager[Connection]:
        if self._keeps:
            return _Door(
                self, engine, begin, self._turn if wait else None, watched=begin is self._engines.begin_read and self._engines.shared
            )
        return self._far_door(engine, begin)

    @contextmanager
    def _far_door(self, engine: Engine, begin: Callable[[Connection], None]) -> Iterator[Connection]:
        self._enter()
        try:
            with self._told(), engine.connect() as conn, conn.begin():
                begin(conn)
                yield conn
        finally:
            self._inside.door = False

    def _enter(self) -> None:
        if getattr(self._inside, "door", False):
            raise RuntimeError("a door of the store is open in this thread already: in memory there is only one connection")
        self._inside.door = True

    def _connection(self, engine: Engine) -> Connection:
        try:
            return self._idle[engine].pop()
        except IndexError:
            return engine.connect()

    @contextmanager
    def _told(self, *, reading: bool = False) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, sqlite3.Error) as error:
            refusal = from_database(error, self._place, reading=reading)
            if refusal is None:
                raise
            raise refusal from error

    def _compare_counter(self, counter: CounterFile) -> bool:
        with self.write() as conn:
            count = opening.count(conn)
            if counter.last is None and count == 0:
                counter.write(0)
            behind = counter.last is None or counter.last > count
            if behind:
                opening.mark_unsure(conn, max(count, counter.last or 0))
        if counter.last is None:
            counter.write(count)
        return behind


class _Door(AbstractContextManager[Connection]):
    """A door on SQLite, opened a hundred times a second: the driver begins and ends the transaction, and SQLAlchemy only if it was asked."""

    __slots__ = ("_before", "_begin", "_conn", "_engine", "_store", "_turn", "_watched")

    def __init__(
        self, store: Store, engine: Engine, begin: Callable[[Connection], None], turn: threading.Lock | None, *, watched: bool
    ) -> None:
        self._store, self._engine, self._begin, self._turn, self._watched = store, engine, begin, turn, watched
        self._before = 0

    def __enter__(self) -> Connection:
        store = self._store
        store._enter()
        try:
            if self._turn is not None:
                self._turn.acquire()
            try:
                conn = self._conn = store._connection(self._engine)
                try:
                    self._begin(conn)
                    if self._watched:
                        self._before = opening.changes(conn)
                    return conn
                except BaseException:
                    self._undone(conn)
                    raise
            except BaseException:
                if self._turn is not None:
                    self._turn.release()
                raise
        except BaseException as error:
            store._inside.door = False
            self._tell(error)
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        conn = self._conn
        try:
            if error is None:
                try:
                    if self._watched and opening.changes(conn) != self._before:
                        raise opening.written_while_reading()
                    if conn.in_transaction():
                        conn.commit()
                    else:
                        driver(conn).commit()
                except BaseException as late:
                    self._undone(conn)
                    self._tell(late)
                    raise
                self._store._idle[self._engine].append(conn)
            else:
                self._undone(conn)
                self._tell(error)
        finally:
            if self._turn is not None:
                self._turn.release()
            self._store._inside.door = False

    def _undone(self, conn: Connection) -> None:
        """Nothing of it stays; whatever the failure left behind, the pool clears it away."""
        try:
            if not conn.in_transaction():
                driver(conn).rollback()
        finally:
            conn.close()

    def _tell(self, error: BaseException) -> None:
        """Raises what the store says in the place of what the database said, if it says anything."""
        if isinstance(error, (DBAPIError, sqlite3.Error)):
            refusal = from_database(error, self._store._place, reading=self._begin is self._store._engines.begin_read)
            if refusal is not None:
                raise refusal from error
