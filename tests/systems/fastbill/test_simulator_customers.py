"""Customers and contacts: types of their fields, what is required, what an update keeps."""

from __future__ import annotations

from typing import Any

import pytest

from tests.systems.fastbill.caller import FIRM, Caller


def test_ids_are_numbers_when_made_and_texts_when_listed_or_updated() -> None:
    fastbill = Caller()

    made = fastbill.ok("customer.create", **FIRM)
    listed = fastbill.one("customer.get", "CUSTOMERS", CUSTOMER_ID=made["CUSTOMER_ID"])
    updated = fastbill.ok("customer.update", CUSTOMER_ID=made["CUSTOMER_ID"], **FIRM)

    assert isinstance(made["CUSTOMER_ID"], int)
    assert listed["CUSTOMER_ID"] == updated["CUSTOMER_ID"] == str(made["CUSTOMER_ID"])
    assert listed["CUSTOMER_NUMBER"] == made["CUSTOMER_NUMBER"] == "1001"
    assert listed["CREATED"] == listed["LASTUPDATE"] == "2026-11-02 09:00:00"


def test_an_empty_accounting_number_is_sometimes_a_list() -> None:
    fastbill = Caller()
    for n in range(40):
        fastbill.customer(ORGANIZATION=f"Firma {n}")

    seen = [c["ACCOUNT_RECEIVABLE"] for c in fastbill.get("customer.get", LIMIT=100)["CUSTOMERS"]]

    assert "" in seen
    assert [] in seen


@pytest.mark.parametrize(
    ("data", "names"),
    (
        ({}, ["CUSTOMER_TYPE"]),
        ({"CUSTOMER_TYPE": "business"}, ["ORGANIZATION"]),
        ({"CUSTOMER_TYPE": "business", "ORGANIZATION": "   "}, ["ORGANIZATION"]),
        ({"CUSTOMER_TYPE": "consumer", "FIRST_NAME": "Ida"}, ["LAST_NAME"]),
        ({**FIRM, "COUNTRY_CODE": "Deutschland", "CURRENCY_CODE": "DM"}, ["COUNTRY_CODE", "CURRENCY_CODE"]),
        ({**FIRM, "SALUTATION": "Herr"}, ["SALUTATION"]),
        ({**FIRM, "EMAIL": "nobody at home"}, ["EMAIL"]),
        ({**FIRM, "PAYMENT_TYPE": 2}, ["BANK_NAME", "BANK_IBAN"]),
        ({**FIRM, "PAYMENT_TYPE": 7}, ["PAYMENT_TYPE"]),
        ({**FIRM, "DAYS_FOR_PAYMENT": "bald"}, ["DAYS_FOR_PAYMENT"]),
        ({**FIRM, "ORGANIZATION": "x" * 256}, ["ORGANIZATION"]),
        ({**FIRM, "CITY": {"a": "b"}}, ["CITY"]),
    ),
)
def test_what_is_missing_or_invalid_is_named(data: dict[str, Any], names: list[str]) -> None:
    fastbill = Caller()

    assert fastbill.errors("customer.create", **data) == [f"missing / invalid field: {name}" for name in names]
    assert fastbill.simulator.truth()["customers"] == []


def test_postcode_and_city_are_required_only_where_the_account_is_set_so() -> None:
    data = {"CUSTOMER_TYPE": "business", "ORGANIZATION": "Ohne Ort KG"}

    assert Caller().do("customer.create", **data)["STATUS"] == "success"
    assert Caller(require_address=True).errors("customer.create", **data) == [
        "missing / invalid field: ZIPCODE",
        "missing / invalid field: CITY",
    ]


def test_an_update_keeps_what_is_not_sent_but_wants_type_and_name_again() -> None:
    fastbill = Caller()
    made = fastbill.customer(PHONE="0421 5550100", EMAIL="info@kranbau.example")
    fastbill.world.clock.advance(3600)

    refused = fastbill.errors("customer.update", CUSTOMER_ID=made, CITY="Bremerhaven")
    fastbill.ok("customer.update", CUSTOMER_ID=made, CUSTOMER_TYPE="business", ORGANIZATION="Kranbau Riesig AG", EMAIL="", FAX=None)
    after = fastbill.one("customer.get", "CUSTOMERS", CUSTOMER_ID=made)

    assert refused == ["missing / invalid field: CUSTOMER_TYPE"]
    assert (after["ORGANIZATION"], after["PHONE"], after["CITY"], after["EMAIL"]) == ("Kranbau Riesig AG", "0421 5550100", "Bremen", "")
    assert (after["CREATED"], after["LASTUPDATE"]) == ("2026-11-02 09:00:00", "2026-11-02 10:00:00")


