"""How a process loads what it needs. Imports nothing of the product, so that it can come first."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = 20_000, 20, 50
"""New objects between two looks of the collector. A sync makes many at once and drops them all; nearly none are tied in a ring."""


@contextmanager
def loading() -> Iterator[None]:
    """Keeps the collector from going through classes and functions while they are made, a fifth of a start, and ever after: they stay."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(*THRESHOLDS)
        gc.enable()
