"""Records as last observed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Row, and_, bindparam, func, literal_column, select, update

from unisono.model.document import Document
from unisono.model.record import Body, Kind, MatchKeys, Record, label_of, match_keys
from unisono.plan.situation import Seen
from unisono.store.codec import body_from, body_text, hash_of
from unisono.store.dialect import plainly, portions
from unisono.store.numbers import next_changes
from unisono.store.stamps import instant, stamp
from unisono.store.tables import seen
from unisono.store.upserts import upsert

_MATCHED: dict[str, tuple[Column[str], bool]] = {
    "reference": (seen.c.ref, False),
    "tax_id": (seen.c.tax_id, True),
    "number": (seen.c.number, False),
    "email": (seen.c.email, True),
    "name": (seen.c.name, True),
}
"""The columns of the keys that records are looked up by, and whether they have an index."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of one vendor row: the hash of its bytes, its records' keys, and whether it was missing."""

    raw_hash: bytes
    keys: tuple[tuple[Kind, str], ...]
    missing: bool


def known_rows(conn: Connection, connection: str, resource: str, keys: Sequence[str]) -> dict[str, Known]:
    """What is stored of some vendor rows, by their keys. Rows never seen, or known to be gone, are left out."""
    columns = select(seen.c.resource_key, seen.c.raw_hash, seen.c.kind, seen.c.key, seen.c.missing_at)
    where = and_(seen.c.connection == connection, seen.c.resource == resource, seen.c.gone_at == "")
    out: dict[str, Known] = {}
    for some in portions(keys):
        for row in conn.execute(columns.where(where, seen.c.resource_key.in_(some)).order_by(seen.c.id)):
            before = out.get(row.resource_key)
            kinds = (*(before.keys if before else ()), (row.kind, row.key))
            out[row.resource_key] = Known(bytes(row.raw_hash), kinds, bool(row.missing_at) or bool(before and before.missing))
    return out


def put_seen(conn: Connection, connection: str, rows: Sequence[tuple[Record, bytes]], now: datetime) -> int:
    """Stores observed records (with the hash of their vendor row). Returns how many really changed; only those get a change number."""
    if not rows:
        return 0
    at = stamp(now)
    stored = _stored_hashes(conn, connection, [(r.kind, r.key) for r, _ in rows])
    texts = [body_text(record.body) for record, _ in rows]
    hashes = [hash_of(_steady(record.body, text), record.owner) for text, (record, _) in zip(texts, rows, strict=True)]
    news = [stored.get((r.kind, r.key)) for r, _ in rows]
    changed = [i for i, h in enumerate(hashes) if news[i] is None or news[i][0] != h or news[i][2]]  # type: ignore[index]
    first = next_changes(conn, connection, len(changed)) if changed else 0
    numbers = {index: first + n for n, index in enumerate(changed)}
    values = []
    for index, (record, raw_hash) in enumerate(rows):
        old = news[index]
        row = _columns(connection, record, raw_hash, texts[index], hashes[index])
        row["change"] = numbers.get(index, old[1] if old else 0)
        row["first_at"] = old[3] if old else at
        moved = stamp(record.changed) if record.changed else (at if index in numbers else "")
        row["changed_at"] = moved or (old[4] if old else "")
        row["seen_at"] = at
        row["missing_at"] = row["gone_at"] = ""
        values.append(row)
    upsert(conn, seen, values, keys=("connection", "kind", "key"))
    return len(changed)


def touch_rows(conn: Connection, connection: str, resource: str, keys: Sequence[str]) -> None:
    """Notes that rows which were missing are there after all."""
    where = and_(seen.c.connection == connection, seen.c.resource == resource, seen.c.gone_at == "")
    for some in portions(keys):
        conn.execute(update(seen).where(where, seen.c.resource_key.in_(some)).values(missing_at=""))


def mark_missing(conn: Connection, connection: str, resource: str, listed: set[str], now: datetime) -> list[tuple[str, datetime]]:
    """After a whole listing: rows that were not in it are missing from now on. Returns all missing ones and since when, oldest first."""
    base = and_(seen.c.connection == connection, seen.c.resource == resource, seen.c.gone_at == "")
    stored = conn.execute(select(seen.c.resource_key, seen.c.missing_at).where(base)).all()
    since: dict[str, str] = {}
    fresh: list[str] = []
    for row in stored:
        if row.resource_key not in listed:
            if not row.missing_at:
                fresh.append(row.resource_key)
            # Of several records of a row the one that was missed first says since when.
            since[row.resource_key] = min(filter(None, (since.get(row.resource_key), row.missing_at or stamp(now))))
    for some in portions(fresh):
        conn.execute(update(seen).where(base, seen.c.resource_key.in_(some), seen.c.missing_at == "").values(missing_at=stamp(now)))
    return sorted(((k, instant(at)) for k, at in since.items()), key=lambda pair: (pair[1], pair[0]))


