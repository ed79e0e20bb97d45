"""What a person types is checked before anybody is called."""

from __future__ import annotations

import pytest

from unisono.model.valid import LONGEST, entered, valid


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    (
        ("address.postcode", " 21335\u200b ", "21335"),
        ("name", "Café\n  Nordlicht", "Café Nordlicht"),
        ("address.country", "de", "DE"),
        ("note", "eine Zeile \nnoch eine", "eine Zeile\nnoch eine"),
        ("name", "\x00", ""),
        ("note", "x" * (LONGEST + 1), "x" * LONGEST),
    ),
)
def test_what_is_typed_is_kept_tidily(name: str, typed: str, kept: str) -> None:
    assert entered(name, typed) == kept


@pytest.mark.parametrize(
    ("name", "value", "country", "fits"),
    (
        ("address.postcode", "21335", "DE", True),
        ("address.postcode", "2133", "DE", False),
        ("address.postcode", "00-950", "PL", True),
        ("address.postcode", "00950", "PL", False),
        ("address.postcode", "500123", "RO", True),
        ("address.postcode", "SW1A 1AA", "GB", True),
        ("address.postcode", "---", "GB", False),
        ("email", "post@sonne.example", "", True),
        ("email", "post@sonne", "", False),
        ("email", "<post@sonne.example>", "", False),
        ("address.country", "RO", "", True),
        ("address.country", "XX", "", False),
        ("tax_id", "DE136695976", "DE", True),
        ("tax_id", "DE81123456", "DE", False),
        ("tax_id", "keine", "DE", False),
        ("phone", "030 1234", "", True),
        ("phone", "ruf mich an", "", False),
        ("salutation", "mr", "", True),
        ("salutation", "Herr", "", False),
        ("type", "robot", "", False),
        ("name", "Ähre", "", True),
        ("name", "…", "", False),
        ("email", "", "", True),
        ("nonsense", "x", "", False),
    ),
)
def test_a_value_fits_its_field_or_it_does_not(name: str, value: str, country: str, fits: bool) -> None:
    assert valid(name, value, country) is fits
