"""What a world stands on: the one store of a process, the set-up pair it begins with, the clock, and the words for how it went."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from tests.storm.chance import Script
from tests.storm.evidence import Did, Rule
from tests.storm.frail import FrailStore
from tests.storm.verdict import Broken
from tests.support.clock import FakeClock
from unisono.store import secrets


class Killed(BaseException):
    """The process ends without a word; nothing that catches errors catches it. ``where`` is the step, call or commit."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """How a world ended."""

    seed: int
    script: Script
    broken: tuple[Broken, ...]
    bitten: Mapping[int, int] = field(default_factory=dict)
    """How often each fault of the catalogue really happened."""
    figures: Mapping[str, int] = field(default_factory=dict)
    trace: str = ""
    """A hash over every call, step and commit, in order."""
    words: tuple[str, ...] = ()
    """The trace in words, if it was asked for."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """A world between two turns."""

    store: bytes
    sides: tuple[bytes, bytes]
    at: datetime
    did: tuple[Did, ...]
    rules: tuple[Rule, ...]


class OurClock:
    """The product's clock: the true one, wrong by ``off``."""

    def __init__(self, true: FakeClock) -> None:
        self._true = true
        self.off = timedelta()

    def now(self) -> datetime:
        return self._true.now() + self.off

    def sleep(self, seconds: float) -> None:
        self._true.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Ground:
    """What all worlds of a process use one after the other: opening a store costs more than a whole turn."""

    store: FrailStore
    folder: Path
    ring: secrets.KeyRing
    empty: bytes
    """The store as it was opened."""
    templates: dict[tuple[str, ...], bytes]
    """Set-up pairs that have read both empty systems, by what they were set up from."""
    kept: tempfile.TemporaryDirectory[str]


@cache
def ground() -> Ground:
    """That of this process."""
    kept = tempfile.TemporaryDirectory(prefix="storm-")
    store = FrailStore.open(":memory:", least_room=0)
    assert isinstance(store, FrailStore)
    folder = Path(kept.name)
    return Ground(store, folder, secrets.KeyRing(folder / "key"), store.freeze(), {}, kept)
