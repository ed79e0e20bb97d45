"""Setting up: a connection with its key tested on the spot, a pair, its release."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from sqlalchemy import Connection as Conn

from unisono.connect.hosts import check_host, checked_url
from unisono.connect.port import Identity, System
from unisono.engine.changes import vanishing
from unisono.model.capability import LoginField, signed_in
from unisono.model.errors import Refused, SystemFault
from unisono.model.record import Kind, Record, Side, label_of, other
from unisono.model.secret import Secret
from unisono.store import asking, links, pairs, secrets, seen, work
from unisono.store.pairs import ConnectionRow
from unisono.store.stamps import stamp
from unisono.wiring.hooks import close_unused
from unisono.wiring.house import House
from unisono.wiring.placing import drop_entry

_HOST_FIELD = re.compile(r"\{(\w+)\}")
"""The login field that stands for the host in the address of a system."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection that was set up: its id, and the account its key opens (``None`` where the vendor does not say)."""

    id: str
    identity: Identity | None


class MissingLogin(ValueError):
    """A login field was not given. ``args[0]`` is its name."""


def connect(house: House, firm: str, system: str, login: Mapping[str, str], settings: Mapping[str, Any], *, name: str = "") -> Connection:
    """Tests a login and stores it, the secret fields encrypted. ``settings["login"]`` is the way to sign in where there are several.

    Nothing is stored if the login does not work. Raises ``MissingLogin``, ``KeyError`` (no such system), ``SystemFault``; ``NotTyped`` for a
    login whose keys the vendor issues: that begins at its own page (``signing``).
    """
    fields = signed_in(house.capabilities(system), str(settings.get("login") or "")).login
    if any(field.issued for field in fields):
        raise NotTyped(system)
    given = typed(fields, login)
    settings = {**settings, **own_host(house, system, given, settings)}
    connection_id = house.ids.new()
    identity = house.open_system(system, connection_id, given, settings).identify()
    store_connection(house, firm, system, connection_id, given, settings, identity, name)
    return Connection(connection_id, identity)


class NotTyped(ValueError):
    """The keys of a login are issued by the vendor at its own page, and typed by nobody."""


def typed(fields: Iterable[LoginField], login: Mapping[str, str]) -> dict[str, str | Secret]:
    """What a person typed of a login. Raises ``MissingLogin``."""
    given: dict[str, str | Secret] = {}
    for field in fields:
        value = login.get(field.name, "").strip()
        if field.issued:
            continue
        if not value:
            raise MissingLogin(field.name)
        given[field.name] = Secret(value) if field.secret else value
    return given


def store_connection(
    house: House,
    firm: str,
    system: str,
    connection_id: str,
    given: Mapping[str, str | Secret],
    settings: Mapping[str, Any],
    identity: Identity | None,
    name: str = "",
    proven: Mapping[str, Any] | None = None,
) -> None:
    """A connection whose login was tested: all of it in one transaction."""
    with house.store.write() as conn:
        plain = {k: v for k, v in given.items() if isinstance(v, str)}
        title = name or house.capabilities(system).title
        pairs.add_connection(conn, connection_id, firm, system, title, plain, settings, house.clock.now())
        store_keys(house, conn, connection_id, given)
        pairs.update_connection(conn, connection_id, identity=identity.account if identity else "", proven=dict(proven or {}))


def store_keys(house: House, conn: Conn, connection_id: str, given: Mapping[str, str | Secret]) -> None:
    """The secret fields of a login, encrypted."""
    for name, value in given.items():
        if isinstance(value, Secret):
            secrets.put_secret(conn, house.ring, connection_id, name, value, house.clock.now())


