"""Undo: what was written is taken back through the same journal, what rests on others first; the plan shows beforehand what cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace
from sqlalchemy import Connection

from unisono.connect.port import Raw
from unisono.engine.apply import apply
from unisono.engine.hands import Connected, Hands, Pairing
from unisono.engine.job import Job
from unisono.engine.pull import pull
from unisono.engine.undone import end_link, settle_undone
from unisono.model.document import Note
from unisono.model.errors import BadAnswer, LoginRefused, NotThere, Refused, SystemFault, TryLater
from unisono.model.record import Kind, Record, Side, label_of
from unisono.model.writing import Write
from unisono.plan.actions import Decision, Reason, Send
from unisono.plan.situation import Seen, Subject
from unisono.plan.undo import EDITED, RANKS, UNDONE, Deed, RecordKey, Reference, Step, Target, as_agreed, plan_undo
from unisono.store import asking, lanes, links, seen
from unisono.store.deeds import Scope, close_run, deeds, open_run, unsettled_keys

RESTING: tuple[Kind, ...] = ("contact", "quote", "order", "invoice", "payment", "note")
"""Kinds of records that rest on a customer or contact."""
WAVE = 16


class NothingWritten(ValueError):
    """A scope holds no write that is done: an unknown run or record, or one that nothing was written about."""


class Undoing(Struct):
    """An undo under way, and in the end what came of it. ``failed`` are steps a system did not take; ``again`` says from when on it pays to
    go on (pace); ``records`` counts what was taken back."""

    scope: Scope
    by: str = ""
    run: str = ""
    steps: list[Step] = field(default_factory=list)
    shown: list[Step] = field(default_factory=list)
    """What the first look showed: waiting for pace changes nothing about it."""
    agreed: tuple[Step, ...] | None = None
    """What a person has seen and said yes to: nothing but that is done. ``None``: whatever the look shows."""
    records: int = 0
    failed: list[tuple[Step, SystemFault | None]] = field(default_factory=list)
    again: datetime | None = None
    resting: dict[Side, dict[str, list[Reference]]] = field(default_factory=dict)

    def count(self, what: str) -> int:
        """Steps of one sort."""
        return sum(1 for step in self.steps if step.what == what)


def look(pairing: Pairing, hands: Hands, undoing: Undoing) -> Undoing:
    """Reads both sides as they are now and plans the undo; nothing is written. Raises ``NothingWritten``, ``SystemFault``."""
    pull(pairing.a, hands)
    pull(pairing.b, hands)
    with hands.store.read() as conn:
        found = deeds(conn, pairing.id, undoing.scope)
    if not found:
        raise NothingWritten(undoing.scope.run or undoing.scope.record or undoing.scope.write or "-")
    for side in ("a", "b"):
        made = [d for d in found if d.wanted and d.operation == "create" and d.side == side and d.kind in ("party", "contact")]
        if made and side not in undoing.resting:
            undoing.resting[side] = _resting_unseen(pairing.side(side))
    undoing.steps = _plan(found, pairing, hands, undoing)
    return undoing


def undo(pairing: Pairing, hands: Hands, undoing: Undoing) -> Undoing:
    """Does exactly what ``look`` shows at this moment. May be called again after ``again``, or after a crash: what is done stays done."""
    undoing.again, undoing.failed = None, []
    undoing.resting = {}
    try:
        look(pairing, hands, undoing)
    except TryLater as fault:
        undoing.again = fault.at or hands.clock.now()
        return undoing
    undoing.shown = undoing.shown or undoing.steps
    if not undoing.run:
        undoing.run = hands.ids.new()
        with hands.store.write() as conn:
            lanes.check_epoch(conn, pairing.lane, pairing.epoch)
            open_run(conn, undoing.run, pairing.id, len(undoing.shown), pairing.policy_version, hands.clock.now())
    pairing = replace(pairing, run=undoing.run)
    known_failures = 0
    for rank in sorted(set(RANKS.values())):
        for side in ("b", "a"):
            _write([s for s in undoing.steps if RANKS.get(s.kind, 2) == rank and s.side == side], pairing, hands, undoing)
        if len(undoing.failed) > known_failures:
            # What could not be deleted still rests on its customer: that is looked at again before the customer's turn.
            known_failures = len(undoing.failed)
            with hands.store.read() as conn:
                found = deeds(conn, pairing.id, undoing.scope)
            undoing.steps = _plan(found, pairing, hands, undoing)
    _settle_quiet(_certain(undoing), pairing, hands, undoing)
    with hands.store.write() as conn:
        lanes.check_epoch(conn, pairing.lane, pairing.epoch)
        close_run(conn, undoing.run, undoing.records, len(undoing.failed), hands.clock.now())
    undoing.steps = undoing.shown
    return undoing


def _certain(undoing: Undoing) -> list[Step]:
    """The ends of links and questions that waiting or another try would not change."""
    if undoing.again is not None:
        return []
    passing = any(not isinstance(fault, Refused | NotThere) for _, fault in undoing.failed)
    stuck = {step.record for step, _ in undoing.failed}
    return [s for s in undoing.steps if s.record not in stuck and not (passing and s.reason.code == "undo-referenced")]


def _plan(found: Sequence[Deed], pairing: Pairing, hands: Hands, undoing: Undoing) -> list[Step]:
    with hands.store.read() as conn:
        steps = plan_undo(_targets(conn, found, pairing, undoing), pairing.rules)
    return steps if undoing.agreed is None else as_agreed(steps, undoing.agreed)


def _targets(conn: Connection, found: Sequence[Deed], pairing: Pairing, undoing: Undoing) -> list[Target]:
    by_record: dict[RecordKey, list[Deed]] = {}
    for deed in found:
        # A file is put on a note and has no key of its own that could be looked up: it is told with its note.
        by_record.setdefault(deed.record, []).append(deed)
    unsettled = unsettled_keys(conn, pairing.id)
    out: list[Target] = []
    for (side, kind), keys in _grouped(by_record).items():
        where = pairing.side(side)
        now = seen.get_many(conn, where.id, kind, keys)
        rows = _rows(conn, where, now)
        linked = links.links_of(conn, pairing.id, kind, side, keys)
        subjects = {key: f"a:{kind}:{linked[key].a_key}" if key in linked else f"{side}:{kind}:{key}" for key in keys}
        answers = asking.answers_for(conn, pairing.id, list(subjects.values()))
        owned = seen.of_owners(conn, where.id, RESTING, keys)
        for key in keys:
            own = tuple(by_record[side, kind, key])
            link = linked.get(key)
            subject = subjects[key]
            resting = [_reference(row.record) for row in owned.get(key, ())] + undoing.resting.get(side, {}).get(key, [])
            out.append(
                Target(
                    side=side,
                    kind=kind,
                    key=key,
                    deeds=own,
                    now=now.get(key),
                    row=rows.get(key, ""),
                    link=link,
                    references=tuple({(r.kind, r.key): r for r in resting}.values()),
                    unsettled=subject in unsettled or any(d.subject in unsettled for d in own),
                    answers=answers.get(subject, {}),
                    field=undoing.scope.field,
                )
            )
    return out


def _grouped(records: dict[RecordKey, list[Deed]]) -> dict[tuple[Side, Kind], list[str]]:
    out: dict[tuple[Side, Kind], list[str]] = {}
    for side, kind, key in records:
        out.setdefault((side, kind), []).append(key)
    return out


def _rows(conn: Connection, where: Connected, now: dict[str, Seen]) -> dict[str, str]:
    """What tells the vendor rows of some records apart, by the records' keys."""
    out: dict[str, str] = {}
    for resource in sorted({s.record.resource for s in now.values()}):
        of_row = {s.record.resource_key: key for key, s in now.items() if s.record.resource == resource}
        for row_key, known in seen.known_rows(conn, where.id, resource, list(of_row)).items():
            out[of_row[row_key]] = known.raw_hash.hex()
    return out


