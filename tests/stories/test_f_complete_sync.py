"""F21 and F22: the complete sync that may be asked for at set-up; and what happens if it is not."""

from __future__ import annotations

import pytest

from tests.stories.folk import (
    BOTH,
    companies,
    company,
    company_names,
    customer,
    customer_names,
    customers,
    deal_of,
    estimate,
    estimates,
    files_at,
    invoice,
    notes,
    notes_at,
    person,
    person_names,
    state,
)
from tests.support.village import Village
from unisono.wiring import preset

EVERYTHING = preset("centralstation", "fastbill").replace('history = "new"', 'history = "all"')
"""The preset with the complete sync chosen: history of customers on both sides."""


def complete(documents: bool = True) -> str:
    """The preset with the article's complete sync: customers of both sides, and the documents of FastBill."""
    policy = EVERYTHING
    return policy + 'history = "all"\n' if documents else policy


def old_firm(v: Village) -> None:
    """What both sides have held for years before the pair is set up."""
    born = 0
    for number in range(3):
        born = customer(v, ORGANIZATION=f"Altkunde {number} GmbH", EMAIL=f"kunde{number}@alt.example")
        invoice(v, born, TITLE=f"Altrechnung {number}")
    sent = estimate(v, born)
    state(v, sent, "b")
    estimate(v, born, TITLE="Nie verschickt")
    customer(v, ORGANIZATION="", FIRST_NAME="Emil", LAST_NAME="Ehlers")
    offered = company(v, name="Mit Angebot AG", email="a@a.example")
    deal_of(v, offered, "Altes Angebot", "900")
    company(v, name="Ohne Angebot AG", email="b@b.example")
    person(v, "Nora", "Nagel")
    v.clock.advance(86400)


@pytest.mark.feature("F21", kind="do")
@BOTH
def test_a_complete_sync_brings_all_customers_and_their_documents_to_the_crm(unreleased: Village) -> None:
    v = unreleased
    old_firm(v)
    v.sync()
    assert company_names(v) == ["Mit Angebot AG", "Ohne Angebot AG"], "before release it only reads"
    v.release(complete())
    v.sync()
    assert company_names(v) == ["Altkunde 0 GmbH", "Altkunde 1 GmbH", "Altkunde 2 GmbH", "Mit Angebot AG", "Ohne Angebot AG"]
    assert "Emil Ehlers" in person_names(v)
    by_name = {c["name"]: c["id"] for c in companies(v)}
    assert [len(notes_at(v, "company", by_name[f"Altkunde {n} GmbH"])) for n in range(3)] == [1, 1, 2]
    assert [len(files_at(v, note)) for note in notes(v)] == [1, 1, 1, 1]
    assert not any("Nie verschickt" in n["content"] for n in notes(v)), "an offer that was not sent has no PDF to keep"


@pytest.mark.feature("F22", kind="do")
@BOTH
def test_a_complete_sync_takes_the_crm_companies_that_have_an_offer_and_no_others(unreleased: Village) -> None:
    v = unreleased
    old_firm(v)
    before = customer_names(v)
    v.sync()
    v.release(complete())
    v.sync()
    assert sorted(set(customer_names(v)) - set(before)) == ["Mit Angebot AG"]
    assert len(customers(v)) == len(before) + 1
    assert [e["INVOICE_TITLE"] for e in estimates(v)].count("Altes Angebot") == 0, "companies are taken, old offers are not offered anew"


@pytest.mark.feature("F21", kind="do")
def test_without_the_complete_sync_old_customers_and_documents_stay_where_they_are(unreleased: Village) -> None:
    v = unreleased
    old_firm(v)
    v.sync()
    v.release()
    v.sync()
    assert v.writes("a") == []
    assert v.writes("b") == []
    born = customer(v, ORGANIZATION="Neukunde GmbH")
    v.sync()
    assert "Neukunde GmbH" in company_names(v)
    assert "Altkunde 0 GmbH" not in company_names(v)
    assert str(born) in {c["CUSTOMER_ID"] for c in customers(v)}


@pytest.mark.feature("F21", kind="do")
def test_a_new_invoice_of_an_old_customer_brings_that_customer_and_the_invoice(unreleased: Village) -> None:
    v = unreleased
    old_firm(v)
    v.sync()
    v.release()
    v.clock.advance(60)
    old = next(c["CUSTOMER_ID"] for c in customers(v) if c["ORGANIZATION"] == "Altkunde 1 GmbH")
    invoice(v, old, TITLE="Neue Rechnung")
    v.sync()
    there = next(c["id"] for c in companies(v) if c["name"] == "Altkunde 1 GmbH")
    assert len(notes_at(v, "company", there)) == 1, "the new invoice, not the old one"
    assert "Altkunde 0 GmbH" not in company_names(v)


@pytest.mark.feature("F22", kind="do")
def test_a_company_that_both_sides_have_is_asked_about_and_not_created_twice(unreleased: Village) -> None:
    v = unreleased
    customer(v, ORGANIZATION="Bäckerei Sonne GmbH", EMAIL="post@sonne.example", ADDRESS="Ring 1", ZIPCODE="12345", CITY="Berlin")
    deal_of(v, company(v))
    v.clock.advance(86400)
    v.sync()
    v.release(complete())
    v.sync()
    assert len(customers(v)) == 1
    assert len(companies(v)) == 1
    asked = v.questions()
    assert {q.code for q in asked} == {"same-customer"}
    assert {q.label for q in asked} == {"Bäckerei Sonne GmbH"}


@pytest.mark.feature("F21", kind="do")
def test_a_second_complete_sync_writes_nothing(unreleased: Village) -> None:
    v = unreleased
    old_firm(v)
    v.sync()
    v.release(complete())
    v.sync()
    before = (v.writes("a"), v.writes("b"))
    v.clock.advance(60)
    v.cycle(whole=True)
    assert (v.writes("a"), v.writes("b")) == before
