"""What the disappearance of a linked customer leads to: never more than the policy says, and less where anything speaks against it."""

from __future__ import annotations

from collections.abc import Mapping

from unisono.model.party import Contact, Party
from unisono.model.record import Side, flat_of, label_of, other
from unisono.model.writing import Write
from unisono.plan.actions import Ask, Decision, Join, Reason, Send, Sever, side_name
from unisono.plan.compare import held_by_both
from unisono.plan.flows.documents import Words
from unisono.plan.situation import Candidate, Link, Rules, Seen, Situation
from unisono.policy.schema import Deletion, Vanished

TO_MARK = "to-mark"
"""Why a link is severed whose survivor is still to be marked."""
KEPT = "deletion-ignored"
"""Why a link is kept although one side is gone."""
MERGED = "maybe-merged"
"""Code of the question whether a record vanished because it was merged into another one."""
DELETED = "deleted-there"
MARKED = "marked-deleted"


def rule_for(kind: str, side: Side, deletion: Deletion) -> Vanished:
    """What the policy says about a kind of record that was deleted on a side."""
    whole = deletion.in_crm if side == "a" else deletion.in_invoicing
    return deletion.contacts or whole if kind == "contact" else whole


def vanished(s: Situation, link: Link, rules: Rules, words: Words) -> Decision | None:
    """The decision about a linked record of which one side is definitely gone; ``None`` if both are there."""
    assert s.a is not None
    assert s.b is not None
    if not (s.a.gone or s.b.gone):
        return None
    side: Side = "a" if s.a.gone else "b"
    lost, left = (s.a, s.b) if side == "a" else (s.b, s.a)
    reason = Reason(DELETED, {"side": side_name(side), "name": label_of(lost.record)})
    unlink = Decision(s.subject, "gone", reason, (_sever(link, reason),))
    if left.gone:
        return unlink
    rule = rule_for(link.kind, side, rules.policy.customers.deletion)
    if rule == "ignore" and link.why == KEPT:
        return Decision(s.subject, "left-out", Reason(KEPT, reason.values))
    merged = _merged(s, link, side, left, rules)
    if merged is not None:
        return merged
    if rule == "ignore":
        kept = Reason(KEPT, reason.values)
        return Decision(s.subject, "left-out", kept, (Sever(kind=link.kind, a_key=link.a_key, b_key=link.b_key, reason=kept, then="kept"),))
    if rule == "mark" and rules.capabilities(other(side)).writing(link.kind).tags:
        return Decision(s.subject, "gone", reason, (_sever(link, reason, TO_MARK), mark(link, side, left, rules, words)))
    if rule == "delete" and may_delete(s, link, lost, left, other(side), rules):
        write = Write(operation="delete", side=other(side), kind=link.kind, key=link.key(other(side)), before=flat_of(left.record.body))
        return Decision(s.subject, "gone", reason, (Send(write=write, reason=reason, link_kind=link.kind),))
    return unlink


def may_delete(s: Situation, link: Link, lost: Seen, left: Seen, far: Side, rules: Rules) -> bool:
    """Whether the counterpart of a deleted record may be deleted: the deletion was seen twice, the customer has no documents, and nobody
    has edited what is left since both were in step; who never were may have been edited any time."""
    twice = lost.gone and lost.missing
    writing = rules.capabilities(far).writing(link.kind)
    embedded = any(link.key(far).endswith(ending) for ending in writing.only)
    now, agreed = flat_of(left.record.body), link.agreed(far)
    edited = any(now.get(name, "") != value for name, value in agreed.items())
    return twice and writing.delete and bool(agreed) and not (embedded or s.issued or edited)


def mark_of(link: Link, s: Situation, rules: Rules, words: Words) -> Decision | None:
    """The mark that a severed link still owes to what is left of it."""
    if link.why != TO_MARK or s.a is None or s.b is None or s.a.gone == s.b.gone:
        return None
    side: Side = "a" if s.a.gone else "b"
    left = s.b if side == "a" else s.a
    reason = Reason(DELETED, {"side": side_name(side), "name": label_of(left.record)})
    return Decision(s.subject, "gone", reason, (mark(link, side, left, rules, words),))


