"""Level D: a story is played once, and then once more for every moment at which something can fail in it: the counting loop.

A process can end before each call, after each call, and inside each transaction: between two of these nothing changes, so that every step
of the engine is one of these moments (``steps`` counts them, and how many are the same moment). Besides, each call can time out before the
vendor acted, each write after it, or answer 500 though it was done, and the disk can be full at each transaction.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tests.storm import oracle
from tests.storm.chance import At, Break, Script
from tests.storm.levels.pair_tales import TALES as PAIR_TALES
from tests.storm.levels.tales import TALES, Story
from tests.storm.sides import Kind, Letter
from tests.storm.stages import PAIR, staged
from tests.storm.verdict import Broken, Failure, Verdict
from tests.storm.world import Frozen, Played, World

LEVEL, OTHERS = "points", "pair-points"
SEED = 1
STORIES: dict[str, Story] = TALES | PAIR_TALES
"""What happens before the last turn of a story is undisturbed; in the last one everything fails in turn."""


@dataclass(frozen=True, slots=True)
class Point:
    """One moment of one story and what happens there."""

    story: str
    what: str
    breaks: tuple[Break, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A story played whole: how it stands before its last turn, the moments of that turn, and how everything ends."""

    before: Frozen
    points: tuple[Point, ...]
    steps: int
    ends: Counter[tuple[Letter, Kind]]


class Counting(World):
    """A world that listens to its own last turn."""

    def __init__(self, script: Script, pair: str) -> None:
        super().__init__(SEED, script, staged(pair))
        self.calls: list[tuple[Letter, bool, int]] = []
        self.commits = self.steps = 0
        self.read: tuple[int, int] | None = None
        """How many calls and commits had been when the reading was over and the planning began."""

    def listen_anew(self) -> None:
        """What was heard so far is forgotten."""
        self.calls.clear()
        self.read = None

    def _before(self, letter: Letter, what: str, write: bool) -> None:
        super()._before(letter, what, write)
        self.calls.append((letter, write, self._commits))

    def _commit(self, moment: str) -> None:
        super()._commit(moment)
        self.commits = self._commits

    def _step(self, name: str) -> None:
        super()._step(name)
        self.steps = self._steps
        if name == "changes-taken" and self.read is None:
            self.read = len(self.calls), self._commits


def _script(story: str, breaks: tuple[Break, ...] = ()) -> Script:
    tale = STORIES[story]
    return Script(max(d.at.turn for d in tale.deeds) + 1, tale.deeds, breaks, dict(tale.knobs))


@cache
def told(story: str) -> Told:
    """Plays a story undisturbed and finds its moments."""
    script = _script(story)
    world = Counting(script, STORIES[story].pair)
    last = script.turns - 1
    for turn in range(last):
        world.turn(turn)
        world.clock.advance(400)
    before = world.freeze()
    world.listen_anew()
    world.turn(last)
    calls, commits, steps = list(world.calls), world.commits, world.steps
    done = (world.read or (0, 0)) if not STORIES[story].reading else (0, 0)
    world.calm()
    broken = [*world.found, *oracle.judge(world.evidence())]
    assert not broken, f"{story} fails by itself: {broken[0]}"
    assert not world.figures.get("impossible deeds"), f"{story}: somebody could not do what they were to do"
    return Told(before, tuple(_points(story, At(last), calls, commits, done)), steps, _count(world))


