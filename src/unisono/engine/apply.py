"""Intend and apply: write down what is about to be called, call it, say how it ended. A wave of independent records at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from unisono.connect.fan_out import fan_out
from unisono.connect.port import Answered, Command, Fetched, Raw
from unisono.engine.hands import Connected, Hands, Pairing
from unisono.engine.ids import reference_of
from unisono.engine.pull import raw_hash
from unisono.model.document import Document, File, Note
from unisono.model.errors import BadAnswer, LoginRefused, NotThere, SystemFault, Unclear
from unisono.model.party import Contact, Flat, Party
from unisono.model.record import Record, Side, flat_of
from unisono.model.writing import Write
from unisono.plan.actions import Decision, Send
from unisono.plan.situation import Subject, subject_of
from unisono.store import intents, lanes, links, pairs, seen

T = TypeVar("T")
OLD_COPY = "shown-as-before"
"""Why the outcome of a change is unclear whose record looked afterwards as it did before."""
OLD_FOR = timedelta(seconds=60)
"""How long a vendor's copies may trail what was written."""
ONE_EACH = ("party", "contact", "quote")
"""Kinds of which a record has one counterpart."""


@dataclass(slots=True)
class Job:
    """One write on its way: what was planned, what it takes, how far it got. ``fault`` ends it; ``stale`` sends it back to planning."""

    decision: Decision
    send: Send
    label: str
    commands: tuple[Command, ...] = ()
    current: Raw | None = None
    document: Record | None = None
    """The document whose file is brought."""
    answers: tuple[Answered, ...] = ()
    intents: list[intents.Intent] = field(default_factory=list)
    read_back: Raw | None = None
    found: tuple[Raw, ...] = ()
    """Rows that an unsure pair found there already: nothing is sent, they are looked at instead."""
    fetched: Fetched | None = None
    unchanged_file: bool = False
    fault: SystemFault | None = None
    stale: bool = False
    unclear: bool = False
    asked: Side | None = None
    """The side the fault is of, if it is not the one that is written to: that of a file that could not be fetched."""

    @property
    def subject(self) -> Subject:
        """The record it was planned for."""
        return self.decision.subject

    @property
    def side(self) -> Side:
        """The side the fault is of."""
        return self.asked or self.send.write.side

    @property
    def fetches_first(self) -> bool:
        """Whether this is a note whose file comes next: the file is fetched first, so that no note ever stands without it."""
        write = self.send.write
        return write.kind == "note" and write.operation == "create" and any(s.write.kind == "file" for s in self.decision.sends)

    @property
    def fetches(self) -> bool:
        """Whether a document's file is fetched for it."""
        return self.fetches_first or (bool(self.send.source) and self.send.write.kind == "file")

    @property
    def over(self) -> bool:
        """Whether nothing more is to be called for it."""
        return self.fault is not None or self.stale or self.unchanged_file or bool(self.found)


Refusals = dict[Side, LoginRefused]
"""The sides that refused the login in a wave: nobody asks there again in it."""


def apply(jobs: Sequence[Job], pairing: Pairing, hands: Hands) -> Refusals:
    """Carries out one write a job: prepare (read before, fetch a file), then call by call *intend, send*, then read back.

    Returns the sides that refused the login meanwhile.
    """
    refused: Refusals = {}
    _look_up_documents(jobs, pairing, hands)
    # Threads are for calls: what asks nobody is prepared at once.
    _each([job for job in jobs if _asks(job)], hands, lambda job: _prepare(job, pairing, hands, refused), refused)
    _each([job for job in jobs if not _asks(job)], hands, lambda job: _prepare(job, pairing, hands, refused), refused, at_once=1)
    hands.step("prepared")
    step = 0
    while True:
        ready = [job for job in jobs if not job.over and step < len(job.commands)]
        if not ready:
            break
        ready = _intend(ready, step, pairing, hands)
        hands.step("intended")
        _each(ready, hands, partial(_send, pairing=pairing, step=step), refused)
        hands.step("sent")
        _note_steps(ready, step, hands)
        step += 1
    done = [job for job in jobs if not job.over]
    for job in done:
        job.read_back = job.answers[-1].raw if job.answers and job.send.write.operation != "delete" else None
    _each([job for job in done if _unproven(job, pairing)], hands, lambda job: _read_back(job, pairing, refused), {})
    for job in done:
        _doubt_old_copy(job, pairing)
    hands.step("read-back")
    return refused


