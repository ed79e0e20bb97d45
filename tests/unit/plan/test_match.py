"""Who might be who: one exact free hit by an accepted rule links, everything else is a question."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.plan.worlds import company, free, seen, taken
from tests.unit.plan.worlds import record as made
from unisono.model.party import Address, Party
from unisono.plan.match import Match, find_match
from unisono.plan.situation import Candidate, Seen
from unisono.policy.schema import Matching

USUAL = Matching()
BERLIN, BONN = Address(postcode="10115"), Address(postcode="53111")


def match(me: Seen, *candidates: Candidate, matching: Matching = USUAL, **answers: str) -> Match:
    return find_match(me, candidates, matching, answers)


def keys(found: Match) -> tuple[str, list[tuple[str, str]]]:
    """The sure key, and the doubtful ones with their rule."""
    sure = found.sure.candidate.seen.record.key if found.sure else ""
    return sure, [(hit.candidate.seen.record.key, hit.rule) for hit in found.doubtful]


@pytest.mark.parametrize(
    ("mine", "theirs", "rule", "sure"),
    (
        ({"reference": "uni-abcdefgh23456722"}, {"reference": "uni-abcdefgh23456722", "name": "Other"}, "reference", True),
        ({"tax_id": "DE136695976"}, {"tax_id": "DE 136 695 976", "name": "Keller Aktiengesellschaft"}, "tax_id", True),
        ({"number": "K-7"}, {"number": " K-7"}, "number", True),
        ({"number": "K-7"}, {"number": "K-7", "name": "Somebody else"}, "number", False),
        ({"number": "K-7", "tax_id": "DE136695976"}, {"number": "K-7", "tax_id": "DE811907980"}, "number", False),
        ({"tax_id": "DE136695976", "address": BERLIN}, {"tax_id": "DE136695976", "address": BONN}, "tax_id", False),
        ({"tax_id": "DE136695976", "address": BERLIN}, {"tax_id": "DE136695976", "address": BONN, "name": "Keller Bonn"}, "tax_id", True),
        ({"email": "a@b.example"}, {"email": "A@B.example"}, "email_name", False),
        ({"address": BERLIN}, {"address": BERLIN}, "name_postcode", False),
    ),
)
def test_a_rule_links_or_asks(mine: dict[str, Any], theirs: dict[str, Any], rule: str, sure: bool) -> None:
    usual = {"address": Address()}
    found = match(company(**(usual | mine)), free(company("c1", **(usual | theirs))))
    assert keys(found) == (("c1", []) if sure else ("", [("c1", rule)]))
    if found.sure:
        assert found.sure.rule == rule


@pytest.mark.parametrize(
    ("mine", "theirs"),
    (
        ({}, {}),
        ({"email": "a@b.example"}, {"email": "a@b.example", "name": "Weber KG"}),
        ({"address": BERLIN}, {"address": BONN}),
        ({"number": ""}, {"number": ""}),
        ({"name": "...", "address": BERLIN}, {"name": "!!!", "address": BERLIN}),
    ),
)
def test_what_is_not_alike_is_nobody(mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    usual = {"address": Address()}
    assert match(company(**(usual | mine)), free(company("c1", **(usual | theirs)))) == Match()


def test_two_hits_of_the_same_rule_are_a_question() -> None:
    found = match(company(number="K-7"), free(company("c2", number="K-7")), free(company("c1", number="K-7")))
    assert keys(found) == ("", [("c1", "number"), ("c2", "number")])


def test_a_hit_that_is_somebody_elses_counterpart_is_a_question() -> None:
    assert keys(match(company(tax_id="DE136695976"), taken(company("c1", tax_id="DE136695976")))) == ("", [("c1", "tax_id")])


def test_a_stronger_doubt_is_not_outvoted_by_a_weaker_rule() -> None:
    found = match(
        company(tax_id="DE136695976", number="K-7"), taken(company("c2", tax_id="DE136695976")), free(company("c1", number="K-7"))
    )
    assert keys(found) == ("", [("c2", "tax_id"), ("c1", "number")]), "strongest first"


def test_a_company_and_a_person_are_not_the_same_customer() -> None:
    weber = seen(made("party", "c1", Party(type="person", name="Keller AG", tax_id="DE136695976")))
    assert match(company(tax_id="DE136695976"), free(weber)) == Match()


def test_a_deleted_record_is_nobody() -> None:
    assert match(company(number="K-7"), free(company("c1", number="K-7", gone=True))) == Match()


def test_same_links_whom_no_rule_would_and_different_never_comes_up_again() -> None:
    me, other = company(email="a@b.example"), company("c1", email="a@b.example")
    assert keys(match(me, free(other), c1="same")) == ("c1", [])
    assert match(me, free(other), c1="different") == Match()
    assert keys(match(me, taken(other), c1="same")) == ("", [("c1", "email_name")]), "somebody else's by now: asked again"


def test_a_person_said_to_be_different_leaves_the_other_hit_alone() -> None:
    two = (free(company("c1", number="K-7")), free(company("c2", number="K-7")))
    assert keys(match(company(number="K-7"), *two, c1="different")) == ("c2", [])


def test_the_firm_chooses_the_rules_it_trusts() -> None:
    me, other = company(email="a@b.example"), free(company("c1", email="a@b.example"))
    assert keys(match(me, other, matching=Matching(accept=("email_name",)))) == ("c1", [])
    assert match(me, other, matching=Matching(accept=("reference",), look=("reference", "tax_id"))) == Match()


companies = st.builds(
    company,
    st.sampled_from([f"c{n}" for n in range(4)]),
    st.sampled_from(["Keller AG", "Weber KG"]),
    number=st.sampled_from(["", "K-7", "K-8"]),
    tax_id=st.sampled_from(["", "DE136695976", "DE811907980"]),
    email=st.sampled_from(["", "a@b.example"]),
    address=st.sampled_from([Address(), BERLIN, BONN]),
)
pools = st.lists(st.builds(Candidate, companies, st.booleans()), max_size=4, unique_by=lambda c: c.seen.record.key)
said = st.dictionaries(st.sampled_from(["c0", "c1", "c2"]), st.sampled_from(["same", "different"]), max_size=2)


@settings(max_examples=60)
@given(companies, pools, said, st.randoms(use_true_random=False))
def test_the_order_of_candidates_is_irrelevant(me: Seen, pool: list[Candidate], answers: dict[str, str], chance: Any) -> None:
    first = find_match(me, tuple(pool), USUAL, answers)
    chance.shuffle(pool)
    assert find_match(me, tuple(pool), USUAL, answers) == first


@settings(max_examples=60)
@given(companies, pools, said)
def test_nobody_is_linked_who_is_taken_or_said_to_be_different(me: Seen, pool: list[Candidate], answers: dict[str, str]) -> None:
    found = find_match(me, tuple(pool), USUAL, answers)
    if found.sure:
        assert not found.sure.candidate.linked
        assert answers.get(found.sure.candidate.seen.record.key) != "different"
        assert found.doubtful == ()
    assert all(answers.get(hit.candidate.seen.record.key) != "different" for hit in found.doubtful)
