"""Runs: a plan stored row by row, what became of each row, and how far the whole is.

A run is *previewed* first. Released it is *running*, may be *paused* and *stopped*, and is *done* when none of its records is due any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, func, insert, select, update

from unisono.store.codec import text_of, value_from
from unisono.store.dialect import portions
from unisono.store.stamps import stamp
from unisono.store.tables import intent, plan_row, run

PLANNED_KINDS = ("first", "preview")
"""Runs that have a plan of rows: the one that released the pair, and later ones."""
CHANGED = "changed-since-preview"
"""Outcome of a row whose basis no longer held: planned anew, shown, not done."""
PENDING = ("", "begun", "waiting")
"""Outcomes of rows that are still to be done: untouched, in the middle of it, waiting for another record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run. ``sheet`` holds the forecast (``calls``, ``seconds``), the change numbers it was planned at (``seen``), and ``released_at``."""

    id: str
    pair: str
    kind: str
    state: str
    total: int
    done: int
    failed: int
    policy_version: int
    sheet: dict[str, Any]
    started_at: str
    ended_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """One record of a plan. ``action`` is JSON: reason, writes with values before and after, joins, questions, problems."""

    seq: int
    key: str
    kind: str
    verdict: str
    action: dict[str, Any] = field(default_factory=dict)
    basis: str = ""
    label: str = ""
    outcome: str = ""


def open_run(conn: Connection, run_id: str, pair: str, kind: str, policy_version: int, now: datetime) -> None:
    """A new run that is being planned. Earlier previews of the pair that were never released go: their rows would only age."""
    old = select(run.c.id).where(run.c.pair == pair, run.c.kind.in_(PLANNED_KINDS), run.c.state.in_(("planning", "previewed")))
    conn.execute(delete(plan_row).where(plan_row.c.run.in_(old)))
    conn.execute(delete(run).where(run.c.pair == pair, run.c.kind.in_(PLANNED_KINDS), run.c.state.in_(("planning", "previewed"))))
    values = {"id": run_id, "pair": pair, "kind": kind, "state": "planning", "policy_version": policy_version, "started_at": stamp(now)}
    conn.execute(insert(run).values(**values))


def add_rows(conn: Connection, run_id: str, rows: Sequence[PlanRow]) -> None:
    """Adds rows to a plan."""
    if rows:
        conn.execute(insert(plan_row), [{"run": run_id, "seq": r.seq, "key": r.key, **_values(r)} for r in rows])


def next_seq(conn: Connection, run_id: str) -> int:
    """The number of the next row."""
    return int(conn.execute(select(func.coalesce(func.max(plan_row.c.seq), 0)).where(plan_row.c.run == run_id)).scalar_one()) + 1


def get_run(conn: Connection, run_id: str) -> Run:
    """One run; ``KeyError`` if there is none."""
    row = conn.execute(select(run).where(run.c.id == run_id)).first()
    if row is None:
        raise KeyError(run_id)
    return _run(row)


def runs(conn: Connection, pair: str = "") -> list[Run]:
    """All runs, or those of a pair, newest first."""
    where = [run.c.pair == pair] if pair else []
    return [_run(row) for row in conn.execute(select(run).where(*where).order_by(run.c.started_at.desc(), run.c.id.desc()))]


def live_run(conn: Connection, pair: str) -> Run | None:
    """The planned run of a pair that is under way or paused."""
    where = and_(run.c.pair == pair, run.c.kind.in_(PLANNED_KINDS), run.c.state.in_(("running", "paused")))
    row = conn.execute(select(run).where(where).order_by(run.c.id.desc())).first()
    return None if row is None else _run(row)


def state_of(conn: Connection, run_id: str) -> str:
    """A run's state; empty if it is gone."""
    return str(conn.execute(select(run.c.state).where(run.c.id == run_id)).scalar() or "")


def kind_of(conn: Connection, run_id: str) -> str:
    """A run's kind; empty if there is none of that name."""
    return str(conn.execute(select(run.c.kind).where(run.c.id == run_id)).scalar() or "")


def update_run(conn: Connection, run_id: str, **values: Any) -> None:
    """Changes some columns; ``sheet`` is stored as JSON."""
    if "sheet" in values:
        values["forecast"] = text_of(values.pop("sheet"))
    conn.execute(update(run).where(run.c.id == run_id).values(**values))


def move(conn: Connection, run_id: str, to: str, among: Sequence[str], now: datetime) -> bool:
    """Changes a run's state if it is one of those named; says whether it was."""
    ended = {"ended_at": stamp(now)} if to in ("stopped", "done") else {"ended_at": ""}
    where = and_(run.c.id == run_id, run.c.state.in_(among))
    return bool(conn.execute(update(run).where(where).values(state=to, **ended)).rowcount)


def rows(
    conn: Connection, run_id: str, *, verdict: str = "", outcome: str | None = None, key: str = "", after: int = 0, limit: int = 1000
) -> list[PlanRow]:
    """A page of a plan's rows in their order, from those behind ``after`` on."""
    where = [plan_row.c.run == run_id, plan_row.c.seq > after]
    where += [plan_row.c.verdict == verdict] if verdict else []
    where += [plan_row.c.outcome == outcome] if outcome is not None else []
    where += [plan_row.c.key == key] if key else []
    return [_row(r) for r in conn.execute(select(plan_row).where(*where).order_by(plan_row.c.seq).limit(limit))]


