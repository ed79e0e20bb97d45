"""Undo: from what was written and what is seen now to what can be taken back, and why the rest cannot. Pure.

Only what still holds our own values is taken back; what somebody changed since is a question. A record we made is deleted only if the system
can, nothing rests on it and nobody touched it; else it is merely unlinked. Issued documents stay: they are cancelled where they were issued.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec import field as slot
from msgspec.structs import replace

from unisono.model.capability import Capabilities, FieldLimit
from unisono.model.document import Document
from unisono.model.party import Flat
from unisono.model.record import Kind, Side, flat_of, other
from unisono.model.writing import Operation, Write
from unisono.plan.actions import Ask, Reason, Send
from unisono.plan.situation import Link, Rules, Seen, Situation

What = Literal["change", "delete", "unlink", "ask", "leave", "done"]
"""Write the earlier values, delete what we made, end the link, ask, leave as it is (the reason says why), or: it is as before already."""
EDITED = "undo-edited"
"""Code of the question whether a field that somebody changed since is put back all the same."""
UNDONE = "undone"
"""Code of the reason that writes of an undo carry in the journal, and of the end of a link that was undone."""
RANKS: dict[Kind, int] = {"file": 0, "note": 1, "quote": 2, "invoice": 2, "contact": 3, "party": 4, "product": 4}
"""What rests on others is taken back first."""

RecordKey = tuple[Side, Kind, str]


class Deed(Struct, frozen=True, kw_only=True):
    """One write of the journal that is done. ``after``: what was sent, and where it was read back, what the other system made of it.

    ``row`` tells the vendor's row apart as it was right after (hex), where that is known. ``wanted``: it is to be taken back; the others about
    the same record only tell what is ours in it.
    """

    id: str
    side: Side
    kind: Kind
    key: str
    operation: Operation
    subject: str
    link_kind: Kind
    label: str = ""
    before: Flat = slot(default_factory=dict)
    after: Flat = slot(default_factory=dict)
    row: str = ""
    wanted: bool = True

    @property
    def record(self) -> RecordKey:
        """The record that was written."""
        return self.side, self.kind, self.key


class Reference(Struct, frozen=True):
    """A record that rests on another one: a contact or document of a customer, a note about it. ``row``: resource and key of its vendor row."""

    kind: Kind
    key: str
    label: str
    row: tuple[str, str]


class Target(Struct, frozen=True, kw_only=True):
    """A record that was written, and how it stands now. ``row`` tells its vendor row apart (hex); ``unsettled``: a write about it is open."""

    side: Side
    kind: Kind
    key: str
    deeds: tuple[Deed, ...]
    """Every done write about it, oldest first."""
    now: Seen | None = None
    row: str = ""
    link: Link | None = None
    references: tuple[Reference, ...] = ()
    unsettled: bool = False
    answers: Mapping[str, str] = slot(default_factory=dict)
    """``code|subject`` -> what a person answered."""
    field: str = ""
    """Only this field is to be taken back; empty: everything."""

    @property
    def record(self) -> RecordKey:
        """Side, kind and key."""
        return self.side, self.kind, self.key

    @property
    def wanted(self) -> tuple[Deed, ...]:
        """The writes to be taken back."""
        return tuple(deed for deed in self.deeds if deed.wanted)


class Step(Struct, frozen=True, kw_only=True):
    """What is done about one record, and why. ``changes`` and ``before`` are those of a change: values to write, values seen now."""

    side: Side
    kind: Kind
    key: str
    what: What
    label: str
    reason: Reason
    changes: Flat = slot(default_factory=dict)
    before: Flat = slot(default_factory=dict)
    ask: Ask | None = None
    link: Link | None = None

    @property
    def record(self) -> RecordKey:
        """Side, kind and key."""
        return self.side, self.kind, self.key


def plan_undo(targets: Sequence[Target], rules: Rules) -> list[Step]:
    """The steps for some records, in the order they can be taken. What is deleted in an earlier step no longer rests on anything."""
    steps: list[Step] = []
    going: set[RecordKey] = set()
    for target in sorted(targets, key=lambda t: (RANKS.get(t.kind, 2), t.side, t.key)):
        found = _target(target, rules, going)
        going |= {step.record for step in found if step.what == "delete"}
        steps += found
    return steps


_INSTEAD: dict[What, tuple[What, ...]] = {"delete": ("delete",), "unlink": ("delete", "unlink"), "ask": ("change", "ask")}
"""What may be done of which a person has said yes to more: who may delete may as well only unlink, who may change may ask first."""


def as_agreed(steps: Sequence[Step], agreed: Sequence[Step]) -> list[Step]:
    """Steps planned anew, without what a person was not shown: that is left as it is, and said."""
    shown: dict[RecordKey, list[Step]] = {}
    for step in agreed:
        shown.setdefault(step.record, []).append(step)
    return [step if _is_agreed(step, shown.get(step.record, [])) else _not_shown(step) for step in steps]


def _is_agreed(step: Step, shown: Sequence[Step]) -> bool:
    if step.what in ("leave", "done"):
        return True
    if step.what == "change":
        return any(one.what == "change" and step.changes.items() <= one.changes.items() for one in shown)
    return any(one.what in _INSTEAD[step.what] for one in shown)


def _not_shown(step: Step) -> Step:
    reason = Reason("undo-not-shown", {"name": step.label})
    return replace(step, what="leave", reason=reason, changes={}, before={}, ask=None)


def _target(t: Target, rules: Rules, going: set[RecordKey]) -> list[Step]:
    made = next((d for d in t.wanted if d.operation == "create"), None)
    if t.unsettled:
        return [_step(t, "leave", "undo-unclear-first")]
    if any(d.operation == "delete" for d in t.wanted):
        return [_step(t, "leave", "undo-deleted")]
    if made is not None and not t.field:
        return [_remove(t, rules.capabilities(t.side), going)]
    if t.kind in ("note", "file"):
        return [_step(t, "leave", "undo-cannot-change", fields="text")]
    if t.now is not None and isinstance(t.now.record.body, Document):
        return [_step(t, "leave", "undo-status-told", system=rules.capabilities(t.side).title)]
    return _put_back(t, rules)


def _remove(t: Target, capabilities: Capabilities, going: set[RecordKey]) -> Step:
    """A record we made."""
    title = {"system": capabilities.title}
    if t.kind in ("note", "file") and not capabilities.writing(t.kind).delete:
        return _step(t, "leave", "undo-cannot-delete", **title)
    if t.now is None or t.now.gone:
        return _step(t, "done", "undo-gone", **title)
    body = t.now.record.body
    if isinstance(body, Document) and body.stage != "draft":
        return _step(t, "leave", "undo-issued", **title)
    if not capabilities.writing(t.kind).delete or any(t.key.endswith(ending) for ending in capabilities.writing(t.kind).only):
        return _unlink(t, "undo-cannot-delete", **title)
    edited = edited_since(t, capabilities)
    if edited is not None:
        return _unlink(t, "undo-edited-since", fields=", ".join(edited), **title) if edited else _unlink(t, "undo-touched-since", **title)
    row = (t.now.record.resource, t.now.record.resource_key)
    rests = [r for r in t.references if r.row != row and (t.side, r.kind, r.key) not in going]
    if rests:
        return _unlink(t, "undo-referenced", records=", ".join(r.label for r in rests[:3]), count=str(len(rests)), **title)
    return _step(t, "delete", "undo-made-by-us", **title)


def edited_since(t: Target, capabilities: Capabilities) -> tuple[str, ...] | None:
    """Which fields of a record we made hold something that is not ours. ``None``: nobody touched it; none: something that we do not see."""
    assert t.now is not None
    ours: Flat = {}
    for deed in t.deeds:
        ours |= deed.after
    proof = next((d.row for d in reversed(t.deeds)), "")
    if proof and proof == t.row:
        return None
    if isinstance(t.now.record.body, Document):
        return ()
    now = flat_of(t.now.record.body)
    given = {name for name, limit in capabilities.fields(t.kind, t.key).items() if limit.on_create or limit.on_change}
    fields = tuple(name for name in sorted(given) if now.get(name, "") != ours.get(name, ""))
    # Without a proof of the row the fields have to do; with one, something changed that no field of ours shows.
    return fields or (() if proof else None)


def _put_back(t: Target, rules: Rules) -> list[Step]:
    """A record we changed: field by field."""
    first, last = _span(t)
    if not first:
        return []
    capabilities = rules.capabilities(t.side)
    if t.now is None or t.now.gone:
        return [_step(t, "leave", "undo-gone", system=capabilities.title)]
    now, limits = flat_of(t.now.record.body), capabilities.fields(t.kind, t.key)
    changes: Flat = {}
    steps: list[Step] = []
    for name, before in first.items():
        held = now.get(name, "")
        if held == before:
            continue
        subject = edit_subject(t.side, name, held, before)
        said = t.answers.get(f"{EDITED}|{subject}", "")
        told = {"field": name, "value": held, "before": before, "system": capabilities.title}
        limit = limits.get(name)
        if limit is None or not limit.on_change:
            steps.append(_step(t, "leave", "undo-cannot-change-field", **told))
        elif not before and not _may_clear(limit, t.now, rules):
            steps.append(_step(t, "leave", "undo-cannot-clear", **told))
        elif said == "leave":
            steps.append(_step(t, "leave", "answered-leave"))
        elif held != last[name] and said != "before":
            steps.append(_asking(t, subject, told, last[name]))
        else:
            changes[name] = before
    if changes:
        reason = Reason("undo-back", {"fields": ", ".join(sorted(changes)), "system": capabilities.title})
        seen_now = {name: now.get(name, "") for name in changes}
        steps.insert(0, _made(t, "change", reason, changes=changes, before=seen_now))
    if not steps:
        return [_step(t, "done", "undo-as-before")]
    return steps


def _span(t: Target) -> tuple[Flat, Flat]:
    """Per field what it held before the first of the writes, and what after the last."""
    first: Flat = {}
    last: Flat = {}
    for deed in t.wanted:
        before = deed.before if deed.operation == "change" else dict.fromkeys(deed.after, "")
        for name in before:
            if t.field in ("", name):
                first.setdefault(name, before[name])
                last[name] = deed.after.get(name, "")
    return first, last


def _may_clear(limit: FieldLimit, now: Seen, rules: Rules) -> bool:
    kind_of = flat_of(now.record.body).get("type", "company")
    return limit.required not in ("yes", kind_of) and (limit.can_clear or "clear-field" in rules.policy.try_unverified)


def _asking(t: Target, subject: str, told: dict[str, str], ours: str) -> Step:
    values = {"name": _label(t), **told, "ours": ours}
    ask = Ask(code=EDITED, subject=subject, group=f"{EDITED}/{told['field']}", options=("before", "leave", "later"), values=values)
    return _made(t, "ask", Reason(EDITED, values), ask=ask)


def edit_subject(side: Side, name: str, now: str, before: str) -> str:
    """What makes the question about a changed field the same one again."""
    return json.dumps([side, name, now, before], ensure_ascii=False)


def answered_undo(s: Situation, rules: Rules) -> list[Send]:
    """Fields that a person wants back although somebody changed them since: written as long as they still hold what was asked about."""
    link, sends = s.link, []
    if link is None or link.state != "linked":
        return []
    for key, said in sorted(s.answers.items()):
        code, _, subject = key.partition("|")
        if code != EDITED or said != "before":
            continue
        side, name, now, before = json.loads(subject)
        mine, theirs = s.seen(side), s.seen(other(side))
        if mine is None or theirs is None or mine.gone or flat_of(mine.record.body).get(name, "") != now:
            continue
        if name not in rules.capabilities(side).fields(link.kind, link.key(side)):
            continue
        write = Write(operation="change", side=side, kind=link.kind, key=link.key(side), changes={name: before}, before={name: now})
        held = link.agreed(other(side)).get(name, flat_of(theirs.record.body).get(name, ""))
        sends.append(Send(write=write, reason=Reason(UNDONE, {"fields": name}), link_kind=link.kind, agree={name: held}))
    return sends


def _unlink(t: Target, code: str, **values: str) -> Step:
    linked = t.link is not None and t.link.state == "linked"
    return _step(t, "unlink" if linked else "leave", code, **values)


def _step(t: Target, what: What, code: str, **values: str) -> Step:
    return _made(t, what, Reason(code, {"name": _label(t), **values}))


def _made(
    t: Target, what: What, reason: Reason, *, changes: Flat | None = None, before: Flat | None = None, ask: Ask | None = None
) -> Step:
    return Step(
        side=t.side,
        kind=t.kind,
        key=t.key,
        what=what,
        label=_label(t),
        reason=reason,
        changes=changes or {},
        before=before or {},
        ask=ask,
        link=t.link,
    )


def _label(t: Target) -> str:
    return next((d.label for d in reversed(t.deeds) if d.label), t.key)
