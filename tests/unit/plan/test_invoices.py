"""Invoices of the CRM: what goes across, as what, and what is said where it does not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.plan.worlds import CRM, INVOICING, about, free, invoice, line, linked, owned, rules, taken, words
from unisono.model.capability import Writing
from unisono.model.document import Document, Lines, NotGiven, NotReadable
from unisono.plan.actions import Ask, Decision, Join, Report, Send, Sever, Wait
from unisono.plan.flows.invoices import alike, invoice_from, invoice_version, plan_invoice
from unisono.plan.planner import plan
from unisono.plan.situation import Rules, Seen, Situation

WRITES = Writing(kind="invoice", create="draft", other_means=("issued",))
TAXED = replace(line(), vat_rate=Decimal(19))


def pair(**policy: Any) -> Rules:
    """Rules of a pair that carries invoices over."""
    return Rules(
        rules(invoices={"direction": "to-invoicing"} | policy).policy, CRM, replace(INVOICING, writings=(*INVOICING.writings, WRITES))
    )


def mine(key: str = "r5", **fields: Any) -> Seen:
    """An invoice of the CRM."""
    usual: dict[str, Any] = {"title": "Kitchen", "basis": "net", "lines": Lines((TAXED,))}
    return invoice(key, "42", **(usual | fields))


def told(decision: Decision) -> tuple[str, str]:
    return decision.verdict, decision.reason.code


def only(decision: Decision, kind: type) -> Any:
    (action,) = decision.actions
    assert isinstance(action, kind)
    return action


def body(row: Seen) -> Document:
    assert isinstance(row.record.body, Document)
    return row.record.body


def test_an_invoice_of_a_linked_customer_becomes_a_draft_with_its_lines_and_totals() -> None:
    send = only(plan_invoice(about(mine(), owner=owned()), pair()), Send)
    assert (send.write.operation, send.write.side, send.write.kind, send.write.owner) == ("create", "b", "invoice", "c42")
    made = send.write.body
    assert isinstance(made, Document)
    assert (made.stage, made.lines, made.net, made.vat, made.gross) == (
        "draft",
        Lines((TAXED,)),
        Decimal(1000),
        Decimal(190),
        Decimal(1190),
    )
    assert made.number == "", "the books give it their own"


@pytest.mark.parametrize(("made_as", "code"), (("draft", "invoice-made"), ("issued", "invoice-issued")))
def test_what_is_made_is_named_by_the_policy_and_said(made_as: str, code: str) -> None:
    decision = plan_invoice(about(mine(), owner=owned()), pair(made_as=made_as))
    assert (told(decision), only(decision, Send).write.body.stage) == (("new", code), made_as)


@pytest.mark.parametrize(
    ("fields", "more", "policy", "code"),
    (
        ({}, {}, {"direction": "off"}, "direction-off"),
        ({"stage": "draft"}, {}, {}, "invoice-is-draft"),
        ({"stage": "cancelled"}, {}, {"taken": "created"}, "invoice-cancelled"),
        ({"type_code": "381"}, {}, {}, "kind-not-taken"),
        ({}, {"history": True}, {}, "older-than-release"),
        ({}, {"owner": owned(state="unwanted")}, {}, "owner-left-out"),
        ({}, {"owner": owned(state="severed")}, {}, "owner-left-out"),
    ),
)
def test_a_rule_leaves_an_invoice_where_it_is(fields: dict[str, Any], more: dict[str, Any], policy: dict[str, Any], code: str) -> None:
    decision = plan_invoice(about(mine(**fields), **({"owner": owned()} | more)), pair(**policy))
    assert (told(decision), decision.actions) == (("left-out", code), ())


def test_history_and_drafts_go_along_if_the_firm_wants_them() -> None:
    everything = pair(history="all", taken="created")
    assert told(plan_invoice(about(mine(stage="draft"), owner=owned(), history=True), everything)) == ("new", "invoice-made")


def test_a_system_that_issues_nothing_from_outside_gets_no_issued_invoice() -> None:
    drafts = pair(made_as="issued")
    b = replace(drafts.b, writings=tuple(replace(w, other_means=()) for w in drafts.b.writings))
    assert told(plan_invoice(about(mine(), owner=owned()), replace(drafts, b=b))) == ("left-out", "invoice-not-so")


@pytest.mark.parametrize("owner", (owned(state="wanted"), owned(state="unknown"), None))
def test_the_customer_comes_first(owner: Any) -> None:
    decision = plan_invoice(about(mine(), owner=owner), pair())
    assert (told(decision), only(decision, Wait).on) == (("waiting", "owner-first"), "a:party:42")


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    (
        ({"lines": NotReadable()}, "lines", "lines-not-readable"),
        ({"lines": NotGiven(), "value": None}, "value", "invoice-without-amount"),
        ({"lines": Lines((line(),))}, "lines", "line-without-vat"),
        ({"gross": Decimal("1190.01")}, "gross", "total-differs"),
        ({"net": Decimal("999.99")}, "net", "total-differs"),
        ({"net": Decimal(1000), "vat": Decimal(190), "gross": Decimal(1189)}, "gross", "invoice-does-not-add-up"),
        ({"lines": Lines((replace(TAXED, net=Decimal("1000.01")),))}, "lines", "line-total-differs"),
    ),
)
def test_what_would_come_out_differently_there_is_refused_with_its_field(fields: dict[str, Any], field: str, code: str) -> None:
    decision = plan_invoice(about(mine(**fields), owner=owned()), pair())
    report = only(decision, Report)
    assert (decision.verdict, report.code, report.field) == ("refused", code, field)


def test_an_amount_without_lines_becomes_one_line_with_the_rate_of_the_policy() -> None:
    made = invoice_from(body(mine(lines=NotGiven(), value=Decimal(100), basis="unknown")), pair(basis="gross", vat_rate=7).policy)
    assert isinstance(made.lines, Lines)
    (row,) = made.lines.rows
    assert (row.name, row.price, row.vat_rate, made.basis, made.gross) == ("Kitchen", Decimal(100), Decimal(7), "gross", Decimal(100))


def test_a_document_that_says_it_has_no_vat_has_lines_without() -> None:
    made = invoice_from(body(mine(lines=Lines((line(),)), vat=Decimal(0), net=Decimal(1000), gross=Decimal(1000))), pair().policy)
    assert isinstance(made.lines, Lines)
    assert (made.lines.rows[0].vat_rate, made.gross) == (Decimal(0), Decimal(1000))


def test_an_invoice_of_the_books_with_the_reference_is_its_counterpart() -> None:
    there = invoice("i9", reference="uni-abcdefgh23456722")
    s = about(mine(reference="uni-abcdefgh23456722"), owner=owned(), candidates=(free(invoice("i1")), free(there)))
    join = only(plan_invoice(s, pair()), Join)
    assert (join.kind, join.a_key, join.b_key) == ("invoice", "r5", "i9")


@pytest.mark.parametrize("owner", (owned(state="severed"), owned(state="unwanted"), None))
def test_an_invoice_made_of_one_whose_customer_is_gone_by_now_is_its_counterpart_all_the_same(owner: Any) -> None:
    """A restored pair knows it by our reference: else what was filed at the one would be filed a second time, elsewhere."""
    there = free(invoice("i9", reference="uni-abcdefgh23456722"))
    s = about(mine(reference="uni-abcdefgh23456722"), owner=owner, candidates=(there,))
    join = only(plan_invoice(s, pair()), Join)
    assert (join.a_key, join.b_key) == ("r5", "i9")
    assert told(plan_invoice(s, pair(direction="off"))) == ("left-out", "direction-off")


def test_one_made_by_hand_is_asked_about_once_and_what_is_said_is_done() -> None:
    there = invoice("i9", lines=Lines((TAXED,)))
    s = about(mine(), owner=owned(), candidates=(free(there),))
    ask = only(plan_invoice(s, pair()), Ask)
    assert (ask.code, ask.subject) == ("same-paper", "i9")
    assert only(plan_invoice(replace(s, answers={"same-paper|i9": "same"}), pair()), Join).b_key == "i9"
    assert only(plan_invoice(replace(s, answers={"same-paper|i9": "different"}), pair()), Send).write.operation == "create"


def test_one_that_is_another_invoices_counterpart_or_cancelled_is_no_question() -> None:
    for candidate in (taken(invoice("i9", number="", lines=Lines((TAXED,)))), free(invoice("i9", stage="cancelled", number=""))):
        assert told(plan_invoice(about(mine(), owner=owned(), candidates=(candidate,)), pair())) == ("new", "invoice-made")


@pytest.mark.parametrize(
    ("fields", "found"),
    (({}, True), ({"number": "R-7", "gross": Decimal(5)}, True), ({"gross": Decimal(5)}, False), ({"currency": "PLN"}, False)),
)
def test_alike_are_equal_numbers_or_equal_lines_and_total(fields: dict[str, Any], found: bool) -> None:
    theirs: dict[str, Any] = {"number": "X", "lines": Lines((TAXED,))} | fields
    assert alike(body(mine(number="R-7")), body(invoice(**theirs))) is found


def made_before(now: Seen, there: Seen, agreed_b: dict[str, str] | None = None, **more: Any) -> Situation:
    """An invoice whose counterpart was made when it was still as usual."""
    return linked(now, there, {"version": invoice_version(body(mine())), "gross": "1190"}, agreed_b, **more)


@pytest.mark.parametrize("fields", ({}, {"paid": "full"}, {"stage": "sent"}, {"text": "other words"}, {"title": "Kitchens"}))
def test_a_payment_or_another_word_changes_nothing(fields: dict[str, Any]) -> None:
    assert told(plan_invoice(made_before(mine(**fields), invoice()), pair())) == ("equal", "in-step")


@pytest.mark.parametrize("fields", ({"lines": Lines((line(),))}, {"gross": Decimal(1)}, {"stage": "cancelled"}, {"currency": "PLN"}))
def test_an_edited_or_cancelled_one_is_a_question_and_nothing_is_sent(fields: dict[str, Any]) -> None:
    ask = only(plan_invoice(made_before(mine(**fields), invoice(stage="draft")), pair()), Ask)
    assert (ask.code, ask.options) == ("invoice-edited", ("leave", "done-by-hand", "later"))


@pytest.mark.parametrize(("a_gone", "b_gone"), ((True, False), (False, True)))
def test_a_deleted_one_ends_the_link_and_touches_nobody(a_gone: bool, b_gone: bool) -> None:
    decision = plan_invoice(made_before(mine(gone=a_gone), invoice(gone=b_gone)), pair())
    assert (told(decision), only(decision, Sever).kind) == (("gone", "deleted-there"), "invoice")


def test_a_severed_link_makes_no_second_invoice() -> None:
    assert told(plan_invoice(linked(mine(), invoice(), state="severed", why="deleted-there", owner=owned()), pair())) == (
        "left-out",
        "severed",
    )


def books_side(s: Situation) -> Situation:
    """The same link, looked at for the books' record."""
    return replace(s, subject=replace(s.subject, side="b", key="i7"))


