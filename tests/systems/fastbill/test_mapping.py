"""FastBill's rows in canonical form: what a customer, a contact person, an estimate, an invoice of theirs means here."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.systems.fastbill import rows
from unisono.connect.port import Raw
from unisono.model.document import Document, Line, Lines, NotReadable
from unisono.model.errors import BadAnswer
from unisono.model.party import Address, Contact, Party
from unisono.model.record import Record
from unisono.systems.catalogue import load
from unisono.systems.fastbill import mapping
from unisono.systems.fastbill.values import key_of, rows_of

BERLIN = ZoneInfo("Europe/Berlin")


def records(raw: Raw) -> tuple[Record, ...]:
    return mapping.records(raw.resource, raw.key, raw.body, BERLIN)


def document(resource: str, row: dict[str, Any], **changed: Any) -> Document:
    (record,) = records(rows.raw(resource, row, **changed))
    assert isinstance(record.body, Document)
    return record.body


def test_a_business_customer_is_a_company_and_the_contact_named_on_it() -> None:
    party, contact = records(rows.raw("customer", rows.COMPANY))

    assert (party.kind, party.key, party.resource_key) == ("party", "4711", "4711")
    assert party.body == Party(
        type="company",
        name="Möbelwerk Ötting GmbH",
        number="K-0012",
        tax_id="DE812345678",
        buyer_reference="991-12345-06",
        email="einkauf@oetting.example",
        phone="08671 5550",
        website="https://oetting.example",
        address=Address("Hauptstraße 5", "Hinterhaus", "84543", "Winhöring", "", "DE"),
        tags=("Stammkunde", "Messe"),
    )
    assert (contact.kind, contact.key, contact.owner, contact.owner_kind) == ("contact", "4711#main", "4711", "party")
    assert (contact.resource, contact.resource_key) == ("customer", "4711")
    assert contact.body == Contact(name="Grundler", first_name="Ilse", salutation="mrs", title="Dr.", position="Einkauf")


def test_a_consumer_is_a_person_on_their_own_even_with_a_number_as_id() -> None:
    (party,) = records(rows.raw("customer", rows.PERSON))

    assert party.key == "4712"
    assert isinstance(party.body, Party)
    assert (party.body.type, party.body.first_name, party.body.name, party.body.salutation) == ("person", "Timo", "Varga", "mr")


def test_a_business_customer_without_a_name_has_no_contact() -> None:
    assert [r.kind for r in records(rows.raw("customer", rows.COMPANY, FIRST_NAME="", LAST_NAME=[]))] == ["party"]


def test_a_deleted_customer_is_no_record() -> None:
    assert records(rows.raw("customer", rows.COMPANY, DELETED_DATE="0000-00-00 00:00:00")) != ()
    assert records(rows.raw("customer", rows.COMPANY, DELETED_DATE="2026-08-01 10:00:00")) == ()


def test_local_time_without_a_zone_is_berlin_time_and_an_unreadable_one_is_none() -> None:
    party, _ = records(rows.raw("customer", rows.COMPANY, CREATED="2026-01-1509: 30: 00"))

    assert party.created is None
    assert party.changed == dt.datetime(2026, 7, 1, 10, 0, tzinfo=dt.UTC)


def test_a_contact_person_belongs_to_its_customer() -> None:
    (contact,) = records(rows.raw("contact", rows.CONTACT))

    assert (contact.key, contact.owner, contact.owner_kind) == ("contact:55", "4711", "party")
    assert contact.body == Contact(
        name="Peters",
        first_name="Jannik",
        salutation="mr",
        position="Versand",
        email="versand@oetting.example",
        phone="08671 5552",
        mobile="0171 5553",
    )


def test_an_estimate_is_a_quote_with_our_reference_and_exact_amounts() -> None:
    (record,) = records(rows.raw("estimate", rows.ESTIMATE))

    assert (record.kind, record.key, record.owner) == ("quote", "estimate:9", "4711")
    assert record.body == Document(
        type_code="310",
        title="Regale für das Lager",
        number="A-2026-7",
        date=dt.date(2026, 6, 10),
        due=dt.date(2026, 7, 10),
        currency="EUR",
        basis="net",
        lines=Lines(
            (
                Line(
                    name="Regal",
                    quantity=Decimal("4.00"),
                    unit="Stück",
                    price=Decimal("250.00000000"),
                    vat_rate=Decimal("19.00"),
                    net=Decimal(1000),
                    gross=Decimal(1190),
                ),
            )
        ),
        net=Decimal(1000),
        vat=Decimal(190),
        gross=Decimal(1190),
        stage="sent",
        text="Wie besprochen.",
        reference=rows.REFERENCE,
        file_url="https://portal.fastbill.com/download/token-of-today",
    )


@pytest.mark.parametrize(
    ("state", "stage", "answer"),
    (
        ("a", "draft", "open"),
        ("b", "sent", "open"),
        ("c", "sent", "open"),
        ("d", "sent", "accepted"),
        ("e", "sent", "rejected"),
        ("f", "sent", "accepted"),
    ),
)
def test_the_letter_of_an_estimate_says_stage_and_answer_as_system_toml_says(state: str, stage: str, answer: str) -> None:
    found = document("estimate", rows.ESTIMATE, STATE=state)
    stated = next(s for s in load("fastbill").statuses if (s.resource, s.word) == ("estimate", state))

    assert (found.stage, found.answer) == (stage, answer) == (stated.stage, stated.answer)


@pytest.mark.parametrize(
    ("place", "changed"),
    (
        ("ORDER_REFERENCE", {"ORDER_REFERENCE": f"Ihr Zeichen {rows.REFERENCE.upper()}"}),
        ("CUSTOMER_ORDER_REFERENCE", {"CUSTOMER_ORDER_REFERENCE": rows.REFERENCE}),
        ("INTROTEXT", {"INTROTEXT": f"Danke.\n\n{rows.REFERENCE}"}),
    ),
)
def test_our_reference_is_found_where_a_person_carried_it_over(place: str, changed: dict[str, str]) -> None:
    assert document("invoice", rows.INVOICE).reference == ""
    assert document("invoice", rows.INVOICE, **changed).reference == rows.REFERENCE, place


def test_a_longer_word_is_not_our_reference() -> None:
    assert document("invoice", rows.INVOICE, INTROTEXT=f"x{rows.REFERENCE} {rows.REFERENCE}z").reference == ""


def test_an_open_invoice_has_stage_number_and_nothing_paid() -> None:
    (record,) = records(rows.raw("invoice", rows.INVOICE))
    found = record.body

    assert isinstance(found, Document)
    assert (record.kind, record.key, record.owner) == ("invoice", "invoice:77", "4711")
    assert (found.type_code, found.stage, found.paid, found.preceding, found.contact) == ("380", "issued", "none", "", "")
    assert found.view_url == "https://my.fastbill.com/invoice/77"


@pytest.mark.parametrize(
    ("changed", "paid", "amount", "day"),
    (
        ({"PAID_DATE": "2026-07-01 00:00:00"}, "full", Decimal(1190), dt.date(2026, 7, 1)),
        (
            {"PAYMENTS": [{"PAYMENT_ID": 1, "DATE": "2026-06-25", "AMOUNT": 500.5, "CURRENCY_CODE": "EUR"}]},
            "part",
            Decimal("500.5"),
            dt.date(2026, 6, 25),
        ),
        (
            {"PAYMENTS": {"3": {"DATE": "2026-06-26", "AMOUNT": "190.00"}, "1": {"DATE": "2026-06-25", "AMOUNT": "10.00"}}},
            "part",
            Decimal("200.00"),
            dt.date(2026, 6, 26),
        ),
        ({"PAYMENTS": [{"DATE": "2026-06-25", "AMOUNT": "500.00", "CURRENCY": "USD"}]}, "none", None, None),
    ),
)
def test_what_was_paid_comes_from_the_paid_date_or_the_payments(
    changed: dict[str, Any], paid: str, amount: Decimal | None, day: dt.date | None
) -> None:
    found = document("invoice", rows.INVOICE, **changed)

    assert (found.paid, found.paid_amount, found.paid_date) == (paid, amount, day)


def test_a_draft_a_credit_note_and_a_cancelled_invoice_are_told_apart() -> None:
    draft = document("invoice", rows.INVOICE, TYPE="draft", INVOICE_NUMBER="")
    credit = document("invoice", rows.INVOICE, TYPE="credit", REFERENCED_INVOICE_ID="70", CONTACT_ID=55)
    cancelled = document("invoice", rows.INVOICE, IS_CANCELED=1)

    assert (draft.type_code, draft.stage, draft.number) == ("380", "draft", "")
    assert (credit.type_code, credit.stage, credit.preceding, credit.contact) == ("381", "issued", "invoice:70", "contact:55")
    assert (cancelled.type_code, cancelled.stage) == ("380", "cancelled")


def test_the_basis_is_gross_where_the_document_or_all_its_lines_say_so() -> None:
    item = rows.ESTIMATE["ITEMS"][0]

    assert document("invoice", rows.INVOICE, IS_GROSS="1").basis == "gross"
    assert document("estimate", rows.ESTIMATE, ITEMS=[item | {"IS_GROSS": 1}]).basis == "gross"
    assert document("estimate", rows.ESTIMATE, ITEMS=[item | {"IS_GROSS": "1"}, item]).basis == "unknown"


def test_lines_come_in_their_order_from_a_list_or_an_object_with_numeric_keys() -> None:
    item = rows.INVOICE["ITEMS"][0]
    items = {"10": item | {"DESCRIPTION": "zweite", "SORT_ORDER": 2}, "2": item | {"DESCRIPTION": "erste", "SORT_ORDER": 1}}
    found = document("invoice", rows.INVOICE, ITEMS=items)

    assert isinstance(found.lines, Lines)
    assert [line.name for line in found.lines.rows] == ["erste", "zweite"]


def test_a_document_whose_lines_are_not_shown_is_not_an_empty_one() -> None:
    hidden = {name: value for name, value in rows.INVOICE.items() if name != "ITEMS"}

    assert document("invoice", hidden).lines == NotReadable()
    assert document("invoice", rows.INVOICE, ITEMS=[]).lines == Lines(())


def test_a_link_that_is_no_web_address_is_dropped() -> None:
    assert document("invoice", rows.INVOICE, DETAILS_URL="javascript:alert(1)").view_url == ""


def test_an_object_with_numeric_keys_is_ordered_by_number_not_by_letter() -> None:
    assert rows_of({"10": "b", "2": "a"}) == ["a", "b"]
    assert rows_of({}) == rows_of([]) == rows_of("") == rows_of(None) == []
    with pytest.raises(ValueError, match="not a list"):
        rows_of({"NAME": "x"})


def test_an_id_is_the_same_as_text_and_as_number() -> None:
    assert key_of("6674") == key_of(6674) == "6674"
    odd: tuple[object, ...] = ("0", 0, "", None, [], True, "12a", Decimal("1.5"), "-3", "²")
    assert {key_of(value) for value in odd} == {""}


@pytest.mark.parametrize(
    ("kind", "key", "place"),
    (
        ("party", "4711", ("customer", "4711")),
        ("contact", "4711#main", ("customer", "4711")),
        ("contact", "contact:55", ("contact", "55")),
        ("quote", "estimate:9", ("estimate", "9")),
        ("invoice", "invoice:77", ("invoice", "77")),
    ),
)
def test_every_canonical_key_leads_back_to_its_row(kind: Any, key: str, place: tuple[str, str]) -> None:
    assert mapping.locate(kind, key) == place


@pytest.mark.parametrize(
    ("resource", "changed", "field"),
    (
        ("customer", {"CUSTOMER_TYPE": "alien"}, "CUSTOMER_TYPE"),
        ("customer", {"EMAIL": ["a@b.example", "c@d.example"]}, "EMAIL"),
        ("customer", {"PHONE": True}, "PHONE"),
        ("estimate", {"STATE": "z"}, "STATE"),
        ("estimate", {"CURRENCY_CODE": "XYZ"}, "CURRENCY_CODE"),
        ("estimate", {"TOTAL": "1.190,00"}, "TOTAL"),
        ("estimate", {"DUE_DATE": "2026-02-30"}, "DUE_DATE"),
        ("estimate", {"ITEMS": "viele"}, "ITEMS"),
        ("estimate", {"ITEMS": ["Regal"]}, "ITEMS"),
        ("estimate", {"ITEMS": [{"DESCRIPTION": "Regal", "QUANTITY": "vier"}]}, "ITEMS[0].QUANTITY"),
        ("invoice", {"TYPE": "order"}, "TYPE"),
        ("invoice", {"IS_CANCELED": "vielleicht"}, "IS_CANCELED"),
        ("invoice", {"SUB_TOTAL": 10**30}, "SUB_TOTAL"),
        ("invoice", {"REFERENCED_INVOICE_ID": "siehe oben"}, "REFERENCED_INVOICE_ID"),
        ("invoice", {"PAYMENTS": [{"AMOUNT": {}, "DATE": "gestern"}, {"AMOUNT": "1", "DATE": "gestern"}]}, "PAYMENTS[0].DATE"),
    ),
)
def test_a_value_that_cannot_be_read_is_named_with_its_record_and_field(resource: str, changed: dict[str, Any], field: str) -> None:
    row = {"customer": rows.COMPANY, "estimate": rows.ESTIMATE, "invoice": rows.INVOICE}[resource]
    assert records(rows.raw(resource, row)) != ()

    with pytest.raises(BadAnswer) as caught:
        records(rows.raw(resource, row, **changed))

    told = caught.value.values
    assert (caught.value.code, told["resource"], told["record"], told["field"]) == (
        "bad-field",
        resource,
        row[f"{resource.upper()}_ID"],
        field,
    )
    assert told["value"]


@pytest.mark.parametrize("body", (b"", b"<html>", b"[]", b'"x"', b'{"CUSTOMER_ID":"4711"', b"\xff", b"[" * 100_000))
def test_a_row_that_is_no_object_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        mapping.records("customer", "4711", body, BERLIN)


def test_a_row_without_its_id_is_a_bad_answer_that_names_the_id() -> None:
    with pytest.raises(BadAnswer) as caught:
        mapping.records("customer", "?3", b'{"ORGANIZATION":"X"}', BERLIN)
    assert caught.value.values["field"] == "CUSTOMER_ID"


_junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.sampled_from(["0000-00-00", "2026-13-01", "1e9", "NaN", "٣"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | st.sampled_from(["1", "2"]), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(["customer", "contact", "estimate", "invoice"]), st.data())
def test_whatever_a_field_holds_the_row_is_read_or_a_bad_answer(resource: str, data: st.DataObject) -> None:
    row = {"customer": rows.COMPANY, "contact": rows.CONTACT, "estimate": rows.ESTIMATE, "invoice": rows.INVOICE}[resource]
    name = data.draw(st.sampled_from(sorted(row)))
    dirty = row | {name: data.draw(_junk)}
    if data.draw(st.booleans()):
        del dirty[data.draw(st.sampled_from(sorted(row)))]

    found: tuple[Record, ...] = ()
    with contextlib.suppress(BadAnswer):
        found = mapping.records(resource, str(row[f"{resource.upper()}_ID"]), json.dumps(dirty).encode(), BERLIN)
    assert all(record.resource == resource and record.owner.strip("0123456789") == "" for record in found)


def sample_files() -> list[Path]:
    folder = os.environ.get("UNISONO_SAMPLES")
    return sorted(Path(folder, "fastbill").glob("*")) if folder else []


@pytest.mark.skipif("UNISONO_SAMPLES" not in os.environ, reason="UNISONO_SAMPLES names no folder of recorded answers")
def test_every_recorded_row_is_read() -> None:
    """Every file of the folder is looked at; those that hold rows are read whole."""
    files = sample_files()
    read: dict[str, int] = {}
    for path in files:
        text = path.read_text(encoding="utf-8")
        start = text.find("{")
        if path.suffix not in (".json", ".http") or start < 0:
            continue
        answer = json.loads(text[start:]).get("RESPONSE", {})
        for resource, name in (("customer", "CUSTOMERS"), ("invoice", "INVOICES")):
            for row in rows_of(answer.get(name)):
                found = records(rows.raw(resource, row))
                assert found, path.name
                read[path.name] = read.get(path.name, 0) + len(found)
    assert files
    assert read == {"customer.json": 2, "customers.json": 3, "invoice_draft.json": 1, "invoice_paid.json": 1} | {
        "recorded_get_all_customers.response.http": 4
    }
