"""The languages words are kept in (ISO 639-1), and how each of them counts."""

from __future__ import annotations

LANGUAGES = ("de", "en", "pl", "ro")


def plural_form(count: int, language: str) -> int:
    """Which form of a counted word fits (CLDR's one, few, and the rest): ``1 apel``, ``19 apeluri``, ``20 de apeluri`` are 0, 1, 2."""
    if count == 1:
        return 0
    if language == "pl":
        return 1 if 2 <= count % 10 <= 4 and not 12 <= count % 100 <= 14 else 2
    if language == "ro":
        return 1 if count == 0 or 1 <= count % 100 <= 19 else 2
    return 1
