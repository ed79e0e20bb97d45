"""Firms, connections, pairs and their policies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Integer, Select, bindparam, func, insert, select, update

from unisono.model.record import Side
from unisono.store.codec import text_of, value_from
from unisono.store.stamps import stamp
from unisono.store.statements import Statement
from unisono.store.tables import connection, firm, history, pair, policy


class ConnectionRow(Struct, frozen=True, kw_only=True):
    """A connection as stored, without its secrets."""

    id: str
    firm: str
    system: str
    name: str
    login: dict[str, str]
    settings: dict[str, Any]
    proven: dict[str, Any]
    identity: str
    state: str
    told: str
    change: int
    next_poll: str
    marks: dict[str, Any]


class PairRow(Struct, frozen=True, kw_only=True):
    """A pair as stored. ``state``: reading (nothing is written), released, paused, stopped (by a brake, see ``told``), removed."""

    id: str
    firm: str
    name: str
    a: str
    b: str
    policy_version: int
    policy: str
    state: str
    told: dict[str, Any]
    unsure: bool
    position_a: int
    position_b: int
    released_at: str


def add_firm(conn: Connection, firm_id: str, name: str, country: str, language: str, time_zone: str, now: datetime) -> None:
    """A firm: everything else belongs to one."""
    values = {"id": firm_id, "name": name, "country": country, "language": language, "time_zone": time_zone}
    _NEW_FIRM.run(conn, created_at=stamp(now), **values)


def firms(conn: Connection) -> list[dict[str, str]]:
    """All firms."""
    return [dict(zip(firm.c.keys(), row, strict=True)) for row in _FIRMS.rows(conn)]


def add_connection(
    conn: Connection,
    connection_id: str,
    firm_id: str,
    system: str,
    name: str,
    login: Mapping[str, str],
    settings: Mapping[str, Any],
    now: datetime,
) -> None:
    """A connection; its secret fields are stored through ``secrets``."""
    values = {"login": text_of(dict(login)), "settings": text_of(dict(settings)), "created_at": stamp(now)}
    _NEW_CONNECTION.run(conn, id=connection_id, firm=firm_id, system=system, name=name, **values)


def get_connection(conn: Connection, connection_id: str) -> ConnectionRow:
    """One connection; ``KeyError`` if there is none."""
    row = _CONNECTION.row(conn, id=connection_id)
    if row is None:
        raise KeyError(connection_id)
    return _connection(row)


def connections(conn: Connection, firm_id: str = "") -> list[ConnectionRow]:
    """All connections, or a firm's."""
    rows = _CONNECTIONS_OF.rows(conn, firm=firm_id) if firm_id else _CONNECTIONS.rows(conn)
    return [_connection(row) for row in rows]


def update_connection(conn: Connection, connection_id: str, **values: Any) -> None:
    """Changes some columns; mappings are stored as JSON."""
    _SET_CONNECTION.run(conn, b_id=connection_id, **_columns(values))


def add_pair(conn: Connection, pair_id: str, firm_id: str, name: str, a: str, b: str, policy_body: str, now: datetime) -> None:
    """A pair with the first version of its policy. It only reads until it is released."""
    _NEW_PAIR.run(conn, id=pair_id, firm=firm_id, name=name, a=a, b=b, created_at=stamp(now))
    _NEW_POLICY.run(conn, pair=pair_id, version=1, body=policy_body, at=stamp(now), by="", note="")


def get_pair(conn: Connection, pair_id: str) -> PairRow:
    """One pair with its policy in force; ``KeyError`` if there is none."""
    row = _PAIR.row(conn, id=pair_id)
    if row is None:
        raise KeyError(pair_id)
    return _pair(row)


def pairs(conn: Connection) -> list[PairRow]:
    """All pairs."""
    return [_pair(row) for row in _PAIRS.rows(conn)]


def pairs_on(conn: Connection, connection_id: str) -> list[PairRow]:
    """The pairs that a connection serves."""
    return [_pair(row) for row in _PAIRS_ON.rows(conn, connection=connection_id)]


def update_pair(conn: Connection, pair_id: str, **values: Any) -> None:
    """Changes some columns; mappings are stored as JSON."""
    _SET_PAIR.run(conn, b_id=pair_id, **_columns(values))


def pass_over(conn: Connection, pair_id: str, side: Side, count: int) -> None:
    """Moves a pair's position over the last ``count`` changes of a side, if it stood just before them."""
    _PASS_OVER[side].run(conn, b_id=pair_id, b_count=count)


def put_policy(conn: Connection, pair_id: str, body: str, by: str, now: datetime, note: str = "") -> int:
    """A new version of a pair's policy, in force from now on. Versions are only ever added."""
    version = get_pair(conn, pair_id).policy_version
    newest = int(_NEWEST_POLICY.value(conn, pair=pair_id))
    _NEW_POLICY.run(conn, pair=pair_id, version=newest + 1, body=body, at=stamp(now), by=by, note=note)
    _SET_PAIR_FROM.run(conn, b_id=pair_id, b_version=version, policy_version=newest + 1)
    return newest + 1


class Overtaken(Exception):
    """What was planned no longer holds: ``code`` is ``policy-changed`` or the state the pair was put into. It is planned again, never done."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def check_policy(conn: Connection, pair_id: str, version: int, *, released: bool = False) -> None:
    """Raises ``Overtaken`` unless this version is the one in force, and the pair still released if asked for.

    Asked in the transaction that writes down what is about to be done.
    """
    row = _IN_FORCE.row(conn, id=pair_id)
    if row is None:
        raise KeyError(pair_id)
    in_force, state = row
    if in_force != version:
        raise Overtaken("policy-changed")
    if released and state != "released":
        raise Overtaken(state)


def policies(conn: Connection, pair_id: str) -> list[dict[str, Any]]:
    """All versions of a pair's policy, oldest first."""
    return [dict(zip(policy.c.keys(), row, strict=True)) for row in _POLICIES.rows(conn, pair=pair_id)]


