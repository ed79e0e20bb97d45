"""The two limits: a leaking bucket for each caller's address, and the run time of each method within ten minutes."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from unisono.sandbox.bitrix24.envelope import Login
from unisono.sandbox.bitrix24.errors import Refused
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.settings import BUCKETS

BASKETS, BASKET = 10, timedelta(minutes=1)


def too_many() -> Refused:
    """The bucket is full; nothing was done."""
    return Refused("QUERY_LIMIT_EXCEEDED", "Too many requests", 503)


def too_long() -> Refused:
    """The method has run too long."""
    return Refused("OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.", 429)


class Limits:
    """What this portal has counted. It begins anew with the process."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._levels: dict[str, tuple[float, datetime]] = {}
        self._spent: dict[tuple[str, str], deque[tuple[datetime, float]]] = {}

    def admit(self, address: str) -> None:
        """One request more from an address. Raises ``Refused``; a refused one is not counted."""
        bucket = BUCKETS.get(str(self._portal.setting("plan")))
        if bucket is None:
            return
        size, leak = bucket
        now = self._portal.world.clock.now()
        level, since = self._levels.get(address, (0.0, now))
        level = max(0.0, level - max(0.0, (now - since).total_seconds()) * leak)
        if level + 1 > size:
            self._levels[address] = (level, now)
            raise too_many()
        self._levels[address] = (level + 1, now)

    def check(self, login: Login, method: str) -> None:
        """Before a method runs. Raises ``Refused``."""
        limit = self._portal.setting("operating_limit")
        if limit is not None and self._sum(login, method) >= limit:
            raise too_long()

    def spend(self, login: Login, method: str) -> tuple[float, int]:
        """A method has run: its time in the last ten minutes, and when the first minute of it is forgotten."""
        now = self._portal.world.clock.now()
        minute = now.replace(second=0, microsecond=0)
        held = self._spent.setdefault((login.key, method), deque())
        cost = self.cost(method)
        if held and held[-1][0] == minute:
            held[-1] = (minute, held[-1][1] + cost)
        else:
            held.append((minute, cost))
        total = self._sum(login, method)
        reset = held[0][0] + BASKETS * BASKET if total else now + BASKETS * BASKET
        return round(total, 6), int(reset.timestamp())

    def cost(self, method: str) -> float:
        """Seconds that a call of a method takes."""
        costs = self._portal.setting("operating_costs")
        return float(costs.get(method, self._portal.setting("operating_cost")))

    def _sum(self, login: Login, method: str) -> float:
        held = self._spent.get((login.key, method))
        if not held:
            return 0.0
        minute = self._portal.world.clock.now().replace(second=0, microsecond=0)
        while held and held[0][0] + BASKETS * BASKET <= minute:
            held.popleft()
        return sum(seconds for _, seconds in held)
