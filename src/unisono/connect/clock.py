"""Time as an argument: who needs the hour or a pause takes a ``Clock``, so that a run repeats and a test never waits."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The hour and the pause."""

    def now(self) -> datetime:
        """The present instant, UTC, aware."""
        ...

    def sleep(self, seconds: float) -> None:
        """Returns after that many seconds; at once for zero or less. Only for short pauses: a longer wait is a due time."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)
