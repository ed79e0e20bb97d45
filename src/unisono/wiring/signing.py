"""Signing in at a vendor's own page: where the browser is sent, and what comes back believed only from the session that went there.

What was begun lives in this process alone, for a quarter of an hour, and is taken up once.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from unisono.model.capability import signed_in, ways_in
from unisono.model.errors import Refused
from unisono.model.secret import Secret
from unisono.store import pairs
from unisono.store.secrets import get_secret
from unisono.wiring.hooks import forget_sender
from unisono.wiring.house import House
from unisono.wiring.people import digest, secret_of
from unisono.wiring.setup import Connection, keep_login, own_host, store_connection, typed

LIFE = timedelta(minutes=15)
MOST = 50
"""So many may be under way at once; the oldest is forgotten."""


class NotOurs(ValueError):
    """What came back was not begun here, not by this session, too long ago, or was taken up already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Somebody is away at a vendor. ``connection`` is the one that gets other keys; empty: a new one."""

    firm: str
    system: str
    login: Mapping[str, str | Secret] = field(repr=False)
    settings: Mapping[str, Any]
    connection: str
    session: str = field(repr=False)
    until: datetime
    address: str = field(repr=False)
    """Where the browser is sent."""


class Aways:
    """Who is away signing in. Made once for a process; threads may share it."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._begun: dict[str, Begun] = {}
        self._turn = threading.Lock()

    def begin(self, firm: str, system: str, login: Mapping[str, str], settings: Mapping[str, Any], session: str) -> Begun:
        """A new connection is to be signed in. Nothing is asked of the vendor and nothing stored.

        Raises ``MissingLogin``, ``Refused`` (a host that is no place to send a key to).
        """
        fields = signed_in(self._house.capabilities(system), str(settings.get("login") or "")).login
        given = typed(fields, login)
        settings = dict(settings) | own_host(self._house, system, given, settings)
        return self._away(Begun(firm=firm, system=system, login=given, settings=settings, connection="", **self._mine(session)))

    def begin_again(self, connection_id: str, login: Mapping[str, str], session: str) -> Begun:
        """A connection is to get other keys. Fields that are not given stay as they are stored."""
        house = self._house
        with house.store.read() as conn:
            row = pairs.get_connection(conn, connection_id)
            known: dict[str, str | Secret] = {
                one.name: get_secret(conn, house.ring, row.id, one.name) if one.secret else row.login.get(one.name, "")
                for one in signed_in(house.capabilities(row.system), str(row.settings.get("login") or "")).login
                if not one.issued
            }
        given = {
            name: (Secret(new) if isinstance(old, Secret) else new) if (new := login.get(name, "").strip()) else old
            for name, old in known.items()
        }
        settings = row.settings | row.proven
        return self._away(Begun(firm=row.firm, system=row.system, login=given, settings=settings, connection=row.id, **self._mine(session)))

    def take(self, state: str, session: str) -> Begun:
        """What was begun with a state, once. Raises ``NotOurs``."""
        with self._turn:
            begun = self._begun.pop(digest(state, "away"), None)
        if begun is None or not self._house.clock.now() < begun.until:
            raise NotOurs
        if not hmac.compare_digest(begun.session.encode(), session.encode()):
            raise NotOurs
        return begun

    def _mine(self, session: str) -> dict[str, Any]:
        return {"session": session, "until": self._house.clock.now() + LIFE, "address": ""}

    def _away(self, begun: Begun) -> Begun:
        state = secret_of(self._house)
        address = _page(begun.system).address(begun.login, begun.settings, state)
        now = self._house.clock.now()
        begun = replace(begun, address=address)
        with self._turn:
            kept = [(name, one) for name, one in self._begun.items() if one.until > now][-(MOST - 1) :]
            self._begun = dict(kept) | {digest(state, "away"): begun}
        return begun


def come_back(house: House, begun: Begun, code: str) -> Connection:
    """The browser is back with a code: the keys it stands for are fetched, tried and stored.

    Raises ``SystemFault``; ``WrongAccount`` for other keys that open another account.
    """
    if not code:
        raise Refused("not-let-in", {"system": house.capabilities(begun.system).title})
    connection_id = begun.connection or house.ids.new()
    door = house.door_to(begun.system, connection_id, begun.login, begun.settings)
    issued = _page(begun.system).redeem(door, begun.login, begun.settings, Secret(code))
    given = {**begun.login, **issued.keys}
    if begun.connection:
        with house.store.read() as conn:
            row = pairs.get_connection(conn, connection_id)
        made = Connection(connection_id, keep_login(house, row, given, issued.proven))
        with house.store.write() as conn:
            # An app that was installed anew sends its notices with another token.
            forget_sender(conn, pairs.get_connection(conn, connection_id))
        return made
    system = house.open_system(begun.system, connection_id, given, {**begun.settings, **issued.proven})
    identity = system.identify()
    store_connection(house, begun.firm, begun.system, connection_id, given, begun.settings, identity, proven=issued.proven)
    return Connection(connection_id, identity)


def has_own_page(house: House, system: str, way: str = "") -> bool:
    """Whether a login begins at the vendor's own page. Raises ``KeyError`` for a way there is not."""
    return any(one.issued for one in signed_in(house.capabilities(system), way).login)


def way_named(house: House, system: str, word: str) -> str:
    """The way to sign in that a person means: its name, or the last part of it. Raises ``KeyError``."""
    ways = ways_in(house.capabilities(system))
    found = [way for way in ways if word == way or way.endswith(f"-{word}")]
    if len(found) != 1:
        raise KeyError(word)
    return found[0]


def _page(system: str) -> Any:
    return import_module(f"unisono.systems.{system}.login")