def _each(jobs: Sequence[Job], hands: Hands, what: Callable[[Job], None], refused: Refusals, *, at_once: int = 0) -> None:
    """Runs a part of every job, calls fanned out; a system's fault ends its own job only, a refused login all that come after it there."""

    def one(job: Job) -> None:
        side = job.send.write.side
        if side in refused:
            raise refused[side]
        try:
            what(job)
        except LoginRefused as fault:
            refused.setdefault(job.side, fault)
            raise

    calls = [(lambda job=job: one(job)) for job in jobs]
    for job, outcome in zip(jobs, fan_out(calls, at_once or hands.fan_out), strict=True):
        if outcome.fault is not None:
            job.fault = outcome.fault
            job.unclear = isinstance(outcome.fault, Unclear)


def _asks(job: Job) -> bool:
    """Whether something has to be read or fetched before this write can be composed."""
    write = job.send.write
    return job.fetches or (write.operation == "change" and write.kind in ("party", "contact"))


def _prepare(job: Job, pairing: Pairing, hands: Hands, refused: Refusals) -> None:
    write = job.send.write
    system = pairing.side(write.side).system
    if job.fetches_first:
        hands.kept[job.send.source] = _bring(job, pairing, hands, refused)
    elif job.fetches:
        _fetch(job, pairing, hands, refused)
        if job.unchanged_file:
            return
        write = job.send.write
    if write.operation == "change" and write.kind in ("party", "contact"):
        job.current = system.read(*system.locate(write.kind, write.key))
        if job.current is None:
            raise NotThere("gone-before-write", {"key": write.key})
        if not _as_planned(system.records(job.current), write):
            job.stale = True
            return
    if write.operation == "delete":
        job.current = system.read(*system.locate(write.kind, write.key))
        if job.current is None:
            raise NotThere("gone-before-write", {"key": write.key})
        if not _as_seen(job.current, pairing.side(write.side), hands):
            job.stale = True
            return
    job.commands = system.compose(write, job.current)
    if pairing.unsure and write.operation == "create":
        job.found = system.probe(_by_name(write))


def _by_name(write: Write) -> Write:
    """A file is looked for by its name on our own note: its bytes may differ each time it is rendered."""
    return replace(write, body=replace(write.body, size=0, sha256="")) if isinstance(write.body, File) else write


def _as_planned(records: Sequence[Record], write: Write) -> bool:
    """Whether the fields about to be changed still hold what the plan rests on; otherwise somebody edited them meanwhile."""
    for record in records:
        if (record.kind, record.key) == (write.kind, write.key):
            now = flat_of(record.body)
            return all(now.get(name, "") == value for name, value in write.before.items())
    return False


def _as_seen(current: Raw, where: Connected, hands: Hands) -> bool:
    """Whether a row about to be deleted is still what was seen of it: nobody deletes what a colleague has just worked on or sent."""
    with hands.store.read() as conn:
        known = seen.known_rows(conn, where.id, current.resource, [current.key]).get(current.key)
    return known is not None and known.raw_hash == raw_hash(current)