def rows_of(conn: Connection, run_id: str, keys: Sequence[str]) -> dict[str, PlanRow]:
    """The rows of some records, by key."""
    where = plan_row.c.run == run_id
    found = (row for some in portions(keys) for row in conn.execute(select(plan_row).where(where, plan_row.c.key.in_(some))))
    return {row.key: _row(row) for row in found}


def bases_of(conn: Connection, run_id: str, keys: Sequence[str]) -> dict[str, str]:
    """What the rows of some records rest on, by key."""
    where = plan_row.c.run == run_id
    columns = select(plan_row.c.key, plan_row.c.basis)
    return {r.key: r.basis for some in portions(keys) for r in conn.execute(columns.where(where, plan_row.c.key.in_(some)))}


def replan(conn: Connection, run_id: str, fresh: Iterable[PlanRow]) -> None:
    """Puts rows that were planned anew in the place of the old ones."""
    told = [{"b_seq": r.seq, **{f"b_{k}": v for k, v in _values(r).items()}} for r in fresh]
    if told:
        names = ("kind", "verdict", "action", "basis", "label", "outcome")
        where = and_(plan_row.c.run == run_id, plan_row.c.seq == bindparam("b_seq"))
        conn.execute(update(plan_row).where(where).values({name: bindparam(f"b_{name}") for name in names}), told)


def put_outcomes(conn: Connection, run_id: str, outcomes: Mapping[str, str]) -> None:
    """What became of the rows of some records (key -> outcome)."""
    if outcomes:
        where = and_(plan_row.c.run == run_id, plan_row.c.key == bindparam("b_key"))
        told = [{"b_key": key, "b_outcome": outcome} for key, outcome in outcomes.items()]
        conn.execute(update(plan_row).where(where).values(outcome=bindparam("b_outcome")), told)


def change_outcomes(conn: Connection, run_id: str, among: Sequence[str], to: str) -> int:
    """Rows of some outcomes get another one: when a run is stopped, or what had changed is confirmed."""
    where = and_(plan_row.c.run == run_id, plan_row.c.outcome.in_(among))
    return conn.execute(update(plan_row).where(where).values(outcome=to)).rowcount


def count(conn: Connection, run_id: str) -> dict[tuple[str, str], int]:
    """How many rows there are by (verdict, outcome)."""
    columns = select(plan_row.c.verdict, plan_row.c.outcome, func.count()).where(plan_row.c.run == run_id)
    return {(r[0], r[1]): int(r[2]) for r in conn.execute(columns.group_by(plan_row.c.verdict, plan_row.c.outcome))}


def recount(conn: Connection, run_id: str) -> None:
    """Brings the run's own numbers up to date: all rows, those that are settled, those that failed."""
    counted = count(conn, run_id)
    done = sum(n for (_, outcome), n in counted.items() if outcome not in PENDING and outcome not in ("stopped", CHANGED))
    failed = sum(n for (_, outcome), n in counted.items() if outcome == "failed")
    update_run(conn, run_id, total=sum(counted.values()), done=done, failed=failed)


def written(conn: Connection, run_id: str, keys: Sequence[str]) -> dict[str, int]:
    """How many writes of a run are done, by record."""
    done = and_(intent.c.run == run_id, intent.c.state == "done", intent.c.step == 0)
    columns = select(intent.c.key, func.count()).group_by(intent.c.key)
    return {r[0]: int(r[1]) for some in portions(keys) for r in conn.execute(columns.where(done, intent.c.key.in_(some)))}


def _values(row: PlanRow) -> dict[str, str]:
    action = text_of(row.action)
    return {"kind": row.kind, "verdict": row.verdict, "action": action, "basis": row.basis, "label": row.label, "outcome": row.outcome}


def _row(row: Row[Any]) -> PlanRow:
    return PlanRow(
        seq=row.seq,
        key=row.key,
        kind=row.kind,
        verdict=row.verdict,
        action=value_from(row.action),
        basis=row.basis,
        label=row.label,
        outcome=row.outcome,
    )


def _run(row: Row[Any]) -> Run:
    return Run(
        id=row.id,
        pair=row.pair,
        kind=row.kind,
        state=row.state,
        total=row.total,
        done=row.done,
        failed=row.failed,
        policy_version=row.policy_version,
        sheet=value_from(row.forecast),
        started_at=row.started_at,
        ended_at=row.ended_at,
    )


def targets_of(conn: Connection, run_id: str, keys: Sequence[str]) -> dict[str, list[str]]:
    """What a run wrote for some records: the keys on the other side, in the order they were written."""
    done = and_(intent.c.run == run_id, intent.c.state == "done", intent.c.target != "")
    columns = select(intent.c.key, intent.c.kind, intent.c.target).order_by(intent.c.at, intent.c.id)
    out: dict[str, list[str]] = {}
    for some in portions(keys):
        for r in conn.execute(columns.where(done, intent.c.key.in_(some))):
            out.setdefault(r.key, []).append(f"{r.kind}:{r.target}")
    return {key: list(dict.fromkeys(found)) for key, found in out.items()}
