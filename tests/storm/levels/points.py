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
from tests.storm.chance import At, Break, Deed, Script, Who
from tests.storm.sides import Kind, Letter
from tests.storm.verdict import Broken, Failure, Verdict
from tests.storm.world import Frozen, Played, World

LEVEL = "points"
SEED = 1
KNOBS = {"plan": "premium", "lists": "array", "retry_after": "1"}
_HOME = {"address.line1": "Ring 1", "address.postcode": "10115", "address.city": "Köln", "address.country": "DE"}


def _did(turn: int, who: Who, what: str, about: str = "", /, **values: str) -> Deed:
    return Deed(At(turn), who, what, about, values)


def _firm(turn: int, who: Who, mark: str, **values: str) -> Deed:
    given = {"kind": "company", "website": f"www.{mark}.example", "name": f"Bäckerei {mark} GmbH", "email": f"{mark}@post.example"}
    return Deed(At(turn), who, "create", mark, given | _HOME | values)


def _human(turn: int, who: Who, mark: str) -> Deed:
    given = {"kind": "person", "website": f"www.{mark}.example", "name": f"Nagel {mark}", "first_name": "Nora"}
    return Deed(At(turn), who, "create", mark, given | _HOME)


def _contact(turn: int, who: Who, mark: str, owner: str) -> Deed:
    return _did(
        turn, who, "create", mark, kind="contact", owner=owner, name=f"Groß {mark}", first_name="Jörg", email=f"{mark}@post.example"
    )


def _deal(turn: int, mark: str, customer: str) -> Deed:
    return _did(turn, "a", "deal", mark, customer=customer, title=f"Angebot {mark}", value="1234.56")


def _invoice(turn: int, mark: str, customer: str) -> Deed:
    return _did(turn, "b", "invoice", mark, customer=customer, title=f"Rechnung {mark}", value="99.90", complete="1")


STORIES: dict[str, tuple[Deed, ...]] = {
    "a tagged company with its person": (_firm(0, "a", "c0"), _contact(0, "a", "k0", "c0"), _did(0, "a", "tag", "c0")),
    "a tagged private person": (_human(0, "a", "c0"), _did(0, "a", "tag", "c0")),
    "an offer for a new company": (_firm(0, "a", "c0"), _deal(0, "q0", "c0")),
    "two offers at once": (_firm(0, "a", "c0"), _deal(0, "q0", "c0"), _human(0, "a", "c1"), _deal(0, "q1", "c1")),
    "a company from the invoicing system": (_firm(0, "b", "c0"),),
    "a private person from the invoicing system": (_human(0, "b", "c0"),),
    "a contact person from the invoicing system": (_firm(0, "b", "c0"), _contact(1, "b", "k0", "c0")),
    "an invoice": (_firm(0, "b", "c0"), _invoice(1, "i0", "c0")),
    "an offer that was sent": (_firm(0, "a", "c0"), _deal(0, "q0", "c0"), _did(1, "b", "state", "q0", state="b")),
    "an invoice that was paid": (_firm(0, "b", "c0"), _invoice(0, "i0", "c0"), _did(2, "b", "pay", "i0")),
    "an edit in the CRM": (
        _firm(0, "a", "c0"),
        _did(0, "a", "tag", "c0"),
        _did(1, "a", "edit", "c0", **{"address.city": "Bonn", "phone": "0228 1"}),
    ),
    "an edit in the invoicing system": (
        _firm(0, "b", "c0"),
        _did(1, "b", "edit", "c0", **{"address.city": "Bonn", "email": "neu@post.example"}),
    ),
    "both sides edited": (
        _firm(0, "a", "c0"),
        _did(0, "a", "tag", "c0"),
        _did(1, "a", "edit", "c0", **{"address.city": "Bonn"}),
        _did(1, "b", "edit", "c0", **{"address.postcode": "53111"}),
    ),
    "a conflict and its answer": (
        _firm(0, "b", "c0"),
        _did(1, "a", "edit", "c0", **{"address.city": "Bonn"}),
        _did(1, "b", "edit", "c0", **{"address.city": "Ulm"}),
        _did(2, "us", "answer", nth="0", said="0"),
    ),
    "a deletion": (_firm(0, "b", "c0"), _firm(0, "b", "c1"), _did(1, "a", "delete", "c0"), _did(2, "b", "edit", "c1", phone="0228 1")),
    "an offer edited, and made anew": (
        _firm(0, "a", "c0"),
        _deal(0, "q0", "c0"),
        _did(1, "a", "edit-deal", "q0", value="77.00"),
        _did(2, "us", "answer", nth="0", said="2"),
    ),
}
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

    def __init__(self, script: Script) -> None:
        super().__init__(SEED, script)
        self.calls: list[tuple[Letter, bool, int]] = []
        self.commits = self.steps = 0

    def _before(self, letter: Letter, what: str, write: bool) -> None:
        super()._before(letter, what, write)
        self.calls.append((letter, write, self._commits))

    def _commit(self, moment: str) -> None:
        super()._commit(moment)
        self.commits = self._commits

    def _step(self, name: str) -> None:
        super()._step(name)
        self.steps = self._steps


