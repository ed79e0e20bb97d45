"""Settle: outcome, link, agreed state, before-image and history in one transaction; then everything that waited for it is marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import Connection

from unisono.engine.apply import OLD_COPY, OLD_FOR, told_of, values_of
from unisono.engine.hands import Hands, Pairing
from unisono.engine.job import Job
from unisono.engine.marks import PAPERS, mark_for, mark_linked
from unisono.engine.pull import raw_hash
from unisono.engine.written import Changed, Written, links_changed, remembered, settle_writes
from unisono.model.errors import NotThere, Refused, SystemFault
from unisono.model.party import Flat
from unisono.model.record import Side
from unisono.plan.actions import Ask, Decision, Join, Report, Send, Sever
from unisono.plan.compare import held_by_both
from unisono.plan.corrections import CORRECTED
from unisono.plan.flows.deletions import MARKED
from unisono.plan.situation import Subject
from unisono.plan.wanted import WANTED
from unisono.store import asking, intents, lanes, links, pairs, seen, work
from unisono.store.work import Mark, Task


def settle_jobs(jobs: Sequence[Job], pairing: Pairing, hands: Hands, tasks: Mapping[Subject, Sequence[Task]] | None = None) -> None:
    """Writes down how a wave of writes ended: done with link and agreed state, refused with a problem, unclear with a date to look again.

    Of the records' ``tasks`` those are acknowledged whose record is proven to be in step by it: ``Job.in_step``.
    """
    try:
        with hands.store.write() as conn:
            lanes.check_epoch(conn, pairing.lane, pairing.epoch)
            done = _settle_jobs(conn, jobs, pairing, hands)
            if tasks and not pairing.run:
                _acknowledge(conn, done, tasks, pairing)
    except lanes.LostLane:
        _tell_late(jobs, pairing, hands)
        raise
    hands.step("settled")


def _settle_jobs(conn: Connection, jobs: Sequence[Job], pairing: Pairing, hands: Hands) -> list[tuple[Job, Flat]]:
    """Returns what is done, with the values after each."""
    now = hands.clock.now()
    written: list[tuple[Job, Written]] = []
    for job in jobs:
        if job.unchanged_file:
            _file_unchanged(conn, job, pairing, hands)
        elif job.intents and job.unclear:
            assert job.fault is not None
            lag = timedelta(seconds=_lag(job.send, pairing))
            lag = max(lag, OLD_FOR) if job.fault.code == OLD_COPY else lag
            intents.doubt(conn, job.intents[-1].id, now + lag, told_of(job.fault), 0)
        elif job.fault is not None:
            _not_done(conn, job, pairing, hands)
        elif job.stale:
            continue
        else:
            target = job.answers[-1].key or job.send.write.key if job.answers else job.send.write.key
            written.append((job, Written(job.send, job.subject.key, target, job.read_back)))
    after = settle_writes(conn, [done for _, done in written], pairing, hands, ours=True)
    outcomes = [(job, done.target, values) for (job, done), values in zip(written, after, strict=True) if job.intents]
    intents.settle(conn, [(job.intents[-1].id, "done", target, values, _proof(job)) for job, target, values in outcomes], now)
    return [(job, values) for job, _, values in outcomes]


def _acknowledge(conn: Connection, done: Sequence[tuple[Job, Flat]], tasks: Mapping[Subject, Sequence[Task]], pairing: Pairing) -> None:
    """Records whose only write leaves both sides in step are settled with it. What was marked meanwhile stays: it has another generation."""
    quiet = [job for job, values in done if _in_step(job, values, pairing)]
    changed = links_changed(conn, [job.send for job in quiet], pairing)
    quiet = [job for job in quiet if job.send.write.operation == "create" or _as_agreed(job, changed, pairing)]
    asked = asking.keys_asked(conn, pairing.id, [str(job.subject) for job in quiet])
    for job in quiet:
        job.in_step = str(job.subject) not in asked
    work.acknowledge(conn, pairing.lane, [task for job in quiet if job.in_step for task in tasks[job.subject]])


def _in_step(job: Job, values: Flat, pairing: Pairing) -> bool:
    """Whether planning the record again would find nothing to do: every field of it is agreed as both sides show it now."""
    write = job.send.write
    if not job.alone or write.kind not in ("party", "contact") or write.operation == "delete" or job.read_back is None:
        return False
    if job.send.reason.code in (MARKED, CORRECTED):
        return False
    wanted = job.send.agree if write.operation == "change" else held_by_both(write.kind, pairing.rules.a, pairing.rules.b, *_keys_of(job))
    return bool(values) and all(name in values and name in job.send.agree for name in wanted)


def _as_agreed(job: Job, changed: Changed, pairing: Pairing) -> bool:
    """Whether a record that was changed shows nothing but what is agreed: somebody may have edited another field of it right before."""
    assert job.read_back is not None
    write = job.send.write
    link, now = changed[write.side, write.kind, write.key], values_of(job.read_back, write, pairing)
    agreed = link.agreed(write.side)
    return all(
        now.get(name, "") == agreed.get(name) for name in held_by_both(write.kind, pairing.rules.a, pairing.rules.b, link.a_key, link.b_key)
    )


def _keys_of(job: Job) -> tuple[str, str]:
    """The keys of both sides of a record that was made."""
    made = job.answers[-1].key
    return (job.subject.key, made) if job.send.write.side == "b" else (made, job.subject.key)


def _tell_late(jobs: Sequence[Job], pairing: Pairing, hands: Hands) -> None:
    """Somebody else has the lane by now, and may have found by looking what these writes made, or something that looks just like it, or nothing
    yet and given them up. What was made besides is known here alone: a person is told."""
    made = {
        job.intents[-1].id: job
        for job in jobs
        if job.intents and job.answers and job.fault is None and job.send.write.operation == "create"
    }
    with hands.store.write() as conn:
        for intent_id, target in intents.targets_of_settled(conn, list(made)).items():
            job = made[intent_id]
            write, key = job.send.write, job.answers[-1].key
            if key and target != key:
                fault = Refused("made-twice", {"name": job.label, "key": key})
                report_fault(conn, f"{write.side}:{write.kind}:{key}", job.subject.kind, job.label, fault, pairing, hands)


def _proof(job: Job) -> dict[str, object]:
    """What tells the vendor's row apart as we left it: an undo deletes only what nobody touched since."""
    return {"row": raw_hash(job.read_back).hex()} if job.read_back is not None else {}


