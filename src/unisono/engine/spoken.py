"""What an unsure pair made before, and does not remember, is found before anything is made anew.

A pair that was put back to an older state may not know of a customer that it made since. Looked for by our own reference, that is found from the
record it was made from; from its other end it looks like a new customer, if somebody has edited it since. So all are looked for first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from unisono.engine.apply import by_name
from unisono.engine.batch import BATCH, LEASE, job_of, plan_batch
from unisono.engine.gather import canonical
from unisono.engine.hands import Hands, Pairing
from unisono.engine.job import Job
from unisono.model.errors import BadAnswer
from unisono.model.record import FIELDWISE
from unisono.plan.situation import Subject, in_order, subject_of
from unisono.store import lanes, work

MOST = 500
"""Records that are looked for before anything is made. A pair that lacks more has been put back to its beginnings: then who was made and renamed
since is found with the batch they are in."""
_RENEWED = 50


def spoken_for(pairing: Pairing, hands: Hands) -> Mapping[Subject, Subject]:
    """Of the records that are due: which one was made from which other, by what the vendors find of our references; nothing as a rule.

    Raises the faults of a system that does not answer: nothing is made then.
    """
    if not pairing.unsure:
        return {}
    with hands.store.read() as conn:
        tasks = work.due(conn, pairing.lane, hands.clock.now(), 1_000_000)
        subjects = in_order(set(canonical(conn, pairing, [subject_of(t.key) for t in tasks]).values()))
    out: dict[Subject, Subject] = {}
    due = set(subjects)
    for n, job in enumerate(islice(_making(subjects, pairing, hands), MOST)):
        if n % _RENEWED == 0:
            with hands.store.write() as conn:
                lanes.renew_lane(conn, pairing.lane, pairing.epoch, hands.clock.now(), LEASE)
        out |= {there: job.subject for there in _found(job, pairing) if there in due}
    return out


def _making(subjects: Sequence[Subject], pairing: Pairing, hands: Hands) -> Iterator[Job]:
    """The customers, contacts and products that are to be made."""
    for start in range(0, len(subjects), BATCH):
        for situation, decisions in plan_batch(pairing, subjects[start : start + BATCH], hands):
            job = job_of(situation, decisions, pairing)
            if job is not None and job.send.write.operation == "create" and job.send.write.kind in FIELDWISE:
                yield job


def _found(job: Job, pairing: Pairing) -> list[Subject]:
    """What is there of our reference. A row that cannot be read is nobody's."""
    write = job.send.write
    system = pairing.side(write.side).system
    try:
        rows = [record for raw in system.probe(by_name(write)) for record in system.records(raw)]
    except BadAnswer:
        return []
    return [Subject(write.side, row.kind, row.key) for row in rows if row.kind == write.kind]
