"""Who changed what about users and the house: lines that are only ever added, for administrators to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection, insert, select

from unisono.store.codec import flat_from, text_of, value_from
from unisono.store.stamps import stamp
from unisono.store.tables import audit

PORTION = 200


class Entry(Struct, frozen=True, kw_only=True):
    """One change. ``whom`` is a login, or names what was changed; ``firms`` are those it concerns, ``None``: the whole house."""

    id: int
    at: str
    by: str
    event: str
    whom: str
    firms: tuple[str, ...] | None
    values: dict[str, str]


def log(
    conn: Connection, by: str, event: str, whom: str, firms: Sequence[str] | None, now: datetime, values: Mapping[str, str] | None = None
) -> None:
    """Adds a line."""
    told = {"firms": "" if firms is None else text_of(sorted(firms)), "values": text_of(dict(values or {}))}
    conn.execute(insert(audit).values(at=stamp(now), by=by, event=event, whom=whom, **told))


def entries(conn: Connection, firms: Sequence[str] | None, *, before: int = 0, limit: int = PORTION) -> list[Entry]:
    """The newest lines, for whoever looks after ``firms`` (``None``: after all); ``before`` an id, to go on from.

    Whoever looks after some firms reads what concerns these alone.
    """
    out: list[Entry] = []
    while len(out) < limit:
        where = [audit.c.id < before] if before else []
        rows = conn.execute(select(audit).where(*where).order_by(audit.c.id.desc()).limit(PORTION)).mappings().all()
        for row in rows:
            concerned = tuple(value_from(row["firms"])) if row["firms"] else None
            if firms is None or (concerned and set(concerned) <= set(firms)):
                values = flat_from(row["values"])
                out.append(
                    Entry(id=row["id"], at=row["at"], by=row["by"], event=row["event"], whom=row["whom"], firms=concerned, values=values)
                )
        if len(rows) < PORTION:
            break
        before = rows[-1]["id"]
    return out[:limit]
