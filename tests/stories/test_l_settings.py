"""What is picked before the start for a Bitrix24 portal is what its new customers get: templates, and who is responsible."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.village import Village
from tests.systems.bitrix24.test_connector_story import village
from unisono.sandbox import bitrix24
from unisono.wiring.adjusting import adjust, choices


@pytest.fixture
def v(tmp_path: Path) -> Village:
    made = village(tmp_path)
    bitrix24.seed(made.crm.world)
    return made


def offers(v: Village, name: str) -> dict[str, str]:
    """What may be picked: what it is called -> its value."""
    return next({offer.shown: offer.value for offer in one.offers} for one in choices(v.house, v.a) if one.name == name)


def customer(v: Village, **values: str) -> None:
    v.books_act("create_customer", **{"CUSTOMER_TYPE": "business", "CITY": "Dresden", "ZIPCODE": "01099", "ADDRESS": "Holzweg 3",
                "COUNTRY_CODE": "DE", **values})  # fmt: skip


def of(v: Village, table: str, **wanted: Any) -> dict[str, Any]:
    """The one row of the portal that has these values."""
    (row,) = [row for row in v.crm.truth()[table] if all(str(row[name]) == str(value) for name, value in wanted.items())]
    return dict(row)


@pytest.mark.feature("L05", kind="do")
def test_new_companies_and_contacts_follow_the_templates_that_were_picked(v: Village) -> None:
    companies, people = offers(v, "company_preset"), offers(v, "person_preset")
    adjust(v.house, v.a, {"company_preset": companies["Firma (Polen)"], "person_preset": people["Osoba (Polen)"]}, "anna")
    customer(v, ORGANIZATION="Weidenhof GmbH", VAT_ID="DE129273398")
    customer(v, CUSTOMER_TYPE="consumer", FIRST_NAME="Ida", LAST_NAME="Weide")

    v.sync()

    firm, person = of(v, "companies", TITLE="Weidenhof GmbH"), of(v, "contacts", LAST_NAME="Weide")
    assert of(v, "requisites", ENTITY_TYPE_ID=4, ENTITY_ID=firm["ID"])["PRESET_ID"] == int(companies["Firma (Polen)"])
    assert of(v, "requisites", ENTITY_TYPE_ID=3, ENTITY_ID=person["ID"])["PRESET_ID"] == int(people["Osoba (Polen)"])
    assert v.problems() == []


@pytest.mark.feature("L06", kind="do")
def test_new_customers_belong_to_whoever_was_picked_and_edited_ones_stay_whose_they_are(v: Village) -> None:
    customer(v, ORGANIZATION="Vorher GmbH")
    v.sync()
    before = of(v, "companies", TITLE="Vorher GmbH")["ASSIGNED_BY_ID"]
    milena = offers(v, "responsible")["Milena Brandt"]
    assert str(before) != milena

    adjust(v.house, v.a, {"responsible": milena}, "anna")
    customer(v, ORGANIZATION="Nachher GmbH")
    (known,) = [row for row in v.books.truth()["customers"] if row["ORGANIZATION"] == "Vorher GmbH"]
    v.books_act("edit_customer", CUSTOMER_ID=str(known["CUSTOMER_ID"]), PHONE="+49 351 1")
    v.sync()

    assert str(of(v, "companies", TITLE="Nachher GmbH")["ASSIGNED_BY_ID"]) == milena
    assert of(v, "companies", TITLE="Vorher GmbH")["ASSIGNED_BY_ID"] == before
    assert v.problems() == []
