"""Telephone numbers in two spellings."""

from __future__ import annotations

import pytest

from unisono.model.phone import normal_phone
from unisono.plan.compare import same


@pytest.mark.parametrize(
    ("one", "other", "country", "alike"),
    (
        ("0541 5550133", "+49 541 5550133", "DE", True),
        ("0541/555-0133", "(0541) 5550133", "DE", True),
        ("22 555 01 33", "+48225550133", "PL", True),
        ("021 555 0133", "+40 21 555 0133", "RO", True),
        ("0541 5550133", "0541 5550134", "DE", False),
        ("0541 5550133", "+48 541 5550133", "DE", False),
        ("Zentrale", "Empfang", "DE", False),
        ("", "0541 5550133", "DE", False),
    ),
)
def test_a_number_in_two_spellings_is_one_and_two_numbers_are_two(one: str, other: str, country: str, alike: bool) -> None:
    assert same("phone", one, other, country) is alike
    assert same("phone", other, one, country) is alike


def test_a_number_is_written_in_e164_and_what_is_none_by_its_digits() -> None:
    assert normal_phone("0541 5550133", "DE") == "+495415550133"
    assert normal_phone("Durchwahl 12", "") == "12"
    assert normal_phone("keine", "DE") == ""
