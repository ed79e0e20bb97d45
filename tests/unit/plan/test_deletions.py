"""What a deletion leads to, decided from values alone; every reason against a deletion counts on its own."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.plan.worlds import CRM, INVOICING, company, rules
from unisono.model.party import Party
from unisono.model.record import Side, flat_of, other
from unisono.plan.actions import Ask, Join, Send, Sever
from unisono.plan.flows.customers import plan_customer
from unisono.plan.flows.deletions import KEPT, TO_MARK, alike_enough, rule_for
from unisono.plan.situation import Candidate, Link, Rules, Seen, Situation, Subject
from unisono.policy.schema import Deletion, Vanished


def able(chosen: Rules, *, delete: bool = True, tags: bool = True) -> Rules:
    """Both systems can delete and tag parties, or not."""
    a, b = (replace(c, writings=tuple(replace(w, delete=delete, tags=tags) for w in c.writings)) for c in (CRM, INVOICING))
    return replace(chosen, a=a, b=b)


def lost(side: Side = "b", *, link: dict[str, Any] | None = None, **more: Any) -> Situation:
    """A linked company of which one side is gone, as two answers a while apart have shown."""
    a, b = company("company:42"), company("c42")
    gone = {side: replace(b if side == "b" else a, gone=True, missing=True)}
    both: dict[str, Seen] = {"a": a, "b": b} | gone
    kept = Link("l", "party", "company:42", "c42", flat_of(a.record.body), flat_of(b.record.body))
    if link:
        kept = replace(kept, **link)
    return Situation(subject=Subject("a", "party", "company:42"), a=both["a"], b=both["b"], link=kept, **({"issued": False} | more))


def chosen(rule: str, **more: Any) -> Rules:
    return able(rules(customers={"deletion": {"in_crm": rule, "in_invoicing": rule}}), **more)


def done(s: Situation, r: Rules) -> list[str]:
    """What a decision does, one word an action."""
    out: list[str] = []
    for action in plan_customer(s, r).actions:
        if isinstance(action, Send):
            out.append(action.write.operation)
        elif isinstance(action, Sever):
            out.append(action.then)
        else:
            out.append(type(action).__name__.lower())
    return out


@pytest.mark.parametrize("side", ("a", "b"))
@pytest.mark.parametrize(
    ("rule", "actions"),
    (("unlink", ["severed"]), ("ignore", ["kept"]), ("mark", ["severed", "change"]), ("delete", ["delete"])),
)
def test_each_rule_does_what_it_says(rule: str, actions: list[str], side: Side) -> None:
    assert done(lost(side), chosen(rule)) == actions


def test_what_is_written_goes_to_the_side_that_is_left() -> None:
    for side in get_args(Side):
        for rule in ("mark", "delete"):
            (send,) = plan_customer(lost(side), chosen(rule)).sends
            assert (send.write.side, send.write.key) == (other(side), "company:42" if side == "b" else "c42")


def test_a_kept_link_is_noted_once() -> None:
    decision = plan_customer(lost(link={"why": KEPT}), chosen("ignore"))
    assert (decision.verdict, decision.reason.code, decision.actions) == ("left-out", "deletion-ignored", ())
    assert done(lost(link={"why": KEPT}), chosen("unlink")) == ["severed"]


def test_a_severed_link_that_owes_a_mark_still_puts_it() -> None:
    owing = lost(link={"state": "severed", "why": TO_MARK})
    assert done(owing, chosen("mark")) == ["change"]
    assert plan_customer(lost(link={"state": "severed", "why": "deleted-there"}), chosen("mark")).actions == ()


@given(
    twice=st.booleans(),
    issued=st.booleans(),
    edited=st.booleans(),
    able_to=st.booleans(),
    rule=st.sampled_from(get_args(Vanished)),
    side=st.sampled_from(("a", "b")),
)
def test_a_record_is_deleted_only_if_the_firm_says_so_and_nothing_speaks_against_it(
    twice: bool, issued: bool, edited: bool, able_to: bool, rule: str, side: Side
) -> None:
    s = lost(side, issued=issued)
    gone, left = (s.a, s.b) if side == "a" else (s.b, s.a)
    assert gone is not None
    assert left is not None
    gone = replace(gone, missing=twice)
    if edited:
        left = company(left.record.key, phone="0800 77")
    s = replace(s, a=gone, b=left) if side == "a" else replace(s, a=left, b=gone)
    deletes = "delete" in done(s, chosen(rule, delete=able_to))
    assert deletes == (rule == "delete" and twice and able_to and not issued and not edited)


def test_who_was_never_in_step_is_not_deleted() -> None:
    """The counterpart was deleted before anybody could read it: nobody knows what has been edited since."""
    never = lost(link={"agreed_a": {}, "agreed_b": {}})
    assert (done(lost(), chosen("delete")), done(never, chosen("delete"))) == (["delete"], ["severed"])


def test_where_there_are_no_tags_the_link_only_ends() -> None:
    assert done(lost(), chosen("mark", tags=False)) == ["severed"]


def test_gone_on_both_sides_the_link_ends_and_nothing_else() -> None:
    s = lost()
    assert s.a is not None
    for rule in get_args(Vanished):
        assert done(replace(s, a=replace(s.a, gone=True)), chosen(rule)) == ["severed"]


@pytest.mark.parametrize(("said", "actions"), (("", ["ask"]), ("same", ["forgotten", "join"]), ("different", ["delete"])))
def test_a_possible_survivor_is_asked_about_before_anything_else(said: str, actions: list[str]) -> None:
    survivor = Candidate(company("c77"))
    answers = {"maybe-merged|c77": said} if said else {}
    s = lost(merged=(survivor,), answers=answers)
    assert done(s, chosen("delete")) == actions
    if said == "same":
        join = next(a for a in plan_customer(s, chosen("delete")).actions if isinstance(a, Join))
        assert (join.a_key, join.b_key) == ("company:42", "c77")
    if not said:
        ask = next(a for a in plan_customer(s, chosen("delete")).actions if isinstance(a, Ask))
        assert (ask.subject, ask.options) == ("c77", ("same", "different", "later"))


def test_a_survivor_that_is_somebody_elses_counterpart_only_ends_the_link() -> None:
    s = lost(merged=(Candidate(company("c77"), linked=True),), answers={"maybe-merged|c77": "same"})
    assert done(s, chosen("delete")) == ["severed"]


@pytest.mark.parametrize(
    ("mine", "theirs", "alike"),
    (
        ({"name": "Keller AG"}, {"name": "KELLER ag"}, True),
        ({"name": "Keller AG", "tax_id": "DE136695976"}, {"name": "Keller Holding", "tax_id": "DE 136 695 976"}, True),
        ({"name": "Keller AG"}, {"name": "Keller AG & Co. KG"}, False),
    ),
)
def test_a_survivor_has_the_name_or_the_tax_id(mine: dict[str, Any], theirs: dict[str, Any], alike: bool) -> None:
    assert alike_enough(company("1", **mine), company("2", **theirs)) is alike


def test_a_person_is_no_survivor_of_a_company_of_that_name() -> None:
    there = company("2")
    assert isinstance(there.record.body, Party)
    human = replace(there, record=replace(there.record, body=replace(there.record.body, type="person")))
    assert (alike_enough(company("1"), there), alike_enough(company("1"), human)) == (True, False)


def test_contacts_follow_their_own_rule_or_that_of_the_side() -> None:
    rule = Deletion(in_crm="mark", in_invoicing="ignore")
    assert [rule_for("contact", side, rule) for side in get_args(Side)] == ["mark", "ignore"]
    assert rule_for("contact", "a", Deletion(contacts="delete")) == "delete"
    assert rule_for("party", "a", Deletion(contacts="delete")) == "unlink"
