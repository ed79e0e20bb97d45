"""F04-F14: what somebody does in the CRM, and what then stands in FastBill."""

from __future__ import annotations

import pytest

from tests.stories.folk import (
    BOTH,
    company,
    contact_names,
    count,
    customer,
    customer_named,
    customer_names,
    customers,
    deal,
    deal_of,
    employee,
    estimates,
    person,
)
from tests.support.village import Village


def tag(v: Village, kind: str, key: int, name: str = "FastBill") -> None:
    v.crm_act("tag", kind=kind, id=str(key), name=name)


# --- an offer is made: F04 to F07 ---


@BOTH
@pytest.mark.feature("F04", kind="do")
def test_an_offer_with_a_company_brings_that_company_to_fastbill_with_its_address(v: Village) -> None:
    sun = company(v)
    v.sync()
    assert customers(v) == []
    deal_of(v, sun)
    v.sync()
    made = customer_named(v, "Bäckerei Sonne GmbH")
    address = [made[name] for name in ("CUSTOMER_TYPE", "ADDRESS", "ZIPCODE", "CITY", "COUNTRY_CODE")]
    assert address == ["business", "Ring 1", "12345", "Berlin", "DE"]
    assert (made["EMAIL"], made["PHONE"]) == ("post@sonne.example", "030 1234")


@pytest.mark.feature("F04", kind="do")
def test_a_company_that_fastbill_has_already_is_not_created_again_when_an_offer_is_made(v: Village) -> None:
    here = customer(v, ORGANIZATION="Bäckerei Sonne GmbH", EMAIL="post@sonne.example", ADDRESS="Ring 1", ZIPCODE="12345", CITY="Berlin")
    v.sync()  # FastBill's customer is now in the CRM, too (F16)
    there = v.crm.truth()["companies"][0]["id"]
    deal_of(v, there)
    v.sync()
    assert [c["CUSTOMER_ID"] for c in customers(v)] == [str(here)]
    assert [e["CUSTOMER_ID"] for e in estimates(v)] == [str(here)]


@pytest.mark.feature("F04", kind="do")
def test_fastbills_books_are_read_before_a_company_is_created_there(v: Village) -> None:
    sun = company(v)
    deal_of(v, sun)
    before = v.calls("b")
    v.sync()
    calls = [c.operation for c in v.books.world.log.calls[before:]]
    assert calls.index("customer.get") < calls.index("customer.create")


@pytest.mark.feature("F05", kind="do")
def test_an_offer_without_a_company_brings_its_first_person_as_the_customer(v: Village) -> None:
    first, second = person(v, "Anna", "Ahrens"), person(v, "Bernd", "Busch")
    v.sync()
    assert customers(v) == []
    deal(v, "Portrait", "300", person_ids=f"{first},{second}")
    v.sync()
    made = customer_named(v, "Anna Ahrens")
    assert customer_names(v) == ["Anna Ahrens"]
    assert (made["CUSTOMER_TYPE"], made["FIRST_NAME"], made["LAST_NAME"], made["CITY"]) == ("consumer", "Anna", "Ahrens", "Berlin")
    assert [e["CUSTOMER_ID"] for e in estimates(v)] == [made["CUSTOMER_ID"]]


@pytest.mark.feature("F06", kind="do")
def test_an_offer_with_neither_company_nor_person_brings_nothing_at_all(v: Village) -> None:
    deal(v, "Irgendwas", "500")
    outcome = v.sync()
    assert v.writes("b") == []
    assert v.writes("a") == []
    assert outcome.verdicts == {"left-out": 1}
    assert v.problems() == []
    assert v.questions() == []


