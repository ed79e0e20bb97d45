"""Products: who is who, which fields cross, and how a price is said on the other side."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.plan.worlds import CRM, INVOICING, about, free, linked, record, rules, seen, taken
from unisono.model.capability import FieldLimit, Writing
from unisono.model.money import Amount, Basis
from unisono.model.product import Product, flat_product
from unisono.model.record import MatchKeys
from unisono.plan.actions import Ask, Decision, Join, Report, Send, Sever, Wait
from unisono.plan.flows.products import plan_product, same_price
from unisono.plan.situation import Rules, Seen, Situation

FIELDS = {"type": FieldLimit(on_change=False), "name": FieldLimit(required="yes", length=20, can_clear=False)}
FIELDS |= {name: FieldLimit() for name in ("number", "unit", "vat_rate", "price")}
WRITES = Writing(kind="product", create="record", change=True, fields=FIELDS)


def pair(there: Writing = WRITES, **policy: Any) -> Rules:
    """Rules of a pair that keeps its catalogues in step."""
    whole = rules(products={"direction": "both"} | policy).policy
    return Rules(whole, replace(CRM, writings=(*CRM.writings, WRITES)), replace(INVOICING, writings=(*INVOICING.writings, there)))


def item(key: str = "p1", *, gone: bool = False, missing: bool = False, **fields: Any) -> Seen:
    usual: dict[str, Any] = {"name": "Tile", "number": "T-1", "price": eur("10"), "vat_rate": Decimal(19)}
    return seen(record("product", key, Product(**(usual | fields))), gone=gone, missing=missing)


def eur(value: str, basis: Basis = "net") -> Amount:
    return Amount(Decimal(value), "EUR", basis)


def flat(row: Seen) -> dict[str, str]:
    assert isinstance(row.record.body, Product)
    return flat_product(row.record.body)


def in_step(a: Seen, b: Seen, now_a: Seen | None = None, now_b: Seen | None = None, **more: Any) -> Situation:
    """Two linked products that were in step as ``a`` and ``b``, and are now otherwise."""
    return linked(now_a or a, now_b or b, flat(a), flat(b), **more)


def told(decision: Decision) -> tuple[str, str]:
    return decision.verdict, decision.reason.code


def only(decision: Decision, kind: type) -> Any:
    (action,) = decision.actions
    assert isinstance(action, kind)
    return action


@pytest.mark.parametrize("side", ("a", "b"))
def test_a_new_product_is_made_on_the_other_side(side: Any) -> None:
    write = only(plan_product(about(item(), side=side), pair()), Send).write
    assert (write.operation, write.side, write.kind, write.body.name, write.body.price) == (
        "create",
        "b" if side == "a" else "a",
        "product",
        "Tile",
        eur("10"),
    )


@pytest.mark.parametrize(
    ("fields", "more", "policy", "code"),
    (
        ({}, {}, {"direction": "off"}, "direction-off"),
        ({}, {}, {"direction": "to-crm"}, "direction-off"),
        ({"active": False}, {}, {}, "product-archived"),
        ({}, {"history": True}, {"history": "new"}, "older-than-release"),
    ),
)
def test_a_rule_leaves_a_product_where_it_is(fields: dict[str, Any], more: dict[str, Any], policy: dict[str, Any], code: str) -> None:
    assert told(plan_product(about(item(**fields), **more), pair(**policy))) == ("left-out", code)


def test_a_system_that_makes_no_products_gets_none() -> None:
    assert told(plan_product(about(item()), pair(Writing(kind="product")))) == ("left-out", "cannot-create")


def test_nothing_is_made_before_everything_there_is_known() -> None:
    assert told(plan_product(about(item(), whole=False), pair())) == ("waiting", "target-not-read")
    assert told(plan_product(about(item(), held=True), pair())) == ("waiting", "unclear-create-first")


def test_one_number_is_one_product_whatever_it_is_called() -> None:
    join = only(plan_product(about(item(), candidates=(free(item("q1", name="Tile, white")),)), pair()), Join)
    assert (join.a_key, join.b_key, "name" in join.agreed_a, join.agreed_a["number"]) == ("p1", "q1", False, "T-1")


@pytest.mark.parametrize(
    ("mine", "candidates", "peers", "options"),
    (
        ({"number": ""}, (free(item("q1")),), (), ("same", "different", "later")),
        ({}, (free(item("q1")), free(item("q2"))), (), ("same", "different", "later")),
        ({}, (free(item("q1")),), (MatchKeys(number="T-1"),), ("same", "different", "later")),
        ({}, (taken(item("q1")),), (), ("different", "later")),
    ),
    ids=("name alone", "twice there", "twice here", "somebody else's"),
)
def test_whatever_is_not_beyond_doubt_is_a_question(mine: dict[str, Any], candidates: Any, peers: Any, options: tuple[str, ...]) -> None:
    ask = only(plan_product(about(item(**mine), candidates=candidates, peers=peers), pair()), Ask)
    assert (ask.code, ask.subject, ask.options) == ("same-product", "p1|q1", options)


def test_an_equal_name_with_another_number_is_another_product() -> None:
    assert told(plan_product(about(item(), candidates=(free(item("q1", number="T-2")),)), pair())) == ("new", "created-because")


def test_the_question_is_asked_on_the_crms_side_and_its_answer_counts_for_both() -> None:
    s = about(item("q1"), side="b", candidates=(free(item("p1", number="")),))
    assert only(plan_product(s, pair()), Wait).on == "a:product:p1"
    assert only(plan_product(s, pair(direction="to-crm")), Ask).subject == "p1|q1", "the CRM's would never ask"
    assert told(plan_product(replace(s, answers={"same-product|p1|q1": "different"}), pair())) == ("new", "created-because")
    assert only(plan_product(replace(s, answers={"same-product|p1|q1": "same"}), pair()), Join).a_key == "p1"


def test_an_edit_is_carried_over_and_only_that_field() -> None:
    send = only(plan_product(in_step(item(), item("q1"), item(unit="box")), pair()), Send)
    assert (send.write.side, send.write.key, send.write.changes, send.agree) == ("b", "q1", {"unit": "box"}, {"unit": "box"})


def test_a_field_with_a_direction_of_its_own_goes_that_way_only() -> None:
    s = in_step(item(), item("q1"), None, item("q1", price=eur("99")))
    assert told(plan_product(s, pair(fields={"price": "to-invoicing"}))) == ("left-out", "fields-left-out")


@pytest.mark.parametrize(("wins", "side"), (("crm", "b"), ("invoicing", "a")))
def test_the_firms_rule_decides_between_two_edits(wins: str, side: str) -> None:
    s = in_step(item(), item("q1"), item(unit="box"), item("q1", unit="pallet"))
    assert only(plan_product(s, pair(wins=wins)), Send).write.side == side
    assert only(plan_product(s, pair()), Ask).code == "conflict"


GROSS = replace(WRITES, fields=FIELDS | {"price": FieldLimit(values=("gross",))})


def test_a_price_is_said_as_the_other_side_keeps_it() -> None:
    send = only(plan_product(about(item()), pair(GROSS)), Send)
    assert (send.write.body.price, send.agree["price"]) == (eur("11.90", "gross"), "10 EUR net")


def test_the_same_price_with_and_without_vat_is_no_difference() -> None:
    s = linked(item(), item("q1", price=eur("11.90", "gross")))
    decision = plan_product(s, pair(GROSS))
    assert (told(decision), only(decision, Join).agreed_b["price"]) == (("equal", "in-step"), "11.9 EUR gross")


@pytest.mark.parametrize(
    ("a", "b", "rate", "same"),
    (
        ("16.8 EUR net", "19.99 EUR gross", "19", True),
        ("10 EUR net", "11.9 EUR gross", "19", True),
        ("10 EUR net", "11.9 EUR gross", "7", False),
        ("10 EUR net", "11.9 EUR gross", "", False),
        ("10 EUR net", "10 PLN net", "19", False),
        ("10 EUR net", "", "19", False),
        ("10 EUR unknown", "10 EUR net", "", True),
    ),
)
def test_two_prices_are_one_if_either_follows_from_the_other(a: str, b: str, rate: str, same: bool) -> None:
    assert same_price(a, b, (rate,), "net") is same
    assert same_price(b, a, (rate,), "net") is same


def test_a_price_that_cannot_be_said_there_is_told_and_the_rest_goes() -> None:
    s = in_step(
        item(vat_rate=None), item("q1", vat_rate=None, price=eur("11.9", "gross")), item(vat_rate=None, price=eur("20"), unit="box")
    )
    send, report = plan_product(s, pair(GROSS)).actions
    assert isinstance(send, Send)
    assert isinstance(report, Report)
    assert (send.write.changes, report.code, report.field) == ({"unit": "box"}, "price-without-vat", "price")


def test_another_rate_is_another_price_where_only_one_side_keeps_it_with_vat() -> None:
    s = in_step(item(), item("q1", price=eur("11.9", "gross")), item(vat_rate=Decimal(7)))
    assert only(plan_product(s, pair(GROSS)), Send).write.changes == {"vat_rate": "7", "price": "10.7 EUR gross"}


def test_a_rate_that_cannot_be_taken_away_there_takes_no_price_along() -> None:
    """Storm, planner 112452: the price was written again with every look, and the rate stood there all the same."""
    s = in_step(item(), item("q1", price=eur("11.9", "gross")), item(vat_rate=None))
    decision = plan_product(s, pair(replace(GROSS, fields=GROSS.fields | {"vat_rate": FieldLimit(can_clear=False)})))
    assert only(decision, Report).code == "clear-unverified"


@pytest.mark.parametrize(("a_gone", "b_gone"), ((True, False), (False, True)))
def test_a_deletion_ends_the_link_and_touches_nobody(a_gone: bool, b_gone: bool) -> None:
    decision = plan_product(linked(item(gone=a_gone), item("q1", gone=b_gone)), pair())
    assert (told(decision), only(decision, Sever).kind) == (("gone", "deleted-there"), "product")


def test_a_product_that_is_missing_waits_until_it_is_certain() -> None:
    assert told(plan_product(linked(item(missing=True), item("q1")), pair())) == ("waiting", "missing-not-confirmed")


def test_a_severed_link_makes_no_second_product() -> None:
    assert told(plan_product(linked(item(), item("q1"), state="severed", why="deleted-there"), pair())) == ("left-out", "severed")