def _resting_unseen(where: Connected) -> dict[str, list[Reference]]:
    """What rests on customers among the lists this pair does not follow (notes, say): read once, only who belongs to whom is kept."""
    out: dict[str, list[Reference]] = {}
    for resource in where.system.capabilities.resources:
        if not resource.listed or resource.name in where.resources or not set(resource.kinds) & set(RESTING):
            continue
        for page in where.system.pages(resource.name):
            for raw in page.rows:
                for owner, reference in _rests(raw, where):
                    out.setdefault(owner, []).append(reference)
    return out


def _rests(raw: Raw, where: Connected) -> list[tuple[str, Reference]]:
    try:
        records = where.system.records(raw)
    except BadAnswer:
        return []
    found = []
    for record in records:
        owners = {record.owner, *(record.body.about if isinstance(record.body, Note) else ())} - {""}
        found += [(owner, _reference(record)) for owner in sorted(owners) if record.kind in RESTING]
    return found


def _reference(record: Record) -> Reference:
    return Reference(record.kind, record.key, label_of(record), (record.resource, record.resource_key))


def _write(steps: Sequence[Step], pairing: Pairing, hands: Hands, undoing: Undoing) -> None:
    """Changes and deletes of one rank on one side, a wave at a time. A system that asks for patience is not asked again."""
    jobs = [(step, _job(step)) for step in steps if step.what in ("change", "delete")]
    stuck = {step.record for step, _ in undoing.failed}
    for start in range(0, len(jobs), WAVE):
        if undoing.again is not None:
            return
        refused = next((f for s, f in undoing.failed if isinstance(f, LoginRefused) and steps and s.side == steps[0].side), None)
        if refused is not None:
            # A key that was refused once is not tried again.
            undoing.failed += [(step, refused) for step, _ in jobs[start:]]
            return
        wave = [(step, job) for step, job in jobs[start : start + WAVE] if step.record not in stuck]
        with hands.store.write() as conn:
            lanes.renew_lane(conn, pairing.lane, pairing.epoch, hands.clock.now(), 300)
        apply([job for _, job in wave], pairing, hands)
        settle_undone([job for _, job in wave], pairing, hands, undoing.by)
        for step, job in wave:
            if job.fault is None and not job.stale:
                undoing.records += 1
                continue
            undoing.failed.append((step, job.fault))
            if isinstance(job.fault, TryLater):
                undoing.again = max(filter(None, (undoing.again, job.fault.at)), default=hands.clock.now())


