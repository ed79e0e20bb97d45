"""A store whose transactions can fail, and that can be put back to an earlier hour: one a process, used by world after world."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from unisono.store.doors import Store


def no_listener(_: str) -> None:
    """Nobody listens."""


class FrailStore(Store):
    """``listen`` hears ``begin`` and ``commit`` of every writing door; what it raises at ``commit`` takes the transaction back.

    ``dead``: the process has ended; nothing of it reaches the database any more, whatever its last words try.
    """

    listen: Callable[[str], None] = staticmethod(no_listener)
    dead: BaseException | None = None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """See ``Store.write``."""
        if self.dead is not None:
            raise self.dead
        self.listen("begin")
        with super().write() as conn:
            yield conn
            if self.dead is not None:
                raise self.dead
            self.listen("commit")

    def freeze(self) -> bytes:
        """The whole database as it is."""
        with self.read() as conn:
            return _raw(conn).serialize()

    def thaw(self, image: bytes) -> None:
        """Puts a whole database in the place of this one."""
        with self._engines.writer.connect() as conn:
            _raw(conn).deserialize(image)


def _raw(conn: Connection) -> sqlite3.Connection:
    raw = conn.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw
