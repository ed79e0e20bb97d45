"""Writing in waves: what is written together, and what is done while calls are under way.

Of creates a wave is sent before the outcomes of the last one are settled, so that neither the calls wait for the store nor the store for them.
Whatever rests on a look right before it is written by itself: nothing is under way beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from math import lcm
from types import TracebackType

from msgspec import Struct

from unisono.engine.apply import drop_files, remove_files, rests_on_a_look, under_way
from unisono.engine.calls import Asked
from unisono.engine.doubts import NOBODY, Spoken
from unisono.engine.hands import Hands, Pairing
from unisono.engine.job import Job, Refusals
from unisono.engine.outcome import Outcome
from unisono.engine.pull import Further
from unisono.engine.recover import adopt
from unisono.engine.runs import begin, halted, tell_wave
from unisono.engine.settle import settle_jobs
from unisono.engine.sorting import LATER, SOON, sort_out
from unisono.model.record import FIELDWISE
from unisono.plan.situation import Subject, in_order, subject_of
from unisono.store import pairs, work
from unisono.store.work import Task

WAVE = 16
"""Writes a call under way: a crash leaves at most so many intents to be looked up, twice as many where waves are sent ahead."""
BySubject = Mapping[Subject, Sequence[Task]]


def nothing_meanwhile() -> bool:
    """Nothing else is to be done while calls are under way."""
    return False


class _Sent(Struct, frozen=True):
    """A wave whose calls are under way."""

    jobs: Sequence[Job]
    by_subject: BySubject
    pairing: Pairing
    asked: Asked | None
    """``None``: nothing of it was to be called."""
    rest: Iterator[Asked]
    """Goes on with what comes after the calls."""
    keys: frozenset[str]
    """The work it is to settle."""

    def is_under_way(self) -> bool:
        """Whether any of its calls has not ended."""
        return self.asked is not None and not self.asked.over()


class Waves:
    """The waves of a cycle. At most one is left under way while the next is planned and prepared; the end of the ``with`` settles it.

    ``meanwhile`` is asked for something to do as long as calls are under way: to read on, if there is anything; it says whether it did.
    """

    def __init__(self, outcome: Outcome, hands: Hands, meanwhile: Further = nothing_meanwhile, spoken: Spoken = NOBODY) -> None:
        self.outcome, self._hands, self._meanwhile, self.spoken = outcome, hands, meanwhile, spoken
        self._news = False
        self._under_way: _Sent | None = None
        self._refused: Refusals = {}

    def __enter__(self) -> Waves:
        return self

    def __exit__(self, of: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        # A process that is killed settles nothing; whatever else ends a cycle, what was sent is not forgotten.
        if of is None or issubclass(of, Exception):
            self.land()

    @property
    def keys(self) -> frozenset[str]:
        """The work that is under way: it is not to be planned again."""
        return self._under_way.keys if self._under_way is not None else frozenset()

    def may_follow(self, tasks: Sequence[Task]) -> bool:
        """Whether records may be planned before what is under way is settled: records of the same side and kind, of the same run. On the
        other side, or of another kind, what is being made may be the very one they are about or rest on."""
        sent = self._under_way
        if sent is None:
            return True
        mine = {(job.subject.side, job.subject.kind) for job in sent.jobs}
        theirs = {(s.side, s.kind) for s in (subject_of(task.key) for task in tasks)}
        return bool(tasks) and len(mine) == 1 and mine == theirs and tasks[0].run == next(iter(sent.by_subject.values()))[0].run

    def write(self, jobs: Sequence[Job], by_subject: BySubject, pairing: Pairing) -> list[Subject] | None:
        """Writes in waves; returns the records to be planned again, ``None`` if their run was paused or stopped meanwhile. The last wave may
        be left under way: ``land`` says what is to be planned again of that."""
        again: list[Subject] = []
        for some in in_waves(jobs, self._hands.fan_out, pairing, self._hands.wave):
            ahead = self._may_go_ahead(some, pairing)
            if not ahead:
                again += self.land()
            if halted(pairing, self._hands):
                self.land()
                return None
            last, self._under_way = self._under_way, self._send(some, by_subject, pairing)
            if last is not None:
                again += self._settle(last)
            if not ahead:
                again += self.land()
        # What is due of an earlier batch comes up again by itself.
        return in_order(subject for subject in again if subject in by_subject)

    def read_on(self) -> bool:
        """Reads on as long as calls are under way; says whether there was anything."""
        sent, read = self._under_way, False
        while sent is not None and sent.is_under_way() and self._meanwhile():
            read = self._news = True
        return read

    def news(self) -> bool:
        """Whether anything was read since this was asked last."""
        found, self._news = self._news, False
        return found

    def land(self) -> list[Subject]:
        """Waits for what is under way and settles it; returns the records to be planned again."""
        last, self._under_way = self._under_way, None
        return in_order(self._settle(last)) if last is not None else []

    def _may_go_ahead(self, jobs: Sequence[Job], pairing: Pairing) -> bool:
        """Whether a wave may be sent before the last one is settled, and the next one before this."""
        if not self._hands.ahead or pairing.unsure or any(job.unsure for job in jobs):
            return False
        return all(job.send.write.kind in FIELDWISE and not rests_on_a_look(job, pairing) for job in jobs)

    def _send(self, some: Sequence[Job], by_subject: BySubject, pairing: Pairing) -> _Sent:
        hands = self._hands
        with hands.store.read() as conn:
            pairs.check_policy(conn, pairing.id, pairing.policy_version, released=True)
        wave = self._open_jobs(some, by_subject, pairing)
        if pairing.run and wave:
            with hands.store.write() as conn:
                begin(conn, [job.subject for job in wave], by_subject, pairing)
        rest = under_way(wave, pairing, hands, self._refused)
        try:
            asked = next(rest, None)
        except pairs.Overtaken:
            drop_files(wave, hands)
            raise
        keys = frozenset(task.key for job in wave for task in by_subject[job.subject])
        return _Sent(wave, by_subject, pairing, asked, rest, keys)

    def _settle(self, sent: _Sent) -> list[Subject]:
        wave, by_subject, pairing, hands = sent.jobs, sent.by_subject, sent.pairing, self._hands
        while sent.is_under_way() and self._meanwhile():
            self._news = True
        for _ in sent.rest:
            pass
        for side, fault in self._refused.items():
            self.outcome.closed[side, "*"] = (hands.clock.now() + LATER, fault.code)
            self.outcome.fault = self.outcome.fault or fault
        if self._refused.keys() - self.outcome.refused:
            with hands.store.write() as conn:
                for side, fault in self._refused.items():
                    self.outcome.refuse(conn, side, fault, pairing)
        adopt([job for job in wave if job.found], pairing, hands)
        settle_jobs([job for job in wave if not job.found], pairing, hands, by_subject)
        tell_wave(wave, by_subject, pairing, hands)
        remove_files(wave, hands)
        return sort_out(wave, by_subject, pairing, self.outcome, hands)

    def _open_jobs(self, jobs: Sequence[Job], by_subject: BySubject, pairing: Pairing) -> list[Job]:
        """The jobs whose side takes writes; the others are due again when it is expected to."""
        closed = [(job, shut) for job in jobs if (shut := _shut(job, self.outcome)) is not None]
        if closed:
            # An hour that is over by our clock would make them due in this very cycle, again and again.
            soonest = self._hands.clock.now() + SOON
            with self._hands.store.write() as conn:
                for job, (until, why) in closed:
                    for task in by_subject[job.subject]:
                        work.put_off(conn, pairing.lane, task, max(until, soonest), why, counted=False)
        shut_out = {id(job) for job, _ in closed}
        return [job for job in jobs if id(job) not in shut_out]


def in_waves(jobs: Sequence[Job], at_once: int, pairing: Pairing, most: int = 0) -> Iterator[Sequence[Job]]:
    """What is written together. A change or a deletion rests on a look at the record just before it, so of these only as many as calls may
    be under way at once: between the look and the write lies nothing but the note of what is intended. Where a call carries several, so
    many times more; and of creates, of which no look grows old, so many that the calls which read them back are full as well;
    or ``most``."""
    resting = [job for job in jobs if job.send.write.operation != "create"]
    making = [job for job in jobs if job.send.write.operation == "create"]
    for some, calls in ((resting, max(1, at_once)), (making, WAVE)):
        batch = min((pairing.side(j.send.write.side).system.capabilities.writing(j.send.write.kind).batch for j in some), default=1)
        size = calls if batch == 1 else max(1, at_once) * batch
        full = lcm(batch, _rows_a_call(some[0], pairing)) if batch > 1 and some is making else 1
        size = -(-size // full) * full
        size = min(size, most) if most and some is making else size
        for start in range(0, len(some), size):
            yield some[start : start + size]


def _rows_a_call(job: Job, pairing: Pairing) -> int:
    """How many records such as a job makes one call reads back."""
    able, kind = pairing.side(job.send.write.side).system.capabilities, job.send.write.kind
    return min((r.batch for r in able.resources if kind in r.kinds), default=1) if able.writing(kind).read_back else 1


def _shut(job: Job, outcome: Outcome) -> tuple[datetime, str] | None:
    """Until when, and why, a job cannot be done: its side takes no writes of that kind, or the one its file comes from is not to be asked."""
    file_shut = outcome.closure("b", "file") if job.fetches else None
    return outcome.closure(job.send.write.side, job.send.write.kind) or file_shut
