"""The journal: what is about to be called, written down before the call; its outcome afterwards. Also the history of every write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Text, and_, bindparam, func, insert, or_, select, update

from unisono.model.record import Kind, Side
from unisono.model.writing import Write
from unisono.store.codec import text_of, value_from, write_from, write_text
from unisono.store.stamps import stamp
from unisono.store.tables import UNTIL_SETTLED, intent


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One wire call that is about to happen, or has."""

    id: str
    key: str
    """The subject it was planned for."""
    write: Write
    link_kind: Kind
    agree: dict[str, str]
    source: str
    command: dict[str, object]
    step: int
    reason: tuple[str, dict[str, str]]
    policy_version: int
    label: str = ""
    probes: int = 0
    state: str = "open"
    target: str = ""
    before: dict[str, str] = field(default_factory=dict)
    sent_at: str = ""


def intend(conn: Connection, pair: str, lane: str, epoch: int, intents: Sequence[Intent], now: datetime, run: str = "") -> None:
    """Writes intents down. The caller checks the lane's epoch in the same transaction. A second open one for a key is impossible."""
    if not intents:
        return
    at = stamp(now)
    rows = [
        {
            "id": i.id,
            "pair": pair,
            "lane": lane,
            "epoch": epoch,
            "run": run,
            "kind": i.write.kind,
            "key": i.key,
            "side": i.write.side,
            "operation": i.write.operation,
            "target": i.write.key,
            "reference": i.write.reference,
            "write": write_text(i.write),
            "command": text_of({"command": i.command, "link_kind": i.link_kind, "agree": i.agree, "source": i.source}),
            "step": i.step,
            "policy_version": i.policy_version,
            "reason": text_of({"code": i.reason[0], "values": i.reason[1]}),
            "before": text_of(i.write.before),
            "label": i.label,
            "at": at,
            "sent_at": at,
        }
        for i in intents
    ]
    conn.execute(insert(intent), rows)


def settle(conn: Connection, outcomes: Sequence[tuple[str, str, str, dict[str, str], dict[str, object]]], now: datetime) -> None:
    """Writes outcomes down: (intent id, state, target key, values after, what was told). An empty target leaves the planned one."""
    if not outcomes:
        return
    rows = [
        {"b_id": i, "b_state": state, "b_target": target, "b_after": text_of(after), "b_told": text_of(told)}
        for i, state, target, after, told in outcomes
    ]
    target = func.coalesce(func.nullif(bindparam("b_target", type_=Text), ""), intent.c.target)
    values = {"state": bindparam("b_state"), "target": target, "after": bindparam("b_after"), "told": bindparam("b_told")}
    conn.execute(update(intent).where(intent.c.id == bindparam("b_id")).values(**values, settled_at=stamp(now)), rows)


def doubt(conn: Connection, intent_id: str, due_at: datetime, told: dict[str, object], probes: int) -> None:
    """The outcome is unknown: it is probed from an instant on."""
    values: dict[str, object] = {"state": "unclear", "due_at": stamp(due_at), "told": text_of(told), "probes": probes}
    conn.execute(update(intent).where(intent.c.id == intent_id).values(**values))


def unsettled(conn: Connection, pair: str) -> list[Intent]:
    """Open and unclear intents of a pair, oldest first: they are settled before their keys are planned again."""
    where = and_(intent.c.pair == pair, intent.c.state.in_(UNTIL_SETTLED))
    out = []
    for r in conn.execute(select(intent).where(where).order_by(intent.c.at, intent.c.id)):
        kept, reason = value_from(r.command), value_from(r.reason)
        out.append(
            Intent(
                id=r.id,
                key=r.key,
                write=write_from(r.write),
                link_kind=kept["link_kind"],
                agree=kept["agree"],
                source=kept["source"],
                command=kept["command"],
                step=r.step,
                reason=(reason["code"], reason["values"]),
                policy_version=r.policy_version,
                label=r.label,
                probes=r.probes,
                state=r.state,
                target=r.target,
                sent_at=r.due_at or r.sent_at,
            )
        )
    return out


def unclear_creates(conn: Connection, pair: str) -> set[tuple[Side, Kind]]:
    """Sides and kinds on which a create is unclear: a new record there may be its outcome, so it waits."""
    where = and_(intent.c.pair == pair, intent.c.state.in_(UNTIL_SETTLED), intent.c.operation == "create")
    return {(r.side, r.kind) for r in conn.execute(select(intent.c.side, intent.c.kind).where(where).distinct())}


def journal(conn: Connection, pair: str, *, key: str = "", target: str = "", limit: int = 200) -> list[dict[str, object]]:
    """The latest writes of a pair, newest first, as plain values: when, which record, why, before and after."""
    where = [intent.c.pair == pair]
    if key or target:
        where.append(or_(intent.c.key == key, intent.c.target == target))
    rows = conn.execute(select(intent).where(*where).order_by(intent.c.at.desc(), intent.c.id.desc()).limit(limit))
    return [
        {
            "id": r.id,
            "at": r.at,
            "key": r.key,
            "side": r.side,
            "kind": r.kind,
            "operation": r.operation,
            "target": r.target,
            "state": r.state,
            "label": r.label,
            "policy_version": r.policy_version,
            "reason": value_from(r.reason),
            "before": value_from(r.before),
            "after": value_from(r.after),
            "told": value_from(r.told),
        }
        for r in rows
    ]


def count_states(conn: Connection, pair: str) -> dict[str, int]:
    """Intents by state."""
    rows = conn.execute(select(intent.c.state, func.count()).where(intent.c.pair == pair).group_by(intent.c.state))
    return {row[0]: int(row[1]) for row in rows}
