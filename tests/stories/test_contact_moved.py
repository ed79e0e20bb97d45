"""A contact person goes to another company: nothing is moved or deleted by itself, nothing reaches the old customer; a person decides."""

from __future__ import annotations

import pytest

from tests.stories.folk import company, contact_names, customer_named, employee, person_names, tagged
from tests.support.village import Village


def moved(v: Village, *, to_customer: bool = True) -> int:
    """Anna was at the old company with a colleague and is at the new one now, with a new address."""
    old = tagged(v, name="Alt GmbH", email="post@alt.example")
    new = tagged(v, name="Neu GmbH", email="post@neu.example", zip="99999") if to_customer else company(v, name="Neu GmbH", zip="99999")
    anna = employee(v, "Anna", "Ahrens", old, email="anna@alt.example")
    employee(v, "Bert", "Brahms", old)
    v.sync()
    assert at(v, "Alt GmbH") == ["Anna Ahrens", "Bert Brahms"]
    v.crm_act("add_person_to_company", person_id=str(anna), company_id=str(new), primary_function=True)
    v.crm_act("edit_person", id=str(anna), email="anna@neu.example")
    v.sync()
    return anna


def at(v: Village, name: str) -> list[str]:
    return contact_names(v, customer_named(v, name)["CUSTOMER_ID"])


def emails(v: Village) -> dict[str, str]:
    """What FastBill holds of each Anna, by customer."""
    names = {customer_named(v, name)["CUSTOMER_ID"]: name for name in ("Alt GmbH", "Neu GmbH")}
    return {names[c["CUSTOMER_ID"]]: c["EMAIL"] for c in v.books.truth()["contacts"] if c["FIRST_NAME"] == "Anna"}


def test_until_somebody_decides_nothing_is_carried_over_and_the_question_says_so(v: Village) -> None:
    moved(v)
    v.sync()
    (asked,) = v.questions()
    assert (asked.code, asked.label, asked.options) == ("contact-moved", "Anna Ahrens", ("follow", "leave", "later"))
    assert emails(v) == {"Alt GmbH": "anna@alt.example"}, "the old customer does not get the new employer's address"
    assert v.writes("b").count("contact.delete") == 0


def test_told_to_follow_the_contact_is_made_at_the_new_customer_and_the_old_one_stays(v: Village) -> None:
    anna = moved(v)
    v.answer(v.questions()[0], "follow")
    for _ in range(3):
        v.sync()
    assert emails(v) == {"Alt GmbH": "anna@alt.example", "Neu GmbH": "anna@neu.example"}
    assert person_names(v) == ["Anna Ahrens", "Bert Brahms"], "the one that stayed does not come back as somebody new"
    assert (v.questions(), v.problems()) == ([], [])
    v.crm_act("edit_person", id=str(anna), email="ahrens@neu.example")
    old = next(c for c in v.books.truth()["contacts"] if c["EMAIL"] == "anna@alt.example")
    v.books_act("edit_contact", ID=str(old["CONTACT_ID"]), PHONE="1")
    v.sync()
    assert emails(v)["Neu GmbH"] == "ahrens@neu.example", "from now on that one is kept in step"
    assert len(person_names(v)) == 2
    assert ("unlinked", "contact-moved") in [(n["event"], n["values"].get("code")) for n in v.notes()]


def test_told_to_leave_it_the_contact_stays_and_is_no_longer_kept_in_step(v: Village) -> None:
    anna = moved(v)
    v.answer(v.questions()[0], "leave")
    v.sync()
    v.crm_act("edit_person", id=str(anna), email="ahrens@neu.example")
    for _ in range(2):
        v.sync()
    assert emails(v) == {"Alt GmbH": "anna@alt.example"}
    assert (len(person_names(v)), v.questions()) == (2, [])


def test_whoever_goes_to_a_company_that_is_no_customer_cannot_follow(v: Village) -> None:
    moved(v, to_customer=False)
    (asked,) = v.questions()
    assert (asked.code, asked.options) == ("contact-moved", ("leave", "later"))


def test_back_at_the_old_company_the_contact_that_stayed_is_taken_up_again(v: Village) -> None:
    anna = moved(v)
    v.answer(v.questions()[0], "follow")
    v.sync()
    assert len(emails(v)) == 2
    old = next(c["id"] for c in v.crm.truth()["companies"] if c["name"] == "Alt GmbH")
    v.crm_act("add_person_to_company", person_id=str(anna), company_id=str(old), primary_function=True)
    v.sync()
    (asked,) = v.questions()
    assert asked.code == "contact-moved"
    v.answer(asked, "follow")
    v.sync()
    assert v.writes("b").count("contact.create") == 3, "two at first, one at the new customer, none a second time"
    assert len(emails(v)) == 2


@pytest.mark.parametrize("fault", ("timeout-before", "timeout-after"))
def test_a_lost_answer_while_the_contact_is_made_at_the_new_customer_leaves_one(v: Village, fault: str) -> None:
    moved(v)
    v.answer(v.questions()[0], "follow")
    v.books.world.faults.arm(fault, "contact.create")
    for _ in range(3):
        v.sync()
    assert emails(v) == {"Alt GmbH": "anna@alt.example", "Neu GmbH": "anna@neu.example"}
    assert at(v, "Neu GmbH") == ["Anna Ahrens"]


def test_people_of_companies_that_were_merged_stay_where_they_are(v: Village) -> None:
    """They did not move: their company's link does, and takes them along."""
    old = tagged(v)
    anna = employee(v, "Anna", "Ahrens", old)
    v.sync()
    survivor = company(v, phone="0800 99")
    v.crm_act("add_person_to_company", person_id=str(anna), company_id=str(survivor), primary_function=True)
    v.crm_act("delete_company", id=str(old))
    for _ in range(3):
        v.sync()
    merged = next(q for q in v.questions() if q.code == "maybe-merged")
    v.answer(merged, "same")
    v.sync()
    assert [q.values["field"] for q in v.questions()] == ["phone"], "what differs is asked; nobody has moved"
    v.crm_act("edit_person", id=str(anna), email="anna@sonne.example")
    v.sync()
    assert [c["EMAIL"] for c in v.books.truth()["contacts"]] == ["anna@sonne.example"]
    assert v.writes("b").count("contact.create") == 1
