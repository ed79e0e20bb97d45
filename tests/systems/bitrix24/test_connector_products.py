"""Products of the catalogue: rows, prices and tax rates are three lists of the portal and one product of ours."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.systems.bitrix24.portal import portal, records
from tests.systems.bitrix24.test_connector_contract import Portal
from tests.systems.bitrix24.test_connector_lists import answering, batch
from tests.systems.bitrix24.test_connector_mapping import sample
from tests.systems.contract.account import caught
from unisono.model.errors import BadAnswer, NotThere, Refused, TryLater, Unclear
from unisono.model.money import Amount, Basis
from unisono.model.product import Product
from unisono.model.record import Record
from unisono.model.writing import Write
from unisono.systems.bitrix24.mapping import records as canonical
from unisono.systems.bitrix24.ways import ways_of

REFERENCE = "uni-contract2345672a"
CRANE = Product(name="Kran", number="K-7", description="Mit Haken", price=Amount(Decimal("1190.50"), "EUR", "net"), vat_rate=Decimal(19))


def create(body: Product = CRANE, reference: str = REFERENCE) -> Write:
    return Write(operation="create", side="a", kind="product", body=body, reference=reference)


def change(account: Portal, key: str, **changes: str) -> None:
    account.do(Write(operation="change", side="a", kind="product", key=key, changes=changes))


def product(account: Portal, key: str) -> Product:
    body = account.record("product", key).body
    assert isinstance(body, Product)
    return body


def row(**given: Any) -> dict[str, Any]:
    plain = {"id": 1243, "iblockId": 14, "name": "Kran", "xmlId": "1243", "active": "Y", "type": 1, "vatIncluded": "N", "vatRate": 19}
    return plain | {"prices": [{"id": 1, "productId": 1243, "catalogGroupId": 1, "price": 12.5, "currency": "EUR"}]} | given


def seen(body: dict[str, Any], **settings: Any) -> tuple[Record, ...]:
    exact = {
        k: [{n: Decimal(str(v)) if n == "price" else v for n, v in one.items()} for one in v] if k == "prices" else v
        for k, v in body.items()
    }
    return canonical("products", str(body["id"]), exact, ways_of(settings))


def test_a_product_has_name_number_price_and_tax_of_three_lists() -> None:
    account = portal()
    key = account.do(create())

    (record,) = records(account, "products")

    assert (record.kind, record.key, record.resource) == ("product", key, "products")
    assert record.body == CRANE
    assert product(account, key) == CRANE


@pytest.mark.parametrize(
    ("given", "expected"),
    (
        ({}, {"number": "", "price": Amount(Decimal("12.5"), "EUR", "net"), "type": "product", "active": True}),
        ({"xmlId": "K-7"}, {"number": "K-7"}),
        ({"xmlId": REFERENCE}, {"number": "", "reference": REFERENCE}),
        ({"vatIncluded": "Y"}, {"price": Amount(Decimal("12.5"), "EUR", "gross")}),
        ({"type": 7, "active": "N"}, {"type": "service", "active": False}),
        ({"prices": []}, {"price": None}),
        ({"vatRate": None}, {"vat_rate": None}),
    ),
)
def test_a_row_is_read_as_it_stands(given: dict[str, Any], expected: dict[str, Any]) -> None:
    (record,) = seen(row(**given))

    assert {name: getattr(record.body, name) for name in expected} == expected


def test_of_several_prices_the_first_type_for_any_quantity_counts() -> None:
    prices = [
        {"id": 1, "productId": 1243, "catalogGroupId": 3, "price": 3, "currency": "EUR", "quantityFrom": None},
        {"id": 2, "productId": 1243, "catalogGroupId": 1, "price": 1, "currency": "EUR", "quantityFrom": 100},
        {"id": 3, "productId": 1243, "catalogGroupId": 2, "price": 2, "currency": "PLN", "quantityFrom": None},
    ]
    (record,) = seen(row(prices=prices))

    assert isinstance(record.body, Product)
    assert record.body.price == Amount(Decimal(2), "PLN", "net")


def test_the_number_stands_where_the_connection_says() -> None:
    (by_code,) = seen(row(code="C-9"), article_field="code")
    (by_property,) = seen(row(property97={"value": "P-9", "valueId": "4"}), article_field="property97")

    assert [getattr(record.body, "number", "") for record in (by_code, by_property)] == ["C-9", "P-9"]
    with pytest.raises(ValueError, match="article_field"):
        ways_of({"article_field": "name"})


def test_a_product_of_variants_is_none() -> None:
    assert seen(row(type=3)) == seen(row(type=4)) == ()


@pytest.mark.parametrize(
    ("body", "field"),
    ((row(name=""), "name"), (row(prices=[{"id": 1, "price": 5, "currency": "XXQ"}]), "currency"), (row(vatRate="viel"), "vatRate")),
)
def test_a_row_that_cannot_be_read_is_refused_by_name(body: dict[str, Any], field: str) -> None:
    assert caught(BadAnswer, lambda: seen(body)).values["field"] == field


def test_the_documented_rows_are_read() -> None:
    (held,) = sample("catalog-product-list")["products"]
    prices = [{**one, "productId": held["id"]} for one in sample("catalog-price-list")["prices"]]

    (record,) = canonical("products", "1243", {**held, "vatRate": Decimal(20), "prices": prices}, ways_of({}))

    assert isinstance(record.body, Product)
    assert (record.body.name, record.body.number, record.body.price) == (held["name"], "", Amount(Decimal(7), "EUR", "gross"))


def test_a_page_of_products_with_their_prices_is_two_calls() -> None:
    account = portal()
    for n in range(70):
        account.act("create_product", name=f"Ware {n}", price=f"{n}.50", xml_id=f"W-{n}")
    calls = len(account.wire.sent)

    found = [record.body for record in records(account, "products")]

    assert len(account.wire.sent) - calls == 1 + 2 * 2, "catalogue and rates, then rows and prices of each page"
    assert [(b.number, b.price) for b in found if isinstance(b, Product)] == [
        (f"W-{n}", Amount(Decimal(f"{n}.50"), "EUR", "net")) for n in range(70)
    ]


def test_another_product_s_price_is_never_taken_for_this_one_s() -> None:
    def answer(method: str, _: dict[str, Any]) -> Any:
        match method:
            case "batch":
                return batch(catalogs={"catalogs": [{"iblockId": 14}]}, vats={"vats": []})
            case "catalog.product.list":
                return {"result": {"products": [{"id": 5, "name": "A", "iblockId": 14}]}}
            case _:
                return {"result": {"prices": [{"id": 1, "productId": 77, "price": 5, "currency": "EUR"}]}}

    system = answering(answer)

    assert caught(BadAnswer, lambda: list(system.pages("products"))).code == "filter-ignored"
    assert caught(BadAnswer, lambda: system.read("products", "6")).code == "filter-ignored"


@pytest.mark.parametrize("basis", ("net", "gross"))
def test_a_new_product_keeps_its_price_on_its_basis(basis: Basis) -> None:
    account = portal()
    body = replace(CRANE, price=Amount(Decimal("12.50"), "EUR", basis))

    assert product(account, account.do(create(body))) == body


def test_a_product_without_a_number_carries_our_reference_in_its_place() -> None:
    account = portal()
    key = account.do(create(replace(CRANE, number="")))

    assert (product(account, key).number, product(account, key).reference) == ("", REFERENCE)
    assert [raw.key for raw in account.system.probe(create(replace(CRANE, number="")))] == [key.partition(":")[2]]


@pytest.mark.parametrize(
    ("changes", "after"),
    (
        ({"name": "Kran 2"}, {"name": "Kran 2"}),
        ({"number": "K-8", "description": ""}, {"number": "K-8", "description": ""}),
        ({"price": "99.9 EUR net"}, {"price": Amount(Decimal("99.9"), "EUR", "net")}),
        ({"price": "99.9 EUR gross"}, {"price": Amount(Decimal("99.9"), "EUR", "gross")}),
        ({"vat_rate": "7"}, {"vat_rate": Decimal(7)}),
        ({"vat_rate": ""}, {"vat_rate": None}),
    ),
)
def test_a_change_changes_that_and_nothing_else(changes: dict[str, str], after: dict[str, Any]) -> None:
    account = portal()
    key = account.do(create())

    change(account, key, **changes)

    assert product(account, key) == replace(CRANE, **after)


def test_the_prices_of_other_types_stay_and_no_flag_is_turned_under_them() -> None:
    wholesale = {"id": 2, "productId": 5, "catalogGroupId": 3, "price": 7.77, "currency": "EUR", "quantityFrom": None, "quantityTo": None}
    usual = {"id": 1, "productId": 5, "catalogGroupId": 1, "price": 9, "currency": "EUR", "quantityFrom": None, "quantityTo": None}
    sent: list[Any] = []

    def answer(method: str, body: dict[str, Any]) -> Any:
        match method:
            case "batch":
                return batch(catalogs={"catalogs": [{"iblockId": 14}]}, vats={"vats": []})
            case "catalog.product.list":
                return {"result": {"products": [{"id": 5, "name": "A", "iblockId": 14, "vatIncluded": "N"}]}}
            case "catalog.price.list":
                return {"result": {"prices": [wholesale, usual]}}
        sent.append((method, body))
        return {"result": {"prices": []}}

    system = answering(answer)

    def change_to(price: str) -> None:
        write = Write(operation="change", side="a", kind="product", key="product:5", changes={"price": price})
        (command,) = system.compose(write, system.read("products", "5"))
        system.send(command)

    change_to("99.9 EUR net")
    fault = caught(Refused, lambda: change_to("99.9 EUR gross"))

    kept = {"id": 2, "catalogGroupId": 3, "price": 7.77, "currency": "EUR"}
    prices = [{"id": 1, "catalogGroupId": 1, "price": 99.9, "currency": "EUR"}, kept]
    assert sent == [("catalog.price.modify", {"fields": {"product": {"id": 5, "prices": prices}}})]
    assert (fault.code, fault.field) == ("cannot-hold", "price")


def test_between_the_look_a_change_rests_on_and_the_change_lies_no_other_call() -> None:
    """Storm, bitrix24/lexoffice 1677: prices were read a second time before they were written, and nobody compared them."""
    account = portal()
    key = account.do(create())

    change(account, key, price="99.9 EUR net")

    assert [call.path.rpartition("/")[2] for call in account.world.log.calls[-3:]] == [
        "catalog.product.list.json",
        "catalog.price.list.json",
        "catalog.price.modify.json",
    ]


def test_a_product_without_a_price_is_given_one() -> None:
    account = portal()
    key = account.do(create(replace(CRANE, price=None)))
    assert product(account, key).price is None

    change(account, key, price="5 EUR gross")

    assert product(account, key).price == Amount(Decimal(5), "EUR", "gross")


@pytest.mark.parametrize(
    ("body", "code", "field"),
    (
        (replace(CRANE, price=Amount(Decimal("1.005"), "EUR", "net")), "too-fine", "price"),
        (replace(CRANE, price=Amount(Decimal(1), "EUR")), "not-allowed", "price"),
        (replace(CRANE, name=""), "missing-field", "name"),
        (replace(CRANE, name="x" * 256), "too-long", "name"),
    ),
)
def test_what_the_catalogue_has_no_place_for_never_leaves(body: Product, code: str, field: str) -> None:
    account = portal()
    calls = len(account.wire.sent)

    fault = caught(Refused, lambda: account.system.compose(create(body), None))

    assert (fault.code, fault.field, len(account.wire.sent)) == (code, field, calls)


def test_a_tax_rate_the_portal_does_not_have_is_refused_with_those_it_has() -> None:
    account = portal()
    (command,) = account.system.compose(create(replace(CRANE, vat_rate=Decimal("5.5"))), None)

    fault = caught(Refused, lambda: account.system.send(command))

    assert (fault.code, fault.field, fault.values["allowed"]) == ("not-allowed", "vat_rate", "19, 7, 0")
    assert account.simulator.truth()["products"] == []


def test_a_field_without_a_place_is_refused_by_name() -> None:
    account = portal()
    for name, value in (("unit", "Stk"), ("gtin", "4006381333931")):
        fault = caught(Refused, lambda name=name, value=value: change(account, "product:1", **{name: value}))  # type: ignore[misc]
        assert (fault.code, fault.field) == ("cannot-hold", name)
    assert caught(Refused, lambda: change(account, "product:1", price="")).field == "price"
    assert caught(Refused, lambda: change(account, "product:1", price="viel EUR net")).field == "price"


def test_a_failed_look_is_no_doubt_and_a_lost_answer_is_one_that_a_look_settles() -> None:
    account = portal()
    (command,) = account.system.compose(create(), None)
    account.world.faults.arm("status", times=99, value=503)
    caught(TryLater, lambda: account.system.send(command))
    account.world.faults.clear()
    assert account.system.probe(create()) == ()

    account.world.faults.arm("timeout-after", times=1, skip=1)
    caught(Unclear, lambda: account.system.send(command))

    (raw,) = account.system.probe(create())
    assert [record.body for record in account.system.records(raw)] == [CRANE]
    assert account.system.probe(create(replace(CRANE, name="Anders"))) == ()


def test_half_a_batch_is_found_though_its_price_is_missing() -> None:
    account = portal()
    (command,) = account.system.compose(create(replace(CRANE, price=None)), None)
    account.system.send(command)

    (raw,) = account.system.probe(create())

    assert [getattr(record.body, "price", "") for record in account.system.records(raw)] == [None]


def test_a_product_that_is_gone_is_not_there() -> None:
    account = portal()
    key = account.do(create())
    account.act("delete_product", id=key.partition(":")[2])

    caught(NotThere, lambda: change(account, key, price="5 EUR net"))
    assert account.system.read("products", key.partition(":")[2]) is None
