"""Money: exact, with a currency; floats are refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.model.values import cents as drawn_cents
from tests.unit.model.values import decimals
from unisono.model.money import Amount, cents, decimal_of, plain

few = settings(max_examples=80)


@pytest.mark.parametrize(
    ("given_value", "expected"),
    (
        (1190, "1190"),
        (0, "0"),
        ("10.00", "10.00"),
        ("40.00000000", "40.00000000"),
        (" -0.5 ", "-0.5"),
        (Decimal("1.10"), "1.10"),
        ("007", "7"),
    ),
)
def test_a_vendors_number_or_text_becomes_a_decimal_with_all_its_places(given_value: object, expected: str) -> None:
    assert str(decimal_of(given_value)) == expected


@pytest.mark.parametrize(
    "value",
    (
        1.5,
        0.0,
        True,
        None,
        "",
        "-",
        "1,50",
        "1.190,00",
        "1 190",
        "1e3",
        "+5",
        ".5",
        "5.",
        "12€",
        "NaN",
        "٣",
        "1\n2",
        Decimal("NaN"),
        Decimal("Infinity"),
        [1],
    ),
)
def test_what_is_no_plain_number_is_refused_and_named(value: object) -> None:
    with pytest.raises(ValueError, match="number"):
        decimal_of(value)


@pytest.mark.parametrize(
    ("before", "after"),
    (("1.005", "1.01"), ("1.004", "1.00"), ("-1.005", "-1.01"), ("2.675", "2.68"), ("0", "0.00"), ("1190", "1190.00")),
)
def test_cents_are_rounded_half_up(before: str, after: str) -> None:
    assert str(cents(Decimal(before))) == after


@pytest.mark.parametrize(
    ("before", "after"),
    (
        ("1190", "1190"),
        ("1190.00", "1190"),
        ("12.50", "12.5"),
        ("1E+3", "1000"),
        ("0.00", "0"),
        ("-0.00", "0"),
        ("-0", "0"),
        ("-1.10", "-1.1"),
        ("100", "100"),
    ),
)
def test_the_plain_text_has_no_exponent_and_no_idle_zeros(before: str, after: str) -> None:
    assert plain(Decimal(before)) == after


@few
@given(decimals)
def test_plain_and_back_is_the_same_amount(value: Decimal) -> None:
    assert decimal_of(plain(value)) == value
    assert plain(decimal_of(plain(value))) == plain(value)


@few
@given(decimals, st.integers(0, 6))
def test_equal_amounts_have_one_plain_text(value: Decimal, places: int) -> None:
    same = value + Decimal((0, (0,), -places))
    assert same == value
    assert plain(same) == plain(value)


@few
@given(st.lists(drawn_cents, max_size=20))
def test_sums_of_cents_are_exact_in_any_order(amounts: list[Decimal]) -> None:
    total = sum(amounts, Decimal(0))
    assert total == sum(reversed(amounts), Decimal(0)) == sum(sorted(amounts), Decimal(0))
    assert cents(total) == total
    assert int(total * 100) == sum(int(a * 100) for a in amounts)


def test_an_amount_names_its_currency_and_whether_vat_is_in_it() -> None:
    amount = Amount(Decimal("10.00"), "EUR", "gross")
    assert (amount.value, amount.currency, amount.basis) == (Decimal("10.00"), "EUR", "gross")
    assert Amount(Decimal(1), "PLN").basis == "unknown", "never taken for net or gross by itself"


@pytest.mark.parametrize(
    ("value", "currency", "told"),
    (
        (Decimal(1), "EURO", "EURO"),
        (Decimal(1), "", "currency"),
        (Decimal(1), "eur", "eur"),
        (Decimal("NaN"), "EUR", "finite"),
        (1.5, "EUR", "finite"),
    ),
)
def test_an_amount_without_a_real_currency_or_value_is_refused(value: Decimal, currency: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Amount(value, currency)
