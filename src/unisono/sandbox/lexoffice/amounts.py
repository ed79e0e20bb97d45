"""Prices, line amounts, taxes and totals of a sales document, to the cent."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from unisono.sandbox.kit.world import Row

NET, GROSS = "netAmount", "grossAmount"
RATES = tuple(map(Decimal, (0, 5, 7, 16, 19)))
FREE = (
    "vatfree", "intraCommunitySupply", "constructionService13b", "externalService13b", "thirdPartyCountryService", "thirdPartyCountryDelivery",
    "photovoltaicEquipment",
)  # fmt: skip
"""Tax types without tax."""
TAX_TYPES = ("net", "gross", *FREE)
_CENT = Decimal("0.01")


def cents(value: Decimal) -> Decimal:
    """Two decimals, half a cent up."""
    return value.quantize(_CENT, ROUND_HALF_UP)


def leading(tax_type: str) -> str:
    """The side on which prices are given. Guess: net where there is no tax."""
    return GROSS if tax_type == "gross" else NET


def both_sides(side: str, amount: Decimal, rate: Decimal) -> tuple[Decimal, Decimal]:
    """Net and gross of a unit price."""
    factor = 1 + rate / 100
    return (amount, cents(amount * factor)) if side == NET else (cents(amount / factor), amount)


def line_amount(side: str, line: Row) -> Decimal:
    """What a line comes to, on the leading side."""
    full: Decimal = line["quantity"] * line["unitPrice"][side]
    return cents(full * (100 - line.get("discountPercentage", Decimal(0))) / 100)


def counted(lines: Iterable[Row]) -> list[Row]:
    """The lines that count in the total: neither texts nor what is only offered beside."""
    return [line for line in lines if line["type"] != "text" and not line.get("optional") and not line.get("alternative")]


def totals(side: str, lines: Iterable[Row], absolute: Decimal | None, percentage: Decimal | None) -> tuple[Row, list[Row]]:
    """Total price and tax amounts of a document.

    Guess: a discount on the whole is spread over the tax rates by their shares; what the rounding leaves goes to the highest rate.
    """
    groups: dict[Decimal, Decimal] = {}
    for line in counted(lines):
        rate = line["unitPrice"]["taxRatePercentage"]
        groups[rate] = groups.get(rate, Decimal(0)) + line["lineItemAmount"]
    ordered = sorted(groups)
    whole = sum(groups.values(), Decimal(0))
    off = absolute if absolute is not None else cents(whole * (percentage or Decimal(0)) / 100)
    left = off
    taxes = []
    for place, rate in enumerate(ordered):
        share = left if place == len(ordered) - 1 or not whole else cents(off * groups[rate] / whole)
        left -= share
        amount = groups[rate] - share
        tax = cents(amount * rate / 100) if side == NET else amount - cents(amount / (1 + rate / 100))
        taxes.append({"taxRatePercentage": rate, "taxAmount": tax, "netAmount": amount if side == NET else amount - tax})
    net, tax = (sum((one[name] for one in taxes), Decimal(0)) for name in ("netAmount", "taxAmount"))
    total: Row = {"currency": "EUR", "totalNetAmount": net, "totalGrossAmount": net + tax, "totalTaxAmount": tax}
    if absolute is not None:
        total["totalDiscountAbsolute"] = absolute
    if percentage is not None:
        total["totalDiscountPercentage"] = percentage
    return total, taxes