def settle_decision(conn: Connection, decision: Decision, label: str, pairing: Pairing, hands: Hands) -> None:
    """The parts of a decision that need no call: joins, ends of links, questions, problems."""
    now, key = hands.clock.now(), str(decision.subject)
    for action in decision.actions:
        if isinstance(action, Join) and action.kind == "status":
            links.put_links(conn, pairing.id, [remembered(hands, action.b_key, action.agreed_a, action.agreed_b)], now)
        elif isinstance(action, Join):
            new = links.put_link(
                conn, hands.ids.new(), pairing.id, action.kind, action.a_key, action.b_key, action.agreed_a, action.agreed_b, now
            )
            if new:
                mark_linked(conn, pairing, hands, [(action.kind, action.a_key, action.b_key)])
                if any(isinstance(other, Sever) for other in decision.actions):
                    # The link was moved to another record: that one is looked at now.
                    work.mark(conn, pairing.lane, [mark_for("a", action.kind, action.a_key)], now)
                pairs.note(conn, pairing.id, action.kind, key, "linked", {"code": action.reason.code, **action.reason.values}, label, now)
        elif isinstance(action, Sever):
            _end(conn, action, key, label, pairing, hands)
        elif isinstance(action, Ask):
            asking.ask(conn, hands.ids.new(), pairing.id, key, label, action, now)
        elif isinstance(action, Report):
            asking.report(conn, hands.ids.new(), pairing.id, key, decision.subject.kind, label, action, "", now)


