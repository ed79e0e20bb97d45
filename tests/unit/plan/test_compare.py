"""The three-way comparison, as a table: what A and B held, what they hold, what follows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.plan.worlds import FIELDS, rules
from unisono.model.party import Flat
from unisono.plan.compare import Comparison, Conflict, allowed, compare, conflict_subject, held_by_both, same
from unisono.plan.compare import kept as kept_by_vendor
from unisono.plan.situation import Link, Rules
from unisono.policy.schema import Direction, direction_of, winner_of

RULES = rules()


def compared(a: Flat, b: Flat, agreed_a: Flat, agreed_b: Flat, rules: Rules = RULES, answers: dict[str, str] | None = None) -> Comparison:
    return compare(Link("l", "party", "42", "c42", agreed_a, agreed_b), a, b, rules, answers or {})


def one(before: tuple[str, str] | None, after: tuple[str, str], chosen: Rules = RULES, answers: dict[str, str] | None = None) -> Comparison:
    """The outcome for the e-mail alone: (on A, on B) when last in step, and now. All other fields are empty and agreed."""
    rest = {name: "" for name in FIELDS if name != "email"}
    agreed_a, agreed_b = ({"email": before[0]}, {"email": before[1]}) if before else ({}, {})
    return compared(rest | {"email": after[0]}, rest | {"email": after[1]}, rest | agreed_a, rest | agreed_b, chosen, answers)


def test_compared_is_what_both_hold_and_the_type_never_moves() -> None:
    assert held_by_both("party", RULES.a, RULES.b) == FIELDS
    assert held_by_both("invoice", RULES.a, RULES.b) == ()


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    (
        (("x", "x"), ("x", "x"), Comparison()),
        (("x", "x"), ("y", "x"), Comparison(to_b={"email": "y"})),
        (("x", "x"), ("x", "y"), Comparison(to_a={"email": "y"})),
        (("x", "x"), ("", "x"), Comparison(to_b={"email": ""})),
        (("x", "x"), ("y", "y"), Comparison(agree=("email",))),
        (("x", "x"), ("y", "z"), Comparison(conflicts=(Conflict("email", "y", "z", False),))),
        # A vendor that keeps a value in its own spelling is in step as long as neither changes.
        (("x", "X"), ("x", "X"), Comparison()),
        (("x", "X"), ("y", "X"), Comparison(to_b={"email": "y"})),
        (("x", "X"), ("x", "x"), Comparison(agree=("email",))),
        # Never in step before.
        (None, ("x", "x"), Comparison(agree=("email",))),
        (None, ("", ""), Comparison(agree=("email",))),
        (None, ("x", ""), Comparison(to_b={"email": "x"})),
        (None, ("", "x"), Comparison(to_a={"email": "x"})),
        (None, ("x", "y"), Comparison(conflicts=(Conflict("email", "x", "y", True),))),
    ),
)
def test_who_changed_a_field_decides_where_it_goes(before: tuple[str, str] | None, after: tuple[str, str], outcome: Comparison) -> None:
    assert one(before, after) == outcome


@pytest.mark.parametrize(
    ("policy", "after", "outcome"),
    (
        ({"direction": "to-invoicing"}, ("y", "x"), Comparison(to_b={"email": "y"})),
        ({"direction": "to-invoicing"}, ("x", "y"), Comparison(left_out=("email",))),
        ({"direction": "to-crm"}, ("y", "x"), Comparison(left_out=("email",))),
        ({"direction": "off"}, ("y", "x"), Comparison(left_out=("email",))),
        ({"fields": {"email": {"direction": "off"}}}, ("y", "x"), Comparison(left_out=("email",))),
        ({"fields": {"email": {"direction": "to-crm"}}}, ("x", "y"), Comparison(to_a={"email": "y"})),
        ({"wins": "crm"}, ("y", "z"), Comparison(to_b={"email": "y"})),
        ({"wins": "invoicing"}, ("y", "z"), Comparison(to_a={"email": "z"})),
        ({"wins": "crm", "fields": {"email": {"wins": "ask"}}}, ("y", "z"), Comparison(conflicts=(Conflict("email", "y", "z", False),))),
        ({"wins": "crm", "direction": "to-crm"}, ("y", "z"), Comparison(left_out=("email",))),
    ),
)
def test_direction_and_winner_are_the_firms(policy: dict[str, Any], after: tuple[str, str], outcome: Comparison) -> None:
    assert one(("x", "x"), after, rules(customers=policy)) == outcome


@pytest.mark.parametrize(
    ("before", "after", "sure", "unsure"),
    (
        # What a restored pair wrote itself and forgot, as a vendor spells it that makes capitals.
        (("Berlin", "BERLIN"), ("Ulm a. D.", "ULM A.D."), "conflict", "agree"),
        (None, ("Ulm", "ULM"), "conflict", "agree"),
        # An edit on one side is carried over by every pair, and two that say something else are rivals.
        (("Ulm", "ULM"), ("ulm", "ULM"), "to_b", "to_b"),
        (("Berlin", "BERLIN"), ("Ulm", "KÖLN"), "conflict", "conflict"),
        (("Ulm", "ULM"), ("", "KÖLN"), "conflict", "conflict"),
    ),
)
def test_only_a_pair_that_forgot_its_writes_takes_two_spellings_of_one_value_for_its_own(
    before: tuple[str, str] | None, after: tuple[str, str], sure: str, unsure: str
) -> None:
    agreed = ({"address.city": before[0]}, {"address.city": before[1]}) if before else ({}, {})
    link, a, b = Link("l", "party", "42", "c42", *agreed), {"address.city": after[0]}, {"address.city": after[1]}
    for knows, said in ((True, sure), (False, unsure)):
        found = compare(link, a, b, RULES, {}, unsure=not knows)
        what = {"agree": found.agree, "to_b": found.to_b, "conflict": [c.field for c in found.conflicts]}
        assert [name for name, named in what.items() if "address.city" in named] == [said]
        assert found.to_a == {}


@pytest.mark.parametrize(
    ("after", "outcome"),
    (
        (("Ulm", "Potsdam"), Comparison()),
        (("Potsdam", "Potsdam"), Comparison()),
        # What the vendor may have made of it: re-cased, cut.
        (("POTSDAM", "Potsdam"), Comparison()),
        (("Pots", "Potsdam"), Comparison()),
        (("Köln", "Potsdam"), Comparison(to_b={"address.city": "Köln"})),
        (("", "Potsdam"), Comparison(to_b={"address.city": ""})),
        (("Ulm", "Köln"), Comparison(to_a={"address.city": "Köln"})),
        # The other side's user types the old value again: also where it equals what an old picture of this side shows.
        (("Potsdam", "Ulm"), Comparison(to_a={"address.city": "Ulm"})),
        (("Ulm", "Ulm"), Comparison(to_a={"address.city": "Ulm"})),
        (("Köln", "Köln"), Comparison(agree=("address.city",))),
        (("Köln", "Bonn"), Comparison(conflicts=(Conflict("address.city", "Köln", "Bonn", False),))),
    ),
)
def test_where_nobody_saw_what_became_of_our_write_neither_the_old_value_nor_ours_is_an_edit(
    after: tuple[str, str], outcome: Comparison
) -> None:
    """Ulm stood in the CRM, Potsdam was written over it, and reading it back failed."""
    rest = {name: "" for name in FIELDS if name != "address.city"}
    a, b = rest | {"address.city": after[0]}, rest | {"address.city": after[1]}
    assert compared(a, b, rest | {"address.city?": "Ulm"}, rest | {"address.city": "Potsdam"}) == outcome
    mirrored = compared(b, a, rest | {"address.city": "Potsdam"}, rest | {"address.city?": "Ulm"})
    turned = tuple(Conflict(c.field, c.b, c.a, c.first) for c in outcome.conflicts)
    assert mirrored == Comparison(outcome.to_b, outcome.to_a, outcome.agree, turned)


@pytest.mark.parametrize(
    ("now", "stands"),
    (
        ("Sonne GmbH", True),
        ("SONNE  GMBH", True),
        ("Sonne Gmb", True),
        ("Sonne, GmbH", True),
        ("", False),
        ("Mond GmbH", False),
        ("Sonne GmbH & Co.", False),
    ),
)
def test_what_a_vendor_makes_of_a_value_is_told_from_another_value(now: str, stands: bool) -> None:
    assert kept_by_vendor(now, "Sonne GmbH") is stands


def test_a_first_difference_is_asked_even_where_a_winner_is_set() -> None:
    assert one(None, ("x", "y"), rules(customers={"wins": "crm"})).conflicts == (Conflict("email", "x", "y", True),)


@pytest.mark.parametrize(("said", "outcome"), (("crm", Comparison(to_b={"email": "y"})), ("invoicing", Comparison(to_a={"email": "z"}))))
def test_an_answer_settles_the_very_conflict_it_was_given_for(said: str, outcome: Comparison) -> None:
    answers = {conflict_subject("email", "y", "z"): said}
    assert one(("x", "x"), ("y", "z"), answers=answers) == outcome
    later = one(("x", "x"), ("y", "other"), answers=answers)
    assert later.conflicts == (Conflict("email", "y", "other", False),), "a new value is a new question"


@pytest.mark.parametrize(
    ("direction", "to_a", "to_b"), (("both", True, True), ("to-crm", True, False), ("to-invoicing", False, True), ("off", False, False))
)
def test_a_direction_says_which_side_may_be_written(direction: Direction, to_a: bool, to_b: bool) -> None:
    assert (allowed(direction, "a"), allowed(direction, "b")) == (to_a, to_b)


VARIED = ("address.city", "email", "name", "phone")
REST = dict.fromkeys((name for name in FIELDS if name not in VARIED), "")
CHOSEN = [
    rules(customers={"direction": direction, "wins": wins, "fields": fields})
    for direction in ("both", "to-invoicing", "to-crm", "off")
    for wins in ("ask", "crm", "invoicing")
    for fields in (
        {},
        {"email": {"direction": "to-crm", "wins": "crm"}},
        {"email": {"direction": "to-invoicing"}, "name": {"wins": "ask"}, "phone": {"direction": "off"}},
    )
]
values = st.sampled_from(["", "x", "y", "z", "X"])
flats = st.tuples(*[values] * len(VARIED)).map(lambda drawn: REST | dict(zip(VARIED, drawn, strict=True)))
kept = st.tuples(*[values | st.none()] * len(VARIED)).map(lambda drawn: dict(zip(VARIED, drawn, strict=True)))
agreements = kept.map(lambda drawn: REST | {name: value for name, value in drawn.items() if value is not None})
policies = st.sampled_from(CHOSEN)
few = settings(max_examples=50)


@few
@given(flats, flats, agreements, agreements, policies)
def test_no_edit_is_lost(a: Flat, b: Flat, agreed_a: Flat, agreed_b: Flat, chosen: Rules) -> None:
    outcome = compared(a, b, agreed_a, agreed_b, chosen)
    told = [*outcome.to_a, *outcome.to_b, *outcome.agree, *(c.field for c in outcome.conflicts), *outcome.left_out]
    assert len(told) == len(set(told)), "each field has one outcome"
    for name in FIELDS:
        known = name in agreed_a and name in agreed_b
        if not known or a[name] != agreed_a[name] or b[name] != agreed_b[name]:
            assert name in told
        else:
            assert name not in told
    assert all(value == b[name] for name, value in outcome.to_a.items())
    assert all(value == a[name] for name, value in outcome.to_b.items())
    assert all((c.a, c.b) == (a[c.field], b[c.field]) and c.a != c.b for c in outcome.conflicts)
    country = a["address.country"] or b["address.country"] or chosen.policy.customers.country
    assert all(same(name, a[name], b[name], country) for name in outcome.agree)


@few
@given(flats, flats, agreements, agreements, policies)
def test_nothing_is_written_against_a_direction(a: Flat, b: Flat, agreed_a: Flat, agreed_b: Flat, chosen: Rules) -> None:
    outcome = compared(a, b, agreed_a, agreed_b, chosen)
    assert all(allowed(direction_of(chosen.policy, name), "a") for name in outcome.to_a)
    assert all(allowed(direction_of(chosen.policy, name), "b") for name in outcome.to_b)
    for name in outcome.left_out:
        assert direction_of(chosen.policy, name) != "both"


@few
@given(flats, flats, agreements, agreements, policies)
def test_what_both_changed_is_overwritten_only_by_a_rule(a: Flat, b: Flat, agreed_a: Flat, agreed_b: Flat, chosen: Rules) -> None:
    outcome = compared(a, b, agreed_a, agreed_b, chosen)
    for name in (*outcome.to_a, *outcome.to_b):
        if name in agreed_a and name in agreed_b and a[name] != agreed_a[name] and b[name] != agreed_b[name]:
            assert winner_of(chosen.policy, name) == ("crm" if name in outcome.to_b else "invoicing")


@few
@given(flats, flats, agreements, agreements, policies, st.sampled_from(["as sent", "in capitals", "dropped"]))
def test_after_writing_there_is_nothing_left_to_write(a: Flat, b: Flat, agreed_a: Flat, agreed_b: Flat, chosen: Rules, vendor: str) -> None:
    """Also where the vendor keeps a value differently: what was read back is what is agreed."""
    outcome = compared(a, b, agreed_a, agreed_b, chosen)
    keep = {"as sent": lambda v: v, "in capitals": str.upper, "dropped": lambda v: ""}[vendor]
    new_a, new_b = a | {n: keep(v) for n, v in outcome.to_a.items()}, b | {n: keep(v) for n, v in outcome.to_b.items()}
    done = (*outcome.agree, *outcome.to_a, *outcome.to_b)
    agreed_a, agreed_b = agreed_a | {n: new_a[n] for n in done}, agreed_b | {n: new_b[n] for n in done}
    again = compared(new_a, new_b, agreed_a, agreed_b, chosen)
    assert (again.to_a, again.to_b, again.agree) == ({}, {}, ())
    assert again.conflicts == outcome.conflicts
    assert again.left_out == outcome.left_out


@few
@given(flats, flats, agreements, agreements, policies)
def test_the_same_input_gives_the_same_outcome_whatever_its_order(a: Flat, b: Flat, agreed_a: Flat, agreed_b: Flat, chosen: Rules) -> None:
    def turned(flat: Flat) -> Flat:
        return dict(reversed(flat.items()))

    assert compared(turned(a), turned(b), turned(agreed_a), turned(agreed_b), chosen) == compared(a, b, agreed_a, agreed_b, chosen)
