"""Records as last observed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import BindParameter, Column, Connection, Integer, and_, bindparam, func, literal_column, or_, select, update

from unisono.model.document import Document
from unisono.model.record import Body, Kind, MatchKeys, Record, label_of, match_keys
from unisono.plan.situation import Seen
from unisono.store.codec import body_from, body_text, hash_of
from unisono.store.dialect import plainly, portions
from unisono.store.documents import forget_documents, put_documents
from unisono.store.listing import Listed
from unisono.store.numbers import last_change, next_changes
from unisono.store.stamps import instant, stamp
from unisono.store.statements import Built, Statement
from unisono.store.tables import pair, seen
from unisono.store.tables.records import READ
from unisono.store.upserts import upsert

UNREAD = b""
"""In the place of the hash of a record that was made and never read."""


class Known(Struct, frozen=True):
    """What is stored of one vendor row: the hash of its bytes, its records' keys, and whether it was missing."""

    raw_hash: bytes
    keys: tuple[tuple[Kind, str], ...]
    missing: bool


def known_rows(conn: Connection, connection: str, resource: str, keys: Sequence[str]) -> dict[str, Known]:
    """What is stored of some vendor rows, by their keys. Rows never seen, or known to be gone, are left out."""
    out: dict[str, Known] = {}
    for some in portions(keys):
        for row_key, raw_hash, kind, key, missing_at in _KNOWN.rows(conn, connection=connection, resource=resource, keys=some):
            before = out.get(row_key)
            if before is None:
                out[row_key] = Known(bytes(raw_hash), ((kind, key),), bool(missing_at))
            else:
                out[row_key] = Known(bytes(raw_hash), (*before.keys, (kind, key)), bool(missing_at) or before.missing)
    return out


class Compared(Struct, frozen=True):
    """Of some vendor rows, by key: those stored as they are now, of these the ones that were missing, and those stored otherwise."""

    same: set[str]
    back: set[str]
    other: set[str]


def compare_rows(conn: Connection, connection: str, resource: str, hashes: Mapping[str, bytes], listed: Listed | None = None) -> Compared:
    """Compares the bytes of vendor rows (key -> hash) with what is stored. Most rows of most pulls are unchanged and go no further, so nothing
    else is read of them. ``listed`` is told what was shown."""
    out = Compared(set(), set(), set())
    for some in portions(list(hashes)):
        rows = _HEADS.rows(conn, connection=connection, resource=resource, keys=some)
        for _, key, raw_hash, missing_at in rows:
            if raw_hash != hashes[key]:
                out.other.add(key)
            elif missing_at:
                out.back.add(key)
        out.same.update([row[1] for row in rows])
        if listed is not None:
            listed.add([row[0] for row in rows])
    out.same.difference_update(out.other)
    out.back.difference_update(out.other)
    return out


def put_seen(
    conn: Connection, connection: str, rows: Sequence[tuple[Record, bytes]], now: datetime, *, listed: Listed | None = None
) -> int:
    """Stores observed records (with the hash of their vendor row). Returns how many really changed; only those get a change number.

    ``listed`` is told which of them were stored before, under whatever row. What somebody else looked at since it began stays as it is, with
    all that its row holds: what is at hand may be older than that, and if it is newer, the next look brings it."""
    if not rows:
        return 0
    at = _not_before_release(conn, connection, now)
    stored = _stored_hashes(conn, connection, [(r.kind, r.key) for r, _ in rows])
    if listed is not None:
        listed.add(old[5] for old in stored.values())
        newer = {name for name, old in stored.items() if old[1] > listed.change}
        late = {r.resource_key for r, _ in rows if (r.kind, r.key) in newer}
        rows = [(r, raw) for r, raw in rows if r.resource_key not in late] if late else rows
        if not rows:
            return 0
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
    put_documents(conn, connection, (record for record, _ in rows))
    return len(changed)


