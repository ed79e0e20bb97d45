"""Quotes: a deal becomes a quote once; later edits are a person's decision."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.plan.worlds import INVOICING, about, deal, free, line, linked, owned, quote, rules, taken
from unisono.model.capability import Writing
from unisono.model.document import Document, Lines
from unisono.plan.actions import Ask, Decision, Join, Report, Send, Sever, Wait
from unisono.plan.flows.quotes import plan_quote, quote_from, quote_version
from unisono.plan.situation import Seen, Situation

RULES = rules()
REFERENCE = "uni-abcdefgh23456722"


def told(decision: Decision) -> tuple[str, str]:
    return decision.verdict, decision.reason.code


def only(decision: Decision, kind: type) -> Any:
    (action,) = decision.actions
    assert isinstance(action, kind)
    return action


def body(row: Seen) -> Document:
    assert isinstance(row.record.body, Document)
    return row.record.body


def test_a_deal_of_a_linked_customer_becomes_a_draft_quote_with_one_line() -> None:
    decision = plan_quote(about(deal(quantity=Decimal(3), unit="h", value=Decimal("80.50"), text="As discussed"), owner=owned()), RULES)
    send = only(decision, Send)
    assert told(decision) == ("new", "quote-made")
    assert (send.write.operation, send.write.side, send.write.kind, send.write.owner, send.link_kind) == (
        "create",
        "b",
        "quote",
        "c42",
        "quote",
    )
    made = send.write.body
    assert isinstance(made, Document)
    assert (made.type_code, made.title, made.basis, made.currency, made.stage, made.text) == (
        "310",
        "New roof",
        "net",
        "EUR",
        "draft",
        "As discussed",
    )
    assert isinstance(made.lines, Lines)
    (row,) = made.lines.rows
    assert (row.name, row.quantity, row.unit, row.price, row.vat_rate) == ("New roof", Decimal(3), "h", Decimal("80.50"), Decimal(19))


@pytest.mark.parametrize(
    ("given_basis", "policy", "basis", "rate"),
    (
        ("unknown", {}, "net", "19"),
        ("unknown", {"basis": "gross", "vat_rate": 7}, "gross", "7"),
        ("gross", {"basis": "net"}, "gross", "19"),
        ("net", {"basis": "gross"}, "net", "19"),
    ),
)
def test_an_amount_of_unknown_basis_is_settled_by_the_firm_a_known_one_is_kept(
    given_basis: Any, policy: dict[str, Any], basis: str, rate: str
) -> None:
    made = quote_from(body(deal(basis=given_basis)), rules(quotes=policy).policy)
    assert made.basis == basis
    assert isinstance(made.lines, Lines)
    assert made.lines.rows[0].vat_rate == Decimal(rate)


def test_a_deal_that_has_lines_keeps_them() -> None:
    lines = Lines((line("Tiles", "33.33", "3"), line("Work", "80.00", "1.5")))
    assert quote_from(body(deal(lines=lines)), RULES.policy).lines == lines


@pytest.mark.parametrize(
    ("fields", "more", "policy", "code"),
    (
        ({}, {}, {"direction": "off"}, "direction-off"),
        ({"owner": ""}, {"owner": None}, {}, "quote-without-customer"),
        ({}, {"history": True}, {}, "older-than-release"),
        ({"answer": "rejected"}, {}, {}, "quote-lost"),
        ({}, {"owner": owned(state="unwanted")}, {}, "owner-left-out"),
        ({}, {"owner": owned(state="severed")}, {}, "owner-left-out"),
    ),
)
def test_a_rule_leaves_a_deal_where_it_is(fields: dict[str, Any], more: dict[str, Any], policy: dict[str, Any], code: str) -> None:
    decision = plan_quote(about(deal(**fields), **({"owner": owned()} | more)), rules(quotes=policy))
    assert (told(decision), decision.actions) == (("left-out", code), ())


def test_history_goes_along_if_the_firm_wants_it() -> None:
    assert told(plan_quote(about(deal(), owner=owned(), history=True), rules(quotes={"history": "all"}))) == ("new", "quote-made")


def test_a_system_that_makes_no_quotes_gets_none() -> None:
    mute = replace(INVOICING, writings=(Writing(kind="party", create="record"),))
    assert told(plan_quote(about(deal(), owner=owned()), replace(RULES, b=mute))) == ("left-out", "direction-off")


@pytest.mark.parametrize("value", (None, Decimal(0), Decimal(-5)))
def test_a_deal_without_amount_is_told_and_never_a_zero_offer(value: Decimal | None) -> None:
    decision = plan_quote(about(deal(value=value), owner=owned()), RULES)
    report = only(decision, Report)
    assert (told(decision), report.field, report.values) == (("refused", "quote-without-amount"), "value", {"name": "New roof"})


def test_a_title_too_long_for_the_other_side_is_told_with_both_lengths() -> None:
    report = only(plan_quote(about(deal(title="R" * 41), owner=owned()), RULES), Report)
    assert (report.code, report.field, report.values["length"], report.values["limit"]) == ("too-long", "title", "41", "40")


@pytest.mark.parametrize("owner", (owned(state="wanted"), owned(state="unknown"), None))
def test_the_customer_comes_first(owner: Any) -> None:
    decision = plan_quote(about(deal(), owner=owner), RULES)
    assert (told(decision), only(decision, Wait).on) == (("waiting", "owner-first"), "a:party:42")


def test_a_quote_that_carries_the_deals_reference_is_its_quote() -> None:
    s = about(deal(reference=REFERENCE), owner=owned(), candidates=(free(quote("q9", reference=REFERENCE)), free(quote("q1"))))
    join = only(plan_quote(s, RULES), Join)
    assert (join.kind, join.a_key, join.b_key) == ("quote", "5", "q9")
    assert join.agreed_a == {"version": quote_version(body(deal()))}


@pytest.mark.parametrize("owner", (owned(state="severed"), owned(state="unwanted"), None))
def test_a_quote_made_of_a_deal_whose_customer_is_gone_by_now_is_its_quote_all_the_same(owner: Any) -> None:
    s = about(deal(reference=REFERENCE), owner=owner, candidates=(free(quote("q9", reference=REFERENCE)),))
    assert only(plan_quote(s, RULES), Join).b_key == "q9"
    assert told(plan_quote(s, rules(quotes={"direction": "off"}))) == ("left-out", "direction-off")


def test_a_quote_that_is_another_deals_or_carries_no_reference_is_not_joined() -> None:
    linked_elsewhere = about(deal(reference=REFERENCE), owner=owned(), candidates=(taken(quote("q9", reference=REFERENCE)),))
    without = about(deal(reference=""), owner=owned(), candidates=(free(quote("q9", reference="")),))
    assert [told(plan_quote(s, RULES)) for s in (linked_elsewhere, without)] == [("new", "quote-made")] * 2


def test_of_two_quotes_with_one_reference_the_order_of_finding_does_not_matter() -> None:
    two = (free(quote("q9", reference=REFERENCE)), free(quote("q1", reference=REFERENCE)))
    mine = deal(reference=REFERENCE)
    decisions = [plan_quote(about(mine, owner=owned(), candidates=pool), RULES) for pool in (two, two[::-1])]
    assert decisions[0] == decisions[1]


def made_before(now: Seen, there: Seen, **more: Any) -> Situation:
    """A deal whose quote was made when the deal was still as usual."""
    return linked(now, there, {"version": quote_version(body(deal()))}, **more)


@pytest.mark.parametrize("fields", ({}, {"text": "other words"}, {"stage": "sent"}, {"answer": "accepted"}, {"value": Decimal(1000)}))
def test_a_deal_whose_title_and_amount_stay_is_in_step_with_its_quote(fields: dict[str, Any]) -> None:
    assert told(plan_quote(made_before(deal(**fields), quote()), RULES)) == ("equal", "in-step")


@pytest.mark.parametrize("fields", ({"title": "Two roofs"}, {"value": Decimal(2000)}, {"quantity": Decimal(2)}, {"currency": "PLN"}))
def test_an_edited_deal_is_a_question_and_nothing_is_sent(fields: dict[str, Any]) -> None:
    decision = plan_quote(made_before(deal(**fields), quote(stage="draft")), RULES)
    assert told(decision) == ("doubtful", "quote-edited")
    assert only(decision, Ask).options == ("leave", "done-by-hand", "make-anew", "later")


def test_the_question_is_asked_on_the_deals_side_alone() -> None:
    s = made_before(deal(value=Decimal(2000)), quote(stage="draft"))
    there = replace(s, subject=replace(s.subject, side="b", key="q5"))
    assert told(plan_quote(there, RULES)) == ("equal", "in-step")


@pytest.mark.parametrize("stage", ("issued", "sent", "cancelled"))
def test_a_quote_that_went_out_is_never_made_anew_whatever_was_answered(stage: str) -> None:
    edited = deal(value=Decimal(2000))
    asked_as_draft = only(plan_quote(made_before(edited, quote(stage="draft")), RULES), Ask)
    answers = {f"quote-edited|{asked_as_draft.subject}": "make-anew"}
    decision = plan_quote(made_before(edited, quote(stage=stage), answers=answers), RULES)
    ask = only(decision, Ask)
    assert ask.options == ("leave", "done-by-hand", "later")
    assert ask.subject != asked_as_draft.subject, "the answer was given about a draft: another question"


@pytest.mark.parametrize("said", ("leave", "done-by-hand"))
def test_leaving_it_agrees_on_the_deal_as_it_is(said: str) -> None:
    edited = deal(value=Decimal(2000))
    s = made_before(edited, quote(), answers={f"quote-edited|{only(plan_quote(made_before(edited, quote()), RULES), Ask).subject}": said})
    decision = plan_quote(s, RULES)
    join = only(decision, Join)
    assert (told(decision), join.agreed_a) == (("equal", "answered-leave"), {"version": quote_version(body(edited))})
    assert s.link is not None
    settled = replace(s, link=replace(s.link, agreed_a=s.link.agreed_a | join.agreed_a))
    assert told(plan_quote(settled, RULES)) == ("equal", "in-step")


def test_making_anew_deletes_the_untouched_draft() -> None:
    edited = deal(value=Decimal(2000))
    subject = only(plan_quote(made_before(edited, quote(stage="draft")), RULES), Ask).subject
    send = only(plan_quote(made_before(edited, quote(stage="draft"), answers={f"quote-edited|{subject}": "make-anew"}), RULES), Send)
    assert (send.write.operation, send.write.side, send.write.kind, send.write.key) == ("delete", "b", "quote", "q5")


def test_making_anew_is_not_offered_where_the_system_cannot_delete() -> None:
    keeps = replace(INVOICING, writings=tuple(replace(w, delete=False) for w in INVOICING.writings))
    ask = only(plan_quote(made_before(deal(value=Decimal(2000)), quote(stage="draft")), replace(RULES, b=keeps)), Ask)
    assert "make-anew" not in ask.options


@pytest.mark.parametrize(("a_gone", "b_gone"), ((True, False), (False, True)))
def test_a_deleted_deal_or_quote_ends_the_link_and_touches_nobody(a_gone: bool, b_gone: bool) -> None:
    decision = plan_quote(made_before(deal(gone=a_gone), quote(gone=b_gone)), RULES)
    assert (told(decision), only(decision, Sever).kind) == (("gone", "deleted-there"), "quote")


def test_a_severed_link_makes_no_second_quote() -> None:
    s = linked(deal(), quote(), state="severed", why="deleted-there", owner=owned())
    assert (told(plan_quote(s, RULES)), plan_quote(s, RULES).actions) == (("left-out", "severed"), ())


def test_a_quote_made_in_the_invoicing_system_stays_there() -> None:
    assert told(plan_quote(about(quote(), side="b"), RULES)) == ("left-out", "quote-stays-there")
