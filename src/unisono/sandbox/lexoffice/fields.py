"""Reading values out of a body: the same few questions for every record."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from unisono.sandbox.kit.world import Row

_MOST = Decimal(10) ** 10
EMAIL = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;.]{2,}")
_VAT = {
    "DE": r"\d{9}", "AT": r"U\d{8}", "PL": r"\d{10}", "RO": r"\d{2,10}", "NL": r"\d{9}B\d{2}", "FR": r"[0-9A-Z]{2}\d{9}", "BE": r"[01]\d{9}",
    "IT": r"\d{11}", "ES": r"[0-9A-Z]\d{7}[0-9A-Z]", "CH": r"E\d{9}(?:MWST|TVA|IVA)?",
}  # fmt: skip


def text(value: Any, *, trimmed: bool = False) -> str:
    """A text; what is none, or only blanks, is empty."""
    if not isinstance(value, str) or not value.strip():
        return ""
    return value.strip() if trimmed else value


def number(value: Any, places: int) -> Decimal | None:
    """A JSON number with at most so many decimals, else nothing."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    found = Decimal(value)
    exponent = found.normalize().as_tuple().exponent
    if not isinstance(exponent, int) or -exponent > places or abs(found) >= _MOST:
        return None
    return found


def whole(value: Any) -> int | None:
    """A whole number, else nothing."""
    found = number(value, 0)
    return None if found is None else int(found)


def inner(body: Row, name: str) -> Row | None:
    """A member that is an object, else nothing."""
    value = body.get(name)
    return value if isinstance(value, dict) else None


def is_vat_id(value: str) -> bool:
    """Whether a VAT id has the form of its country; of lesser known ones, any form."""
    country, rest = value[:2], value[2:].replace(" ", "")
    known = _VAT.get(country)
    return bool(re.fullmatch(known or r"[0-9A-Z+*]{2,13}", rest)) and country.isalpha() and country.isupper()
