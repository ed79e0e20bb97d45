"""How the writes of an undo end: the link moved or severed in the same transaction, so that the next sync does not do it all over again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from unisono.connect.port import Raw
from unisono.engine.apply import OLD_COPY, OLD_FOR, told_of
from unisono.engine.hands import Hands, Pairing
from unisono.engine.job import Job
from unisono.engine.marks import mark_for
from unisono.engine.pull import raw_hash
from unisono.model.errors import Refused, SystemFault
from unisono.model.party import Flat
from unisono.model.record import Kind, Record, Side, flat_of, other
from unisono.model.writing import Write
from unisono.plan.planner import RANKS
from unisono.plan.situation import Link
from unisono.plan.undo import UNDONE, RecordKey
from unisono.store import intents, lanes, links, pairs, seen, work
from unisono.store.deeds import Scope, unsettled_keys
from unisono.store.deeds import written as written_by
from unisono.store.intents import Intent

_SIDES: tuple[Side, ...] = ("a", "b")


def settle_undone(jobs: Sequence[Job], pairing: Pairing, hands: Hands, by: str) -> None:
    """Writes down how a wave of an undo ended. What is unclear is looked up by the next cycle (see ``found_undone``)."""
    now = hands.clock.now()
    with hands.store.write() as conn:
        lanes.check_epoch(conn, pairing.lane, pairing.epoch)
        for job in jobs:
            last = job.intents[-1].id if job.intents else ""
            if job.fault is not None and job.unclear and last:
                intents.doubt(conn, last, now + OLD_FOR if job.fault.code == OLD_COPY else now, told_of(job.fault), 0)
            elif job.fault is not None and last:
                state = "refused" if isinstance(job.fault, Refused) else "void"
                intents.settle(conn, [(last, state, "", {}, told_of(job.fault))], now)
            elif job.fault is None and not job.stale:
                after = _took(conn, job.send.write, job.send.link_kind, job.read_back, job.label, pairing, hands, by)
                if last:
                    told: dict[str, object] = {"row": raw_hash(job.read_back).hex()} if job.read_back is not None else {}
                    intents.settle(conn, [(last, "done", "", after, told)], now)
    hands.step("undone")


def found_undone(intent: Intent, pairing: Pairing, hands: Hands) -> bool:
    """A write of an undo whose answer was lost: whether it happened after all, and is settled now. Raises ``SystemFault``."""
    write = intent.write
    system = pairing.side(write.side).system
    row = system.read(*system.locate(write.kind, write.key))
    if write.operation == "delete":
        happened = row is None
    else:
        record = _record_in(system.records(row), write) if row is not None else None
        held = flat_of(record.body) if record is not None else {}
        happened = record is not None and all(held.get(name, "") == value for name, value in write.changes.items())
    with hands.store.write() as conn:
        lanes.check_epoch(conn, pairing.lane, pairing.epoch)
        if happened:
            after = _took(conn, write, intent.link_kind, row, intent.label, pairing, hands, "")
            intents.settle(conn, [(intent.id, "done", "", after, {"code": "found-again"})], hands.clock.now())
        else:
            intents.settle(conn, [(intent.id, "void", "", {}, {"code": "not-found"})], hands.clock.now())
    return happened


def end_link(conn: Connection, side: Side, kind: Kind, key: str, code: str, label: str, pairing: Pairing, hands: Hands, by: str) -> None:
    """Ends the link of a record that could not be deleted; the history says why."""
    found = links.links_of(conn, pairing.id, kind, side, [key]).get(key)
    if found is not None and found.state == "linked":
        _sever(conn, found, pairing, hands)
        told = {"code": code, "name": label}
        pairs.note(conn, pairing.id, kind, f"{side}:{kind}:{key}", "unlinked", told, label, hands.clock.now(), by)


def _took(
    conn: Connection, write: Write, link_kind: Kind, row: Raw | None, label: str, pairing: Pairing, hands: Hands, by: str
) -> dict[str, str]:
    """What was taken back: seen, link and history; returns the values after it."""
    now, where = hands.clock.now(), pairing.side(write.side)
    found = links.links_of(conn, pairing.id, link_kind, write.side, [write.key]).get(write.key)
    after: Flat = {}
    if write.operation == "delete":
        _, row_key = where.system.locate(write.kind, write.key)
        resource = where.system.locate(write.kind, write.key)[0]
        rows = seen.records_of_row(conn, where.id, resource, row_key)
        seen.mark_gone(conn, where.id, rows or [(write.kind, write.key)], now)
        if found is not None and found.state == "linked":
            _sever(conn, found, pairing, hands)
    else:
        records = _readable(row, pairing, write.side)
        record = _record_in(records, write)
        if row is not None and records:
            seen.put_seen(conn, where.id, [(r, raw_hash(row)) for r in records], now)
        held = flat_of(record.body) if record is not None else write.changes
        after = {name: held.get(name, "") for name in write.changes}
        if found is not None and found.state == "linked":
            # The other side keeps what it held when last in step: an edit of it that is still to come counts as one.
            far = {name: value for name in after if (value := found.agreed(other(write.side)).get(name)) is not None}
            mine = {name: after[name] for name in far}
            agreed = (mine, far) if write.side == "a" else (far, mine)
            links.put_link(conn, hands.ids.new(), pairing.id, link_kind, found.a_key, found.b_key, *agreed, now)
    told = {"code": UNDONE, "name": label, "fields": ", ".join(sorted(after))}
    pairs.note(conn, pairing.id, write.kind, f"{write.side}:{write.kind}:{write.key}", "undone", told, label, now, by)
    return after


def _sever(conn: Connection, found: Link, pairing: Pairing, hands: Hands) -> None:
    links.sever(conn, pairing.id, found.kind, found.a_key, found.b_key, UNDONE, hands.clock.now())
    links.ended_by(conn, pairing.id, found.kind, found.a_key, found.b_key, pairing.run)


def again(pairing: Pairing, hands: Hands, scope: Scope, by: str, *, dry: bool = False) -> list[str]:
    """What an undo left unlinked may be linked and made again: the memory of those links goes, and their records are looked at anew.

    ``scope`` is that of the undo, or names the undo's own run. Returns the records by their CRM keys; ``dry`` changes nothing. What is
    done then is planned as ever: a preview shows it.
    """
    with hands.store.read() as conn:
        written = written_by(conn, pairing.id, scope)
        unclear = unsettled_keys(conn, pairing.id)
        ended = links.severed(conn, pairing.id, UNDONE)
    found = [link for link, run in ended if _meant(link, run, scope, written) and f"a:{link.kind}:{link.a_key}" not in unclear]
    if found and not dry:
        now = hands.clock.now()
        with hands.store.write() as conn:
            for link in found:
                links.forget(conn, pairing.id, link.kind, link.a_key, link.b_key)
                key = f"a:{link.kind}:{link.a_key}"
                pairs.note(conn, pairing.id, link.kind, key, "undo-lifted", {"b": f"b:{link.kind}:{link.b_key}"}, "", now, by)
            marks = [mark_for(side, link.kind, link.key(side), 0) for link in found for side in _SIDES if link.kind in RANKS]
            work.mark(conn, pairing.lane, marks, now)
    return [f"a:{link.kind}:{link.a_key}" for link in found]


def _meant(link: Link, run: str, scope: Scope, written: set[RecordKey]) -> bool:
    names = [(side, link.kind, link.key(side)) for side in _SIDES]
    by_name = scope.record in [f"{side}:{kind}:{key}" for side, kind, key in names]
    return scope.everything or by_name or (bool(run) and run == scope.run) or any(name in written for name in names)


def _readable(row: Raw | None, pairing: Pairing, side: Side) -> tuple[Record, ...]:
    try:
        return pairing.side(side).system.records(row) if row is not None else ()
    except SystemFault:
        return ()  # read with the next pull


def _record_in(records: Sequence[Record], write: Write) -> Record | None:
    return next((r for r in records if (r.kind, r.key) == (write.kind, write.key)), None)
