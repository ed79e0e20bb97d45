"""A product in plain texts and back, and its price with and without VAT."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.model.money import Amount, Basis
from unisono.model.product import PRODUCT_FIELDS, Product, flat_product, price_of, price_on, price_text, product_of
from unisono.model.record import Record, flat_of, label_of, match_keys
from unisono.store.codec import body_from, body_text

TILE = Product(
    name="Tile",
    number="T-1",
    gtin="4006381333931",
    description="White",
    unit="piece",
    price=Amount(Decimal("12.50"), "EUR", "gross"),
    vat_rate=Decimal("19.0"),
    vat_category="S",
    type="service",
)


def test_a_product_is_told_in_texts_and_comes_back() -> None:
    flat = flat_product(TILE)
    assert list(flat) == PRODUCT_FIELDS
    assert (flat["price"], flat["vat_rate"]) == ("12.5 EUR gross", "19")
    assert flat_product(product_of(flat)) == flat == flat_of(TILE)
    assert product_of({"name": "Tile"}) == Product(name="Tile")


def test_it_is_kept_as_it_is() -> None:
    assert body_from("product", body_text(TILE)) == TILE


def test_it_is_recognised_by_number_and_name() -> None:
    record = Record(kind="product", key="p1", body=TILE, resource="products", resource_key="p1")
    keys = match_keys(record)
    assert (keys.number, keys.name, keys.email, label_of(record)) == ("T-1", "tile", "", "Tile")


@pytest.mark.parametrize("text", ("12.5 EUR", "12,5 EUR net", "12.5 EUR brutto", "12.5 XXX net", "net EUR 12.5"))
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        price_of(text)


@pytest.mark.parametrize(
    ("price", "basis", "rate", "there"),
    (
        ("119 EUR gross", "net", "19", "100 EUR net"),
        ("100 EUR net", "gross", "19", "119 EUR gross"),
        ("19.99 EUR gross", "net", "19", "16.8 EUR net"),
        ("0.005 EUR net", "net", None, "0.005 EUR net"),
        ("100 EUR net", "gross", None, ""),
        ("100 EUR unknown", "gross", "19", ""),
    ),
)
def test_a_price_is_said_on_the_other_basis_to_the_cent(price: str, basis: Basis, rate: str | None, there: str) -> None:
    given_ = price_of(price)
    assert given_ is not None
    assert price_text(price_on(given_, basis, Decimal(rate) if rate else None)) == there


@given(st.decimals(min_value="0", max_value="99999", places=2), st.sampled_from(("5", "7", "19", "21", "23")))
def test_a_net_price_comes_back_from_its_gross_price(value: Decimal, rate: str) -> None:
    gross = price_on(Amount(value, "EUR", "net"), "gross", Decimal(rate))
    assert gross is not None
    assert price_on(gross, "net", Decimal(rate)) == Amount(value, "EUR", "net")
