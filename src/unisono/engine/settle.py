"""Settle: outcome, link, agreed state, before-image and history in one transaction; then everything that waited for it is marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection

from unisono.connect.port import Raw
from unisono.engine.apply import OLD_COPY, OLD_FOR, told_of, values_of
from unisono.engine.hands import Hands, Pairing
from unisono.engine.job import Job
from unisono.engine.pull import raw_hash
from unisono.model.document import Document, File
from unisono.model.errors import BadAnswer, NotThere, Refused, SystemFault
from unisono.model.money import plain
from unisono.model.party import Flat
from unisono.model.record import FIELDWISE, Kind, Record, Side, flat_of
from unisono.model.writing import Write
from unisono.plan.actions import Ask, Decision, Join, Report, Send, Sever
from unisono.plan.compare import held_by_both
from unisono.plan.corrections import CORRECTED
from unisono.plan.flows.deletions import DELETED, MARKED
from unisono.plan.planner import RANKS
from unisono.plan.situation import Link, Subject
from unisono.plan.wanted import WANTED
from unisono.store import asking, intents, lanes, links, pairs, seen, work
from unisono.store.work import Mark, Task

_Changed = dict[tuple[Side, Kind, str], Link]
PAPERS: tuple[Kind, ...] = ("quote", "invoice")
"""Documents that are made from others: what is agreed of them is what was carried over, not field by field."""
_MARKED_KINDS: tuple[Kind, ...] = ("contact", "quote", "invoice")


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
    changed = _links_changed(conn, [job.send for job in quiet], pairing)
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


def _as_agreed(job: Job, changed: _Changed, pairing: Pairing) -> bool:
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
    """Somebody else has the lane by now, and may have found by looking what these writes made, or something that looks just like it. What was
    made besides is known here alone: a person is told."""
    made = {
        job.intents[-1].id: job
        for job in jobs
        if job.intents and job.answers and job.fault is None and job.send.write.operation == "create"
    }
    with hands.store.write() as conn:
        for intent_id, target in intents.targets_of_done(conn, list(made)).items():
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
                _linked(conn, pairing, hands, [(action.kind, action.a_key, action.b_key)])
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
    pairs.note(conn, pairing.id, action.kind, key, "unlinked", told, label, now)


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


@dataclass(frozen=True, slots=True)
class Written:
    """One write that is done: for which record, the key of what was written, and its row as it was read back. ``since``: fields that somebody
    edited there afterwards, with what was sent: that counts as agreed."""

    send: Send
    subject_key: str
    target: str
    row: Raw | None
    since: Flat = field(default_factory=dict)


def settle_write(conn: Connection, send: Send, subject_key: str, target: str, row: Raw | None, pairing: Pairing, hands: Hands) -> Flat:
    """``settle_writes`` for one: when a lost answer was found again."""
    return settle_writes(conn, [Written(send, subject_key, target, row)], pairing, hands)[0]


def settle_writes(conn: Connection, written: Sequence[Written], pairing: Pairing, hands: Hands, *, ours: bool = False) -> list[Flat]:
    """Link, agreed state and seen of writes that are done, a few statements for all of them; returns the values after each.

    No two of them may be about the same link. ``ours``: just now, by this pair, which goes on with their records by itself.
    """
    records = _observed(conn, written, pairing, hands, ours=ours)
    changed = _links_changed(conn, [done.send for done in written], pairing)
    wanted: list[links.Joined] = []
    values: list[Flat] = []
    for done, record in zip(written, records, strict=True):
        write = done.send.write
        if write.operation == "delete":
            _deleted(conn, done.send, pairing, hands)
            values.append({})
        elif done.send.reason.code == MARKED:
            _marked(conn, done.send, pairing, hands)
            values.append({})
        elif done.send.reason.code == CORRECTED:
            values.append(_corrected(conn, done, record, pairing, hands))
        elif done.send.reason.code == WANTED:
            # It is nobody's counterpart: people finish it there, and what they issue is filed like any other.
            asking.spend(conn, pairing.id, [f"a:party:{done.subject_key}"], WANTED)
            values.append({})
        elif done.send.link_kind == "status":
            wanted.append(_told_state(done.send, hands))
            values.append({})
        elif write.kind in ("note", "file"):
            wanted.append(_noted(done.send, done.target, hands))
            values.append(wanted[-1].agreed_a | wanted[-1].agreed_b)
        else:
            after = _after(record) | done.since if record is not None else {}
            wanted.append(_joined(done, after, record is not None, changed, pairing, hands))
            _tell_unkept(conn, done.send, after, record, pairing, hands)
            values.append({name: after.get(name, "") for name in done.send.agree if name in after})
    new = links.put_links(conn, pairing.id, wanted, hands.clock.now())
    _linked(conn, pairing, hands, [(link.kind, link.a_key, link.b_key) for link in new if link.kind not in ("note", "status")])
    return values


def _after(record: Record) -> Flat:
    """What a record holds after a write: its fields, of a document its total."""
    if isinstance(record.body, Document):
        return {"gross": plain(record.body.gross)} if record.body.gross is not None else {}
    return flat_of(record.body)


def _corrected(conn: Connection, done: Written, record: Record | None, pairing: Pairing, hands: Hands) -> Flat:
    """A person's correction stands in its system: it is carried out, and what is agreed stays, so that it counts as an edit of that side."""
    write, kind = done.send.write, done.send.link_kind
    link = links.links_of(conn, pairing.id, kind, write.side, [write.key]).get(write.key)
    names = [f"{write.side}:{kind}:{write.key}", *([f"a:{kind}:{link.a_key}"] if link is not None else [])]
    asking.spend(conn, pairing.id, names, CORRECTED)
    after = flat_of(record.body) if record is not None else write.changes
    _tell_unkept(conn, done.send, after, record, pairing, hands)
    return {name: after.get(name, "") for name in write.changes}


