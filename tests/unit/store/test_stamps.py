"""Instants as text that compares as instants do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from unisono.store.stamps import instant, stamp

BERLIN = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("at", "text"),
    (
        (datetime(2026, 11, 22, 6, 15, 4, 123_999, UTC), "2026-11-22T06:15:04.123Z"),  # cut, never rounded up into the future
        (datetime(2026, 11, 22, 6, 15, 4, tzinfo=UTC), "2026-11-22T06:15:04.000Z"),
        (datetime(2026, 1, 1, 0, 30, tzinfo=BERLIN), "2025-12-31T23:30:00.000Z"),
        (datetime(999, 1, 2, 3, 4, 5, tzinfo=UTC), "0999-01-02T03:04:05.000Z"),
    ),
)
def test_an_instant_is_told_in_utc_to_the_millisecond(at: datetime, text: str) -> None:
    assert stamp(at) == text
    assert abs(instant(stamp(at)) - at) < timedelta(milliseconds=1)
    assert instant(text).tzinfo is not None


def test_texts_compare_as_instants_do() -> None:
    start = datetime(2026, 3, 29, 0, 59, 59, 998_000, UTC)
    later = [start + timedelta(milliseconds=n) for n in range(5)]
    assert sorted(map(stamp, reversed(later))) == [stamp(at) for at in later]


def test_an_instant_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        stamp(datetime(2026, 3, 2, 9, 0))  # noqa: DTZ001
