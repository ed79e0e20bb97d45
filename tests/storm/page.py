"""The rule page: for every question to the planner the word that the plain rules have for it, one a flow that looks at the record."""

from __future__ import annotations

from tests.storm.levels.cases import Case
from tests.storm.papers import deal, paper
from tests.storm.rules import LEAVE, Ruled, linked, unlinked
from unisono.model.record import other
from unisono.plan.situation import Rules, Situation


def ruled(case: Case) -> tuple[Ruled, ...]:
    """The page's word on every flow that looks at the record."""
    s, rules = case.situation, case.rules
    if named_by_a_person(s, rules):
        return (LEAVE,)
    if s.subject.kind in ("party", "contact"):
        return (linked(s, s.link, rules) if s.link is not None else unlinked(s, rules),)
    if s.subject.kind == "quote" and s.subject.side == "a":
        return (deal(case),)
    return (deal(case), paper(case)) if s.subject.kind == "quote" else (paper(case),)


def named_by_a_person(s: Situation, rules: Rules) -> bool:
    """A record, its counterpart or the customer it belongs to was left out by name: then nothing at all is done about it."""
    near, far = s.subject.side, other(s.subject.side)
    names = {f"{near}:{s.subject.kind}:{s.subject.key}"}
    if s.link is not None:
        names |= {f"a:{s.link.kind}:{s.link.a_key}", f"b:{s.link.kind}:{s.link.b_key}"}
    if s.owner is not None:
        names |= {f"{near}:{s.owner.kind}:{s.owner.key}", f"{far}:{s.owner.kind}:{s.owner.linked}"}
    return bool(names & set(rules.policy.leave_out))
