"""The answer to a create is lost: whether it happened or not, there is exactly one record in the end."""

from __future__ import annotations

import pytest

from tests.stories.folk import (
    BOTH,
    companies,
    company,
    contact_names,
    customer,
    customer_names,
    customers,
    deal_of,
    employee,
    estimates,
    files_at,
    invoice,
    notes,
    notes_at,
    person_names,
)
from tests.support.village import Village

LOST = ("timeout-before", "timeout-after", "reset-after", "status-after", "torn-json", "empty", "truncate")
"""Nothing was done; or it was done and the answer is lost, torn, empty, or an error page."""
lost = pytest.mark.parametrize("fault", LOST)
lost_in_short = pytest.mark.parametrize("fault", ("timeout-before", "timeout-after", "torn-json"))
"""Not done, done without an answer, done with an answer that cannot be read."""


def settled(v: Village) -> None:
    """Time passes until every doubt is looked up, and some more."""
    for _ in range(3):
        v.sync()
    assert v.questions() == []
    assert v.problems() == []


def in_step(v: Village) -> None:
    """Nothing is left to be written."""
    before = (v.writes("a"), v.writes("b"))
    v.sync()
    assert (v.writes("a"), v.writes("b")) == before


@lost
def test_a_lost_answer_to_creating_a_customer_leaves_exactly_one(v: Village, fault: str) -> None:
    sun = company(v)
    v.crm_act("tag", kind="company", id=str(sun), name="FastBill")
    v.books.world.faults.arm(fault, "customer.create")
    settled(v)
    assert customer_names(v) == ["Bäckerei Sonne GmbH"]
    v.crm_act("edit_company", id=str(sun), city="Potsdam")
    v.sync()
    assert customers(v)[0]["CITY"] == "Potsdam", "it is linked, too"
    in_step(v)


@lost_in_short
def test_a_lost_answer_to_creating_a_private_customer_leaves_exactly_one(v: Village, fault: str) -> None:
    v.crm_act("create_person", first_name="Anna", name="Ahrens", street="Ring 1", zip="12345", city="Berlin", tag="FastBill")
    v.books.world.faults.arm(fault, "customer.create")
    settled(v)
    assert customer_names(v) == ["Anna Ahrens"]
    in_step(v)


@lost_in_short
def test_a_lost_answer_to_creating_a_contact_person_leaves_exactly_one(v: Village, fault: str) -> None:
    sun = company(v)
    employee(v, "Anna", "Ahrens", sun)
    v.crm_act("tag", kind="company", id=str(sun), name="FastBill")
    v.books.world.faults.arm(fault, "contact.create")
    settled(v)
    assert contact_names(v, customers(v)[0]["CUSTOMER_ID"]) == ["Anna Ahrens"]
    in_step(v)


@lost_in_short
def test_a_lost_answer_to_creating_an_estimate_leaves_exactly_one(v: Village, fault: str) -> None:
    deal_of(v, company(v))
    v.books.world.faults.arm(fault, "estimate.create")
    settled(v)
    assert [e["INVOICE_TITLE"] for e in estimates(v)] == ["Leuchtschild"]
    in_step(v)


@lost_in_short
def test_a_lost_answer_to_creating_a_company_leaves_exactly_one(v: Village, fault: str) -> None:
    customer(v)
    v.crm.world.faults.arm(fault, "POST companies")
    settled(v)
    assert [c["name"] for c in companies(v)] == ["Mond Optik GmbH"]
    assert customer_names(v) == ["Mond Optik GmbH"]
    in_step(v)


@lost_in_short
def test_a_lost_answer_to_creating_a_person_leaves_exactly_one(v: Village, fault: str) -> None:
    customer(v, ORGANIZATION="", FIRST_NAME="Emil", LAST_NAME="Ehlers")
    v.crm.world.faults.arm(fault, "POST people")
    settled(v)
    assert person_names(v) == ["Emil Ehlers"]
    in_step(v)


@lost_in_short
def test_a_lost_answer_to_creating_a_companys_person_leaves_exactly_one(v: Village, fault: str) -> None:
    customer(v, FIRST_NAME="Frida", LAST_NAME="Falk")
    v.crm.world.faults.arm(fault, "POST people")
    settled(v)
    assert person_names(v) == ["Frida Falk"]
    in_step(v)


