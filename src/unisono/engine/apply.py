"""Intend and apply: write down what is about to be called, call it, say how it ended. A wave of independent records at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

from msgspec.structs import replace
from sqlalchemy import Connection

from unisono.connect.port import Fetched, Raw
from unisono.engine.calls import Asked, Group, ask, in_groups, read, read_groups, send, send_groups, singly
from unisono.engine.hands import Connected, Hands, Pairing
from unisono.engine.ids import reference_of
from unisono.engine.job import Job, Refusals
from unisono.engine.pull import raw_hash
from unisono.model.document import Document, File, Note
from unisono.model.errors import BadAnswer, LoginRefused, NotThere, SystemFault, Unclear
from unisono.model.party import Contact, Flat, Party
from unisono.model.product import Product
from unisono.model.record import FIELDWISE, Kind, Record, flat_of
from unisono.model.writing import Write
from unisono.plan.actions import Send
from unisono.plan.situation import Subject, subject_of
from unisono.plan.wanted import WANTED
from unisono.store import asking, intents, lanes, links, pairs, seen

OLD_COPY = "shown-as-before"
"""Why the outcome of a change is unclear whose record looked afterwards as it did before."""
OLD_FOR = timedelta(seconds=60)
"""How long a vendor's copies may trail what was written."""
ONE_EACH = ("party", "contact", "quote", "invoice")
"""Kinds of which a record has one counterpart."""


def apply(jobs: Sequence[Job], pairing: Pairing, hands: Hands) -> Refusals:
    """Carries out one write a job. Returns the sides that refused the login meanwhile."""
    refused: Refusals = {}
    for _ in under_way(jobs, pairing, hands, refused):
        pass
    return refused


def under_way(jobs: Sequence[Job], pairing: Pairing, hands: Hands, refused: Refusals) -> Iterator[Asked]:
    """Carries out one write a job: prepare (read before, fetch a file), then call by call *intend, send*, then read back. Comes up for air
    once, with the calls that carry the first step under way; asked to go on it waits for them. ``refused``: who refused the login meanwhile.
    """
    _look_up_documents(jobs, pairing, hands)
    in_groups(_looks(jobs, pairing), hands, lambda group: _look(group, pairing, hands), refused)
    fetching = [job for job in jobs if job.fetches and not job.over]
    in_groups(singly(fetching), hands, lambda group: _fetched(group[0], pairing, hands, refused), refused)
    # Threads are for calls: what asks nobody is prepared at once.
    in_groups(singly(job for job in jobs if not job.over), hands, lambda group: _compose(group[0], pairing, hands), refused, at_once=1)
    _let_origins_go_first(jobs, pairing)
    hands.step("prepared")
    step = 0
    while True:
        ready = [job for job in jobs if not job.over and step < len(job.commands)]
        if not ready:
            break
        ready = _intend(ready, step, pairing, hands)
        hands.step("intended")
        asked = ask(send_groups(ready, pairing), hands, partial(_send, pairing=pairing, step=step), refused)
        if step == 0:
            yield asked
        asked.take()
        hands.step("sent")
        _note_steps(ready, step, hands)
        step += 1
    done = [job for job in jobs if not job.over]
    for job in done:
        job.read_back = job.answers[-1].raw if job.answers and job.send.write.operation != "delete" else None
    unproven = read_groups([job for job in done if _unproven(job, pairing)], pairing, _written_key)
    in_groups(unproven, hands, lambda group: _read_back(group, pairing, refused), {})
    for job in done:
        _doubt_old_copy(job, pairing)
    hands.step("read-back")


def rests_on_a_look(job: Job, pairing: Pairing) -> bool:
    """Whether a write is made right after something was read for it: nothing else may come between the two."""
    write = job.send.write
    return write.operation != "create" or job.fetches or _inside(write, pairing) is not None


def _looks(jobs: Sequence[Job], pairing: Pairing) -> list[Group]:
    """The calls that read what is about to be changed or deleted, and what something new is written inside of."""
    resting = [job for job in jobs if job.send.write.operation == "delete" or _changes_customer(job.send.write)]
    inside = [job for job in jobs if _inside(job.send.write, pairing)]
    return [*read_groups(resting, pairing, lambda job: job.send.write.key), *singly(inside)]


def _changes_customer(write: Write) -> bool:
    return write.operation == "change" and write.kind in FIELDWISE


def _inside(write: Write, pairing: Pairing) -> Kind | None:
    """The kind of the record that a new one is written inside of: of its owner, which must be known to write it."""
    if write.operation != "create" or not write.owner:
        return None
    return pairing.side(write.side).system.capabilities.writing(write.kind).inside or None


