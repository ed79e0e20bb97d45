"""Who is who, with what each side held when last in step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Join, Row, and_, bindparam, delete, func, insert, or_, select, update

from unisono.model.record import Kind, Side
from unisono.plan.situation import Link
from unisono.store.codec import flat_from, text_of
from unisono.store.dialect import portions
from unisono.store.stamps import stamp
from unisono.store.tables import link, seen


def links_of(conn: Connection, pair: str, kind: Kind, side: Side, keys: Sequence[str]) -> dict[str, Link]:
    """The links (severed ones, too) of some records, by their key on one side."""
    column = link.c.a_key if side == "a" else link.c.b_key
    where = and_(link.c.pair == pair, link.c.kind == kind)
    found = (row for some in portions(keys) for row in conn.execute(select(link).where(where, column.in_(some))))
    return {(r.a_key if side == "a" else r.b_key): _link(r) for r in found}


@dataclass(frozen=True, slots=True)
class Joined:
    """A link to be made, or added to: the records of both sides and what each held, field by field. ``id`` is only used if it is new."""

    id: str
    kind: Kind
    a_key: str
    b_key: str
    agreed_a: dict[str, str]
    agreed_b: dict[str, str]


def put_links(conn: Connection, pair: str, wanted: Sequence[Joined], now: datetime) -> list[Joined]:
    """Links records, or adds to what their links agree. Returns those that are new.

    Raises the database's unique violation if a record is linked with another one: the second link must be impossible.
    """
    known: dict[tuple[Kind, str], Link] = {}
    for kind in sorted({w.kind for w in wanted}):
        known |= {(kind, key): found for key, found in links_of(conn, pair, kind, "a", [w.a_key for w in wanted if w.kind == kind]).items()}
    at = stamp(now)
    new = [w for w in wanted if (old := known.get((w.kind, w.a_key))) is None or old.b_key != w.b_key]
    if new:
        conn.execute(insert(link), [_new_row(w, pair, at) for w in new])
    fresh = {id(w) for w in new}
    moved = [_agreed_row(w, known[w.kind, w.a_key]) for w in wanted if id(w) not in fresh]
    if moved:
        values = {"agreed_a": bindparam("b_a"), "agreed_b": bindparam("b_b"), "state": "linked", "why": "", "changed_at": at}
        conn.execute(update(link).where(link.c.id == bindparam("b_id")).values(**values), moved)
    return new


def put_link(
    conn: Connection, new_id: str, pair: str, kind: Kind, a_key: str, b_key: str, a: dict[str, str], b: dict[str, str], now: datetime
) -> bool:
    """``put_links`` for one. Returns whether the link is new."""
    return bool(put_links(conn, pair, [Joined(new_id, kind, a_key, b_key, a, b)], now))


def _new_row(wanted: Joined, pair: str, at: str) -> dict[str, str]:
    keys = {"id": wanted.id, "pair": pair, "kind": wanted.kind, "a_key": wanted.a_key, "b_key": wanted.b_key}
    return keys | {"agreed_a": text_of(wanted.agreed_a), "agreed_b": text_of(wanted.agreed_b), "at": at, "changed_at": at}


def _agreed_row(wanted: Joined, old: Link) -> dict[str, str]:
    return {"b_id": old.id, "b_a": text_of(old.agreed_a | wanted.agreed_a), "b_b": text_of(old.agreed_b | wanted.agreed_b)}


def sever(conn: Connection, pair: str, kind: Kind, a_key: str, b_key: str, why: str, now: datetime) -> None:
    """Ends a link but keeps it in memory: neither record is joined or made anew by itself."""
    where = and_(link.c.pair == pair, link.c.kind == kind, link.c.a_key == a_key, link.c.b_key == b_key)
    conn.execute(update(link).where(where).values(state="severed", why=why, changed_at=stamp(now)))


def keep(conn: Connection, pair: str, kind: Kind, a_key: str, b_key: str, why: str, now: datetime) -> None:
    """A link stays although one side is gone; ``why`` says that this is known."""
    where = and_(link.c.pair == pair, link.c.kind == kind, link.c.a_key == a_key, link.c.b_key == b_key)
    conn.execute(update(link).where(where).values(why=why, changed_at=stamp(now)))


def forget(conn: Connection, pair: str, kind: Kind, a_key: str, b_key: str) -> None:
    """Removes a link wholly, so that its records may be linked or made anew."""
    conn.execute(delete(link).where(link.c.pair == pair, link.c.kind == kind, link.c.a_key == a_key, link.c.b_key == b_key))


def some_keys(conn: Connection, pair: str, side: Side, count: int) -> list[str]:
    """The keys of a few linked customers on one side: to tell by them whose account a key opens."""
    column = link.c.a_key if side == "a" else link.c.b_key
    where = and_(link.c.pair == pair, link.c.kind == "party", link.c.state == "linked")
    return list(conn.execute(select(column).where(where).order_by(link.c.id).limit(count)).scalars())


def count_links(conn: Connection, pair: str) -> dict[str, int]:
    """Live links by kind."""
    rows = conn.execute(select(link.c.kind, func.count()).where(link.c.pair == pair, link.c.state == "linked").group_by(link.c.kind))
    return {row[0]: int(row[1]) for row in rows}


def vanished(conn: Connection, pair: str, a: str, b: str) -> tuple[int, int]:
    """How many live links there are, and of how many one side is missing or gone: what the brake looks at. Notes do not count."""
    total = int(conn.execute(select(func.count()).select_from(link).where(_live(pair))).scalar_one())
    lost = select(func.count(func.distinct(link.c.id))).select_from(_with_seen(a, b)).where(_live(pair), _LOST)
    return total, int(conn.execute(lost).scalar_one())


def vanished_labels(conn: Connection, pair: str, a: str, b: str, limit: int) -> list[str]:
    """What a few of the records that vanished are called."""
    rows = select(seen.c.label).select_from(_with_seen(a, b)).where(_live(pair), _LOST).order_by(seen.c.id).limit(limit)
    return list(conn.execute(rows).scalars())


def forget_all(conn: Connection, pair: str) -> None:
    """Removes every link of a pair."""
    conn.execute(delete(link).where(link.c.pair == pair))


_LOST = or_(seen.c.missing_at != "", seen.c.gone_at != "")


def _live(pair: str) -> ColumnElement[bool]:
    # A link that was kept on purpose is no news.
    return and_(link.c.pair == pair, link.c.state == "linked", link.c.why == "", link.c.kind.in_(("party", "contact", "quote")))


def _with_seen(a: str, b: str) -> Join:
    sides = or_(and_(seen.c.connection == a, seen.c.key == link.c.a_key), and_(seen.c.connection == b, seen.c.key == link.c.b_key))
    return link.join(seen, and_(seen.c.kind == link.c.kind, sides))


def _link(row: Row[tuple[object, ...]]) -> Link:
    r = row._mapping
    return Link(r["id"], r["kind"], r["a_key"], r["b_key"], flat_from(r["agreed_a"]), flat_from(r["agreed_b"]), r["state"], r["why"])
