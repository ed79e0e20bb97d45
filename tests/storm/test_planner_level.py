"""Level A sees what it is for: the sound planner passes, each wrong one fails for its own reason, and every kind of decision is drawn."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.storm.levels import planner, trade
from tests.storm.levels.abilities import drawn_rules
from tests.storm.levels.applied import decide
from tests.storm.levels.situations import drawn
from tests.storm.levels.undoing import check_undo, drawn_undo
from tests.storm.rules import mean_the_same
from unisono.model.document import Document, Lines
from unisono.plan.actions import Action, Ask, Decision, Join, Send, Wait
from unisono.plan.situation import Rules, Situation

STOCK = drawn_rules(0)
chances = st.randoms(use_true_random=False)


@pytest.mark.parametrize("flow", planner.ALL)
def test_every_flow_decides_as_the_rule_page_says(flow: str) -> None:
    @settings(max_examples=300)
    @given(chances)
    def holds(chance: Random) -> None:
        assert planner.check(planner.drawn_of(chance, STOCK, "drawn by hypothesis", flow)) == []

    holds()


@settings(max_examples=300)
@given(chances)
def test_an_undo_takes_back_only_what_is_ours(chance: Random) -> None:
    assert check_undo(drawn_undo(chance, STOCK)) == []


def test_a_seed_is_the_same_case_every_time_and_its_neighbours_are_others() -> None:
    assert drawn(7) == drawn(7)
    assert len({repr(drawn(seed).situation) for seed in range(50)}) == 50
    verdict = planner.run(0, 99)
    assert (verdict.fine, verdict.figures["cases"]) == (True, 100)


def test_every_verdict_and_every_way_of_writing_is_drawn() -> None:
    cases = [drawn(seed) for seed in range(4000)]
    decisions = [d for case in cases for d in decide(case.situation, case.rules)]
    assert {d.verdict for d in decisions} == {"new", "changed", "linked", "equal", "doubtful", "left-out", "refused", "waiting", "gone"}
    writes = {(s.write.operation, s.write.kind) for d in decisions for s in d.sends}
    assert writes >= {(o, k) for o in ("create", "change") for k in ("party", "contact", "note")} | {
        ("create", "quote"),
        ("create", "file"),
    }
    assert writes >= {("delete", "party"), ("delete", "quote")}


# --- planners with one famous mistake each ----------------------------------------------------------------------------------------------


def each(actions: tuple[Action, ...], change: Callable[[Action], Action | None]) -> tuple[Action, ...]:
    return tuple(made for action in actions if (made := change(action)) is not None)


def tampered(change: Callable[[Action], Action | None]) -> Callable[[Situation, Rules], tuple[Decision, ...]]:
    """The product's planner, its actions altered."""
    return lambda s, rules: tuple(replace(d, actions=each(d.actions, change)) for d in decide(s, rules))


def latest_wins(action: Action) -> Action | None:
    """A conflict is overwritten instead of asked about."""
    if not (isinstance(action, Ask) and action.code == "conflict"):
        return action
    from unisono.model.writing import Write
    from unisono.plan.actions import Reason

    name, held, value = action.values["field"], action.values["invoicing"], action.values["crm"]
    write = Write(operation="change", side="b", kind="party", key="c42", changes={name: value}, before={name: held})
    return Send(write=write, reason=Reason("edited-there"), link_kind="party", agree={name: value})


def twins(action: Action) -> Action | None:
    """Nobody waits for anybody: what should wait goes unasked."""
    return None if isinstance(action, Wait | Ask) else action


def cents_lost(action: Action) -> Action | None:
    """Prices went through a float."""
    if not (isinstance(action, Send) and isinstance(body := action.write.body, Document) and isinstance(body.lines, Lines)):
        return action
    rows = tuple(replace(row, price=type(row.price)(float(row.price) * 1.1)) for row in body.lines.rows)
    return replace(action, write=replace(action.write, body=replace(body, lines=Lines(rows))))


def orphans(action: Action) -> Action | None:
    """What is made belongs to nobody."""
    if isinstance(action, Send) and action.write.operation == "create" and action.write.owner:
        return replace(action, write=replace(action.write, owner=""))
    return action


def greedy(action: Action) -> Action | None:
    """A deletion spreads, whatever the policy says."""
    if isinstance(action, Send) and "tags" in action.write.changes:
        return replace(action, write=replace(action.write, operation="delete", changes={}))
    return action


def forgetful(action: Action) -> Action | None:
    """What is equal is never agreed."""
    return replace(action, agreed_a={}, agreed_b={}) if isinstance(action, Join) else action


def meddling(action: Action) -> Action | None:
    """Invoices are written to."""
    if isinstance(action, Send) and action.write.kind == "note":
        return replace(action, write=replace(action.write, kind="invoice", side="b"))
    return action


