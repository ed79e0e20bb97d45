"""Who is who: one exact hit on tax id or number links, everything else is a question, and the answer is remembered."""

from __future__ import annotations

from tests.stories.folk import BOTH, SUN, companies, company, company_row, count, customer, customers, deal_of, estimates
from tests.support.village import Village
from unisono.cli.pairing import with_history
from unisono.sandbox.centralstation.records import COMPANY_KIND, update
from unisono.sandbox.centralstation.subroutes import custom_fields_type
from unisono.wiring import preset

TWIN = {"ORGANIZATION": SUN["name"], "EMAIL": SUN["email"], "ADDRESS": SUN["street"], "ZIPCODE": SUN["zip"], "CITY": SUN["city"]}
"""FastBill's record of the company that the CRM has too."""


def bound(v: Village, field: str) -> int:
    """The account has a custom field for companies, and set-up bound it to one of ours."""
    kind = custom_fields_type(v.crm.book, {"category": "Company", "ftype": "string", "name": field})
    v.settings("a", bindings={"Company": {field: str(kind["id"])}})
    return int(kind["id"])


def filled(v: Village, key: int, type_id: int, value: str) -> None:
    """A person fills the custom field in."""
    row = v.crm.book.owner("Company", key)
    update(v.crm.book, COMPANY_KIND, row, {"custom_fields_attributes": [{"custom_fields_type_id": type_id, "name": value}]}, by_api=False)


def grown_apart(unreleased: Village, **values: str) -> Village:
    """Both sides have the company from before; the CRM's gets an offer after release."""
    customer(unreleased, **(TWIN | values))
    return unreleased


def released(v: Village) -> None:
    v.clock.advance(86400)
    v.sync()
    v.release()
    v.clock.advance(60)


@BOTH
def test_an_equal_tax_id_links_without_a_question(unreleased: Village) -> None:
    v = grown_apart(unreleased, VAT_ID="DE129274202", ORGANIZATION="Sonne Backwaren", EMAIL="")
    kind = bound(v, "tax_id")
    sun = company(v)
    filled(v, sun, kind, "DE129274202")
    released(v)
    deal_of(v, sun)
    v.sync()
    assert len(customers(v)) == 1
    assert [e["CUSTOMER_ID"] for e in estimates(v)] == [customers(v)[0]["CUSTOMER_ID"]]
    assert [q.code for q in v.questions()] == ["conflict"], "the names differ: that is asked, not overwritten"
    assert (company_row(v, sun)["name"], customers(v)[0]["ORGANIZATION"]) == ("Bäckerei Sonne GmbH", "Sonne Backwaren")


def test_a_tax_id_written_with_blanks_links_and_is_not_asked_about(unreleased: Village) -> None:
    v = grown_apart(unreleased, VAT_ID="DE129274202")
    kind = bound(v, "tax_id")
    sun = company(v)
    filled(v, sun, kind, "DE 129 274 202")
    released(v)
    deal_of(v, sun)
    v.sync()
    assert len(estimates(v)) == 1
    assert [q.values["field"] for q in v.questions() if q.code == "conflict"] == []


def test_an_equal_customer_number_and_name_link_without_a_question(unreleased: Village) -> None:
    v = grown_apart(unreleased, CUSTOMER_NUMBER="K-77", EMAIL="", ADDRESS="Nebenweg 3")
    kind = bound(v, "number")
    sun = company(v)
    filled(v, sun, kind, "K-77")
    released(v)
    deal_of(v, sun)
    v.sync()
    assert len(customers(v)) == 1
    assert len(estimates(v)) == 1


def test_an_equal_number_under_another_name_is_a_question(unreleased: Village) -> None:
    v = grown_apart(unreleased, CUSTOMER_NUMBER="K-77", ORGANIZATION="Ganz Anders KG", EMAIL="")
    kind = bound(v, "number")
    sun = company(v)
    filled(v, sun, kind, "K-77")
    released(v)
    deal_of(v, sun)
    v.sync()
    assert [q.code for q in v.questions()] == ["same-customer"]
    assert estimates(v) == []


def test_two_customers_with_the_same_tax_id_are_a_question(unreleased: Village) -> None:
    v = grown_apart(unreleased, VAT_ID="DE129274202")
    customer(v, **(TWIN | {"VAT_ID": "DE129274202", "ORGANIZATION": "Bäckerei Sonne Filiale", "ZIPCODE": "54321", "EMAIL": ""}))
    kind = bound(v, "tax_id")
    sun = company(v)
    filled(v, sun, kind, "DE129274202")
    released(v)
    deal_of(v, sun)
    v.sync()
    assert {q.code for q in v.questions()} == {"same-customer"}
    assert len(customers(v)) == 2
    assert estimates(v) == []


@BOTH
def test_equal_e_mail_and_name_are_a_question_and_nothing_is_created_meanwhile(unreleased: Village) -> None:
    v = grown_apart(unreleased)
    sun = company(v)
    released(v)
    deal_of(v, sun)
    v.sync()
    v.sync()
    (asked,) = v.questions()
    assert (asked.code, asked.label, asked.options) == ("same-customer", "Bäckerei Sonne GmbH", ("same", "different", "later"))
    assert (asked.values["other"], asked.values["rule"]) == ("Bäckerei Sonne GmbH", "email_name")
    assert v.writes("b") == []
    assert v.writes("a") == []


@BOTH
def test_the_answer_same_links_the_two_and_the_offer_goes_to_the_customer_that_was_there(unreleased: Village) -> None:
    v = grown_apart(unreleased)
    sun = company(v)
    released(v)
    deal_of(v, sun)
    v.sync()
    v.answer(v.questions()[0], "same")
    v.sync()
    assert len(customers(v)) == 1
    assert [e["CUSTOMER_ID"] for e in estimates(v)] == [customers(v)[0]["CUSTOMER_ID"]]
    v.crm_act("edit_company", id=str(sun), city="Potsdam")
    v.sync()
    assert customers(v)[0]["CITY"] == "Potsdam"


@BOTH
def test_the_answer_different_creates_the_customer_and_is_remembered(unreleased: Village) -> None:
    v = grown_apart(unreleased)
    sun = company(v)
    released(v)
    deal_of(v, sun)
    v.sync()
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
    v = grown_apart(unreleased, ORGANIZATION="Bäckerei Sonnenberg GmbH", EMAIL="post@sonnenberg.example", ZIPCODE="80331", CITY="München")
    sun = company(v)
    released(v)
    deal_of(v, sun)
    v.sync()
    assert v.questions() == []
    assert len(customers(v)) == 2


def test_equal_name_and_postcode_without_e_mail_is_a_question(unreleased: Village) -> None:
    v = grown_apart(unreleased, EMAIL="", ADDRESS="Anderswo 4")
    sun = company(v)
    released(v)
    deal_of(v, sun)
    v.sync()
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
    v = grown_apart(unreleased, PHONE="", ADDRESS="Nebenweg 3", WEBSITE="https://sonne.example")
    sun = company(v)
    released(v)
    deal_of(v, sun)
    v.sync()
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
