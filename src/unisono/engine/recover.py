"""Recover: settle writes whose outcome is unknown, before their records are planned again. Never repeated blindly.

A create is probed for: our reference, else every value it sent. One exact row is ours; none, twice and after the declared lag, means it did
not happen; several are for a person, and so is one that has only its name or e-mail left of what was sent. A change or a delete is planned
anew from a fresh look, unless that shows that it was carried out after all.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from unisono.connect.port import Raw
from unisono.engine.afterall import changed_after_all, gone_after_all
from unisono.engine.apply import OLD_COPY, ONE_EACH
from unisono.engine.assumed import keys_of_new
from unisono.engine.calls import look_up
from unisono.engine.doubts import SEVERAL
from unisono.engine.hands import Connected, Hands, Pairing
from unisono.engine.job import Job
from unisono.engine.marks import mark_for
from unisono.engine.outcome import Outcome
from unisono.engine.settle import report_fault
from unisono.engine.shown import Shown, shown, shown_of
from unisono.engine.states import UNSURE, is_trigger, settle_trigger
from unisono.engine.undone import found_undone
from unisono.engine.written import settle_write
from unisono.model.document import Document
from unisono.model.errors import LoginRefused, Refused, SystemFault, TryLater, Unavailable
from unisono.model.party import Party
from unisono.model.record import FIELDWISE, Body, Kind, MatchKeys, Record, flat_of, other
from unisono.model.writing import Write
from unisono.plan.actions import Ask, Reason, Send
from unisono.plan.compare import respelled
from unisono.plan.situation import Subject, subject_of
from unisono.plan.undo import UNDONE
from unisono.store import asking, intents, lanes, links, pairs, seen, work
from unisono.store.intents import Intent
from unisono.store.stamps import instant

NO_TRACE = "no-trace-possible"
"""Code of the question whether an unclear create is there, at a vendor that cannot be asked."""
PROBES = 2
NEWEST = 500
"""Of the records that appeared since an unclear create the newest so many are looked at: more come with an import only."""
PATIENCE = timedelta(seconds=60)
"""After a probe that failed, the least time until the next."""
ASKED_AGAIN = timedelta(hours=1)
"""How often it is looked at meanwhile: the rows may become one."""
FURTHEST = timedelta(hours=6)
"""Nothing is put off further than this: a later hour was written while our clock was ahead, and is over."""


def recover(pairing: Pairing, hands: Hands, outcome: Outcome) -> None:
    """Looks at every unsettled intent that is due; ``outcome.unclear`` says how many are still unclear.

    A side that refuses the login or asks for patience is not asked again in this cycle.
    """
    with hands.store.read() as conn:
        waiting = intents.unsettled(conn, pairing.id)
        answers = asking.answers_for(conn, pairing.id, [intent.key for intent in waiting])
    due: list[tuple[Intent, str, timedelta]] = []
    for intent in waiting:
        told = answers.get(intent.key, {})
        said = next((answer for code in (SEVERAL, NO_TRACE, UNSURE) if (answer := told.get(f"{code}|{intent.id}"))), "")
        lag = timedelta(seconds=pairing.side(intent.write.side).system.capabilities.writing(intent.write.kind).lag)
        if said or hands.clock.now() >= _due(intent.state, intent.sent_at, lag, hands):
            due.append((intent, said, lag))
    outcome.unclear += len(waiting) - len(due)
    known = shown_of([intent for intent, _, _ in due if (intent.write.side, "*") not in outcome.closed], pairing)
    for intent, said, lag in due:
        if (intent.write.side, "*") in outcome.closed:
            outcome.unclear += 1
            continue
        outcome.unclear += _look(intent, said, lag, known, pairing, hands, outcome)
        hands.step("recovered")


def next_probe(pairing: Pairing, hands: Hands) -> timedelta | None:
    """How long until the next unsettled intent may be looked at; ``None`` if there is none."""
    with hands.store.read() as conn:
        waiting = intents.kinds_unsettled(conn, pairing.id)
    waits = []
    for side, kind, state, sent_at in sorted(waiting):
        lag = pairing.side(side).system.capabilities.writing(kind).lag
        waits.append(_due(state, sent_at, timedelta(seconds=lag), hands) - hands.clock.now())
    return max(min(waits), timedelta()) if waits else None


def _due(state: str, sent_at: str, lag: timedelta, hands: Hands) -> datetime:
    """When an unsettled intent may be looked at: what is open, the declared lag after it was sent."""
    due = instant(sent_at) + (lag if state == "open" else timedelta())
    return due if due <= hands.clock.now() + FURTHEST else hands.clock.now()


def adopt(jobs: Sequence[Job], pairing: Pairing, hands: Hands) -> None:
    """What somebody unsure was about to make and found there already: linked instead of made a second time, or asked about."""
    for job in jobs:
        write = job.send.write
        free = _free(write, job.found, pairing, hands)
        if _linked_as(job.send.link_kind, job.subject, pairing, hands):
            job.found, job.stale = (), True
        elif len(free) == 1:
            record, row = free[0]
            send = _agreeing(job.send, record)
            with hands.store.write() as conn:
                lanes.check_epoch(conn, pairing.lane, pairing.epoch)
                settle_write(conn, send, job.subject.key, record.key, row, pairing, hands)
        elif free:
            job.fault = Refused("several-found", {"name": job.label, "keys": ", ".join(record.key for record, _ in free)})
            with hands.store.write() as conn:
                report_fault(conn, str(job.subject), job.subject.kind, job.label, job.fault, pairing, hands)
        else:
            job.found = ()
            job.fault = Unavailable("found-but-linked", {"name": job.label})


def _agreeing(send: Send, record: Record) -> Send:
    """Only fields that hold what was sent are agreed; the rest is compared as never in step."""
    if send.write.kind not in FIELDWISE or send.write.body is None:
        return send
    sent, there = flat_of(send.write.body), flat_of(record.body)
    return replace(send, agree={n: v for n, v in send.agree.items() if sent.get(n, "") == there.get(n, "")})


def _look(intent: Intent, said: str, lag: timedelta, known: Shown, pairing: Pairing, hands: Hands, outcome: Outcome) -> int:
    """Looks at one intent; ``said`` is what a person answered about it. Returns 1 if it is still unclear."""
    try:
        if intent.reason[0] == UNDONE:
            found_undone(intent, pairing, hands)
            return 0
        if is_trigger(intent):
            return 0 if settle_trigger(intent, said, pairing, hands) else 1
        if intent.write.operation != "create":
            if not _after_all(intent, known, pairing, hands):
                _close(intent, "void", pairing, hands)
            return 0
        free = _free(intent.write, shown(intent, known, pairing), pairing, hands)
        # Nothing is exactly as it was sent. Before that means *not there*: one alike may be ours, and somebody edited it meanwhile.
        alike = _alike(intent, pairing, hands) if not free and intent.probes + 1 >= PROBES else []
    except SystemFault as fault:
        _not_seen(intent, fault, max(lag, PATIENCE), pairing, hands, outcome)
        return 1
    if len(free) == 1:
        _found(intent, *free[0], pairing, hands)
        return 0
    if len(free) > 1 or alike:
        chosen = next(((record, row) for record, row in (*free, *alike) if record.key == said), None)
        if chosen is not None:
            _found(intent, *chosen, pairing, hands)
        elif said == "none":
            _close(intent, "void", pairing, hands)
        else:
            _ask(intent, [record.key for record, _ in (*free, *alike)], pairing, hands)
            return 1
        return 0
    if intent.probes + 1 < PROBES:
        with hands.store.write() as conn:
            lanes.check_epoch(conn, pairing.lane, pairing.epoch)
            intents.doubt(conn, intent.id, hands.clock.now() + lag, {"code": "not-found-yet"}, intent.probes + 1)
        return 1
    if said != "none" and pairing.side(intent.write.side).system.capabilities.writing(intent.write.kind).find == "none":
        # Finding nothing means nothing where nothing can be found: only a person can look.
        _ask(intent, [], pairing, hands)
        return 1
    if not _listed_since(intent, lag, pairing, hands):
        _wait_for_list(intent, lag, pairing, hands)
        return 1
    _close(intent, "void", pairing, hands)
    return 0


def _listed_since(intent: Intent, lag: timedelta, pairing: Pairing, hands: Hands) -> bool:
    """Whether what was made would have shown in a list by now. A row that somebody has renamed since is found by our reference, where the
    vendor keeps that, else in no other way than by its having appeared."""
    write, where = intent.write, pairing.side(intent.write.side)
    sent = instant(intent.first_sent)
    if where.system.capabilities.writing(write.kind).find == "reference" or sent > hands.clock.now():
        return True
    names = [name for name in where.resources if write.kind in where.system.capabilities.resource(name).kinds]
    with hands.store.read() as conn:
        marks = pairs.get_connection(conn, where.id).marks
    looked = [marks.get(name, {}).get("looked_at", "") for name in names]
    return all(at and instant(at) >= sent + lag for at in looked)


def _wait_for_list(intent: Intent, lag: timedelta, pairing: Pairing, hands: Hands) -> None:
    """It is looked for again when the list has been read, which is soon."""
    with hands.store.write() as conn:
        lanes.check_epoch(conn, pairing.lane, pairing.epoch)
        intents.doubt(conn, intent.id, hands.clock.now() + lag, {"code": "not-found-yet"}, intent.probes)
        pairs.update_connection(conn, pairing.side(intent.write.side).id, next_poll="")


def _after_all(intent: Intent, known: Shown, pairing: Pairing, hands: Hands) -> bool:
    """Whether an unclear change or delete was carried out."""
    if intent.write.operation == "change" and intent.write.kind not in FIELDWISE:
        return False
    row = next(iter(shown(intent, known, pairing)), None)
    return (changed_after_all if intent.write.operation == "change" else gone_after_all)(intent, row, pairing, hands)


def _alike(intent: Intent, pairing: Pairing, hands: Hands) -> list[tuple[Record, Raw]]:
    """What may be it though it is not as it was sent. Of documents see ``_new_papers``. Of customers those that nobody is linked with and
    that have at least its name; as far as they were listed also those with its e-mail, and those that appeared since it was sent and hold
    most of it: somebody may have corrected the name."""
    write = intent.write
    body = write.body
    if isinstance(body, Document):
        return _new_papers(intent, pairing, hands)
    if not isinstance(body, Party):
        return []
    named = replace(write, body=Party(type=body.type, name=body.name, first_name=body.first_name), reference="")
    found = _free(named, pairing.side(write.side).system.probe(named), pairing, hands)
    where, email = pairing.side(write.side), keys_of_new(write).email
    with hands.store.read() as conn:
        listed = seen.alike(conn, where.id, "party", [MatchKeys(email=email)]) if email else []
        listed += [
            row for row in seen.newest(conn, where.id, "party", instant(intent.first_sent), NEWEST) if _mostly(body, row.record.body)
        ]
    keys = {row.record.key for row in listed if not row.gone} - {record.key for record, _ in found}
    also = _free(write, _as_now(where, "party", keys), pairing, hands)
    return found + [(r, row) for r, row in also if r.key in keys and isinstance(r.body, Party) and r.body.type == body.type]


def _new_papers(intent: Intent, pairing: Pairing, hands: Hands) -> list[tuple[Record, Raw]]:
    """Documents of the same customer that nobody is linked with and that appeared since one was sent: somebody may have sent it out, or
    changed its lines, before it was looked for. A second quote or invoice is worse than a question."""
    write, where = intent.write, pairing.side(intent.write.side)
    with hands.store.read() as conn:
        listed = seen.newest(conn, where.id, write.kind, instant(intent.first_sent), NEWEST)
    theirs = [row.record.key for row in listed if row.record.owner == write.owner and not row.gone]
    return [(r, row) for r, row in _free(write, _as_now(where, write.kind, theirs), pairing, hands) if r.key in theirs]


def _as_now(where: Connected, kind: Kind, keys: Collection[str]) -> tuple[Raw, ...]:
    """The rows of some records as they are now, without those that are not there. Raises the system's faults."""
    rows: list[Raw] = []
    for _, row in look_up(where.system, [where.system.locate(kind, key) for key in sorted(keys)]):
        if isinstance(row, SystemFault):
            raise row
        rows += [row] if row is not None else []
    return tuple(rows)


