"""Whether a person's entry can be a value of a canonical field: what they type is checked before anybody is called."""

from __future__ import annotations

import re

from unisono.model.codes import COUNTRIES
from unisono.model.party import CONTACT_FIELDS, PARTY_FIELDS
from unisono.model.taxid import normal_tax_id, valid_tax_id
from unisono.model.text import clean

_EMAIL = re.compile(r"[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\".]{2,}")
_POSTCODES = {
    "DE": r"\d{5}",
    "AT": r"\d{4}",
    "CH": r"\d{4}",
    "PL": r"\d{2}-\d{3}",
    "RO": r"\d{6}",
    "FR": r"\d{5}",
    "IT": r"\d{5}",
    "HU": r"\d{4}",
}
"""Where a postcode has one form only; any other country's may look as it likes."""
_CHOICES = {"type": ("company", "person"), "salutation": ("mr", "mrs", "family")}
_LONG = ("note",)
LONGEST = 10_000
"""No field of a customer is longer."""


def entered(name: str, text: str) -> str:
    """What was typed into a field, as it is kept: in one line but for notes, a country or an e-mail address without blanks around it."""
    tidy = clean(text)[:LONGEST]
    if name in _LONG:
        return tidy
    tidy = " ".join(tidy.split())
    return tidy.upper() if name == "address.country" else tidy


def valid(name: str, value: str, country: str = "") -> bool:
    """Whether a field of a party or contact can hold this; nothing at all always can. ``country`` is that of its address."""
    if name not in PARTY_FIELDS and name not in CONTACT_FIELDS:
        return False
    if not value:
        return True
    if name in _CHOICES:
        return value in _CHOICES[name]
    if name == "email":
        return _EMAIL.fullmatch(value) is not None
    if name == "address.country":
        return value in COUNTRIES
    if name == "address.postcode":
        return re.fullmatch(_POSTCODES.get(country, r".*\w.*"), value) is not None
    if name == "tax_id":
        return bool(normal_tax_id(value, country)) and valid_tax_id(normal_tax_id(value, country)) is not False
    if name in ("phone", "mobile", "fax"):
        return any(c.isdigit() for c in value)
    return any(c.isalnum() for c in value)
