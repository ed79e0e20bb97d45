"""What a run of the storm found: broken invariants, and figures that add up over processes and levels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Broken:
    """One invariant that did not hold: which, what was seen, and where (a mark, a key, a call)."""

    invariant: str
    what: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.invariant}: {self.what}" + (f" [{self.where}]" if self.where else "")


@dataclass(frozen=True, slots=True)
class Failure:
    """One world, point or case that failed. ``again`` are the arguments of ``python -m tests.storm`` that repeat it."""

    level: str
    seed: int
    again: str
    broken: tuple[Broken, ...]

    @property
    def line(self) -> str:
        """The one line that is printed."""
        return f"python -m tests.storm {self.again}"


@dataclass(slots=True)
class Verdict:
    """What a level found in a range of seeds or points. ``figures`` are counts (``worlds``, ``points``, ``kills``, ``deeds``, ``bite:7``)."""

    level: str
    failures: list[Failure] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def fine(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    def count(self, name: str, by: int = 1) -> None:
        """Adds to a figure."""
        self.figures[name] = self.figures.get(name, 0) + by

    def add(self, other: Verdict) -> None:
        """Takes in what another process or range found; seconds are those of the longer one."""
        self.failures += other.failures
        self.seconds = max(self.seconds, other.seconds)
        for name, number in other.figures.items():
            self.count(name, number)


def merged(level: str, verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict of several."""
    out = Verdict(level)
    for verdict in verdicts:
        out.add(verdict)
    return out
