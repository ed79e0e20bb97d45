"""What happened, newest first, page by page: writes with their reason and values, and what was linked, asked, answered, released."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, cast

from msgspec import Struct, field
from sqlalchemy import Connection, Row, and_, literal_column, select

from unisono.model.record import Kind, Side, other
from unisono.model.text import folded
from unisono.store.codec import value_from
from unisono.store.dialect import plainly
from unisono.store.links import links_of
from unisono.store.tables import UNTIL_SETTLED, history, intent, seen

Sort = Literal["", "writes", "events", "refused"]


class Cursor(Struct, frozen=True):
    """How far somebody has read: the last write and the last event that were told. Empty: nothing yet."""

    write: str = ""
    event: int = 0


FIRST = Cursor()


class Happened(Struct, frozen=True, kw_only=True):
    """One line of history. A write has ``side``, ``operation``, ``state``, a reason and values; anything else has ``event`` and ``by``."""

    at: str
    id: str
    key: str
    kind: str
    label: str
    run: str = ""
    event: str = ""
    values: dict[str, str] = field(default_factory=dict)
    by: str = ""
    side: str = ""
    operation: str = ""
    state: str = ""
    target: str = ""
    reason: str = ""
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    policy_version: int = 0

    @property
    def is_write(self) -> bool:
        """Whether something was written, or was to be."""
        return bool(self.operation)


def feed(
    conn: Connection,
    pair: str,
    *,
    before: Cursor = FIRST,
    limit: int = 50,
    keys: Sequence[str] | None = None,
    run: str = "",
    sort: Sort = "",
) -> tuple[list[Happened], Cursor | None]:
    """A page of what happened, and where the next begins (``None``: there is no more). ``keys``: only these, see ``with_counterparts``."""
    if keys is not None and not keys:
        return [], None
    wanted = limit + 1
    writes = [] if sort == "events" else _writes(conn, pair, before.write, wanted, keys, run, sort)
    events = [] if sort in ("writes", "refused") else _events(conn, pair, before.event, wanted, keys, run)
    # Writes come before events of the same instant: what was linked was linked by the write.
    merged = sorted([*writes, *events], key=lambda one: (one.at, one.is_write), reverse=True)
    page = merged[:limit]
    if len(merged) <= limit:
        return page, None
    last_write = next((one.id for one in reversed(page) if one.is_write), before.write)
    last_event = next((int(one.id) for one in reversed(page) if not one.is_write), before.event)
    return page, Cursor(last_write, last_event)


def find_records(conn: Connection, connections: Sequence[tuple[str, str]], text: str, limit: int = 100) -> list[str]:
    """Records (``a:party:company:42``) a person may mean by a text: part of a name, without regard to case and diacritics, or of a number.

    ``connections`` are (side, connection).
    """
    wanted, plain = folded(text), text.strip()
    if not wanted and not plain:
        return []
    out: list[str] = []
    # Each along an index of its own; the empty text is spelt out, or SQLite does not see that a partial index fits.
    named = and_(seen.c.name != literal_column("''"), seen.c.name.contains(wanted, autoescape=True))
    numbered = and_(seen.c.number != literal_column("''"), seen.c.number == plain)
    labelled = and_(seen.c.kind.in_(("quote", "order", "invoice")), seen.c.label.icontains(plain, autoescape=True))
    for side, connection in connections:
        for like in (*([named] if wanted else []), numbered, labelled):
            rows = conn.execute(select(seen.c.kind, seen.c.key).where(seen.c.connection == connection, like).limit(limit))
            out += [f"{side}:{row.kind}:{row.key}" for row in rows]
    return list(dict.fromkeys(out))


def with_counterparts(conn: Connection, pair: str, records: Sequence[str]) -> list[str]:
    """Records and those they are or were linked with: what was written is kept under the record that it was written for."""
    out = list(dict.fromkeys(record for record in records if record.count(":") >= 2))
    by_kind: dict[tuple[Side, Kind], list[str]] = {}
    for record in out:
        side, kind, key = record.split(":", 2)
        if side in ("a", "b"):
            by_kind.setdefault((cast(Side, side), cast(Kind, kind)), []).append(key)
    for (side, kind), keys in by_kind.items():
        there = other(side)
        out += [f"{there}:{kind}:{link.key(there)}" for link in links_of(conn, pair, kind, side, keys).values()]
    return list(dict.fromkeys(out))


def _writes(conn: Connection, pair: str, before: str, limit: int, keys: Sequence[str] | None, run: str, sort: Sort) -> list[Happened]:
    # Ids of our own grow with time, so the newest are the last along the index of the pair: no sorting, however long the history.
    newest = plainly(conn, intent.c.id)
    where = [intent.c.pair == pair, *([newest < before] if before else []), *([intent.c.run == run] if run else [])]
    # Spelt out: they have an index of their own.
    where += [intent.c.state == literal_column("'refused'")] if sort == "refused" else []
    where += [intent.c.key.in_(list(keys))] if keys is not None else []
    # Where few fit, they are found along their own index and sorted.
    order = newest.concat("") if keys is not None or run or sort == "refused" else newest
    return [_write(row) for row in conn.execute(select(intent).where(*where).order_by(order.desc()).limit(limit))]


def _events(conn: Connection, pair: str, before: int, limit: int, keys: Sequence[str] | None, run: str) -> list[Happened]:
    where = [history.c.pair == pair, *([history.c.id < before] if before else []), *([history.c.run == run] if run else [])]
    where += [history.c.key.in_(list(keys))] if keys is not None else []
    return [_event(row) for row in conn.execute(select(history).where(*where).order_by(history.c.id.desc()).limit(limit))]


def _write(row: Row[Any]) -> Happened:
    reason = value_from(row.reason)
    return Happened(
        at=row.at,
        id=row.id,
        key=row.key,
        kind=row.kind,
        label=row.label,
        run=row.run,
        values=reason["values"],
        side=row.side,
        operation=row.operation,
        state=row.state,
        target=row.target,
        reason=reason["code"],
        before=value_from(row.before),
        after=value_from(row.after) if row.state not in UNTIL_SETTLED else {},
        told=value_from(row.told),
        policy_version=row.policy_version,
    )


def _event(row: Row[Any]) -> Happened:
    r = row._mapping
    return Happened(
        at=r["at"],
        id=str(r["id"]),
        key=r["key"],
        kind=r["kind"],
        label=r["label"],
        run=r["run"],
        event=r["event"],
        values=value_from(r["values"]),
        by=r["by"],
    )
