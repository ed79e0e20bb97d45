"""Carrying out a plan that a person released: exactly its rows, each only while what it rests on still holds.

The rows are ordinary work under the run's name, done by the ordinary engine after everything of today. Before a batch of them is written,
``admit`` lets through what is as planned; the rest is planned anew, stored and shown, and waits for a second release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace
from sqlalchemy import Connection

from unisono.engine.apart import Planned
from unisono.engine.assumed import Assumed
from unisono.engine.gather import gather
from unisono.engine.hands import Hands, Pairing
from unisono.engine.job import Job
from unisono.engine.marks import mark_for
from unisono.engine.planrow import as_planned, basis_of, checked, row_of, touches
from unisono.plan.actions import Ask, Decision, Report, Wait
from unisono.plan.planner import plan
from unisono.plan.situation import Situation, Subject, in_order, subject_of
from unisono.store import lanes, pairs, runs, work
from unisono.store.runs import CHANGED, PENDING, PLANNED_KINDS, PlanRow
from unisono.store.stamps import stamp
from unisono.store.work import Mark, Task

PRIORITY = 50
"""Of a run's records: after webhooks and people (0), polls (10) and documents (20)."""
NEXT = 40
"""Of a run's records that today's work waits for."""
OVERTAKEN = "overtaken_by"
"""In the sheet of a run that ended because a newer one of its pair was released: that one's id."""
_PAGE = 1000


class RunOver(ValueError):
    """A run cannot do that any more, or not yet. ``args``: its id and state."""


def release_run(pairing: Pairing, hands: Hands, run_id: str, by: str) -> int:
    """From now on the pair writes, and the run's rows are carried out; returns how many. Raises ``RunOver``, ``KeyError``.

    A second release confirms what had changed since the preview, as it is shown now. A run that this one overtakes ends here: what it had
    not done yet is done as the newer preview shows it.
    """
    now = hands.clock.now()
    with hands.store.write() as conn:
        found = runs.get_run(conn, run_id)
        if (
            found.pair != pairing.id
            or found.kind not in PLANNED_KINDS
            or found.state in ("planning", "stopped")
            or OVERTAKEN in found.sheet
        ):
            raise RunOver(run_id, found.state)
        row = pairs.get_pair(conn, pairing.id)
        first = not row.released_at
        pair_values = {"released_at": stamp(now)} if first else {}
        if found.state == "previewed":
            pair_values |= {f"position_{s}": max(getattr(row, f"position_{s}"), n) for s, n in found.sheet.get("seen", {}).items()}
            runs.update_run(conn, run_id, sheet={**found.sheet, "released_at": stamp(now)})
            if first:
                # What was read since and is in no row came after the preview: it is shown, not done.
                work.join_run(conn, pairing.lane, run_id, PRIORITY)
        pairs.update_pair(conn, pairing.id, state="released", told={}, **pair_values)
        runs.update_run(conn, run_id, state="running", ended_at="")
        values = {"version": str(row.policy_version), "run": run_id}
        pairs.note(conn, pairing.id, "pair", pairing.id, "released", values, row.name, now, by)
        count = _mark_all(conn, run_id, None if found.state == "previewed" else CHANGED, pairing, hands)
        if found.state != "previewed":
            runs.change_outcomes(conn, run_id, (CHANGED,), "")
        else:
            _overtake(conn, run_id, pairing, hands)
    hands.step("released")
    return count


def _overtake(conn: Connection, run_id: str, pairing: Pairing, hands: Hands) -> None:
    """Ends the runs of a pair that were released before. The new one's preview shows every record as it is now: two may not promise it."""
    for old in runs.runs(conn, pairing.id):
        if old.id == run_id or old.kind not in PLANNED_KINDS or old.state == "stopped" or OVERTAKEN in old.sheet:
            continue
        live = runs.move(conn, old.id, "stopped", ("running", "paused"), hands.clock.now())
        left = runs.change_outcomes(conn, old.id, (*PENDING, CHANGED) if live else (CHANGED,), "stopped")
        if live or left:
            runs.update_run(conn, old.id, sheet={**old.sheet, OVERTAKEN: run_id})
            # What of its work is in no row of the new run is of today.
            work.end_run(conn, pairing.lane, old.id)
            runs.recount(conn, old.id)


def _mark_all(conn: Connection, run_id: str, outcome: str | None, pairing: Pairing, hands: Hands) -> int:
    count, after = 0, 0
    while page := runs.rows(conn, run_id, outcome=outcome, after=after, limit=_PAGE):
        marks = [_mark(subject_of(row.key)) for row in page]
        count += work.mark(conn, pairing.lane, marks, hands.clock.now(), run=run_id)
        after = page[-1].seq
        hands.step("rows-marked")
    return count