def put_unread(conn: Connection, connection: str, records: Sequence[Record], now: datetime) -> None:
    """Stores records that were made and that nobody could read since, as they were sent, unless they have been seen: they are missing until
    they are read, so that the next pulls ask for them by name, and are no news to anybody before."""
    stored = _stored_hashes(conn, connection, [(r.kind, r.key) for r in records])
    at = _not_before_release(conn, connection, now)
    values = [
        _columns(connection, record, UNREAD, body_text(record.body), UNREAD)
        | {"change": 0, "first_at": at, "changed_at": at, "seen_at": at, "missing_at": stamp(now), "gone_at": ""}
        for record in records
        if (record.kind, record.key) not in stored
    ]
    if values:
        upsert(conn, seen, values, keys=("connection", "kind", "key"))


def _not_before_release(conn: Connection, connection: str, now: datetime) -> str:
    """The hour, as a stamp. A clock that stands before a release that has been is behind: what is first seen now was seen after it all the
    same, and is no history."""
    at, released = stamp(now), str(_RELEASED.value(conn, connection=connection) or "")
    return at if at >= released else stamp(instant(released) + timedelta(milliseconds=1))


def touch_rows(conn: Connection, connection: str, resource: str, keys: Sequence[str]) -> None:
    """Notes that rows which were missing are there after all. What was never read stays missing until it is."""
    for some in portions(keys):
        _SET_ROWS.run(conn, b_connection=connection, b_resource=resource, b_keys=some, missing_at="")


def begin_listing(conn: Connection, connection: str) -> Listed:
    """Before a listing: it has shown nothing yet."""
    return Listed(int(_LAST.value(conn) or 0), last_change(conn, connection))


def unlisted(conn: Connection, connection: str, resource: str, listed: Listed) -> list[str]:
    """After a whole listing: the known rows that were not in it and are not missing already, in order."""
    # Numbers alone, along an index that holds them: keys are read only of what was not shown.
    left = listed.left(number for (number,) in _NUMBERS.each(conn, connection=connection, resource=resource))
    found = (row for some in portions(left) for row in _OF_NUMBERS.rows(conn, numbers=some))
    return sorted({key for key, missing_at in found if not missing_at})


def mark_missing(conn: Connection, connection: str, resource: str, keys: Iterable[str], now: datetime) -> None:
    """These rows are missing from now on: not in a whole listing, or not found when they were asked for."""
    for some in portions(list(keys)):
        _MISS_ROWS.run(conn, b_connection=connection, b_resource=resource, b_keys=some, b_now=stamp(now), missing_at=stamp(now))


def missing_rows(conn: Connection, connection: str, resource: str) -> list[tuple[str, datetime]]:
    """The missing rows of a resource and since when, oldest first."""
    since: dict[str, str] = {}
    for key, missing_at in _MISSING.rows(conn, connection=connection, resource=resource):
        # Of several records of a row the one that was missed first says since when.
        since[key] = min(missing_at, since.get(key, missing_at))
    return sorted(((key, instant(at)) for key, at in since.items()), key=lambda found: (found[1], found[0]))


def forget_hashes(conn: Connection, connection: str) -> None:
    """Every row of a connection is understood anew with the next pull, because what is read out of it has changed."""
    _SET_ALL.run(conn, b_connection=connection, raw_hash=b"")


def mark_gone(conn: Connection, connection: str, keys: Iterable[tuple[Kind, str]], now: datetime, *, listed: Listed | None = None) -> int:
    """These records are definitely deleted: they get a change number, so that every pair looks at them.

    Returns how many were there until now; one that is known to be gone, or was never seen, changes nothing, nor does one that somebody else
    looked at since what was ``listed`` began.
    """
    wanted = list(dict.fromkeys(keys))
    until = listed.change if listed is not None else math.inf
    there = {pair for pair, old in _stored_hashes(conn, connection, wanted).items() if not old[2] and old[1] <= until}
    rows: list[dict[str, object]] = [{"b_kind": kind, "b_key": key} for kind, key in wanted if (kind, key) in there]
    if not rows:
        return 0
    first = next_changes(conn, connection, len(rows))
    for number, row in enumerate(rows):
        row["change"] = first + number
    _SET_ONE.run_many(conn, rows, b_connection=connection, gone_at=stamp(now))
    forget_documents(conn, connection, there)
    return len(rows)


