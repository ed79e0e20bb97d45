"""Who is who, with what each side held when last in step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, and_, delete, func, insert, or_, select, update

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


def put_link(
    conn: Connection, new_id: str, pair: str, kind: Kind, a_key: str, b_key: str, a: dict[str, str], b: dict[str, str], now: datetime
) -> bool:
    """Links two records, or adds to what a link agrees. Returns whether the link is new.

    Raises the database's unique violation if one of them is linked with another record: the second link must be impossible.
    """
    where = and_(link.c.pair == pair, link.c.kind == kind, link.c.a_key == a_key, link.c.b_key == b_key)
    row = conn.execute(select(link).where(where)).first()
    at = stamp(now)
    if row is None:
        values = {"id": new_id, "pair": pair, "kind": kind, "a_key": a_key, "b_key": b_key, "at": at, "changed_at": at}
        conn.execute(insert(link).values(agreed_a=text_of(a), agreed_b=text_of(b), **values))
        return True
    agreed_a, agreed_b = flat_from(row.agreed_a) | a, flat_from(row.agreed_b) | b
    values = {"agreed_a": text_of(agreed_a), "agreed_b": text_of(agreed_b), "state": "linked", "why": "", "changed_at": at}
    conn.execute(update(link).where(where).values(**values))
    return False


def sever(conn: Connection, pair: str, kind: Kind, a_key: str, b_key: str, why: str, now: datetime) -> None:
    """Ends a link but keeps it in memory: neither record is joined or made anew by itself."""
    where = and_(link.c.pair == pair, link.c.kind == kind, link.c.a_key == a_key, link.c.b_key == b_key)
    conn.execute(update(link).where(where).values(state="severed", why=why, changed_at=stamp(now)))


def forget(conn: Connection, pair: str, kind: Kind, a_key: str, b_key: str) -> None:
    """Removes a link wholly, so that its records may be linked or made anew."""
    conn.execute(delete(link).where(link.c.pair == pair, link.c.kind == kind, link.c.a_key == a_key, link.c.b_key == b_key))


def count_links(conn: Connection, pair: str) -> dict[str, int]:
    """Live links by kind."""
    rows = conn.execute(select(link.c.kind, func.count()).where(link.c.pair == pair, link.c.state == "linked").group_by(link.c.kind))
    return {row[0]: int(row[1]) for row in rows}


def vanished(conn: Connection, pair: str, a: str, b: str) -> tuple[int, int]:
    """How many live links there are, and of how many one side is missing or gone: what the brake looks at. Notes do not count."""
    live = and_(link.c.pair == pair, link.c.state == "linked", link.c.kind.in_(("party", "contact", "quote")))
    total = int(conn.execute(select(func.count()).select_from(link).where(live)).scalar_one())
    lost = or_(seen.c.missing_at != "", seen.c.gone_at != "")
    sides = or_(and_(seen.c.connection == a, seen.c.key == link.c.a_key), and_(seen.c.connection == b, seen.c.key == link.c.b_key))
    joined = link.join(seen, and_(seen.c.kind == link.c.kind, sides))
    gone = conn.execute(select(func.count(func.distinct(link.c.id))).select_from(joined).where(live, lost)).scalar_one()
    return total, int(gone)


def _link(row: Row[tuple[object, ...]]) -> Link:
    r = row._mapping
    return Link(r["id"], r["kind"], r["a_key"], r["b_key"], flat_from(r["agreed_a"]), flat_from(r["agreed_b"]), r["state"], r["why"])
