"""Recover: settle writes whose outcome is unknown, before their records are planned again. Never repeated blindly.

A create is probed for: our reference, else every value it sent. One exact row is ours; none, twice and after the declared lag, means it did
not happen; several are for a person. A change is simply planned anew from a fresh look.
"""

from __future__ import annotations

from datetime import timedelta

from unisono.connect.port import Raw
from unisono.engine.hands import Hands, Pairing
from unisono.engine.settle import mark_for, settle_write
from unisono.model.errors import SystemFault
from unisono.model.record import Record, flat_of
from unisono.plan.actions import Ask, Reason, Send
from unisono.plan.situation import subject_of
from unisono.store import asking, intents, lanes, links, work
from unisono.store.intents import Intent
from unisono.store.stamps import instant

PROBES = 2


def recover(pairing: Pairing, hands: Hands) -> int:
    """Looks at every unsettled intent that is due. Returns how many are still unclear."""
    with hands.store.read() as conn:
        waiting = intents.unsettled(conn, pairing.id)
    left = 0
    for intent in waiting:
        lag = timedelta(seconds=pairing.side(intent.write.side).system.capabilities.writing(intent.write.kind).lag)
        due = instant(intent.sent_at) + (lag if intent.state == "open" else timedelta())
        if hands.clock.now() < due:
            left += 1
            continue
        left += _look(intent, lag, pairing, hands)
        hands.step("recovered")
    return left


def next_probe(pairing: Pairing, hands: Hands) -> timedelta | None:
    """How long until the next unsettled intent may be looked at; ``None`` if there is none."""
    with hands.store.read() as conn:
        waiting = intents.unsettled(conn, pairing.id)
    waits = []
    for intent in waiting:
        lag = pairing.side(intent.write.side).system.capabilities.writing(intent.write.kind).lag
        waits.append(instant(intent.sent_at) + timedelta(seconds=lag if intent.state == "open" else 0) - hands.clock.now())
    return max(min(waits), timedelta()) if waits else None


def _look(intent: Intent, lag: timedelta, pairing: Pairing, hands: Hands) -> int:
    if intent.write.operation != "create":
        _close(intent, "void", pairing, hands)
        return 0
    side = pairing.side(intent.write.side)
    try:
        rows = side.system.probe(intent.write)
    except SystemFault as fault:
        with hands.store.write() as conn:
            later = hands.clock.now() + max(lag, timedelta(seconds=60))
            intents.doubt(conn, intent.id, later, {"code": fault.code}, intent.probes)
        return 1
    free = _free(intent, rows, pairing, hands)
    if len(free) == 1:
        _found(intent, *free[0], pairing, hands)
        return 0
    if len(free) > 1:
        _ask(intent, [record.key for record, _ in free], pairing, hands)
        return 1
    if intent.probes + 1 < PROBES:
        with hands.store.write() as conn:
            lanes.check_epoch(conn, pairing.lane, pairing.epoch)
            intents.doubt(conn, intent.id, hands.clock.now() + lag, {"code": "not-found-yet"}, intent.probes + 1)
        return 1
    _close(intent, "void", pairing, hands)
    return 0


def _free(intent: Intent, rows: tuple[Raw, ...], pairing: Pairing, hands: Hands) -> list[tuple[Record, Raw]]:
    """The probed rows as records of the kind that was written, without those that are somebody's counterpart already."""
    write = intent.write
    system = pairing.side(write.side).system
    if write.kind in ("note", "file"):
        return [(_bare(system.capabilities.name, write.kind, row), row) for row in rows]
    records = [(r, row) for row in rows for r in system.records(row) if r.kind == write.kind]
    with hands.store.read() as conn:
        taken = links.links_of(conn, pairing.id, write.kind, write.side, [r.key for r, _ in records])
    return [(r, row) for r, row in records if r.key not in taken]


def _bare(system: str, kind: str, row: Raw) -> Record:
    from unisono.model.document import Note

    return Record(
        kind="note" if kind == "note" else "file",
        key=row.key,
        body=Note(title=system, text=""),
        resource=row.resource,
        resource_key=row.key,
    )


def _found(intent: Intent, record: Record, row: Raw, pairing: Pairing, hands: Hands) -> None:
    """The lost answer is found: settled as done. Only fields that hold what was sent are agreed; the rest is compared as never in step."""
    agree = intent.agree
    if intent.write.kind in ("party", "contact") and intent.write.body is not None:
        sent, there = flat_of(intent.write.body), flat_of(record.body)
        agree = {n: v for n, v in agree.items() if sent.get(n, "") == there.get(n, "")}
    send = Send(write=intent.write, reason=Reason(*intent.reason), link_kind=intent.link_kind, agree=agree, source=intent.source)
    subject = subject_of(intent.key)
    with hands.store.write() as conn:
        lanes.check_epoch(conn, pairing.lane, pairing.epoch)
        after = settle_write(conn, send, subject.key, record.key, row, pairing, hands)
        intents.settle(conn, [(intent.id, "done", record.key, after, {"code": "found-again"})], hands.clock.now())
        asking.withdraw_others(conn, pairing.id, intent.key, ())
        work.mark(conn, pairing.lane, [mark_for(subject.side, subject.kind, subject.key, 0)], hands.clock.now())


def _close(intent: Intent, state: str, pairing: Pairing, hands: Hands) -> None:
    subject = subject_of(intent.key)
    with hands.store.write() as conn:
        lanes.check_epoch(conn, pairing.lane, pairing.epoch)
        intents.settle(conn, [(intent.id, state, "", {}, {"code": "not-found"})], hands.clock.now())
        asking.withdraw_others(conn, pairing.id, intent.key, ())
        work.mark(conn, pairing.lane, [mark_for(subject.side, subject.kind, subject.key, 0)], hands.clock.now())


def _ask(intent: Intent, keys: list[str], pairing: Pairing, hands: Hands) -> None:
    """Several rows could be the outcome: a person says which is ours, or that none is."""
    with hands.store.write() as conn:
        said = asking.answers_for(conn, pairing.id, [intent.key]).get(intent.key, {}).get(f"several-found|{intent.id}", "")
        if said:
            chosen = said if said in keys else ""
            state = ("done", chosen) if chosen else ("void", "")
            intents.settle(conn, [(intent.id, state[0], state[1], {}, {"code": "answered", "answer": said})], hands.clock.now())
            if chosen:
                pair = (subject_of(intent.key).key, chosen) if intent.write.side == "b" else (chosen, subject_of(intent.key).key)
                links.put_link(conn, hands.ids.new(), pairing.id, intent.link_kind, *pair, {}, {}, hands.clock.now())
            subject = subject_of(intent.key)
            work.mark(conn, pairing.lane, [mark_for(subject.side, subject.kind, subject.key, 0)], hands.clock.now())
            return
        what = Ask(
            code="several-found",
            subject=intent.id,
            group="several-found",
            options=(*keys, "none", "later"),
            values={"name": intent.label, "keys": ", ".join(keys)},
        )
        asking.ask(conn, hands.ids.new(), pairing.id, intent.key, intent.label, what, hands.clock.now())
        intents.doubt(conn, intent.id, hands.clock.now() + timedelta(hours=1), {"code": "several-found"}, intent.probes)