def _look(group: Group, pairing: Pairing, hands: Hands) -> list[SystemFault | None]:
    """Reads what the jobs of a call rest on; what is gone is a fault, what was edited since the plan is planned again."""
    first = group[0].send.write
    kind = _inside(first, pairing)
    if kind is not None:
        system = pairing.side(first.side).system
        group[0].current = system.read(*system.locate(kind, first.owner))
        return [None if group[0].current is not None else NotThere("gone-before-write", {"key": first.owner})]
    faults: list[SystemFault | None] = []
    for job, current in read(group, pairing, lambda job: job.send.write.key):
        write, where = job.send.write, pairing.side(job.send.write.side)
        if isinstance(current, SystemFault):
            faults.append(current)
            continue
        job.current = current
        fault: SystemFault | None = None
        if current is None:
            fault = NotThere("gone-before-write", {"key": write.key})
        elif write.operation == "delete":
            job.stale = not _as_seen(current, where, hands)
        else:
            try:
                job.stale = not _as_planned(where.system.records(current), write)
            except BadAnswer as unreadable:
                fault = unreadable
        faults.append(fault)
    return faults


def _fetched(job: Job, pairing: Pairing, hands: Hands, refused: Refusals) -> None:
    """Brings the file a job is about, or the one that comes after its note."""
    if job.fetches_first:
        hands.kept[job.send.source] = _bring(job, pairing, hands, refused)
    else:
        _fetch(job, pairing, hands, refused)


def _compose(job: Job, pairing: Pairing, hands: Hands) -> None:
    write = job.send.write
    system = pairing.side(write.side).system
    job.commands = system.compose(write, job.current)
    if job.unsure and write.operation == "create":
        job.found = there_already(write, job.others, pairing, hands)


def _let_origins_go_first(jobs: Sequence[Job], pairing: Pairing) -> None:
    """Of a record that was found to be what another one of the wave was made into nothing is made: it is planned again when they are linked."""
    looked = [job for job in jobs if job.found]
    there = {
        (job.send.write.side, record.kind, record.key)
        for job in looked
        for raw in job.found
        for record in pairing.side(job.send.write.side).system.records(raw)
    }
    for job in jobs:
        s = job.subject
        if (s.side, s.kind, s.key) in there and not job.over and job.send.write.operation == "create":
            job.stale = True


def there_already(write: Write, others: Set[str], pairing: Pairing, hands: Hands) -> tuple[Raw, ...]:
    """The rows that hold what is about to be made, without those of which a person has said that they are another one (``others``). A row that
    cannot be read may be it, and is a fault; if a person has said that it does not matter, it is not."""
    system = pairing.side(write.side).system
    try:
        found = system.probe(by_name(write))
        return tuple(raw for raw in found if not any((r.kind, r.key in others) == (write.kind, True) for r in system.records(raw)))
    except BadAnswer as unread:
        row = {name: value for name, value in unread.values.items() if name in ("resource", "record")}
        with hands.store.read() as conn:
            left_out = asking.rows_left_out(conn, pairing.id, write.side)
        if row and any(row.items() <= told.items() for told in left_out):
            return ()
        raise


def by_name(write: Write) -> Write:
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
        command=command.operation,
        step=step,
        reason=(job.send.reason.code, job.send.reason.values),
        policy_version=pairing.policy_version,
        label=job.label,
        before=job.send.write.before,
    )
    job.intents.append(intent)
    return intent


def _send(group: Group, *, pairing: Pairing, step: int) -> Sequence[SystemFault | None]:
    return send(group, step, pairing)


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


def _written_key(job: Job) -> str:
    return job.answers[-1].key or job.send.write.key


def _read_back(group: Group, pairing: Pairing, refused: Refusals) -> None:
    """What the vendor made of it. A write whose read-back fails is done all the same: it is read with the next pull."""
    side = group[0].send.write.side
    if side in refused:
        return
    try:
        for job, row in read(group, pairing, _written_key):
            if isinstance(row, LoginRefused):
                refused.setdefault(side, row)
            job.read_back = row if isinstance(row, Raw) else None
    except LoginRefused as fault:
        refused.setdefault(side, fault)
    except SystemFault:
        pass


def _doubt_old_copy(job: Job, pairing: Pairing) -> None:
    """A vendor that shows a record after a change as it was before it: an old copy, or it ignored what was sent. A later look tells; taken for
    what the vendor made of it, an old copy would make our own write look like a person's edit as soon as the new one shows."""
    write = job.send.write
    if write.operation != "change" or write.kind not in FIELDWISE or job.current is None or job.read_back is None:
        return
    was, now = (values_of(row, write, pairing) for row in (job.current, job.read_back))
    # A mark is no field of the row: it shows among the tags, or nowhere.
    sent = [name for name, value in write.changes.items() if name in now and was.get(name, "") != value]
    if sent and all(now[name] == was.get(name, "") for name in sent):
        job.fault, job.unclear = Unclear("shown-as-before", {"key": write.key}), True


def values_of(row: Raw, write: Write, pairing: Pairing) -> Flat:
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
    # Each state that is told has a note of its own.
    of = f"{write.kind}/{send.agree.get('note', '')}" if send.link_kind == "status" else write.kind
    if send.reason.code == WANTED:
        # Of these a customer may have several, and none is made from a record whose reference it could carry.
        known, of = "", send.source
    reference = known or reference_of(pairing.id, str(subject), of)
    body = write.body
    if isinstance(body, Note):
        body = replace(body, text=f"{body.text}\nRef: {reference}", reference=reference)
    elif isinstance(body, Party | Contact | Product | Document):
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