def _job(step: Step) -> Job:
    # One hand for both records of a link, as everywhere: the CRM's key.
    subject = Subject("a", step.kind, step.link.a_key) if step.link is not None else Subject(step.side, step.kind, step.key)
    reason = Reason(UNDONE, {"name": step.label, "fields": ", ".join(sorted(step.changes))})
    operation = "delete" if step.what == "delete" else "change"
    write = Write(
        operation=operation,  # type: ignore[arg-type]
        side=step.side,
        kind=step.kind,
        key=step.key,
        changes=step.changes,
        before=step.before,
    )
    send = Send(write=write, reason=reason, link_kind=step.kind)
    return Job(Decision(subject, "changed", reason, (send,)), send, step.label)


def _settle_quiet(steps: Sequence[Step], pairing: Pairing, hands: Hands, undoing: Undoing) -> None:
    """Ends of links and questions."""
    with hands.store.write() as conn:
        lanes.check_epoch(conn, pairing.lane, pairing.epoch)
        for step in steps:
            if step.what == "unlink":
                end_link(conn, step.side, step.kind, step.key, step.reason.code, step.label, pairing, hands, undoing.by)
            elif step.what == "ask" and step.ask is not None:
                key = f"a:{step.kind}:{step.link.a_key}" if step.link is not None else f"{step.side}:{step.kind}:{step.key}"
                asking.ask(conn, hands.ids.new(), pairing.id, key, step.label, step.ask, hands.clock.now())


__all__ = ["EDITED", "NothingWritten", "Scope", "Undoing", "look", "undo"]
