"""Runs: a plan stored row by row, what became of each row, and how far the whole is.

A run is *previewed* first. Released it is *running*, may be *paused* and *stopped*, and is *done* when none of its records is due any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from msgspec import Struct, field
from sqlalchemy import BindParameter, Connection, Integer, Select, and_, bindparam, delete, func, insert, select, update

from unisono.model.text import folded
from unisono.store.codec import text_of, value_from
from unisono.store.dialect import portions
from unisono.store.stamps import stamp
from unisono.store.statements import Built, Statement
from unisono.store.tables import intent, plan_row, run

PLANNED_KINDS = ("first", "preview")
"""Runs that have a plan of rows: the one that released the pair, and later ones."""
CHANGED = "changed-since-preview"
"""Outcome of a row whose basis no longer held: planned anew, shown, not done."""
PENDING = ("", "begun", "waiting")
"""Outcomes of rows that are still to be done: untouched, in the middle of it, waiting for another record."""


class Run(Struct, frozen=True, kw_only=True):
    """A run. ``sheet`` holds the forecast (``calls``, ``seconds``), what stays ``behind`` and ``cannot`` be done, the change numbers it was
    planned at (``seen``), and ``released_at``."""

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


class PlanRow(Struct, frozen=True, kw_only=True):
    """One record of a plan. ``action`` is JSON: reason, writes with values before and after, joins, questions, problems, and marks of what
    stays behind."""

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
    _DROP_OLD_ROWS.run(conn, pair=pair)
    _DROP_OLD.run(conn, pair=pair)
    values = {"id": run_id, "pair": pair, "kind": kind, "state": "planning", "policy_version": policy_version, "started_at": stamp(now)}
    _NEW.run(conn, **values)


def add_rows(conn: Connection, run_id: str, rows: Sequence[PlanRow]) -> None:
    """Adds rows to a plan."""
    _ADD.run_many(conn, [{"run": run_id, "seq": r.seq, "key": r.key, **_values(r)} for r in rows])


def next_seq(conn: Connection, run_id: str) -> int:
    """The number of the next row."""
    return int(_LAST.value(conn, run=run_id) or 0) + 1


def get_run(conn: Connection, run_id: str) -> Run:
    """One run; ``KeyError`` if there is none."""
    row = _ONE.row(conn, id=run_id)
    if row is None:
        raise KeyError(run_id)
    return _run(row)


def runs(conn: Connection, pair: str = "") -> list[Run]:
    """All runs, or those of a pair, newest first."""
    return [_run(row) for row in (_OF_PAIR.rows(conn, pair=pair) if pair else _ALL.rows(conn))]


def live_run(conn: Connection, pair: str) -> Run | None:
    """The planned run of a pair that is under way or paused."""
    row = _LIVE.row(conn, pair=pair)
    return None if row is None else _run(row)


def state_of(conn: Connection, run_id: str) -> str:
    """A run's state; empty if it is gone."""
    return str(_STATE.value(conn, id=run_id) or "")


def kind_of(conn: Connection, run_id: str) -> str:
    """A run's kind; empty if there is none of that name."""
    return str(_KIND.value(conn, id=run_id) or "")


def update_run(conn: Connection, run_id: str, **values: Any) -> None:
    """Changes some columns; ``sheet`` is stored as JSON."""
    if "sheet" in values:
        values["forecast"] = text_of(values.pop("sheet"))
    _SET.run(conn, b_id=run_id, **values)


def move(conn: Connection, run_id: str, to: str, among: Sequence[str], now: datetime) -> bool:
    """Changes a run's state if it is one of those named; says whether it was."""
    ended_at = stamp(now) if to in ("stopped", "done") else ""
    return bool(_MOVE.run(conn, b_id=run_id, b_among=among, state=to, ended_at=ended_at))


def rows(
    conn: Connection, run_id: str, *, verdict: str = "", outcome: str | None = None, key: str = "", after: int = 0, limit: int = 1000
) -> list[PlanRow]:
    """A page of a plan's rows in their order, from those behind ``after`` on."""
    wanted: dict[str, str] = {"verdict": verdict} if verdict else {}
    wanted |= {"outcome": outcome} if outcome is not None else {}
    wanted |= {"key": key} if key else {}
    return [_row(row) for row in _page(tuple(wanted)).rows(conn, run=run_id, after=after, limit=limit, **wanted)]


