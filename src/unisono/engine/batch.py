"""Working off what is due, a batch at a time: plan, write in waves, plan again until nothing is left to write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace
from sqlalchemy import Connection

from unisono.engine.apart import apart
from unisono.engine.apply import with_reference
from unisono.engine.assumed import Assumed
from unisono.engine.changes import brake, take_changes
from unisono.engine.doubts import Spoken
from unisono.engine.gather import canonical, gather
from unisono.engine.hands import Hands, Pairing
from unisono.engine.job import Job
from unisono.engine.outcome import Outcome
from unisono.engine.recover import next_probe
from unisono.engine.runs import NEXT, admit, again, begin, fail_row, halted, settle_rows
from unisono.engine.settle import settle_decision
from unisono.engine.sorting import LATER, SOON
from unisono.engine.waves import Waves
from unisono.model.record import label_of
from unisono.plan.actions import Ask, Decision, Join, Reason, Report, Send, Wait
from unisono.plan.corrections import CORRECTED, standing
from unisono.plan.planner import RANKS, plan
from unisono.plan.situation import Situation, Subject, in_order, subject_of
from unisono.store import asking, intents, lanes, pairs, work
from unisono.store.work import Mark, Task

BATCH = 250
ROUNDS = 8
"""Writes one record may need in a row before it is called restless."""
RUN_BATCHES = 4
"""Batches of a run in one cycle: then both sides may be polled again, so that today's changes go before history."""
_ALONE = ("left-out", "gone", "refused")
"""Verdicts after which a record stays without a counterpart until something changes."""
LEASE = 300
"""Seconds a lane is held without being renewed: longer than a wave of calls can take."""


def batches(pairing: Pairing, waves: Waves, hands: Hands, *, more: bool = False) -> Iterator[list[Task]]:
    """What is due, in batches of one rank and one run (or none). Each is worked off before the next is asked for.

    ``more``: a source is still being read. Where a call carries several records, what does not fill a batch waits for what comes next.
    """
    of_run, widest = 0, _widest(pairing)
    size = _size(widest, hands)
    while True:
        if waves.news():
            take_changes(pairing, hands)
            if brake(pairing, hands):
                return
        sent = waves.keys
        with hands.store.read() as conn:
            # Of several ranks the first one is worked off alone; what else is due is not to make that batch smaller.
            tasks = work.due(conn, pairing.lane, hands.clock.now(), (size if widest == 1 else 2 * size) + len(sent))
        tasks = _some_of([task for task in tasks if task.key not in sent], size)
        if more and widest > 1 and len(tasks) < size:
            tasks = []
        if sent and not waves.may_follow(tasks):
            if not waves.read_on():
                waves.land()
            continue
        of_run += 1 if tasks and tasks[0].run else 0
        if not tasks or of_run > RUN_BATCHES:
            return
        with hands.store.write() as conn:
            lanes.renew_lane(conn, pairing.lane, pairing.epoch, hands.clock.now(), LEASE)
        yield tasks


def _some_of(tasks: Sequence[Task], size: int) -> list[Task]:
    """Those of one run (or none) and one rank that come first: what others depend on is settled before they are planned."""
    one_run = [task for task in tasks if task.run == tasks[0].run]
    rank = min((RANKS.get(task.kind, 9) for task in one_run), default=0)
    return [task for task in one_run if RANKS.get(task.kind, 9) == rank][:size]


def _widest(pairing: Pairing) -> int:
    """How many writes the fullest call of either side carries."""
    return max((w.batch for side in (pairing.a, pairing.b) for w in side.system.capabilities.writings), default=1)


