"""The journal: what is about to be called, written down before the call; its outcome afterwards. Also the history of every write."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, field
from sqlalchemy import Connection, Integer, Select, Text, and_, bindparam, func, insert, or_, select, update

from unisono.model.record import Kind, Side
from unisono.model.writing import Write
from unisono.store.codec import flat_from, text_of, value_from, write_from, write_text
from unisono.store.dialect import portions
from unisono.store.stamps import stamp
from unisono.store.statements import Built, Statement
from unisono.store.tables import UNSETTLED, UNTIL_SETTLED, intent


class Intent(Struct, frozen=True, kw_only=True):
    """One wire call that is about to happen, or has."""

    id: str
    key: str
    """The subject it was planned for."""
    write: Write
    link_kind: Kind
    agree: dict[str, str]
    source: str
    command: str
    """Which of the vendor's operations; what it is told follows from the write."""
    step: int
    reason: tuple[str, dict[str, str]]
    policy_version: int
    label: str = ""
    probes: int = 0
    state: str = "open"
    target: str = ""
    before: dict[str, str] = field(default_factory=dict)
    sent_at: str = ""
    """When it was sent; of a doubtful one from when on it may be looked at."""
    first_sent: str = ""
    """When it was sent, also of a doubtful one."""
    doubt: str = ""
    """Code of what leaves its outcome open."""


class Making(Struct, frozen=True):
    """A create whose outcome is not known yet: its id, the subject it was planned for, what was to be made."""

    id: str
    key: str
    write: Write


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
            "command": text_of({"command": i.command, "link_kind": i.link_kind, "source": i.source}),
            "step": i.step,
            "policy_version": i.policy_version,
            "reason": text_of({"code": i.reason[0], "values": i.reason[1]}),
            "before": text_of(i.write.before),
            "after": text_of(i.agree),
            "label": i.label,
            "at": at,
            "sent_at": at,
        }
        for i in intents
    ]
    _NEW.run_many(conn, rows)


def settle(conn: Connection, outcomes: Sequence[tuple[str, str, str, dict[str, str], dict[str, object]]], now: datetime) -> None:
    """Writes outcomes down: (intent id, state, target key, values after, what was told). An empty target leaves the planned one."""
    rows = [
        {"b_id": i, "state": state, "b_target": target, "after": text_of(after), "told": text_of(told)}
        for i, state, target, after, told in outcomes
    ]
    _SETTLE.run_many(conn, rows, settled_at=stamp(now))


def doubt(conn: Connection, intent_id: str, due_at: datetime, told: dict[str, object], probes: int) -> None:
    """The outcome is unknown: it is probed from an instant on."""
    _SET.run(conn, b_id=intent_id, state="unclear", due_at=stamp(due_at), told=text_of(told), probes=probes)


def unsettled(conn: Connection, pair: str) -> list[Intent]:
    """Open and unclear intents of a pair, oldest first: they are settled before their keys are planned again."""
    return [_intent(row) for row in _UNSETTLED.rows(conn, pair=pair)]


def unsettled_keys(conn: Connection, pair: str) -> set[str]:
    """The subjects of a pair's open and unclear intents."""
    return {key for (key,) in _UNSETTLED_KEYS.rows(conn, pair=pair)}


def targets_of_settled(conn: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Of some intents those that are settled, as done with the key of what was made, as void with none."""
    return {of: target for some in portions(ids) for of, target in _TARGETS.rows(conn, ids=some)}


def unclear_creates(conn: Connection, pair: str) -> list[Making]:
    """The creates of a pair whose outcome is not known, oldest first: a new record there may be one's outcome, so it waits."""
    return [Making(of, key, write_from(write)) for of, key, write in _MAKING.rows(conn, pair=pair)]


def kinds_unsettled(conn: Connection, pair: str) -> set[tuple[Side, Kind, str, str]]:
    """Of a pair's open and unclear intents: side, kind, state, and when they were sent or may be looked at."""
    return {(side, kind, state, due or at) for side, kind, state, due, at in _KINDS.rows(conn, pair=pair)}


def journal(conn: Connection, pair: str, *, key: str = "", target: str = "", limit: int = 200) -> list[dict[str, object]]:
    """The latest writes of a pair, newest first, as plain values: when, which record, why, before and after."""
    if key or target:
        rows = _JOURNAL_OF.rows(conn, pair=pair, key=key, target=target, limit=limit)
    else:
        rows = _JOURNAL.rows(conn, pair=pair, limit=limit)
    found = [dict(zip(_PLAIN, row, strict=False)) | dict(zip(_JSON, map(value_from, row[len(_PLAIN) :]), strict=True)) for row in rows]
    return [one | {"after": {}} if one["state"] in UNTIL_SETTLED else one for one in found]


def _intent(row: tuple[Any, ...]) -> Intent:
    of, key, write, command, step, reason, policy_version, label, probes, state, target, due_at, sent_at, told, after = row
    kept, why = value_from(command), value_from(reason)
    return Intent(
        id=of,
        key=key,
        write=write_from(write),
        link_kind=kept["link_kind"],
        agree=flat_from(after),
        source=kept["source"],
        command=kept["command"],
        step=step,
        reason=(why["code"], why["values"]),
        policy_version=policy_version,
        label=label,
        probes=probes,
        state=state,
        target=target,
        sent_at=due_at or sent_at,
        first_sent=sent_at,
        doubt=str((value_from(told) or {}).get("code", "")) if told else "",
    )


def _settle(_: Connection) -> Built:
    target = func.coalesce(func.nullif(bindparam("b_target", type_=Text), ""), intent.c.target)
    return update(intent).where(intent.c.id == bindparam("b_id")).values(target=target)


def _journal() -> Select[Any]:
    latest = select(*(intent.c[name] for name in (*_PLAIN, *_JSON))).where(_MINE).order_by(intent.c.at.desc(), intent.c.id.desc())
    return latest.limit(bindparam("limit", type_=Integer))


_STORED = (
    "id", "key", "write", "command", "step", "reason", "policy_version", "label", "probes", "state", "target", "due_at", "sent_at", "told",
    "after",
)  # fmt: skip
_PLAIN = ("id", "at", "key", "side", "kind", "operation", "target", "state", "label", "policy_version")
_JSON = ("reason", "before", "after", "told")
_MINE = intent.c.pair == bindparam("pair")
_OPEN = and_(_MINE, UNSETTLED)

_NEW = Statement(lambda _: insert(intent))
_SETTLE = Statement(_settle)
_SET = Statement(lambda _: update(intent).where(intent.c.id == bindparam("b_id")))
_UNSETTLED = Statement(lambda _: select(*(intent.c[name] for name in _STORED)).where(_OPEN).order_by(intent.c.at, intent.c.id))
_UNSETTLED_KEYS = Statement(lambda _: select(intent.c.key).where(_OPEN))
_TARGETS = Statement(
    lambda _: select(intent.c.id, intent.c.target).where(
        intent.c.id.in_(bindparam("ids", expanding=True)), intent.c.state.in_(("done", "void"))
    )
)
_MAKING = Statement(
    lambda _: (
        select(intent.c.id, intent.c.key, intent.c.write).where(_OPEN, intent.c.operation == "create").order_by(intent.c.at, intent.c.id)
    )
)
_KINDS = Statement(lambda _: select(intent.c.side, intent.c.kind, intent.c.state, intent.c.due_at, intent.c.at).where(_OPEN))
_JOURNAL = Statement(lambda _: _journal())
_JOURNAL_OF = Statement(lambda _: _journal().where(or_(intent.c.key == bindparam("key"), intent.c.target == bindparam("target"))))