def note(
    conn: Connection, pair_id: str, kind: str, key: str, event: str, values: Mapping[str, str], label: str, now: datetime, by: str = ""
) -> None:
    """One line of history that is no write: linked, unlinked, asked, answered, braked, released."""
    told = {"kind": kind, "key": key, "event": event, "values": text_of(dict(values)), "label": label, "by": by}
    _NOTE.run(conn, pair=pair_id, at=stamp(now), **told)


def notes(conn: Connection, pair_id: str, key: str = "", limit: int = 200) -> list[dict[str, Any]]:
    """The latest lines of history, newest first."""
    rows = _NOTES_OF.rows(conn, pair=pair_id, key=key, limit=limit) if key else _NOTES.rows(conn, pair=pair_id, limit=limit)
    told = [dict(zip(history.c.keys(), row, strict=True)) for row in rows]
    return [line | {"values": value_from(line["values"])} for line in told]


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings as JSON, yes and no as the numbers both databases keep."""
    return {k: text_of(v) if isinstance(v, dict) else int(v) if isinstance(v, bool) else v for k, v in values.items()}


def _connection(row: tuple[Any, ...]) -> ConnectionRow:
    of, firm_id, system, name, login, settings, proven, identity, state, told, change, next_poll, marks = row
    return ConnectionRow(
        id=of,
        firm=firm_id,
        system=system,
        name=name,
        login=value_from(login),
        settings=value_from(settings),
        proven=value_from(proven),
        identity=identity,
        state=state,
        told=told,
        change=change,
        next_poll=next_poll,
        marks=value_from(marks),
    )


def _pair(row: tuple[Any, ...]) -> PairRow:
    of, firm_id, name, a, b, version, body, state, told, unsure, position_a, position_b, released_at = row
    return PairRow(
        id=of,
        firm=firm_id,
        name=name,
        a=a,
        b=b,
        policy_version=version,
        policy=body,
        state=state,
        told=value_from(told),
        unsure=bool(unsure),
        position_a=position_a,
        position_b=position_b,
        released_at=released_at,
    )


def _connections() -> Select[Any]:
    return select(*(connection.c[name] for name in ConnectionRow.__struct_fields__))


def _pairs() -> Select[Any]:
    in_force = (policy.c.pair == pair.c.id) & (policy.c.version == pair.c.policy_version)
    columns = (policy.c.body if name == "policy" else pair.c[name] for name in PairRow.__struct_fields__)
    return select(*columns).select_from(pair.join(policy, in_force))


def _notes() -> Select[Any]:
    latest = select(history).where(history.c.pair == bindparam("pair")).order_by(history.c.id.desc())
    return latest.limit(bindparam("limit", type_=Integer))


def _passing(side: str) -> Statement:
    last = select(connection.c.change).where(connection.c.id == pair.c[side]).scalar_subquery()
    just_before = pair.c[f"position_{side}"] == last - bindparam("b_count", type_=Integer)
    return Statement(lambda _: update(pair).where(pair.c.id == bindparam("b_id"), just_before).values({f"position_{side}": last}))


_NEW_FIRM = Statement(lambda _: insert(firm))
_FIRMS = Statement(lambda _: select(firm).order_by(firm.c.id))
_NEW_CONNECTION = Statement(lambda _: insert(connection))
_CONNECTION = Statement(lambda _: _connections().where(connection.c.id == bindparam("id")))
_CONNECTIONS = Statement(lambda _: _connections().order_by(connection.c.id))
_CONNECTIONS_OF = Statement(lambda _: _connections().where(connection.c.firm == bindparam("firm")).order_by(connection.c.id))
_SET_CONNECTION = Statement(lambda _: update(connection).where(connection.c.id == bindparam("b_id")))
_NEW_PAIR = Statement(lambda _: insert(pair))
_PAIR = Statement(lambda _: _pairs().where(pair.c.id == bindparam("id")))
_PAIRS = Statement(lambda _: _pairs().order_by(pair.c.id))
_PAIRS_ON = Statement(
    lambda _: _pairs().where((pair.c.a == bindparam("connection")) | (pair.c.b == bindparam("connection"))).order_by(pair.c.id)
)
_SET_PAIR = Statement(lambda _: update(pair).where(pair.c.id == bindparam("b_id")))
_SET_PAIR_FROM = Statement(lambda _: update(pair).where(pair.c.id == bindparam("b_id"), pair.c.policy_version == bindparam("b_version")))
_PASS_OVER = {"a": _passing("a"), "b": _passing("b")}
_IN_FORCE = Statement(lambda _: select(pair.c.policy_version, pair.c.state).where(pair.c.id == bindparam("id")))
_NEW_POLICY = Statement(lambda _: insert(policy))
_NEWEST_POLICY = Statement(lambda _: select(func.max(policy.c.version)).where(policy.c.pair == bindparam("pair")))
_POLICIES = Statement(lambda _: select(policy).where(policy.c.pair == bindparam("pair")).order_by(policy.c.version))
_NOTE = Statement(lambda _: insert(history))
_NOTES = Statement(lambda _: _notes())
_NOTES_OF = Statement(lambda _: _notes().where(history.c.key == bindparam("key")))