@pytest.mark.parametrize(
    ("mistake", "invariant", "flow"),
    (
        (latest_wins, "I2", "customers"),
        (twins, "I2", "customers"),
        (cents_lost, "I7", "quotes"),
        (orphans, "I18", "contacts"),
        (greedy, "I5", "deletions"),
        (forgetful, "I2", "customers"),
        (meddling, "I6", "documents"),
    ),
)
def test_a_planner_with_a_famous_mistake_is_caught(mistake: Any, invariant: str, flow: str) -> None:
    wrong = tampered(mistake)
    # Only the plan itself is judged: what comes of carrying out a wrong one may be anything.
    found = {b.invariant for seed in range(400) for b in planner.judged(drawn(seed, flow), wrong)}
    assert invariant in found


# --- and with one about what a firm may switch on ---------------------------------------------------------------------------------------


def hasty(action: Action) -> Action | None:
    """Invoices are issued, whatever is named."""
    if isinstance(action, Send) and action.write.kind == "invoice" and isinstance(body := action.write.body, Document):
        return replace(action, write=replace(action.write, body=replace(body, stage="issued")))
    return action


def generous(action: Action) -> Action | None:
    """An invoice that somebody may have written by hand is written a second time: nobody is asked."""
    return None if isinstance(action, Ask) else action


def basis_lost(action: Action) -> Action | None:
    """A price without VAT arrives as one with it."""
    if isinstance(action, Send) and "price" in action.write.changes:
        changes = action.write.changes | {"price": action.write.changes["price"].replace("net", "gross")}
        return replace(action, write=replace(action.write, changes=changes))
    return action


def loud(action: Action) -> Action | None:
    """What was told is not written down."""
    return replace(action, agree={}) if isinstance(action, Send) else action


def wandering(action: Action) -> Action | None:
    """A deal is moved to a stage that nobody named."""
    if isinstance(action, Send) and "stage" in action.write.changes:
        return replace(action, write=replace(action.write, changes={"stage": "Gewonnen"}))
    return action


@pytest.mark.parametrize(
    ("mistake", "invariant", "flow"),
    (
        (hasty, "I6", "invoices"),
        (generous, "I2", "invoices"),
        (cents_lost, "I7", "invoices"),
        (orphans, "I2", "invoices"),
        (basis_lost, "I2", "products"),
        (forgetful, "I2", "products"),
        (twins, "I2", "products"),
        (loud, "I19", "states"),
        (wandering, "I6", "states"),
    ),
)
def test_a_planner_with_a_mistake_about_trade_is_caught(mistake: Any, invariant: str, flow: str) -> None:
    wrong = tampered(mistake)
    found = {b.invariant for seed in range(1500) for b in trade.check(planner.drawn_any(seed, flow), wrong)}
    assert invariant in found


def test_everything_that_can_be_decided_about_trade_is_drawn() -> None:
    words: dict[str, set[str]] = {}
    for flow in ("products", "invoices", "states"):
        cases = [planner.drawn_any(seed, flow) for seed in range(1500)]
        words[flow] = {trade.told(decide(case.situation, case.rules)[-1], case).word for case in cases}
    assert words["products"] == {"nothing", "wait", "ask", "join", "create", "refuse", "unlink", "fields"}
    assert words["invoices"] == {"nothing", "wait", "ask", "join", "create", "refuse", "unlink", "agree"}
    assert words["states"] == {"nothing", "tell", "agree"}


def test_order_is_seen_where_it_changes_a_decision() -> None:
    def first_come(s: Situation, rules: Rules) -> tuple[Decision, ...]:
        decisions = decide(s, rules)
        return tuple(replace(d, actions=()) for d in decisions) if [c.seen.record.key for c in s.candidates][:1] == ["x1"] else decisions

    assert "I19" in {b.invariant for seed in range(200) for b in planner.judged(drawn(seed, "customers"), first_come)}


def test_a_planner_that_never_comes_to_an_end_is_caught() -> None:
    stubborn = tampered(
        lambda action: replace(action, agree={}) if isinstance(action, Send) and action.write.operation == "change" else action
    )
    cases = [drawn(seed, "customers") for seed in range(200)]
    assert "I19" in {b.invariant for case in cases for b in planner.quiet(case, stubborn(case.situation, case.rules), stubborn)}


@pytest.mark.parametrize(
    ("name", "a", "b", "same"),
    (
        ("phone", "030 1234567", "+49 30 1234567", True),
        ("phone", "keine", "unbekannt", False),
        ("tax_id", "136695976", "DE 136 695 976", True),
        ("email", "A@B.example", "a@b.example", True),
        ("name", "Keller AG", "keller ag", False),
        ("address.city", "", "Bonn", False),
    ),
)
def test_the_rule_page_knows_what_means_the_same(name: str, a: str, b: str, same: bool) -> None:
    assert mean_the_same(name, a, b, "DE") is same
