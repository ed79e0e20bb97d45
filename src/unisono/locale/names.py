"""Names of fields and options, as a person reads them."""

from __future__ import annotations

from unisono.locale.say import say


def field_name(name: str, language: str) -> str:
    """A canonical field's name in a language."""
    return say(f"field.{name}", {}, language)


def option_name(option: str, language: str) -> str:
    """An option of a question in a language."""
    return say(f"option.{option}", {}, language)
