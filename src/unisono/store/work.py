"""What a lane has to do: one row a record, level-triggered. A row is acknowledged only at the generation that was processed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, case, delete, func, literal_column, select, update

from unisono.store.dialect import insert_for, plainly, portions
from unisono.store.numbers import next_numbers
from unisono.store.stamps import instant, stamp
from unisono.store.tables import work


@dataclass(frozen=True, slots=True)
class Task:
    """One row of work. ``key`` is a subject's text; ``told`` is the code of why it waited last."""

    key: str
    kind: str
    gen: int
    attempts: int
    told: str
    priority: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A record to look at. ``rank`` orders dependencies; a lower ``priority`` goes first.

    Priorities in use: webhook and manual 0, poll 10, documents 20, first sync 50.
    """

    key: str
    kind: str
    rank: int = 0
    priority: int = 10


def mark(conn: Connection, lane: str, marks: Iterable[Mark], due: datetime, *, run: str = "") -> int:
    """Marks records: makes or wakes their rows with a new generation. Returns how many. Of marks for one record the most urgent counts."""
    unique: dict[str, Mark] = {}
    for m in marks:
        if m.key not in unique or m.priority < unique[m.key].priority:
            unique[m.key] = m
    if not unique:
        return 0
    first = next_numbers(conn, "gen", len(unique))
    rows = [
        {
            "lane": lane,
            "key": m.key,
            "kind": m.kind,
            "rank": m.rank,
            "priority": m.priority,
            "gen": first + n,
            "due_at": stamp(due),
            "run": run,
        }
        for n, m in enumerate(unique.values())
    ]
    statement = insert_for(conn, work)
    fresh = statement.excluded
    earlier = and_(work.c.state == "ready", work.c.due_at < fresh.due_at)
    changes = {
        "gen": fresh.gen,
        "priority": case((work.c.priority < fresh.priority, work.c.priority), else_=fresh.priority),
        "due_at": case((earlier, work.c.due_at), else_=fresh.due_at),
        "state": literal_column("'ready'"),
        "attempts": literal_column("0"),
    }
    conn.execute(statement.on_conflict_do_update(index_elements=["lane", "key"], set_=changes), rows)
    return len(rows)


def due(conn: Connection, lane: str, now: datetime, limit: int) -> list[Task]:
    """The rows that are due, by priority, rank, instant, key: the order is the same on every run from the same state."""
    where = and_(work.c.lane == lane, work.c.state == "ready", work.c.due_at <= stamp(now))
    order = (work.c.priority, work.c.rank, work.c.due_at, plainly(conn, work.c.key))
    rows = conn.execute(select(work).where(where).order_by(*order).limit(limit))
    return [Task(r.key, r.kind, r.gen, r.attempts, r.told, r.priority) for r in rows]


def next_due(conn: Connection, lane: str) -> datetime | None:
    """When the lane's next row is due."""
    at = conn.execute(select(func.min(work.c.due_at)).where(work.c.lane == lane, work.c.state == "ready")).scalar()
    return instant(at) if at else None


def acknowledge(conn: Connection, lane: str, tasks: Sequence[Task]) -> None:
    """Removes rows at the generation that was processed; a row marked again meanwhile stays."""
    if tasks:
        where = and_(work.c.lane == lane, work.c.key == bindparam("b_key"), work.c.gen == bindparam("b_gen"))
        conn.execute(delete(work).where(where), [{"b_key": t.key, "b_gen": t.gen} for t in tasks])


def put_off(conn: Connection, lane: str, task: Task, at: datetime, told: str, *, counted: bool) -> None:
    """The row is due again at an instant. ``counted`` adds an attempt (unclear, unavailable), pace does not."""
    values = {"due_at": stamp(at), "told": told, "attempts": task.attempts + (1 if counted else 0)}
    conn.execute(update(work).where(work.c.lane == lane, work.c.key == task.key, work.c.gen == task.gen).values(**values))


def park(conn: Connection, lane: str, tasks: Sequence[tuple[Task, str, str]]) -> None:
    """Rows that wait for something other than time: (task, ``waiting`` for another record or ``held`` by a question or problem, why)."""
    if tasks:
        where = and_(work.c.lane == lane, work.c.key == bindparam("b_key"), work.c.gen == bindparam("b_gen"))
        rows = [{"b_key": t.key, "b_gen": t.gen, "b_state": state, "b_told": why} for t, state, why in tasks]
        conn.execute(update(work).where(where).values(state=bindparam("b_state"), told=bindparam("b_told")), rows)


def waiting_on(conn: Connection, lane: str, keys: Sequence[str]) -> list[Mark]:
    """The rows that wait for some records, as marks to wake them by."""
    where = and_(work.c.lane == lane, work.c.state == "waiting")
    found = (row for some in portions(keys) for row in conn.execute(select(work).where(where, work.c.told.in_(some))))
    return sorted((Mark(r.key, r.kind, r.rank, r.priority) for r in found), key=lambda mark: mark.key)


def counts(conn: Connection, lane: str) -> dict[str, int]:
    """Rows by state."""
    rows = conn.execute(select(work.c.state, func.count()).where(work.c.lane == lane).group_by(work.c.state))
    return {row[0]: int(row[1]) for row in rows}


def standing(conn: Connection, lane: str, state: str, limit: int = 500) -> list[Task]:
    """Rows of one state, oldest first."""
    order = (work.c.due_at, plainly(conn, work.c.key))
    rows = conn.execute(select(work).where(work.c.lane == lane, work.c.state == state).order_by(*order).limit(limit))
    return [Task(r.key, r.kind, r.gen, r.attempts, r.told, r.priority) for r in rows]