def _mark(subject: Subject) -> Mark:
    return replace(mark_for(subject.side, subject.kind, subject.key), priority=PRIORITY)


def pause_run(hands: Hands, run_id: str) -> bool:
    """Its records are not due until it goes on; a wave under way ends first. False if it was not running."""
    with hands.store.write() as conn:
        return runs.move(conn, run_id, "paused", ("running",), hands.clock.now())


def resume_run(hands: Hands, run_id: str) -> bool:
    """Goes on. False if it was not paused."""
    with hands.store.write() as conn:
        return runs.move(conn, run_id, "running", ("paused",), hands.clock.now())


def stop_run(hands: Hands, run_id: str) -> bool:
    """What is not done yet is left as it is, for good. False if the run is over already."""
    with hands.store.write() as conn:
        found = runs.get_run(conn, run_id)
        moved = found.kind in PLANNED_KINDS and runs.move(conn, run_id, "stopped", ("running", "paused"), hands.clock.now())
        if moved:
            runs.change_outcomes(conn, run_id, (*PENDING, CHANGED), "stopped")
            work.drop_run(conn, f"pair:{found.pair}", run_id)
            runs.recount(conn, run_id)
        return moved


def halted(pairing: Pairing, hands: Hands) -> bool:
    """Whether the run at work was paused or stopped meanwhile, by whatever process."""
    if not pairing.run:
        return False
    with hands.store.read() as conn:
        return runs.state_of(conn, pairing.run) in ("paused", "stopped")


def close_finished(pairing: Pairing, hands: Hands) -> None:
    """A run none of whose records is due any more is done; what waits for others or for a person is in its rows."""
    with hands.store.read() as conn:
        live = runs.live_run(conn, pairing.id)
        left = work.left_of_run(conn, pairing.lane, live.id) if live else {}
    if live is None:
        return
    with hands.store.write() as conn:
        lanes.check_epoch(conn, pairing.lane, pairing.epoch)
        runs.recount(conn, live.id)
        if not left.get("ready"):
            runs.move(conn, live.id, "done", ("running",), hands.clock.now())


def admit(planned: Sequence[Planned], by_subject: Mapping[Subject, Sequence[Task]], pairing: Pairing, hands: Hands) -> list[Planned]:
    """Of a run's records those that may go on: as they were previewed, or with nothing to do. Of ordinary ones all but what is older than
    the release and in no row of the run under way."""
    if not _has_plan(pairing, hands):
        return _ordinary(planned, by_subject, pairing, hands)
    gate = _Gate(planned, by_subject, pairing, hands)
    good: list[Planned] = []
    for situation, decisions in gate.foreseen(planned):
        decisions = checked(situation, decisions, pairing)
        if gate.holds(situation, decisions) or not gate.change(situation, decisions):
            good.append((situation, decisions))
    gate.keep()
    return good


def _has_plan(pairing: Pairing, hands: Hands) -> bool:
    """Whether the work is that of a run whose rows were released; a run's name alone only says what the journal is to call it."""
    if not pairing.run:
        return False
    with hands.store.read() as conn:
        return runs.kind_of(conn, pairing.run) in PLANNED_KINDS