@BOTH
@pytest.mark.feature("F07", kind="do")
def test_an_offer_becomes_an_estimate_with_its_title_and_amount_to_be_finished_there(v: Village) -> None:
    deal_of(v, company(v), "Leuchtschild", "1200.50")
    v.sync()
    (made,) = estimates(v)
    assert (made["INVOICE_TITLE"], made["SUB_TOTAL"], made["TOTAL"], made["CURRENCY_CODE"]) == ("Leuchtschild", "1200.5", "1428.6", "EUR")
    assert [(i["DESCRIPTION"], i["QUANTITY"], i["VAT_PERCENT"]) for i in made["ITEMS"]] == [("Leuchtschild", "1.00", "19.00")]
    assert made["STATE"] == "a", "created, not sent: a person finishes and sends it in FastBill"
    assert made["CUSTOMER_ID"] == customer_named(v, "Bäckerei Sonne GmbH")["CUSTOMER_ID"]


@pytest.mark.feature("F07", kind="do")
def test_an_offer_by_the_hour_becomes_a_line_with_hours(v: Village) -> None:
    sun = company(v)
    deal(v, "Beratung", "90", company_id=str(sun), value_type="hourly", value_count="8")
    v.sync()
    (made,) = estimates(v)
    assert (made["ITEMS"][0]["QUANTITY"], made["SUB_TOTAL"]) == ("8.00", "720")


@pytest.mark.feature("F07", kind="do")
def test_a_second_offer_for_the_same_company_makes_a_second_estimate_and_no_second_customer(v: Village) -> None:
    sun = company(v)
    deal_of(v, sun, "Leuchtschild", "1200")
    v.sync()
    deal_of(v, sun, "Schaufenster", "800")
    v.sync()
    assert customer_names(v) == ["Bäckerei Sonne GmbH"]
    assert sorted(e["INVOICE_TITLE"] for e in estimates(v)) == ["Leuchtschild", "Schaufenster"]


@pytest.mark.feature("F07", kind="do")
def test_an_offer_without_an_amount_makes_no_zero_estimate_and_says_why(v: Village) -> None:
    sun = company(v)
    key = deal_of(v, sun, "Noch offen", "0")
    v.sync()
    assert estimates(v) == []
    (problem,) = v.problems()
    assert (problem.code, problem.field, problem.label) == ("quote-without-amount", "value", "Noch offen")
    v.crm_act("edit_deal", id=str(key), value="450")
    v.sync()
    assert [e["SUB_TOTAL"] for e in estimates(v)] == ["450"]
    assert v.problems() == []


# --- a customer is edited: F08 to F10 ---

EDITS = (
    ({"name": "Bäckerei Sonne & Söhne GmbH"}, "ORGANIZATION", "Bäckerei Sonne & Söhne GmbH"),
    ({"street": "Allee 9"}, "ADDRESS", "Allee 9"),
    ({"zip": "10115"}, "ZIPCODE", "10115"),
    ({"email": "neu@sonne.example"}, "EMAIL", "neu@sonne.example"),
    ({"phone": "030 99"}, "PHONE", "030 99"),
)


@pytest.mark.feature("F08", kind="do")
@pytest.mark.parametrize(("edit", "field", "after"), EDITS)
def test_an_edit_of_a_linked_customer_reaches_fastbill_with_one_write(v: Village, edit: dict[str, str], field: str, after: str) -> None:
    sun = company(v)
    deal_of(v, sun)
    v.sync()
    before = customer_named(v, "Bäckerei Sonne GmbH")
    assert before[field] != after
    v.crm_act("edit_company", id=str(sun), **edit)
    v.sync()
    (now,) = customers(v)
    assert now[field] == after
    untouched = {k for k, x in now.items() if x != before[k]} - {field, "LASTUPDATE"}
    assert untouched == set(), "an edit of one field changes no other"
    assert count(v, "b", "customer.update") == 1


@pytest.mark.feature("F08", kind="do")
def test_an_edit_of_the_address_alone_reaches_fastbill_though_the_company_itself_did_not_change(v: Village) -> None:
    sun = company(v)
    deal_of(v, sun)
    v.sync()
    v.crm_act("set_address", kind="company", id=str(sun), street="Hafenstr. 3", zip="20457", city="Hamburg")
    v.sync()
    now = customer_named(v, "Bäckerei Sonne GmbH")
    assert [now[n] for n in ("ADDRESS", "ZIPCODE", "CITY")] == ["Hafenstr. 3", "20457", "Hamburg"]


