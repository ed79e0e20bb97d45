"""Status: a document's new state in the invoicing system is told to the deal, quote or invoice of the CRM that it belongs to.

As the CRM can: its stage is moved, an automation is set off; where it lets others do neither, a note says it. Each new state once. What was
told stands in a link of the document's own: by the means it was told with, and as a whole.
"""

from __future__ import annotations

from typing import Literal

from unisono.model.capability import Capabilities
from unisono.model.document import Document, Note, state_of
from unisono.model.record import Kind, label_of
from unisono.model.writing import Write
from unisono.plan.actions import Decision, Join, Reason, Send
from unisono.plan.flows.documents import KINDS, Words, offer_of
from unisono.plan.situation import Rules, Seen, Situation

Means = Literal["stage", "trigger", "note"]
MEANS: tuple[Means, ...] = ("stage", "trigger", "note")
_SAID: dict[Means, str] = {"stage": "status-stage", "trigger": "status-trigger", "note": "status-note"}
"""Code of the reason of a write, by its means."""
_PLACES: dict[str, Kind] = {"linked-invoice": "invoice"}
"""How a document's place is known -> the kind of record it is; a deal or quote is of kind ``quote``."""


def plan_status(s: Situation, rules: Rules, words: Words) -> Decision | None:
    """What is to be done about one document's state; ``None``: the policy does not ask."""
    me = s.b
    if rules.policy.status.direction == "off" or me is None or me.gone:
        return None
    document = me.record.body
    assert isinstance(document, Document)
    state = _word(document, s)
    told = s.told.agreed_b.get("state", "") if s.told is not None else ""
    if state == told or (state == "draft" and s.told is None):
        return Decision(s.subject, "equal", Reason("in-step"))
    if s.told is None and s.existed:
        # What it went through before is history. From here on every new state counts.
        return _remembered(s, state, document, Reason("status-from-here"))
    place, why = offer_of(document, s)
    if not place:
        return Decision(s.subject, "left-out", Reason("status-without-place"))
    kind = _PLACES.get(why, "quote")
    wanted = _wanted(s.subject.kind, state, kind, rules)
    due = [means for means in wanted if s.told is None or s.told.agreed_a.get(means, "") != state]
    if not due:
        return _remembered(s, state, document, Reason("status-not-asked", {"state": _said(state, words)}))
    return _tell(s, me, document, state, due, (kind, place), rules, words)


def means_of(state: str, kind: Kind, crm: Capabilities, stage: str, trigger: str, note: bool) -> dict[Means, str]:
    """By which means a state can be told, and with which word: the stage's name, the automation's code, or the state itself for a note.

    A note takes the place of what is wanted and cannot be done.
    """
    out: dict[Means, str] = {}
    if stage and crm.writing(kind).change and "stage" in crm.fields(kind):
        out["stage"] = stage
    if trigger and "trigger" in crm.doors:
        out["trigger"] = trigger
    missed = (bool(stage) and "stage" not in out) or (bool(trigger) and "trigger" not in out)
    if missed and note and crm.writing("note").create != "none":
        out["note"] = state
    return out


def _wanted(document: Kind, state: str, kind: Kind, rules: Rules) -> dict[Means, str]:
    """What the policy names for the state of a quote or an invoice, as far as the CRM's record can be told so."""
    policy, name = rules.policy.status, f"{document}_{state.partition('/')[0].replace('-', '_')}"
    stage, trigger = getattr(policy.stages, name, ""), getattr(policy.triggers, name, "")
    return means_of(state, kind, rules.a, stage, trigger, policy.note)


def _word(document: Document, s: Situation) -> str:
    """The state to be told; of reminders each level is one of its own."""
    state = state_of(document, s.today)
    return f"{state}/{document.dunning}" if state == "reminded" else state


def _said(state: str, words: Words) -> str:
    name, _, level = state.partition("/")
    return words(f"state.{name}", {"level": level})


def _remembered(s: Situation, state: str, document: Document, reason: Reason) -> Decision:
    """There is nothing to tell, but the state is remembered: when it comes back later, it is a new one."""
    key = f"{s.subject.kind}/{s.subject.key}"
    agreed_a: dict[str, str] = dict.fromkeys(MEANS, state)
    join = Join(
        kind="status", a_key=key, b_key=key, agreed_a=agreed_a, agreed_b={"state": state, "due": str(document.due or "")}, reason=reason
    )
    return Decision(s.subject, "equal", reason, (join,))


def _tell(
    s: Situation, me: Seen, document: Document, state: str, due: list[Means], place: tuple[Kind, str], rules: Rules, words: Words
) -> Decision:
    """A write by each means that is left. Those that are not are remembered along, so that a state that comes back is told anew."""
    kind, key = place
    wanted = _wanted(s.subject.kind, state, kind, rules)
    sends = []
    for number, means in enumerate(due):
        left = due[number + 1 :]
        agree = {one: state for one in MEANS if one not in left} | {"due": str(document.due or "")}
        values = {"name": label_of(me.record), "state": _said(state, words), "word": wanted[means]}
        send = Send(
            write=_write(means, wanted[means], kind, key, document, state, rules, words),
            reason=Reason(_SAID.get(means, ""), values),
            link_kind="status",
            agree=agree if left else agree | {"state": state},
            source=f"{s.subject.kind}:{s.subject.key}",
        )
        sends.append(send)
    return Decision(s.subject, "changed", sends[0].reason, tuple(sends))


def _write(means: Means, word: str, kind: Kind, key: str, document: Document, state: str, rules: Rules, words: Words) -> Write:
    if means == "trigger":
        return Write(operation="change", side="a", kind=kind, key=key, changes={"trigger": word})
    if means == "stage":
        # Where the CRM names fields for them, it is said along which document that is.
        held = rules.a.fields(kind, key)
        named = {name: value for name, value in (("number", document.number), ("view_url", document.view_url)) if value and name in held}
        return Write(operation="change", side="a", kind=kind, key=key, changes={"stage": word, **named})
    values = {
        "system": rules.b.title,
        "kind": words(f"kind.{KINDS.get(document.type_code, 'document')}", {}),
        "number": document.number or "-",
        "state": _said(state, words),
    }
    title = words("note.status", values)
    return Write(operation="create", side="a", kind="note", body=Note(title=title[:100], text=title, about=(key,)))
