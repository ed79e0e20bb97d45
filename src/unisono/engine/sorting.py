"""What a wave of writes left behind: records that are parked, put off, or planned again; and sides that take nothing more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import Connection

from unisono.engine.hands import Hands, Pairing
from unisono.engine.job import Job
from unisono.engine.outcome import Outcome
from unisono.engine.pull import raw_hash
from unisono.engine.runs import fail_row
from unisono.engine.settle import report_fault
from unisono.model.document import Note
from unisono.model.errors import Full, LoginRefused, NotThere, Refused, SystemFault, TryLater
from unisono.model.record import Kind
from unisono.plan.actions import Decision, Reason
from unisono.plan.planner import RANKS
from unisono.plan.situation import Subject
from unisono.store import seen, work
from unisono.store.work import Task

LATER = timedelta(minutes=5)
SOON = timedelta(seconds=1)
OWNERS: tuple[Kind, ...] = ("party", "contact", "quote", "invoice")
"""What a note may lie on."""
TRIES = 8
"""Failures in a row after which a record is shown as a problem; it is tried again all the same, ever more rarely."""


def sort_out(
    wave: Sequence[Job], by_subject: Mapping[Subject, Sequence[Task]], pairing: Pairing, outcome: Outcome, hands: Hands
) -> list[Subject]:
    """Sorts a wave's jobs: parked, put off, or to be planned again, which it returns."""
    outcome.writes += sum(1 for job in wave if not (job.fault or job.stale or job.unchanged_file))
    outcome.failed += sum(1 for job in wave if job.fault)
    uneven = [job for job in wave if job.fault is not None or job.stale]
    if uneven:
        with hands.store.write() as conn:
            for job in uneven:
                _sort_one(conn, job, by_subject[job.subject], pairing, outcome, hands)
                if isinstance(job.fault, Refused):
                    fail_row(conn, job.subject, by_subject, pairing)
    for job in wave:
        if job.in_step:
            outcome.count(Decision(job.subject, "equal", Reason("in-step")))
    return [job.subject for job in wave if job.fault is None and not job.in_step]


def _sort_one(conn: Connection, job: Job, tasks: Sequence[Task], pairing: Pairing, outcome: Outcome, hands: Hands) -> None:
    fault = job.fault
    if fault is None:
        _take_fresh(conn, job, pairing, hands)
    elif isinstance(fault, Refused):
        work.park(conn, pairing.lane, [(t, "held", fault.code) for t in tasks])
    elif isinstance(fault, TryLater | LoginRefused | Full):
        _close(conn, job, fault, tasks, pairing, outcome, hands)
    else:
        _retry(conn, job, fault, tasks, pairing, hands)


def _close(conn: Connection, job: Job, fault: SystemFault, tasks: Sequence[Task], pairing: Pairing, outcome: Outcome, hands: Hands) -> None:
    """A side out of allowance or with a refused key, or a kind there is no room for, takes nothing more in this cycle; the rest goes on."""
    side, kind = job.side, job.send.write.kind
    now = hands.clock.now()
    until = max(fault.at, now + SOON) if isinstance(fault, TryLater) and fault.at is not None else now + LATER
    outcome.closed[side, kind if isinstance(fault, Full) else "*"] = (until, fault.code)
    outcome.fault = outcome.fault or fault
    if isinstance(fault, LoginRefused):
        outcome.refuse(conn, side, fault, pairing)
    if isinstance(fault, Full):
        report_fault(conn, f"{side}:full:{kind}", kind, pairing.side(side).system.capabilities.title, fault, pairing, hands)
    for task in tasks:
        work.put_off(conn, pairing.lane, task, until, fault.code, counted=False)


def _take_fresh(conn: Connection, job: Job, pairing: Pairing, hands: Hands) -> None:
    """Somebody edited the record since it was planned: what was read just now is seen, and it is planned again."""
    where = pairing.side(job.send.write.side)
    if job.current is not None:
        rows = [(record, raw_hash(job.current)) for record in where.system.records(job.current)]
        seen.put_seen(conn, where.id, rows, hands.clock.now())


def _retry(conn: Connection, job: Job, fault: SystemFault, tasks: Sequence[Task], pairing: Pairing, hands: Hands) -> None:
    """Unclear, unavailable, unreadable or vanished: due again with backoff. What keeps failing is shown, and tried all the same."""
    for task in tasks:
        wait = min(timedelta(hours=1), timedelta(seconds=5 * 2 ** min(task.attempts, 10)))
        if isinstance(fault, NotThere):
            wait = max(wait, timedelta(seconds=60))
            _miss(conn, job, pairing, hands)
        work.put_off(conn, pairing.lane, task, hands.clock.now() + wait, fault.code, counted=True)
    if max(task.attempts for task in tasks) + 1 >= TRIES:
        report_fault(conn, str(job.subject), job.subject.kind, job.label, fault, pairing, hands)


def _miss(conn: Connection, job: Job, pairing: Pairing, hands: Hands) -> None:
    """What a write did not find is missing: the next pulls ask whether it is deleted, also where they list only what changed. Of a new note
    that is whichever record it was to lie on."""
    write, now = job.send.write, hands.clock.now()
    where = pairing.side(write.side)
    if write.key and write.kind in RANKS:
        resource, key = where.system.locate(write.kind, write.key)
        seen.mark_missing(conn, where.id, resource, [key], now)
    if write.operation == "create" and isinstance(write.body, Note):
        for kind in OWNERS:
            for row in seen.get_many(conn, where.id, kind, write.body.about).values():
                seen.mark_missing(conn, where.id, row.record.resource, [row.record.resource_key], now)