def _mostly(sent: Body, there: Body) -> bool:
    """Whether a record holds more than half of the values that were sent."""
    now = flat_of(there)
    told = {name: value for name, value in flat_of(sent).items() if value and name != "type"}
    return 2 * sum(respelled(now.get(name, ""), value) for name, value in told.items()) > len(told)


def _not_seen(intent: Intent, fault: SystemFault, wait: timedelta, pairing: Pairing, hands: Hands, outcome: Outcome) -> None:
    """The probe itself failed: as unclear as before, and asked again later. Silence is never taken for *not there*."""
    later = hands.clock.now() + wait
    if isinstance(fault, TryLater) and fault.at is not None:
        later = max(fault.at, hands.clock.now())
    if isinstance(fault, LoginRefused | TryLater):
        outcome.closed[intent.write.side, "*"] = (later, fault.code)
        outcome.fault = outcome.fault or fault
    code = OLD_COPY if intent.doubt == OLD_COPY else fault.code
    with hands.store.write() as conn:
        lanes.check_epoch(conn, pairing.lane, pairing.epoch)
        if isinstance(fault, LoginRefused):
            outcome.refuse(conn, intent.write.side, fault, pairing)
        intents.doubt(conn, intent.id, later, {"code": code}, intent.probes)


def _free(write: Write, rows: tuple[Raw, ...], pairing: Pairing, hands: Hands) -> list[tuple[Record, Raw]]:
    """The probed rows as records of the kind that was written, without those that are somebody's counterpart already. A contact with our
    reference whose company was taken from it meanwhile shows as a person of its own, and is ours all the same."""
    system = pairing.side(write.side).system
    records = [(r, row) for row in rows for r in system.records(row) if r.kind == write.kind or _on_its_own(r, write)]
    with hands.store.read() as conn:
        taken = links.links_of(conn, pairing.id, write.kind, write.side, [r.key for r, _ in records])
    return [(r, row) for r, row in records if r.key not in taken]