def test_an_empty_text_may_be_set_to_mean_nothing() -> None:
    fastbill = Caller(empty_text="keep")
    made = fastbill.customer(PHONE="0421 5550100")

    fastbill.ok("customer.update", CUSTOMER_ID=made, **FIRM, PHONE="")

    assert fastbill.one("customer.get", "CUSTOMERS", CUSTOMER_ID=made)["PHONE"] == "0421 5550100"


def test_blanks_around_a_text_are_cut() -> None:
    fastbill = Caller()
    plain = Caller(normalise=False)

    assert fastbill.one("customer.get", "CUSTOMERS", CUSTOMER_ID=fastbill.customer(CITY="  Bremen "))["CITY"] == "Bremen"
    assert plain.one("customer.get", "CUSTOMERS", CUSTOMER_ID=plain.customer(CITY="  Bremen "))["CITY"] == "  Bremen "


def test_a_customer_number_cannot_be_given_twice_and_automatic_ones_step_aside() -> None:
    fastbill = Caller()
    first = fastbill.customer(CUSTOMER_NUMBER="1001")

    second = fastbill.ok("customer.create", **FIRM)
    refused = fastbill.errors("customer.create", **FIRM, CUSTOMER_NUMBER="1001")
    fastbill.ok("customer.delete", CUSTOMER_ID=first)
    still_refused = fastbill.errors("customer.create", **FIRM, CUSTOMER_NUMBER="1001")
    fastbill.world.storage.settings["unique_customer_number"] = False

    assert second["CUSTOMER_NUMBER"] == "1002"
    assert refused == still_refused == ["missing / invalid field: CUSTOMER_NUMBER"]
    assert fastbill.ok("customer.create", **FIRM, CUSTOMER_NUMBER="1001")["CUSTOMER_NUMBER"] == "1001"


def test_customers_are_found_by_number_place_country_and_term_but_not_by_change() -> None:
    fastbill = Caller()
    bremen = str(fastbill.customer(CUSTOMER_NUMBER="K-7", TAGS="Kran,Nord"))
    vienna = str(fastbill.customer(ORGANIZATION="Wiener Räder OG", CITY="Wien", COUNTRY_CODE="AT", EMAIL="rad@wien.example"))

    def found(**filter_: Any) -> list[str]:
        return [c["CUSTOMER_ID"] for c in fastbill.get("customer.get", filter_)["CUSTOMERS"]]

    assert found(CUSTOMER_NUMBER="K-7") == found(CITY="bremen") == found(TERM="nord") == [bremen]
    assert found(COUNTRY_CODE="AT") == found(TERM="RÄDER") == found(TERM="rad@wien") == [vienna]
    assert found(CUSTOMER_ID=[vienna, bremen]) == [bremen, vienna]
    assert found(CUSTOMER_ID="99") == found(CUSTOMER_ID="' OR 1=1") == []
    assert found(START_LASTUPDATE="2030-01-01") == [bremen, vienna]


def test_a_deleted_customer_is_gone_with_its_contacts_but_its_invoice_stays() -> None:
    fastbill = Caller()
    made = fastbill.customer()
    fastbill.ok("contact.create", CUSTOMER_ID=made, LAST_NAME="Löwe")
    fastbill.ok("invoice.create", CUSTOMER_ID=made, ITEMS=[{"DESCRIPTION": "Kran", "UNIT_PRICE": 1}])

    fastbill.ok("customer.delete", CUSTOMER_ID=made)

    assert fastbill.get("customer.get")["CUSTOMERS"] == fastbill.get("contact.get")["CONTACTS"] == []
    assert fastbill.one("invoice.get", "INVOICES")["ORGANIZATION"] == FIRM["ORGANIZATION"]
    assert fastbill.errors("customer.update", CUSTOMER_ID=made, **FIRM) == ["missing / invalid field: CUSTOMER_ID"]


