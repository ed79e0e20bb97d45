"""Who is who: one exact hit on tax id or number links, everything else is a question, and the answer is remembered."""

from __future__ import annotations

from tests.stories.folk import (
    BOTH,
    TWIN,
    bound,
    companies,
    company,
    company_row,
    count,
    customer,
    customers,
    estimates,
    filled,
    known_to_both,
)
from tests.support.village import Village
from unisono.cli.pairing import with_history
from unisono.wiring import preset


@BOTH
def test_an_equal_tax_id_links_without_a_question(unreleased: Village) -> None:
    v = unreleased
    sun = known_to_both(v, {"VAT_ID": "DE129274202", "ORGANIZATION": "Sonne Backwaren", "EMAIL": ""}, tax_id="DE129274202")
    assert len(customers(v)) == 1
    assert [e["CUSTOMER_ID"] for e in estimates(v)] == [customers(v)[0]["CUSTOMER_ID"]]
    assert [q.code for q in v.questions()] == ["conflict"], "the names differ: that is asked, not overwritten"
    assert (company_row(v, sun)["name"], customers(v)[0]["ORGANIZATION"]) == ("Bäckerei Sonne GmbH", "Sonne Backwaren")


def test_a_tax_id_written_with_blanks_links_and_is_not_asked_about(unreleased: Village) -> None:
    v = unreleased
    known_to_both(v, {"VAT_ID": "DE129274202"}, tax_id="DE 129 274 202")
    assert len(estimates(v)) == 1
    assert [q.values["field"] for q in v.questions() if q.code == "conflict"] == []


def test_an_equal_customer_number_and_name_link_without_a_question(unreleased: Village) -> None:
    v = unreleased
    known_to_both(v, {"CUSTOMER_NUMBER": "K-77", "EMAIL": "", "ADDRESS": "Nebenweg 3"}, number="K-77")
    assert len(customers(v)) == 1
    assert len(estimates(v)) == 1


def test_an_equal_number_under_another_name_is_a_question(unreleased: Village) -> None:
    v = unreleased
    known_to_both(v, {"CUSTOMER_NUMBER": "K-77", "ORGANIZATION": "Ganz Anders KG", "EMAIL": ""}, number="K-77")
    assert [q.code for q in v.questions()] == ["same-customer"]
    assert estimates(v) == []


def test_two_customers_with_the_same_tax_id_are_a_question(unreleased: Village) -> None:
    v = unreleased
    known_to_both(
        v,
        {"VAT_ID": "DE129274202"},
        {"VAT_ID": "DE129274202", "ORGANIZATION": "Bäckerei Sonne Filiale", "ZIPCODE": "54321", "EMAIL": ""},
        tax_id="DE129274202",
    )
    assert {q.code for q in v.questions()} == {"same-customer"}
    assert len(customers(v)) == 2
    assert estimates(v) == []


@BOTH
def test_equal_e_mail_and_name_are_a_question_and_nothing_is_created_meanwhile(unreleased: Village) -> None:
    v = unreleased
    known_to_both(v, {})
    v.sync()
    (asked,) = v.questions()
    assert (asked.code, asked.label, asked.options) == ("same-customer", "Bäckerei Sonne GmbH", ("same", "different", "later"))
    assert (asked.values["other"], asked.values["rule"]) == ("Bäckerei Sonne GmbH", "email_name")
    assert v.writes("b") == []
    assert v.writes("a") == []


@BOTH
def test_the_answer_same_links_the_two_and_the_offer_goes_to_the_customer_that_was_there(unreleased: Village) -> None:
    v = unreleased
    sun = known_to_both(v, {})
    v.answer(v.questions()[0], "same")
    v.sync()
    assert len(customers(v)) == 1
    assert [e["CUSTOMER_ID"] for e in estimates(v)] == [customers(v)[0]["CUSTOMER_ID"]]
    v.crm_act("edit_company", id=str(sun), city="Potsdam")
    v.sync()
    assert customers(v)[0]["CITY"] == "Potsdam"