def mark(link: Link, side: Side, left: Seen, rules: Rules, words: Words) -> Send:
    """The tag that says where the counterpart was deleted. A change: it is composed from a fresh look, so that there is never a second."""
    tag = words("tag.deleted-in", {"system": rules.capabilities(side).title})[:60]
    write = Write(operation="change", side=other(side), kind=link.kind, key=link.key(other(side)), changes={"tags": tag})
    return Send(write=write, reason=Reason(MARKED, {"tag": tag, "name": label_of(left.record)}), link_kind=link.kind)


def _sever(link: Link, reason: Reason, why: str = "") -> Sever:
    return Sever(kind=link.kind, a_key=link.a_key, b_key=link.b_key, reason=reason, why=why)


def _merged(s: Situation, link: Link, side: Side, left: Seen, rules: Rules) -> Decision | None:
    """Merged records look like deleted ones: before the link ends, somebody says whether another record took this one's place."""
    said: Mapping[str, str] = {k.split("|", 1)[1]: v for k, v in s.answers.items() if k.startswith(f"{MERGED}|")}
    for candidate in sorted(s.merged, key=lambda candidate: candidate.seen.record.key):
        key = candidate.seen.record.key
        if said.get(key) == "same":
            return _moved(s, link, side, left, candidate, rules)
        if said.get(key) != "different":
            return _ask(s, side, candidate)
    return None


def _ask(s: Situation, side: Side, candidate: Candidate) -> Decision:
    lost = s.a if side == "a" else s.b
    assert lost is not None
    there = candidate.seen.record
    values = {
        "name": label_of(lost.record),
        "other": label_of(there),
        "other_key": there.key,
        "side": side_name(side),
        "linked": "yes" if candidate.linked else "no",
    }
    ask = Ask(code=MERGED, subject=there.key, group=f"{MERGED}/{side}", options=("same", "different", "later"), values=values)
    return Decision(s.subject, "doubtful", Reason(MERGED, values), (ask,))


def _moved(s: Situation, link: Link, side: Side, left: Seen, candidate: Candidate, rules: Rules) -> Decision:
    """The survivor takes the link over, if it is nobody's counterpart yet; nothing is overwritten by that."""
    there = candidate.seen
    reason = Reason("merged-there", {"name": label_of(there.record), "side": side_name(side)})
    if candidate.linked:
        return Decision(s.subject, "gone", reason, (_sever(link, reason),))
    a, b = (there, left) if side == "a" else (left, there)
    flat_a, flat_b = flat_of(a.record.body), flat_of(b.record.body)
    both = held_by_both(link.kind, rules.a, rules.b, a.record.key, b.record.key)
    equal = [name for name in both if flat_a.get(name, "") == flat_b.get(name, "")]
    join = Join(
        kind=link.kind,
        a_key=a.record.key,
        b_key=b.record.key,
        agreed_a={name: flat_a.get(name, "") for name in equal},
        agreed_b={name: flat_b.get(name, "") for name in equal},
        reason=reason,
    )
    old = Sever(kind=link.kind, a_key=link.a_key, b_key=link.b_key, reason=reason, then="forgotten")
    return Decision(s.subject, "linked", reason, (old, join))


def alike_enough(lost: Seen, there: Seen) -> bool:
    """Whether a record may be what another one was merged into: the same tax id or name; a contact's also at the same customer."""
    mine, theirs = lost.keys, there.keys
    if isinstance(lost.record.body, Contact):
        near = lost.record.owner == there.record.owner or (bool(mine.email) and mine.email == theirs.email)
        return near and bool(mine.name) and mine.name == theirs.name
    if isinstance(lost.record.body, Party) and isinstance(there.record.body, Party) and lost.record.body.type != there.record.body.type:
        return False
    return (bool(mine.tax_id) and mine.tax_id == theirs.tax_id) or (bool(mine.name) and mine.name == theirs.name)
