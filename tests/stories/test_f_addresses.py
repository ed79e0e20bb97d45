"""F23: what FastBill needs complete is looked at before anything is written, and what is missing is said by name."""

from __future__ import annotations

import pytest

from tests.stories.folk import BOTH, companies, company, customer, customer_named, customer_names, customers, deal_of, estimates, person
from tests.support.village import Village

MISSING = (
    ({"street": ""}, ["address.line1"]),
    ({"zip": ""}, ["address.postcode"]),
    ({"city": ""}, ["address.city"]),
    ({"zip": "", "city": ""}, ["address.postcode", "address.city"]),
)


@BOTH
@pytest.mark.feature("F23", kind="do")
@pytest.mark.parametrize(("left_out", "fields"), MISSING)
def test_a_company_with_an_incomplete_address_is_not_sent_and_every_missing_field_is_named(
    v: Village, left_out: dict[str, str], fields: list[str]
) -> None:
    sun = company(v, **left_out)
    deal_of(v, sun)
    v.sync()
    assert v.writes("b") == [], "found before writing, not by being refused"
    (problem,) = v.problems()
    assert (problem.code, problem.label, problem.field) == ("missing-field", "Bäckerei Sonne GmbH", fields[0])
    assert sorted(problem.values["fields"].split(", ")) == sorted(fields)


@BOTH
@pytest.mark.feature("F23", kind="do")
def test_once_the_address_is_filled_in_company_and_offer_go_across_by_themselves(v: Village) -> None:
    sun = company(v, zip="", city="")
    deal_of(v, sun)
    v.sync()
    assert customers(v) == []
    v.crm_act("set_address", kind="company", id=str(sun), zip="12345", city="Berlin")
    v.sync()
    assert customer_named(v, "Bäckerei Sonne GmbH")["ZIPCODE"] == "12345"
    assert len(estimates(v)) == 1
    assert v.problems() == []


@pytest.mark.feature("F23", kind="do")
def test_one_incomplete_company_stops_nobody_else(v: Village) -> None:
    deal_of(v, company(v, name="Ohne Adresse GmbH", street="", zip="", city="", email="o@o.example"))
    deal_of(v, company(v))
    v.sync()
    assert customer_names(v) == ["Bäckerei Sonne GmbH"]
    assert [p.label for p in v.problems()] == ["Ohne Adresse GmbH"]


@pytest.mark.feature("F23", kind="do")
def test_a_person_needs_an_address_of_their_own_too(v: Village) -> None:
    anna = person(v, "Anna", "Ahrens", street="", zip="", city="")
    v.crm_act("create_deal", name="Portrait", value="300", person_ids=str(anna))
    v.sync()
    assert customers(v) == []
    assert [(p.code, p.label) for p in v.problems()] == [("missing-field", "Anna Ahrens")]


@pytest.mark.feature("F23", kind="do")
def test_companies_and_people_are_kept_apart_though_fastbill_calls_both_customers(v: Village) -> None:
    customer(v, ORGANIZATION="Mond Optik GmbH")
    customer(v, ORGANIZATION="", FIRST_NAME="Emil", LAST_NAME="Ehlers")
    v.sync()
    assert [c["name"] for c in companies(v)] == ["Mond Optik GmbH"]
    assert [p["name"] for p in v.crm.truth()["people"]] == ["Ehlers"]


@pytest.mark.feature("F23", kind="do")
def test_a_firm_that_wants_no_check_may_choose_so(v: Village) -> None:
    from unisono.wiring import preset

    v.release(preset("centralstation", "fastbill").replace('country = "DE"', 'country = "DE"\nrequire = []'))
    deal_of(v, company(v, street="", zip=""))
    v.sync()
    assert customer_named(v, "Bäckerei Sonne GmbH")["ZIPCODE"] == ""


@pytest.mark.feature("F23", kind="do")
def test_what_fastbill_refuses_all_the_same_is_said_with_its_own_words(v: Village) -> None:
    from unisono.wiring import preset

    v.books.world.storage.settings["require_address"] = True
    v.release(preset("centralstation", "fastbill").replace('country = "DE"', 'country = "DE"\nrequire = []'))
    deal_of(v, company(v, zip=""))
    v.sync()
    assert customers(v) == []
    (problem,) = v.problems()
    assert (problem.label, problem.field) == ("Bäckerei Sonne GmbH", "address.postcode")
    assert "ZIPCODE" in problem.raw


@pytest.mark.feature("F23", kind="do")
def test_an_edit_that_empties_a_needed_field_is_not_carried_over_unseen(v: Village) -> None:
    sun = company(v)
    deal_of(v, sun)
    v.sync()
    v.crm_act("edit_company", id=str(sun), email="")
    v.sync()
    assert customers(v)[0]["EMAIL"] == "post@sonne.example"
    assert [(p.code, p.field) for p in v.problems()] == [("clear-unverified", "email")]
