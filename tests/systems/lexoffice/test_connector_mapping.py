"""Rows of Lexware Office become canonical records."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.systems.lexoffice.office import ID, OTHER, REFERENCE, body_of, company, paper
from unisono.connect import exact
from unisono.model.document import Document, Lines, adds_up
from unisono.model.errors import BadAnswer
from unisono.model.money import Amount
from unisono.model.party import NO_ADDRESS, Address, Contact, Party
from unisono.model.product import Product
from unisono.model.record import Record
from unisono.systems.lexoffice.mapping import Ways, locate, records

SAMPLES = Path(__file__).parent / "samples"
WAYS = Ways(api="https://api.lexware.io/v1")


def sample(name: str) -> Any:
    """A sample, its numbers exact."""
    return exact.decode((SAMPLES / f"{name}.json").read_bytes())


def contact_of(row: dict[str, Any], ways: Ways = WAYS) -> tuple[Record, ...]:
    return records("contacts", row["id"], exact.decode(exact.encode(exactly(row))), ways)


def exactly(value: Any) -> Any:
    """Floats of a test as decimals."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, dict):
        return {name: exactly(inner) for name, inner in value.items()}
    return [exactly(inner) for inner in value] if isinstance(value, list) else value


def document_of(row: dict[str, Any], word: str = "invoice", payment: dict[str, Any] | None = None) -> Document:
    (record,) = records("voucherlist", f"{word}:{row['id']}", exactly(row) | {"voucherType": word, "payment": payment}, WAYS)
    return body_of(record)


def party(row: dict[str, Any], ways: Ways = WAYS) -> Party:
    body = contact_of(row, ways)[0].body
    assert isinstance(body, Party)
    return body


# --- samples ---


@pytest.mark.parametrize(
    ("name", "resource", "word"),
    (
        ("doc_contact_company", "contacts", ""),
        ("doc_contact_person", "contacts", ""),
        ("recorded_contact_get_200", "contacts", ""),
        ("doc_invoice_draft", "voucherlist", "invoice"),
        ("doc_quotation", "voucherlist", "quotation"),
        ("doc_order_confirmation", "voucherlist", "orderconfirmation"),
    ),
)
def test_every_sample_of_a_record_is_read(name: str, resource: str, word: str) -> None:
    row = sample(name)
    row = row["response"]["body"] if "response" in row else row
    key = f"{word}:{row['id']}" if word else row["id"]

    found = records(resource, key, row, WAYS)

    assert found
    assert {(record.resource, record.resource_key) for record in found} == {(resource, key)}
    assert all(locate(record.kind, record.key) == (resource, key) for record in found)


def test_a_company_of_the_documentation_is_read_with_everything_it_has() -> None:
    row = sample("doc_contact_company")
    firm, person = contact_of(row)

    assert firm.body == Party(
        type="company",
        name="Orgelbau Pfeifer",
        number="10307",
        tax_id="DE999999991",
        buyer_reference="08421-12345-07",
        email="ida@orgel.example",
        phone="0731 5550174",
        mobile="0731 5550106",
        fax="0731 5550105",
        address=Address(line1="Pfeifengasse 3", line2="Hinterhaus", postcode="89073", city="Ulm", country="DE"),
        note="Zweimal klingeln",
    )
    assert (person.key, person.owner, person.version) == (f"{row['id']}#main", row["id"], "1")
    assert person.body == Contact(name="Pfeifer", first_name="Ida", salutation="mrs", email="ida@orgel.example", phone="0731 5550100")


def test_a_quotation_of_the_documentation_counts_only_what_is_part_of_its_total() -> None:
    body = document_of(sample("doc_quotation"), "quotation")

    assert isinstance(body.lines, Lines)
    assert [line.name for line in body.lines.rows] == ["Orgelbau Pfeifer"]
    assert (body.basis, body.stage, body.answer) == ("gross", "sent", "open")
    assert (body.date, body.due) == (dt.date(2026, 3, 6), dt.date(2026, 3, 8))
    assert body.view_url.startswith("https://app.lexware.de/permalink/quotations/view/")