@BOTH
def test_the_answer_different_creates_the_customer_and_is_remembered(unreleased: Village) -> None:
    v = unreleased
    sun = known_to_both(v, {})
    v.answer(v.questions()[0], "different")
    v.sync()
    assert len(customers(v)) == 2
    assert len(estimates(v)) == 1
    assert estimates(v)[0]["CUSTOMER_ID"] == customers(v)[1]["CUSTOMER_ID"]
    # the other one is edited, looked at again, and not asked about again
    v.books_act("edit_customer", ID=str(customers(v)[0]["CUSTOMER_ID"]), PHONE="1")
    v.crm_act("edit_company", id=str(sun), phone="2")
    v.sync()
    assert v.questions() == []
    assert len(companies(v)) == 1
    assert count(v, "b", "customer.create") == 1


def test_near_twins_of_other_name_and_address_are_two_customers(unreleased: Village) -> None:
    v = unreleased
    known_to_both(
        v, {"ORGANIZATION": "Bäckerei Sonnenberg GmbH", "EMAIL": "post@sonnenberg.example", "ZIPCODE": "80331", "CITY": "München"}
    )
    assert v.questions() == []
    assert len(customers(v)) == 2


def test_equal_name_and_postcode_without_e_mail_is_a_question(unreleased: Village) -> None:
    v = unreleased
    known_to_both(v, {"EMAIL": "", "ADDRESS": "Anderswo 4"})
    assert [q.values["rule"] for q in v.questions()] == ["name_postcode"]


def test_a_customer_created_in_fastbill_that_the_crm_has_already_is_a_question_and_no_twin(v: Village) -> None:
    sun = company(v)
    v.sync()
    customer(v, **TWIN)
    v.sync()
    assert [q.code for q in v.questions()] == ["same-customer"]
    assert len(companies(v)) == 1
    v.answer(v.questions()[0], "same")
    v.sync()
    assert [c["id"] for c in companies(v)] == [sun]
    v.crm_act("edit_company", id=str(sun), city="Potsdam")
    v.sync()
    assert customers(v)[0]["CITY"] == "Potsdam"


def test_a_first_link_with_different_values_fills_what_is_empty_and_asks_about_the_rest(unreleased: Village) -> None:
    v = unreleased
    sun = known_to_both(v, {"PHONE": "", "ADDRESS": "Nebenweg 3", "WEBSITE": "https://sonne.example"})
    v.answer(v.questions()[0], "same")
    v.sync()
    there = customers(v)[0]
    assert there["PHONE"] == "030 1234", "empty there: filled"
    assert [h["name"] for h in company_row(v, sun)["homepages"]] == ["https://sonne.example"], "empty here: filled"
    assert (there["ADDRESS"], company_row(v, sun)["addrs"][0]["street"]) == ("Nebenweg 3", "Ring 1"), "different: left as it is"
    assert [(q.code, q.values["field"], q.values["first"]) for q in v.questions()] == [("conflict", "address.line1", "yes")]


def test_three_customers_with_one_tax_id_are_not_told_apart_by_it_from_either_side(unreleased: Village) -> None:
    """Whichever side is looked at first: a tax id that several share links nobody by itself."""
    v = unreleased
    kind = bound(v, "tax_id")
    for number in (1, 2, 3):
        customer(v, ORGANIZATION=f"Filiale {number} GmbH", VAT_ID="DE129274202", EMAIL=f"f{number}@filialen.example")
    sun = company(v, name="Zentrale KG")
    filled(v, sun, kind, "DE129274202")
    v.sync()
    v.release(with_history(preset("centralstation", "fastbill")))
    before = company_row(v, sun)
    v.sync()
    assert company_row(v, sun)["name"] == before["name"]
    assert company_row(v, sun)["emails"] == before["emails"], "nothing of a stranger was copied across"
    assert v.link_count() == {}, "nobody is linked"
    assert (v.writes("a"), v.writes("b")) == ([], []), "and nothing is written"
    assert [q.code for q in v.questions()] == ["same-customer"] * 3, "each of the three is asked about"
