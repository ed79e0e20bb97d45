"""Instants as text: UTC with milliseconds, so that texts compare as instants do."""

from __future__ import annotations

from datetime import UTC, datetime

_OFFSET = len("+00:00")


def stamp(at: datetime) -> str:
    """``2026-11-22T06:15:04.123Z``. Refuses a naive datetime: it would be an hour off twice a year."""
    if at.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[:-_OFFSET] + "Z"


def instant(text: str) -> datetime:
    """The reverse of ``stamp``."""
    return datetime.fromisoformat(text)
