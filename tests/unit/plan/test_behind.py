"""What of a record stays behind: known and counted before anything is released."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.plan.worlds import CRM, INVOICING, about, company, free, linked, record, rules, seen
from unisono.model.capability import Capabilities, FieldLimit
from unisono.model.party import Address, Party
from unisono.model.record import flat_of
from unisono.plan.behind import Mark, mark_of, marks
from unisono.plan.flows.customers import plan_customer
from unisono.plan.situation import Rules, Situation

RULES = rules()


def told(s: Situation, chosen: Rules = RULES) -> list[str]:
    return [str(mark) for mark in marks(s, [plan_customer(s, chosen)], chosen)]


def bindable(system: Capabilities) -> Capabilities:
    return replace(system, writings=tuple(replace(w, bindable=True) for w in system.writings))


def test_a_new_customer_leaves_behind_what_the_other_system_has_no_place_for() -> None:
    assert told(about(company(email="a@b.example"), reasons=("quote",))) == []
    assert told(about(company(note="Ruft gern an", email="a@b.example"), reasons=("quote",))) == ["b:no-place:note"]


def test_a_number_that_the_other_system_gives_itself_stays_behind() -> None:
    crm = replace(CRM.writing("party"), fields=CRM.writing("party").fields | {"number": FieldLimit()})
    numbered = replace(RULES, a=replace(CRM, writings=(crm, *CRM.writings[1:])))
    assert told(about(company(number="K-7"), reasons=("quote",)), numbered) == ["b:not-written:number"]
    assert told(about(company(), reasons=("quote",)), numbered) == []


def test_where_a_field_of_ones_own_may_be_tied_that_is_said_instead() -> None:
    found = about(company("c42", tax_id="DE136695976"), side="b")
    assert told(found) == ["a:no-place:tax_id"]
    assert told(found, replace(RULES, a=bindable(CRM))) == ["a:bind:tax_id"]


def test_what_one_form_of_record_alone_has_a_place_for_stays_behind_with_the_other() -> None:
    writing = INVOICING.writing("party")
    narrow = replace(writing, fields=writing.fields | {"email": FieldLimit(of="person")})
    chosen = replace(RULES, b=replace(INVOICING, writings=(narrow, *INVOICING.writings[1:])))
    someone = Party(type="person", name="Weber", first_name="Ida", email="ida@b.example", address=company().record.body.address)  # type: ignore[union-attr]
    assert told(about(company(email="a@b.example"), reasons=("quote",)), chosen) == ["b:no-place:email"]
    assert told(about(seen(record("party", "9", someone)), reasons=("quote",)), chosen) == []


def test_what_the_firm_does_not_want_across_is_not_missed() -> None:
    kept = rules(customers={"fields": {"note": {"direction": "to-crm"}}})
    assert told(about(company(note="Ruft gern an"), reasons=("quote",)), kept) == []
    assert told(about(company(note="Ruft gern an"), reasons=("quote",)), rules(customers={"direction": "off"})) == []


def test_what_would_be_refused_is_marked_by_its_problem_and_field() -> None:
    nowhere = about(company(name="K" * 31, address=Address()), reasons=("quote",))
    assert told(nowhere) == ["held:missing-field:address.line1", "held:too-long:name"]


def test_two_records_that_become_counterparts_say_what_each_keeps_to_itself() -> None:
    mine = company(note="Ruft gern an", tax_id="")
    theirs = company("c42", tax_id="DE136695976")
    sure = rules(matching={"accept": ["name_postcode"], "look": ["name_postcode"]})
    s = about(mine, candidates=(free(theirs),), reasons=("quote",))
    assert plan_customer(s, sure).verdict == "linked"
    assert told(s, sure) == ["a:no-place:tax_id", "b:no-place:note"]


@pytest.mark.parametrize(("edit", "expected"), (({"number": "K-8"}, ["b:not-written:number"]), ({"email": "n@b.example"}, []), ({}, [])))
def test_an_edit_that_the_other_side_takes_from_nobody_stays_behind(edit: dict[str, Any], expected: list[str]) -> None:
    crm = replace(CRM.writing("party"), fields=CRM.writing("party").fields | {"number": FieldLimit()})
    numbered = replace(RULES, a=replace(CRM, writings=(crm, *CRM.writings[1:])))
    a, b = company(number="K-7"), company("c42", number="K-7")
    flat = flat_of(a.record.body)
    agreed = {name: flat[name] for name in ("name", "email", "number")}
    after = replace(a, record=replace(a.record, body=replace(a.record.body, **edit)))
    assert told(linked(after, b, agreed, agreed), numbered) == expected


def test_a_mark_is_written_and_read_and_nothing_else_is_one() -> None:
    mark = Mark("b", "no-place", "address.region")
    assert mark_of(str(mark)) == mark
    assert [mark_of(text) for text in ("", "b", "b::name", "c:no-place:name", "<img>")] == [None] * 5