@pytest.mark.feature("F08", kind="do")
def test_an_edit_of_a_customer_that_is_not_linked_reaches_nobody(v: Village) -> None:
    moon = company(v, name="Mond AG")
    v.sync()
    v.crm_act("edit_company", id=str(moon), street="Allee 9")
    v.sync()
    assert v.writes("b") == []


@pytest.mark.feature("F08", kind="do")
def test_an_edit_of_a_contact_person_reaches_fastbill(v: Village) -> None:
    sun = company(v)
    anna = employee(v, "Anna", "Ahrens", sun)
    tag(v, "company", sun)
    v.sync()
    v.crm_act("edit_person", id=str(anna), email="anna@sonne.example")
    v.sync()
    assert [c["EMAIL"] for c in v.books.truth()["contacts"]] == ["anna@sonne.example"]
    assert count(v, "b", "contact.update") == 1


@pytest.mark.feature("F09", kind="do")
def test_new_companies_and_people_of_the_crm_stay_there(v: Village) -> None:
    sun = company(v)
    person(v, "Anna", "Ahrens")
    employee(v, "Bernd", "Busch", sun)
    v.sync()
    v.sync()
    assert v.writes("b") == []
    assert customers(v) == []
    assert v.books.truth()["contacts"] == []


@pytest.mark.feature("F10", kind="do")
def test_linked_are_those_with_an_offer_those_with_the_tag_and_those_of_fastbill_and_nobody_else(v: Village) -> None:
    offered = company(v, name="Angebot GmbH", email="a@a.example")
    tagged = company(v, name="Schlagwort GmbH", email="b@b.example")
    neither = company(v, name="Niemand GmbH", email="c@c.example")
    deal_of(v, offered)
    tag(v, "company", tagged)
    born = customer(v, ORGANIZATION="Rechnung GmbH")
    v.sync()
    assert customer_names(v) == ["Angebot GmbH", "Rechnung GmbH", "Schlagwort GmbH"]
    born_here = next(c["id"] for c in v.crm.truth()["companies"] if c["name"] == "Rechnung GmbH")
    # linked means: an edit is carried over from then on
    for key in (offered, tagged, neither, born_here):
        v.crm_act("edit_company", id=str(key), phone="0800 1")
    v.sync()
    assert {c["ORGANIZATION"]: c["PHONE"] for c in customers(v)} == {
        "Angebot GmbH": "0800 1",
        "Rechnung GmbH": "0800 1",
        "Schlagwort GmbH": "0800 1",
    }
    assert born == int(customer_named(v, "Rechnung GmbH")["CUSTOMER_ID"])


@pytest.mark.feature("F10", kind="do")
def test_taking_the_tag_away_keeps_the_customer_linked(v: Village) -> None:
    sun = company(v)
    tag(v, "company", sun)
    v.sync()
    v.crm_act("untag", kind="company", id=str(sun), name="FastBill")
    v.sync()
    v.crm_act("edit_company", id=str(sun), phone="0800 1")
    v.sync()
    assert [c["PHONE"] for c in customers(v)] == ["0800 1"]


# --- the tag: F11 to F14 ---


@BOTH
@pytest.mark.feature("F11", kind="do")
def test_the_tag_carries_a_company_over_without_an_offer_and_keeps_it_in_step(v: Village) -> None:
    sun = company(v)
    v.sync()
    assert customers(v) == []
    tag(v, "company", sun)
    v.sync()
    assert customer_names(v) == ["Bäckerei Sonne GmbH"]
    assert estimates(v) == []
    v.crm_act("edit_company", id=str(sun), city="Potsdam")
    v.sync()
    assert customer_named(v, "Bäckerei Sonne GmbH")["CITY"] == "Potsdam"


@pytest.mark.feature("F11", kind="do")
def test_the_tag_carries_a_person_without_a_company_over(v: Village) -> None:
    anna = person(v, "Anna", "Ahrens")
    tag(v, "person", anna)
    v.sync()
    assert (customer_named(v, "Anna Ahrens")["CUSTOMER_TYPE"], estimates(v)) == ("consumer", [])


