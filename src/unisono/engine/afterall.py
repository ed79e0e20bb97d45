"""Changes and deletes whose answer was lost, but which the vendor carried out after all: seen by looking, settled as done.

A write of ours that nobody remembers would be taken for a person's: a change for their edit, which then rivals what is edited meanwhile; a
delete for their deletion, which ends the link that was to be made anew.
"""

from __future__ import annotations

from msgspec.structs import replace

from unisono.connect.port import Raw
from unisono.engine.apply import OLD_COPY
from unisono.engine.hands import Hands, Pairing
from unisono.engine.marks import mark_for
from unisono.engine.written import Written, settle_writes
from unisono.model.record import flat_of
from unisono.plan.actions import Reason, Send
from unisono.plan.compare import kept, respelled
from unisono.plan.corrections import CORRECTED
from unisono.plan.situation import subject_of
from unisono.store import intents, lanes, links, work
from unisono.store.intents import Intent


def gone_after_all(intent: Intent, row: Raw | None, pairing: Pairing, hands: Hands) -> bool:
    """Whether a delete was carried out: its row is not there any more."""
    write = intent.write
    if row is not None:
        return False
    _settle(intent, Written(_send(intent), subject_of(intent.key).key, write.key, None), pairing, hands)
    return True


def changed_after_all(intent: Intent, row: Raw | None, pairing: Pairing, hands: Hands) -> bool:
    """Whether a change was carried out: the record holds what was sent, in some of its fields at least; the others somebody edited since,
    or the vendor refused. Raises ``BadAnswer`` for a row that cannot be read.

    Where the vendor had answered that it is done and only showed an old copy, what still stands as before is what it made of it, and what
    stands there instead of what was sent is a later edit of that side: it goes on to the other one.
    """
    write = intent.write
    system = pairing.side(write.side).system
    record = next((r for r in system.records(row) if (r.kind, r.key) == (write.kind, write.key)), None) if row is not None else None
    if record is None:
        return False
    now = flat_of(record.body)
    answered = intent.doubt == OLD_COPY
    sent = {name: value for name, value in write.changes.items() if name in now}
    held = {n: v for n, v in sent.items() if _stands(now[n], v, write.before.get(n) if answered else None)}
    since = {n: v for n, v in sent.items() if n not in held} if answered else {}
    with hands.store.read() as conn:
        link = links.links_of(conn, pairing.id, intent.link_kind, write.side, [write.key]).get(write.key)
    by_person = intent.reason[0] == CORRECTED  # it may be about a record that has no counterpart yet
    if not (held or since) or not (by_person or (link is not None and link.state == "linked")):
        return False
    agree = {name: value for name, value in intent.agree.items() if name in held or name in since}
    send = replace(_send(intent), write=replace(write, changes=held | since), agree=agree)
    _settle(intent, Written(send, subject_of(intent.key).key, write.key, row, since), pairing, hands)
    return True


def _stands(now: str, sent: str, before: str | None) -> bool:
    """Whether a value is what was sent, or what the vendor made of it; ``before``: what stood there, where that is known to be done."""
    if before is None:
        return now == sent or respelled(now, sent)
    return now == before or kept(now, sent)


def _send(intent: Intent) -> Send:
    return Send(write=intent.write, reason=Reason(*intent.reason), link_kind=intent.link_kind, agree=intent.agree, source=intent.source)


def _settle(intent: Intent, done: Written, pairing: Pairing, hands: Hands) -> None:
    subject = subject_of(intent.key)
    with hands.store.write() as conn:
        lanes.check_epoch(conn, pairing.lane, pairing.epoch)
        after = settle_writes(conn, [done], pairing, hands)[0]
        intents.settle(conn, [(intent.id, "done", intent.write.key, after, {"code": "found-again"})], hands.clock.now())
        work.mark(conn, pairing.lane, [mark_for(subject.side, subject.kind, subject.key, 0)], hands.clock.now())