def test_a_customer_with_documents_may_be_set_to_stay() -> None:
    fastbill = Caller(delete_with_documents="refuse")
    made = fastbill.customer()
    fastbill.ok("invoice.create", CUSTOMER_ID=made, ITEMS=[{"DESCRIPTION": "Kran", "UNIT_PRICE": 1}])

    assert fastbill.errors("customer.delete", CUSTOMER_ID=made) == ["Customer Error: Customer has documents."]
    assert len(fastbill.simulator.truth()["customers"]) == 1


def test_contacts_live_under_their_customer() -> None:
    fastbill = Caller()
    one, other = fastbill.customer(), fastbill.customer(ORGANIZATION="Andere GmbH", CUSTOMER_NUMBER="77")
    ada = fastbill.ok("contact.create", CUSTOMER_ID=one, FIRST_NAME="Ada", LAST_NAME="Löwe", COMMENT="ruft zurück")
    bea = fastbill.ok("contact.create", CUSTOMER_ID=other, FIRST_NAME="Bea", LAST_NAME="Bär")

    updated = fastbill.ok("contact.update", CUSTOMER_ID=one, CONTACT_ID=ada["CONTACT_ID"], POSITION="Einkauf")
    listed = fastbill.one("contact.get", "CONTACTS", CUSTOMER_ID=one)

    assert isinstance(ada["CONTACT_ID"], int)
    assert updated["CONTACT_ID"] == listed["CONTACT_ID"] == str(ada["CONTACT_ID"])
    assert (listed["FIRST_NAME"], listed["POSITION"], listed["COMMENT"]) == ("Ada", "Einkauf", "ruft zurück")
    assert fastbill.one("contact.get", "CONTACTS", CUSTOMER_NUMBER="77")["FIRST_NAME"] == "Bea"
    assert fastbill.one("contact.get", "CONTACTS", TERM="bär")["CONTACT_ID"] == str(bea["CONTACT_ID"])
    assert len(fastbill.get("contact.get")["CONTACTS"]) == 2


def test_a_contact_is_changed_and_deleted_by_both_ids_only() -> None:
    fastbill = Caller()
    one, other = fastbill.customer(), fastbill.customer(ORGANIZATION="Andere GmbH")
    ada = fastbill.ok("contact.create", CUSTOMER_ID=one, LAST_NAME="Löwe")["CONTACT_ID"]

    assert fastbill.errors("contact.delete", CONTACT_ID=ada) == ["missing / invalid field: CUSTOMER_ID"]
    assert fastbill.errors("contact.update", CUSTOMER_ID=other, CONTACT_ID=ada) == ["missing / invalid field: CONTACT_ID"]
    fastbill.ok("contact.delete", CUSTOMER_ID=one, CONTACT_ID=ada)
    assert fastbill.get("contact.get")["CONTACTS"] == []


def test_a_contact_does_not_touch_its_customers_time_of_change() -> None:
    fastbill = Caller()
    made = fastbill.customer()
    fastbill.world.clock.advance(600)

    fastbill.ok("contact.create", CUSTOMER_ID=made, LAST_NAME="Löwe")

    assert fastbill.one("customer.get", "CUSTOMERS", CUSTOMER_ID=made)["LASTUPDATE"] == "2026-11-02 09:00:00"
    assert fastbill.one("contact.get", "CONTACTS", CUSTOMER_ID=made)["LASTUPDATE"] == "2026-11-02 09:10:00"


def test_rows_that_a_test_puts_into_the_storage_are_found_too() -> None:
    fastbill = Caller()
    made = fastbill.customer()
    row = {**fastbill.world.storage.table("customers")[made], "CUSTOMER_ID": "5", "CUSTOMER_NUMBER": "5"}
    fastbill.world.storage.table("customers")[5] = row

    assert fastbill.one("customer.get", "CUSTOMERS", CUSTOMER_ID="5")["CUSTOMER_NUMBER"] == "5"
    assert fastbill.errors("customer.create", **FIRM, CUSTOMER_NUMBER="5") == ["missing / invalid field: CUSTOMER_NUMBER"]