@pytest.mark.parametrize(
    ("now", "agreed", "code"),
    (
        ("1190.00", {"gross": "1190"}, "in-step"),
        ("1190.01", {"gross": "1190.01"}, "made-with-other-total"),
        ("1500", {"gross": "1190"}, "in-step"),
    ),
    ids=("equal", "computed otherwise", "edited there by a person"),
)
def test_a_total_that_the_books_computed_otherwise_is_told(now: str, agreed: dict[str, str], code: str) -> None:
    s = books_side(made_before(mine(), invoice(gross=Decimal(now), stage="draft"), agreed))
    assert plan_invoice(s, pair()).reason.code == code


def test_a_total_not_read_back_is_compared_at_the_first_look_and_remembered() -> None:
    decision = plan_invoice(books_side(made_before(mine(), invoice(gross=Decimal("1190.01"), stage="draft"))), pair())
    join, report = decision.actions
    assert isinstance(join, Join)
    assert isinstance(report, Report)
    assert (join.agreed_b, report.code) == ({"gross": "1190.01"}, "made-with-other-total")


def test_an_invoice_of_the_books_alone_is_filed_and_no_more() -> None:
    assert [told(d)[1] for d in plan(about(invoice(), side="b", owner=owned("c42", "42")), pair(), words)] == ["document-filed"]
