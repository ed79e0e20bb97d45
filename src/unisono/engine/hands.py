"""What the engine works with: clock, ids, store, words, files, and the two systems of a pair. All of it arguments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from msgspec import Struct, field

from unisono.connect.clock import Clock
from unisono.connect.port import Fetched, System
from unisono.engine.ids import Ids
from unisono.model.record import Side
from unisono.plan.flows.documents import Words
from unisono.plan.situation import Rules
from unisono.policy.schema import Policy
from unisono.store.doors import Store


def no_step(name: str) -> None:
    """Nobody listens to the steps."""


class Hands(Struct, frozen=True, kw_only=True):
    """The tools of one process. ``step`` is told each step of a cycle: the one hook tests hang crashes on."""

    store: Store
    clock: Clock
    ids: Ids
    words: Callable[[str], Words]
    """Language -> ``say`` in that language."""
    files: Path
    fan_out: int = 1
    ahead: bool = False
    """Whether a wave of creates is sent before the outcomes of the last one are settled: it pays where calls run in threads."""
    wave: int = 0
    """Creates of a wave at the most; 0: as many as fill its calls."""
    step: Callable[[str], None] = no_step
    kept: dict[str, Fetched] = field(default_factory=dict)
    """Files brought before their note was written, by document, until they are put on it."""


class Connected(Struct, frozen=True, kw_only=True):
    """One side: the stored connection and the system that speaks for it."""

    id: str
    system: System
    resources: tuple[str, ...]
    """Vendor lists this pair needs, in the order they are read."""
    allowance: float = 0.0
    """Calls an hour the vendor allows; 0 is unlimited."""


class Pairing(Struct, frozen=True, kw_only=True):
    """A pair at work: both sides, its policy in force, and the epoch of the lane that holds it."""

    id: str
    a: Connected
    b: Connected
    policy: Policy
    policy_version: int
    released_at: str
    state: str = "released"
    """Only a released pair writes: see ``store.pairs.PairRow``."""
    unsure: bool = False
    epoch: int = 0
    run: str = ""
    today: date | None = None
    """The firm's date, where the policy makes something depend on it."""

    @property
    def rules(self) -> Rules:
        """What decisions go by."""
        return Rules(self.policy, self.a.system.capabilities, self.b.system.capabilities)

    @property
    def lane(self) -> str:
        """The name of the pair's lane."""
        return f"pair:{self.id}"

    def side(self, side: Side) -> Connected:
        """One side."""
        return self.a if side == "a" else self.b
