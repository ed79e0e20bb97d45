"""What hangs on a record: telephone numbers and e-mail addresses, requisites and addresses, rows with their prices, duplicates."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.systems.bitrix24.caller import Caller


def numbers(portal: Caller, key: int) -> list[tuple[str, str]]:
    return [(phone["VALUE"], phone["VALUE_TYPE"]) for phone in portal.result("crm.company.get", ID=key).get("PHONE", [])]


def with_two() -> tuple[Caller, int, list[str]]:
    portal = Caller()
    key = portal.company("A", PHONE=[{"VALUE": "+49 1", "VALUE_TYPE": "WORK"}, {"VALUE": "2", "VALUE_TYPE": "MOBILE"}])
    return portal, key, [phone["ID"] for phone in portal.result("crm.company.get", ID=key)["PHONE"]]


def test_a_classic_entry_without_its_id_is_added_once_more() -> None:
    portal, key, _ = with_two()

    portal.result("crm.company.update", ID=key, fields={"PHONE": [{"VALUE": "+49 1", "VALUE_TYPE": "WORK"}]})

    assert numbers(portal, key) == [("+49 1", "WORK"), ("2", "MOBILE"), ("+49 1", "WORK")]


def test_a_classic_entry_with_its_id_is_changed_or_deleted() -> None:
    portal, key, ids = with_two()

    portal.result("crm.company.update", ID=key, fields={"PHONE": [{"ID": ids[0], "VALUE": "9"}, {"ID": ids[1], "VALUE": ""}]})
    changed = numbers(portal, key)
    portal.result("crm.company.update", ID=key, fields={"PHONE": [{"ID": ids[0], "DELETE": "Y"}]})

    assert (changed, numbers(portal, key)) == ([("9", "WORK")], [])
    assert portal.result("crm.company.get", ID=key)["HAS_PHONE"] == "N"


@pytest.mark.parametrize(
    ("fm", "after"),
    (
        ({"{0}": {"typeId": "PHONE", "value": "9"}}, [("9", "WORK"), ("2", "MOBILE")]),
        ({"{0}": {"typeId": "PHONE", "value": ""}}, [("2", "MOBILE")]),
        ({"n0": {"typeId": "PHONE", "valueType": "FAX", "value": "3"}}, [("+49 1", "WORK"), ("2", "MOBILE"), ("3", "FAX")]),
        ([{"typeId": "PHONE", "value": "+49 1"}], [("+49 1", "WORK"), ("2", "MOBILE"), ("+49 1", "WORK")]),
        ({"{0}": {"value": "9"}}, [("+49 1", "WORK"), ("2", "MOBILE")]),
        ("9", [("+49 1", "WORK"), ("2", "MOBILE")]),
    ),
)
def test_universal_entries_are_changed_by_their_key_and_need_their_type(fm: Any, after: list[tuple[str, str]]) -> None:
    portal, key, ids = with_two()
    given = {name.format(*ids): entry for name, entry in fm.items()} if isinstance(fm, dict) else fm

    portal.result("crm.item.update", entityTypeId=4, id=key, fields={"fm": given})

    assert numbers(portal, key) == after


def test_flat_names_are_shown_and_cannot_be_written() -> None:
    portal, key, _ = with_two()

    shown = portal.result("crm.item.update", entityTypeId=4, id=key, fields={"phoneWork": "9", "phone": "9"})["item"]

    assert (shown["phoneWork"], shown["phoneMobile"], shown["phone"], shown["email"]) == ("+49 1", "2", "+49 1", "")


def test_another_records_entry_cannot_be_changed() -> None:
    portal, key, ids = with_two()
    other = portal.company("B")

    portal.result("crm.company.update", ID=other, fields={"PHONE": [{"ID": ids[0], "VALUE": "9"}]})

    assert numbers(portal, key)[0] == ("+49 1", "WORK")


# duplicates


def test_duplicates_are_found_by_number_and_address_of_the_types_asked_for() -> None:
    portal = Caller()
    company = portal.company("A", PHONE=[{"VALUE": "+49 (251) 55-5"}], EMAIL=[{"VALUE": "A@a.example"}])
    person = portal.contact(EMAIL=[{"VALUE": "a@A.example"}])

    both = portal.result("crm.duplicate.findbycomm", type="EMAIL", values=["a@a.example"])
    one = portal.result("crm.duplicate.findbycomm", type="PHONE", values=["+49251555"], entity_type="COMPANY")

    assert both == {"CONTACT": [person], "COMPANY": [company]}
    assert one == {"COMPANY": [company]}
    assert portal.result("crm.duplicate.findbycomm", type="EMAIL", values=["b@a.example"]) == []


def test_twenty_hits_of_one_type_hide_the_others() -> None:
    portal = Caller()
    for number in range(21):
        portal.contact(f"A{number}", EMAIL=[{"VALUE": "a@a.example"}])
    portal.company("A", EMAIL=[{"VALUE": "a@a.example"}])

    found = portal.result("crm.duplicate.findbycomm", type="EMAIL", values=["a@a.example"])

    assert {name: len(ids) for name, ids in found.items()} == {"CONTACT": 20}


# requisites and addresses


@pytest.mark.parametrize("missing", ("ENTITY_TYPE_ID", "ENTITY_ID", "PRESET_ID", "NAME"))
def test_a_requisite_needs_owner_preset_and_name(missing: str) -> None:
    portal = Caller()
    given = {"ENTITY_TYPE_ID": 4, "ENTITY_ID": portal.company(), "PRESET_ID": 1, "NAME": "Sitz"}

    assert missing in portal.refused("crm.requisite.add", fields={key: value for key, value in given.items() if key != missing})[2]
    assert portal.result("crm.requisite.add", fields=given) > 0


def test_a_requisite_is_read_as_texts_and_keeps_its_own_stamp() -> None:
    portal = Caller()
    owner = portal.company()
    key = portal.requisite(owner, RQ_VAT_ID="DE811112233", RQ_INN="123/456/789", XML_ID="uni-1")
    portal.world.clock.advance(60)

    portal.result("crm.requisite.update", id=key, fields={"RQ_VAT_ID": "DE811112234"})

    shown = portal.result("crm.requisite.get", id=key)
    assert (shown["ID"], shown["ENTITY_ID"], shown["RQ_VAT_ID"], shown["SORT"]) == (str(key), str(owner), "DE811112234", "500")
    assert shown["DATE_MODIFY"] == "2026-11-02T09:01:00+01:00"
    found = portal.result("crm.requisite.list", filter={">DATE_MODIFY": "2026-11-02T09:00:00+01:00"}, select=["ID"])
    assert found == [{"ID": str(key)}]


@pytest.mark.parametrize(
    ("field", "longest"), (("RQ_VAT_ID", 20), ("RQ_INN", 15), ("XML_ID", 45), ("RQ_COMPANY_NAME", 255), ("RQ_KRS", 10))
)
def test_fields_of_a_requisite_have_their_length(field: str, longest: int) -> None:
    portal = Caller()
    owner = portal.company()

    assert portal.requisite(owner, **{field: "1" * longest})
    given = {"ENTITY_TYPE_ID": 4, "ENTITY_ID": owner, "PRESET_ID": 1, "NAME": "x", field: "1" * (longest + 1)}
    assert field in portal.refused("crm.requisite.add", fields=given)[2]


def test_presets_say_their_country_and_fields_and_romania_has_none() -> None:
    portal = Caller()
    presets = {row["XML_ID"]: row for row in portal.result("crm.requisite.preset.list")}

    german, polish = presets["#CRM_REQUISITE_PRESET_DEF_DE_COMPANY#"], presets["#CRM_REQUISITE_PRESET_DEF_PL_COMPANY#"]
    fields = [
        {row["FIELD_NAME"] for row in portal.result("crm.requisite.preset.field.list", preset={"ID": preset["ID"]})}
        for preset in (german, polish)
    ]

    assert (german["COUNTRY_ID"], polish["COUNTRY_ID"]) == ("46", "110")
    assert "RQ_VAT_ID" in fields[0]
    assert fields[1] >= {"RQ_INN", "RQ_REGON", "RQ_KRS"}
    assert "RO" not in {row["CODE"] for row in portal.result("crm.requisite.preset.countries")}
    key = portal.requisite(portal.company(), PRESET_ID=5, RQ_VAT_ID="RO5550180")
    assert portal.result("crm.requisite.get", id=key)["RQ_VAT_ID"] == "RO5550180"


def test_an_address_is_known_by_its_type_and_requisite() -> None:
    portal = Caller()
    owner = portal.company()
    key = {"TYPE_ID": 6, "ENTITY_TYPE_ID": 8, "ENTITY_ID": portal.requisite(owner)}
    assert portal.result("crm.address.add", fields=key | {"CITY": "Ulm", "COUNTRY": "Deutschland", "COUNTRY_CODE": None}) is True

    again = portal.refused("crm.address.add", fields=key | {"CITY": "Köln"})
    portal.result("crm.address.update", fields=key | {"CITY": "Köln"})
    (row,) = portal.result("crm.address.list", filter={"ANCHOR_TYPE_ID": 4, "ANCHOR_ID": owner})
    portal.result("crm.address.delete", fields=key)

    assert again == (400, "", "TypeAddress exists.")
    assert (row["CITY"], row["COUNTRY"], row["TYPE_ID"], row["ANCHOR_ID"]) == ("Köln", "Deutschland", "6", str(owner))
    assert portal.refused("crm.address.delete", fields=key) == (400, "", "TypeAddress not found.")
    assert "DATE_MODIFY" not in row


def test_a_requisite_takes_its_addresses_and_bank_details_along() -> None:
    portal = Caller()
    key = portal.requisite(portal.company())
    portal.result("crm.address.add", fields={"TYPE_ID": 1, "ENTITY_TYPE_ID": 8, "ENTITY_ID": key})
    portal.result("crm.requisite.bankdetail.add", fields={"ENTITY_ID": key, "NAME": "Bank", "RQ_IBAN": "DE02100100100006820101"})

    portal.result("crm.requisite.delete", id=key)

    assert portal.result("crm.address.list") == portal.result("crm.requisite.bankdetail.list") == []


def test_an_old_portal_hangs_addresses_on_the_company_itself() -> None:
    given = {"TYPE_ID": 1, "ENTITY_TYPE_ID": 4, "CITY": "Ulm"}
    new, old = Caller(), Caller(old_addresses=True)

    assert new.refused("crm.address.add", fields=given | {"ENTITY_ID": new.company()})[2] == "ENTITY_TYPE_ID is not defined or invalid."
    assert old.result("crm.address.add", fields=given | {"ENTITY_ID": old.company()}) is True


def test_a_document_is_linked_to_the_requisites_it_carries_with_all_four_ids() -> None:
    portal = Caller()
    requisite = portal.requisite(portal.company())
    invoice = portal.item(31)
    link = {"ENTITY_TYPE_ID": 31, "ENTITY_ID": invoice, "REQUISITE_ID": requisite, "BANK_DETAIL_ID": 0, "MC_REQUISITE_ID": 0}

    assert "MC_BANK_DETAIL_ID" in portal.refused("crm.requisite.link.register", fields=link)[2]
    portal.result("crm.requisite.link.register", fields=link | {"MC_BANK_DETAIL_ID": 0})
    assert portal.result("crm.requisite.link.get", entityTypeId=31, entityId=invoice)["REQUISITE_ID"] == str(requisite)


# rows


def rows_of(portal: Caller, *rows: dict[str, Any], kind: int = 31, short: str = "SI") -> tuple[int, list[dict[str, Any]]]:
    key = portal.item(kind)
    return key, portal.result("crm.item.productrow.set", ownerType=short, ownerId=key, productRows=list(rows))["productRows"]


@pytest.mark.parametrize(
    ("given", "exclusive", "netto", "brutto", "off"),
    (
        ({"price": 80000, "discountRate": 20, "taxRate": 20}, 66666.67, 83333.34, 100000.01, 16666.67),
        ({"price": 90000, "discountTypeId": 2, "discountRate": 10, "taxRate": 10}, 81818.18, 90909.09, 100000, 9090.91),
        ({"price": 5550}, 5550, 5550, 5550, 0),
        ({"price": 119, "taxRate": 19, "discountTypeId": 1, "discountSum": 10}, 100, 110, 130.9, 10),
        ({"price": 119, "taxRate": 0}, 119, 119, 119, 0),
    ),
)
def test_prices_of_a_row_follow_from_its_gross_price(
    given: dict[str, Any], exclusive: float, netto: float, brutto: float, off: float
) -> None:
    portal = Caller()

    _, (row,) = rows_of(portal, given | {"productName": "Kran", "taxIncluded": "Y"})

    assert (row["priceExclusive"], row["priceNetto"], row["priceBrutto"], row["discountSum"]) == (exclusive, netto, brutto, off)
    assert row["price"] == given["price"]


def test_a_price_without_tax_is_gross_all_the_same_or_net_as_the_portal_is_set() -> None:
    given = {"productName": "Kran", "price": 100, "taxRate": 19, "taxIncluded": "N"}

    prices = [rows_of(Caller(price_without_tax=how), given)[1][0]["price"] for how in ("gross", "net")]

    assert prices == [100, 119]


def test_no_tax_and_nought_percent_are_two_things() -> None:
    _, rows = rows_of(Caller(), {"productName": "A", "price": 1}, {"productName": "B", "price": 1, "taxRate": 0})

    assert [row["taxRate"] for row in rows] == [None, 0]


def test_setting_rows_replaces_them_and_the_sum_follows_unless_it_was_entered_by_hand() -> None:
    portal = Caller()
    key, _ = rows_of(
        portal, {"productName": "A", "price": 119, "quantity": 2, "taxRate": 19}, {"productName": "B", "price": 10, "quantity": 0.5}
    )
    first = portal.read(31, key)
    portal.result("crm.item.productrow.set", ownerType="SI", ownerId=key, productRows=[{"productName": "C", "price": 7}])
    second = portal.read(31, key)
    portal.result("crm.item.update", entityTypeId=31, id=key, fields={"isManualOpportunity": "Y", "opportunity": 99})
    portal.result("crm.item.productrow.set", ownerType="SI", ownerId=key, productRows=[{"productName": "D", "price": 8}])

    assert (first["opportunity"], first["taxValue"]) == (243, 38)
    assert (second["opportunity"], portal.read(31, key)["opportunity"]) == (7, 99)


def test_single_rows_are_added_changed_and_deleted() -> None:
    portal = Caller()
    key, (row,) = rows_of(portal, {"productName": "A", "price": 1})
    fields = {"ownerType": "SI", "ownerId": key, "productName": "B", "price": 2}
    added = portal.result("crm.item.productrow.add", fields=fields)["productRow"]

    portal.result("crm.item.productrow.update", id=row["id"], fields={"quantity": 3})
    sum_of_both = portal.read(31, key)["opportunity"]
    portal.result("crm.item.productrow.delete", id=added["id"])

    assert (sum_of_both, portal.read(31, key)["opportunity"]) == (5, 3)
    left = portal.result("crm.item.productrow.list", filter={"=ownerType": "SI", "=ownerId": key})["productRows"]
    assert [(one["productName"], one["quantity"]) for one in left] == [("A", 3)]


def test_classic_rows_have_texts_for_ids_and_numbers_for_prices() -> None:
    portal = Caller()
    key = portal.item(2)
    rows = [{"PRODUCT_NAME": "Kran", "PRICE": "119", "QUANTITY": 2, "TAX_RATE": 19, "TAX_INCLUDED": "Y", "MEASURE_CODE": 796}]

    portal.result("crm.deal.productrows.set", id=key, rows=rows)

    (row,) = portal.result("crm.deal.productrows.get", id=key)
    assert (row["OWNER_ID"], row["PRICE"], row["PRICE_EXCLUSIVE"], row["PRICE_ACCOUNT"]) == (str(key), 119, 100, "119.00")
    assert portal.result("crm.deal.get", ID=key)["OPPORTUNITY"] == "238.00"
    whole = {"PRODUCT_NAME": "x", "PRICE": 0, "DISCOUNT_TYPE_ID": 2, "DISCOUNT_RATE": 100}
    assert portal.refused("crm.deal.productrows.set", id=key, rows=[whole])[1] == "ERROR_CORE"


def test_a_row_takes_its_name_from_the_catalogue() -> None:
    portal = Caller()
    product = portal.act("create_product", name="Leuchtreklame", price="100")

    _, (row,) = rows_of(portal, {"productId": product, "price": 5})

    assert (row["productName"], row["measureCode"]) == ("Leuchtreklame", 796)


def test_the_truth_keeps_sums_as_texts() -> None:
    portal = Caller()
    rows_of(portal, {"productName": "A", "price": 0.1, "quantity": 3})

    (row,) = portal.truth("rows")

    assert (Decimal(row["PRICE"]), Decimal(row["QUANTITY"])) == (Decimal("0.10"), Decimal(3))
    assert portal.truth("invoices")[0]["OPPORTUNITY"] == "0.30"