def forget_hashes(conn: Connection, connection: str) -> None:
    """Every row of a connection is understood anew with the next pull, because what is read out of it has changed."""
    conn.execute(update(seen).where(seen.c.connection == connection).values(raw_hash=b""))


def mark_gone(conn: Connection, connection: str, keys: Iterable[tuple[Kind, str]], now: datetime) -> int:
    """These records are definitely deleted: they get a change number, so that every pair looks at them.

    Returns how many were there until now; one that is known to be gone, or was never seen, changes nothing.
    """
    wanted = list(dict.fromkeys(keys))
    there = {pair for pair, old in _stored_hashes(conn, connection, wanted).items() if not old[2]}
    rows: list[dict[str, object]] = [{"b_kind": kind, "b_key": key} for kind, key in wanted if (kind, key) in there]
    if not rows:
        return 0
    first = next_changes(conn, connection, len(rows))
    for number, row in enumerate(rows):
        row |= {"b_change": first + number, "b_at": stamp(now)}
    where = and_(seen.c.connection == connection, seen.c.kind == bindparam("b_kind"), seen.c.key == bindparam("b_key"))
    conn.execute(update(seen).where(where).values(gone_at=bindparam("b_at"), change=bindparam("b_change")), rows)
    return len(rows)


def records_of_row(conn: Connection, connection: str, resource: str, resource_key: str) -> list[tuple[Kind, str]]:
    """The records that one vendor row is seen as."""
    where = and_(seen.c.connection == connection, seen.c.resource == resource, seen.c.resource_key == resource_key)
    return [(row.kind, row.key) for row in conn.execute(select(seen.c.kind, seen.c.key).where(where, seen.c.gone_at == ""))]


def changed_since(conn: Connection, connection: str, position: int, limit: int) -> list[tuple[int, Kind, str, str]]:
    """What changed after a position: change number, kind, key, owner; in order."""
    columns = select(seen.c.change, seen.c.kind, seen.c.key, seen.c.owner)
    where = and_(seen.c.connection == connection, seen.c.change > position)
    return [(r.change, r.kind, r.key, r.owner) for r in conn.execute(columns.where(where).order_by(seen.c.change).limit(limit))]


def get_many(conn: Connection, connection: str, kind: Kind, keys: Sequence[str]) -> dict[str, Seen]:
    """Records by key."""
    where = and_(seen.c.connection == connection, seen.c.kind == kind)
    return {row.key: seen_from(row) for some in portions(keys) for row in conn.execute(select(seen).where(where, seen.c.key.in_(some)))}


def of_owners(
    conn: Connection, connection: str, kinds: Sequence[Kind], owners: Sequence[str], *, gone: bool = False
) -> dict[str, list[Seen]]:
    """Records that belong to some owners, by owner, without those gone unless asked for."""
    where = and_(seen.c.connection == connection, seen.c.kind.in_(kinds), *([] if gone else [seen.c.gone_at == ""]))
    out: dict[str, list[Seen]] = {}
    for some in portions([owner for owner in owners if owner]):
        for row in conn.execute(select(seen).where(where, seen.c.owner.in_(some)).order_by(seen.c.id)):
            out.setdefault(row.owner, []).append(seen_from(row))
    return out


def keys_of_owners(conn: Connection, connection: str, kinds: Sequence[Kind], owners: Sequence[str]) -> list[tuple[Kind, str]]:
    """Kind and key of the records that belong to some owners, without those gone."""
    where = and_(seen.c.connection == connection, seen.c.kind.in_(kinds), seen.c.gone_at == "")
    columns = select(seen.c.kind, seen.c.key).order_by(seen.c.id)
    named = [owner for owner in owners if owner]
    return [(r.kind, r.key) for some in portions(named) for r in conn.execute(columns.where(where, seen.c.owner.in_(some)))]


def owners_of(conn: Connection, connection: str, kind: Kind, keys: Sequence[str]) -> dict[str, str]:
    """The owner of some records, by key."""
    where = and_(seen.c.connection == connection, seen.c.kind == kind)
    columns = select(seen.c.key, seen.c.owner)
    return {r.key: r.owner for some in portions(keys) for r in conn.execute(columns.where(where, seen.c.key.in_(some)))}