def _size(widest: int, hands: Hands) -> int:
    """How many records are worked off together: where calls carry several, so many that every round of calls is full."""
    round_of = max(1, hands.fan_out) * widest
    return BATCH if widest == 1 else -(-BATCH // round_of) * round_of


def plan_batch(
    pairing: Pairing, subjects: Sequence[Subject], hands: Hands, assumed: Assumed | None = None
) -> list[tuple[Situation, tuple[Decision, ...]]]:
    """Plans records from one picture of the store, and from what a preview assumes besides."""
    with hands.store.read() as conn:
        situations = gather(conn, pairing, subjects, assumed)
    words = hands.words(pairing.policy.language)
    return [(s, plan(s, pairing.rules, words)) for s in situations]


def plan_all(pairing: Pairing, outcome: Outcome, hands: Hands) -> None:
    """A dry run: every decision that is due, and nothing done."""
    with hands.store.read() as conn:
        tasks = work.due(conn, pairing.lane, hands.clock.now(), 1_000_000)
        subjects = in_order(set(canonical(conn, pairing, [subject_of(t.key) for t in tasks]).values()))
    for start in range(0, len(subjects), BATCH):
        for situation, decisions in plan_batch(pairing, subjects[start : start + BATCH], hands):
            for decision in decisions:
                outcome.decisions.append((decision, _label(situation)))
                outcome.count(decision)


def work_off(tasks: list[Task], pairing: Pairing, waves: Waves, hands: Hands) -> None:
    """Plans a batch, writes it in waves, plans it again until nothing is left to write. What a closed side would take waits. Of what is
    written last a wave may still be under way."""
    pairing = replace(pairing, run=tasks[0].run or pairing.run)
    with hands.store.read() as conn:
        subject = canonical(conn, pairing, [subject_of(t.key) for t in tasks])
    by_subject: dict[Subject, list[Task]] = {}
    for task in tasks:
        by_subject.setdefault(subject[subject_of(task.key)], []).append(task)
    left = _without_unsettled(by_subject, pairing, hands)
    while left and not halted(pairing, hands):
        left = _linked_since(_rounds(left, by_subject, pairing, waves, hands), by_subject, pairing, hands)


def _linked_since(left: list[Subject], by_subject: dict[Subject, list[Task]], pairing: Pairing, hands: Hands) -> list[Subject]:
    """Records put apart may have been linked meanwhile: then they are worked on under their CRM key, so that nobody is asked twice."""
    if not left:
        return left
    with hands.store.read() as conn:
        named = canonical(conn, pairing, left)
    for old, new in named.items():
        if old != new:
            by_subject.setdefault(new, []).extend(by_subject.pop(old))
    return in_order(set(named.values()))


def _rounds(left: list[Subject], by_subject: dict[Subject, list[Task]], pairing: Pairing, waves: Waves, hands: Hands) -> list[Subject]:
    """Works records off; returns those that have to be looked at after them, since they may be about the same counterpart."""
    after: list[Subject] = []
    for number in range(ROUNDS):
        if not left:
            return after
        planned = plan_batch(pairing, left, hands)
        if waves.keys and any(situation.held for situation, _ in planned):
            # They may be the same as somebody who is just being made: that is known in a moment.
            waves.land()
            planned = plan_batch(pairing, left, hands)
        if not number:
            planned, after = apart(planned)
        planned = [(s, _after_its_origin(s, d, waves.spoken)) for s, d in planned]
        waves.outcome.planned += len(planned)
        planned = admit(planned, by_subject, pairing, hands)
        jobs = [job for job in (job_of(s, d, pairing) for s, d in planned) if job is not None]
        writing = {job.subject for job in jobs}
        _settle_quiet([(s, d) for s, d in planned if s.subject not in writing], by_subject, pairing, waves.outcome, hands)
        if not jobs:
            return after
        _settle_parts([(s, d) for s, d in planned if s.subject in writing], by_subject, pairing, hands)
        written = waves.write(jobs, by_subject, pairing)
        if written is None:
            return []
        # With nothing else left to do here, what is still under way is settled beside the next batch.
        left = in_order([*written, *waves.land()]) if written or after else []
    _park([(t, "held", "restless") for s in left for t in by_subject[s]], by_subject, pairing, hands)
    return after


def _without_unsettled(by_subject: dict[Subject, list[Task]], pairing: Pairing, hands: Hands) -> list[Subject]:
    """One hand a record: those with an unsettled write are put off until that is settled."""
    with hands.store.read() as conn:
        open_ = intents.unsettled_keys(conn, pairing.id)
    held = [s for s in by_subject if str(s) in open_]
    if held:
        with hands.store.write() as conn:
            for task in (t for s in held for t in by_subject[s]):
                work.put_off(conn, pairing.lane, task, hands.clock.now() + LATER, "unclear", counted=False)
    return in_order(s for s in by_subject if str(s) not in open_)


def _after_its_origin(situation: Situation, decisions: tuple[Decision, ...], spoken: Spoken) -> tuple[Decision, ...]:
    """Nobody is made out of a record that was itself made out of another: it waits until the two are linked, or a person has said who is who.
    Nor out of one that may have been, as long as nobody could look."""
    origin = spoken.waits_for(situation.subject, unsure=situation.unsure)
    if origin is None or not any(send.write.operation == "create" for decision in decisions for send in decision.sends):
        return decisions
    reason = Reason("unclear-create-first")
    return (Decision(situation.subject, "waiting", reason, (Wait(on=origin, reason=reason),)),)


def job_of(situation: Situation, decisions: tuple[Decision, ...], pairing: Pairing) -> Job | None:
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
            send = with_reference(send, pairing, situation.subject, known)
            alone = len(decisions) == 1 and len(decision.actions) == 1 and not situation.answers and not situation.unsure
            return Job(decision, send, _label(situation), unsure=situation.unsure, others=_others(situation), alone=alone)
    return None


def _others(situation: Situation) -> frozenset[str]:
    """Whom a person has said the record is not: of a couple, which is named by the CRM's key first, the one that is not it."""
    couples = [name.split("|")[1:] for name, answer in situation.answers.items() if answer == "different"]
    return frozenset(keys[0 if situation.subject.side == "b" else -1] for keys in couples if keys)


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
    probe = next_probe(pairing, hands)
    now = hands.clock.now()
    # What waits for an unclear create can go on as soon as that is settled.
    later = now + (LATER if probe is None else min(LATER, max(probe, SOON)))
    once_more: list[Mark] = []
    with hands.store.write() as conn:
        lanes.check_epoch(conn, pairing.lane, pairing.epoch)
        pairs.check_policy(conn, pairing.id, pairing.policy_version)
        asked = asking.keys_asked(conn, pairing.id, keys)
        done: list[Task] = []
        parked: list[tuple[Task, str, str]] = []
        for situation, decisions in planned:
            tasks = by_subject[situation.subject]
            for decision in decisions:
                settle_decision(conn, decision, _label(situation), pairing, hands)
                outcome.count(decision)
            _resolve(conn, str(situation.subject), decisions, asked, pairing, hands)
            if standing(situation.answers) and not any(d.verdict == "waiting" for d in decisions):
                # Somebody edited the record since: what a person wanted to correct is not there any more.
                asking.spend(conn, pairing.id, [str(situation.subject)], CORRECTED)
            wait = next((a for d in decisions for a in d.actions if isinstance(a, Wait)), None)
            if any(d.verdict == "linked" for d in decisions):
                once_more.append(again(situation.subject, pairing))
            if wait is not None and not wait.on:
                for task in tasks:
                    work.put_off(conn, pairing.lane, task, later, wait.reason.code, counted=False)
            elif wait is not None:
                parked += [(t, "waiting", wait.on) for t in tasks]
            elif any(isinstance(a, Ask | Report) for d in decisions for a in d.actions):
                parked += [(t, "held", d.reason.code) for t in tasks for d in decisions[:1]]
            else:
                done += tasks
        work.acknowledge(conn, pairing.lane, done)
        work.park(conn, pairing.lane, parked)
        settle_rows(conn, planned, by_subject, pairing)
        if not pairing.run:
            work.hasten(conn, pairing.lane, [on for _, state, on in parked if state == "waiting"], NEXT)
        # Who waits for a record that will have no counterpart waits no longer; nor who waited because it was gone for a while.
        once_more += work.waiting_on(
            conn,
            pairing.lane,
            [name for s, ds in planned if ds and (_is_back(s) or all(d.verdict in _ALONE for d in ds)) for name in _names(s)],
        )
        work.mark(conn, pairing.lane, once_more, now, run=pairing.run)
    hands.step("acknowledged")


def _names(situation: Situation) -> set[str]:
    """What others may wait for it by: its own name, and those of both sides of its link."""
    s, link = situation.subject, situation.link
    return {str(s)} | ({str(Subject("a", s.kind, link.a_key)), str(Subject("b", s.kind, link.b_key))} if link is not None else set())


def _is_back(situation: Situation) -> bool:
    """Whether a customer stands on both sides."""
    link, rows = situation.link, (situation.a, situation.b)
    linked = link is not None and link.state == "linked"
    return situation.subject.kind == "party" and linked and all(row is not None and not row.gone for row in rows)


def _resolve(conn: Connection, key: str, decisions: Sequence[Decision], asked: set[str], pairing: Pairing, hands: Hands) -> None:
    """Questions and problems that no longer arise are closed."""
    if key not in asked:
        return
    standing = [(a.code, a.subject) for d in decisions for a in d.actions if isinstance(a, Ask)]
    told = [(a.code, a.field) for d in decisions for a in d.actions if isinstance(a, Report)]
    asking.withdraw_others(conn, pairing.id, key, standing)
    asking.resolve_others(conn, pairing.id, key, told, hands.clock.now())


def _settle_parts(
    planned: Sequence[tuple[Situation, tuple[Decision, ...]]], by_subject: dict[Subject, list[Task]], pairing: Pairing, hands: Hands
) -> None:
    """Joins, questions and problems of records that are also written: noted before the writing starts."""
    parts = [(s, d) for s, decisions in planned for d in decisions if any(not isinstance(a, Send) for a in d.actions)]
    if parts:
        with hands.store.write() as conn:
            lanes.check_epoch(conn, pairing.lane, pairing.epoch)
            pairs.check_policy(conn, pairing.id, pairing.policy_version)
            # A part that moves what is agreed changes what the row rests on.
            begin(conn, [s.subject for s, d in parts if any(isinstance(a, Join) for a in d.actions)], by_subject, pairing)
            for situation, decision in parts:
                settle_decision(conn, decision, _label(situation), pairing, hands)


def _park(rows: list[tuple[Task, str, str]], by_subject: dict[Subject, list[Task]], pairing: Pairing, hands: Hands) -> None:
    if not rows:
        return
    parked = {task.key for task, _, _ in rows}
    with hands.store.write() as conn:
        for task, _, _ in rows:
            subject = subject_of(task.key)
            report = Report(code="restless", values={"rounds": str(ROUNDS)})
            settle_decision(conn, Decision(subject, "refused", Reason("restless"), (report,)), task.key, pairing, hands)
        work.park(conn, pairing.lane, rows)
        for subject, tasks in by_subject.items():
            if any(task.key in parked for task in tasks):
                fail_row(conn, subject, by_subject, pairing)


def _label(situation: Situation) -> str:
    me = situation.seen(situation.subject.side) or situation.a or situation.b
    return label_of(me.record) if me is not None else situation.subject.key
