"""Dates, amounts and sizes as people write them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, localcontext

import pytest

from unisono.locale.format import amount_text, country_name, date_text, duration_text, moment_text, number_text, size_text


@pytest.mark.parametrize(
    ("language", "text"), (("de", "05.04.2026"), ("pl", "05.04.2026"), ("ro", "05.04.2026"), ("en", "5 Apr 2026"), ("xx", "5 Apr 2026"))
)
def test_a_date_is_written_as_in_the_country(language: str, text: str) -> None:
    assert date_text(dt.date(2026, 4, 5), language) == text


@pytest.mark.parametrize(
    ("value", "currency", "language", "text"),
    (
        ("1234.56", "EUR", "de", "1.234,56 EUR"),
        ("1234.56", "PLN", "pl", "1 234,56 zł"),
        ("1234.56", "RON", "ro", "1.234,56 lei"),
        ("1234.56", "EUR", "en", "1,234.56 EUR"),
        ("1190", "EUR", "de", "1.190,00 EUR"),
        ("1234.56", "EUR", "pl", "1 234,56 EUR"),
        ("1234.56", "PLN", "de", "1.234,56 PLN"),
        ("-15.5", "EUR", "de", "-15,50 EUR"),
        ("0", "EUR", "ro", "0,00 EUR"),
        ("1500", "JPY", "de", "1.500 JPY"),
        ("1E+3", "EUR", "de", "1.000,00 EUR"),
    ),
)
def test_an_amount_is_written_as_in_the_country(value: str, currency: str, language: str, text: str) -> None:
    assert amount_text(Decimal(value), currency, language) == text


def test_an_amount_may_leave_its_currency_to_the_sentence() -> None:
    assert amount_text(Decimal("1234.5"), "EUR", "de", sign=False) == "1.234,50"


def test_no_digit_is_ever_rounded_away() -> None:
    assert amount_text(Decimal("0.0125"), "EUR", "de") == "0,0125 EUR"
    assert amount_text(Decimal("40.00000000"), "EUR", "de") == "40,00 EUR"
    assert number_text(Decimal("123456789012345678901234567890.12"), "en") == "123,456,789,012,345,678,901,234,567,890.12"
    with localcontext(prec=3):
        assert amount_text(Decimal("12345.67"), "EUR", "de") == "12.345,67 EUR"


def test_blanks_are_plain_ones() -> None:
    assert set(amount_text(Decimal("1234567.89"), "PLN", "pl")) <= set("0123456789 ,zł")


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="not a finite number"):
        number_text(Decimal("NaN"), "de")


@pytest.mark.parametrize(
    ("size", "text"),
    ((0, "0 B"), (1023, "1.023 B"), (1024, "1 KB"), (1_572_864, "1,5 MB"), (20 * 1024 * 1024, "20 MB"), (50 * 1024**4, "50 TB")),
)
def test_a_size_is_told_in_the_unit_people_use(size: int, text: str) -> None:
    assert size_text(size, "de") == text


def test_an_instant_is_told_on_the_clock_of_the_firm() -> None:
    moment = dt.datetime(2026, 7, 31, 22, 5, tzinfo=dt.UTC)
    assert moment_text(moment, "de", "Europe/Berlin") == "01.08.2026 00:05"
    assert moment_text(moment, "en", "Europe/Bucharest") == "1 Aug 2026 01:05"


@pytest.mark.parametrize(
    ("seconds", "text"), ((0, "0 min"), (0.4, "1 min"), (60, "1 min"), (61, "2 min"), (3540, "59 min"), (7200, "2 h"), (7201, "2 h 1 min"))
)
def test_how_long_something_takes_is_told_in_minutes_rounded_up(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_a_country_is_named_in_the_readers_language() -> None:
    assert [country_name("AT", language) for language in ("de", "en", "pl", "ro")] == ["Österreich", "Austria", "Austria", "Austria"]
    assert (country_name("XX", "de"), country_name("", "de"), country_name("Deutschland", "en")) == ("XX", "", "Deutschland")
