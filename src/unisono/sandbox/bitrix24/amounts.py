"""Prices of a row and sums of a document. ``price`` is gross after discount whatever else is said; the rest follows from it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from unisono.sandbox.bitrix24.errors import Refused
from unisono.sandbox.bitrix24.fields import decimal, integer, yes_no
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.types import Type
from unisono.sandbox.kit.world import Row

AMOUNT, PERCENT = 1, 2
PIECE = 796
MEASURES = {796: "Stk", 166: "kg", 6: "m", 112: "l", 356: "Std"}
_CENT = Decimal("0.01")


def cents(value: Decimal) -> Decimal:
    """Rounded to the cent."""
    return value.quantize(_CENT, ROUND_HALF_UP)


def priced(portal: Portal, given: Row, before: Row | None = None) -> Row:
    """Price columns of a row from what was sent (by stored names), over what was there before. Raises ``Refused``."""
    old = before or {}

    def said(name: str, default: Any) -> Any:
        return given[name] if name in given else old.get(name, default)

    rate = _tax(said("TAX_RATE", None))
    included = yes_no(said("TAX_INCLUDED", "N")) or "N"
    price = decimal(said("PRICE", 0)) or Decimal(0)
    factor = 1 + (rate or Decimal(0)) / 100
    if "PRICE" in given and included == "N" and rate and portal.setting("price_without_tax") == "net":
        price = price * factor
    price = cents(price)
    net = cents(price / factor)
    kind = integer(said("DISCOUNT_TYPE_ID", PERCENT))
    kind = kind if kind in (AMOUNT, PERCENT) else PERCENT
    if kind == AMOUNT:
        off = cents(decimal(said("DISCOUNT_SUM", 0)) or Decimal(0))
        before_discount = net + off
        percent = cents(off / before_discount * 100) if before_discount else Decimal(0)
    else:
        percent = decimal(said("DISCOUNT_RATE", 0)) or Decimal(0)
        if percent == 100 and "DISCOUNT_SUM" not in given and not old:
            raise Refused(
                "ERROR_CORE",
                "Discount Sum (DISCOUNT_SUM) is required if Percentage Discount Type (DISCOUNT_TYPE_ID) is defined and Discount Rate "
                "(DISCOUNT_RATE) is 100%<br>",
            )
        before_discount = cents(net / (1 - percent / 100)) if percent < 100 else net + cents(decimal(said("DISCOUNT_SUM", 0)) or Decimal(0))
        off = before_discount - net
    return {
        "PRICE": price,
        "PRICE_EXCLUSIVE": net,
        "PRICE_NETTO": before_discount,
        "PRICE_BRUTTO": cents(before_discount * factor),
        "PRICE_ACCOUNT": price,
        "DISCOUNT_TYPE_ID": kind,
        "DISCOUNT_RATE": percent,
        "DISCOUNT_SUM": off,
        "TAX_RATE": rate,
        "TAX_INCLUDED": included,
    }


def _tax(raw: Any) -> Decimal | None:
    """Percent, or nothing at all: no tax and 0 % are two things."""
    return None if raw is None or raw == "" or raw is False else decimal(raw)


def rows_of(portal: Portal, kind: Type, key: int) -> list[Row]:
    """The rows of a document in their order."""
    found = [row for row in portal.by("rows", "OWNER_ID", key) if row["OWNER_TYPE"] == kind.short]
    return sorted(found, key=lambda row: (row["SORT"], row["ID"]))


def totals(rows: list[Row]) -> Row:
    """Gross sum and tax of a document's rows."""
    gross = sum((cents(row["PRICE"] * row["QUANTITY"]) for row in rows), Decimal(0))
    tax = sum((cents((row["PRICE"] - row["PRICE_EXCLUSIVE"]) * row["QUANTITY"]) for row in rows), Decimal(0))
    return {"OPPORTUNITY": cents(gross), "TAX_VALUE": cents(tax)}