def records_of_row(conn: Connection, connection: str, resource: str, resource_key: str) -> list[tuple[Kind, str]]:
    """The records that one vendor row is seen as."""
    return [(kind, key) for kind, key in _RECORDS.rows(conn, connection=connection, resource=resource, resource_key=resource_key)]


def changed_since(conn: Connection, connection: str, position: int, limit: int) -> list[tuple[int, Kind, str, str]]:
    """What changed after a position: change number, kind, key, owner; in order."""
    rows = _CHANGED.rows(conn, connection=connection, position=position, limit=limit)
    return [(change, kind, key, owner) for change, kind, key, owner in rows]


def get_many(conn: Connection, connection: str, kind: Kind, keys: Sequence[str]) -> dict[str, Seen]:
    """Records by key."""
    found = (row for some in portions(keys) for row in _BY_KEY.rows(conn, connection=connection, kind=kind, keys=some))
    return {one.record.key: one for one in map(_seen, found)}


def of_owners(
    conn: Connection, connection: str, kinds: Sequence[Kind], owners: Sequence[str], *, gone: bool = False
) -> dict[str, list[Seen]]:
    """Records that belong to some owners, by owner, without those gone unless asked for."""
    out: dict[str, list[Seen]] = {}
    wanted = _OF_OWNERS if gone else _LIVE_OF_OWNERS
    for some in portions([owner for owner in owners if owner]):
        for row in wanted.rows(conn, connection=connection, kinds=kinds, owners=some):
            one = _seen(row)
            out.setdefault(one.record.owner, []).append(one)
    return out


def keys_of_owners(conn: Connection, connection: str, kinds: Sequence[Kind], owners: Sequence[str]) -> list[tuple[Kind, str]]:
    """Kind and key of the records that belong to some owners, without those gone."""
    named = [owner for owner in owners if owner]
    found = (row for some in portions(named) for row in _KEYS_OF_OWNERS.rows(conn, connection=connection, kinds=kinds, owners=some))
    return [(kind, key) for kind, key in found]


def owners_of(conn: Connection, connection: str, kind: Kind, keys: Sequence[str]) -> dict[str, str]:
    """The owner of some records, by key."""
    found = (row for some in portions(keys) for row in _OWNERS.rows(conn, connection=connection, kind=kind, keys=some))
    return dict(found)


def alike(conn: Connection, connection: str, kind: Kind, wanted: Sequence[MatchKeys]) -> list[Seen]:
    """Records that share a match key with any of those wanted. Coarse on purpose: the planner decides what a hit is worth."""
    found: dict[int, tuple[Any, ...]] = {}
    for name, statement in _ALIKE.items():
        for some in portions(sorted({getattr(keys, name) for keys in wanted} - {""})):
            found |= {row[0]: row[1:] for row in statement.rows(conn, connection=connection, kind=kind, keys=some)}
    return [_seen(found[row_id]) for row_id in sorted(found)]


def newest(conn: Connection, connection: str, kind: Kind, since: datetime, limit: int) -> list[Seen]:
    """Records of a kind that were first seen since an instant, the last of them first."""
    return [_seen(row) for row in _NEWEST.rows(conn, connection=connection, kind=kind, since=stamp(since), limit=limit)]


def count_rows(conn: Connection, connection: str, resource: str) -> int:
    """How many vendor rows of a resource are known and not gone."""
    return int(_COUNT.value(conn, connection=connection, resource=resource))


def _seen(row: tuple[Any, ...]) -> Seen:
    """A stored row (``_SEEN``) as the value the planner rests on."""
    kind, key, body, resource, resource_key, owner, owner_kind, created_at, changed_at, version = row[:_OF_RECORD]
    change, first_at, gone_at, missing_at = row[_OF_RECORD:_OF_SEEN]
    record = Record(
        kind=kind,
        key=key,
        body=body_from(kind, body),
        resource=resource,
        resource_key=resource_key,
        owner=owner,
        owner_kind=owner_kind,
        created=instant(created_at) if created_at else None,
        changed=instant(changed_at) if changed_at else None,
        version=version,
    )
    return Seen(record, change, instant(first_at), bool(gone_at), bool(missing_at), MatchKeys(*row[_OF_SEEN:]))


