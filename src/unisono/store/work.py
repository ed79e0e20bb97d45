"""What a lane has to do: one row a record, level-triggered. A row is acknowledged only at the generation that was processed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection, Integer, and_, bindparam, case, delete, func, literal_column, select, update

from unisono.store.dialect import insert_for, plainly, portions
from unisono.store.numbers import next_numbers
from unisono.store.stamps import instant, stamp
from unisono.store.statements import Built, Statement
from unisono.store.tables import run as run_table
from unisono.store.tables import work


class Task(Struct, frozen=True):
    """One row of work. ``key`` is a subject's text; ``told`` is the code of why it waited last."""

    key: str
    kind: str
    gen: int
    attempts: int
    told: str
    priority: int
    run: str = ""
    """The run whose plan it carries out, as long as it has not."""


class Mark(Struct, frozen=True):
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
    at = stamp(due)
    rows = [
        {"lane": lane, "key": m.key, "kind": m.kind, "rank": m.rank, "priority": m.priority, "gen": first + n, "due_at": at, "run": run}
        for n, m in enumerate(unique.values())
    ]
    _MARK.run_many(conn, rows)
    return len(rows)


def due(conn: Connection, lane: str, now: datetime, limit: int) -> list[Task]:
    """The rows that are due, by priority, rank, instant, key: the order is the same on every run from the same state.

    Those of a run that was paused or stopped are not.
    """
    return [Task(*row) for row in _DUE.rows(conn, lane=lane, now=stamp(now), limit=limit)]


def next_due(conn: Connection, lane: str) -> datetime | None:
    """When the lane's next row is due, those of paused runs left out."""
    at = _NEXT_DUE.value(conn, lane=lane)
    return instant(at) if at else None


def acknowledge(conn: Connection, lane: str, tasks: Sequence[Task]) -> None:
    """Removes rows at the generation that was processed; a row marked again meanwhile stays."""
    _ACKNOWLEDGE.run_many(conn, [{"b_key": t.key, "b_gen": t.gen} for t in tasks], b_lane=lane)


def put_off(conn: Connection, lane: str, task: Task, at: datetime, told: str, *, counted: bool) -> None:
    """The row is due again at an instant. ``counted`` adds an attempt (unclear, unavailable), pace does not."""
    values = {"due_at": stamp(at), "told": told, "attempts": task.attempts + (1 if counted else 0)}
    _SET.run(conn, b_lane=lane, b_key=task.key, b_gen=task.gen, **values)


def park(conn: Connection, lane: str, tasks: Sequence[tuple[Task, str, str]]) -> None:
    """Rows that wait for something other than time: (task, ``waiting`` for another record or ``held`` by a question or problem, why)."""
    _SET.run_many(conn, [{"b_key": t.key, "b_gen": t.gen, "state": state, "told": why} for t, state, why in tasks], b_lane=lane)


def waiting_on(conn: Connection, lane: str, keys: Sequence[str]) -> list[Mark]:
    """The rows that wait for some records, as marks to wake them by."""
    found = (Mark(*row) for some in portions(keys) for row in _WAITING_ON.rows(conn, lane=lane, keys=some))
    return sorted(found, key=lambda mark: mark.key)


def counts(conn: Connection, lane: str) -> dict[str, int]:
    """Rows by state."""
    return dict(_COUNTS.rows(conn, lane=lane))


def standing(conn: Connection, lane: str, state: str, limit: int = 500) -> list[Task]:
    """Rows of one state, oldest first."""
    return [Task(*row) for row in _STANDING.rows(conn, lane=lane, state=state, limit=limit)]


def leave_run(conn: Connection, lane: str, keys: Sequence[str]) -> None:
    """What a run had to do with these records is settled: from now on they are ordinary work."""
    for some in portions(keys):
        _LEAVE_RUN.run(conn, b_lane=lane, b_keys=some, run="")


def end_run(conn: Connection, lane: str, run: str) -> None:
    """What a run had still to do is ordinary work from now on."""
    _END_RUN.run(conn, b_lane=lane, b_run=run, run="")


def join_run(conn: Connection, lane: str, run: str, priority: int, keys: Sequence[str] | None = None) -> None:
    """Rows that belong to no run become a run's: some records, or all there are."""
    if keys is None:
        _ALL_JOIN_RUN.run(conn, b_lane=lane, run=run, priority=priority)
    for some in portions(keys or []):
        _JOIN_RUN.run(conn, b_lane=lane, b_keys=some, run=run, priority=priority)


def leave_unsure(conn: Connection, lane: str) -> None:
    """Whatever a lane has left to do, now or when it stops waiting, was never looked for: each row stays unsure until it is worked off."""
    _LEAVE_UNSURE.run(conn, b_lane=lane, unsure=1)


