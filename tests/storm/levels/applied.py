"""What becomes of a situation when its plan is carried out: the vendor does as told (or keeps less), and it is settled as the engine does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from tests.storm.levels.cases import body_of, flat_of_seen, seen
from unisono.model.document import Document, File
from unisono.model.party import Flat
from unisono.model.record import flat_of
from unisono.plan.actions import Action, Decision, Join, Send, Sever
from unisono.plan.planner import plan
from unisono.plan.situation import Link, Rules, Situation, Subject

Decisions = tuple[Decision, ...]
Planner = Callable[[Situation, Rules], Decisions]
Vendor = Callable[[str, str], str]
"""Field and value -> what the vendor keeps of it."""
ROUNDS = 12
"""So many writes in a row about one record are more than any plan needs."""


def faithful(name: str, value: str) -> str:
    """Keeps what it is given."""
    return value


def sloppy(name: str, value: str) -> str:
    """Shouts cities, cuts names, drops notes."""
    if name == "address.city":
        return value.upper()
    if name in ("name", "first_name"):
        return value[:6] or value
    return "" if name == "note" else value


def words(code: str, values: dict[str, str]) -> str:
    """Sentences without a catalogue: the code and its values."""
    return f"{code}({', '.join(values.values())})"


def decide(s: Situation, rules: Rules) -> Decisions:
    """The plan of a situation."""
    return plan(s, rules, words)


def settled(
    s: Situation, rules: Rules, vendor: Vendor = faithful, planned: Decisions | None = None, planner: Planner | None = None
) -> tuple[Situation, int, Decisions]:
    """The situation once nothing is left to be done, how many rounds that took (``ROUNDS``: it never ends), and its last plan.

    ``planned`` is the plan of the situation, if it is known already.
    """
    planner = planner or decide
    decisions = planner(s, rules) if planned is None else planned
    for rounds in range(ROUNDS):
        actions = [action for decision in decisions for action in decision.actions]
        if not any(isinstance(action, Send | Join | Sever) for action in actions):
            return s, rounds, decisions
        s = carried_out(s, actions, rules, vendor)
        decisions = planner(s, rules)
    return s, ROUNDS, decisions


def carried_out(s: Situation, actions: list[Action], rules: Rules, vendor: Vendor = faithful) -> Situation:
    """Everything that needs no call, then the first write: the others are planned again after it."""
    for action in actions:
        if isinstance(action, Sever):
            s = _ended(s, action)
        elif isinstance(action, Join):
            s = _joined(s, action)
    send = next((action for action in actions if isinstance(action, Send)), None)
    return s if send is None else _sent(s, send, rules, vendor)


def _ended(s: Situation, action: Sever) -> Situation:
    assert s.link is not None
    if action.then == "forgotten":
        return replace(s, link=None, moved=False)
    why = action.why or action.reason.code
    return replace(s, link=replace(s.link, why=why, state="linked" if action.then == "kept" else "severed"))


def _joined(s: Situation, join: Join) -> Situation:
    old = s.link
    if old is not None and (old.a_key, old.b_key) == (join.a_key, join.b_key):
        return replace(s, link=replace(old, agreed_a=old.agreed_a | join.agreed_a, agreed_b=old.agreed_b | join.agreed_b))
    assert old is None, "a second link for a record"
    rows = {c.seen.record.key: c.seen for c in (*s.candidates, *s.merged)}
    a = s.a if s.a is not None and s.a.record.key == join.a_key else rows[join.a_key]
    b = s.b if s.b is not None and s.b.record.key == join.b_key else rows[join.b_key]
    link = Link("l9", join.kind, join.a_key, join.b_key, dict(join.agreed_a), dict(join.agreed_b))
    return _under_crm_key(replace(s, a=a, b=b, link=link, candidates=(), merged=()))


def _under_crm_key(s: Situation) -> Situation:
    """Linked customers are worked on under their CRM key."""
    if s.link is None or s.link.kind == "quote":
        return s
    return replace(s, subject=Subject("a", s.link.kind, s.link.a_key), reasons=(), candidates=(), peers=())


def _sent(s: Situation, send: Send, rules: Rules, vendor: Vendor) -> Situation:
    write = send.write
    if write.kind in ("note", "file"):
        return _filed(s, send)
    if write.kind == "quote":
        return _quote(s, send)
    if write.operation == "create":
        return _created(s, send, rules, vendor)
    if write.operation == "delete":
        row = s.seen(write.side)
        assert row is not None
        return replace(s, link=None, **{write.side: replace(row, gone=True)})  # type: ignore[arg-type]
    if "tags" in write.changes:
        assert s.link is not None
        return replace(s, link=replace(s.link, why="deleted-there"))
    return _changed(s, send, rules, vendor)


def _created(s: Situation, send: Send, rules: Rules, vendor: Vendor) -> Situation:
    write, side = send.write, send.write.side
    assert write.body is not None
    held = rules.capabilities(side).fields(write.kind)
    flat = {name: vendor(name, value) if name in held else "" for name, value in flat_of(write.body).items()}
    there = seen(write.kind, "made", body_of(write.kind, flat | {"type": flat_of(write.body).get("type", "")}), owner=write.owner)
    keys = (s.subject.key, "made") if side == "b" else ("made", s.subject.key)
    s = replace(s, link=Link("l9", send.link_kind, *keys), **{side: there})  # type: ignore[arg-type]
    return _under_crm_key(_agreed(s, send, flat_of_seen(there), rules))


def _changed(s: Situation, send: Send, rules: Rules, vendor: Vendor) -> Situation:
    row = s.seen(send.write.side)
    assert row is not None
    kept = {name: vendor(name, value) for name, value in send.write.changes.items()}
    now = flat_of_seen(row) | kept
    old: Any = row.record.body
    body = replace(body_of(row.record.kind, now, old.reference), tags=old.tags)
    there = seen(row.record.kind, row.record.key, body, owner=row.record.owner, missing=row.missing)
    return _agreed(replace(s, **{send.write.side: there}), send, now, rules)  # type: ignore[arg-type]


def _agreed(s: Situation, send: Send, after: Flat, rules: Rules) -> Situation:
    """What the source held and what the target holds after read-back, of the fields that both can hold."""
    link = s.link
    assert link is not None
    a, b = rules.a.fields(link.kind, link.a_key), rules.b.fields(link.kind, link.b_key)
    mine = {name: value for name, value in send.agree.items() if name in a and name in b and name != "type"}
    theirs = {name: after.get(name, "") for name in mine}
    to_a, to_b = (mine, theirs) if send.write.side == "b" else (theirs, mine)
    return replace(s, link=replace(link, agreed_a=link.agreed_a | to_a, agreed_b=link.agreed_b | to_b))


def _quote(s: Situation, send: Send) -> Situation:
    if send.write.operation == "delete":
        assert s.b is not None
        return replace(s, link=None, b=None)
    body = send.write.body
    assert isinstance(body, Document)
    there = seen("quote", "made", body, owner=send.write.owner)
    return replace(s, b=there, link=Link("l9", "quote", s.subject.key, "made", dict(send.agree), {}))


def _filed(s: Situation, send: Send) -> Situation:
    """The note, or a file on it: its link says what lies there."""
    old = s.filed or Link("l8", "note", "n1", send.source.replace(":", "/", 1))
    agreed_a = {name: value for name, value in send.agree.items() if name in ("text", "files")}
    agreed_b = {name: value for name, value in send.agree.items() if name == "version"}
    if isinstance(send.write.body, File):
        agreed_a["file"] = send.write.body.name
    return replace(s, filed=replace(old, agreed_a=old.agreed_a | agreed_a, agreed_b=old.agreed_b | agreed_b))