def _steady(body: Body, text: str) -> str:
    """A body's text without what the vendor makes anew for each answer: the link to the file."""
    return body_text(replace(body, file_url="")) if isinstance(body, Document) and body.file_url else text


def _stored_hashes(
    conn: Connection, connection: str, keys: list[tuple[Kind, str]]
) -> dict[tuple[str, str], tuple[bytes, int, bool, str, str, int]]:
    out: dict[tuple[str, str], tuple[bytes, int, bool, str, str, int]] = {}
    for kind in sorted({k for k, _ in keys}):
        for some in portions([key for k, key in keys if k == kind]):
            for key, digest, change, gone_at, first_at, changed_at, number in _HASHES.rows(
                conn, connection=connection, kind=kind, keys=some
            ):
                out[(kind, key)] = (digest, change, bool(gone_at), first_at, changed_at, number)
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


def count_live(conn: Connection, connection: str, kind: Kind) -> int:
    """How many records of a kind are known and not gone."""
    return int(_LIVE_OF_KIND.value(conn, connection=connection, kind=kind))


def keys_after(conn: Connection, connection: str, kind: str, after: str, limit: int) -> list[str]:
    """The next keys of a kind, letter by letter: to go through all records without holding them."""
    return [key for (key,) in _AFTER.rows(conn, connection=connection, kind=kind, after=after, limit=limit)]


def _like(column: Column[str], *, indexed: bool) -> Statement:
    """Records by a key they may be recognised by, along its index. ``id`` comes first."""
    # The empty text is spelt out: a parameter would not show that a partial index fits. The kind is written as an expression where the
    # key has an index, or SQLite would rather go through all records of that kind.
    of_kind = (seen.c.kind + literal_column("''") if indexed else seen.c.kind) == bindparam("kind")
    named = and_(column != literal_column("''"), column.in_(_KEYS))
    return Statement(lambda _: select(seen.c.id, *_SEEN).where(_MINE, _LIVE, of_kind, named))


def _after(conn: Connection) -> Built:
    key = plainly(conn, seen.c.key)
    return select(seen.c.key).where(_OF_KIND, key > bindparam("after")).order_by(key).limit(_LIMIT)


_RECORD = ("kind", "key", "body", "resource", "resource_key", "owner", "owner_kind", "created_at", "changed_at", "version")
_STATE = ("change", "first_at", "gone_at", "missing_at")
_MATCH = ("ref", "tax_id", "number", "email", "name", "postcode")
_SEEN = [seen.c[name] for name in (*_RECORD, *_STATE, *_MATCH)]
_OF_RECORD, _OF_SEEN = len(_RECORD), len(_RECORD) + len(_STATE)

_KEYS: BindParameter[str] = bindparam("keys", expanding=True)
_LIMIT = bindparam("limit", type_=Integer)
_MINE = seen.c.connection == bindparam("connection")
_LIVE = seen.c.gone_at == literal_column("''")
_OF_KIND = and_(_MINE, seen.c.kind == bindparam("kind"))
_OF_RESOURCE = and_(_MINE, seen.c.resource == bindparam("resource"), _LIVE)
# The empty text is spelt out, here and below, or a partial index would not be seen to fit.
_BELONGS = and_(
    _MINE,
    seen.c.kind.in_(bindparam("kinds", expanding=True)),
    seen.c.owner != literal_column("''"),
    seen.c.owner.in_(bindparam("owners", expanding=True)),
)
# Of a change: its parameters must not be called as its columns are.
_OURS = seen.c.connection == bindparam("b_connection")
_THESE_ROWS = and_(_OURS, seen.c.resource == bindparam("b_resource"), seen.c.resource_key.in_(bindparam("b_keys", expanding=True)), _LIVE)