class _Gate:
    """Compares a batch with the rows that were released."""

    def __init__(self, planned: Sequence[Planned], by_subject: Mapping[Subject, Sequence[Task]], pairing: Pairing, hands: Hands) -> None:
        self._tasks, self._pairing, self._hands = by_subject, pairing, hands
        keys = [task.key for s, _ in planned for task in by_subject[s.subject]] + [str(s.subject) for s, _ in planned]
        owners = [_owner_key(s) for s, _ in planned if s.owner is not None]
        with hands.store.read() as conn:
            self._rows = runs.rows_of(conn, pairing.run, keys)
            self._owners = runs.rows_of(conn, pairing.run, owners)
            begun = [key for key, row in self._rows.items() if row.outcome == "begun"]
            self._written = runs.written(conn, pairing.run, begun + [str(s.subject) for s, _ in planned] if begun else [])
            self._seq = runs.next_seq(conn, pairing.run)
        self._fresh: list[PlanRow] = []
        self._added: list[PlanRow] = []
        self._held: list[tuple[Task, str, str]] = []

    def foreseen(self, planned: Sequence[Planned]) -> list[Planned]:
        """The same, where those that wait for a record to be confirmed are planned as if it had been: a second release covers them, too."""
        held = {
            str(s.subject): row
            for s, d in planned
            if not touches(d) and (row := self._owners.get(_owner_key(s))) and row.outcome == CHANGED
        }
        waiting = {s.subject for s, d in planned if str(s.subject) in held and any(isinstance(a, Wait) for one in d for a in one.actions)}
        if not waiting:
            return list(planned)
        assumed = Assumed()
        for owner in held.values():
            for link in owner.action.get("links", []):
                assumed.join(link["kind"], link["a"], link["b"], {}, {})
            if not owner.action.get("links"):
                assumed.make(subject_of(owner.key))
        with self._hands.store.read() as conn:
            situations = gather(conn, self._pairing, sorted(waiting), assumed)
        words = self._hands.words(self._pairing.policy.language)
        again = {s.subject: (s, plan(s, self._pairing.rules, words)) for s in situations}
        return [again.get(s.subject, (s, d)) for s, d in planned]

    def holds(self, situation: Situation, decisions: Sequence[Decision]) -> bool:
        """Whether a record may be worked on as it is planned now."""
        s = situation
        row = self._row(s.subject)
        if row is None or row.outcome == CHANGED:
            return False
        if row.outcome == "begun":
            done = max(self._written.get(row.key, 0), self._written.get(str(s.subject), 0))
            # All that was planned is done: what comes now is of today.
            return done >= len(row.action.get("writes", [])) or as_planned(row, decisions)
        if row.outcome not in PENDING:
            return True
        if any(isinstance(a, Wait) for d in decisions for a in d.actions) and not touches(decisions):
            return True
        return self._basis(s) == row.basis and as_planned(row, decisions)

    def shows(self, subject: Subject) -> bool:
        """Whether a row of the run is still to be carried out for a record."""
        row = self._row(subject)
        return row is not None and row.outcome in PENDING

    def change(self, situation: Situation, decisions: Sequence[Decision]) -> bool:
        """Notes what a record's plan is now. True if it must be confirmed first; nothing to write or link needs no second look."""
        s = situation
        subject: Subject = s.subject
        row = self._row(subject)
        hold = touches(decisions)
        fresh = row_of(row.seq if row else self._seq, s, decisions, self._basis(s), key=row.key if row else "")
        if row is not None and not hold and all(fresh.action.get(name) == row.action.get(name) for name in ("questions", "problems")):
            # With nothing left to do, nor to ask or tell that was not shown, it stands as it was shown, and so does what rests on it.
            fresh = replace(fresh, basis=row.basis)
        fresh = replace(fresh, outcome=CHANGED if hold else "")
        if row is None:
            self._seq += 1
            self._added.append(fresh)
            self._rows[fresh.key] = fresh
        else:
            self._fresh.append(fresh)
        if hold:
            self._held += [(task, "held", CHANGED) for task in self._tasks[subject]]
        return hold

    def keep(self) -> None:
        """Writes down what had changed."""
        if not (self._fresh or self._added or self._held):
            return
        with self._hands.store.write() as conn:
            lanes.check_epoch(conn, self._pairing.lane, self._pairing.epoch)
            runs.replan(conn, self._pairing.run, self._fresh)
            runs.add_rows(conn, self._pairing.run, self._added)
            work.park(conn, self._pairing.lane, self._held)
            work.join_run(conn, self._pairing.lane, self._pairing.run, PRIORITY, [task.key for task, _, _ in self._held])

    def _row(self, subject: Subject) -> PlanRow | None:
        """The record's row: of several (both sides of a link that the plan makes) the one that is to do something."""
        keys = [*(task.key for task in self._tasks[subject]), str(subject)]
        found = [self._rows[key] for key in dict.fromkeys(keys) if key in self._rows]
        return min(
            found,
            key=lambda r: (r.outcome not in (*PENDING, CHANGED), not r.action.get("writes") and not r.action.get("links")),
            default=None,
        )

    def _basis(self, situation: Situation) -> str:
        owner = self._owners.get(_owner_key(situation))
        return basis_of(situation, owner.basis if owner is not None else "", self._pairing.policy_version)


def _owner_key(situation: Situation) -> str:
    owner = situation.owner
    return f"{situation.subject.side}:{owner.kind}:{owner.key}" if owner is not None else ""


def _ordinary(planned: Sequence[Planned], by_subject: Mapping[Subject, Sequence[Task]], pairing: Pairing, hands: Hands) -> list[Planned]:
    """Ordinary work beside a run under way. What the run has still to do is done as it was shown or not at all, whoever comes first; of a
    first run also what is older than the release and was not shown."""
    acting = [(s, d) for s, d in planned if touches(d)]
    if not acting:
        return list(planned)
    with hands.store.read() as conn:
        live = runs.live_run(conn, pairing.id)
    if live is None:
        return list(planned)
    under = replace(pairing, run=live.id)
    with hands.store.read() as conn:
        rows = runs.rows_of(conn, live.id, [k for s, _ in acting for k in (str(s.subject), *(t.key for t in by_subject[s.subject]))])
    mine: list[Planned] = []
    for s, d in acting:
        known = [rows[k] for k in (str(s.subject), *(t.key for t in by_subject[s.subject])) if k in rows]
        if any(row.outcome in ("", CHANGED) for row in known) or (not known and live.kind == "first" and s.history):
            mine.append((s, d))
    gate = _Gate(mine, by_subject, under, hands)
    held = {s.subject for s, d in mine if not gate.holds(s, d) and gate.change(s, d)}
    gate.keep()
    # What is still as it was shown is the run's to do, all of it: done half by the one and half by the other, the rest would look like news.
    shown = {s.subject for s, _ in mine if s.subject not in held and gate.shows(s.subject)} if live.state == "running" else set()
    if shown:
        with hands.store.write() as conn:
            lanes.check_epoch(conn, pairing.lane, pairing.epoch)
            work.join_run(conn, pairing.lane, live.id, PRIORITY, [task.key for subject in in_order(shown) for task in by_subject[subject]])
    return [(s, d) for s, d in planned if s.subject not in held | shown]


