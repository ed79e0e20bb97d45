"""What the oracle judges by: the vendors' truth and logs, what people did, and of the product only what it says to people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.storm.chance import Deed
from tests.storm.sides import Entry, Letter, Side
from unisono.store.asking import Problem, Question


@dataclass(frozen=True, slots=True)
class Did:
    """A deed that was done: after which call of the product, and what the person saw and left."""

    deed: Deed
    seq: int
    at: datetime
    key: str
    before: Entry | None
    after: Entry | None
    meanwhile: bool = False
    """Whether the product was in the middle of a turn."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A policy and since when it is in force."""

    at: datetime
    seq: int
    version: int
    body: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that a vendor kept from view for a while."""

    seq: int
    letter: Letter
    mark: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything about one world after its calm."""

    a: Side
    b: Side
    did: tuple[Did, ...]
    rules: tuple[Rule, ...]
    hidden: tuple[Kept, ...] = ()
    journal: tuple[Mapping[str, Any], ...] = ()
    questions: tuple[Question, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[Mapping[str, Any], ...] = ()
    restored: bool = False
    """An older database was put back: what was noted since is not known any more."""
    skewed: bool = False
    """A clock was wrong at some time: what the hours of two logs say together means nothing."""
    stalled: int = 0
    """How often a process was held up between taking leave to call and calling: so many calls may come too late into a window."""
    keys_given: tuple[tuple[Letter, datetime], ...] = ()
    """When a person gave a new key for a side."""
    broken_off: bool = False
    """A process ended in the middle of its work, or found another one at it."""
    fair: bool = False
    """Nothing broke, nobody paused or chose anew."""
    turns: tuple[tuple[datetime, datetime], ...] = ()
    """When each turn of the product began and ended."""
    unkept: tuple[datetime, ...] = ()
    """When the store refused to keep something."""
    image: bytes = b""
    """The product's whole database."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
