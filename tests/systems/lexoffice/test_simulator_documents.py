"""Sales documents: lines, taxes and totals to the cent, drafts and what is issued, what follows what, their files."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.systems.lexoffice.caller import LINE, Caller


def line(quantity: Any, price: Any, rate: Any = 19, **more: Any) -> dict[str, Any]:
    side = more.pop("side", "netAmount")
    return LINE | {"quantity": quantity, "unitPrice": {"currency": "EUR", side: price, "taxRatePercentage": rate}} | more


def totals(account: Caller, lines: list[dict[str, Any]], *, tax_type: str = "net", **total: Any) -> tuple[Any, Any]:
    body = account.document(lineItems=lines, taxConditions={"taxType": tax_type}, totalPrice={"currency": "EUR"} | total)
    shown = account.get(f"invoices/{account.ok('POST', 'invoices', body)['id']}")
    price = shown["totalPrice"]
    taxes = [(one["taxRatePercentage"], one["netAmount"], one["taxAmount"]) for one in shown["taxAmounts"]]
    return (price["totalNetAmount"], price["totalTaxAmount"], price["totalGrossAmount"]), taxes


def test_the_sums_of_the_documented_invoice_come_out_to_the_cent() -> None:
    lines = [line(2, 13.4, discountPercentage=50), line(1, 8.32, 7), line(1, 5, 0), {"type": "text", "name": "Frei"}]

    assert totals(Caller(), lines) == ((26.72, 3.13, 29.85), [(0, 5, 0), (7, 8.32, 0.58), (19, 13.4, 2.55)])


def test_the_sums_of_the_documented_quotation_leave_out_what_is_offered_beside() -> None:
    account = Caller()
    below = line(1, 15.95, side="grossAmount", alternative=True)
    lines = [line(1, 23.9, side="grossAmount", subItems=[below]), line(1, 4.9, side="grossAmount", optional=True)]

    shown = account.get(f"quotations/{account.make('quotations', lineItems=lines, taxConditions={'taxType': 'gross'})}")

    price = shown["totalPrice"]
    assert (price["totalNetAmount"], price["totalTaxAmount"], price["totalGrossAmount"]) == (20.08, 3.82, 23.9)
    assert [one["unitPrice"]["netAmount"] for one in shown["lineItems"]] == [20.08, 4.12]
    assert shown["lineItems"][0]["subItems"][0]["lineItemAmount"] == 15.95


@pytest.mark.parametrize(
    ("lines", "kind", "total", "expected"),
    (
        ([line(3, 33.3333)], "net", {}, (100, 19, 119)),
        ([line(1, 0.125)], "net", {}, (0.13, 0.02, 0.15)),
        ([line("0.3333", 100)], "net", {}, None),
        ([line(Decimal("0.3333"), 100)], "net", {}, (33.33, 6.33, 39.66)),
        ([line(1, 100), line(1, 100, 7)], "net", {"totalDiscountAbsolute": 10}, (190, 24.7, 214.7)),
        ([line(1, 100), line(1, 100, 7)], "net", {"totalDiscountPercentage": 10}, (180, 23.4, 203.4)),
        (
            [line(1, 119, side="grossAmount"), line(1, 107, 7, side="grossAmount")],
            "gross",
            {"totalDiscountAbsolute": 26},
            (177, 23, 200),
        ),
        ([line(1, 100, 0)], "vatfree", {}, (100, 0, 100)),
        ([], "net", {}, (0, 0, 0)),
    ),
)
def test_totals_are_computed_from_the_leading_side(lines: list[Any], kind: str, total: dict[str, Any], expected: Any) -> None:
    account = Caller()
    if expected is None:
        body = account.document(lineItems=lines)
        assert account.details("invoices", body) == [("lineItems[0].quantity", "DIGITS")]
        return
    plain = [one if one["quantity"] == int(one["quantity"]) else one | {"quantity": float(one["quantity"])} for one in lines]

    assert totals(account, plain, tax_type=kind, **total)[0] == expected


def changed(**more: Any) -> dict[str, Any]:
    return {"lineItems": [LINE | more]}


PRICE = {"currency": "EUR", "netAmount": 1, "taxRatePercentage": 19}


@pytest.mark.parametrize(
    ("more", "detail"),
    (
        ({"voucherDate": None}, ("voucherDate", "NOTNULL")),
        ({"voucherDate": "2026-11-02"}, ("voucherDate", "INVALID_FORMAT")),
        ({"voucherDate": "2026-11-02T00:00:00+01:00"}, ("voucherDate", "INVALID_FORMAT")),
        ({"voucherDate": "2026-11-02T00:00:00.000"}, ("voucherDate", "INVALID_FORMAT")),
        ({"address": None}, ("address", "NOTNULL")),
        ({"address": {"name": "x"}}, ("address.countryCode", "NOTNULL")),
        ({"address": {"contactId": "1f3b8c55-6a0d-4f7e-8d4a-0d1c6f2e9a01"}}, ("address.contactId", "INVALID_VALUE")),
        ({"lineItems": None}, ("lineItems", "NOTNULL")),
        ({"lineItems": [LINE] * 301}, ("lineItems", "SIZE")),
        (changed(type="CUSTOM"), ("lineItems[0].type", "INVALID_VALUE")),
        (changed(type="material"), ("lineItems[0].id", "NOTNULL")),
        (changed(name=""), ("lineItems[0].name", "NOTNULL")),
        (changed(quantity=0), ("lineItems[0].quantity", "POSITIVE")),
        (changed(quantity=1.23456), ("lineItems[0].quantity", "DIGITS")),
        (changed(unitName=None), ("lineItems[0].unitName", "NOTNULL")),
        (changed(unitPrice=PRICE | {"currency": "PLN"}), ("lineItems[0].unitPrice.currency", "INVALID_VALUE")),
        (changed(unitPrice=PRICE | {"taxRatePercentage": 8}), ("lineItems[0].unitPrice.taxRatePercentage", "INVALID_VALUE")),
        (changed(unitPrice=PRICE | {"netAmount": None, "grossAmount": 1}), ("lineItems[0].unitPrice.netAmount", "NOTNULL")),
        (changed(discountPercentage=101), ("lineItems[0].discountPercentage", "RANGE")),
        ({"totalPrice": None}, ("totalPrice", "NOTNULL")),
        ({"taxConditions": {}}, ("taxConditions.taxType", "NOTNULL")),
        ({"shippingConditions": None}, ("shippingConditions", "NOTNULL")),
        ({"shippingConditions": {"shippingType": "service"}}, ("shippingConditions.shippingDate", "NOTNULL")),
        ({"language": "pl"}, ("language", "INVALID_VALUE")),
        ({"printLayoutId": "x"}, ("printLayoutId", "INVALID_VALUE")),
    ),
)  # fmt: skip
def test_what_an_invoice_cannot_hold_is_named(more: dict[str, Any], detail: tuple[str, str]) -> None:
    account = Caller()
    body = {name: value for name, value in account.document(**more).items() if value is not None}

    assert account.details("invoices", body) == [detail]
    assert account.truth("invoices") == []


def test_a_draft_may_be_without_lines_but_nothing_is_issued_so() -> None:
    account = Caller()

    key = account.make(lineItems=[])

    assert account.get(f"invoices/{key}")["totalPrice"]["totalGrossAmount"] == 0
    assert account.details("invoices?finalize=true", account.document(lineItems=[])) == [("lineItems", "NOTEMPTY")]


def test_a_quotation_needs_its_last_day() -> None:
    account = Caller()

    assert account.details("quotations", account.document(expirationDate=None)) == [("expirationDate", "NOTNULL")]


def test_without_tax_the_rate_is_zero_and_special_kinds_need_a_contact() -> None:
    account = Caller()
    free = [line(1, 10, 0)]

    rated = account.details("invoices", account.document(taxConditions={"taxType": "vatfree"}))
    nobody = account.details("invoices", account.document(lineItems=free, taxConditions={"taxType": "intraCommunitySupply"}))
    key = account.make(lineItems=free, taxConditions={"taxType": "intraCommunitySupply"}, address={"contactId": account.company()})

    assert rated == [("lineItems[0].unitPrice.taxRatePercentage", "INVALID_VALUE")]
    assert nobody == [("address.contactId", "NOTNULL")]
    assert account.get(f"invoices/{key}")["totalPrice"] == {
        "currency": "EUR", "totalNetAmount": 10, "totalGrossAmount": 10, "totalTaxAmount": 0,
    }  # fmt: skip


def test_the_contacts_address_is_filled_in_and_may_be_overridden() -> None:
    account = Caller()
    person = {"firstName": "Ida", "lastName": "Groß", "primary": True}
    place = {"street": "Kai 1", "zip": "28195", "city": "Bremen", "countryCode": "DE"}
    owner = account.company(addresses={"billing": [place]}, company={"contactPersons": [person]})
    plain, other = (account.make(address={"contactId": owner} | more) for more in ({}, {"street": "Kai 2"}))
    account.act("edit_contact", id=owner, street="Kai 9")

    assert (
        account.get(f"invoices/{plain}")["address"]
        == {"contactId": owner, "name": "Kranbau Riesig GmbH", "contactPerson": "Ida Groß"} | place
    )
    assert account.get(f"invoices/{other}")["address"]["street"] == "Kai 2"


def test_vendors_archived_and_all_too_fresh_contacts_cannot_be_named() -> None:
    account = Caller(fresh_seconds=0.5)
    vendor, old, fresh = account.company(roles={"vendor": {}}), account.company(), account.company()
    account.act("archive_contact", id=old)
    body = account.document(address={"contactId": fresh})
    seen = [account.details("invoices", account.document(address={"contactId": key})) for key in (vendor, old, fresh)]

    account.world.clock.advance(0.5)

    assert seen == [[("address.contactId", "INVALID_VALUE")]] * 3
    assert account.ok("POST", "invoices", body)["version"] == 1


def test_a_draft_and_an_issued_invoice_differ_in_state_due_day_and_file() -> None:
    account = Caller()
    draft, issued = (account.get(f"invoices/{account.make(issued=is_issued)}") for is_issued in (False, True))

    assert (draft["voucherStatus"], draft["voucherNumber"], "dueDate" in draft, "files" in draft) == ("draft", "RE0001", False, False)
    assert (issued["voucherStatus"], issued["voucherNumber"], issued["dueDate"]) == ("open", "RE0002", "2026-11-16T00:00:00.000+01:00")
    assert set(issued["files"]) == {"documentFileId"}
    assert account.refused("PUT", f"invoices/{issued['id']}", issued)[0] == 405
    assert account.refused("DELETE", f"invoices/{draft['id']}")[0] == 405


def test_midnight_in_utc_comes_back_in_german_time() -> None:
    account = Caller()

    key = account.make(voucherDate="2026-08-21T00:00:00.000Z")

    assert account.get(f"invoices/{key}")["voucherDate"] == "2026-08-21T02:00:00.000+02:00"


@pytest.mark.parametrize(("path", "number"), (("order-confirmations", "AB0001"), ("delivery-notes", "LS0001")))
def test_some_kinds_stay_drafts_and_have_a_pdf_all_the_same(path: str, number: str) -> None:
    account = Caller()
    key = account.make(path, issued=True)

    shown, file = account.get(f"{path}/{key}"), account.send("GET", f"{path}/{key}/file")

    assert (shown["voucherStatus"], shown["voucherNumber"]) == ("draft", number)
    assert file.get_data().startswith(b"%PDF")
    assert ("totalPrice" in shown) == (path == "order-confirmations")


def test_a_delivery_note_may_leave_prices_out_and_an_order_may_not() -> None:
    account = Caller()
    line = {"type": "custom", "name": "Kran", "quantity": 5, "unitName": "Stück"}

    shown = account.get(f"delivery-notes/{account.make('delivery-notes', lineItems=[line])}")

    assert [(one["name"], one["quantity"]) for one in shown["lineItems"]] == [("Kran", 5)]
    for path, price in (("order-confirmations", None), ("delivery-notes", "12")):
        body = account.document(lineItems=[line | ({"unitPrice": price} if price else {})])
        assert account.details(path, body) == [("lineItems[0].unitPrice", "NOTNULL")]


def test_a_number_may_show_later_than_its_document() -> None:
    account = Caller(number_seconds=3)
    key = account.make()
    before = "voucherNumber" in account.get(f"invoices/{key}"), account.rows()[0]["voucherNumber"]

    account.world.clock.advance(3)

    assert (before, account.get(f"invoices/{key}")["voucherNumber"]) == ((False, None), "RE0001")


def test_documents_follow_each_other_and_name_each_other() -> None:
    account = Caller()
    offer = account.make("quotations", issued=True)
    order = account.make("order-confirmations", follows=offer)
    invoice = account.make(follows=order, issued=True)
    credit, dunning = account.make("credit-notes", follows=invoice), account.make("dunnings", follows=invoice)

    related = account.get(f"invoices/{invoice}")["relatedVouchers"]

    assert [(one["id"], one["voucherNumber"], one["voucherType"]) for one in related] == [
        (order, "AB0001", "orderconfirmation"), (credit, "GS0001", "creditnote"), (dunning, "MA0001", "dunning"),
    ]  # fmt: skip
    assert "totalPrice" not in account.get(f"dunnings/{dunning}")


def test_nothing_follows_a_draft_and_a_dunning_needs_its_invoice_before_all_else() -> None:
    account = Caller()
    draft, offer = account.make(), account.make("quotations", issued=True)

    assert account.details(f"credit-notes?precedingSalesVoucherId={draft}", account.document()) == [
        ("precedingSalesVoucherId", "INVALID_STATUS")
    ]
    assert account.details(f"quotations?precedingSalesVoucherId={offer}", account.document()) == [
        ("precedingSalesVoucherId", "INVALID_VALUE")
    ]
    assert account.details("dunnings", {"nothing": "of it"}) == [("precedingSalesVoucherId", "INVALID_VALUE")]


def test_an_id_is_known_in_its_own_kind_only() -> None:
    account = Caller()
    key = account.make()

    assert account.refused("GET", f"quotations/{key}")[0] == 404
    assert account.get(f"invoices/{key.upper()}")["id"] == key


def test_the_file_of_a_draft_is_a_conflict_and_its_document_not_acceptable() -> None:
    account = Caller()
    key = account.make()

    assert account.refused("GET", f"invoices/{key}/file")[0] == 409
    status, said = account.refused("GET", f"invoices/{key}/document")
    assert (status, said["message"]) == (406, "Requesting PDF document is not possible in state draft.")


def test_the_pdf_is_fetched_by_either_way() -> None:
    account = Caller()
    key = account.make(issued=True)
    file = account.get(f"invoices/{key}/document")["documentFileId"]

    now, again = (account.send("GET", f"invoices/{key}/file", headers={"Accept": "application/pdf"}) for _ in range(2))
    kept, same = (account.send("GET", f"files/{file}").get_data() for _ in range(2))

    assert now.headers["Content-Disposition"] == 'inline; filename="Rechnung_RE0001.pdf";'
    assert (now.mimetype, now.get_data() == again.get_data(), kept == same) == ("application/pdf", False, True)
    assert account.get(f"invoices/{key}")["files"]["documentFileId"] == file
    assert account.get(f"invoices/{key}")["version"] == 1
    assert account.refused("GET", f"invoices/{key}/file", headers={"Accept": "image/png"})[0] == 406
    assert account.refused("GET", f"invoices/{key}/file", headers={"Accept": "application/xml"})[0] == 404


def test_an_invoice_to_an_authority_has_an_xml() -> None:
    account = Caller()
    owner = account.company(xRechnung={"buyerReference": "04011-7", "vendorNumberAtCustomer": "7"})
    key = account.make(issued=True, address={"contactId": owner})

    xml = account.send("GET", f"invoices/{key}/file", headers={"Accept": "application/xml"})

    assert account.get(f"invoices/{key}")["xRechnung"] == {"buyerReference": "04011-7"}
    assert (xml.mimetype, b"<BuyerReference>04011-7</BuyerReference>" in xml.get_data()) == ("application/xml", True)


def test_articles_are_named_by_their_kind() -> None:
    account = Caller()
    product = account.act("create_article", title="Seil", net="5", unit="m")

    key = account.make(lineItems=[LINE | {"type": "material", "id": product}])

    assert account.get(f"invoices/{key}")["lineItems"][0]["id"] == product
    assert account.details("invoices", account.document(lineItems=[LINE | {"type": "service", "id": product}])) == [
        ("lineItems[0].id", "INVALID_VALUE")
    ]


def test_payment_conditions_are_the_accounts_unless_others_are_given() -> None:
    account = Caller()
    own: dict[str, Any] = {
        "paymentTermLabel": "bald",
        "paymentTermDuration": 30,
        "paymentDiscountConditions": {"discountPercentage": 3, "discountRange": 10},
    }
    made = account.make(), account.make(paymentConditions=own)
    plain, other = (account.get(f"invoices/{key}")["paymentConditions"] for key in made)

    assert (plain["paymentTermDuration"], plain["paymentTermLabel"]) == (14, "Zahlbar innerhalb von 14 Tagen")
    assert other == own | {"paymentTermLabelTemplate": "{discountRange} Tage -{discount}, {paymentRange} Tage netto"}


def test_a_files_bytes_stay_and_a_changed_document_has_another_file() -> None:
    account = Caller()
    key = account.make(issued=True)
    first = account.get(f"invoices/{key}/document")["documentFileId"]
    before = account.send("GET", f"files/{first}").get_data()
    account.act("pay", id=key, amount="1")
    paid = account.send("GET", f"files/{first}").get_data()

    other = account.make(issued=True)
    old = account.get(f"invoices/{other}")["files"]["documentFileId"]
    account.act("reopen", id=other)
    draft = account.get(f"invoices/{other}")
    account.act("edit_document", id=other, remark="neu")
    account.act("finalize", id=other)

    assert before == paid
    assert "files" not in draft
    assert account.refused("GET", f"files/{old}")[0] == 404
    assert account.get(f"invoices/{other}")["files"]["documentFileId"] != old