def find_rows(
    conn: Connection,
    run_id: str,
    *,
    verdicts: Sequence[str] = (),
    kind: str = "",
    search: str = "",
    mark: str = "",
    outcome: str | None = None,
    after: int = 0,
    limit: int = 50,
) -> list[PlanRow]:
    """A page of a plan's rows in their order: of some verdicts, of a kind, with a text in their name, without regard to case and diacritics;
    those with a ``mark`` are the ones of which that stays behind."""
    where = [plan_row.c.run == run_id, plan_row.c.seq > after]
    where += [plan_row.c.verdict.in_(list(verdicts))] if verdicts else []
    where += [plan_row.c.kind == kind] if kind else []
    where += [plan_row.c.outcome == outcome] if outcome is not None else []
    where += [plan_row.c.action.contains(text_of(mark), autoescape=True)] if mark else []
    where += [plan_row.c.name.contains(wanted, autoescape=True)] if (wanted := folded(search)) else []
    columns = [plan_row.c[name] for name in PlanRow.__struct_fields__]
    return [_row(tuple(row)) for row in conn.execute(select(*columns).where(*where).order_by(plan_row.c.seq).limit(limit))]


def row_at(conn: Connection, run_id: str, seq: int) -> PlanRow | None:
    """One row of a plan, by its number."""
    found = find_rows(conn, run_id, after=seq - 1, limit=1) if seq > 0 else []
    return found[0] if found and found[0].seq == seq else None


def rows_at(conn: Connection, run_id: str, seqs: Sequence[int]) -> dict[int, PlanRow]:
    """Some rows of a plan, by their number; those that are gone are missing."""
    columns = [plan_row.c[name] for name in PlanRow.__struct_fields__]
    query = select(*columns).where(plan_row.c.run == run_id)
    found = [_row(tuple(row)) for some in portions(seqs) for row in conn.execute(query.where(plan_row.c.seq.in_(some)))]
    return {row.seq: row for row in found}


def rows_of(conn: Connection, run_id: str, keys: Sequence[str]) -> dict[str, PlanRow]:
    """The rows of some records, by key."""
    found = (_row(row) for some in portions(keys) for row in _ROWS_OF.rows(conn, run=run_id, keys=some))
    return {row.key: row for row in found}


def bases_of(conn: Connection, run_id: str, keys: Sequence[str]) -> dict[str, str]:
    """What the rows of some records rest on, by key."""
    found = (row for some in portions(keys) for row in _BASES_OF.rows(conn, run=run_id, keys=some))
    return dict(found)


def replan(conn: Connection, run_id: str, fresh: Iterable[PlanRow]) -> None:
    """Puts rows that were planned anew in the place of the old ones."""
    _REPLAN.run_many(conn, [{"b_seq": r.seq, **_values(r)} for r in fresh], b_run=run_id)


def put_outcomes(conn: Connection, run_id: str, outcomes: Mapping[str, str]) -> None:
    """What became of the rows of some records (key -> outcome)."""
    _PUT_OUTCOME.run_many(conn, [{"b_key": key, "outcome": outcome} for key, outcome in outcomes.items()], b_run=run_id)


def change_outcomes(conn: Connection, run_id: str, among: Sequence[str], to: str) -> int:
    """Rows of some outcomes get another one: when a run is stopped, or what had changed is confirmed."""
    return _CHANGE_OUTCOMES.run(conn, b_run=run_id, b_among=among, outcome=to)


def count(conn: Connection, run_id: str) -> dict[tuple[str, str], int]:
    """How many rows there are by (verdict, outcome)."""
    return {(verdict, outcome): number for verdict, outcome, number in _COUNT.rows(conn, run=run_id)}


def recount(conn: Connection, run_id: str) -> None:
    """Brings the run's own numbers up to date: all rows, those that are settled, those that failed."""
    counted = count(conn, run_id)
    done = sum(n for (_, outcome), n in counted.items() if outcome not in PENDING and outcome not in ("stopped", CHANGED))
    failed = sum(n for (_, outcome), n in counted.items() if outcome == "failed")
    update_run(conn, run_id, total=sum(counted.values()), done=done, failed=failed)


def written(conn: Connection, run_id: str, keys: Sequence[str]) -> dict[str, int]:
    """How many writes of a run are done, by record."""
    found = (row for some in portions(keys) for row in _WRITTEN.rows(conn, run=run_id, keys=some))
    return dict(found)


def targets_of(conn: Connection, run_id: str, keys: Sequence[str]) -> dict[str, list[str]]:
    """What a run wrote for some records: the keys on the other side, in the order they were written."""
    out: dict[str, list[str]] = {}
    for some in portions(keys):
        for key, kind, target in _TARGETS.rows(conn, run=run_id, keys=some):
            out.setdefault(key, []).append(f"{kind}:{target}")
    return {key: list(dict.fromkeys(found)) for key, found in out.items()}


def _values(row: PlanRow) -> dict[str, str]:
    action = text_of(row.action)
    named = {"label": row.label, "name": folded(row.label)}
    return {"kind": row.kind, "verdict": row.verdict, "action": action, "basis": row.basis, **named, "outcome": row.outcome}