def _end(conn: Connection, action: Sever, key: str, label: str, pairing: Pairing, hands: Hands) -> None:
    """A side of a link is gone: the link ends, or stays with a note, or makes room for another one."""
    now, where = hands.clock.now(), (pairing.id, action.kind, action.a_key, action.b_key)
    told = {"code": action.reason.code, **action.reason.values}
    if action.then == "kept":
        links.keep(conn, *where, action.why or action.reason.code, now)
        pairs.note(conn, pairing.id, action.kind, key, "link-kept", told, label, now)
        return
    if action.then == "forgotten":
        links.forget(conn, *where)
    else:
        links.sever(conn, *where, action.why or action.reason.code, now)
        work.mark(conn, pairing.lane, _in_doubt(conn, action, pairing), now)
    pairs.note(conn, pairing.id, action.kind, key, "unlinked", told, label, now)


def _in_doubt(conn: Connection, ended: Sever, pairing: Pairing) -> list[Mark]:
    """The documents of two customers who are no counterparts any more of which something is asked or told: it may not matter now."""
    marks: list[Mark] = []
    ends: tuple[tuple[Side, str], ...] = (("a", ended.a_key), ("b", ended.b_key))
    for side, owner in ends if ended.kind == "party" else ():
        of = {f"{side}:{kind}:{key}": (kind, key) for kind, key in seen.keys_of_owners(conn, pairing.side(side).id, PAPERS, [owner])}
        asked = asking.keys_asked(conn, pairing.id, list(of))
        marks += [mark_for(side, *of[name]) for name in sorted(asked)]
    return marks


def report_fault(conn: Connection, key: str, kind: str, label: str, fault: SystemFault, pairing: Pairing, hands: Hands) -> None:
    """A record the vendor refused, or a row that could not be read, as a problem with the vendor's own words."""
    field = fault.field if isinstance(fault, Refused) else fault.values.get("field", "")
    what = Report(code=fault.code, field=field, values=fault.values)
    asking.report(conn, hands.ids.new(), pairing.id, key, kind, label, what, fault.raw, hands.clock.now())


def _lag(send: Send, pairing: Pairing) -> int:
    return pairing.side(send.write.side).system.capabilities.writing(send.write.kind).lag


def _not_done(conn: Connection, job: Job, pairing: Pairing, hands: Hands) -> None:
    """Definitely not done: the intent is closed, a refusal becomes a problem. Faults without intent happened before anything was called."""
    fault = job.fault
    assert fault is not None
    state = "refused" if isinstance(fault, Refused) else "void"
    if job.intents:
        intents.settle(conn, [(job.intents[-1].id, state, "", {}, told_of(fault))], hands.clock.now())
    if isinstance(fault, Refused):
        report_fault(conn, str(job.subject), job.subject.kind, job.label, fault, pairing, hands)
        if job.send.reason.code == CORRECTED:
            # It is not sent again by itself: the person who gave it reads why it was refused.
            asking.spend(conn, pairing.id, [str(job.subject)], CORRECTED)
        if job.send.reason.code == WANTED:
            asking.spend(conn, pairing.id, [str(job.subject)], WANTED)
    write = job.send.write
    if isinstance(fault, NotThere) and job.intents and write.kind in ("note", "file") and (write.key or write.owner):
        # A person threw our note away in the CRM: it is not made anew behind their back.
        note, source = write.key or write.owner, job.send.source.replace(":", "/", 1)
        links.sever(conn, pairing.id, "note", note, source, "note-deleted", hands.clock.now())
        pairs.note(conn, pairing.id, "note", str(job.subject), "unlinked", {"code": "note-deleted"}, job.label, hands.clock.now())


def _file_unchanged(conn: Connection, job: Job, pairing: Pairing, hands: Hands) -> None:
    """The document changed, its bytes did not: nothing is put, and it is not fetched again for this version."""
    source = job.send.source.replace(":", "/", 1)
    version = {"version": job.send.agree.get("version", "")}
    links.put_link(conn, hands.ids.new(), pairing.id, "note", job.send.write.owner, source, {}, version, hands.clock.now())
