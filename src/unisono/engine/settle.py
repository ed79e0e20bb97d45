"""Settle: outcome, link, agreed state, before-image and history in one transaction; then everything that waited for it is marked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection

from unisono.connect.port import Raw
from unisono.engine.apply import Job, told_of
from unisono.engine.hands import Hands, Pairing
from unisono.engine.pull import raw_hash
from unisono.model.document import File
from unisono.model.errors import BadAnswer, Refused
from unisono.model.party import Flat
from unisono.model.record import Kind, Record, Side, flat_of
from unisono.plan.actions import Ask, Decision, Join, Report, Send, Sever
from unisono.plan.compare import held_by_both
from unisono.plan.planner import RANKS
from unisono.store import asking, intents, lanes, links, pairs, seen, work
from unisono.store.work import Mark

_MARKED_KINDS: tuple[Kind, ...] = ("contact", "quote", "invoice")


def settle_jobs(jobs: Sequence[Job], pairing: Pairing, hands: Hands) -> None:
    """Writes down how a wave of writes ended: done with link and agreed state, refused with a problem, unclear with a date to look again."""
    now = hands.clock.now()
    with hands.store.write() as conn:
        lanes.check_epoch(conn, pairing.lane, pairing.epoch)
        for job in jobs:
            if job.unchanged_file:
                _file_unchanged(conn, job, pairing, hands)
            elif job.intents and job.unclear:
                lag = timedelta(seconds=_lag(job.send, pairing))
                assert job.fault is not None
                intents.doubt(conn, job.intents[-1].id, now + lag, told_of(job.fault), 0)
            elif job.fault is not None:
                _not_done(conn, job, pairing, hands)
            elif job.stale:
                continue
            else:
                _done(conn, job, pairing, hands)
    hands.step("settled")


def settle_decision(conn: Connection, decision: Decision, label: str, pairing: Pairing, hands: Hands) -> None:
    """The parts of a decision that need no call: joins, ends of links, questions, problems."""
    now, key = hands.clock.now(), str(decision.subject)
    for action in decision.actions:
        if isinstance(action, Join):
            new = links.put_link(
                conn, hands.ids.new(), pairing.id, action.kind, action.a_key, action.b_key, action.agreed_a, action.agreed_b, now
            )
            if new:
                _linked(conn, pairing, hands, action.kind, action.a_key, action.b_key)
                pairs.note(conn, pairing.id, action.kind, key, "linked", {"code": action.reason.code, **action.reason.values}, label, now)
        elif isinstance(action, Sever):
            links.sever(conn, pairing.id, action.kind, action.a_key, action.b_key, action.reason.code, now)
            pairs.note(conn, pairing.id, action.kind, key, "unlinked", {"code": action.reason.code, **action.reason.values}, label, now)
        elif isinstance(action, Ask):
            asking.ask(conn, hands.ids.new(), pairing.id, key, label, action, now)
        elif isinstance(action, Report):
            asking.report(conn, hands.ids.new(), pairing.id, key, decision.subject.kind, label, action, "", now)


def report_fault(conn: Connection, key: str, kind: str, label: str, fault: Refused | BadAnswer, pairing: Pairing, hands: Hands) -> None:
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
    if isinstance(fault, Refused | BadAnswer):
        report_fault(conn, str(job.subject), job.subject.kind, job.label, fault, pairing, hands)


def _done(conn: Connection, job: Job, pairing: Pairing, hands: Hands) -> None:
    write = job.send.write
    target = job.answers[-1].key or write.key if job.answers else write.key
    after = settle_write(conn, job.send, job.subject.key, target, job.read_back, pairing, hands)
    now = hands.clock.now()
    intents.settle(conn, [(job.intents[-1].id, "done", target, after, {})] if job.intents else [], now)


def settle_write(conn: Connection, send: Send, subject_key: str, target: str, row: Raw | None, pairing: Pairing, hands: Hands) -> Flat:
    """Link, agreed state and seen of one write that is done; returns the values after it. Also used when a lost answer was found again."""
    write = send.write
    if write.operation == "delete":
        _deleted(conn, send, pairing, hands)
        return {}
    record = _observed(conn, write.side, write.kind, target, row, pairing, hands)
    if write.kind in ("note", "file"):
        return _noted(conn, send, target, pairing, hands)
    source_key = subject_key
    a_key, b_key = (source_key, target) if write.side == "b" else (target, source_key)
    if write.operation == "change":
        a_key, b_key = _change_keys(conn, send, pairing)
    after = flat_of(record.body) if record is not None else {}
    mine, theirs = _agreed(send, after, record is not None, held_by_both(send.link_kind, pairing.rules.a, pairing.rules.b, a_key, b_key))
    agreed = (mine, theirs) if write.side == "b" else (theirs, mine)
    new = links.put_link(conn, hands.ids.new(), pairing.id, send.link_kind, a_key, b_key, *agreed, hands.clock.now())
    if new:
        _linked(conn, pairing, hands, send.link_kind, a_key, b_key)
    _tell_unkept(conn, send, after, record, pairing, hands)
    return {name: after.get(name, "") for name in send.agree if name in after}


def _change_keys(conn: Connection, send: Send, pairing: Pairing) -> tuple[str, str]:
    write = send.write
    link = links.links_of(conn, pairing.id, send.link_kind, write.side, [write.key])[write.key]
    return link.a_key, link.b_key


def _agreed(send: Send, after: Flat, proven: bool, both: tuple[str, ...]) -> tuple[Flat, Flat]:
    """Per field what the source held and what the target holds after read-back (or what was sent, if nothing can be read back)."""
    mine = dict(send.agree)
    if send.write.kind == "quote":
        return mine, {}
    sent = send.write.changes if send.write.operation == "change" else flat_of(send.write.body) if send.write.body else {}
    theirs = {name: after.get(name, "") if proven else sent.get(name, "") for name in mine}
    return {n: v for n, v in mine.items() if n in both}, {n: v for n, v in theirs.items() if n in both}


def _tell_unkept(conn: Connection, send: Send, after: Flat, record: Record | None, pairing: Pairing, hands: Hands) -> None:
    """Fields the vendor dropped or altered are said in the history; they are not written again for ever."""
    if record is None or send.write.kind not in ("party", "contact"):
        return
    sent = send.write.changes if send.write.operation == "change" else flat_of(send.write.body) if send.write.body else {}
    differ = [n for n in send.agree if sent.get(n, "") and after.get(n, "") != sent.get(n, "")]
    if differ:
        values = {"fields": ", ".join(differ), "sent": sent[differ[0]][:80], "kept": after.get(differ[0], "")[:80]}
        pairs.note(conn, pairing.id, send.write.kind, record.key, "kept-differently", values, "", hands.clock.now())


def _observed(conn: Connection, side: Side, kind: str, target: str, row: Raw | None, pairing: Pairing, hands: Hands) -> Record | None:
    """Stores what was read back as seen, so that our own write is no news with the next pull. Returns the record itself."""
    if row is None or kind in ("note", "file"):
        return None
    where = pairing.side(side)
    try:
        records = where.system.records(row)
    except BadAnswer:
        return None
    seen.put_seen(conn, where.id, [(record, raw_hash(row)) for record in records], hands.clock.now())
    return next((r for r in records if (r.kind, r.key) == (kind, target)), None)


def _noted(conn: Connection, send: Send, target: str, pairing: Pairing, hands: Hands) -> Flat:
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
    links.put_link(conn, hands.ids.new(), pairing.id, "note", a_key, source, agreed_a, agreed_b, hands.clock.now())
    return agreed_a | agreed_b


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
    if found is not None:
        links.forget(conn, pairing.id, send.link_kind, found.a_key, found.b_key)


def _linked(conn: Connection, pairing: Pairing, hands: Hands, kind: str, a_key: str, b_key: str) -> None:
    """A new link: the records that belong to either side of it can be looked at now, and those that waited for it, and the pair itself."""
    marks: list[Mark] = []
    sides: tuple[tuple[Side, str], ...] = (("a", a_key), ("b", b_key))
    for side, key in sides:
        for rows in seen.of_owners(conn, pairing.side(side).id, _MARKED_KINDS, [key]).values():
            marks += [mark_for(side, r.record.kind, r.record.key) for r in rows]
        if kind == "quote" and side == "b":
            marks.append(mark_for("b", "quote", key))
    marks += work.waiting_on(conn, pairing.lane, [f"{side}:{kind}:{key}" for side, key in sides])
    work.mark(conn, pairing.lane, marks, hands.clock.now())


def mark_for(side: Side, kind: str, key: str, priority: int = 10) -> Mark:
    """A mark for one record, ranked so that what others depend on comes first; documents after customers."""
    rank = RANKS.get(kind, 9)
    return Mark(f"{side}:{kind}:{key}", kind, rank, max(priority, 20) if rank >= 2 and priority else priority)