def _fetch(job: Job, pairing: Pairing, hands: Hands, refused: Refusals) -> None:
    """The document's file for the note; the same bytes as last time are not put again."""
    job.fetched = hands.kept.pop(job.send.source, None) or _bring(job, pairing, hands, refused)
    body = job.send.write.body
    assert isinstance(body, File)
    if job.fetched.sha256 == job.send.agree.get("last-sha256"):
        job.unchanged_file = True
        return
    made = replace(body, size=job.fetched.size, sha256=job.fetched.sha256, path=str(job.fetched.path), media_type=job.fetched.media_type)
    job.send = replace(job.send, write=replace(job.send.write, body=made))


def _look_up_documents(jobs: Sequence[Job], pairing: Pairing, hands: Hands) -> None:
    """The documents whose files a wave brings, with one look at the store for all of them."""
    wanted = [job for job in jobs if job.fetches]
    if not wanted:
        return
    sources = {job.send.source: subject_of(f"b:{job.send.source}") for job in wanted}
    found: dict[str, Record] = {}
    with hands.store.read() as conn:
        for kind in sorted({source.kind for source in sources.values()}):
            keys = {source.key: name for name, source in sources.items() if source.kind == kind}
            found |= {keys[key]: row.record for key, row in seen.get_many(conn, pairing.b.id, kind, list(keys)).items()}
    for job in wanted:
        job.document = found.get(job.send.source)


def _bring(job: Job, pairing: Pairing, hands: Hands, refused: Refusals) -> Fetched:
    if job.document is None:
        raise NotThere("document-not-there", {"key": job.send.source.partition(":")[2]})
    try:
        if "b" in refused:
            raise refused["b"]
        return pairing.b.system.fetch_file(job.document, hands.files, pairing.a.system.capabilities.writing("file").file_limit)
    except SystemFault:
        job.asked = "b"
        raise


def _intend(jobs: Sequence[Job], step: int, pairing: Pairing, hands: Hands) -> list[Job]:
    """Writes down what is about to be called, and returns it: all but creates for records that have got their counterpart meanwhile."""
    now = hands.clock.now()
    with hands.store.write() as conn:
        lanes.check_epoch(conn, pairing.lane, pairing.epoch)
        if step == 0:
            # What has begun is carried to its end; nothing begins under a policy that no longer holds.
            pairs.check_policy(conn, pairing.id, pairing.policy_version)
            _drop_linked(conn, jobs, pairing)
        going = [job for job in jobs if not job.over]
        fresh = [_intent(job, step, pairing, hands) for job in going]
        intents.intend(conn, pairing.id, pairing.lane, pairing.epoch, fresh, now, pairing.run)
    return going


def _drop_linked(conn: Connection, jobs: Sequence[Job], pairing: Pairing) -> None:
    """A record that is linked by now is not made a second time, whatever the plan rested on: it is planned again."""
    making = [job for job in jobs if job.send.write.operation == "create" and job.send.link_kind in ONE_EACH]
    for side, kind in sorted({(job.subject.side, job.send.link_kind) for job in making}):
        some = [job for job in making if (job.subject.side, job.send.link_kind) == (side, kind)]
        found = links.links_of(conn, pairing.id, kind, side, [job.subject.key for job in some])
        for job in some:
            job.stale = job.subject.key in found and found[job.subject.key].state == "linked"


def _intent(job: Job, step: int, pairing: Pairing, hands: Hands) -> intents.Intent:
    command = job.commands[step]
    intent = intents.Intent(
        id=hands.ids.new(),
        key=str(job.subject),
        write=job.send.write,
        link_kind=job.send.link_kind,
        agree=job.send.agree,
        source=job.send.source,
        command={"operation": command.operation, "payload": command.payload},
        step=step,
        reason=(job.send.reason.code, job.send.reason.values),
        policy_version=pairing.policy_version,
        label=job.label,
        before=job.send.write.before,
    )
    job.intents.append(intent)
    return intent


def _send(job: Job, *, pairing: Pairing, step: int) -> None:
    system = pairing.side(job.send.write.side).system
    job.answers = (*job.answers, system.send(job.commands[step], job.answers))


