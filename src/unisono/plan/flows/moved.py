"""A contact person that changed company: never a silent move, and nothing is deleted. No system is known to move a contact between customers.

Until a person decides, nothing about the contact is carried over: the old customer's contact must not get the new employer's address.
"""

from __future__ import annotations

from collections.abc import Callable

from unisono.model.record import label_of
from unisono.plan.actions import Ask, Decision, Reason, Sever
from unisono.plan.situation import Link, Situation

MOVED = "contact-moved"
"""Code of the question what becomes of a contact whose person belongs to another company now."""


def moved(s: Situation, link: Link, anew: Callable[[], Decision]) -> Decision | None:
    """The decision about a linked contact whose owners are not each other's counterparts any more; ``None`` if they are.

    ``anew`` is what would be done with its person if they had never been linked: joined or made at the new company's customer.
    """
    if not s.moved or s.a is None or s.b is None:
        return None
    subject = f"{s.a.record.owner}|{link.b_key}"
    said = s.answers.get(f"{MOVED}|{subject}", "")
    values = {"name": label_of(s.a.record)}
    reason = Reason(MOVED, values)
    if said == "leave":
        return Decision(s.subject, "gone", reason, (Sever(kind=link.kind, a_key=link.a_key, b_key=link.b_key, reason=reason),))
    if said == "follow":
        there = anew()
        if there.verdict not in ("new", "linked"):
            return there
        ended = Sever(kind=link.kind, a_key=link.a_key, b_key=link.b_key, reason=reason, then="forgotten")
        return Decision(s.subject, there.verdict, there.reason, (ended, *there.actions))
    goes_along = s.owner is not None and s.owner.state in ("linked", "wanted")
    options = ("follow", "leave", "later") if goes_along else ("leave", "later")
    return Decision(s.subject, "doubtful", reason, (Ask(code=MOVED, subject=subject, group=MOVED, options=options, values=values),))


def left_there(s: Situation) -> bool:
    """Whether this is the contact that stayed at the old customer when its person got another one elsewhere."""
    return s.subject.side == "b" and s.answers.get(f"{MOVED}|") == "follow"
