"""Level B: whole cycles of the engine between two invented vendors, whose nature the seed draws. No HTTP: many small worlds."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.storm.chance import At, Break, Deed, Script, Streams
from tests.storm.faults import draw_breaks
from tests.storm.invented import PAIR, draw_policy, faked
from tests.storm.levels.worlds import played
from tests.storm.people import draw_people
from tests.storm.verdict import Verdict
from tests.storm.world import Played, play

LEVEL = "engine"
SIZE = 3
"""Customers of a town, at the most; a few of its people do two or three things more. Small worlds, so that there can be many."""


def draw(streams: Streams) -> Script:
    """A small world: who lives in it, what breaks, and what the firm has chosen."""
    happens = streams.happens
    turns = happens.randint(3, 4)
    deeds = sorted([*draw_people(happens, turns, size=SIZE), *_burst(streams.of("burst"), turns)], key=lambda deed: deed.at)
    breaks = draw_breaks(streams.breaks, turns) + _tokens(streams.of("tokens"), turns)
    return Script(turns, tuple(deeds), tuple(sorted(breaks, key=lambda b: (b.at, b.fault))), draw_policy(streams.of("policy")))


def _burst(chance: random.Random, turns: int) -> list[Deed]:
    """In one world of ten a script makes more companies within a second than a small page holds."""
    if chance.random() < 0.9:
        return []
    at = At(chance.randrange(1, turns))
    return [Deed(at, "a", "create", f"y{n}", {"kind": "company", "name": f"Schwall {n}", "website": f"www.y{n}.example"}) for n in range(6)]


def _tokens(chance: random.Random, turns: int) -> list[Break]:
    """In one world of ten a refreshed token gets lost on its way."""
    if chance.random() < 0.9:
        return []
    return [Break(At(chance.randrange(turns)), 14, {"side": chance.choice("ab"), "name": "lost", "match": "refresh", "times": "1"})]


def world(seed: int, deeds: Sequence[Deed] | None = None, breaks: Sequence[Break] | None = None, *, words: bool = False) -> Played:
    """One world of this level."""
    return play(seed, deeds, breaks, maker=faked, draw=draw, words=words)


def run(first_seed: int, last_seed: int) -> Verdict:
    """Plays the worlds of these seeds, both included."""
    return played(LEVEL, "seeds", PAIR, world, first_seed, last_seed)
