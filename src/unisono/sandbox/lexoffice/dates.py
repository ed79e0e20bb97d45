"""Days and instants as lexoffice writes and takes them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|[+-]\d\d:\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def stamp(value: datetime) -> str:
    """An instant in German local time with milliseconds and offset."""
    return value.astimezone(BERLIN).isoformat(timespec="milliseconds")


def instant(value: Any) -> datetime | None:
    """Exactly ``yyyy-MM-dd'T'HH:mm:ss.SSSXXX``, else nothing."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except ValueError:
        return None


def day(value: Any) -> date | None:
    """Exactly ``yyyy-MM-dd``, else nothing."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def midnight(value: date) -> datetime:
    """The beginning of a day in Germany."""
    return datetime.combine(value, time(), BERLIN).astimezone(UTC)


def day_of(value: datetime) -> date:
    """The day in Germany."""
    return value.astimezone(BERLIN).date()
