"""Both sides edit, or differed from the start: a person decides, and until then nothing is overwritten."""

from __future__ import annotations

import pytest

from tests.stories.folk import BOTH, company, company_row, customer_named, customers, deal_of
from tests.support.village import Village


def linked(v: Village) -> tuple[int, str]:
    """A company with an offer, and its customer at FastBill."""
    sun = company(v)
    deal_of(v, sun)
    v.sync()
    return sun, str(customers(v)[0]["CUSTOMER_ID"])


def crm_phone(v: Village, key: int) -> str:
    return str(company_row(v, key)["tels"][0]["name"])


def both_edit(v: Village, sun: int, there: str) -> None:
    v.crm_act("edit_company", id=str(sun), phone="030 1111")
    v.books_act("edit_customer", ID=there, PHONE="030 2222")
    v.sync()


@BOTH
def test_a_field_edited_on_both_sides_is_a_question_with_both_values_and_nothing_is_overwritten(v: Village) -> None:
    sun, there = linked(v)
    before = (v.writes("a"), v.writes("b"))
    both_edit(v, sun, there)
    (asked,) = v.questions()
    assert (asked.code, asked.label, asked.options) == ("conflict", "Bäckerei Sonne GmbH", ("crm", "invoicing", "later"))
    assert {k: asked.values[k] for k in ("field", "crm", "invoicing")} == {"field": "phone", "crm": "030 1111", "invoicing": "030 2222"}
    assert (crm_phone(v, sun), customers(v)[0]["PHONE"]) == ("030 1111", "030 2222")
    assert (v.writes("a"), v.writes("b")) == before


@BOTH
@pytest.mark.parametrize(("said", "after"), (("crm", "030 1111"), ("invoicing", "030 2222")))
def test_the_answer_makes_both_sides_equal_with_one_write(v: Village, said: str, after: str) -> None:
    sun, there = linked(v)
    both_edit(v, sun, there)
    before = len(v.writes("a")) + len(v.writes("b"))
    v.answer(v.questions()[0], said)
    v.sync()
    assert (crm_phone(v, sun), customers(v)[0]["PHONE"]) == (after, after)
    assert len(v.writes("a")) + len(v.writes("b")) == before + 1
    assert v.questions() == []


def test_an_answer_that_is_put_off_asks_again_and_overwrites_nothing(v: Village) -> None:
    sun, there = linked(v)
    both_edit(v, sun, there)
    v.answer(v.questions()[0], "later")
    v.sync()
    assert (crm_phone(v, sun), customers(v)[0]["PHONE"]) == ("030 1111", "030 2222")
    v.sync(minutes=8 * 24 * 60)
    assert [q.code for q in v.questions()] == ["conflict"]


def test_another_field_edited_at_the_same_time_crosses_while_the_question_stands(v: Village) -> None:
    sun, there = linked(v)
    v.crm_act("edit_company", id=str(sun), street="Allee 9")
    both_edit(v, sun, there)
    assert customers(v)[0]["ADDRESS"] == "Allee 9"
    assert len(v.questions()) == 1


def test_different_fields_edited_on_each_side_both_cross_without_a_question(v: Village) -> None:
    sun, there = linked(v)
    v.crm_act("edit_company", id=str(sun), street="Allee 9")
    v.books_act("edit_customer", ID=there, EMAIL="neu@sonne.example")
    v.sync()
    assert v.questions() == []
    assert customers(v)[0]["ADDRESS"] == "Allee 9"
    assert company_row(v, sun)["emails"][0]["name"] == "neu@sonne.example"
    assert company_row(v, sun)["addrs"][0]["street"] == "Allee 9"
    assert customers(v)[0]["EMAIL"] == "neu@sonne.example"


def test_the_same_edit_on_both_sides_is_no_question_and_no_write(v: Village) -> None:
    sun, there = linked(v)
    before = (v.writes("a"), v.writes("b"))
    v.crm_act("edit_company", id=str(sun), phone="030 3333")
    v.books_act("edit_customer", ID=there, PHONE="030 3333")
    v.sync()
    assert v.questions() == []
    assert (v.writes("a"), v.writes("b")) == before


def test_a_conflict_that_people_settle_by_hand_is_withdrawn(v: Village) -> None:
    sun, there = linked(v)
    both_edit(v, sun, there)
    v.books_act("edit_customer", ID=there, PHONE="030 1111")
    v.sync()
    assert v.questions() == []


def test_a_policy_that_names_the_winner_needs_no_question(v: Village) -> None:
    sun, there = linked(v)
    from unisono.wiring import preset

    v.release(preset("centralstation", "fastbill").replace('contacts = "tagged"', 'contacts = "tagged"\nwins = "crm"'))
    both_edit(v, sun, there)
    assert v.questions() == []
    assert (crm_phone(v, sun), customers(v)[0]["PHONE"]) == ("030 1111", "030 1111")


def test_somebody_who_edits_the_field_while_we_are_about_to_write_it_is_not_overwritten(v: Village) -> None:
    """FastBill's value changes after the pull and before our write: the look just before the write finds it."""
    sun, there = linked(v)
    v.crm_act("edit_company", id=str(sun), phone="030 1111")
    v.clock.advance(300)
    from unisono.engine.pull import pull

    pairing = v.house.pairing(v.pair, epoch=v.lease())
    pull(pairing.a, v.house.hands())
    v.books_act("edit_customer", ID=there, PHONE="030 2222")
    v.cycle(read=False)
    assert customer_named(v, "Bäckerei Sonne GmbH")["PHONE"] == "030 2222"
    assert [q.code for q in v.questions()] == ["conflict"]
