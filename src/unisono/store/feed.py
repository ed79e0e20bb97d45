"""What happened, newest first, page by page: writes with their reason and values, and what was linked, asked, answered, released."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select

from unisono.model.text import folded
from unisono.store.codec import value_from
from unisono.store.dialect import plainly
from unisono.store.tables import history, intent, seen

Sort = Literal["", "writes", "events", "refused"]


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far somebody has read: the last write and the last event that were told. Empty: nothing yet."""

    write: str = ""
    event: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
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
    before: Cursor = Cursor(),
    limit: int = 50,
    keys: Sequence[str] | None = None,
    run: str = "",
    sort: Sort = "",
) -> tuple[list[Happened], Cursor | None]:
    """A page of what happened, and where the next begins (``None``: there is no more). ``keys``: only these records, by either side's key."""
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
    for side, connection in connections:
        like: list[ColumnElement[bool]] = [seen.c.label.icontains(plain, autoescape=True)]
        if wanted:
            like.append(seen.c.name.contains(wanted, autoescape=True))
        where = and_(seen.c.connection == connection, or_(*like))
        rows = conn.execute(select(seen.c.kind, seen.c.key).where(where).order_by(seen.c.id).limit(limit))
        out += [f"{side}:{row.kind}:{row.key}" for row in rows]
    return out


def _writes(conn: Connection, pair: str, before: str, limit: int, keys: Sequence[str] | None, run: str, sort: Sort) -> list[Happened]:
    # Ids of our own grow with time, so the newest are the last of the primary key: no sorting, however long the history.
    order = plainly(conn, intent.c.id)
    where = [intent.c.pair == pair, *([order < before] if before else []), *([intent.c.run == run] if run else [])]
    where += [intent.c.state == "refused"] if sort == "refused" else []
    if keys is not None:
        targets = [key.split(":", 2) for key in keys if key.count(":") >= 2]
        of_target = [and_(intent.c.side == side, intent.c.kind == kind, intent.c.target == key) for side, kind, key in targets]
        where.append(or_(intent.c.key.in_(list(keys)), *of_target))
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
        after=value_from(row.after),
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
