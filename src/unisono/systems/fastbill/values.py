"""How FastBill writes values, pure: every form one value may come in, and an error that names the field of one that cannot be read.

``"12"`` or ``12``, ``""`` or ``[]``, a list or an object with numeric keys, a date of zeros for none, local time without a zone.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from unisono.model.errors import BadAnswer
from unisono.model.money import decimal_of, plain
from unisono.model.text import clean

_ID = re.compile(r"[0-9]{1,20}\Z")
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T].*)?\Z")
_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}\Z")
_NO_DAY = "0000-00-00"
_JSON = msgspec.json.Decoder(float_hook=Decimal)


def is_empty(value: object) -> bool:
    """Whether a value is one of the service's ways to say nothing: ``null``, ``""``, ``[]``, ``{}``."""
    return value is None or value in ("", [], {})


def rows_of(value: object) -> list[Any]:
    """A list that may come as an object with numeric keys, which then order it. Raises ``ValueError`` for anything else."""
    if is_empty(value):
        return []
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and all(_ID.match(key) for key in value):
        return [value[key] for key in sorted(value, key=int)]
    raise ValueError(f"not a list: {value!r:.80}")


def key_of(value: object) -> str:
    """An id as text, whether it came as number or text; ``""`` for none, zero or something else."""
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if _ID.match(text) and text.strip("0") else ""


def is_deleted(row: object) -> bool:
    """Whether a row is that of a deleted record, which is only still shown."""
    day = row.get("DELETED_DATE") if isinstance(row, dict) else None
    return isinstance(day, str) and day.strip() not in ("", "0") and not day.startswith(_NO_DAY)


class Row(Struct, frozen=True):
    """One row and how to read it. ``at`` is the place inside the row (``ITEMS[0].``), for errors."""

    resource: str
    key: str
    values: Mapping[str, Any]
    zone: ZoneInfo
    at: str = ""

    def bad(self, name: str, expected: str) -> BadAnswer:
        """The error that names this row, the field and its value."""
        told = {"system": "fastbill", "resource": self.resource, "record": self.key, "field": self.at + name, "expected": expected}
        return BadAnswer("bad-field", {**told, "value": str(self.values.get(name))[:80]})

    def text(self, name: str) -> str:
        """A text in canonical form; a number counts as its digits."""
        return clean(self.verbatim(name))

    def verbatim(self, name: str) -> str:
        """A text exactly as the service holds it."""
        value = self.values.get(name)
        if isinstance(value, str):
            return value
        if is_empty(value):
            return ""
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            number = self.number(name)
            return plain(number) if number is not None else ""
        raise self.bad(name, "a text")

    def number(self, name: str) -> Decimal | None:
        """An exact number; ``None`` if there is none."""
        value = self.values.get(name)
        if is_empty(value):
            return None
        try:
            number = decimal_of(value)
        except ValueError:
            raise self.bad(name, "a plain number") from None
        if number.adjusted() > 15 or len(number.as_tuple().digits) > 40 or abs(int(number.as_tuple().exponent)) > 40:
            raise self.bad(name, "a number of a size that money has")
        return number

    def date(self, name: str) -> dt.date | None:
        """A day, with or without a time behind it; a day of zeros is none."""
        text = self.text(name)
        if not text or text.startswith(_NO_DAY):
            return None
        found = _DAY.match(text)
        if not found:
            raise self.bad(name, "a date YYYY-MM-DD")
        try:
            return dt.date(*map(int, found.groups()))
        except ValueError:
            raise self.bad(name, "a date that exists") from None

    def stamp(self, name: str) -> dt.datetime | None:
        """An instant (UTC) from the vendor's local time. An unreadable one is none: it only informs."""
        value = self.values.get(name)
        if not isinstance(value, str) or not _STAMP.match(value.strip()):
            return None
        try:
            return dt.datetime.fromisoformat(value.strip()).replace(tzinfo=self.zone).astimezone(dt.UTC)
        except (ValueError, OverflowError):
            return None

    def flag(self, name: str) -> bool:
        """``"1"``, ``1`` or ``true``."""
        value = self.values.get(name)
        text = str(value).lower() if isinstance(value, str | int) else "" if is_empty(value) else "?"
        if text not in ("", "0", "1", "true", "false"):
            raise self.bad(name, "0 or 1")
        return text in ("1", "true")

    def link(self, name: str) -> str:
        """The id of another record; ``""`` for none."""
        value = self.values.get(name)
        key = key_of(value)
        if not key and not is_empty(value) and str(value).strip("0 "):
            raise self.bad(name, "an id")
        return key

    def url(self, name: str) -> str:
        """A link a browser may open; anything else is dropped."""
        text = self.text(name)
        return text if text.startswith(("https://", "http://")) else ""

    def rows(self, name: str) -> list[Row]:
        """The rows of a list inside this row."""
        try:
            values = rows_of(self.values.get(name))
        except ValueError:
            raise self.bad(name, "a list") from None
        if not all(isinstance(value, dict) for value in values):
            raise self.bad(name, "a list of objects")
        return [Row(self.resource, self.key, value, self.zone, f"{self.at}{name}[{i}].") for i, value in enumerate(values)]


def row_of(resource: str, key: str, body: bytes, zone: ZoneInfo) -> Row:
    """A stored row, opened. Raises ``BadAnswer`` if it is no JSON object or not the row of that key."""
    try:
        values = _JSON.decode(body)
    except (ValueError, RecursionError) as error:
        raise BadAnswer("not-a-row", {"system": "fastbill", "resource": resource, "record": key, "reason": str(error)[:80]}) from error
    if not isinstance(values, dict):
        raise BadAnswer("not-a-row", {"system": "fastbill", "resource": resource, "record": key, "reason": "not an object"})
    row = Row(resource, key, values, zone)
    if key_of(values.get(f"{resource.upper()}_ID")) != key:
        raise row.bad(f"{resource.upper()}_ID", "the id of the row")
    return row