def _row(row: tuple[Any, ...]) -> PlanRow:
    seq, key, kind, verdict, action, basis, label, outcome = row
    return PlanRow(seq=seq, key=key, kind=kind, verdict=verdict, action=value_from(action), basis=basis, label=label, outcome=outcome)


def _run(row: tuple[Any, ...]) -> Run:
    of, pair, kind, state, total, done, failed, policy_version, forecast, started_at, ended_at = row
    return Run(
        id=of,
        pair=pair,
        kind=kind,
        state=state,
        total=total,
        done=done,
        failed=failed,
        policy_version=policy_version,
        sheet=value_from(forecast),
        started_at=started_at,
        ended_at=ended_at,
    )


def _runs() -> Select[Any]:
    return select(*(run.c["forecast" if name == "sheet" else name] for name in Run.__struct_fields__))


def _rows() -> Select[Any]:
    return select(*(plan_row.c[name] for name in PlanRow.__struct_fields__)).where(_OF_RUN)


@cache
def _page(named: tuple[str, ...]) -> Statement:
    def build(_: Connection) -> Built:
        where = [plan_row.c.seq > bindparam("after"), *(plan_row.c[name] == bindparam(name) for name in named)]
        return _rows().where(*where).order_by(plan_row.c.seq).limit(bindparam("limit", type_=Integer))

    return Statement(build)


_MINE = run.c.pair == bindparam("pair")
_THIS = run.c.id == bindparam("id")
_OF_RUN = plan_row.c.run == bindparam("run")
_OLD = and_(_MINE, run.c.kind.in_(PLANNED_KINDS), run.c.state.in_(("planning", "previewed")))
_KEYS: BindParameter[str] = bindparam("keys", expanding=True)
# The pair is named because writes are found by pair and record.
_PAIR = select(run.c.pair).where(run.c.id == bindparam("run")).scalar_subquery()
_DONE = and_(intent.c.pair == _PAIR, intent.c.key.in_(_KEYS), intent.c.run == bindparam("run"), intent.c.state == "done")
# Of a change: its parameters must not be called as its columns are.
_CHANGING = plan_row.c.run == bindparam("b_run")
_AMONG: BindParameter[str] = bindparam("b_among", expanding=True)

_DROP_OLD_ROWS = Statement(lambda _: delete(plan_row).where(plan_row.c.run.in_(select(run.c.id).where(_OLD))))
_DROP_OLD = Statement(lambda _: delete(run).where(_OLD))
_NEW = Statement(lambda _: insert(run))
_ADD = Statement(lambda _: insert(plan_row))
_LAST = Statement(lambda _: select(func.max(plan_row.c.seq)).where(_OF_RUN))
_ONE = Statement(lambda _: _runs().where(_THIS))
_ALL = Statement(lambda _: _runs().order_by(run.c.started_at.desc(), run.c.id.desc()))
_OF_PAIR = Statement(lambda _: _runs().where(_MINE).order_by(run.c.started_at.desc(), run.c.id.desc()))
_LIVE = Statement(
    lambda _: _runs().where(_MINE, run.c.kind.in_(PLANNED_KINDS), run.c.state.in_(("running", "paused"))).order_by(run.c.id.desc()).limit(1)
)
_STATE = Statement(lambda _: select(run.c.state).where(_THIS))
_KIND = Statement(lambda _: select(run.c.kind).where(_THIS))
_SET = Statement(lambda _: update(run).where(run.c.id == bindparam("b_id")))
_MOVE = Statement(lambda _: update(run).where(run.c.id == bindparam("b_id"), run.c.state.in_(_AMONG)))
_ROWS_OF = Statement(lambda _: _rows().where(plan_row.c.key.in_(_KEYS)))
_BASES_OF = Statement(lambda _: select(plan_row.c.key, plan_row.c.basis).where(_OF_RUN, plan_row.c.key.in_(_KEYS)))
_REPLAN = Statement(lambda _: update(plan_row).where(_CHANGING, plan_row.c.seq == bindparam("b_seq")))
_PUT_OUTCOME = Statement(lambda _: update(plan_row).where(_CHANGING, plan_row.c.key == bindparam("b_key")))
_CHANGE_OUTCOMES = Statement(lambda _: update(plan_row).where(_CHANGING, plan_row.c.outcome.in_(_AMONG)))
_COUNT = Statement(
    lambda _: select(plan_row.c.verdict, plan_row.c.outcome, func.count()).where(_OF_RUN).group_by(plan_row.c.verdict, plan_row.c.outcome)
)
_WRITTEN = Statement(lambda _: select(intent.c.key, func.count()).where(_DONE, intent.c.step == 0).group_by(intent.c.key))
_TARGETS = Statement(
    lambda _: select(intent.c.key, intent.c.kind, intent.c.target).where(_DONE, intent.c.target != "").order_by(intent.c.at, intent.c.id)
)
