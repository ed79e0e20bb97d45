"""What is drawn: deeds of people and breaks of the machinery, as small values that can be left out one by one and played again.

Two streams a seed: ``happens`` (people, data, times) and ``breaks`` (faults). Taking faults away does not change what people do.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Literal

Who = Literal["a", "b", "us"]
"""Where a person sits: at the CRM, at the invoicing system, at our own pages."""


AHEAD = 1 / 3
"""Of the worlds, those in which a wave of creates is sent before the last one is settled."""


@dataclass(frozen=True, slots=True, order=True)
class At:
    """A moment: before the call so-many of a turn; call 0 is before the turn begins. What a turn is too short for happens after it."""

    turn: int
    call: int = 0


@dataclass(frozen=True, slots=True)
class Deed:
    """Something a person does. ``about`` is the mark of the customer, contact, deal or document it is about; keys are nobody's business."""

    at: At
    who: Who
    what: str
    about: str = ""
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Break:
    """One fault of the catalogue, ``fault`` by its number, armed at a moment. ``values`` say where and how often it strikes."""

    at: At
    fault: int
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Script:
    """All that is going to happen in a world. ``knobs`` are what holds throughout: policy, plan, page sizes, vendors' habits."""

    turns: int
    deeds: tuple[Deed, ...]
    breaks: tuple[Break, ...]
    knobs: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Streams:
    """The streams of one seed; a further one for every other purpose, so that none disturbs another."""

    seed: int

    @property
    def happens(self) -> random.Random:
        """What people do, from its beginning."""
        return self.of("happens")

    @property
    def breaks(self) -> random.Random:
        """What fails, from its beginning."""
        return self.of("breaks")

    @property
    def ahead(self) -> int:
        """Records of a wave where waves are sent before the last one is settled, else 0. With as many as fill its calls, a town would hold a
        single wave."""
        chance = self.of("ahead")
        return chance.choice((1, 1, 2)) if chance.random() < AHEAD else 0

    def of(self, purpose: str) -> random.Random:
        """A stream of its own. A text as seed is hashed the same way in every process."""
        return random.Random(f"{self.seed}/{purpose}")