def own_host(house: House, system: str, given: Mapping[str, str | Secret], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Where a program stands on a host of the firm's own: ``api`` and the address it was ``pinned`` to; nothing for the vendor's own hosts.

    ``settings["private"]`` is an administrator's word that it stands in the own network. Raises ``Refused`` as ``hosts.check_host``.
    """
    capabilities = house.capabilities(system)
    place = _HOST_FIELD.search(capabilities.api)
    if place is None or ("api" in settings and "pinned" not in settings):
        return {}
    base = capabilities.api.replace(place[0], str(given.get(place[1], "")).strip().removeprefix("https://").partition("/")[0])
    try:
        checked_url(base, capabilities.hosts)
    except Refused:
        if not capabilities.own_host:
            raise
    else:
        return {}
    found = check_host(base, house.outward.resolve, private_allowed=bool(settings.get("private")))
    return {"api": found.base, "pinned": found.address}


def replace_key(house: House, connection_id: str, login: Mapping[str, str], *, sure: bool = False) -> Identity | None:
    """Tests and stores a new key for a connection. ``sure``: a person says that it is the same account, though nobody linked is there.

    Raises ``SystemFault``; ``WrongAccount`` if it opens another company's account, ``NobodyKnown`` where only a person can tell.
    """
    with house.store.read() as conn:
        row = pairs.get_connection(conn, connection_id)
    fields = signed_in(house.capabilities(row.system), str(row.settings.get("login") or "")).login
    if any(field.issued for field in fields):
        raise NotTyped(row.system)
    given: dict[str, str | Secret] = {
        f.name: Secret(login[f.name]) if f.secret else login.get(f.name, row.login.get(f.name, ""))
        for f in fields
        if f.name in login or not f.secret
    }
    return keep_login(house, row, given, sure=sure)


def keep_login(
    house: House,
    row: ConnectionRow,
    given: Mapping[str, str | Secret],
    proven: Mapping[str, Any] | None = None,
    *,
    sure: bool = False,
) -> Identity | None:
    """Another login for a connection, tested and stored. ``sure`` and what it raises: as ``replace_key``."""
    settings = row.settings | own_host(house, row.system, given, row.settings)
    proven = row.proven | dict(proven or {})
    system = house.open_system(row.system, row.id, given, settings | proven)
    identity = system.identify()
    if identity is not None and row.identity and identity.account != row.identity:
        raise WrongAccount(row.identity, identity.account)
    if identity is None:
        _same_records(house, row.id, system, sure=sure)
    with house.store.write() as conn:
        store_keys(house, conn, row.id, given)
        plain = {k: v for k, v in given.items() if isinstance(v, str)}
        pairs.update_connection(conn, row.id, login=plain, settings=settings, proven=proven, state="ok", told="", next_poll="")
    house.forget_system(row.id)
    return identity


def _same_records(house: House, connection_id: str, system: System, *, sure: bool) -> None:
    """Where a vendor does not say whose account it is, a few linked records are read, customers and the quotes made for them. Other records
    under their keys mean another company's account. None of them there means that too, unless somebody deleted them all: ``sure`` says so."""
    told = []
    for kind, key, row in _linked_records(house, connection_id):
        raw = system.read(*system.locate(kind, key))
        now = next((r for r in system.records(raw) if (r.kind, r.key) == (kind, key)), None) if raw is not None else None
        if now is not None and (label_of(now) == label_of(row) or (now.created and now.created == row.created)):
            return
        told.append((label_of(row), label_of(now) if now is not None else _NOBODY))
    other_there = [one for one in told if one[1] != _NOBODY]
    if other_there:
        raise WrongAccount(*other_there[0])
    if told and not sure:
        raise NobodyKnown(*told[0])


def _linked_records(house: House, connection_id: str) -> list[tuple[Kind, str, Record]]:
    """A few linked records of a connection as they were seen last: kind, key there, the record. One that was made and never read since is known by
    the one it was made from."""
    out: list[tuple[Kind, str, Record]] = []
    with house.store.read() as conn:
        for kind in _TELLING:
            for pair in pairs.pairs_on(conn, connection_id):
                side: Side = "a" if pair.a == connection_id else "b"
                keys = links.some_keys(conn, pair.id, side, 3, kind)
                made_from = {key: link.key(other(side)) for key, link in links.links_of(conn, pair.id, kind, side, keys).items()}
                mine = seen.get_many(conn, connection_id, kind, keys)
                theirs = seen.get_many(conn, pair.b if side == "a" else pair.a, kind, list(made_from.values()))
                rows = ((key, mine.get(key) or theirs.get(made_from.get(key, ""))) for key in keys)
                out += [(kind, key, row.record) for key, row in rows if row is not None]
    return out


_TELLING: tuple[Kind, ...] = ("party", "quote")
_NOBODY = "-"


class WrongAccount(ValueError):
    """A key opens another account than the links were made with: nothing is written."""


class NobodyKnown(WrongAccount):
    """A key opens an account in which none of the linked records is: another company's, or one whose customers were all deleted."""


class NoSuchField(ValueError):
    """A custom field of that name is not there. ``args``: the name, the names that are."""


def custom_fields(house: House, connection_id: str) -> list[tuple[str, str]]:
    """The live list of an account's custom fields, (category, name), for a person to choose from; none where a system has no such thing."""
    row, setup = _setup_of(house, connection_id)
    return [(one.category, one.name) for one in setup.custom_field_types(house.system(row))] if setup else []


def bind_fields(house: House, connection_id: str, names: Mapping[str, str]) -> dict[str, Any]:
    """Ties canonical fields (``tax_id``, ``number``) to custom fields by name, in every category that has one. Raises ``NoSuchField``."""
    row, setup = _setup_of(house, connection_id)
    known = setup.custom_field_types(house.system(row)) if setup else ()
    found: dict[str, dict[str, Any]] = {}
    for field, name in names.items():
        fitting = [one for one in known if one.name == name]
        if not fitting:
            raise NoSuchField(name, ", ".join(sorted({one.name for one in known})) or "-")
        for one in fitting:
            found.setdefault(one.category, {})[field] = int(one.id)
    return _keep_bindings(house, row, {c: f for c, f in found.items() if c in ("Company", "Person")})


def add_reference_fields(house: House, connection_id: str) -> dict[str, Any]:
    """Makes the custom fields for our reference in the CRM, after a person said yes, and remembers where they are."""
    row, setup = _setup_of(house, connection_id)
    made = setup.ensure_reference_fields(house.system(row), ("Company", "Person", "Deal")) if setup else {}
    return _keep_bindings(house, row, made)


def _setup_of(house: House, connection_id: str) -> tuple[ConnectionRow, Any]:
    """A connection, and what its system's folder offers for set-up beyond the port, if it does."""
    with house.store.read() as conn:
        row = pairs.get_connection(conn, connection_id)
    if not house.capabilities(row.system).writing("party").bindable:
        return row, None
    return row, import_module(f"unisono.systems.{row.system}.setup")


def _keep_bindings(house: House, row: ConnectionRow, found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Adds bindings to a connection. What was seen is read anew, since its rows hold more now."""
    bindings: dict[str, Any] = dict(row.proven.get("bindings", {}))
    for category, fields in found.items():
        bindings[category] = {**bindings.get(category, {}), **fields}
    with house.store.write() as conn:
        pairs.update_connection(conn, row.id, proven=row.proven | {"bindings": bindings}, next_poll="")
        seen.forget_hashes(conn, row.id)
    return bindings


def release(house: House, pair_id: str, by: str) -> None:
    """The last step of set-up: from now on the pair writes without further action. What is older than this instant is history."""
    now = house.clock.now()
    with house.store.write() as conn:
        row = pairs.get_pair(conn, pair_id)
        values = {"released_at": stamp(now)} if not row.released_at else {}
        pairs.update_pair(conn, pair_id, state="released", told={}, **values)
        pairs.note(conn, pair_id, "pair", pair_id, "released", {"version": str(row.policy_version)}, row.name, now, by)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What resuming a pair lets happen: ``lost`` of ``linked`` records are gone on one side; ``names`` are some of them."""

    linked: int
    lost: int
    names: tuple[str, ...]


def about_to_allow(house: House, pair_id: str) -> Allowed:
    """The vanished records that a brake stopped the pair for: with the pair resumed, the policy's rule for deletions applies to them."""
    with house.store.read() as conn:
        row = pairs.get_pair(conn, pair_id)
        linked, lost = links.vanished(conn, pair_id, row.a, row.b)
        return Allowed(linked, lost, tuple(links.vanished_labels(conn, pair_id, row.a, row.b, 10)))


def set_state(house: House, pair_id: str, state: str, by: str) -> str:
    """Pauses or resumes a pair; returns its state. One that was never released only reads again.

    Resuming one that a brake stopped allows what has vanished up to now, and no more.
    """
    now = house.clock.now()
    with house.store.write() as conn:
        row = pairs.get_pair(conn, pair_id)
        if state == "released" and not row.released_at:
            state = "reading"
        allowed = {"allowed": vanishing(conn, row, now).lately, "at": stamp(now)}
        told = allowed if row.state == "stopped" and state != "paused" else {}
        pairs.update_pair(conn, pair_id, state=state, told=told)
        pairs.note(conn, pair_id, "pair", pair_id, "paused" if state == "paused" else "resumed", {}, row.name, now, by)
    return state


def remove_pair(house: House, pair_id: str, by: str, *, forget: bool) -> None:
    """Puts a pair to rest. Its history stays; ``forget``: who is who, questions and problems go, else it may be resumed as it was."""
    now = house.clock.now()
    drop_entry(house, pair_id, by)
    with house.store.write() as conn:
        row = pairs.get_pair(conn, pair_id)
        pairs.update_pair(conn, pair_id, state="removed", told={}, **({"position_a": 0, "position_b": 0} if forget else {}))
        if forget:
            links.forget_all(conn, pair_id)
            asking.close_all(conn, pair_id, now)
            work.drop_lane(conn, f"pair:{pair_id}")
        pairs.note(conn, pair_id, "pair", pair_id, "removed", {"links": "forgotten" if forget else "kept"}, row.name, now, by)
    close_unused(house, (row.a, row.b), by)


__all__ = [
    "Connection",
    "MissingLogin",
    "NobodyKnown",
    "SystemFault",
    "WrongAccount",
    "add_reference_fields",
    "connect",
    "release",
]
__all__ += ["replace_key", "set_state"]