# --- contacts ---


def test_a_person_is_a_party_of_its_own_without_contact_persons() -> None:
    row = company(person={"salutation": "Frau", "firstName": "Inge", "lastName": "Uhl"})
    del row["company"]

    (record,) = contact_of(row)

    assert record.body == Party(type="person", name="Uhl", first_name="Inge", salutation="mrs", number="10001")


def test_a_supplier_takes_part_only_if_the_firm_wants_it() -> None:
    row = company(roles={"vendor": {"number": 70001}})

    assert contact_of(row) == ()
    assert party(row, replace(WAYS, everybody=True)).number == "70001"


def test_an_archived_contact_takes_part_unless_the_firm_leaves_it_out() -> None:
    row = company(archived=True)

    assert party(row).name == "Orgelbau Pfeifer"
    assert contact_of(row, replace(WAYS, archived=False)) == ()


def test_the_standard_address_is_the_one_chosen_and_else_the_other() -> None:
    here, there = {"street": "Weg 1", "city": "Ulm", "countryCode": "de"}, {"street": "Lager 2", "city": "Emden", "countryCode": "DE"}
    both = company(addresses={"billing": [here], "shipping": [there]})
    one = company(addresses={"shipping": [there]})

    assert [party(row).address.city for row in (both, one)] == ["Ulm", "Emden"]
    assert party(both).address.country == "DE"
    assert [party(row, replace(WAYS, leading="shipping")).address.city for row in (both, one)] == ["Emden", "Emden"]
    assert party(company()).address == NO_ADDRESS


def test_the_first_kind_of_e_mail_and_number_that_is_filled_counts() -> None:
    row = company(
        emailAddresses={"private": ["p@orgel.example"], "office": ["b@orgel.example"]},
        phoneNumbers={"other": ["9"], "private": ["8"], "mobile": ["7"], "fax": ["6"]},
    )

    found = party(row)

    assert (found.email, found.phone, found.mobile, found.fax) == ("b@orgel.example", "8", "7", "6")


def test_contact_persons_are_told_by_their_names_wherever_they_stand() -> None:
    ida, max_, other = {"firstName": "Ida", "lastName": "Uhl"}, {"lastName": "Mau"}, {"firstName": "Eva", "lastName": "Ott"}

    def keys(*people: dict[str, str]) -> dict[str, str]:
        found = contact_of(company(company={"name": "Orgel", "contactPersons": list(people)}))[1:]
        return {record.key: record.body.name for record in found if isinstance(record.body, Contact)}

    three, two = keys(ida, max_, other), keys(ida, other)
    assert [three[f"{ID}#main"], two[f"{ID}#main"]] == ["Uhl", "Uhl"]
    assert two.items() <= three.items(), "whoever goes, the others keep their names"
    assert len(keys(ida, max_, max_)) == 3


def test_words_of_address_are_understood_and_others_count_as_none() -> None:
    def read(word: str) -> str:
        row = company(person={"salutation": word, "lastName": "Uhl"})
        del row["company"]
        return party(row).salutation

    assert [read(word) for word in ("Herr", "FRAU", "Mr.", "Familie", "Dr.", "")] == ["mr", "mrs", "mr", "family", "", ""]


@pytest.mark.parametrize(
    "wrong",
    (
        {"roles": {}},
        {"roles": None},
        {"company": {"name": ""}},
        {"person": {"lastName": "Uhl"}},
        {"company": None},
        {"id": OTHER},
        {"addresses": {"billing": "Weg 1"}},
        {"emailAddresses": ["a@b.example"]},
        {"company": {"name": "X", "contactPersons": [{"firstName": "", "lastName": ""}]}},
    ),
)
def test_a_contact_that_cannot_be_read_is_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer) as refused:
        records("contacts", ID, company() | wrong, WAYS)

    assert refused.value.values["record"] == ID
    assert refused.value.values["field"]


# --- documents ---


