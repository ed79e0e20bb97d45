"""Telephone numbers as comparing needs them: ``0541 5550133`` in Germany and ``+49 541 5550133`` are one number."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=4096)
def normal_phone(text: str, country: str) -> str:
    """A number in E.164, or its bare digits where it is none (empty if there are not even those).

    ``country`` (ISO 3166-1 alpha-2) is where it is dialled without a prefix.
    """
    import phonenumbers  # loaded with the first number that differs as text

    try:
        return phonenumbers.format_number(phonenumbers.parse(text, country or None), phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        return "".join(c for c in text if c.isdigit())
