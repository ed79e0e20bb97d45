"""Why a store will not open or cannot go on, as a catalogue code and the values of its sentence."""

from __future__ import annotations

import errno
import sqlite3
from dataclasses import dataclass, field

from sqlalchemy.exc import DBAPIError


@dataclass(eq=False)
class StoreRefused(Exception):
    """The store cannot be used. ``code`` is a catalogue code whose sentence says what to do; ``values`` fill it.

    Opening: ``store-newer`` (found, known), ``store-no-database``, ``store-foreign`` (a database of another program), ``store-corrupt``
    (found), ``store-not-writable`` (reason), ``store-full`` (free, needed in bytes), ``store-in-use`` (pid), ``store-address``,
    ``store-unreachable`` (reason). Later too: ``store-full``, ``store-not-writable``, ``store-corrupt``, ``store-busy``, ``store-io``.
    Secrets: ``key-missing``, ``key-unknown``, ``key-file-unreadable``, ``secret-missing``, ``secret-damaged``.
    All but the last group carry ``place``: the path, or host and name of the database.
    """

    code: str
    values: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.code}({', '.join(f'{k}={v}' for k, v in self.values.items())})"


_READONLY = 8
# SQLite's primary result codes; the extended ones have them in the lowest byte.
_SQLITE = {
    5: "store-busy",
    _READONLY: "store-not-writable",
    10: "store-io",
    11: "store-corrupt",
    13: "store-full",
    14: "store-not-writable",
    26: "store-no-database",
}
# Its SQLSTATEs: disk full, cannot connect now, lock not available, data or index corrupted.
_POSTGRESQL = {
    "53100": "store-full",
    "57P03": "store-unreachable",
    "55P03": "store-busy",
    "XX001": "store-corrupt",
    "XX002": "store-corrupt",
}


def from_database(error: DBAPIError | sqlite3.Error, place: str, *, reading: bool = False) -> StoreRefused | None:
    """The refusal a driver's error stands for; ``None`` if it is about the statement (a violated key, say) and not about the store.

    ``reading``: a change was refused because the door is for reading, which is a mistake of the caller's.
    """
    told = error.orig if isinstance(error, DBAPIError) else error
    reason = " ".join(str(told).split())
    sqlite_code = getattr(told, "sqlite_errorcode", None)
    if sqlite_code is not None:
        code = None if reading and sqlite_code == _READONLY else _SQLITE.get(sqlite_code & 0xFF)
    else:
        state = getattr(told, "sqlstate", None)
        cut = isinstance(error, DBAPIError) and error.connection_invalidated
        lost = cut or (state is None and type(told).__name__ == "OperationalError")
        code = "store-unreachable" if lost or str(state)[:2] in ("08", "28", "3D") else _POSTGRESQL.get(str(state))
    return StoreRefused(code, {"place": place, "reason": reason}) if code else None


def from_system(error: OSError, place: str) -> StoreRefused:
    """The refusal an error of the file system stands for."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return StoreRefused("store-full" if full else "store-not-writable", {"place": place, "reason": error.strerror or str(error)})