def test_an_invoice_is_read_with_lines_totals_and_its_customer() -> None:
    (record,) = records("voucherlist", f"invoice:{ID}", exactly(paper()) | {"payment": {"open": "119", "date": ""}}, WAYS)
    body = body_of(record)

    assert (record.kind, record.owner, record.owner_kind) == ("invoice", OTHER, "party")
    assert (body.net, body.vat, body.gross, adds_up(body)) == (Decimal(100), Decimal(19), Decimal(119), "")
    assert (body.stage, body.paid, body.number, body.date) == ("issued", "none", "RE0001", dt.date(2026, 3, 2))
    assert body.file_url == f"https://api.lexware.io/v1/invoices/{ID}/file"
    assert body.view_url == f"https://app.lexware.de/permalink/invoices/view/{ID}"
    assert record.changed == dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


def test_a_draft_leads_to_where_it_is_edited_and_has_no_file() -> None:
    body = document_of(paper(voucherStatus="draft"))

    assert (body.stage, body.file_url) == ("draft", "")
    assert body.view_url == f"https://app.lexware.de/permalink/invoices/edit/{ID}"


def test_an_order_confirmation_stays_a_draft_and_has_a_file_all_the_same() -> None:
    body = document_of(paper(voucherStatus="draft"), "orderconfirmation")

    assert (body.stage, body.type_code) == ("draft", "220")
    assert body.file_url.endswith(f"/order-confirmations/{ID}/file")


@pytest.mark.parametrize(
    ("word", "state", "stage", "answer", "paid"),
    (
        ("invoice", "open", "issued", "open", "none"),
        ("invoice", "paid", "issued", "open", "full"),
        ("invoice", "voided", "cancelled", "open", "none"),
        ("invoice", "sepadebit", "issued", "open", "none"),
        ("invoice", "something-new", "issued", "open", "none"),
        ("creditnote", "paidoff", "issued", "open", "full"),
        ("downpaymentinvoice", "draft", "draft", "open", "none"),
        ("quotation", "draft", "draft", "open", "none"),
        ("quotation", "open", "sent", "open", "none"),
        ("quotation", "accepted", "sent", "accepted", "none"),
        ("quotation", "rejected", "sent", "rejected", "none"),
    ),
)
def test_each_word_of_state_stands_on_our_axes(word: str, state: str, stage: str, answer: str, paid: str) -> None:
    body = document_of(paper(voucherStatus=state), word)

    assert (body.stage, body.answer, body.paid) == (stage, answer, paid)


def test_what_is_left_open_tells_a_payment_in_part_and_in_full() -> None:
    part = document_of(paper(), payment={"open": "19", "date": ""})
    full = document_of(paper(voucherStatus="paid"), payment={"open": "0", "date": "2026-03-09T00:00:00.000+01:00"})
    back = document_of(paper(), "creditnote", payment={"open": "100", "date": ""})

    assert (part.paid, part.paid_amount) == ("part", Decimal(100))
    assert (full.paid, full.paid_amount, full.paid_date) == ("full", Decimal(119), dt.date(2026, 3, 9))
    assert (back.paid, back.paid_amount) == ("part", Decimal(19))


def test_a_discount_of_a_line_is_taken_off_its_price_and_one_of_the_total_leaves_lines_without_sums() -> None:
    (line,) = paper()["lineItems"]
    off = document_of(
        paper(lineItems=[line | {"discountPercentage": 50, "lineItemAmount": 50}], totalPrice={"currency": "EUR", "totalNetAmount": 50})
    )
    total = {"currency": "EUR", "totalNetAmount": 90, "totalGrossAmount": 107.1, "totalTaxAmount": 17.1, "totalDiscountPercentage": 10}
    whole = document_of(paper(totalPrice=total))

    assert isinstance(off.lines, Lines)
    assert isinstance(whole.lines, Lines)
    assert (off.lines.rows[0].price, off.lines.rows[0].net, adds_up(off)) == (Decimal(25), Decimal(50), "")
    assert (whole.lines.rows[0].net, whole.net, adds_up(whole)) == (None, Decimal(90), "")


