"""What reading something from outside may cost: processor seconds of this thread, and memory where it is weighed."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from types import TracebackType

from tests.storm.verdict import Broken

SECONDS = 2.0
"""A hundred times what the dearest sound input takes."""
MEMORY = 64 * 1024 * 1024


class Bound:
    """Measures a block. Weighing slows it down, so that not every one is weighed."""

    def __init__(self, where: str, *, weighed: bool = False, clock: Callable[[], float] = time.thread_time) -> None:
        self._where, self._weighed, self._clock = where, weighed, clock
        self._began = 0.0
        self.broken: list[Broken] = []

    def __enter__(self) -> Bound:
        if self._weighed:
            tracemalloc.start()
        self._began = self._clock()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        seconds = self._clock() - self._began
        most = 0
        if self._weighed:
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        if seconds > SECONDS:
            self.broken.append(Broken("I16", f"took {seconds:.1f} s", self._where))
        if most > MEMORY:
            self.broken.append(Broken("I22", f"needed {most // 1024 // 1024} MiB", self._where))
