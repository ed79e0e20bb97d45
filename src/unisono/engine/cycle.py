"""One cycle of a pair: pull, plan, intend, apply, settle. A dry run is the same function stopped after *plan*."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy import Connection

from unisono.engine.apply import Job, apply, remove_files, with_reference
from unisono.engine.gather import canonical, gather
from unisono.engine.hands import Hands, Pairing
from unisono.engine.pull import Pulled, pull
from unisono.engine.recover import recover
from unisono.engine.settle import mark_for, report_fault, settle_decision, settle_jobs
from unisono.model.errors import BadAnswer, Full, LoginRefused, NotThere, Refused, SystemFault, TryLater
from unisono.model.record import Side, label_of
from unisono.plan.actions import Ask, Decision, Reason, Report, Send, Wait
from unisono.plan.brakes import mass_deletion
from unisono.plan.planner import RANKS, plan
from unisono.plan.situation import Situation, Subject, subject_of
from unisono.store import asking, intents, lanes, links, pairs, seen, work
from unisono.store.work import Mark, Task

BATCH = 250
WAVE = 8
"""Writes a call under way: a crash leaves at most so many intents to be looked up."""
ROUNDS = 8
"""Writes one record may need in a row before it is called restless."""
LATER = timedelta(minutes=5)


@dataclass(slots=True)
class Outcome:
    """What a cycle did. ``decisions`` is filled by a dry run only."""

    pulled_a: Pulled | None = None
    pulled_b: Pulled | None = None
    planned: int = 0
    writes: int = 0
    failed: int = 0
    unclear: int = 0
    stopped: str = ""
    """Why the cycle ended early: a brake, a refused key, a pace."""
    fault: SystemFault | None = None
    verdicts: dict[str, int] = field(default_factory=dict)
    decisions: list[tuple[Decision, str]] = field(default_factory=list)


def cycle(pairing: Pairing, hands: Hands, *, read: bool = True, dry: bool = False, whole: bool = False) -> Outcome:
    """Brings a pair in step once. Raises nothing a vendor may do: what stopped it is in the outcome."""
    outcome = Outcome()
    try:
        if read:
            outcome.pulled_a, outcome.pulled_b = pull(pairing.a, hands, whole=whole), pull(pairing.b, hands, whole=whole)
            tell_unreadable(pairing, "a", outcome.pulled_a, hands)
            tell_unreadable(pairing, "b", outcome.pulled_b, hands)
        take_changes(pairing, hands)
        if brake(pairing, hands):
            outcome.stopped = "brake"
            return outcome
        if dry:
            _dry(pairing, outcome, hands)
            return outcome
        if pairing.state != "released":
            outcome.stopped = pairing.state
            return outcome
        outcome.unclear = recover(pairing, hands)
        for tasks in _batches(pairing, hands):
            settled = _work_off(tasks, pairing, outcome, hands)
            if not settled:
                break
    except SystemFault as fault:
        outcome.fault, outcome.stopped = fault, fault.code
    return outcome


def take_changes(pairing: Pairing, hands: Hands) -> int:
    """Turns what changed since the pair's positions into work, and moves the positions, in one transaction a page."""
    total = 0
    while True:
        with hands.store.write() as conn:
            row = pairs.get_pair(conn, pairing.id)
            moved = 0
            sides: tuple[tuple[Side, int], ...] = (("a", row.position_a), ("b", row.position_b))
            for side, position in sides:
                changes = seen.changed_since(conn, pairing.side(side).id, position, BATCH * 4)
                if not changes:
                    continue
                work.mark(conn, pairing.lane, _marks(conn, pairing, side, changes), hands.clock.now(), run=pairing.run)
                pairs.update_pair(conn, pairing.id, **{f"position_{side}": changes[-1][0]})
                moved += len(changes)
        total += moved
        if not moved:
            return total
        hands.step("changes-taken")


