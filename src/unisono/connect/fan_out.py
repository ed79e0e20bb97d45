"""Several calls under way at once, their outcomes in order. With ``n = 1`` they run one after the other, without a thread."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import lru_cache
from typing import Generic, TypeVar

from msgspec import Struct

from unisono.model.errors import SystemFault

T = TypeVar("T")


class Outcome(Struct, Generic[T], frozen=True):
    """What became of one call: its value, or the fault it ended with."""

    value: T | None = None
    fault: SystemFault | None = None

    def get(self) -> T:
        """The value; raises the fault if there is one."""
        if self.fault is not None:
            raise self.fault
        return self.value  # type: ignore[return-value]  # None only if T admits it


class Begun(Struct, Generic[T], frozen=True):
    """Calls that are under way, or over."""

    _ended: tuple[Outcome[T] | Exception, ...] = ()
    _under_way: tuple[Future[Outcome[T] | Exception], ...] = ()

    def over(self) -> bool:
        """Whether all have ended."""
        return all(future.done() for future in self._under_way)

    def outcomes(self) -> list[Outcome[T]]:
        """Waits for all of them; the outcomes in the order of the calls. The first mistake of ours is raised, after all ended."""
        wait(self._under_way)
        ended = (*self._ended, *(future.result() for future in self._under_way))
        for end in ended:
            if isinstance(end, Exception):
                raise end
        return [end for end in ended if isinstance(end, Outcome)]


def begin(calls: Sequence[Callable[[], T]], n: int = 1, purpose: str = "") -> Begun[T]:
    """Begins calls in threads, at most ``n`` of all that have the same ``purpose`` at a time. With ``n = 1`` they are over at once."""
    if n <= 1:
        return Begun(tuple(_ended(call) for call in calls))
    pool = _pool(os.getpid(), n, purpose)
    return Begun(_under_way=tuple(pool.submit(_ended, call) for call in calls))


def fan_out(calls: Sequence[Callable[[], T]], n: int = 1) -> list[Outcome[T]]:
    """Runs every call, at most ``n`` at a time, and gives the outcomes in the order of the calls.

    A ``SystemFault`` is the outcome of its call. Any other exception is a mistake of ours: the first is raised, after all ended.
    """
    return begin(calls, n if len(calls) > 1 else 1).outcomes()


@lru_cache(maxsize=8)
def _pool(process: int, n: int, purpose: str) -> ThreadPoolExecutor:  # noqa: ARG001  # a forked process has none of its parent's threads
    """The threads of a process, kept: starting four for every few calls cost a fifth of a first sync."""
    return ThreadPoolExecutor(n, thread_name_prefix="fan-out")


def _ended(call: Callable[[], T]) -> Outcome[T] | Exception:
    try:
        return Outcome(call())
    except SystemFault as fault:
        return Outcome(fault=fault)
    except Exception as mistake:  # noqa: BLE001  # raised again above, once nothing is under way any more
        return mistake
