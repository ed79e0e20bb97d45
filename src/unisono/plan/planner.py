"""Which flows look at which record, and their decisions for it."""

from __future__ import annotations

from unisono.plan.actions import Decision, Reason
from unisono.plan.corrections import KINDS, corrected
from unisono.plan.flows.chosen import left_for_good
from unisono.plan.flows.customers import plan_customer
from unisono.plan.flows.documents import Words, plan_document
from unisono.plan.flows.invoices import plan_invoice
from unisono.plan.flows.products import plan_product
from unisono.plan.flows.quotes import plan_quote
from unisono.plan.flows.status import plan_status
from unisono.plan.situation import Rules, Situation
from unisono.plan.wanted import plan_wanted

RANKS = {"party": 0, "contact": 1, "product": 1, "quote": 2, "invoice": 3}
"""Order of work: what others depend on comes first."""


def plan(s: Situation, rules: Rules, words: Words) -> tuple[Decision, ...]:
    """The decisions about one record, one a flow that concerns it. Pure: same situation, same decisions."""
    kind, side = s.subject.kind, s.subject.side
    left_out = left_for_good(s, rules.policy)
    if left_out is not None:
        return (Decision(s.subject, "left-out", left_out),)
    if kind in KINDS:
        mended = corrected(s, rules)
        if mended is not None:
            # What it leads to is planned once it is done.
            return (Decision(s.subject, "changed", mended.reason, (mended,)),)
        wanted = plan_wanted(s, rules) if kind == "party" and side == "a" and s.answers else None
        return (plan_customer(s, rules, words), *((wanted,) if wanted is not None else ()))
    if kind == "product":
        return (plan_product(s, rules),)
    if kind == "quote" and side == "a":
        return (plan_quote(s, rules),)
    told = plan_status(s, rules, words) if kind in ("quote", "invoice") else None
    states = () if told is None else (told,)
    if kind == "quote":
        return (plan_quote(s, rules), plan_document(s, rules, words), *states)
    if kind == "invoice" and side == "a":
        return (plan_invoice(s, rules),)
    if kind == "invoice":
        made = (plan_invoice(s, rules),) if s.link is not None else ()
        return (*made, plan_document(s, rules, words), *states)
    return (Decision(s.subject, "left-out", Reason("kind-not-synchronised", {"kind": kind})),)