def _script(story: str, breaks: tuple[Break, ...] = ()) -> Script:
    deeds = STORIES[story]
    return Script(max(d.at.turn for d in deeds) + 1, deeds, breaks, KNOBS)


@cache
def told(story: str) -> Told:
    """Plays a story undisturbed and finds its moments."""
    script = _script(story)
    world = Counting(script)
    last = script.turns - 1
    for turn in range(last):
        world.turn(turn)
        world.clock.advance(400)
    before = world.freeze()
    world.turn(last)
    calls, commits, steps = list(world.calls), world.commits, world.steps
    world.calm()
    broken = [*world.found, *oracle.judge(world.evidence())]
    assert not broken, f"{story} fails by itself: {broken[0]}"
    return Told(before, tuple(_points(story, At(last), calls, commits)), steps, _count(world))


def _points(story: str, at: At, calls: list[tuple[Letter, bool, int]], commits: int) -> Iterator[Point]:
    skipped: Counter[Letter] = Counter()
    for number, (letter, write, _) in enumerate(calls, 1):
        where = {"side": letter, "times": "1", "skip": str(skipped[letter])}
        skipped[letter] += 1
        yield Point(story, f"killed before call {number}", (Break(at, 1, {"killed": f"before {number}"}),))
        yield Point(story, f"time-out before call {number}", (Break(at, 6, where | {"name": "timeout-before"}),))
        if write:
            yield Point(story, f"killed after call {number}", (Break(at, 1, {"killed": f"after {number}"}),))
            yield Point(story, f"time-out after call {number}", (Break(at, 7, where | {"name": "timeout-after"}),))
            yield Point(story, f"500 after call {number}", (Break(at, 10, where | {"name": "status-after", "value": "500"}),))
        else:
            yield Point(story, f"500 instead of call {number}", (Break(at, 10, where | {"name": "status", "value": "500"}),))
    for number in range(1, commits + 1):
        yield Point(story, f"killed in transaction {number}", (Break(at, 2, {"commit": str(number)}),))
        yield Point(story, f"disk full at transaction {number}", (Break(at, 39, {"commit": str(number)}),))


class Struck(World):
    """A world that ends its process before or after one call."""

    def __init__(self, script: Script) -> None:
        super().__init__(SEED, script)
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
    world = Struck(script)
    world.thaw(whole.before)
    world.turn(script.turns - 1)
    world.calm()
    world.found += oracle.judge(world.evidence())
    ends = _count(world)
    if ends != whole.ends:
        odd = ", ".join(
            f"{n} {kind} on {letter} instead of {whole.ends[letter, kind]}" for (letter, kind), n in (ends - whole.ends).items()
        )
        less = ", ".join(f"{n} {kind} less on {letter}" for (letter, kind), n in (whole.ends - ends).items())
        world.found.append(Broken("I1" if odd else "I3", odd or less, point.what))
    return world.played()


def _count(world: World) -> Counter[tuple[Letter, Kind]]:
    kinds: tuple[Kind, ...] = ("party", "contact", "quote", "invoice", "note")
    sides: tuple[Letter, Letter] = ("a", "b")
    return Counter({(letter, kind): len(world.side(letter).records(kind)) for letter in sides for kind in kinds})


def points() -> list[Point]:
    """Every moment of every story."""
    return [point for story in STORIES for point in told(story).points]


def run(part: int, of: int) -> Verdict:
    """Plays every so-manieth point, so that several processes share them; ``run(0, 1)`` are all."""
    verdict, began = Verdict(LEVEL), time.process_time()
    verdict.count("stories", len(STORIES) if part == 0 else 0)
    for number, point in enumerate(points()):
        if number % of != part:
            continue
        played = play(point)
        verdict.count("points")
        verdict.count(f"points: {point.what.rstrip('0123456789 ')}")
        if played.broken:
            verdict.failures.append(Failure(LEVEL, number, f"--level {LEVEL} --seed {number}", played.broken))
        else:
            verdict.count("points survived")
    verdict.seconds = time.process_time() - began
    return verdict