def test_lines_of_text_and_optional_ones_are_no_lines() -> None:
    (line,) = paper()["lineItems"]
    text = {"type": "text", "name": "Hinweis"}
    body = document_of(paper(lineItems=[text, line | {"optional": True}, line | {"alternative": True}, line]), "quotation")

    assert isinstance(body.lines, Lines)
    assert len(body.lines.rows) == 1


def test_our_reference_is_found_in_the_remark_and_in_the_introduction_and_is_no_text() -> None:
    closing = document_of(paper(remark=f"Danke\n{REFERENCE}", introduction="Wie besprochen"))
    opening = document_of(paper(introduction=f"Wie besprochen\n{REFERENCE.upper()}"))

    assert [body.reference for body in (closing, opening)] == [REFERENCE, REFERENCE]
    assert [body.text for body in (closing, opening)] == ["Wie besprochen", "Wie besprochen"]
    assert document_of(paper()).reference == ""


def test_a_document_names_the_nearest_one_it_follows_from() -> None:
    related = [
        {"id": OTHER, "voucherType": "quotation"},
        {"id": ID, "voucherType": "orderconfirmation"},
        {"id": ID, "voucherType": "creditnote"},
    ]

    assert document_of(paper(relatedVouchers=related)).preceding == f"orderconfirmation:{ID}"
    assert document_of(paper(relatedVouchers=related[:1])).preceding == f"quotation:{OTHER}"
    assert document_of(paper(relatedVouchers=related), "quotation").preceding == ""


def test_a_document_for_nobody_in_the_address_book_has_no_owner() -> None:
    (record,) = records("voucherlist", f"invoice:{ID}", exactly(paper(address={"name": "Laufkunde"})), WAYS)

    assert (record.owner, record.owner_kind) == ("", "")


def test_no_vat_is_a_reason_and_prices_are_then_net() -> None:
    assert document_of(paper(taxConditions={"taxType": "intraCommunitySupply"})).basis == "net"
    assert document_of(paper(taxConditions={})).basis == "unknown"


@pytest.mark.parametrize(
    "wrong",
    (
        {"id": OTHER},
        {"address": {"contactId": 7}},
        {"voucherDate": "gestern"},
        {"totalPrice": {"currency": "XXX"}},
        {"totalPrice": {"totalNetAmount": "viel"}},
        {"lineItems": ["Kran"]},
        {"payment": [1]},
    ),
)
def test_a_document_that_cannot_be_read_is_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer) as refused:
        records("voucherlist", f"invoice:{ID}", exactly(paper()) | wrong, WAYS)

    assert refused.value.values["record"] == f"invoice:{ID}"


# --- articles ---


def test_an_article_is_read_with_the_price_that_leads() -> None:
    row = sample("vendor_request_article_put")["body"]
    (record,) = records("articles", row["id"], row, WAYS)
    gross = row | {"price": row["price"] | {"leadingPrice": "GROSS"}, "type": "SERVICE", "archived": True, "articleNumber": None}
    (other,) = records("articles", row["id"], gross, WAYS)

    assert record.body == Product(
        name="Orgel",
        number="PF-8",
        gtin="4006381333931",
        description="Aus Zinn",
        unit="Stück",
        price=Amount(Decimal("78.38"), "EUR", "net"),
        vat_rate=Decimal(19),
    )
    assert isinstance(other.body, Product)
    assert other.body.price == Amount(Decimal("93.07"), "EUR", "gross")
    assert (other.body.type, other.body.active, other.body.number) == ("service", False, "")


def test_a_key_leads_to_its_row_and_no_kind_that_is_not_here_has_one() -> None:
    assert locate("contact", f"{ID}#main") == ("contacts", ID)
    assert locate("quote", f"quotation:{ID}") == ("voucherlist", f"quotation:{ID}")
    assert locate("product", ID) == ("articles", ID)
    with pytest.raises(ValueError, match="note"):
        locate("note", ID)
