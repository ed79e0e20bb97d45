"""Products and services that are sold. Names follow EN 16931 (BG-31 item information, BG-29 price details, BG-30 VAT)."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from unisono.model.money import Amount, Basis, cents, decimal_of, plain
from unisono.model.party import Flat

ProductType = Literal["product", "service"]
_BASES: tuple[Basis, ...] = ("net", "gross", "unknown")


class Product(Struct, frozen=True, kw_only=True):
    """An item of a catalogue. ``price`` is that of one unit, on the basis the system itself keeps; nothing is computed while reading.

    ``type`` and ``active`` are for deciding and for making one; they are not kept in step.
    """

    name: str
    """BT-153."""
    number: str = ""
    """The seller's identifier (BT-155): article number, SKU."""
    gtin: str = ""
    """The standard identifier (BT-157)."""
    description: str = ""
    """BT-154."""
    unit: str = ""
    """The unit of measure (BT-130), in the system's own words."""
    price: Amount | None = None
    """BT-146 if its basis is net. ``None`` where no price is kept."""
    vat_rate: Decimal | None = None
    """Percent (BT-152); ``None`` where the system does not say."""
    vat_category: str = ""
    """BT-151 (S, Z, E, AE ...), where the system names one."""
    type: ProductType = "product"
    active: bool = True
    """Not archived, and for sale."""
    reference: str = ""
    """Our own reference, where the system keeps it."""


PRODUCT_FIELDS = ["type", "name", "number", "gtin", "description", "unit", "price", "vat_rate", "vat_category"]
"""The fields of a product, as ``flat_product`` names them."""


def flat_product(product: Product) -> Flat:
    """The fields of a product, one text each. The price carries currency and basis: ``12.5 EUR net``."""
    return {
        "type": product.type,
        "name": product.name,
        "number": product.number,
        "gtin": product.gtin,
        "description": product.description,
        "unit": product.unit,
        "price": price_text(product.price),
        "vat_rate": "" if product.vat_rate is None else plain(product.vat_rate),
        "vat_category": product.vat_category,
    }


def product_of(flat: Flat, *, reference: str = "") -> Product:
    """A product from its fields: the reverse of ``flat_product``; missing ones stay empty. ``ValueError`` for a price or rate that is none."""
    rate = flat.get("vat_rate", "")
    return Product(
        name=flat.get("name", ""),
        number=flat.get("number", ""),
        gtin=flat.get("gtin", ""),
        description=flat.get("description", ""),
        unit=flat.get("unit", ""),
        price=price_of(flat.get("price", "")),
        vat_rate=decimal_of(rate) if rate else None,
        vat_category=flat.get("vat_category", ""),
        type="service" if flat.get("type") == "service" else "product",
        reference=reference,
    )


def price_text(price: Amount | None) -> str:
    """A price as one text: ``12.5 EUR net``; empty for none."""
    return "" if price is None else f"{plain(price.value)} {price.currency} {price.basis}"


def price_of(text: str) -> Amount | None:
    """The reverse of ``price_text``. ``ValueError`` for anything that is no price."""
    if not text:
        return None
    value, currency, basis = text.split(" ")
    if basis not in _BASES:
        raise ValueError(f"no basis of a price: {basis!r}")
    return Amount(decimal_of(value), currency, basis)


def price_on(price: Amount, basis: Basis, vat_rate: Decimal | None) -> Amount | None:
    """The same price on another basis, to the cent; ``None`` if it cannot be said: a basis or a rate is not known."""
    if price.basis == basis:
        return price
    if vat_rate is None or "unknown" in (price.basis, basis):
        return None
    factor = 1 + vat_rate / 100
    return Amount(cents(price.value * factor if basis == "gross" else price.value / factor), price.currency, basis)