def _points(story: str, at: At, calls: list[tuple[Letter, bool, int]], commits: int, done: tuple[int, int]) -> Iterator[Point]:
    """``done``: so many calls and transactions of the turn are passed over. Between further pairs a look fails in one of two ways only, and
    whoever is killed before it is who was killed in the transaction before."""
    further = STORIES[story].pair != PAIR
    skipped: Counter[Letter] = Counter()
    for number, (letter, write, _) in enumerate(calls, 1):
        where = {"side": letter, "times": "1", "skip": str(skipped[letter])}
        skipped[letter] += 1
        if number <= done[0]:
            continue
        brief = further and not write
        if not brief:
            yield Point(story, f"killed before call {number}", (Break(at, 1, {"killed": f"before {number}"}),))
        if not (brief and number % 2):
            yield Point(story, f"time-out before call {number}", (Break(at, 6, where | {"name": "timeout-before"}),))
        if write:
            yield Point(story, f"killed after call {number}", (Break(at, 1, {"killed": f"after {number}"}),))
            yield Point(story, f"time-out after call {number}", (Break(at, 7, where | {"name": "timeout-after"}),))
            yield Point(story, f"500 after call {number}", (Break(at, 10, where | {"name": "status-after", "value": "500"}),))
        elif not (brief and number % 2 == 0):
            yield Point(story, f"500 instead of call {number}", (Break(at, 10, where | {"name": "status", "value": "500"}),))
    for number in range(done[1] + 1, commits + 1):
        yield Point(story, f"killed in transaction {number}", (Break(at, 2, {"commit": str(number)}),))
        yield Point(story, f"disk full at transaction {number}", (Break(at, 39, {"commit": str(number)}),))


class Struck(World):
    """A world that ends its process before or after one call."""

    def __init__(self, script: Script, pair: str) -> None:
        super().__init__(SEED, script, staged(pair))
        self._moment = next((b.values["killed"] for b in script.breaks if "killed" in b.values), "")

    def _before(self, letter: Letter, what: str, write: bool) -> None:
        super()._before(letter, what, write)
        if self._moment == f"before {self._call}":
            self._die(what)

    def _after(self, letter: Letter, what: str, write: bool) -> None:
        super()._after(letter, what, write)
        if self._moment == f"after {self._call}":
            self._die(what)

    def _die(self, what: str) -> None:
        self._moment = ""
        self.bit(1)
        self.kill(what)


def play(point: Point) -> Played:
    """Plays a story with one thing that fails in its last turn; the oracle's word, and whether all is there that was there undisturbed."""
    whole = told(point.story)
    script = _script(point.story, point.breaks)
    world = Struck(script, STORIES[point.story].pair)
    world.thaw(whole.before)
    world.turn(script.turns - 1)
    struck = {*world.bitten, *world.side("a").bitten(), *world.side("b").bitten()} >= {one.fault for one in point.breaks}
    world.calm()
    world.found += oracle.judge(world.evidence())
    if not struck:
        world.found.append(Broken("I11", "what was to fail did not", point.what))
    ends = _count(world)
    if ends != whole.ends:
        odd = ", ".join(
            f"{n} {kind} on {letter} instead of {whole.ends[letter, kind]}" for (letter, kind), n in (ends - whole.ends).items()
        )
        less = ", ".join(f"{n} {kind} less on {letter}" for (letter, kind), n in (whole.ends - ends).items())
        world.found.append(Broken("I1" if odd else "I3", odd or less, point.what))
    return world.played()


def _count(world: World) -> Counter[tuple[Letter, Kind]]:
    kinds: tuple[Kind, ...] = ("party", "contact", "quote", "invoice", "note", "product")
    sides: tuple[Letter, Letter] = ("a", "b")
    return Counter({(letter, kind): len(world.side(letter).records(kind)) for letter in sides for kind in kinds})


def points(level: str = LEVEL) -> list[Point]:
    """Every moment of every story of the first pair, or of the other pairs."""
    return [point for story in (TALES if level == LEVEL else PAIR_TALES) for point in told(story).points]


def run(part: int, of: int, level: str = LEVEL) -> Verdict:
    """Plays every so-manieth point, so that several processes share them; ``run(0, 1)`` are all."""
    verdict, began = Verdict(level), time.process_time()
    for number, point in enumerate(points(level)):
        if number % of != part:
            continue
        played = play(point)
        verdict.count("points")
        verdict.count(f"points: {point.what.rstrip('0123456789 ')}")
        if played.broken:
            verdict.failures.append(Failure(level, part + 1, f"--level {level} --seed {part + 1}", played.broken))
        else:
            verdict.count("points survived")
    verdict.seconds = time.process_time() - began
    return verdict
