"""The levels of the storm: what each plays, how much of it a commit and a night are worth, and how a range of it is run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from tests.storm.levels import points, worlds
from tests.storm.stages import PAIR, PAIRS
from tests.storm.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Level:
    """One level. ``commit``: its numbers run from 1 to here on every commit; a night goes on from there. ``chunk``: numbers of one task.

    ``night``: how many of them a long run is, of one commit. ``whole``: it has so many numbers and no more, each night the same.
    """

    name: str
    letter: str
    unit: str
    commit: int
    chunk: int
    night: int
    whole: bool = False

    def run(self, first: int, last: int) -> Verdict:
        """Plays the numbers from ``first`` to ``last``, both included."""
        return _RUNS.get(self.name, _plain)(self, first, last)


POINT_PARTS = 40
"""Tasks that the crash points are divided into."""
PAIR_PARTS = 40
"""Those of the stories of the other pairs: a commit plays an eighth of them, a long run the rest."""
TWINS = 15
_NIGHTS = {"centralstation/lexoffice": 2000, "bitrix24/fastbill": 80, "bitrix24/lexoffice": 80}
"""How many worlds of the pairs but the first a long run has. Those of a portal take three times as long as any other."""
LEVELS = (
    Level("kills", "E", "kills", 10, 10, 500),
    Level("points", "D", "points", POINT_PARTS, 1, POINT_PARTS, whole=True),
    Level("pair-points", "D", "points", PAIR_PARTS // 8, 1, PAIR_PARTS - PAIR_PARTS // 8),
    Level("twins", "H", "twins", TWINS, 1, TWINS, whole=True),
    Level("worlds", "C", "worlds", 310, 20, 18_000),
    *(Level(pair, "C", "worlds", 30, 10, _NIGHTS[pair]) for pair in PAIRS if pair != PAIR),
    Level("engine", "B", "seeds", 2000, 50, 100_000),
    Level("planner", "A", "cases", 50_000, 5_000, 400_000),
    Level("dirty", "G", "samples", 200, 100, 1_800),
    Level("trace", "K", "traces", 50, 10, 0),
)
"""In the order in which a run begins them: what waits for other processes first, so that nobody waits for it in the end."""


def level(name: str) -> Level:
    """The level of that name. Raises ``KeyError``."""
    for one in LEVELS:
        if one.name == name:
            return one
    raise KeyError(name)


def _module(one: Level) -> Any:
    return import_module(f"tests.storm.levels.{one.name}")


def _plain(one: Level, first: int, last: int) -> Verdict:
    verdict: Verdict = _module(one).run(first, last)
    return verdict


def _points(one: Level, first: int, last: int) -> Verdict:
    out, of = Verdict(one.name), one.commit if one.whole else PAIR_PARTS
    for part in range(first, last + 1):
        out.add(points.run((part - 1) % of, of, one.name))
    return out


def _pair(one: Level, first: int, last: int) -> Verdict:
    return worlds.run(first, last, one.name)


_OTHERS = [pair for pair in PAIRS if pair != PAIR]
_RUNS: Mapping[str, Callable[[Level, int, int], Verdict]] = {points.LEVEL: _points, points.OTHERS: _points} | dict.fromkeys(_OTHERS, _pair)


@dataclass(frozen=True, slots=True)
class Task:
    """A range of a level's numbers, both ends included."""

    level: str
    first: int
    last: int


def work(task: Task) -> Verdict:
    """Plays a task; runs in a process of its own."""
    return level(task.level).run(task.first, task.last)


def tasks(one: Level, first: int, last: int) -> Iterator[Task]:
    """A range cut into tasks."""
    for start in range(first, last + 1, one.chunk):
        yield Task(one.name, start, min(start + one.chunk - 1, last))