_KNOWN = Statement(
    lambda _: (
        select(seen.c.resource_key, seen.c.raw_hash, seen.c.kind, seen.c.key, seen.c.missing_at)
        .where(_OF_RESOURCE, seen.c.resource_key.in_(_KEYS))
        .order_by(seen.c.id)
    )
)
_HEADS = Statement(
    lambda _: select(seen.c.id, seen.c.resource_key, seen.c.raw_hash, seen.c.missing_at).where(_OF_RESOURCE, seen.c.resource_key.in_(_KEYS))
)
_LAST = Statement(lambda _: select(func.max(seen.c.id)))
_NUMBERS = Statement(lambda _: select(seen.c.id).where(_OF_RESOURCE))
_OF_NUMBERS = Statement(
    lambda _: select(seen.c.resource_key, seen.c.missing_at).where(seen.c.id.in_(bindparam("numbers", expanding=True, type_=Integer)))
)
_MISSING = Statement(
    lambda _: select(seen.c.resource_key, seen.c.missing_at).where(_OF_RESOURCE, seen.c.missing_at != literal_column("''"))
)
_RECORDS = Statement(lambda _: select(seen.c.kind, seen.c.key).where(_OF_RESOURCE, seen.c.resource_key == bindparam("resource_key")))
_RELEASED = Statement(
    lambda _: select(func.max(pair.c.released_at)).where(or_(pair.c.a == bindparam("connection"), pair.c.b == bindparam("connection")))
)
_LIVE_OF_KIND = Statement(
    lambda _: (
        select(func.count())
        .select_from(seen)
        .where(seen.c.connection == bindparam("connection"), seen.c.kind == bindparam("kind"), seen.c.gone_at == "")
    )
)
_COUNT = Statement(lambda _: select(func.count(func.distinct(seen.c.resource_key))).where(_OF_RESOURCE))
_SET_ROWS = Statement(lambda _: update(seen).where(_THESE_ROWS, READ))
# What was missed at an hour that has not come, because our clock was ahead, is missed from now on.
_MISS_ROWS = Statement(
    lambda _: update(seen).where(_THESE_ROWS, or_(seen.c.missing_at == literal_column("''"), seen.c.missing_at > bindparam("b_now")))
)
_SET_ALL = Statement(lambda _: update(seen).where(_OURS))
_SET_ONE = Statement(lambda _: update(seen).where(_OURS, seen.c.kind == bindparam("b_kind"), seen.c.key == bindparam("b_key")))
_CHANGED = Statement(
    lambda _: (
        select(seen.c.change, seen.c.kind, seen.c.key, seen.c.owner)
        .where(_MINE, seen.c.change > bindparam("position"))
        .order_by(seen.c.change)
        .limit(_LIMIT)
    )
)
_BY_KEY = Statement(lambda _: select(*_SEEN).where(_OF_KIND, seen.c.key.in_(_KEYS)))
_HASHES = Statement(
    lambda _: select(seen.c.key, seen.c.hash, seen.c.change, seen.c.gone_at, seen.c.first_at, seen.c.changed_at, seen.c.id).where(
        _OF_KIND, seen.c.key.in_(_KEYS)
    )
)
_OWNERS = Statement(lambda _: select(seen.c.key, seen.c.owner).where(_OF_KIND, seen.c.key.in_(_KEYS)))
_OF_OWNERS = Statement(lambda _: select(*_SEEN).where(_BELONGS).order_by(seen.c.id))
_LIVE_OF_OWNERS = Statement(lambda _: select(*_SEEN).where(_BELONGS, _LIVE).order_by(seen.c.id))
_KEYS_OF_OWNERS = Statement(lambda _: select(seen.c.kind, seen.c.key).where(_BELONGS, _LIVE).order_by(seen.c.id))
_AFTER = Statement(_after)
_NEWEST = Statement(
    lambda _: select(*_SEEN).where(_OF_KIND, seen.c.first_at >= bindparam("since"), _LIVE).order_by(seen.c.id.desc()).limit(_LIMIT)
)
_ALIKE = {
    "reference": _like(seen.c.ref, indexed=False),
    "tax_id": _like(seen.c.tax_id, indexed=True),
    "number": _like(seen.c.number, indexed=False),
    "email": _like(seen.c.email, indexed=True),
    "name": _like(seen.c.name, indexed=True),
}
"""By match key; one statement a key, each along its own index."""