def _on_its_own(record: Record, write: Write) -> bool:
    ours = bool(write.reference) and getattr(record.body, "reference", "") == write.reference
    return ours and (write.kind, record.kind) == ("contact", "party")


def _found(intent: Intent, record: Record, row: Raw, pairing: Pairing, hands: Hands) -> None:
    """The lost answer is found: settled as done. Only fields that hold what was sent are agreed; the rest is compared as never in step."""
    planned = Send(write=intent.write, reason=Reason(*intent.reason), link_kind=intent.link_kind, agree=intent.agree, source=intent.source)
    send = _agreeing(planned, record)
    subject = subject_of(intent.key)
    if intent.write.kind in ONE_EACH and _linked_as(intent.link_kind, subject, pairing, hands) not in ("", record.key):
        _tell_second(intent, record, pairing, hands)
        return
    with hands.store.write() as conn:
        lanes.check_epoch(conn, pairing.lane, pairing.epoch)
        after = settle_write(conn, send, subject.key, record.key, row, pairing, hands)
        intents.settle(conn, [(intent.id, "done", record.key, after, {"code": "found-again"})], hands.clock.now())
        asking.withdraw_others(conn, pairing.id, intent.key, ())
        work.mark(conn, pairing.lane, [mark_for(subject.side, subject.kind, subject.key, 0)], hands.clock.now())


