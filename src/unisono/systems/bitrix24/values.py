"""Reading what PHP writes as JSON: numbers or texts for ids, ``[]`` for an empty map, free text for a country. Pure.

Every function gives a value of the promised type or raises ``BadAnswer`` naming the record and the vendor's field.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache

from unisono.model.fields import Row, bad
from unisono.model.text import folded

_ID = re.compile(r"[1-9][0-9]{0,18}\Z")
LANGUAGES = ("de", "en", "pl", "ro")
"""In which a country may be written."""


def as_id(value: object) -> str:
    """An id as text: they are numbers in one generation of methods and texts in the other. 0 and null mean *none*, which is empty."""
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    told = str(value).strip()
    return told if _ID.match(told) else ""


def id_of(row: Row, field: str = "id") -> str:
    """The id in a field, empty if there is none."""
    return as_id(row.get(field))


def nested(row: Row, field: str, record: str) -> list[Row]:
    """The rows of a member, as a list or as a map by number."""
    value = row.get(field)
    if value is None:
        return []
    members = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(members, list) or not all(isinstance(member, dict) for member in members):
        raise bad(record, field, value)
    return members


def marked(row: Row, field: str, name: str) -> bool:
    """Whether a user field carries a mark: yes in a field of yes and no, else the name itself, alone or among several."""
    value = row.get(field)
    if value in (True, 1, "1", "Y", "y"):
        return True
    wanted = folded(name)
    members = value if isinstance(value, list) else [value]
    return any(isinstance(member, str) and folded(member) == wanted for member in members)


def country_code(name: str) -> str:
    """ISO 3166 of a country that somebody typed, in any language of ours; empty if it cannot be told."""
    if len(name) == 2 and name.isascii() and name.isalpha():
        return name.upper()
    return _codes().get(folded(name), "")


def country_name(code: str, language: str) -> str:
    """A country as the portal's people write it; the code itself where it has no name."""
    return _names(language if language in LANGUAGES else "en").get(code, code)


@cache
def _names(language: str) -> dict[str, str]:
    from babel import Locale  # read once a country is met

    return {code: name for code, name in Locale(language).territories.items() if len(code) == 2 and code.isalpha()}


@cache
def _codes() -> dict[str, str]:
    return {folded(name): code for language in reversed(LANGUAGES) for code, name in _names(language).items()}
