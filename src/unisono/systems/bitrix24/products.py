"""Products of the portal's catalogue in canonical form. Pure.

A product is a row, its prices are rows of their own, its tax rate an entry of a directory; reading brings the three together. Rows with
variants are no products here: their variants are, and those have no price before somebody chooses one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unisono.model.codes import CURRENCIES
from unisono.model.fields import Row, amount, bad, text
from unisono.model.money import Amount
from unisono.model.product import Product
from unisono.systems.bitrix24.papers import is_reference
from unisono.systems.bitrix24.values import id_of, nested

SERVICE = "7"
TYPES = ("1", "2", SERVICE)
"""Simple products, bundles and services: what has one price."""


def product(row: Row, me: str, article_field: str) -> Product | None:
    """A product in canonical form; ``None`` for a row with variants."""
    if (text(row, "type", me) or "1") not in TYPES:
        return None
    name = text(row, "name", me)
    if not name:
        raise bad(me, "name", row.get("name"), "missing-field")
    held = price_row(row, me)
    price = None
    if held is not None:
        value, currency = amount(held, "price", me), text(held, "currency", me).upper()
        if currency not in CURRENCIES:
            raise bad(me, "currency", held.get("currency"), "unknown-currency")
        price = Amount(value, currency, "gross" if row.get("vatIncluded") == "Y" else "net") if value is not None else None
    known = article(row, article_field, me)
    return Product(
        name=name,
        number="" if is_reference(known) else known,
        description=text(row, "detailText", me),
        price=price,
        vat_rate=amount(row, "vatRate", me),
        type="service" if text(row, "type", me) == SERVICE else "product",
        active=row.get("active") != "N",
        reference=text(row, "xmlId", me) if is_reference(text(row, "xmlId", me)) else "",
    )


def article(row: Row, article_field: str, me: str) -> str:
    """The seller's number. A foreign id that is the product's own id is one that the vendor gave by itself."""
    held = row.get(article_field)
    told = text(held, "value", me) if isinstance(held, dict) else text(row, article_field, me)
    return "" if article_field == "xmlId" and told == id_of(row) else told


def article_field(settings: Mapping[str, Any]) -> str:
    """The setting of that name. Raises ``ValueError`` for a member that cannot hold an article number."""
    name = str(settings.get("article_field") or "xmlId")
    if name not in ("xmlId", "code") and not (name.startswith("property") and name.removeprefix("property").isdigit()):
        raise ValueError(f"article_field = {name!r}: xmlId, code or a property (property97)")
    return name


def price_row(row: Row, me: str) -> Row | None:
    """The price in step: of the first type, and for any quantity before one that is for many."""
    held = nested(row, "prices", me)
    return min(held, key=lambda one: (bool(one.get("quantityFrom")), int(id_of(one, "catalogGroupId") or 0)), default=None)