def _note_steps(jobs: Sequence[Job], step: int, hands: Hands) -> None:
    """Intermediate steps end here; the last one ends in settlement, together with link and agreed state."""
    between = [job for job in jobs if job.fault is None and step + 1 < len(job.commands)]
    if between:
        with hands.store.write() as conn:
            intents.settle(conn, [(j.intents[-1].id, "done", j.answers[-1].key, {}, {}) for j in between], hands.clock.now())


def _unproven(job: Job, pairing: Pairing) -> bool:
    """Whether what was written has to be read to know its values: the answer did not show the row, and the vendor may keep less."""
    write = job.send.write
    if write.operation == "delete" or not job.answers or job.answers[-1].raw is not None:
        return False
    return pairing.side(write.side).system.capabilities.writing(write.kind).read_back


def _read_back(job: Job, pairing: Pairing, refused: Refusals) -> None:
    """What the vendor made of it. A write whose read-back fails is done all the same: it is read with the next pull."""
    write = job.send.write
    if write.side in refused:
        return
    system = pairing.side(write.side).system
    try:
        job.read_back = system.read(*system.locate(write.kind, job.answers[-1].key or write.key))
    except LoginRefused as fault:
        refused.setdefault(write.side, fault)
    except SystemFault:
        pass


def _doubt_old_copy(job: Job, pairing: Pairing) -> None:
    """A vendor that shows a record after a change as it was before it: an old copy, or it ignored what was sent. A later look tells; taken for
    what the vendor made of it, an old copy would make our own write look like a person's edit as soon as the new one shows."""
    write = job.send.write
    if write.operation != "change" or write.kind not in ("party", "contact") or job.current is None or job.read_back is None:
        return
    was, now = (_values(row, write, pairing) for row in (job.current, job.read_back))
    # A mark is no field of the row: it shows among the tags, or nowhere.
    sent = [name for name, value in write.changes.items() if name in now and was.get(name, "") != value]
    if sent and all(now[name] == was.get(name, "") for name in sent):
        job.fault, job.unclear = Unclear("shown-as-before", {"key": write.key}), True


def _values(row: Raw, write: Write, pairing: Pairing) -> Flat:
    """The written record's fields in a row; none if it cannot be read."""
    with suppress(BadAnswer):
        for record in pairing.side(write.side).system.records(row):
            if (record.kind, record.key) == (write.kind, write.key):
                return flat_of(record.body)
    return {}


def with_reference(send: Send, pairing: Pairing, subject: Subject, known: str) -> Send:
    """The same write with our reference: the record's own if it has one already, else that of the pair and the record it is made from.

    Notes end with it as a marker line.
    """
    write = send.write
    if write.operation != "create" or write.kind == "file":
        return send
    reference = known or reference_of(pairing.id, str(subject), write.kind)
    body = write.body
    if isinstance(body, Note):
        body = replace(body, text=f"{body.text}\nRef: {reference}", reference=reference)
    elif isinstance(body, Party | Contact | Document):
        body = replace(body, reference=reference)
    return replace(send, write=replace(write, body=body, reference=reference))


def remove_files(jobs: Sequence[Job], hands: Hands) -> None:
    """Files handed over, or not to be, need not lie about."""
    for job in jobs:
        spare = hands.kept.pop(job.send.source, None) if job.fault is not None else None
        for fetched in (job.fetched, spare):
            if fetched is not None:
                Path(fetched.path).unlink(missing_ok=True)


def drop_files(jobs: Sequence[Job], hands: Hands) -> None:
    """Nothing of a wave is done: what was fetched for it goes."""
    for job in jobs:
        spare = hands.kept.pop(job.send.source, None)
        for fetched in (job.fetched, spare):
            if fetched is not None:
                Path(fetched.path).unlink(missing_ok=True)


def told_of(fault: SystemFault) -> dict[str, object]:
    """A fault as the journal keeps it."""
    return {"code": fault.code, "values": dict(fault.values), "raw": fault.raw}
