"""Money: Decimal with a currency and a basis. Floats are refused; unknown basis must be settled by policy before an amount crosses."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Literal

from msgspec import Struct

from unisono.model.codes import CURRENCIES

Basis = Literal["net", "gross", "unknown"]
CENT = Decimal("0.01")
_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class Amount(Struct, frozen=True):
    """A value in a currency (ISO 4217), and whether VAT is in it."""

    value: Decimal
    currency: str
    basis: Basis = "unknown"

    def __post_init__(self) -> None:
        given: object = self.value  # a float has lost cents already, whatever the annotation says
        if not isinstance(given, Decimal) or not given.is_finite():
            raise ValueError("amount is not a finite decimal")
        if self.currency not in CURRENCIES:
            raise ValueError(f"unknown currency {self.currency!r}")


def cents(value: Decimal) -> Decimal:
    """Rounded half up to two places, as invoices in all three countries are."""
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def decimal_of(value: object) -> Decimal:
    """A decimal from a vendor's number or text (``1190``, ``"10.00"``, ``"40.00000000"``). Text with signs of its own country is refused.

    Raises ``ValueError`` for anything else, floats included: a float has already lost cents.
    """
    if isinstance(value, bool | float) or value is None:
        raise ValueError(f"not an exact number: {value!r}")
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"not a finite number: {value!r}")
        return value
    text = str(value).strip()
    if not _PLAIN.fullmatch(text):
        raise ValueError(f"not a plain number: {value!r}")
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"not a number: {value!r}") from error


def plain(value: Decimal) -> str:
    """A decimal without exponent and trailing zeros (``1190``, ``12.5``): the canonical text for comparing."""
    if not value:
        return "0"  # minus nothing is nothing
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