def unsure_among(conn: Connection, lane: str, keys: Sequence[str]) -> set[str]:
    """Which of some records' rows are unsure; none as a rule, which one look tells."""
    if _ANY_UNSURE.value(conn, lane=lane) is None:
        return set()
    return {key for some in portions(keys) for (key,) in _UNSURE.rows(conn, lane=lane, keys=some)}


def unsure_ready(conn: Connection, lane: str) -> list[str]:
    """The unsure rows that wait for nothing but time; none as a rule."""
    return [key for (key,) in _UNSURE_READY.rows(conn, lane=lane)]


def drop_run(conn: Connection, lane: str, run: str) -> int:
    """Forgets what a run still had to do."""
    return _DROP_RUN.run(conn, b_lane=lane, b_run=run)


def drop_lane(conn: Connection, lane: str) -> None:
    """Forgets everything a lane still had to do."""
    _DROP_LANE.run(conn, b_lane=lane)


def hasten(conn: Connection, lane: str, keys: Sequence[str], priority: int) -> None:
    """Records of a run that today's work waits for go first."""
    for some in portions(keys):
        _HASTEN.run(conn, b_lane=lane, b_keys=some, priority=priority)


def left_of_run(conn: Connection, lane: str, run: str) -> dict[str, int]:
    """A run's rows by state."""
    return dict(_LEFT_OF_RUN.rows(conn, lane=lane, run=run))


def _mark(conn: Connection) -> Built:
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
    return statement.on_conflict_do_update(index_elements=["lane", "key"], set_=changes)


_TASK = (work.c.key, work.c.kind, work.c.gen, work.c.attempts, work.c.told, work.c.priority)
_MINE = work.c.lane == bindparam("lane")
_LIMIT = bindparam("limit", type_=Integer)
# Of a change: its parameters must not be called as its columns are.
_OURS = work.c.lane == bindparam("b_lane")
_AS_PROCESSED = and_(_OURS, work.c.key == bindparam("b_key"), work.c.gen == bindparam("b_gen"))
_THESE = and_(_OURS, work.c.key.in_(bindparam("b_keys", expanding=True)))
_GOING_ON = work.c.run.not_in(select(run_table.c.id).where(run_table.c.state.in_(("paused", "stopped"))))
"""Records of halted runs are not due for the time being."""
_READY = and_(_MINE, work.c.state == "ready", _GOING_ON)
_BY_STATE = select(work.c.state, func.count()).where(_MINE).group_by(work.c.state)

_MARK = Statement(_mark)
_DUE = Statement(
    lambda conn: (
        select(*_TASK, work.c.run)
        .where(_READY, work.c.due_at <= bindparam("now"))
        .order_by(work.c.priority, work.c.rank, work.c.due_at, plainly(conn, work.c.key))
        .limit(_LIMIT)
    )
)
_NEXT_DUE = Statement(lambda _: select(func.min(work.c.due_at)).where(_READY))
_ACKNOWLEDGE = Statement(lambda _: delete(work).where(_AS_PROCESSED))
_SET = Statement(lambda _: update(work).where(_AS_PROCESSED))
_WAITING_ON = Statement(
    lambda _: select(work.c.key, work.c.kind, work.c.rank, work.c.priority).where(
        _MINE, work.c.state == "waiting", work.c.told.in_(bindparam("keys", expanding=True))
    )
)
_COUNTS = Statement(lambda _: _BY_STATE)
_STANDING = Statement(
    lambda conn: (
        select(*_TASK).where(_MINE, work.c.state == bindparam("state")).order_by(work.c.due_at, plainly(conn, work.c.key)).limit(_LIMIT)
    )
)
_LEAVE_RUN = Statement(lambda _: update(work).where(_THESE))
_END_RUN = Statement(lambda _: update(work).where(_OURS, work.c.run == bindparam("b_run")))
_ALL_JOIN_RUN = Statement(lambda _: update(work).where(_OURS, work.c.run == ""))
_JOIN_RUN = Statement(lambda _: update(work).where(_THESE, work.c.run == ""))
_LEAVE_UNSURE = Statement(lambda _: update(work).where(_OURS))
_LEFT_UNSURE = work.c.unsure == literal_column("1")
_ANY_UNSURE = Statement(lambda _: select(work.c.key).where(_MINE, _LEFT_UNSURE).limit(1))
_UNSURE = Statement(lambda _: select(work.c.key).where(_MINE, _LEFT_UNSURE, work.c.key.in_(bindparam("keys", expanding=True))))
_UNSURE_READY = Statement(lambda _: select(work.c.key).where(_MINE, _LEFT_UNSURE, work.c.state == "ready").order_by(work.c.key))
_DROP_RUN = Statement(lambda _: delete(work).where(_OURS, work.c.run == bindparam("b_run")))
_DROP_LANE = Statement(lambda _: delete(work).where(_OURS))
_HASTEN = Statement(lambda _: update(work).where(_THESE, work.c.run != ""))
_LEFT_OF_RUN = Statement(lambda _: _BY_STATE.where(work.c.run == bindparam("run")))
