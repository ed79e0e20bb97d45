"""What people call a field, an option, a kind: names of codes, for labels, lists and the blanks of sentences. Pure."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from unisono.locale.format import amount_text, country_name, date_text
from unisono.locale.languages import LANGUAGES
from unisono.locale.say import catalogue_of

_PREFIXES = {
    "quote": "document",
    "order": "document",
    "invoice": "document",
    "note": "document",
    "file": "file",
    "contact": "contact",
    "product": "product",
}
"""Where a kind calls a field otherwise than a customer does (the title of a quote is no academic one)."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_PRICE = re.compile(r"(-?\d+(?:\.\d+)?) ([A-Z]{3}) (net|gross|unknown)")


def field_name(name: str, language: str, kind: str = "") -> str:
    """A canonical field as people call it: ``address.postcode`` -> ``Postleitzahl``. ``kind`` is that of its record, where known.

    A name nobody knows, such as a vendor's own, stays as it is.
    """
    prefix = _PREFIXES.get(kind)
    special = name_of(f"field.{prefix}.{name}", language) if prefix else ""
    return special or name_of(f"field.{name}", language) or name


def field_names(names: str, language: str, kind: str = "") -> str:
    """Several fields (``"email, address.city"``), each by its name."""
    return ", ".join(field_name(name.strip(), language, kind) for name in names.split(",") if name.strip())


def login_name(name: str, language: str) -> str:
    """A value asked for at set-up: ``api_key`` -> ``API-Schlüssel``."""
    return name_of(f"login.{name}", language) or name


def value_name(field: str, value: str, language: str) -> str:
    """A value of a canonical field as people write it: ``company`` -> ``Firma``, ``DE`` -> ``Deutschland``, ``2026-12-31`` -> ``31.12.2026``,
    ``12.5 EUR net`` -> ``12,50 EUR netto``."""
    if field == "address.country":
        return country_name(value, language)
    if field in ("date", "due", "valid") and _DATE.fullmatch(value):
        return date_text(dt.date.fromisoformat(value), language)
    priced = _PRICE.fullmatch(value) if field == "price" else None
    if priced:
        basis = name_of(f"value.price.{priced[3]}", language)
        return " ".join(part for part in (amount_text(Decimal(priced[1]), priced[2], language), basis) if part)
    return (name_of(f"value.{field}.{value}", language) if value else "") or value


def kind_name(kind: str, language: str) -> str:
    """A kind of record: ``credit-note`` -> ``Gutschrift``."""
    return name_of(f"kind.{kind}", language) or kind


def name_of(code: str, language: str) -> str:
    """The text of a code, English if the language lacks it; ``""`` if there is none."""
    known = language if language in LANGUAGES else "en"
    return catalogue_of(known).get(code) or catalogue_of("en").get(code) or ""
