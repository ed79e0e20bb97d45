"""A clock that only moves when told to, or when somebody sleeps on it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday morning: where worlds begin unless a test needs another day."""


class FakeClock:
    """``sleep`` moves the hour on at once and is remembered in ``slept``, so a test can say how long somebody would have waited."""

    def __init__(self, start: datetime = START) -> None:
        if start.tzinfo is None:
            raise ValueError("the start needs a time zone")
        self._now = start.astimezone(UTC)
        self._lock = threading.Lock()
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self._now += timedelta(seconds=max(seconds, 0))

    def advance(self, step: float | timedelta) -> datetime:
        """Moves the hour by seconds or a ``timedelta`` (backwards too: clocks jump) and returns it."""
        with self._lock:
            self._now += step if isinstance(step, timedelta) else timedelta(seconds=step)
            return self._now
