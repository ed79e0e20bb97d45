"""A row of a stored plan: what is to be done about one record and why, what that rests on, and whether a write is one of those planned."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from unisono.engine.hands import Pairing
from unisono.model.document import Document, File, Note
from unisono.model.errors import Refused
from unisono.model.party import Contact, Party
from unisono.model.product import Product
from unisono.model.record import FIELDWISE, Body, flat_of, label_of
from unisono.plan.actions import Ask, Decision, Join, Reason, Report, Send, Sever, Wait
from unisono.plan.compare import respelled, same
from unisono.plan.situation import Candidate, FiledQuote, Link, Seen, Situation
from unisono.store.codec import body_text, text_of, value_from
from unisono.store.runs import PlanRow

_WEIGHT = ("doubtful", "refused", "gone", "linked", "new", "changed", "waiting", "equal", "left-out")
"""Of several decisions about one record (two flows look at a quote) the weightiest gives the row its verdict."""


def row_of(seq: int, situation: Situation, decisions: Sequence[Decision], basis: str, *, key: str = "") -> PlanRow:
    """The row of a record."""
    first = _main(decisions)
    me = situation.seen(situation.subject.side) or situation.a or situation.b
    return PlanRow(
        seq=seq,
        key=key or str(situation.subject),
        kind=situation.subject.kind,
        verdict=first.verdict,
        action=action_of(first.reason, decisions),
        basis=basis,
        label=label_of(me.record) if me is not None else situation.subject.key,
    )


def action_of(reason: Reason, decisions: Sequence[Decision]) -> dict[str, Any]:
    """What is to be done, as plain values."""
    actions = [action for decision in decisions for action in decision.actions]
    told: dict[str, Any] = {
        "reason": {"code": reason.code, "values": reason.values},
        "writes": [write_of(a) for a in actions if isinstance(a, Send)],
        "links": [_ends_of(a) for a in actions if isinstance(a, Join)],
        "ends": [_ends_of(a) for a in actions if isinstance(a, Sever) and a.then != "kept"],
        "questions": [{"code": a.code, "options": list(a.options), "values": a.values} for a in actions if isinstance(a, Ask)],
        "problems": [{"code": a.code, "field": a.field, "values": a.values} for a in actions if isinstance(a, Report)],
        "after": next((a.on for a in actions if isinstance(a, Wait) and a.on), ""),
    }
    symbols = {o[1:] for w in told["writes"] for o in (w["owner"], *w["about"]) if o.startswith("$") and ":" in o}
    return {name: value for name, value in (told | {"after": told["after"] or min(symbols, default="")}).items() if value}


def _ends_of(link: Join | Sever) -> dict[str, str]:
    return {"kind": link.kind, "a": link.a_key, "b": link.b_key}


def write_of(send: Send) -> dict[str, Any]:
    """One write with its values before and after. ``owner`` and ``about`` may be symbols of records that are still to be made."""
    write = send.write
    about = list(write.body.about) if isinstance(write.body, Note) else []
    after = dict(write.changes) if write.operation == "change" else _values(write.body)
    return {
        "side": write.side,
        "operation": write.operation,
        "kind": write.kind,
        "key": write.key,
        "owner": write.owner,
        "about": about,
        "before": dict(write.before),
        "after": after,
    }


def fits(planned: dict[str, Any], actual: dict[str, Any]) -> bool:
    """Whether a write is the one that was planned; where a symbol stood, any key may stand now, and for a value another spelling of it: of a
    row that we wrote, a vendor may have re-spelled what we did not touch."""
    if any(planned[name] != actual[name] for name in ("side", "operation", "kind")):
        return False
    if any(not _same_values(planned["kind"], planned[name], actual[name]) for name in ("before", "after")):
        return False
    if len(planned["about"]) != len(actual["about"]):
        return False
    keys = [(planned["key"], actual["key"]), (planned["owner"], actual["owner"]), *zip(planned["about"], actual["about"], strict=True)]
    return all(a == b or a.startswith("$") for a, b in keys)


def _same_values(kind: str, planned: dict[str, Any], actual: dict[str, Any]) -> bool:
    """Whether values are those that were planned."""
    if planned == actual:
        return True
    if kind not in FIELDWISE or planned.keys() != actual.keys():
        return False
    return all(same(name, value, actual[name], "") or respelled(value, actual[name]) for name, value in planned.items())


def as_planned(row: PlanRow, decisions: Sequence[Decision]) -> bool:
    """Whether everything that decisions would do now stands in a row."""
    told = action_of(decisions[0].reason, decisions) if decisions else {}
    files = [write["after"]["name"] for write in row.action.get("writes", []) if write["kind"] == "file"]
    writes, now = ([_whichever_file_counts(write, files) for write in some.get("writes", [])] for some in (row.action, told))
    if any(not any(fits(planned, write) for planned in writes) for write in now):
        return False
    # A join of what is linked already writes down that both sides show the same, in whatever spelling: no more than that was released.
    new = [_ends_of(a) for d in decisions if d.verdict == "linked" for a in d.actions if isinstance(a, Join)]
    return all(one in row.action.get("links", []) for one in new) and all(one in row.action.get("ends", []) for one in told.get("ends", []))


def _whichever_file_counts(write: dict[str, Any], files: Sequence[str]) -> dict[str, Any]:
    """A note's text without the line that says which of several files counts: what was planned before the files of the same row were put names
    an earlier one, or none."""
    if write["kind"] != "note" or not files:
        return write
    ours = [re.compile(f"{re.escape(stem)}(_v[0-9]+)?{re.escape(ending)}$") for stem, ending in map(_parted, files)]
    lines = [line for line in str(write["after"].get("text", "")).split("\n") if not any(one.search(line) for one in ours)]
    return write | {"after": write["after"] | {"text": "\n".join(lines)}}


def _parted(name: str) -> tuple[str, str]:
    """A file's name without the number of its version, and its ending."""
    stem, dot, ending = name.rpartition(".")
    return re.sub("_v[0-9]+$", "", stem if dot else name), f"{dot}{ending}" if dot else ""


