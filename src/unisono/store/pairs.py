"""Firms, connections, pairs and their policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from unisono.store.codec import text_of, value_from
from unisono.store.stamps import stamp
from unisono.store.tables import connection, firm, history, pair, policy


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRow:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
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
    conn.execute(insert(firm).values(created_at=stamp(now), **values))


def firms(conn: Connection) -> list[dict[str, str]]:
    """All firms."""
    return [dict(row._mapping) for row in conn.execute(select(firm).order_by(firm.c.id))]


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
    conn.execute(insert(connection).values(id=connection_id, firm=firm_id, system=system, name=name, **values))


def get_connection(conn: Connection, connection_id: str) -> ConnectionRow:
    """One connection; ``KeyError`` if there is none."""
    row = conn.execute(select(connection).where(connection.c.id == connection_id)).first()
    if row is None:
        raise KeyError(connection_id)
    return _connection(row)


def connections(conn: Connection, firm_id: str = "") -> list[ConnectionRow]:
    """All connections, or a firm's."""
    where = [connection.c.firm == firm_id] if firm_id else []
    return [_connection(row) for row in conn.execute(select(connection).where(*where).order_by(connection.c.id))]


def update_connection(conn: Connection, connection_id: str, **values: Any) -> None:
    """Changes some columns; mappings are stored as JSON."""
    conn.execute(update(connection).where(connection.c.id == connection_id).values(**_columns(values)))


def add_pair(conn: Connection, pair_id: str, firm_id: str, name: str, a: str, b: str, policy_body: str, now: datetime) -> None:
    """A pair with the first version of its policy. It only reads until it is released."""
    conn.execute(insert(pair).values(id=pair_id, firm=firm_id, name=name, a=a, b=b, created_at=stamp(now)))
    conn.execute(insert(policy).values(pair=pair_id, version=1, body=policy_body, at=stamp(now), by=""))


def get_pair(conn: Connection, pair_id: str) -> PairRow:
    """One pair with its policy in force; ``KeyError`` if there is none."""
    joined = pair.join(policy, (policy.c.pair == pair.c.id) & (policy.c.version == pair.c.policy_version))
    row = conn.execute(select(pair, policy.c.body).select_from(joined).where(pair.c.id == pair_id)).first()
    if row is None:
        raise KeyError(pair_id)
    return _pair(row)


def pairs(conn: Connection) -> list[PairRow]:
    """All pairs."""
    joined = pair.join(policy, (policy.c.pair == pair.c.id) & (policy.c.version == pair.c.policy_version))
    return [_pair(row) for row in conn.execute(select(pair, policy.c.body).select_from(joined).order_by(pair.c.id))]


def pairs_on(conn: Connection, connection_id: str) -> list[PairRow]:
    """The pairs that a connection serves."""
    return [p for p in pairs(conn) if connection_id in (p.a, p.b)]


def update_pair(conn: Connection, pair_id: str, **values: Any) -> None:
    """Changes some columns; mappings are stored as JSON."""
    conn.execute(update(pair).where(pair.c.id == pair_id).values(**_columns(values)))


def put_policy(conn: Connection, pair_id: str, body: str, by: str, now: datetime) -> int:
    """A new version of a pair's policy, in force from now on. Versions are only ever added."""
    version = get_pair(conn, pair_id).policy_version
    newest = max(r.version for r in conn.execute(select(policy.c.version).where(policy.c.pair == pair_id)))
    conn.execute(insert(policy).values(pair=pair_id, version=newest + 1, body=body, at=stamp(now), by=by))
    conn.execute(update(pair).where(pair.c.id == pair_id, pair.c.policy_version == version).values(policy_version=newest + 1))
    return int(newest + 1)


class Overtaken(Exception):
    """What was planned no longer holds: ``code`` is ``policy-changed`` or the state the pair was put into. It is planned again, never done."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def check_policy(conn: Connection, pair_id: str, version: int, *, released: bool = False) -> None:
    """Raises ``Overtaken`` unless this version is the one in force, and the pair still released if asked for.

    Asked in the transaction that writes down what is about to be done.
    """
    row = conn.execute(select(pair.c.policy_version, pair.c.state).where(pair.c.id == pair_id)).one()
    if row.policy_version != version:
        raise Overtaken("policy-changed")
    if released and row.state != "released":
        raise Overtaken(row.state)


def policies(conn: Connection, pair_id: str) -> list[dict[str, Any]]:
    """All versions of a pair's policy, oldest first."""
    rows = conn.execute(select(policy).where(policy.c.pair == pair_id).order_by(policy.c.version))
    return [dict(row._mapping) for row in rows]


def note(
    conn: Connection, pair_id: str, kind: str, key: str, event: str, values: Mapping[str, str], label: str, now: datetime, by: str = ""
) -> None:
    """One line of history that is no write: linked, unlinked, asked, answered, braked, released."""
    told = {"kind": kind, "key": key, "event": event, "values": text_of(dict(values)), "label": label, "by": by}
    conn.execute(insert(history).values(pair=pair_id, at=stamp(now), **told))


def notes(conn: Connection, pair_id: str, key: str = "", limit: int = 200) -> list[dict[str, Any]]:
    """The latest lines of history, newest first."""
    where = [history.c.pair == pair_id, *([history.c.key == key] if key else [])]
    rows = conn.execute(select(history).where(*where).order_by(history.c.id.desc()).limit(limit))
    return [{**dict(r._mapping), "values": value_from(r._mapping["values"])} for r in rows]


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings as JSON, yes and no as the numbers both databases keep."""
    return {k: text_of(v) if isinstance(v, dict) else int(v) if isinstance(v, bool) else v for k, v in values.items()}


def _connection(row: Any) -> ConnectionRow:
    r = row._mapping
    return ConnectionRow(
        id=r["id"],
        firm=r["firm"],
        system=r["system"],
        name=r["name"],
        login=value_from(r["login"]),
        settings=value_from(r["settings"]),
        proven=value_from(r["proven"]),
        identity=r["identity"],
        state=r["state"],
        told=r["told"],
        change=r["change"],
        next_poll=r["next_poll"],
        marks=value_from(r["marks"]),
    )


def _pair(row: Any) -> PairRow:
    r = row._mapping
    return PairRow(
        id=r["id"],
        firm=r["firm"],
        name=r["name"],
        a=r["a"],
        b=r["b"],
        policy_version=r["policy_version"],
        policy=r["body"],
        state=r["state"],
        told=value_from(r["told"]),
        unsure=bool(r["unsure"]),
        position_a=r["position_a"],
        position_b=r["position_b"],
        released_at=r["released_at"],
    )