def _joined(done: Written, after: Flat, proven: bool, changed: _Changed, pairing: Pairing, hands: Hands) -> links.Joined:
    write, kind = done.send.write, done.send.link_kind
    a_key, b_key = (done.subject_key, done.target) if write.side == "b" else (done.target, done.subject_key)
    if write.operation == "change":
        link = changed[write.side, kind, write.key]
        a_key, b_key = link.a_key, link.b_key
    mine, theirs = _agreed(done.send, after, proven, held_by_both(kind, pairing.rules.a, pairing.rules.b, a_key, b_key))
    unread: tuple[Side, Flat] | None = None
    if not proven and write.kind not in PAPERS and pairing.side(write.side).system.capabilities.writing(write.kind).read_back:
        # It could not be read back just now: nothing is agreed there that nobody has seen. A new record is compared as never in step.
        unread = (write.side, {name: write.before.get(name, "") for name in mine})
        mine, theirs = mine if write.operation == "change" else {}, {}
    agreed = (mine, theirs) if write.side == "b" else (theirs, mine)
    return links.Joined(hands.ids.new(), kind, a_key, b_key, *agreed, unread)


def _links_changed(conn: Connection, sends: Sequence[Send], pairing: Pairing) -> _Changed:
    """The links of records that were changed: by which a change finds the other side's key."""
    found: _Changed = {}
    changes = [send for send in sends if send.write.operation == "change" and send.write.kind not in ("note", "file")]
    for side, kind in sorted({(send.write.side, send.link_kind) for send in changes}):
        keys = [send.write.key for send in changes if (send.write.side, send.link_kind) == (side, kind)]
        found |= {(side, kind, key): link for key, link in links.links_of(conn, pairing.id, kind, side, keys).items()}
    return found


def _agreed(send: Send, after: Flat, proven: bool, both: tuple[str, ...]) -> tuple[Flat, Flat]:
    """Per field what the source held and what the target holds after read-back (or what was sent, if nothing can be read back)."""
    mine = send.agree
    if send.write.kind in PAPERS:
        return dict(mine), {name: value for name, value in after.items() if name in mine}
    held = after if proven else _sent(send.write)
    names = [name for name in both if name in mine]
    return {name: mine[name] for name in names}, {name: held.get(name, "") for name in names}


def _sent(write: Write) -> Flat:
    """The fields of a write with what was sent in them."""
    return write.changes if write.operation == "change" else flat_of(write.body) if write.body else {}


def _tell_unkept(conn: Connection, send: Send, after: Flat, record: Record | None, pairing: Pairing, hands: Hands) -> None:
    """Fields the vendor dropped or altered are said in the history; they are not written again for ever."""
    if record is None or send.write.kind not in FIELDWISE:
        return
    sent = _sent(send.write)
    differ = [n for n in (send.agree or send.write.changes) if sent.get(n, "") and after.get(n, "") != sent.get(n, "")]
    if differ:
        values = {"fields": ", ".join(differ), "sent": sent[differ[0]][:80], "kept": after.get(differ[0], "")[:80]}
        pairs.note(conn, pairing.id, send.write.kind, record.key, "kept-differently", values, "", hands.clock.now())


def _observed(conn: Connection, written: Sequence[Written], pairing: Pairing, hands: Hands, *, ours: bool) -> list[Record | None]:
    """Stores what was read back as seen. Returns the records that were written.

    Our own writes are no news to this pair: its position goes along, unless something else is still before it.
    """
    found: list[Record | None] = []
    rows: dict[Side, dict[tuple[Kind, str], tuple[Record, bytes]]] = {}
    for done in written:
        write = done.send.write
        records: tuple[Record, ...] = ()
        if done.row is not None and write.operation != "delete" and write.kind not in ("note", "file"):
            with suppress(BadAnswer):
                records = pairing.side(write.side).system.records(done.row)
            digest = raw_hash(done.row)
            rows.setdefault(write.side, {}).update({(r.kind, r.key): (r, digest) for r in records})
        found.append(next((r for r in records if (r.kind, r.key) == (write.kind, done.target)), None))
    known = {(r.kind, r.key) for r, done in zip(found, written, strict=True) if r is not None and _no_news(done)}
    for side, seen_now in rows.items():
        changed = seen.put_seen(conn, pairing.side(side).id, list(seen_now.values()), hands.clock.now())
        if ours and changed and known >= seen_now.keys():
            pairs.pass_over(conn, pairing.id, side, changed)
    return found


