"""Preview: everything there is, planned as if the rows before had been done, stored row by row. Nothing is written anywhere else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from unisono.engine.apart import Planned, apart
from unisono.engine.assumed import Assumed, keys_of_new
from unisono.engine.batch import BATCH, plan_batch
from unisono.engine.gather import canonical
from unisono.engine.hands import Hands, Pairing
from unisono.engine.planrow import basis_of, calls_of, checked, row_of
from unisono.model.record import FIELDWISE, Kind, Side
from unisono.plan.actions import Decision, Join, Send, Sever
from unisono.plan.behind import HELD, Mark, marks
from unisono.plan.flows.deletions import MARKED
from unisono.plan.planner import RANKS
from unisono.plan.situation import Situation, Subject
from unisono.store import numbers, runs, seen
from unisono.store.runs import PlanRow

Calls = dict[str, dict[str, int]]
"""Calls by side and kind of record."""
_SIDES: tuple[Side, ...] = ("a", "b")


ONE_ONLY = "one-person-only"
"""The problem of a record that its owner has no room for."""
_SHOWN = 3
"""Records that a group of them is shown with."""


class Group(Struct):
    """Records of which the same stays behind. ``rows`` are the first of them, ``values`` what their problems have in common."""

    count: int = 0
    rows: list[int] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)

    def add(self, seq: int, values: dict[str, str]) -> None:
        """Counts one record."""
        self.values = {name: value for name, value in self.values.items() if values.get(name) == value} if self.count else dict(values)
        self.count += 1
        if len(self.rows) < _SHOWN:
            self.rows.append(seq)


class Tally(Struct):
    """Calls that the planned writes cost, by side and by what they are for; and what stays behind, by kind of record and mark."""

    calls: dict[str, Counter[str]] = field(default_factory=lambda: {"a": Counter(), "b": Counter()})
    rows: int = 0
    held: int = 0
    behind: dict[tuple[str, str], Group] = field(default_factory=dict)

    def groups(self) -> list[dict[str, Any]]:
        """What stays behind as plain values, the most frequent first. Names and values stay in the rows: a record that is erased takes its own
        along, so here are only the numbers of the rows and which values are ``shared``."""
        found = sorted(self.behind.items(), key=lambda one: (-one[1].count, one[0]))
        return [
            {"kind": kind, "mark": mark, "count": group.count, "rows": group.rows, "shared": sorted(group.values)}
            for (kind, mark), group in found
        ]

    def add(self, row: PlanRow, pairing: Pairing) -> None:
        """Counts one row."""
        self.rows += 1
        problems = {f"{HELD}:{one['code']}:{one['field']}": one["values"] for one in row.action.get("problems", [])}
        found = row.action.get("marks", [])
        self.held += any(mark.startswith(f"{HELD}:") for mark in found)
        for mark in found:
            self.behind.setdefault((row.kind, mark), Group()).add(row.seq, problems.get(mark, {}))
        for write in row.action.get("writes", []):
            for side, count in calls_of(write, pairing).items():
                if count:
                    self.calls[side][write["kind"]] += count


def preview(pairing: Pairing, hands: Hands, forecast: Callable[[Calls], dict[str, Any]] = lambda _: {}) -> str:
    """Plans all records as they were last seen and stores the plan as a new run, *previewed*; returns its id.

    The run's ``sheet`` gets the calls of the writes, what stays ``behind``, how many rows are ``held``, the change numbers it was planned at,
    and what ``forecast`` adds. Until
    all of it is stored the run is *planning*: one that was broken off stays so, cannot be released, and goes with the next preview.
    Positions, work and questions stay as they are.
    """
    run_id = hands.ids.new()
    kind = "preview" if pairing.released_at else "first"
    with hands.store.write() as conn:
        at = {side: numbers.last_change(conn, pairing.side(side).id) for side in _SIDES}
        runs.open_run(conn, run_id, pairing.id, kind, pairing.policy_version, hands.clock.now())
    foresight = Foresight(pairing, hands, run_id)
    tally = Tally()
    for subjects in everything(pairing, hands):
        rows = foresight.rows(subjects)
        for row in rows:
            tally.add(row, pairing)
        with hands.store.write() as conn:
            runs.add_rows(conn, run_id, rows)
        hands.step("previewed")
    calls: Calls = {side: dict(counted) for side, counted in tally.calls.items()}
    sheet: dict[str, Any] = {"seen": at, "calls": calls, "behind": tally.groups(), "held": tally.held} | forecast(calls)
    hands.step("forecast")
    with hands.store.write() as conn:
        runs.update_run(conn, run_id, state="previewed", total=tally.rows, sheet=sheet)
    hands.step("plan-whole")
    return run_id


def everything(pairing: Pairing, hands: Hands) -> Iterator[list[Subject]]:
    """All records that are seen and not gone, in batches, what others depend on first."""
    for kind in sorted(RANKS, key=lambda k: RANKS[k]):
        for side in _SIDES:
            last = ""
            while True:
                with hands.store.read() as conn:
                    keys = seen.keys_after(conn, pairing.side(side).id, kind, last, BATCH)
                if not keys:
                    break
                last = keys[-1]
                yield [Subject(side, kind, key) for key in keys]  # type: ignore[arg-type]


class Foresight:
    """Plans batches one after the other as if what was planned before had been done."""

    def __init__(self, pairing: Pairing, hands: Hands, run_id: str = "") -> None:
        self._pairing = pairing
        self._hands = hands
        self._run = run_id
        self._assumed = Assumed()
        self._made: Counter[tuple[Side, Kind, str]] = Counter()
        self._marked: set[tuple[Side, Kind, str]] = set()
        self._seq = 0

    def rows(self, subjects: Sequence[Subject]) -> list[PlanRow]:
        """The rows of a batch. A record that is, or will be, linked is told once, under its CRM key or that of the row that links it."""
        planned = self.plan(subjects)
        owners = sorted({_owner_key(s) for s, _ in planned} - {""})
        with self._hands.store.read() as conn:
            bases = runs.bases_of(conn, self._run, owners) if self._run else {}
        out = []
        for situation, decisions in planned:
            if not any(d.actions for d in decisions) and all(d.verdict == "gone" for d in decisions):
                continue  # known to be deleted, and nobody's counterpart
            self._seq += 1
            basis = basis_of(situation, bases.get(_owner_key(situation), ""), self._pairing.policy_version)
            row = row_of(self._seq, situation, decisions, basis)
            left = [str(mark) for mark in (*marks(situation, decisions, self._pairing.rules), *self._crowded(situation, decisions))]
            out.append(replace(row, action=row.action | {"marks": left}) if left else row)
        return out

    def _crowded(self, situation: Situation, decisions: Sequence[Decision]) -> Iterator[Mark]:
        """A record whose owner will hold as many of its kind as it may by then: the write shown is going to be refused."""
        for send in (send for decision in decisions for send in decision.sends):
            most = self._pairing.rules.capabilities(send.write.side).writing(send.write.kind).per_owner
            if send.write.operation != "create" or not most:
                continue
            place = (send.write.side, send.write.kind, send.write.owner)
            there = sum(not candidate.seen.gone for candidate in situation.candidates)
            if there + self._made[place] >= most:
                yield Mark(HELD, ONE_ONLY, "")
            else:
                self._made[place] += 1

    def plan(self, subjects: Sequence[Subject]) -> list[Planned]:
        """The decisions about a batch, with those that follow once its links are made."""
        with self._hands.store.read() as conn:
            under = canonical(conn, self._pairing, subjects)
        left = [s for s in subjects if under[s] == s and not self._assumed.joined(s)]
        out: list[Planned] = []
        while left:
            now, left = apart(plan_batch(self._pairing, left, self._hands, self._assumed))
            done = [(situation, self._once(checked(situation, decisions, self._pairing))) for situation, decisions in now]
            joined = {s.subject: subject for s, decisions in done if (subject := self._assume(s, decisions)) is not None}
            after = self._follow(joined)
            out += [(s, (*decisions, *after.get(s.subject, ()))) for s, decisions in done]
            left = [s for s in left if not self._assumed.joined(s)]
        return out

    def _once(self, decisions: Sequence[Decision]) -> tuple[Decision, ...]:
        """Without a mark that an earlier row puts: both records of a link that has ended owe the one to what is left of it."""
        out = []
        for decision in decisions:
            owed = {(w.side, w.kind, w.key) for w in (send.write for send in decision.sends if send.reason.code == MARKED)}
            if owed & self._marked:
                decision = replace(decision, actions=tuple(a for a in decision.actions if not isinstance(a, Send)))
            self._marked |= owed
            out.append(decision)
        return tuple(out)

    def _assume(self, situation: Situation, decisions: Sequence[Any]) -> Subject | None:
        """Takes for granted what a row will do. A record that is linked is planned again: the CRM key it then goes by."""
        subject = situation.subject
        for decision in decisions:
            for action in decision.actions:
                if isinstance(action, Join) and decision.verdict == "linked":
                    self._assumed.join(action.kind, action.a_key, action.b_key, action.agreed_a, action.agreed_b)
                    return Subject("a", action.kind, action.a_key) if action.kind in FIELDWISE else None
                if isinstance(action, Sever) and action.then == "severed":
                    self._assumed.sever(action.kind, action.a_key, action.b_key)
            for send in decision.sends:
                if send.write.operation == "create" and send.write.kind == subject.kind:
                    self._assumed.make(subject, keys_of_new(send.write))
        return None

    def _follow(self, joined: dict[Subject, Subject]) -> dict[Subject, tuple[Any, ...]]:
        planned = plan_batch(self._pairing, sorted(set(joined.values())), self._hands, self._assumed) if joined else []
        self._assumed.forget_agreed()
        found = {s.subject: checked(s, decisions, self._pairing) for s, decisions in planned}
        return {first: tuple(d for d in found.get(second, ()) if d.actions) for first, second in joined.items()}


def _owner_key(situation: Situation) -> str:
    owner = situation.owner
    return f"{situation.subject.side}:{owner.kind}:{owner.key}" if owner is not None else ""


def differences(
    one: Pairing, two: Pairing, hands: Hands, looked: Callable[[int], None] = lambda _: None
) -> Iterator[tuple[PlanRow | None, PlanRow | None]]:
    """What another policy would do with the same records: the rows that differ, as they are under either. Nothing is stored.

    ``looked`` is told of each batch how many records it has, and may end it all by raising.
    """
    first, second = Foresight(one, hands), Foresight(two, hands)
    for subjects in everything(one, hands):
        looked(len(subjects))
        before, after = ({row.key: row for row in foresight.rows(subjects)} for foresight in (first, second))
        for key in sorted({*before, *after}):
            a, b = before.get(key), after.get(key)
            if a is None or b is None or (a.verdict, _done(a)) != (b.verdict, _done(b)):
                yield a, b


def _done(row: PlanRow) -> dict[str, Any]:
    """What a row does; what stays behind of it is no part of that."""
    return {name: value for name, value in row.action.items() if name != "marks"}
