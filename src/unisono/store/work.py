"""What a lane has to do: one row a record, level-triggered. A row is acknowledged only at the generation that was processed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, case, delete, func, literal_column, select, update

from unisono.store.dialect import insert_for, plainly, portions
from unisono.store.numbers import next_numbers
from unisono.store.stamps import instant, stamp
from unisono.store.tables import run as run_table
from unisono.store.tables import work

_HALTED = select(run_table.c.id).where(run_table.c.state.in_(("paused", "stopped")))
"""Runs whose records are not due for the time being."""


@dataclass(frozen=True, slots=True)
class Task:
    """One row of work. ``key`` is a subject's text; ``told`` is the code of why it waited last."""

    key: str
    kind: str
    gen: int
    attempts: int
    told: str
    priority: int
    run: str = ""
    """The run whose plan it carries out, as long as it has not."""


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
    """Marks records: makes or wakes their rows with a new generation. Returns how many. Of marks for one record the most urgent counts.

    A row that a run has still to carry out stays the run's, and no more urgent than it was: today's changes go before history.
    """
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
    of_run = and_(work.c.run != "", fresh.run == "")
    changes = {
        "gen": fresh.gen,
        "priority": case(
            (fresh.run != "", fresh.priority),
            (of_run, work.c.priority),
            (work.c.priority < fresh.priority, work.c.priority),
            else_=fresh.priority,
        ),
        "run": case((of_run, work.c.run), else_=fresh.run),
        "due_at": case((earlier, work.c.due_at), else_=fresh.due_at),
        "state": literal_column("'ready'"),
        "attempts": literal_column("0"),
    }
    conn.execute(statement.on_conflict_do_update(index_elements=["lane", "key"], set_=changes), rows)
    return len(rows)


def due(conn: Connection, lane: str, now: datetime, limit: int) -> list[Task]:
    """The rows that are due, by priority, rank, instant, key: the order is the same on every run from the same state.

    Those of a run that was paused or stopped are not.
    """
    where = and_(work.c.lane == lane, work.c.state == "ready", work.c.due_at <= stamp(now), work.c.run.not_in(_HALTED))
    order = (work.c.priority, work.c.rank, work.c.due_at, plainly(conn, work.c.key))
    rows = conn.execute(select(work).where(where).order_by(*order).limit(limit))
    return [Task(r.key, r.kind, r.gen, r.attempts, r.told, r.priority, r.run) for r in rows]


def next_due(conn: Connection, lane: str) -> datetime | None:
    """When the lane's next row is due, those of paused runs left out."""
    where = and_(work.c.lane == lane, work.c.state == "ready", work.c.run.not_in(_HALTED))
    at = conn.execute(select(func.min(work.c.due_at)).where(where)).scalar()
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


def leave_run(conn: Connection, lane: str, keys: Sequence[str]) -> None:
    """What a run had to do with these records is settled: from now on they are ordinary work."""
    for some in portions(keys):
        conn.execute(update(work).where(work.c.lane == lane, work.c.key.in_(some)).values(run=""))


def join_run(conn: Connection, lane: str, run: str, priority: int, keys: Sequence[str] | None = None) -> None:
    """Rows that belong to no run become a run's: some records, or all there are."""
    free = and_(work.c.lane == lane, work.c.run == "")
    if keys is None:
        conn.execute(update(work).where(free).values(run=run, priority=priority))
    for some in portions(keys or []):
        conn.execute(update(work).where(free, work.c.key.in_(some)).values(run=run, priority=priority))


def drop_run(conn: Connection, lane: str, run: str) -> int:
    """Forgets what a run still had to do."""
    return conn.execute(delete(work).where(work.c.lane == lane, work.c.run == run)).rowcount


def drop_lane(conn: Connection, lane: str) -> None:
    """Forgets everything a lane still had to do."""
    conn.execute(delete(work).where(work.c.lane == lane))


def hasten(conn: Connection, lane: str, keys: Sequence[str], priority: int) -> None:
    """Records of a run that today's work waits for go first."""
    for some in portions(keys):
        conn.execute(update(work).where(work.c.lane == lane, work.c.key.in_(some), work.c.run != "").values(priority=priority))


def left_of_run(conn: Connection, lane: str, run: str) -> dict[str, int]:
    """A run's rows by state."""
    rows = conn.execute(select(work.c.state, func.count()).where(work.c.lane == lane, work.c.run == run).group_by(work.c.state))
    return {row[0]: int(row[1]) for row in rows}
