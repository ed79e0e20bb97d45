"""The writes that are done, as an undo looks at them; and the undo itself as a run."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, and_, insert, or_, select, update

from unisono.model.record import flat_of
from unisono.plan.situation import subject_of
from unisono.plan.undo import Deed, RecordKey
from unisono.store import links
from unisono.store.codec import flat_from, value_from, write_from
from unisono.store.dialect import portions
from unisono.store.stamps import stamp
from unisono.store.tables import UNSETTLED, intent, run


class Scope(Struct, frozen=True):
    """What is to be taken back: the writes of a run, those about one record (``a:party:company:42``), one field of it, one single write, or
    everything."""

    run: str = ""
    record: str = ""
    field: str = ""
    everything: bool = False
    write: str = ""

    @property
    def named(self) -> bool:
        """Whether it says what; a field alone does not."""
        return bool(self.run or self.record or self.write or self.everything)


def deeds(conn: Connection, pair: str, scope: Scope) -> list[Deed]:
    """The done writes of a scope, and every other done write about the same records, oldest first."""
    wanted = _wanted(conn, pair, scope)
    ids = {row.id for row in wanted}
    targets = {(row.side, row.kind, row.target) for row in wanted}
    where = and_(intent.c.pair == pair, intent.c.state == "done")
    rows = {
        row.id: row
        for some in portions([row.target for row in wanted])
        for row in conn.execute(select(intent).where(where, intent.c.target.in_(some)))
        if (row.side, row.kind, row.target) in targets
    }
    ordered = sorted(rows.values(), key=lambda row: (row.at, row.id))
    return [_deed(row, row.id in ids) for row in ordered]


def written(conn: Connection, pair: str, scope: Scope) -> set[RecordKey]:
    """The records that the done writes of a scope wrote."""
    return {(row.side, row.kind, row.target) for row in _wanted(conn, pair, scope)}


def unsettled_keys(conn: Connection, pair: str) -> set[str]:
    """The subjects of writes whose outcome is not known yet."""
    where = and_(intent.c.pair == pair, UNSETTLED)
    return set(conn.execute(select(intent.c.key).where(where)).scalars())


def open_run(conn: Connection, run_id: str, pair: str, total: int, policy_version: int, now: datetime) -> None:
    """The run that an undo is."""
    values = {"id": run_id, "pair": pair, "kind": "undo", "total": total, "policy_version": policy_version, "started_at": stamp(now)}
    conn.execute(insert(run).values(**values))


def close_run(conn: Connection, run_id: str, done: int, failed: int, now: datetime) -> None:
    """How it ended."""
    conn.execute(update(run).where(run.c.id == run_id).values(state="done", done=done, failed=failed, ended_at=stamp(now)))


def _wanted(conn: Connection, pair: str, scope: Scope) -> list[Any]:
    where = and_(intent.c.pair == pair, intent.c.state == "done")
    if scope.run:
        where = and_(where, intent.c.run == scope.run)
    if scope.write:
        where = and_(where, intent.c.id == scope.write)
    if scope.record:
        names = _names(conn, pair, scope.record)
        of_target = [
            and_(intent.c.side == s.side, intent.c.kind == s.kind, intent.c.target == s.key) for s in (subject_of(name) for name in names)
        ]
        where = and_(where, or_(intent.c.key.in_(names), *of_target))
    if not scope.named:
        return []
    rows: Iterable[Any] = conn.execute(select(intent).where(where))
    return list(rows)


def _names(conn: Connection, pair: str, record: str) -> list[str]:
    """A record and its counterpart: an undo of one takes back what was written on either side of the link."""
    subject = subject_of(record)
    found = links.links_of(conn, pair, subject.kind, subject.side, [subject.key]).get(subject.key)
    return [record] if found is None else [f"a:{subject.kind}:{found.a_key}", f"b:{subject.kind}:{found.b_key}"]


def _deed(row: Any, wanted: bool) -> Deed:
    write, kept, told = write_from(row.write), value_from(row.command), value_from(row.told)
    sent = write.changes if write.operation == "change" else flat_of(write.body) if write.body is not None else {}
    return Deed(
        id=row.id,
        side=row.side,
        kind=row.kind,
        key=row.target,
        operation=row.operation,
        subject=row.key,
        link_kind=kept["link_kind"],
        label=row.label,
        before=flat_from(row.before),
        after=dict(sent) | flat_from(row.after),
        row=str(told.get("row", "")),
        wanted=wanted,
    )
