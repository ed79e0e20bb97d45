"""I22: bounded. A quiet firm over many weeks on the stage of two invented vendors: what the store keeps grows with what people do, and with
nothing else; what a process holds in memory does not grow with its turns."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import func, select

from tests.storm import calming
from tests.storm.chance import At, Deed, Script, Streams
from tests.storm.invented import faked
from tests.storm.people import quiet_script
from tests.storm.verdict import Broken
from tests.storm.world import World
from unisono.store import tables

HOURS = 6
"""Between two looks at the product: it polls whenever it likes."""
ROWS_AN_EDIT = 12
"""Rows of all tables together that one edit may leave behind for good: its intent, its history, a question or problem and what they say."""
GROWTH = 250
"""Objects that a process may hold more after so many idle turns: caches that fill up to their limits."""


@dataclass(slots=True)
class Kept:
    """What was counted at a moment: rows by table, and how many edits there were by then."""

    rows: dict[str, int]
    edits: int = 0
    objects: int = 0


@dataclass(slots=True)
class Span:
    """Weeks of a world: ``busy`` while people edit, ``idle`` while nobody does."""

    busy: list[Kept] = field(default_factory=list)
    idle: list[Kept] = field(default_factory=list)


def spanned(seed: int, *, weeks: int = 6, idle_turns: int = 60) -> tuple[World, Span]:
    """Plays some weeks of a few edits each, and then days of nothing. Counts are taken after each week, and around the idle days."""
    streams = Streams(seed)
    base = quiet_script(streams, turns=3)
    world = World(seed, Script(3, base.deeds, (), {"contacts": "none", "quotes": "off", "documents": "off"}), faked)
    span, chance = Span(), streams.of("weeks")
    for turn in range(3):
        world.turn(turn)
        world.clock.advance(400)
    world.calm()
    span.busy.append(Kept(counts(world)))
    for week in range(1, weeks + 1):
        for n in range(4):
            mark, side = f"c{chance.randint(0, 5)}", chance.choice("ab")
            world.script = Script(world.script.turns, (*world.script.deeds, _edit(week, n, mark, side)), (), world.script.knobs)
        days(world, 7, 99 + week)
        world.calm()
        span.busy.append(Kept(counts(world), edits=4 * week))
    days(world, 5, 0)  # what is filled once is filled by now
    span.idle.append(Kept(counts(world), objects=held(world)))
    days(world, idle_turns * HOURS // 24, 0)
    span.idle.append(Kept(counts(world), objects=held(world)))
    return world, span


def _edit(week: int, n: int, mark: str, side: str) -> Deed:
    return Deed(At(99 + week), side, "edit", mark, {"address.line1": f"Woche {week}, {n}"})  # type: ignore[arg-type]


def days(world: World, number: int, turn: int) -> None:
    """The product works through some days; the deeds of ``turn`` are done in the first hour of them."""
    if turn:
        world.turn(turn)
    for _ in range(number * 24 // HOURS):
        world.clock.advance(HOURS * 3600)
        calming.mend(world)
        world.work(lambda: world.runner().turn())


def counts(world: World) -> dict[str, int]:
    """Rows of every table."""
    with world.store.read() as conn:
        return {table.name: conn.execute(select(func.count()).select_from(table)).scalar_one() for table in tables.metadata.sorted_tables}


def held(world: World) -> int:
    """Objects of this process that cannot be forgotten, but for the lines of the vendors' own logs."""
    gc.collect()
    return len(gc.get_objects()) - len(world.stage.a.log) - len(world.stage.b.log)


def judge(span: Span) -> Iterator[Broken]:
    """What grew that should not have."""
    before, after = span.idle
    for name, number in after.rows.items():
        if number > before.rows[name]:
            yield Broken("I22", f"{name} grew from {before.rows[name]} to {number} rows while nobody did anything", "")
    if after.objects - before.objects > GROWTH:
        yield Broken("I22", f"{after.objects - before.objects} objects more after idle turns", "")
    first, last = span.busy[0], span.busy[-1]
    grown = sum(last.rows.values()) - sum(first.rows.values())
    if grown > ROWS_AN_EDIT * (last.edits - first.edits):
        most = max(last.rows, key=lambda name: last.rows[name] - first.rows[name])
        yield Broken("I22", f"{grown} rows more for {last.edits - first.edits} edits, most of them in {most}", "")