def _marks(conn: Connection, pairing: Pairing, side: Side, changes: Sequence[tuple[int, str, str, str]]) -> list[Mark]:
    """The changed records, and those whose decision rests on them: the owner of a quote or tag, the people of a tagged company."""
    marks: list[Mark] = []
    tagged: list[str] = []
    for _, kind, key, owner in changes:
        if kind in RANKS:
            marks.append(mark_for(side, kind, key))
        if kind in ("quote", "invoice") and owner:
            marks.append(mark_for(side, "party", owner))
        if kind == "tag" and owner:
            tagged.append(owner)
    if tagged:
        where = pairing.side(side).id
        companies = seen.owners_of(conn, where, "contact", tagged)
        for key in {*tagged, *companies.values()} - {""}:
            marks.append(mark_for(side, "party", key))
        for key in companies:
            marks.append(mark_for(side, "contact", key))
        people = seen.of_owners(conn, where, ("contact",), tagged)
        marks += [mark_for(side, "contact", r.record.key) for rows in people.values() for r in rows]
    return marks


def brake(pairing: Pairing, hands: Hands) -> bool:
    """Stops the pair if too many linked records vanished at once; a person looks before anything is unlinked."""
    with hands.store.read() as conn:
        linked, lost = links.vanished(conn, pairing.id, pairing.a.id, pairing.b.id)
        row = pairs.get_pair(conn, pairing.id)
    if row.state != "released" and row.state != "reading":
        return row.state == "stopped"
    if row.told.get("allowed", 0) >= lost or not mass_deletion(linked, lost, pairing.policy.customers.deletion):
        return False
    with hands.store.write() as conn:
        told = {"code": "many-vanished", "values": {"count": str(lost), "linked": str(linked)}}
        pairs.update_pair(conn, pairing.id, state="stopped", told=told)
        pairs.note(conn, pairing.id, "pair", pairing.id, "braked", told["values"], "", hands.clock.now())  # type: ignore[arg-type]
    return True


def tell_unreadable(pairing: Pairing, side: Side, pulled: Pulled, hands: Hands) -> None:
    """Rows that could not be understood: a problem each; everything else goes on."""
    for resource, key, fault in pulled.unreadable:
        if isinstance(fault, BadAnswer):
            with hands.store.write() as conn:
                report_fault(conn, f"{side}:row:{resource}/{key}", "row", f"{resource} {key}", fault, pairing, hands)


def _batches(pairing: Pairing, hands: Hands) -> Iterator[list[Task]]:
    while True:
        with hands.store.read() as conn:
            tasks = work.due(conn, pairing.lane, hands.clock.now(), BATCH)
            woken = asking.snoozed(conn, pairing.id, hands.clock.now()) if not tasks else []
        if not tasks or woken is None:
            return
        # One rank at a time: what others depend on is settled before they are planned.
        rank = min(RANKS.get(t.kind, 9) for t in tasks)
        yield [t for t in tasks if RANKS.get(t.kind, 9) == rank]


def plan_batch(pairing: Pairing, subjects: Sequence[Subject], hands: Hands) -> list[tuple[Situation, tuple[Decision, ...]]]:
    """Plans records from one picture of the store."""
    with hands.store.read() as conn:
        situations = gather(conn, pairing, subjects)
    words = hands.words(pairing.policy.language)
    return [(s, plan(s, pairing.rules, words)) for s in situations]


def _dry(pairing: Pairing, outcome: Outcome, hands: Hands) -> None:
    with hands.store.read() as conn:
        tasks = work.due(conn, pairing.lane, hands.clock.now(), 1_000_000)
        subjects = sorted(set(canonical(conn, pairing, [subject_of(t.key) for t in tasks]).values()))
    for start in range(0, len(subjects), BATCH):
        for situation, decisions in plan_batch(pairing, subjects[start : start + BATCH], hands):
            for decision in decisions:
                outcome.decisions.append((decision, _label(situation)))
                outcome.verdicts[decision.verdict] = outcome.verdicts.get(decision.verdict, 0) + 1