def touches(decisions: Sequence[Decision]) -> bool:
    """Whether decisions write, link or end a link: what a preview promises."""
    return any(isinstance(a, Send | Sever) or (isinstance(a, Join) and d.verdict == "linked") for d in decisions for a in d.actions)


def basis_of(situation: Situation, owner_basis: str, policy_version: int) -> str:
    """A hash of what a decision rests on and the plan itself does not change.

    That is: both records as seen, what their link agreed, the note that files a document, the record's own reasons, a person's answers, the
    free candidates by what they are recognised by, what a vanished record may have been merged into, whether it has documents, the quotes an
    invoice may come from, the owner and what the owner's row rests on, the version of the policy.
    """
    s = situation
    candidates = [_recognised(c) for c in s.candidates if not c.linked]
    parts: list[Any] = [
        str(s.subject),
        _contents(s.a),
        _contents(s.b),
        _agreed(s.link),
        _agreed(s.filed),
        s.reasons,
        sorted(s.answers.items()),
        sorted(candidates, key=lambda c: str(c[0])),
        sorted((_recognised(c) for c in s.merged), key=lambda c: str(c[0])),
        s.issued,
        sorted([q.seen.record.key, q.deal] for q in s.quotes if _may_be_of(q, s)),
        s.owner.key if s.owner else "",
        s.owner.state if s.owner and s.owner.state in ("unwanted", "severed") else "",
        owner_basis,
        policy_version,
    ]
    return hashlib.blake2b(text_of(parts).encode(), digest_size=16).hexdigest()


def _may_be_of(quote: FiledQuote, s: Situation) -> bool:
    """Whether an invoice may come from a quote: an accepted one, or the one that it names."""
    follows = getattr(s.b.record.body, "preceding", "") if s.b is not None else ""
    return getattr(quote.seen.record.body, "answer", "") == "accepted" or quote.seen.record.key == follows


def checked(situation: Situation, decisions: Sequence[Decision], pairing: Pairing) -> tuple[Decision, ...]:
    """Decisions after a look at what each system would certainly refuse: such a record is a problem before anything is sent."""
    return tuple(_checked(situation, decision, pairing) for decision in decisions)


def _checked(situation: Situation, decision: Decision, pairing: Pairing) -> Decision:
    for send in decision.sends:
        write = send.write
        if write.operation != "create" or write.kind in ("note", "file") or write.owner.startswith("$"):
            continue
        system = pairing.side(write.side).system
        if system.capabilities.writing(write.kind).inside:
            # It goes into its owner's row, which is read right before it is sent.
            continue
        try:
            system.compose(write, None)
        except Refused as fault:
            report = Report(code=fault.code, field=fault.field, values=dict(fault.values))
            return Decision(situation.subject, "refused", Reason(fault.code, dict(fault.values)), (report,))
    return decision


def _main(decisions: Sequence[Decision]) -> Decision:
    acting = [d for d in decisions if d.actions] or list(decisions)
    # A join and what follows from it are one row: the join says what it is.
    return min(acting, key=lambda d: (d.verdict != "linked", _WEIGHT.index(d.verdict)))


def _contents(seen: Seen | None) -> list[Any]:
    if seen is None:
        return []
    body = seen.record.body
    if isinstance(body, Document) and body.file_url:
        body = replace(body, file_url="")
    return [seen.record.key, body_text(body), seen.record.owner, seen.gone, seen.missing]


def _recognised(candidate: Candidate) -> list[Any]:
    return [candidate.seen.record.key, candidate.seen.gone, text_of(candidate.seen.keys)]


def _agreed(link: Link | None) -> list[Any]:
    return [] if link is None else [link.a_key, link.b_key, link.agreed_a, link.agreed_b, link.state]


def _values(body: Body | None) -> dict[str, Any]:
    if isinstance(body, Party | Contact | Product):
        return {name: value for name, value in flat_of(body).items() if value}
    if isinstance(body, Note):
        return {"title": body.title, "text": body.text}
    if isinstance(body, File):
        return {"name": body.name}
    if isinstance(body, Document):
        told: dict[str, Any] = value_from(body_text(body))
        return {name: value for name, value in told.items() if value not in (None, "", {}) and name not in ("reference", "file_url")}
    return {}


def calls_of(write: dict[str, Any], pairing: Pairing) -> dict[str, int]:
    """The wire calls one planned write costs, by side: reading before a change, the write, reading back, a document's file."""
    side = write["side"]
    writing = pairing.side(side).system.capabilities.writing(write["kind"])
    own = writing.calls if write["operation"] == "create" else 2
    own += 1 if writing.read_back and write["operation"] != "delete" else 0
    far = "b" if side == "a" else "a"
    return {side: own, far: 1 if write["kind"] == "file" else 0}
