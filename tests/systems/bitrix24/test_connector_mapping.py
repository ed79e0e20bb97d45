"""Rows of Bitrix24 become canonical records."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from unisono.connect import exact
from unisono.model.document import Document, File, Lines, Note, Tag
from unisono.model.errors import BadAnswer
from unisono.model.party import NO_ADDRESS, Address, Contact, Party
from unisono.model.record import Record
from unisono.systems.bitrix24.mapping import Ways, attached, records
from unisono.systems.bitrix24.setup import portal_of
from unisono.systems.bitrix24.values import country_code, country_name
from unisono.systems.bitrix24.ways import ways_of

REFERENCE = "uni-contract2345672a"
WAYS = ways_of({"tag_field": "UF_CRM_UNISONO"}, "muster.bitrix24.de")


def sample(name: str) -> Any:
    """The result of a documented answer, its numbers exact."""
    text = (Path(__file__).parent / "samples" / f"{name}.json").read_bytes()
    return exact.decode(text)["responses"][0]["result"]


def requisite(**given: Any) -> dict[str, Any]:
    return {"ID": "12", "SORT": "500", "ADDRESS_ONLY": "N", "RQ_VAT_ID": "DE136695976", "RQ_INN": None} | given


def place(**given: Any) -> dict[str, Any]:
    plain = {"TYPE_ID": "6", "ENTITY_TYPE_ID": "8", "ENTITY_ID": "12", "ADDRESS_1": "Kai 1", "ADDRESS_2": None, "POSTAL_CODE": "28195"}
    return plain | {"CITY": "Bremen", "PROVINCE": None, "COUNTRY": "Deutschland"} | given


def company(**given: Any) -> dict[str, Any]:
    phones = [
        {"id": 1, "typeId": "PHONE", "valueType": "MOBILE", "value": "+49 170 1"},
        {"id": 2, "typeId": "PHONE", "valueType": "HOME", "value": "+49 421 2"},
        {"id": 3, "typeId": "PHONE", "valueType": "WORK", "value": "+49 421 3"},
        {"id": 4, "typeId": "PHONE", "valueType": "FAX", "value": "+49 421 4"},
    ]
    points = [{"id": 5, "typeId": "EMAIL", "valueType": "WORK", "value": "post@kran.example"}]
    plain = {
        "id": 7,
        "title": "Kranbau Riesig GmbH",
        "createdTime": "2026-11-02T09:00:00+01:00",
        "updatedTime": "2026-11-03T10:00:00+03:00",
    }
    return (
        plain | {"comments": None, "isMyCompany": "N", "fm": phones + points, "requisites": [requisite()], "addresses": [place()]} | given
    )


def person(**given: Any) -> dict[str, Any]:
    plain = {"id": 9, "name": "Ida", "lastName": "Uhl", "honorific": "HNR_DE_2", "post": "Einkauf", "companyId": 0, "fm": []}
    return plain | {"requisites": [], "addresses": []} | given


def invoice(**given: Any) -> dict[str, Any]:
    row = {"id": 1, "productName": "Kran", "price": 119, "priceExclusive": 100, "quantity": 2, "taxRate": 19, "taxIncluded": "Y"}
    plain = {"id": 3, "title": "Rechnung", "accountNumber": "RE-1", "stageId": "DT31_3:S", "opportunity": 238, "taxValue": 38}
    plain |= {"currencyId": "EUR", "companyId": 7, "contactId": 9, "begindate": "2026-06-18T02:00:00+02:00", "closedate": None}
    return plain | {"productRows": [row | {"measureName": "Stk"}]} | given


def comment(**given: Any) -> dict[str, Any]:
    return {"ID": "999", "ENTITY_ID": "7", "ENTITY_TYPE": "company", "CREATED": "2026-11-02T09:00:00+01:00", "COMMENT": "Anrufen"} | given


def seen(resource: str, row: dict[str, Any], ways: Ways = WAYS) -> tuple[Record, ...]:
    return records(resource, str(row.get("id") or row.get("ID")), row, ways)


def body(resource: str, row: dict[str, Any], ways: Ways = WAYS) -> Any:
    return seen(resource, row, ways)[0].body


def test_a_company_with_its_requisite_and_address_is_one_party() -> None:
    (record,) = seen("companies", company())

    assert (record.kind, record.key, record.resource, record.resource_key) == ("party", "company:7", "companies", "7")
    assert record.body == Party(
        type="company",
        name="Kranbau Riesig GmbH",
        tax_id="DE136695976",
        email="post@kran.example",
        phone="+49 421 3",
        mobile="+49 170 1",
        fax="+49 421 4",
        address=Address(line1="Kai 1", postcode="28195", city="Bremen", country="DE"),
    )
    assert record.created == dt.datetime(2026, 11, 2, 8, tzinfo=dt.UTC)
    assert record.changed == dt.datetime(2026, 11, 3, 7, tzinfo=dt.UTC)


def test_the_firm_s_own_company_is_no_customer() -> None:
    assert seen("companies", company(isMyCompany="Y")) == ()


def test_a_contact_of_a_company_is_a_party_and_a_contact() -> None:
    alone, contact = seen("contacts", person(companyId=7))

    assert (alone.kind, alone.key, contact.kind, contact.key, contact.owner) == ("party", "contact:9", "contact", "contact:9", "company:7")
    assert contact.body == Contact(name="Uhl", first_name="Ida", salutation="mrs", position="Einkauf")
    assert len(seen("contacts", person())) == 1


@pytest.mark.parametrize(
    ("requisites", "tax_id"),
    (
        ([requisite(RQ_VAT_ID=None, RQ_INN="5550177004")], "5550177004"),
        ([requisite(ADDRESS_ONLY="Y"), requisite(ID="13", RQ_VAT_ID="PL1")], "PL1"),
        ([requisite(ID="13", RQ_VAT_ID="PL1"), requisite(SORT="100", RQ_VAT_ID="PL2")], "PL2"),
        ([requisite(ID="13", RQ_VAT_ID="PL1"), requisite(RQ_VAT_ID="PL2")], "PL2"),
        ([], ""),
    ),
)
def test_the_tax_id_stands_in_the_first_requisite_in_one_of_two_fields(requisites: list[dict[str, Any]], tax_id: str) -> None:
    assert body("companies", company(requisites=requisites)).tax_id == tax_id


def test_which_address_counts_is_settled_at_set_up() -> None:
    two = company(addresses=[place(), place(TYPE_ID="11", CITY="Vegesack")])

    assert body("companies", two).address.city == "Bremen"
    assert body("companies", two, ways_of({"address_type": "11"})).address.city == "Vegesack"
    assert body("companies", company(addresses=[place(TYPE_ID="1", CITY="Hafen")])).address.city == "Hafen"
    assert body("companies", company(addresses=[place(TYPE_ID="9")])).address == NO_ADDRESS


@pytest.mark.parametrize("mark", (True, "Y", "1", 1, "Unisono", ["Alt", "unisono"]))
def test_a_mark_in_the_watched_field_is_a_tag(mark: object) -> None:
    party, tag = seen("companies", company(UF_CRM_UNISONO=mark))

    assert (tag.kind, tag.key, tag.owner, tag.owner_kind, tag.body) == ("tag", "company:7", "company:7", "party", Tag(name="Unisono"))
    assert isinstance(party.body, Party)
    assert party.body.tags == ("Unisono",)


@pytest.mark.parametrize("mark", (False, "N", "", None, 0, [], "Anderes", ["Alt"]))
def test_no_mark_is_no_tag(mark: object) -> None:
    assert [record.kind for record in seen("companies", company(UF_CRM_UNISONO=mark))] == ["party"]


def test_our_reference_is_read_only_where_it_is_ours() -> None:
    assert body("companies", company(originatorId="unisono", originId=REFERENCE)).reference == REFERENCE
    assert body("companies", company(originatorId="somebody", originId=REFERENCE)).reference == ""
    assert body("invoices", invoice(xmlId=REFERENCE)).reference == REFERENCE
    assert body("invoices", invoice(xmlId="4711")).reference == ""


def test_an_invoice_has_its_rows_totals_state_and_page() -> None:
    (record,) = seen("invoices", invoice(parentId2=5))
    document = record.body

    assert isinstance(document, Document)
    assert isinstance(document.lines, Lines)
    assert (record.kind, record.owner, document.contact, document.preceding) == ("invoice", "company:7", "contact:9", "deal:5")
    assert (document.number, document.date, document.type_code) == ("RE-1", dt.date(2026, 6, 18), "380")
    assert (document.net, document.vat, document.gross, document.basis) == (Decimal(200), Decimal(38), Decimal(238), "gross")
    (line,) = document.lines.rows
    assert (line.name, line.quantity, line.unit, line.price, line.vat_rate) == ("Kran", Decimal(2), "Stk", Decimal(119), Decimal(19))
    assert (document.stage, document.paid, document.value) == ("sent", "none", Decimal(238))
    assert document.view_url == "https://muster.bitrix24.de/crm/type/31/details/3/"


def test_the_documented_answers_are_read() -> None:
    item = sample("crm-item-add")["item"]
    rows = sample("crm-item-productrow-list")["productRows"]
    (comment_row, _) = sample("crm-timeline-comment-list")

    (record,) = seen("deals", item | {"productRows": rows})
    assert isinstance(record.body, Document)
    assert isinstance(record.body.lines, Lines)
    assert (record.key, record.owner, len(record.body.lines.rows)) == ("deal:7", "company:7", 2)
    assert record.body.lines.rows[1].vat_rate is None
    assert record.body.gross is not None
    assert body("comments", comment_row).text == comment_row["COMMENT"]


def test_a_row_typed_net_makes_the_paper_net() -> None:
    rows = invoice()["productRows"]
    document = body("invoices", invoice(productRows=[rows[0] | {"taxIncluded": "N"}]))

    assert (document.basis, document.lines.rows[0].price, document.value) == ("net", Decimal(100), Decimal(200))


@pytest.mark.parametrize(
    ("resource", "row", "state"),
    (
        ("invoices", {"stageId": "DT31_3:N"}, ("draft", "open", "none")),
        ("invoices", {"stageId": "DT31_12:P"}, ("sent", "open", "full")),
        ("invoices", {"stageId": "DT31_3:UC_1"}, ("sent", "open", "none")),
        ("quotes", {"stageId": "DRAFT"}, ("draft", "open", "none")),
        ("quotes", {"stageId": "APPROVED"}, ("sent", "accepted", "none")),
        ("quotes", {"stageId": "DECLAINED"}, ("sent", "rejected", "none")),
        ("deals", {"stageId": "C5:UC_8", "stageSemanticId": "S"}, ("issued", "accepted", "none")),
        ("deals", {"stageId": "LOSE", "stageSemanticId": "F"}, ("issued", "rejected", "none")),
        ("deals", {"stageId": "NEW", "stageSemanticId": "P"}, ("issued", "open", "none")),
    ),
)
def test_a_stage_says_how_a_paper_stands(resource: str, row: dict[str, Any], state: tuple[str, str, str]) -> None:
    document = body(resource, invoice(**row))

    assert (document.stage, document.answer, document.paid) == state


def test_a_paper_of_a_contact_alone_is_for_that_contact() -> None:
    (record,) = seen("deals", invoice(companyId=0))

    assert (record.kind, record.key, record.owner) == ("quote", "deal:3", "contact:9")
    assert isinstance(record.body, Document)
    assert record.body.contact == ""


def test_a_comment_is_a_note_whose_title_is_its_bold_first_line() -> None:
    (record,) = seen("comments", comment(COMMENT=f"[B]Angebot 7[/B]\nLiegt bei.\n\nRef: {REFERENCE}"))
    assert record.key == "comment:999@company/7"
    assert record.body == Note(title="Angebot 7", text=f"Liegt bei.\n\nRef: {REFERENCE}", about=("company:7",), reference=REFERENCE)

    assert body("comments", comment()) == Note(title="", text="Anrufen", about=("company:7",))


def test_a_comment_that_carries_a_file_of_ours_is_that_file_and_no_note() -> None:
    digest = "ab" * 32
    row = comment(COMMENT=f"Angebot.pdf\n{attached('998', digest)}", FILES=[{"name": "Angebot.pdf", "size": 43}])

    (record,) = seen("files", row)

    assert (record.kind, record.key, record.owner) == ("file", "file:999", "comment:998@company/7")
    assert record.body == File(name="Angebot.pdf", size=43, sha256=digest)
    assert seen("comments", row) == ()


@pytest.mark.parametrize(
    ("resource", "row", "field"),
    (
        ("companies", company(title=""), "title"),
        ("companies", company(fm="x"), "fm"),
        ("contacts", person(name=None, lastName=""), "lastName"),
        ("invoices", invoice(currencyId="XXQ"), "currencyId"),
        ("invoices", invoice(opportunity="viel"), "opportunity"),
        ("invoices", invoice(begindate="gestern"), "begindate"),
        ("invoices", invoice(productRows=[{"id": 4, "price": None, "quantity": 1}]), "productRows"),
        ("deals", {"title": "A"}, "id"),
    ),
)
def test_a_row_that_cannot_be_read_is_refused_by_name(resource: str, row: dict[str, Any], field: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        seen(resource, row)

    assert caught.value.values["field"] == field


@pytest.mark.parametrize(
    ("typed", "code"),
    (
        ("Deutschland", "DE"),
        ("germany", "DE"),
        ("Polska", "PL"),
        ("România", "RO"),
        ("Österreich", "AT"),
        ("de", "DE"),
        ("Bayern", ""),
        ("", ""),
    ),
)
def test_a_country_is_known_in_every_language_of_ours(typed: str, code: str) -> None:
    assert country_code(typed) == code


def test_a_country_is_written_as_the_portal_s_people_do() -> None:
    assert (country_name("DE", "de"), country_name("DE", "pl"), country_name("QQ", "de")) == ("Deutschland", "Niemcy", "QQ")


@pytest.mark.parametrize(
    ("settings", "named"),
    (
        ({"address_type": "3"}, "address_type"),
        ({"presets": {"firm": 1}}, "presets.firm"),
        ({"presets": {"company": "x"}}, "presets.company"),
        ({"tax_field": "RQ_OGRN"}, "tax_field"),
        ({"tag_field": "TITLE"}, "tag_field"),
        ({"honorifics": {"HNR_1": "dr"}}, "honorifics.HNR_1"),
    ),
)
def test_a_setting_that_cannot_be_is_named(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        ways_of(settings)


def test_a_portal_is_known_by_its_host_however_it_was_pasted() -> None:
    assert {portal_of(given) for given in ("muster.bitrix24.de", " https://Muster.bitrix24.de/crm/ ")} == {"muster.bitrix24.de"}
