"""What an invoicing system makes of lines: totals as EN 16931 computes them (BR-CO-10 to BR-CO-17)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from unisono.model.document import Line
from unisono.model.money import Basis, cents


class Totals(Struct, frozen=True):
    """The totals of a document, to the cent: BT-109, BT-110, BT-112."""

    net: Decimal
    vat: Decimal
    gross: Decimal


def totals_of(lines: Sequence[Line], basis: Basis) -> Totals | None:
    """The totals of lines whose prices are on one basis: each line rounded, VAT on the sum of each rate. ``None`` if a rate or the basis is
    not known."""
    if basis == "unknown":
        return None
    by_rate: dict[Decimal, Decimal] = {}
    for line in lines:
        if line.vat_rate is None:
            return None
        by_rate[line.vat_rate] = by_rate.get(line.vat_rate, Decimal(0)) + cents(line.price * line.quantity)
    net = vat = Decimal(0)
    for rate, total in by_rate.items():
        taxable = total if basis == "net" else cents(total / (1 + rate / 100))
        net += taxable
        vat += cents(taxable * rate / 100) if basis == "net" else total - taxable
    return Totals(net, vat, net + vat)