def begin(conn: Connection, subjects: Sequence[Subject], by_subject: Mapping[Subject, Sequence[Task]], pairing: Pairing) -> None:
    """Rows in the middle of which the process may end: from now on only their writes count, since they change what they rested on."""
    if pairing.run:
        runs.put_outcomes(conn, pairing.run, {key: "begun" for s in subjects for key in _keys(s, by_subject)})


def tell_wave(jobs: Sequence[Job], by_subject: Mapping[Subject, Sequence[Task]], pairing: Pairing, hands: Hands) -> None:
    """After a wave: rows all of whose writes are done, and rows of which certainly nothing was done, which are as they were."""
    if not pairing.run or not jobs:
        return
    keys = {key: job for job in jobs for key in _keys(job.subject, by_subject)}
    with hands.store.write() as conn:
        rows = runs.rows_of(conn, pairing.run, list(keys))
        counted = runs.written(conn, pairing.run, [*keys, *(str(job.subject) for job in jobs)])
        outcomes = {}
        for key, row in rows.items():
            job, writes = keys[key], row.action.get("writes", [])
            done = max(counted.get(key, 0), counted.get(str(job.subject), 0))
            if row.outcome in ("begun", "stopped") and writes and done >= len(writes):
                outcomes[key] = "done"
            elif row.outcome == "begun" and not done and job.fault is not None and not job.unclear and not row.action.get("links"):
                outcomes[key] = ""
        runs.put_outcomes(conn, pairing.run, outcomes)
        if any(rows[key].outcome == "stopped" for key in outcomes):
            runs.recount(conn, pairing.run)


def settle_rows(conn: Connection, planned: Sequence[Planned], by_subject: Mapping[Subject, Sequence[Task]], pairing: Pairing) -> None:
    """What became of rows with nothing left to send. What is settled is ordinary work from now on."""
    if not pairing.run:
        return
    outcomes: dict[str, str] = {}
    left: list[str] = []
    waits = [
        key
        for s, decisions in planned
        for key in _keys(s.subject, by_subject)
        if any(isinstance(a, Wait) for d in decisions for a in d.actions)
    ]
    rows = runs.rows_of(conn, pairing.run, waits)
    for situation, decisions in planned:
        actions = [a for d in decisions for a in d.actions]
        wait = next((a for a in actions if isinstance(a, Wait)), None)
        keys = _keys(situation.subject, by_subject)
        if any(d.verdict == "linked" for d in decisions):
            outcomes |= dict.fromkeys(keys, "begun")
        elif wait is not None:
            outcomes |= dict.fromkeys(keys, "waiting")
            # What was previewed as waiting for another record was promised nothing: once that is answered it is ordinary work.
            left += [key for key in keys if wait.on and (key not in rows or not rows[key].action.get("writes"))]
        else:
            asked, told = any(isinstance(a, Ask) for a in actions), any(isinstance(a, Report) for a in actions)
            outcomes |= dict.fromkeys(keys, "asked" if asked else "refused" if told else "done")
            left += [task.key for task in by_subject[situation.subject]]
    runs.put_outcomes(conn, pairing.run, outcomes)
    work.leave_run(conn, pairing.lane, left)


def fail_row(conn: Connection, subject: Subject, by_subject: Mapping[Subject, Sequence[Task]], pairing: Pairing) -> None:
    """A write of a row was refused: it waits for a change or a person, as any record does."""
    if pairing.run:
        runs.put_outcomes(conn, pairing.run, dict.fromkeys(_keys(subject, by_subject), "failed"))
        work.leave_run(conn, pairing.lane, [task.key for task in by_subject[subject]])


def _keys(subject: Subject, by_subject: Mapping[Subject, Sequence[Task]]) -> list[str]:
    return list(dict.fromkeys([*(task.key for task in by_subject[subject])]))


def again(subject: Subject, pairing: Pairing) -> Mark:
    """A record that was just linked is looked at again, as part of its run if it has one."""
    return _mark(subject) if pairing.run else mark_for(subject.side, subject.kind, subject.key)
