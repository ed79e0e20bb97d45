"""Tax ids: one spelling per number, with its country."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unisono.model.taxid import normal_tax_id, valid_tax_id


@pytest.mark.parametrize(
    ("text", "country", "normal"),
    (
        ("DE 136 695 976", "", "DE136695976"),
        ("de136695976", "DE", "DE136695976"),
        ("136695976", "DE", "DE136695976"),
        ("12/345/67890", "DE", "DE:1234567890"),
        ("ATU 1234 5678", "AT", "ATU12345678"),
        ("U12345678", "AT", "ATU12345678"),
        ("123-456-32-18", "PL", "PL1234563218"),
        ("PL 123-456-32-18", "PL", "PL1234563218"),
        ("18547290", "RO", "RO18547290"),
        ("RO18547290", "", "RO18547290"),
        ("GR094259216", "GR", "EL094259216"),
        ("094259216", "GR", "EL094259216"),
        ("EL094259216", "", "EL094259216"),
        ("CHE-123.456.788 MWST", "CH", "CHE123456788MWST"),
        ("GB 980 7806 84", "GB", "GB980780684"),
        ("980780684", "GB", "GB980780684"),
        ("12345678", "", "12345678"),
        ("", "DE", ""),
        ("none", "DE", ""),
        ("n/a 1", "DE", ""),
    ),
)
def test_however_it_is_written_a_number_has_one_spelling(text: str, country: str, normal: str) -> None:
    assert normal_tax_id(text, country) == normal


def test_the_same_digits_of_two_countries_are_two_numbers() -> None:
    assert normal_tax_id("1234567890", "PL") != normal_tax_id("1234567890", "RO")


def test_a_german_tax_number_is_never_taken_for_a_vat_id() -> None:
    assert normal_tax_id("1234567890", "DE") != normal_tax_id("DE1234567890", "DE")


@settings(max_examples=100)
@given(st.text("DEATPLROGRELCHU 0123456789-./", max_size=14), st.sampled_from(["", "DE", "AT", "PL", "RO", "GR", "CH"]))
def test_normalising_twice_is_normalising_once(text: str, country: str) -> None:
    once = normal_tax_id(text, country)
    if not once.startswith("DE:"):
        assert normal_tax_id(once, country) == once


@pytest.mark.parametrize(
    ("text", "valid"),
    (("DE136695976", True), ("DE 136 695 977", False), ("ATU13585627", True), ("PL8567346215", True), ("GB980780684", None), ("", None)),
)
def test_check_digits_are_checked_where_a_rule_is_known(text: str, valid: bool | None) -> None:
    assert valid_tax_id(text) is valid