def _work_off(tasks: list[Task], pairing: Pairing, outcome: Outcome, hands: Hands) -> bool:
    """Works off a batch: plans, writes in waves, plans again until nothing is left to write. False if a whole system is out of reach."""
    with hands.store.read() as conn:
        subject = canonical(conn, pairing, [subject_of(t.key) for t in tasks])
    by_subject: dict[Subject, list[Task]] = {}
    for task in tasks:
        by_subject.setdefault(subject[subject_of(task.key)], []).append(task)
    left = _without_unsettled(by_subject, pairing, hands)
    for _ in range(ROUNDS):
        if not left:
            return True
        planned = plan_batch(pairing, left, hands)
        outcome.planned += len(planned)
        jobs = [job for job in (_job(s, d, hands) for s, d in planned) if job is not None]
        writing = {job.subject for job in jobs}
        _settle_quiet([(s, d) for s, d in planned if s.subject not in writing], by_subject, pairing, outcome, hands)
        if not jobs:
            return True
        _settle_parts([(s, d) for s, d in planned if s.subject in writing], pairing, hands)
        again: list[Subject] = []
        for start in range(0, len(jobs), WAVE):
            wave = jobs[start : start + WAVE]
            apply(wave, pairing, hands)
            settle_jobs(wave, pairing, hands)
            remove_files(wave)
            stop = _after(wave, by_subject, again, pairing, outcome, hands)
            if stop is not None:
                raise stop
        left = sorted(again)
        if not left:
            return True
    _park([(t, "held", "restless") for s in left for t in by_subject[s]], pairing, hands)
    return True


def _without_unsettled(by_subject: dict[Subject, list[Task]], pairing: Pairing, hands: Hands) -> list[Subject]:
    """One hand a record: those with an unsettled write are put off until that is settled."""
    with hands.store.read() as conn:
        open_ = {i.key for i in intents.unsettled(conn, pairing.id)}
    held = [s for s in by_subject if str(s) in open_]
    if held:
        with hands.store.write() as conn:
            for task in (t for s in held for t in by_subject[s]):
                work.put_off(conn, pairing.lane, task, hands.clock.now() + LATER, "unclear", counted=False)
    return sorted(s for s in by_subject if str(s) not in open_)


def _job(situation: Situation, decisions: tuple[Decision, ...], hands: Hands) -> Job | None:
    """The first write of a record's decisions; the next is planned again after it."""
    for decision in decisions:
        for send in decision.sends:
            me = situation.seen(situation.subject.side)
            known = getattr(me.record.body, "reference", "") if me is not None and send.write.kind != "note" else ""
            if send.write.kind == "file" and situation.filed is not None:
                last = {"last-sha256": situation.filed.agreed_b.get("sha256", "")}
                send = replace(send, agree=send.agree | last)
            if send.write.kind == "note" and send.write.operation == "change" and situation.filed is not None:
                send = _with_marker(send, situation.filed.agreed_a.get("reference", ""))
            return Job(decision, with_reference(send, hands, known), _label(situation))
    return None


def _with_marker(send: Send, reference: str) -> Send:
    text = send.write.changes.get("text", "")
    return replace(send, write=replace(send.write, changes=send.write.changes | {"text": f"{text}\nRef: {reference}"}, reference=reference))


def _settle_quiet(
    planned: Sequence[tuple[Situation, tuple[Decision, ...]]],
    by_subject: dict[Subject, list[Task]],
    pairing: Pairing,
    outcome: Outcome,
    hands: Hands,
) -> None:
    """Records without anything to send: joins, questions, problems; acknowledged, or parked until something changes."""
    if not planned:
        return
    keys = [str(s.subject) for s, _ in planned]
    now = hands.clock.now()
    again: list[Mark] = []
    with hands.store.write() as conn:
        lanes.check_epoch(conn, pairing.lane, pairing.epoch)
        asked = asking.keys_asked(conn, pairing.id, keys)
        done: list[Task] = []
        parked: list[tuple[Task, str, str]] = []
        for situation, decisions in planned:
            tasks = by_subject[situation.subject]
            for decision in decisions:
                settle_decision(conn, decision, _label(situation), pairing, hands)
                outcome.verdicts[decision.verdict] = outcome.verdicts.get(decision.verdict, 0) + 1
            _resolve(conn, str(situation.subject), decisions, asked, pairing, hands)
            wait = next((a for d in decisions for a in d.actions if isinstance(a, Wait)), None)
            if any(d.verdict == "linked" for d in decisions):
                again.append(mark_for(situation.subject.side, situation.subject.kind, situation.subject.key))
            if wait is not None and not wait.on:
                for task in tasks:
                    work.put_off(conn, pairing.lane, task, now + LATER, wait.reason.code, counted=False)
            elif wait is not None:
                parked += [(t, "waiting", wait.on) for t in tasks]
            elif any(isinstance(a, Ask | Report) for d in decisions for a in d.actions):
                parked += [(t, "held", d.reason.code) for t in tasks for d in decisions[:1]]
            else:
                done += tasks
        work.acknowledge(conn, pairing.lane, done)
        work.park(conn, pairing.lane, parked)
        work.mark(conn, pairing.lane, again, now)
    hands.step("acknowledged")


