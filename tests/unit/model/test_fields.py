"""A field of a vendor's row is a value of the promised type, or an error that names it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from unisono.model.errors import BadAnswer
from unisono.model.fields import amount, day, stamp, text


@pytest.mark.parametrize(
    ("value", "expected"),
    (
        ("1190.50", Decimal("1190.50")),
        (7, Decimal(7)),
        (Decimal("0.1"), Decimal("0.1")),
        ("-3", Decimal(-3)),
        ("", None),
        (" ", None),
        (None, None),
    ),
)
def test_an_amount_is_exact_however_it_comes(value: object, expected: Decimal | None) -> None:
    assert amount({"price": value}, "price", "deal:1") == expected


@pytest.mark.parametrize("value", ("viel", "1,5", 0.1, True, [], {}, "1e3"))
def test_what_is_no_amount_is_an_error_that_names_record_field_and_value(value: object) -> None:
    with pytest.raises(BadAnswer) as told:
        amount({"price": value}, "price", "deal:1")

    assert told.value.code == "bad-amount"
    assert told.value.values == {"record": "deal:1", "field": "price", "value": str(value)}


@pytest.mark.parametrize(
    ("value", "expected"),
    (("2026-03-31", dt.date(2026, 3, 31)), ("2026-06-18T02:00:00+02:00", dt.date(2026, 6, 18)), ("", None), (None, None)),
)
def test_a_day_is_its_first_ten_characters(value: object, expected: dt.date | None) -> None:
    assert day({"date": value}, "date", "deal:1") == expected


@pytest.mark.parametrize("value", ("gestern", "2026-13-01", "31.03.2026"))
def test_a_day_that_does_not_exist_is_an_error(value: str) -> None:
    with pytest.raises(BadAnswer) as told:
        day({"date": value}, "date", "deal:1")

    assert (told.value.code, told.value.values["field"]) == ("bad-date", "date")


@pytest.mark.parametrize(
    ("value", "expected"),
    (
        ("2026-11-03T10:00:00+03:00", dt.datetime(2026, 11, 3, 7, tzinfo=dt.UTC)),
        ("2026-11-03T10:00:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("gestern", None),
        (7, None),
        (None, None),
    ),
)
def test_a_stamp_only_informs_so_one_that_cannot_be_read_is_none(value: object, expected: dt.datetime | None) -> None:
    assert stamp({"at": value}, "at") == expected


@pytest.mark.parametrize(("value", "expected"), (("  Kran\r\n", "Kran"), (7, "7"), (Decimal("1.50"), "1.50"), (None, ""), ([], "")))
def test_a_text_is_clean_and_a_number_its_digits(value: object, expected: str) -> None:
    assert text({"name": value}, "name", "deal:1") == expected


@pytest.mark.parametrize("value", (True, ["Kran"], {"value": "Kran"}))
def test_what_is_no_text_is_an_error_with_its_beginning(value: Any) -> None:
    with pytest.raises(BadAnswer) as told:
        text({"name": value}, "name", "deal:1")

    assert (told.value.code, told.value.values["value"]) == ("bad-field", str(value))
    with pytest.raises(BadAnswer) as long:
        text({"name": ["x" * 200]}, "name", "deal:1")
    assert len(long.value.values["value"]) == 80
