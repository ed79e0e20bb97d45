"""A door onto an invented vendor, and what was asked of it: shared by the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx2

from tests.support.clock import FakeClock
from tests.support.transport import Answering
from unisono.connect.http import Door
from unisono.connect.wire import Hearer, Request
from unisono.model.secret import Secret

API = "https://api.example.com/v1"
KEY = Secret("k3y-of-the-firm/+=")
Answer = httpx2.Response | Exception | Callable[[httpx2.Request], httpx2.Response]


class NotedPace:
    """A pace that answers what the test lays out (``None`` after that) and notes what it is told."""

    def __init__(self, *waits: datetime | None) -> None:
        self._waits = list(waits)
        self.told: list[str] = []
        self.until: datetime | None = None

    def take(self, cost: int = 1) -> datetime | None:
        self.told.append("take")
        return self._waits.pop(0) if self._waits else None

    def succeeded(self, cost: int = 1) -> None:
        self.told.append("succeeded")

    def rejected(self, cost: int = 1) -> None:
        self.told.append("rejected")

    def blocked(self, until: datetime) -> None:
        self.told.append("blocked")
        self.until = until


class Noting(Answering):
    """Keeps the calls as the door handed them over."""

    def __init__(self, answer: Callable[[httpx2.Request], httpx2.Response], carried: list[Request]) -> None:
        super().__init__(answer)
        self._carried = carried

    def carry(self, request: Request, hearer: Hearer) -> None:
        self._carried.append(request)
        super().carry(request, hearer)


class Vendor:
    """Answers in turn with what the test lays out, the last one for ever, and keeps the requests."""

    def __init__(self, *answers: Answer, clock: FakeClock | None = None, pace: NotedPace | None = None, **door: Any) -> None:
        self._answers = list(answers)
        self.asked: list[httpx2.Request] = []
        self.clock = clock or FakeClock()
        self.pace = pace or NotedPace()
        settings: dict[str, Any] = {"hosts": ("api.example.com",), "secrets": (KEY,)} | door
        self.carried: list[Request] = []
        self.door = Door(transport=Noting(self._answer, self.carried), pace=self.pace, clock=self.clock, **settings)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer


class Dripping(httpx2.SyncByteStream):
    """A body in pieces; before each one ``before`` runs (moving the clock, breaking the line)."""

    def __init__(self, pieces: list[bytes], before: Callable[[], object] = lambda: None) -> None:
        self._pieces, self._before = pieces, before
        self.closed = False
        self.given = 0

    def __iter__(self) -> Any:
        for piece in self._pieces:
            self._before()
            self.given += 1
            yield piece

    def close(self) -> None:
        self.closed = True