def _resolve(conn: Connection, key: str, decisions: Sequence[Decision], asked: set[str], pairing: Pairing, hands: Hands) -> None:
    """Questions and problems that no longer arise are closed."""
    if key not in asked:
        return
    standing = [(a.code, a.subject) for d in decisions for a in d.actions if isinstance(a, Ask)]
    codes = [a.code for d in decisions for a in d.actions if isinstance(a, Report)]
    asking.withdraw_others(conn, pairing.id, key, standing)
    asking.resolve_others(conn, pairing.id, key, codes, hands.clock.now())


def _settle_parts(planned: Sequence[tuple[Situation, tuple[Decision, ...]]], pairing: Pairing, hands: Hands) -> None:
    """Joins, questions and problems of records that are also written: noted before the writing starts."""
    parts = [(s, d) for s, decisions in planned for d in decisions if any(not isinstance(a, Send) for a in d.actions)]
    if parts:
        with hands.store.write() as conn:
            lanes.check_epoch(conn, pairing.lane, pairing.epoch)
            for situation, decision in parts:
                settle_decision(conn, decision, _label(situation), pairing, hands)


def _after(
    wave: Sequence[Job],
    by_subject: dict[Subject, list[Task]],
    again: list[Subject],
    pairing: Pairing,
    outcome: Outcome,
    hands: Hands,
) -> SystemFault | None:
    """Sorts a wave's jobs: to be planned again, put off, parked. Returns the fault that ends the cycle, if one does."""
    stop: SystemFault | None = None
    now = hands.clock.now()
    with hands.store.write() as conn:
        for job in wave:
            tasks = by_subject[job.subject]
            fault = job.fault
            if fault is None:
                outcome.writes += 0 if job.stale or job.unchanged_file else 1
                again.append(job.subject)
                if job.stale:
                    _take_fresh(conn, job, pairing, hands)
                continue
            outcome.failed += 1
            if isinstance(fault, Refused | BadAnswer):
                work.park(conn, pairing.lane, [(t, "held", fault.code) for t in tasks])
            elif isinstance(fault, TryLater) and fault.at is not None:
                for task in tasks:
                    work.put_off(conn, pairing.lane, task, fault.at, fault.code, counted=False)
                stop = stop or fault
            elif isinstance(fault, LoginRefused | Full):
                for task in tasks:
                    work.put_off(conn, pairing.lane, task, now + LATER, fault.code, counted=False)
                stop = stop or fault
            else:
                _retry(conn, tasks, fault, pairing, hands)
    return stop


def _take_fresh(conn: Connection, job: Job, pairing: Pairing, hands: Hands) -> None:
    """Somebody edited the record since it was planned: what was read just now is seen, and it is planned again."""
    from unisono.engine.pull import raw_hash

    where = pairing.side(job.send.write.side)
    if job.current is not None:
        rows = [(record, raw_hash(job.current)) for record in where.system.records(job.current)]
        seen.put_seen(conn, where.id, rows, hands.clock.now())


def _retry(conn: Connection, tasks: Sequence[Task], fault: SystemFault, pairing: Pairing, hands: Hands) -> None:
    """Unclear, unavailable or vanished: due again with backoff; what vanished is confirmed by the next pull."""
    for task in tasks:
        wait = min(timedelta(hours=1), timedelta(seconds=5 * 2 ** min(task.attempts, 10)))
        if isinstance(fault, NotThere):
            wait = max(wait, timedelta(seconds=60))
        work.put_off(conn, pairing.lane, task, hands.clock.now() + wait, fault.code, counted=True)


def _park(rows: list[tuple[Task, str, str]], pairing: Pairing, hands: Hands) -> None:
    with hands.store.write() as conn:
        for task, _, _ in rows:
            subject = subject_of(task.key)
            report = Report(code="restless", values={"rounds": str(ROUNDS)})
            settle_decision(conn, Decision(subject, "refused", Reason("restless"), (report,)), task.key, pairing, hands)
        work.park(conn, pairing.lane, rows)


def _label(situation: Situation) -> str:
    me = situation.seen(situation.subject.side) or situation.a or situation.b
    return label_of(me.record) if me is not None else situation.subject.key
