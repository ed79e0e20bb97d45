"""A statement of the store: written once, put into words at first use, run many times with other values.

Building a query costs several times what SQLite needs to answer it, and so does carrying each answer through SQLAlchemy. SQLite is
asked here by its driver, in this process, with the text that SQLAlchemy made once; a row is a plain tuple. On PostgreSQL the way to the
server decides, and SQLAlchemy goes it.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import CompoundSelect, Connection, Delete, Insert, Select, Update, exc

Built = Select[Any] | CompoundSelect[Any] | Insert | Update | Delete
_LIST = re.compile(r"\(__\[POSTCOMPILE_(\w+)\]\)")
_NOTHING = "(select 1 where 0)"
_PORTION = 500


class Statement:
    """One statement, in which ``bindparam`` stands for each value. ``build`` may ask the connection where the databases differ.

    As with SQLAlchemy, an insert adds the columns named when it is run, and an update without ``values`` sets those. A parameter of a
    condition must not be called like a column that is set: ``b_key``. A list (``expanding=True``) has at most ``dialect.MOST_KEYS`` members.
    """

    __slots__ = ("_build", "_built", "_texts")

    def __init__(self, build: Callable[[Connection], Built]) -> None:
        self._build = build
        self._built: dict[str, Built] = {}
        self._texts: dict[tuple[str, ...], _Text] = {}

    def rows(self, conn: Connection, /, **values: Any) -> Sequence[tuple[Any, ...]]:
        """All rows at once."""
        if conn.dialect.name == "sqlite":
            return self._asked(conn, values).fetchall()
        return conn.execute(self._for(conn), values).all()

    def each(self, conn: Connection, /, **values: Any) -> Iterator[tuple[Any, ...]]:
        """One row after the other: for more than one wants to hold."""
        if conn.dialect.name == "sqlite":
            cursor = self._asked(conn, values)
            while some := cursor.fetchmany(_PORTION):
                yield from some
        else:
            with conn.execute(self._for(conn), values, execution_options={"yield_per": _PORTION}) as found:
                yield from found

    def row(self, conn: Connection, /, **values: Any) -> tuple[Any, ...] | None:
        """The first row, if there is one."""
        found = self.rows(conn, **values)
        return found[0] if found else None

    def value(self, conn: Connection, /, **values: Any) -> Any:
        """The first column of the first row; ``None`` without one."""
        found = self.rows(conn, **values)
        return found[0][0] if found else None

    def run(self, conn: Connection, /, **values: Any) -> int:
        """Changes something; how many rows it met."""
        if conn.dialect.name == "sqlite":
            return self._asked(conn, values).rowcount
        return conn.execute(self._for(conn), values).rowcount

    def run_many(self, conn: Connection, rows: Sequence[Mapping[str, Any]], /, **values: Any) -> None:
        """Once for each row of values, as one prepared statement; ``values`` are the same for all. All rows name the same columns."""
        if not rows:
            return
        together = [{**values, **row} for row in rows] if values else rows
        if conn.dialect.name == "sqlite":
            text = self._text(conn, together[0])
            try:
                driver(conn).executemany(text.plain, map(text.ordered, together))
            except sqlite3.Error as error:
                raise _wrapped(error, text.plain) from error
        else:
            conn.execute(self._for(conn), [dict(row) for row in together])

    def _asked(self, conn: Connection, values: Mapping[str, Any]) -> sqlite3.Cursor:
        text, ordered = self._text(conn, values).filled(values)
        try:
            return driver(conn).execute(text, ordered)
        except sqlite3.Error as error:
            raise _wrapped(error, text) from error

    def _text(self, conn: Connection, values: Mapping[str, Any]) -> _Text:
        names = tuple(values)
        known = self._texts.get(names)
        if known is None:
            known = self._texts[names] = _Text(self._for(conn), conn, names)
        return known

    def _for(self, conn: Connection) -> Built:
        dialect = conn.dialect.name
        known = self._built.get(dialect)
        if known is None:
            known = self._built[dialect] = self._build(conn)
        return known


class _Text:
    """A statement as SQLite reads it, and the order in which it wants the values."""

    __slots__ = ("_fixed", "_lists", "_names", "_pick", "_sized", "plain")

    def __init__(self, built: Built, conn: Connection, names: tuple[str, ...]) -> None:
        compiled: Any = built.compile(dialect=conn.dialect, column_keys=list(names))
        self.plain: str = compiled.string
        self._names: tuple[str, ...] = tuple(compiled.positiontup)
        free = {name for name in self._names if compiled.binds[name].required}
        if free - set(names) or set(names) - set(self._names):
            raise TypeError(f"wants {sorted(free)}, is given {sorted(names)}: {self.plain}")
        self._fixed = {name: value for name, value in compiled.params.items() if name in self._names and name not in names}
        self._lists = frozenset(_LIST.findall(self.plain))
        self._sized: dict[tuple[int, ...], str] = {}
        self._pick: Callable[[Mapping[str, Any]], Any] = itemgetter(*self._names) if self._names else lambda _: ()

    def ordered(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values one after the other."""
        if self._fixed:
            values = {**self._fixed, **values}
        found: Any = self._pick(values)
        return found if len(self._names) != 1 else (found,)

    def filled(self, values: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
        """The text with a place for each member of a list, and the values."""
        if not self._lists:
            return self.plain, self.ordered(values)
        given = {**self._fixed, **values}
        sizes, out = [], []
        for name in self._names:
            if name not in self._lists:
                out.append(given[name])
                continue
            members = given[name]
            # Few lengths are few texts, which the driver remembers: the last member is repeated up to the next power of two.
            size = 1 << (len(members) - 1).bit_length() if members else 0
            sizes.append(size)
            out.extend(members)
            out.extend(members[-1:] * (size - len(members)))
        return self._for_sizes(tuple(sizes)), tuple(out)

    def _for_sizes(self, sizes: tuple[int, ...]) -> str:
        known = self._sized.get(sizes)
        if known is None:
            rest = iter(sizes)
            known = self._sized[sizes] = _LIST.sub(lambda _: _places(next(rest)), self.plain)
        return known


def _places(size: int) -> str:
    return f"({', '.join('?' * size)})" if size else _NOTHING


def driver(conn: Connection) -> sqlite3.Connection:
    """SQLite's own connection behind one of SQLAlchemy's."""
    # For SQLite the connection of its driver is the driver's own: asked for directly, because each statement asks.
    return conn.connection.dbapi_connection  # type: ignore[return-value]


def _wrapped(error: sqlite3.Error, text: str) -> exc.DBAPIError:
    """The error as SQLAlchemy raises it, whichever way the statement went. It never shows the values."""
    known = {kind.__name__: kind for kind in (exc.IntegrityError, exc.OperationalError, exc.ProgrammingError, exc.InterfaceError)}
    return known.get(type(error).__name__, exc.DatabaseError)(text, None, error, hide_parameters=True)
