"""The one limit: a token bucket for the whole account. It begins full with the process."""

from __future__ import annotations

from datetime import datetime

from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.errors import Refused, gateway


def too_many() -> Refused:
    """The bucket is empty; the call was not performed. Guess: the body."""
    return gateway(429, "Too Many Requests")


class Limits:
    """What is left in the bucket."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._left: float | None = None
        self._since: datetime | None = None

    def admit(self) -> None:
        """One call more. Raises ``Refused``; a refused one is not counted (guess)."""
        rate = self._account.setting("rate_limit")
        if rate is None:
            return
        now = self._account.world.clock.now()
        gone = (now - self._since).total_seconds() if self._since else 0.0
        left = float(rate) if self._left is None else min(float(rate), self._left + max(0.0, gone) * rate)
        self._since = now
        # A hair's breadth for the sums of parts of a second.
        if left < 1 - 1e-9:
            self._left = left
            raise too_many()
        self._left = left - 1
