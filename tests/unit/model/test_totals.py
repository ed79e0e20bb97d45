"""Totals as EN 16931 computes them: each line rounded, VAT on the sum of each rate."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.model.document import Line
from unisono.model.money import Basis, cents
from unisono.model.totals import Totals, totals_of


def line(price: str, quantity: str = "1", rate: str | None = "19") -> Line:
    return Line(name="Tiles", price=Decimal(price), quantity=Decimal(quantity), vat_rate=None if rate is None else Decimal(rate))


@pytest.mark.parametrize(
    ("lines", "basis", "net", "vat", "gross"),
    (
        ([line("33.33", "3")], "net", "99.99", "19.00", "118.99"),
        ([line("0.81", "100")], "net", "81.00", "15.39", "96.39"),
        ([line("0.03"), line("0.03"), line("0.03")], "net", "0.09", "0.02", "0.11"),
        ([line("100"), line("100", rate="7"), line("50", rate="0")], "net", "250.00", "26.00", "276.00"),
        ([line("119"), line("107", rate="7")], "gross", "200.00", "26.00", "226.00"),
        ([line("9.99", "3")], "gross", "25.18", "4.79", "29.97"),
        ([line("-10"), line("100")], "net", "90.00", "17.10", "107.10"),
        ([], "net", "0", "0", "0"),
    ),
)
def test_totals_are_those_an_invoicing_system_prints(lines: list[Line], basis: Basis, net: str, vat: str, gross: str) -> None:
    assert totals_of(lines, basis) == Totals(Decimal(net), Decimal(vat), Decimal(gross))


def test_without_a_rate_or_a_basis_nothing_is_said() -> None:
    assert totals_of([line("1", rate=None)], "net") is None
    assert totals_of([line("1")], "unknown") is None


prices = st.decimals(min_value="-9999", max_value="9999", places=2)
lines_ = st.lists(st.builds(line, prices.map(str), st.integers(1, 50).map(str), st.sampled_from(("0", "5", "7", "8", "19", "21", "23"))))


@given(lines_, st.sampled_from(("net", "gross")))
def test_net_and_vat_are_the_gross_and_the_prices_side_is_the_sum_of_the_lines(lines: list[Line], basis: Basis) -> None:
    found = totals_of(lines, basis)
    assert found is not None
    assert found.net + found.vat == found.gross
    assert (found.net if basis == "net" else found.gross) == sum((cents(one.price * one.quantity) for one in lines), Decimal(0))
