"""What an unsure pair made before, and does not remember, is found before anything is made anew.

A pair that was put back to an older state may not know of a customer that it made since. Looked for by our own reference, that is found from the
record it was made from; from its other end it looks like a new customer, if somebody has edited it since. So all are looked for first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from unisono.engine.apply import by_name
from unisono.engine.batch import BATCH, job_of, plan_batch
from unisono.engine.gather import canonical
from unisono.engine.hands import Hands, Pairing
from unisono.engine.job import Job
from unisono.model.errors import BadAnswer
from unisono.model.record import FIELDWISE
from unisono.plan.situation import Subject, in_order, subject_of
from unisono.store import work


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
    for start in range(0, len(subjects), BATCH):
        planned = plan_batch(pairing, subjects[start : start + BATCH], hands)
        for job in _making([job for s, d in planned if (job := job_of(s, d, pairing)) is not None]):
            out |= {there: job.subject for there in _found(job, pairing) if there in due}
    return out


def _making(jobs: Sequence[Job]) -> list[Job]:
    return [job for job in jobs if job.send.write.operation == "create" and job.send.write.kind in FIELDWISE]


def _found(job: Job, pairing: Pairing) -> list[Subject]:
    """What is there of our reference. A row that cannot be read is nobody's."""
    write = job.send.write
    system = pairing.side(write.side).system
    try:
        rows = [record for raw in system.probe(by_name(write)) for record in system.records(raw)]
    except BadAnswer:
        return []
    return [Subject(write.side, row.kind, row.key) for row in rows if row.kind == write.kind]