def _linked_as(kind: Kind, subject: Subject, pairing: Pairing, hands: Hands) -> str:
    """The key of a record's counterpart; empty if it has none."""
    with hands.store.read() as conn:
        link = links.links_of(conn, pairing.id, kind, subject.side, [subject.key]).get(subject.key)
    return link.key(other(subject.side)) if link is not None and link.state == "linked" else ""


def _tell_second(intent: Intent, record: Record, pairing: Pairing, hands: Hands) -> None:
    """What was made is there, but its record has got another counterpart meanwhile: a person is told, who alone may delete one of them."""
    subject = subject_of(intent.key)
    fault = Refused("made-twice", {"name": intent.label, "key": record.key})
    with hands.store.write() as conn:
        lanes.check_epoch(conn, pairing.lane, pairing.epoch)
        intents.settle(conn, [(intent.id, "done", record.key, {}, {"code": "made-twice"})], hands.clock.now())
        report_fault(conn, f"{intent.write.side}:{intent.write.kind}:{record.key}", subject.kind, intent.label, fault, pairing, hands)


def _close(intent: Intent, state: str, pairing: Pairing, hands: Hands) -> None:
    subject = subject_of(intent.key)
    with hands.store.write() as conn:
        lanes.check_epoch(conn, pairing.lane, pairing.epoch)
        intents.settle(conn, [(intent.id, state, "", {}, {"code": "not-found"})], hands.clock.now())
        asking.withdraw_others(conn, pairing.id, intent.key, ())
        work.mark(conn, pairing.lane, [mark_for(subject.side, subject.kind, subject.key, 0)], hands.clock.now())


def _ask(intent: Intent, keys: list[str], pairing: Pairing, hands: Hands) -> None:
    """Several rows could be the outcome, or none can be seen at all: a person says which is ours, or that none is."""
    with hands.store.write() as conn:
        lanes.check_epoch(conn, pairing.lane, pairing.epoch)
        what = Ask(
            code=SEVERAL if keys else NO_TRACE,
            subject=intent.id,
            group=SEVERAL if keys else NO_TRACE,
            options=(*keys, "none", "later"),
            values={"name": intent.label, "keys": ", ".join(keys), "system": pairing.side(intent.write.side).system.capabilities.title},
        )
        asking.ask(conn, hands.ids.new(), pairing.id, intent.key, intent.label, what, hands.clock.now())
        intents.doubt(conn, intent.id, hands.clock.now() + ASKED_AGAIN, {"code": what.code}, intent.probes)
