"""Who stands at the doors for vendors: lets in what carries the right secret, counts what does not, and keeps what came, unread.

Nothing of a body is believed here. What a call tells is a hint at most, and is looked into by the runner (``hints``). Where a vendor sends keys
along, its own part of the product takes them out before anything is kept.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from typing import Any

from unisono.store import inbox, pairs
from unisono.store.inbox import HookRow
from unisono.wiring.hooks import PATH, SIGNED_BY
from unisono.wiring.house import House

MOST = 256 * 1024
"""Bytes of one call."""
A_SECOND = 20
"""Calls a second that one door takes."""
TYPES = frozenset({"application/json"})
"""What most vendors say they send; one that sends otherwise says so. Anything else is not from them."""
_LOOKED = timedelta(seconds=5)
_AGAIN = timedelta(seconds=1)
_NOBODYS = inbox.secret_hash("")


@dataclass(frozen=True, slots=True)
class Place:
    """A door at which a call was let in."""

    hook: str
    connection: str


@dataclass(slots=True)
class _Pace:
    """A bucket of calls, filled anew with every second."""

    at: datetime
    left: float = A_SECOND

    def takes(self, now: datetime) -> bool:
        passed = max(0.0, (now - self.at).total_seconds())
        self.left, self.at = min(A_SECOND, self.left + passed * A_SECOND), now
        if self.left < 1:
            return False
        self.left -= 1
        return True


@dataclass(kw_only=True)
class Doorkeeper:
    """Made once for a process; threads may share it."""

    house: House
    _doors: dict[str, HookRow] = field(default_factory=dict)
    _systems: dict[str, str] = field(default_factory=dict)
    """Connection -> the name of its system."""
    _keys: dict[str, str] = field(default_factory=dict)
    """Connection -> the key that its vendor's notices are signed with (its public half), where they are and it is known."""
    _paces: dict[str, _Pace] = field(default_factory=dict)
    _refused: dict[str, int] = field(default_factory=dict)
    _strays: int = 0
    _read_at: datetime | None = None
    _told_at: datetime | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def knock(self, method: str, path: str, kind: str, declared: int) -> Place | None:
        """Who may come in, judged by everything but the body: ``path`` with its secret, content type, the length that was announced."""
        now = self.house.clock.now()
        parts = path.removeprefix(PATH).split("/")
        name, secret = parts if len(parts) == 2 else ("", "")
        with self._lock:
            door = self._door(name, now)
            fits = hmac.compare_digest(inbox.secret_hash(secret), door.hash if door is not None and door.hash else _NOBODYS)
            if door is None or not fits or not secret:
                self._count(door.id if door is not None else "")
                return None
            types = getattr(notices_of(self._systems.get(door.connection, "")), "TYPES", TYPES)
            ours = method == "POST" and kind.partition(";")[0].strip().casefold() in types and declared <= MOST
            pace = self._paces.setdefault(door.id, _Pace(now))
            if not ours or not pace.takes(now):
                self._count(door.id)
                return None
        return Place(door.id, door.connection)

    def keep(self, place: Place, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Keeps what came in, as it is, but for a vendor's keys. Where too much lies there unread, the next look at everything has to do.

        ``headers`` have lower-case names. Where the vendor signs its notices and its key is known, one without its signature is refused.
        """
        now = self.house.clock.now()
        notices = notices_of(self._systems.get(place.connection, ""))
        key = self._keys.get(place.connection, "")
        if key and not notices.genuine(body, (headers or {}).get(notices.SIGNATURE, ""), key):
            self.refuse(place)
            return
        bare = getattr(notices, "bare", None)
        body = bare(body) if bare is not None else body
        with self.house.store.write() as conn:
            kept = inbox.put(conn, place.hook, place.connection, body, now)
        if not kept:
            self.refuse(place)

    def refuse(self, place: Place) -> None:
        """A call that was let in, and then was longer than it may be or never ended."""
        with self._lock:
            self._count(place.hook)

    def write_down(self) -> None:
        """What was counted, into the store: at most once a second, and whenever somebody wants to read it."""
        with self._lock:
            refused, strays, now = self._refused, self._strays, self.house.clock.now()
            self._refused, self._strays, self._told_at = {}, 0, now
        if refused or strays:
            with self.house.store.write() as conn:
                for name, count in refused.items():
                    inbox.count_at(conn, name, count, now)
                if strays:
                    inbox.count_strays(conn, strays, now)

    @property
    def due(self) -> bool:
        """Whether what was counted should be written down: a flood must not become a flood of writes."""
        with self._lock:
            counted = bool(self._refused or self._strays)
            return counted and (self._told_at is None or self.house.clock.now() - self._told_at >= _AGAIN)

    def _count(self, hook: str) -> None:
        if hook:
            self._refused[hook] = self._refused.get(hook, 0) + 1
        else:
            self._strays += 1

    def _door(self, name: str, now: datetime) -> HookRow | None:
        """A door by its name. They are read anew every few seconds; for one that is not known, at most once a second."""
        age = None if self._read_at is None else abs(now - self._read_at)
        if age is None or age >= _LOOKED or (name not in self._doors and age >= _AGAIN):
            with self.house.store.read() as conn:
                self._doors = {one.id: one for one in inbox.hooks(conn) if one.state in ("asked", "open")}
                behind = {one.connection for one in self._doors.values()}
                rows = {one: pairs.get_connection(conn, one) for one in behind}
            self._systems = {one: row.system for one, row in rows.items()}
            self._keys = {one: str(row.proven[SIGNED_BY]) for one, row in rows.items() if row.proven.get(SIGNED_BY)}
            self._paces = {name: pace for name, pace in self._paces.items() if name in self._doors}
            self._read_at = now
        return self._doors.get(name)


@cache
def notices_of(system: str) -> Any:
    """What a system's folder knows of its vendor's notices; ``None`` where there is no such thing.

    ``extract(body)`` names the rows a notice is about. Besides, where it applies: ``TYPES`` (what is sent), ``genuine(body, signature, key)``
    with ``SIGNATURE`` (the header that carries one), ``bare(body)`` (what may be kept of it), ``sender(body)`` (by which entries a notice
    proves whose it is), ``urgent(body)`` (whether the login is to be tried at once).
    """
    name = f"unisono.systems.{system}.webhook"
    try:
        return import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name not in (name, f"unisono.systems.{system}"):
            raise
        return None
