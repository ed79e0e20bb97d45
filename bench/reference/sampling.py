"""Where processor time goes, by looking at the stack every so often of it: costs a hundredth of what a tracing profiler does."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

EVERY = 0.001
"""Seconds of processor time between two looks; the machine's clock may make it more, so each look counts for its share of the whole."""


@contextmanager
def sampled(path: Path) -> Iterator[None]:
    """Writes what the main thread did meanwhile: a line a stack, outermost first, and its seconds (as flame graphs are drawn from).

    While it only waits, the time is that of other threads.
    """
    stacks: Counter[str] = Counter()

    def look(_: int, frame: FrameType | None) -> None:
        stack = []
        while frame is not None:
            code = frame.f_code
            stack.append(f"{_place(code.co_filename)}:{code.co_name}")
            frame = frame.f_back
        stacks[";".join(reversed(stack))] += 1

    began = time.process_time()
    before = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        each = (time.process_time() - began) / max(1, stacks.total())
        path.write_text("".join(f"{stack} {count * each:.6f}\n" for stack, count in stacks.most_common()), encoding="utf-8")


def _place(filename: str) -> str:
    """The last two parts of a file's path."""
    return "/".join(Path(filename).parts[-2:])
