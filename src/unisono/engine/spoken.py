"""What an unsure pair made before, and does not remember, is found before anything is made anew.

A pair that was put back to an older state may not know of a customer that it made since. Looked for by our own reference, that is found from the
record it was made from; from its other end it looks like a new customer, if somebody has edited it since. So all are looked for first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from unisono.engine.apply import there_already
from unisono.engine.batch import BATCH, LEASE, job_of, plan_batch
from unisono.engine.doubts import NOBODY, Spoken
from unisono.engine.gather import canonical
from unisono.engine.hands import Hands, Pairing
from unisono.engine.job import Job
from unisono.model.errors import BadAnswer, SystemFault
from unisono.model.record import FIELDWISE, Kind, Side
from unisono.plan.situation import Subject, in_order, subject_of
from unisono.store import lanes, work

MOST = 500
"""Records that are looked for before anything is made. A pair that lacks more has been put back to its beginnings: then who was made and renamed
since is found with the batch they are in."""
_RENEWED = 50


def spoken_for(pairing: Pairing, hands: Hands) -> Spoken:
    """Of the records that are to be done: which one was made from which other, by what the vendors find of our references; nothing as a rule.

    An unsure pair looks for all that is due; if a system does not answer then, that is raised, and nothing is made. A pair that has become sure
    looks for what it left unsure, and only that waits for the answer.
    """
    with hands.store.read() as conn:
        keys = work.unsure_ready(conn, pairing.lane)
        if pairing.unsure:
            keys += [task.key for task in work.due(conn, pairing.lane, hands.clock.now(), 1_000_000)]
        if not keys:
            return NOBODY
        subjects = in_order(set(canonical(conn, pairing, [subject_of(key) for key in keys]).values()))
    origins: dict[Subject, Subject] = {}
    unlooked: set[tuple[Side, Kind]] = set()
    deaf: set[Side] = set()
    to_do = set(subjects)
    for n, job in enumerate(islice(_making(subjects, pairing, hands), MOST)):
        if n % _RENEWED == 0:
            with hands.store.write() as conn:
                lanes.renew_lane(conn, pairing.lane, pairing.epoch, hands.clock.now(), LEASE)
        side, kind = job.send.write.side, job.send.write.kind
        try:
            if side not in deaf:
                origins |= {there: job.subject for there in _found(job, pairing, hands) if there in to_do}
                continue
        except BadAnswer:
            pass
        except SystemFault:
            if pairing.unsure:
                raise
            deaf.add(side)
        unlooked.add((side, kind))
    return Spoken(origins, frozenset(unlooked))


def _making(subjects: Sequence[Subject], pairing: Pairing, hands: Hands) -> Iterator[Job]:
    """The customers, contacts and products that are to be made."""
    for start in range(0, len(subjects), BATCH):
        for situation, decisions in plan_batch(pairing, subjects[start : start + BATCH], hands):
            job = job_of(situation, decisions, pairing)
            if job is not None and job.send.write.operation == "create" and job.send.write.kind in FIELDWISE:
                yield job


def _found(job: Job, pairing: Pairing, hands: Hands) -> list[Subject]:
    """What is there of our reference."""
    write = job.send.write
    system = pairing.side(write.side).system
    rows = [record for raw in there_already(write, job.others, pairing, hands) for record in system.records(raw)]
    return [Subject(write.side, row.kind, row.key) for row in rows if row.kind == write.kind]
