"""One field of a vendor's JSON row as a value of the promised type. Pure.

Every function gives that value, or raises ``BadAnswer`` naming the record and the vendor's field.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from unisono.model.errors import BadAnswer
from unisono.model.money import decimal_of
from unisono.model.text import clean

Row = dict[str, Any]


def bad(record: str, field: str, value: object, code: str = "bad-field") -> BadAnswer:
    """The error for a field that does not have the vendor's shape; the value is told, cut to 80 characters."""
    return BadAnswer(code, {"record": record, "field": field, "value": str(value)[:80]})


def text(row: Row, field: str, record: str) -> str:
    """A text in canonical form; a number becomes its digits, nothing (of PHP also ``[]``) becomes empty."""
    value = row.get(field)
    if value is None or value == []:
        return ""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    raise bad(record, field, value)


def amount(row: Row, field: str, record: str) -> Decimal | None:
    """An exact number, also where it comes as text (``"1190.50"``); empty is ``None``."""
    value = row.get(field)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        return decimal_of(value)
    except ValueError as error:
        raise bad(record, field, value, "bad-amount") from error


def day(row: Row, field: str, record: str) -> dt.date | None:
    """A date (``2026-03-31``; of a full stamp its first ten characters); empty is ``None``."""
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
