"""Products and invoices drawn by chance: what is planned and done leaves nothing to plan, loses no edit, and is exact to the cent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.plan.test_invoices import mine, pair
from tests.unit.plan.test_products import GROSS
from tests.unit.plan.test_products import pair as catalogues
from tests.unit.plan.worlds import about, linked, owned, record, seen
from unisono.model.document import Document, Line, Lines
from unisono.model.money import Amount, Basis, cents
from unisono.model.party import Flat
from unisono.model.product import flat_product, price_of, product_of
from unisono.plan.actions import Ask, Join, Report, Send
from unisono.plan.compare import held_by_both
from unisono.plan.flows.invoices import plan_invoice
from unisono.plan.flows.products import plan_product, same_price
from unisono.plan.situation import Link, Rules, Situation

few = settings(max_examples=150)
words = st.sampled_from(("", "piece", "box"))
names = st.sampled_from(("Tile", "Lamp"))
rates = st.sampled_from(("", "7", "19"))


def prices(*bases: Basis) -> st.SearchStrategy[str]:
    """No price, or one on one of these bases."""
    values, on = st.sampled_from(("10", "11.9", "19.99", "100")), st.sampled_from(bases)
    return st.one_of(st.just(""), st.builds(lambda value, basis: f"{value} EUR {basis}", values, on))


def flats(*bases: Basis) -> st.SearchStrategy[Flat]:
    told: dict[str, Any] = {"type": st.just("product"), "name": names, "number": words, "unit": words}
    return st.fixed_dictionaries(told | {"vat_rate": rates, "price": prices(*bases)})


net, gross = flats("net"), flats("gross")
policies = st.sampled_from(
    [catalogues(GROSS, wins=wins, direction=way) for wins in ("ask", "crm", "invoicing") for way in ("both", "to-crm", "to-invoicing")]
)


def situation(a: Flat, b: Flat, agreed_a: Flat, agreed_b: Flat) -> Situation:
    full_a, full_b = (flat_product(product_of(flat)) for flat in (a, b))
    rows = [seen(record("product", key, product_of(flat))) for key, flat in (("p1", full_a), ("q1", full_b))]
    return linked(rows[0], rows[1], agreed_a, agreed_b)


def done(a: Flat, b: Flat, link: Link, sends: tuple[Send, ...], joins: list[Join]) -> tuple[Flat, Flat, Flat, Flat]:
    """What both sides hold, and what is agreed, once everything was carried out by vendors that keep what they are given."""
    agreed_a, agreed_b = dict(link.agreed_a), dict(link.agreed_b)
    for join in joins:
        agreed_a, agreed_b = agreed_a | join.agreed_a, agreed_b | join.agreed_b
    for send in sends:
        changes = send.write.changes
        if send.write.side == "b":
            b, agreed_a, agreed_b = b | changes, agreed_a | send.agree, agreed_b | changes
        else:
            a, agreed_b, agreed_a = a | changes, agreed_b | send.agree, agreed_a | changes
    return a, b, agreed_a, agreed_b


@few
@given(net, gross, net, gross, policies)
def test_what_is_done_about_two_products_leaves_nothing_to_write(a: Flat, b: Flat, was_a: Flat, was_b: Flat, rules: Rules) -> None:
    s = situation(a, b, was_a, was_b)
    decision = plan_product(s, rules)
    assert s.link is not None
    joins = [action for action in decision.actions if isinstance(action, Join)]
    after = done(a, b, s.link, decision.sends, joins)
    again = plan_product(situation(*after), rules)
    assert again.sends == ()
    assert plan_product(s, rules) == decision, "the same situation, the same decision"


@few
@given(net, gross, net, gross, policies)
def test_every_edit_of_a_product_has_its_outcome(a: Flat, b: Flat, was_a: Flat, was_b: Flat, rules: Rules) -> None:
    decision = plan_product(situation(a, b, was_a, was_b), rules)
    told = {name for send in decision.sends for name in send.write.changes}
    told |= {name for action in decision.actions if isinstance(action, Join) for name in action.agreed_a}
    told |= {action.values["field"] for action in decision.actions if isinstance(action, Ask)}
    told |= {action.field for action in decision.actions if isinstance(action, Report)}
    told |= {name for name in decision.reason.values.get("fields", "").split(", ") if decision.reason.code == "fields-left-out"}
    edited = {n for n in held_by_both("product", rules.a, rules.b) if a[n] != was_a[n] or b[n] != was_b[n]}
    assert rules.policy.products.direction != "both" or edited <= told
    for send in decision.sends:
        price = price_of(send.write.changes.get("price", ""))
        assert price is None or send.write.side == "a" or price.basis == "gross"


@given(st.decimals(min_value="0.01", max_value="9999", places=2), st.sampled_from(("7", "19", "23")))
def test_a_price_that_crossed_is_the_same_price_ever_after(value: Decimal, rate: str) -> None:
    source = seen(record("product", "p1", product_of({"name": "Tile", "price": f"{value} EUR net", "vat_rate": rate})))
    (send,) = plan_product(about(source), catalogues(GROSS)).sends
    made = getattr(send.write.body, "price", None)
    assert isinstance(made, Amount)
    assert same_price(f"{value} EUR net", f"{made.value} EUR gross", (rate,), "net")


lines = st.lists(
    st.builds(
        Line,
        name=st.just("Tiles"),
        price=st.decimals(min_value="-99", max_value="999", places=2),
        quantity=st.integers(1, 9).map(Decimal),
        vat_rate=st.sampled_from((None, Decimal(0), Decimal(7), Decimal(19))),
    ),
    max_size=4,
)
totals = st.one_of(st.none(), st.decimals(min_value="0", max_value="2000", places=2))


@few
@given(lines, totals, st.sampled_from(("net", "gross", "unknown")), st.sampled_from(("draft", "issued")))
def test_an_invoice_crosses_to_the_cent_or_not_at_all(rows: list[Line], total: Decimal | None, basis: Any, made_as: str) -> None:
    row = mine(lines=Lines(tuple(rows)), gross=total, basis=basis, value=None)
    decision = plan_invoice(about(row, owner=owned()), pair(made_as=made_as))
    assert len(decision.actions) == 1
    for send in decision.sends:
        made = send.write.body
        assert isinstance(made, Document)
        assert made.net is not None
        assert made.vat is not None
        assert made.net + made.vat == made.gross
        assert total is None or cents(total) == made.gross
        assert made.stage == made_as
        assert send.write.operation == "create"