def alike(conn: Connection, connection: str, kind: Kind, wanted: Sequence[MatchKeys]) -> list[Seen]:
    """Records that share a match key with any of those wanted. Coarse on purpose: the planner decides what a hit is worth."""
    # One statement a key, each along its own index. The empty text is spelt out: a parameter would not show that a partial index fits.
    # The kind is written as an expression where the key has an index, or SQLite would rather go through all records of that kind.
    live = and_(seen.c.connection == connection, seen.c.gone_at == "")
    found: dict[int, Row[Any]] = {}
    for name, (column, indexed) in _MATCHED.items():
        of_kind = (seen.c.kind + literal_column("''") if indexed else seen.c.kind) == kind
        for some in portions(sorted({getattr(keys, name) for keys in wanted} - {""})):
            where = and_(live, of_kind, column != literal_column("''"), column.in_(some))
            found |= {row.id: row for row in conn.execute(select(seen).where(where))}
    return [seen_from(found[row_id]) for row_id in sorted(found)]


def count_rows(conn: Connection, connection: str, resource: str) -> int:
    """How many vendor rows of a resource are known and not gone."""
    where = and_(seen.c.connection == connection, seen.c.resource == resource, seen.c.gone_at == "")
    return int(conn.execute(select(func.count(func.distinct(seen.c.resource_key))).where(where)).scalar_one())


def seen_from(row: Row[Any]) -> Seen:
    """A stored row as the value the planner rests on."""
    record = Record(
        kind=row.kind,
        key=row.key,
        body=body_from(row.kind, row.body),
        resource=row.resource,
        resource_key=row.resource_key,
        owner=row.owner,
        owner_kind=row.owner_kind,
        created=instant(row.created_at) if row.created_at else None,
        changed=instant(row.changed_at) if row.changed_at else None,
        version=row.version,
    )
    keys = MatchKeys(row.ref, row.tax_id, row.number, row.email, row.name, row.postcode)
    return Seen(record, row.change, instant(row.first_at), bool(row.gone_at), bool(row.missing_at), keys)


def _steady(body: Body, text: str) -> str:
    """A body's text without what the vendor makes anew for each answer: the link to the file."""
    return body_text(replace(body, file_url="")) if isinstance(body, Document) and body.file_url else text


def _stored_hashes(
    conn: Connection, connection: str, keys: list[tuple[Kind, str]]
) -> dict[tuple[str, str], tuple[bytes, int, bool, str, str]]:
    out: dict[tuple[str, str], tuple[bytes, int, bool, str, str]] = {}
    columns = select(seen.c.kind, seen.c.key, seen.c.hash, seen.c.change, seen.c.gone_at, seen.c.first_at, seen.c.changed_at)
    for kind in sorted({k for k, _ in keys}):
        where = and_(seen.c.connection == connection, seen.c.kind == kind)
        for some in portions([key for k, key in keys if k == kind]):
            for row in conn.execute(columns.where(where, seen.c.key.in_(some))):
                out[(row.kind, row.key)] = (bytes(row.hash), row.change, bool(row.gone_at), row.first_at, row.changed_at)
    return out


def _columns(connection: str, record: Record, raw_hash: bytes, text: str, digest: bytes) -> dict[str, object]:
    keys = match_keys(record)
    return {
        "connection": connection,
        "resource": record.resource,
        "resource_key": record.resource_key,
        "kind": record.kind,
        "key": record.key,
        "owner_kind": record.owner_kind,
        "owner": record.owner,
        "version": record.version,
        "raw_hash": raw_hash,
        "hash": digest,
        "body": text,
        "created_at": stamp(record.created) if record.created else "",
        "ref": keys.reference,
        "tax_id": keys.tax_id,
        "number": keys.number,
        "email": keys.email,
        "name": keys.name,
        "postcode": keys.postcode,
        "label": label_of(record),
    }


def missing_rows(conn: Connection, connection: str, resource: str, listed: set[str]) -> bool:
    """Whether any known row of a resource was not in a listing."""
    where = and_(seen.c.connection == connection, seen.c.resource == resource, seen.c.gone_at == "")
    return any(row.resource_key not in listed for row in conn.execute(select(seen.c.resource_key).where(where)))


def keys_after(conn: Connection, connection: str, kind: str, after: str, limit: int) -> list[str]:
    """The next keys of a kind, letter by letter: to go through all records without holding them."""
    key = plainly(conn, seen.c.key)
    where = and_(seen.c.connection == connection, seen.c.kind == kind, key > after)
    return list(conn.execute(select(seen.c.key).where(where).order_by(key).limit(limit)).scalars())
