"""Canonical writes as FastBill's calls: what is sent, what is left out, what is refused before anything is sent."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from tests.systems.fastbill import rows
from unisono.connect.port import Raw
from unisono.model.capability import FieldLimit
from unisono.model.document import Document, Line, Lines, NotGiven
from unisono.model.errors import Refused
from unisono.model.party import Address, Contact, Party
from unisono.model.record import Record
from unisono.model.writing import Write
from unisono.systems.catalogue import load
from unisono.systems.fastbill import mapping, narrowed, writing
from unisono.systems.fastbill.values import Row, row_of

BERLIN = ZoneInfo("Europe/Berlin")
FASTBILL = load("fastbill")
COMPANY = Party(
    type="company",
    name="Kanzlei Brandt",
    number="17",
    email="post@brandt.example",
    note="not for FastBill",
    address=Address("Am Markt 1", "", "01067", "Dresden", "SN", "DE"),
)
QUOTE = Document(
    type_code="310",
    title="Umzug",
    text="Guten Tag",
    currency="EUR",
    basis="net",
    lines=Lines((Line(name="Umzug", quantity=Decimal("1.50"), unit="Tag", price=Decimal("1E+3"), vat_rate=Decimal("19.00")),)),
)


def row(raw: Raw) -> Row:
    return row_of(raw.resource, raw.key, raw.body, BERLIN)


def call(write: Write, current: Raw | None = None, **limits: FieldLimit) -> writing.Call:
    return writing.call(write, row(current) if current else None, FASTBILL.fields(write.kind) | limits)


def create(body: Any, **more: Any) -> Write:
    kinds: dict[type, str] = {Party: "party", Contact: "contact", Document: "quote"}
    return Write(operation="create", side="b", kind=kinds[type(body)], body=body, **more)  # type: ignore[arg-type]


def refused(write: Write, current: Raw | None = None, **limits: FieldLimit) -> Refused:
    with pytest.raises(Refused) as caught:
        call(write, current, **limits)
    return caught.value


def test_a_new_company_is_created_with_its_filled_fields_only_and_without_a_number() -> None:
    service, data = call(create(COMPANY))

    assert service == "customer.create"
    assert data == {
        "CUSTOMER_TYPE": "business",
        "ORGANIZATION": "Kanzlei Brandt",
        "EMAIL": "post@brandt.example",
        "ADDRESS": "Am Markt 1",
        "ZIPCODE": "01067",
        "CITY": "Dresden",
        "COUNTRY_CODE": "DE",
    }


def test_a_firm_that_lets_us_number_gets_our_number() -> None:
    ours = narrowed(FASTBILL, {"own_numbers": True})

    _, data = writing.call(create(COMPANY), None, ours.fields("party"))

    assert data["CUSTOMER_NUMBER"] == "17"


def test_a_new_person_is_a_consumer_with_first_and_last_name() -> None:
    person = Party(type="person", name="Öz", first_name="Ela", salutation="mrs", title="Dr.")

    assert call(create(person)) == (
        "customer.create",
        {"CUSTOMER_TYPE": "consumer", "LAST_NAME": "Öz", "FIRST_NAME": "Ela", "SALUTATION": "mrs", "ACADEMIC_DEGREE": "Dr."},
    )


def test_a_new_contact_goes_to_its_customer() -> None:
    contact = Contact(name="Öz", first_name="Ela", position="Leitung", email="ela@brandt.example")

    assert call(create(contact, owner="4711")) == (
        "contact.create",
        {"CUSTOMER_ID": "4711", "LAST_NAME": "Öz", "FIRST_NAME": "Ela", "POSITION": "Leitung", "EMAIL": "ela@brandt.example"},
    )


def test_a_change_carries_what_we_know_with_the_new_values_and_nothing_we_do_not_know() -> None:
    write = Write(operation="change", side="b", kind="party", key="4711", changes={"phone": "08671 9990", "address.line2": ""})

    service, data = call(write, rows.raw("customer", rows.COMPANY))

    assert service == "customer.update"
    assert data == {
        "CUSTOMER_ID": "4711",
        "CUSTOMER_TYPE": "business",
        "ORGANIZATION": "Möbelwerk Ötting GmbH",
        "POSITION": "Einkauf",
        "ACADEMIC_DEGREE": "Dr.",
        "SALUTATION": "mrs",
        "FIRST_NAME": "Ilse",
        "LAST_NAME": "Grundler",
        "ADDRESS": "Hauptstraße 5",
        "ADDRESS_2": "",  # cleared
        "ZIPCODE": "84543",
        "CITY": "Winhöring",
        "COUNTRY_CODE": "DE",
        "PHONE": "08671 9990",  # changed
        "EMAIL": "einkauf@oetting.example",
        "WEBSITE": "https://oetting.example",
        "VAT_ID": "DE812345678",
        "BUYER_REFERENCE": "991-12345-06",
    }


def test_a_change_of_the_contact_named_on_a_customer_is_a_change_of_that_customer() -> None:
    write = Write(operation="change", side="b", kind="contact", key="4711#main", changes={"name": "Grundler-Voß", "email": "x@y.example"})

    service, data = call(write, rows.raw("customer", rows.COMPANY))

    assert service == "customer.update#main"
    assert (data["CUSTOMER_ID"], data["ORGANIZATION"], data["LAST_NAME"]) == ("4711", "Möbelwerk Ötting GmbH", "Grundler-Voß")
    assert data["EMAIL"] == "einkauf@oetting.example"  # the customer's own; the contact has none there


def test_a_change_of_a_contact_person_names_both_ids() -> None:
    write = Write(operation="change", side="b", kind="contact", key="contact:55", changes={"position": "Lager"})

    service, data = call(write, rows.raw("contact", rows.CONTACT))

    assert service == "contact.update"
    assert (data["CUSTOMER_ID"], data["CONTACT_ID"], data["POSITION"], data["EMAIL"]) == ("4711", "55", "Lager", "versand@oetting.example")
    assert "COMMENT" not in data


def test_a_quote_becomes_an_estimate_whose_first_line_carries_our_reference() -> None:
    service, data = call(create(QUOTE, owner="4711", reference=rows.REFERENCE))

    assert service == "estimate.create"
    assert data == {
        "CUSTOMER_ID": "4711",
        "CURRENCY_CODE": "EUR",
        "IS_GROSS": "0",
        "INVOICE_TITLE": "Umzug",
        "INTROTEXT": "Guten Tag",
        "ITEMS": [
            {
                "DESCRIPTION": "Umzug",
                "QUANTITY": "1.5",
                "UNIT": "Tag",
                "UNIT_PRICE": "1000",
                "VAT_PERCENT": "19",
                "ARTICLE_NUMBER": rows.REFERENCE,
            }
        ],
    }
    assert json.dumps(data)  # can be written down before it is sent


def test_the_reference_goes_into_the_introduction_where_every_line_has_its_own_article_number() -> None:
    assert isinstance(QUOTE.lines, Lines)
    numbered = replace(QUOTE, lines=Lines((replace(QUOTE.lines.rows[0], number="R-1"),)))

    _, data = call(create(numbered, owner="4711", reference=rows.REFERENCE))

    assert data["INTROTEXT"] == f"Guten Tag\n\n{rows.REFERENCE}"
    assert data["ITEMS"][0]["ARTICLE_NUMBER"] == "R-1"


def test_deleting_names_the_ids_the_service_wants() -> None:
    def delete(kind: Any, key: str) -> writing.Call:
        current = rows.raw("contact", rows.CONTACT) if key.startswith("contact:") else None
        return call(Write(operation="delete", side="b", kind=kind, key=key), current)

    assert delete("party", "4711") == ("customer.delete", {"CUSTOMER_ID": "4711"})
    assert delete("contact", "contact:55") == ("contact.delete", {"CUSTOMER_ID": "4711", "CONTACT_ID": "55"})
    assert delete("quote", "estimate:9") == ("estimate.delete", {"ESTIMATE_ID": "9"})


@pytest.mark.parametrize(
    ("body", "code", "field"),
    (
        (replace(COMPANY, name=""), "missing-field", "name"),
        (replace(COMPANY, address=Address(country="Deutschland")), "unknown-country", "address.country"),
        (Party(type="person", name="Öz", salutation="Herr"), "not-allowed", "salutation"),  # type: ignore[arg-type]
        (replace(QUOTE, lines=NotGiven()), "missing-field", "lines"),
        (replace(QUOTE, lines=Lines(())), "missing-field", "lines"),
        (replace(QUOTE, basis="unknown"), "missing-field", "basis"),
        (replace(QUOTE, currency="EURO"), "unknown-currency", "currency"),
        (replace(QUOTE, lines=Lines((Line(name="Umzug", price=Decimal(5)),))), "missing-field", "lines.vat_rate"),
        (replace(QUOTE, lines=Lines((Line(name="", vat_rate=Decimal(0)),))), "missing-field", "lines.name"),
    ),
)
def test_what_fastbill_certainly_refuses_is_refused_before_it_is_sent(body: Any, code: str, field: str) -> None:
    fault = refused(create(body, owner="4711"))

    assert (fault.code, fault.field, fault.values["field"]) == (code, field, field)


def test_a_name_that_is_too_long_is_refused_with_its_record_and_the_limit() -> None:
    long = replace(COMPANY, name="N" * 300)

    fault = refused(create(long), name=FieldLimit(length=250, required="yes"))

    assert fault.code == "too-long"
    assert fault.values == {
        "system": "fastbill",
        "record": "N" * 80,
        "kind": "party",
        "field": "name",
        "value": "N" * 80,
        "limit": "250",
    }


@pytest.mark.parametrize(
    ("write", "code", "field"),
    (
        (Write(operation="change", side="b", kind="party", key="4711", changes={"type": "person"}), "cannot-change", "type"),
        (Write(operation="change", side="b", kind="party", key="4711", changes={"number": "9"}), "cannot-change", "number"),
        (Write(operation="change", side="b", kind="party", key="4711", changes={"name": ""}), "missing-field", "name"),
        (Write(operation="change", side="b", kind="party", key="4711", changes={"note": "x"}), "cannot-hold", "note"),
        (Write(operation="change", side="b", kind="contact", key="4711#main", changes={"email": "a@b.example"}), "cannot-hold", "email"),
        (Write(operation="delete", side="b", kind="contact", key="4711#main"), "cannot-delete", ""),
        (Write(operation="delete", side="b", kind="invoice", key="invoice:77"), "cannot-delete", ""),
        (Write(operation="change", side="b", kind="quote", key="estimate:9", changes={"title": "x"}), "cannot-change", ""),
        (Write(operation="create", side="b", kind="invoice", body=QUOTE, owner="4711"), "cannot-create", ""),
        (Write(operation="create", side="b", kind="quote", body=QUOTE), "missing-field", "owner"),
    ),
)
def test_what_the_api_cannot_do_is_refused_and_named(write: Write, code: str, field: str) -> None:
    fault = refused(write, rows.raw("customer", rows.COMPANY))

    assert (fault.code, fault.field) == (code, field)
    assert fault.values["record"] or not write.key


def record_of(raw: Raw) -> Record:
    return mapping.records(raw.resource, raw.key, raw.body, BERLIN)[0]


def test_a_lost_company_is_recognised_by_every_value_it_was_sent_with() -> None:
    lost = create(COMPANY)
    sent = {"ORGANIZATION": "KANZLEI BRANDT ", "EMAIL": "Post@Brandt.example", "ADDRESS": "Am Markt 1", "ZIPCODE": "01067"}
    there = {"CUSTOMER_ID": "5", "CUSTOMER_TYPE": "business", "CITY": "Dresden", "COUNTRY_CODE": "DE", "CUSTOMER_NUMBER": "901"} | sent
    limits = FASTBILL.fields("party")

    assert writing.is_made_by(lost, record_of(rows.raw("customer", there)), limits)
    assert not writing.is_made_by(lost, record_of(rows.raw("customer", there, ZIPCODE="01069")), limits)
    assert not writing.is_made_by(lost, record_of(rows.raw("customer", there, CUSTOMER_TYPE="consumer")), limits)


def test_a_lost_quote_is_recognised_by_its_reference_alone_and_without_one_by_its_content() -> None:
    found = record_of(rows.raw("estimate", rows.ESTIMATE))
    assert isinstance(found.body, Document)
    limits = FASTBILL.fields("quote")

    assert writing.is_made_by(create(QUOTE, owner="4711", reference=rows.REFERENCE), found, limits)
    assert not writing.is_made_by(create(found.body, owner="4711", reference="uni-zzzzzzzzzzzzzzzz"), found, limits)
    plain = replace(found, body=replace(found.body, reference=""))
    assert writing.is_made_by(create(replace(found.body, reference=""), owner="4711"), plain, limits)
    assert not writing.is_made_by(create(replace(found.body, reference="", title="anderes"), owner="4711"), plain, limits)