@lost
def test_a_lost_answer_to_creating_a_note_leaves_exactly_one_with_its_pdf(v: Village, fault: str) -> None:
    born = customer(v)
    v.sync()
    invoice(v, born)
    v.crm.world.faults.arm(fault, "POST protocols")
    settled(v)
    (note,) = notes_at(v, "company", companies(v)[0]["id"])
    assert len(files_at(v, note)) == 1
    in_step(v)


@lost
def test_a_lost_answer_to_attaching_a_pdf_leaves_exactly_one(v: Village, fault: str) -> None:
    born = customer(v)
    v.sync()
    invoice(v, born)
    v.crm.world.faults.arm(fault, "attachments")
    settled(v)
    (note,) = notes(v)
    assert len(files_at(v, note)) == 1
    in_step(v)


@lost_in_short
def test_a_lost_answer_to_an_edit_ends_with_both_sides_equal(v: Village, fault: str) -> None:
    sun = company(v)
    deal_of(v, sun)
    v.sync()
    v.crm_act("edit_company", id=str(sun), city="Potsdam")
    v.books.world.faults.arm(fault, "customer.update")
    settled(v)
    assert customers(v)[0]["CITY"] == "Potsdam"
    in_step(v)


@pytest.mark.parametrize("times", (2, 4))
@pytest.mark.parametrize("fault", ("timeout-before", "timeout-after"))
def test_answers_lost_again_and_again_still_leave_exactly_one_of_each(v: Village, fault: str, times: int) -> None:
    deal_of(v, company(v))
    v.books.world.faults.arm(fault, ".create", times=times)
    settled(v)
    for _ in range(6):
        v.sync()
    assert customer_names(v) == ["Bäckerei Sonne GmbH"]
    assert len(estimates(v)) == 1
    in_step(v)


def test_while_a_create_is_in_doubt_it_is_not_sent_again(v: Village) -> None:
    deal_of(v, company(v))
    v.books.world.faults.arm("timeout-after", "customer.create")
    v.clock.advance(300)
    v.cycle()
    asked = [c.operation for c in v.books.world.log.calls].count("customer.create")
    v.cycle()
    v.cycle()
    assert [c.operation for c in v.books.world.log.calls].count("customer.create") == asked == 1


def test_what_somebody_else_created_meanwhile_under_another_name_is_not_taken_for_ours(v: Village) -> None:
    deal_of(v, company(v))
    v.books.world.faults.arm("timeout-before", "customer.create")
    v.clock.advance(300)
    v.cycle()
    customer(v, ORGANIZATION="Bäckerei Sonnenberg GmbH")
    settled(v)
    assert customer_names(v) == ["Bäckerei Sonne GmbH", "Bäckerei Sonnenberg GmbH"]
    by_id = {c["CUSTOMER_ID"]: c["ORGANIZATION"] for c in customers(v)}
    assert [by_id[e["CUSTOMER_ID"]] for e in estimates(v)] == ["Bäckerei Sonne GmbH"]


TWIN = {
    "ORGANIZATION": "Bäckerei Sonne GmbH",
    "ADDRESS": "Ring 1",
    "ZIPCODE": "12345",
    "CITY": "Berlin",
    "EMAIL": "post@sonne.example",
    "PHONE": "030 1234",
}


def two_that_could_be_ours(v: Village) -> list[str]:
    deal_of(v, company(v))
    v.books.world.faults.arm("timeout-after", "customer.create")
    v.clock.advance(300)
    v.cycle()
    v.books_act("create_customer", **TWIN)  # somebody made the very same customer in the same minute
    v.sync()
    return [c["CUSTOMER_ID"] for c in customers(v)]


@BOTH
def test_several_records_that_could_be_ours_are_a_question_and_nothing_is_created(v: Village) -> None:
    keys = two_that_could_be_ours(v)
    assert len(keys) == 2
    (asked,) = [q for q in v.questions() if q.code == "several-found"]
    assert asked.label == "Bäckerei Sonne GmbH"
    assert asked.options == (*keys, "none", "later")
    assert len(customers(v)) == 2
    assert estimates(v) == []


def test_the_one_a_person_names_is_linked_and_gets_the_offer(v: Village) -> None:
    keys = two_that_could_be_ours(v)
    (asked,) = [q for q in v.questions() if q.code == "several-found"]
    v.answer(asked, keys[1])
    v.sync(minutes=61)
    v.sync()
    assert len(customers(v)) == 2
    assert [e["CUSTOMER_ID"] for e in estimates(v)] == [keys[1]]
