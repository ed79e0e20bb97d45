"""Reading what PHP writes as JSON: numbers or texts for ids, ``[]`` for an empty map, free text for a country. Pure.

Every function gives a value of the promised type or raises ``BadAnswer`` naming the record and the vendor's field.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from functools import cache
from typing import Any

from unisono.model.errors import BadAnswer
from unisono.model.money import decimal_of
from unisono.model.text import clean, folded

Row = dict[str, Any]
_ID = re.compile(r"[1-9][0-9]{0,18}\Z")
_LANGUAGES = ("de", "en", "pl", "ro")


def bad(record: str, field: str, value: object, code: str = "bad-field") -> BadAnswer:
    """The error for a field that does not have the vendor's shape; the value is told, cut to 80 characters."""
    return BadAnswer(code, {"record": record, "field": field, "value": str(value)[:80]})


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


def text(row: Row, field: str, record: str) -> str:
    """A text in canonical form; a number becomes its digits, null and ``[]`` become empty."""
    value = row.get(field)
    if value is None or value == []:
        return ""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    raise bad(record, field, value)


def nested(row: Row, field: str, record: str) -> list[Row]:
    """The rows of a member, as a list or as a map by number."""
    value = row.get(field)
    if value is None:
        return []
    members = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(members, list) or not all(isinstance(member, dict) for member in members):
        raise bad(record, field, value)
    return members


def amount(row: Row, field: str, record: str) -> Decimal | None:
    """A number that may come as text; nothing is ``None``."""
    value = row.get(field)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        return decimal_of(value)
    except ValueError as error:
        raise bad(record, field, value, "bad-amount") from error


def day(row: Row, field: str, record: str) -> dt.date | None:
    """A date: the first ten characters, since the rest is UTC midnight in the portal's zone."""
    value = text(row, field, record)
    if not value:
        return None
    try:
        return dt.date.fromisoformat(value[:10])
    except ValueError as error:
        raise bad(record, field, value, "bad-date") from error


def stamp(row: Row, field: str) -> dt.datetime | None:
    """A stamp with its offset, as UTC. It only informs, so one that cannot be read is none."""
    value = row.get(field)
    if not isinstance(value, str):
        return None
    try:
        read = dt.datetime.fromisoformat(value)
        return read.astimezone(dt.UTC) if read.tzinfo else None
    except (ValueError, OverflowError):
        return None


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
    return _names(language if language in _LANGUAGES else "en").get(code, code)


@cache
def _names(language: str) -> dict[str, str]:
    from babel import Locale  # read once a country is met

    return {code: name for code, name in Locale(language).territories.items() if len(code) == 2 and code.isalpha()}


@cache
def _codes() -> dict[str, str]:
    return {folded(name): code for language in reversed(_LANGUAGES) for code, name in _names(language).items()}