def _no_news(done: Written) -> bool:
    """Whether nothing follows from a row but what follows from its write. A correction is an edit; a document may have to be filed."""
    return done.send.write.kind in ("party", "contact") and done.send.reason.code != CORRECTED


def remembered(hands: Hands, document: str, agreed_a: Flat, agreed_b: Flat) -> links.Joined:
    """What was told of a document's states: a link of its own, on either side under the document's name."""
    return links.Joined(hands.ids.new(), "status", document, document, agreed_a, agreed_b)


def _told_state(send: Send, hands: Hands) -> links.Joined:
    """A state was told to the CRM by one of its means, or by the last that was left."""
    agreed_b = {name: value for name, value in send.agree.items() if name in ("state", "due")}
    agreed_a = {name: value for name, value in send.agree.items() if name not in agreed_b}
    return remembered(hands, send.source.replace(":", "/", 1), agreed_a, agreed_b)


def _noted(send: Send, target: str, hands: Hands) -> links.Joined:
    """A note was made or changed, or a file put on it: the document's link says what lies there."""
    write = send.write
    source = send.source.replace(":", "/", 1)
    a_key = target if write.kind == "note" else write.owner
    agreed_a = {k: v for k, v in send.agree.items() if k in ("text", "files")}
    agreed_b = {k: v for k, v in send.agree.items() if k == "version"}
    if isinstance(write.body, File):
        agreed_b["sha256"] = write.body.sha256
        agreed_a["file"] = write.body.name
    if write.reference:
        agreed_a["reference"] = write.reference
    return links.Joined(hands.ids.new(), "note", a_key, source, agreed_a, agreed_b)


def _file_unchanged(conn: Connection, job: Job, pairing: Pairing, hands: Hands) -> None:
    """The document changed, its bytes did not: nothing is put, and it is not fetched again for this version."""
    source = job.send.source.replace(":", "/", 1)
    version = {"version": job.send.agree.get("version", "")}
    links.put_link(conn, hands.ids.new(), pairing.id, "note", job.send.write.owner, source, {}, version, hands.clock.now())


def _deleted(conn: Connection, send: Send, pairing: Pairing, hands: Hands) -> None:
    write = send.write
    where = pairing.side(write.side)
    seen.mark_gone(conn, where.id, [(write.kind, write.key)], hands.clock.now())
    found = links.links_of(conn, pairing.id, send.link_kind, write.side, [write.key]).get(write.key)
    if found is not None and send.reason.code == DELETED:
        # Remembered: the brake counts it for a while.
        links.sever(conn, pairing.id, send.link_kind, found.a_key, found.b_key, DELETED, hands.clock.now())
    elif found is not None:
        links.forget(conn, pairing.id, send.link_kind, found.a_key, found.b_key)


def _marked(conn: Connection, send: Send, pairing: Pairing, hands: Hands) -> None:
    """What is left of a deleted customer has its tag: its severed link owes nothing more."""
    found = links.links_of(conn, pairing.id, send.link_kind, send.write.side, [send.write.key]).get(send.write.key)
    if found is not None and found.state == "severed":
        links.sever(conn, pairing.id, send.link_kind, found.a_key, found.b_key, DELETED, hands.clock.now())


def _linked(conn: Connection, pairing: Pairing, hands: Hands, made: Sequence[tuple[Kind, str, str]]) -> None:
    """New links (kind, keys of both sides): the records that belong to either side of them can be looked at now, and those that waited for
    them, and the pairs themselves.
    """
    if not made:
        return
    marks = [mark_for("b", kind, b_key) for kind, _, b_key in made if kind in PAPERS]
    sides: tuple[tuple[Side, list[str]], ...] = (("a", [a for _, a, _ in made]), ("b", [b for _, _, b in made]))
    for side, keys in sides:
        marks += [mark_for(side, kind, key) for kind, key in seen.keys_of_owners(conn, pairing.side(side).id, _MARKED_KINDS, keys)]
    waited = [subject for kind, a_key, b_key in made for subject in (f"a:{kind}:{a_key}", f"b:{kind}:{b_key}")]
    marks += work.waiting_on(conn, pairing.lane, waited)
    work.mark(conn, pairing.lane, marks, hands.clock.now())


def mark_for(side: Side, kind: str, key: str, priority: int = 10) -> Mark:
    """A mark for one record, ranked so that what others depend on comes first; documents after customers."""
    rank = RANKS.get(kind, 9)
    return Mark(f"{side}:{kind}:{key}", kind, rank, max(priority, 20) if rank >= 2 and priority else priority)
