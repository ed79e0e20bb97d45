"""The way from a card of the CRM to our page of a new invoice: a menu entry where the login may place one, else a way of ours.

An entry is a write into somebody else's system: made after a person's yes, noted before it is sent, and taken away again.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from unisono.locale.say import say
from unisono.model.errors import SystemFault
from unisono.policy.files import parse_policy
from unisono.store import pairs
from unisono.store.pairs import ConnectionRow, PairRow
from unisono.wiring.hooks import note, public_address
from unisono.wiring.house import House
from unisono.wiring.rhythm import look_soon

PATH = "/card/"
"""How the path begins to which an entry leads."""
_KEPT = "entries"
"""The setting of a connection that holds the pairs whose entry stands on its cards."""


class NoEntry(ValueError):
    """No menu entry can be placed. ``args[0]`` is a code that says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How one comes from a card of the CRM to a new invoice. ``button``: the login may place an entry; ``link``: it may not, or the system has
    no such entries. ``why_not`` is a code: why none can be placed now."""

    means: Literal["button", "link"]
    title: str
    placed: bool
    why_not: str = ""


def way_in(house: House, pair_id: str) -> Way:
    """The way there is for a pair. Nobody is asked for it."""
    row, crm = _crm(house, pair_id)
    may = "button" in house.system(crm).capabilities.doors and _placements(crm.system) is not None
    there = row.id in crm.settings.get(_KEPT, ())
    why_not = "" if not may or public_address(house) else "no-address"
    return Way(means="button" if may else "link", title=house.capabilities(crm.system).title, placed=there, why_not=why_not)


def place_entry(house: House, pair_id: str, by: str) -> None:
    """Puts the entry on the cards. Raises ``NoEntry``, ``SystemFault``; may be repeated after one."""
    way, (row, crm) = way_in(house, pair_id), _crm(house, pair_id)
    if way.means != "button" or way.why_not:
        raise NoEntry(way.why_not or "not-here")
    with house.store.write() as conn:
        books = house.capabilities(pairs.get_connection(conn, row.b).system).title
        note(house, conn, crm, by, "entry-asked")
        # Kept before it is there: what was asked for must be found again by whoever takes it away.
        _keep(conn, crm, sorted({*crm.settings.get(_KEPT, ()), row.id}))
    title = say("entry.title", {"system": books}, parse_policy(row.policy).language)
    _placements(crm.system).place(house.system(_crm(house, pair_id)[1]), address_of(house, row.id), title)


def take_entry(house: House, pair_id: str, by: str) -> None:
    """Takes it away again. Raises ``SystemFault``; then it is still there, or may be."""
    row, crm = _crm(house, pair_id)
    if _placements(crm.system) is None:
        raise NoEntry("not-here")
    _placements(crm.system).unplace(house.system(crm), address_of(house, row.id))
    with house.store.write() as conn:
        note(house, conn, crm, by, "entry-taken")
        _keep(conn, crm, [one for one in crm.settings.get(_KEPT, ()) if one != row.id])


def drop_entry(house: House, pair_id: str, by: str) -> None:
    """The entry goes with its pair. Where the CRM cannot be reached it stays, and leads to a page that says nothing."""
    row, crm = _crm(house, pair_id)
    if row.id in crm.settings.get(_KEPT, ()):
        with suppress(SystemFault):
            take_entry(house, pair_id, by)


def address_of(house: House, pair_id: str) -> str:
    """Where an entry leads. Whoever opens it sees a link, and behind it a page that lets in whom it knows."""
    return f"{public_address(house).rstrip('/')}{PATH}{pair_id}"


@dataclass(frozen=True, slots=True)
class Pressed:
    """Somebody pressed the entry: the page it leads to, empty if the card cannot be told; the words; who may show them in a frame."""

    page: str
    words: str
    language: str
    frame: str


def pressed(house: House, pair_id: str, form: Mapping[str, str], language: str) -> Pressed | None:
    """What is shown to somebody who pressed the entry of a pair; ``None`` if there is no such pair, or no entry of its."""
    try:
        row, crm = _crm(house, pair_id)
    except KeyError:
        return None
    if row.state == "removed" or row.id not in crm.settings.get(_KEPT, ()):
        return None
    record = _placements(crm.system).pressed(form)
    if record:
        look_soon(house, row.id, "a")
    with house.store.read() as conn:
        books = house.capabilities(pairs.get_connection(conn, row.b).system).title
    page = f"{public_address(house).rstrip('/')}/pairs/{row.id}/invoice?record={quote(record, safe='')}" if record else ""
    words = say("entry.go" if page else "entry.astray", {"system": books}, language)
    portal = urlsplit(str(crm.settings.get("api") or "")).netloc or str(crm.login.get("portal") or "")
    return Pressed(page, words, language, _host(portal))


def _host(portal: str) -> str:
    """A portal as an origin that may frame our answer; nobody if its name cannot be one."""
    host = portal.removeprefix("https://").partition("/")[0].casefold()
    return f"https://{host}" if host and all(sign.isalnum() or sign in ".-:" for sign in host) else "'none'"


def _keep(conn: Any, crm: ConnectionRow, entries: list[str]) -> None:
    settings = {name: value for name, value in crm.settings.items() if name != _KEPT} | ({_KEPT: entries} if entries else {})
    pairs.update_connection(conn, crm.id, settings=settings)


def _crm(house: House, pair_id: str) -> tuple[PairRow, ConnectionRow]:
    with house.store.read() as conn:
        row = pairs.get_pair(conn, pair_id)
        return row, pairs.get_connection(conn, row.a)


def _placements(system: str) -> Any:
    try:
        return import_module(f"unisono.systems.{system}.placements")
    except ModuleNotFoundError:
        return None