@pytest.mark.feature("F11", kind="do")
@pytest.mark.parametrize("other", ("fastbill", "FastBill alt", "Kunde"))
def test_any_other_tag_does_nothing(v: Village, other: str) -> None:
    tag(v, "company", company(v), other)
    v.sync()
    assert v.writes("b") == []


@BOTH
@pytest.mark.feature("F12", kind="do")
def test_the_tag_on_a_company_takes_all_its_people_along_each_as_a_contact_person_of_its_own(v: Village) -> None:
    sun = company(v)
    employee(v, "Anna", "Ahrens", sun, email="anna@sonne.example", position="Leitung")
    employee(v, "Bernd", "Busch", sun)
    employee(v, "Carla", "Cohn", sun)
    person(v, "Fremde", "Person")
    v.sync()
    tag(v, "company", sun)
    v.sync()
    made = customer_named(v, "Bäckerei Sonne GmbH")
    assert customer_names(v) == ["Bäckerei Sonne GmbH"]
    assert contact_names(v, made["CUSTOMER_ID"]) == ["Anna Ahrens", "Bernd Busch", "Carla Cohn"]
    anna = next(c for c in v.books.truth()["contacts"] if c["LAST_NAME"] == "Ahrens")
    assert (anna["EMAIL"], anna["POSITION"]) == ("anna@sonne.example", "Leitung")


@pytest.mark.feature("F12", kind="do")
def test_somebody_who_joins_a_tagged_company_later_follows(v: Village) -> None:
    sun = company(v)
    tag(v, "company", sun)
    v.sync()
    employee(v, "Dora", "Dietz", sun)
    v.sync()
    assert contact_names(v, customer_named(v, "Bäckerei Sonne GmbH")["CUSTOMER_ID"]) == ["Dora Dietz"]


@pytest.mark.feature("F12", kind="do")
def test_an_offer_alone_takes_no_people_along(v: Village) -> None:
    sun = company(v)
    employee(v, "Anna", "Ahrens", sun)
    deal_of(v, sun)
    v.sync()
    assert customer_names(v) == ["Bäckerei Sonne GmbH"]
    assert v.books.truth()["contacts"] == []


@pytest.mark.feature("F13", kind="do")
def test_the_tag_on_a_person_takes_the_company_along(v: Village) -> None:
    sun = company(v)
    anna = employee(v, "Anna", "Ahrens", sun)
    employee(v, "Bernd", "Busch", sun)
    v.sync()
    tag(v, "person", anna)
    v.sync()
    made = customer_named(v, "Bäckerei Sonne GmbH")
    assert customer_names(v) == ["Bäckerei Sonne GmbH"]
    assert contact_names(v, made["CUSTOMER_ID"]) == ["Anna Ahrens"], "her colleague is not tagged"


@BOTH
@pytest.mark.feature("F14", kind="do")
def test_the_tag_on_a_person_of_a_known_company_adds_a_contact_person_and_no_customer_number(v: Village) -> None:
    sun = company(v)
    deal_of(v, sun)
    v.sync()
    numbers = [c["CUSTOMER_NUMBER"] for c in customers(v)]
    anna = employee(v, "Anna", "Ahrens", sun)
    v.sync()
    tag(v, "person", anna)
    v.sync()
    assert [c["CUSTOMER_NUMBER"] for c in customers(v)] == numbers
    assert contact_names(v, customers(v)[0]["CUSTOMER_ID"]) == ["Anna Ahrens"]
    assert count(v, "b", "customer.create") == 1


@pytest.mark.feature("F14", kind="do")
def test_the_tag_on_a_person_of_a_company_that_was_born_in_fastbill_adds_a_contact_person_there(v: Village) -> None:
    born = customer(v)
    v.sync()
    there = v.crm.truth()["companies"][0]["id"]
    anna = employee(v, "Anna", "Ahrens", there)
    tag(v, "person", anna)
    v.sync()
    assert [c["CUSTOMER_ID"] for c in customers(v)] == [str(born)]
    assert contact_names(v, str(born)) == ["Anna Ahrens"]
