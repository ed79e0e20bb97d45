"""Compare the form of two JSON values: the same keys, the same JSON types. Values are not looked at.

A sample is an example, not a schema: ``null`` in it says nothing of the type, an empty list nothing of the elements, and a member of
a list may have keys its neighbours lack. Everything else must agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Shape:
    """The form of all JSON values seen at one place."""

    kinds: set[str] = field(default_factory=set)
    """Of ``string number boolean list object``; ``null`` is not counted."""
    keys: dict[str, Shape] = field(default_factory=dict)
    always: set[str] | None = None
    """The keys every object seen here had."""
    items: Shape | None = None

    def add(self, value: Any, *, numbered: bool = False) -> Shape:
        """Take in one more value. ``numbered``: an object whose keys are all numbers counts as a list."""
        kind = kind_of(value, numbered=numbered)
        if kind == "null":
            return self
        self.kinds.add(kind)
        if kind == "list":
            for item in value.values() if isinstance(value, dict) else value:
                self.items = (self.items or Shape()).add(item, numbered=numbered)
        elif kind == "object":
            for key, item in value.items():
                self.keys.setdefault(key, Shape()).add(item, numbered=numbered)
            self.always = set(value) if self.always is None else self.always & set(value)
        return self


def kind_of(value: Any, *, numbered: bool = False) -> str:
    """The JSON type of a decoded value: ``null boolean number string list object``."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, list):
        return "list"
    if numbered and value and all(key.isdigit() for key in value):
        return "list"
    return "object"


def mismatches(sample: Any, answer: Any, *, numbered: bool = False, ignore: Iterable[str] = (), open_at: Iterable[str] = ()) -> list[str]:
    """Where ``answer`` has another form than ``sample``, one line each; empty if it has the same.

    Places are written ``$.company.tags[].id``. ``ignore``: places that are not compared at all. ``open_at``: objects that may have more or
    fewer keys than the sample's (those both have are compared). ``numbered``: objects with numeric keys are lists.
    """
    expected = Shape().add(sample, numbered=numbered)
    seen = Shape().add(answer, numbered=numbered)
    return list(_compare(expected, seen, "$", set(ignore), set(open_at)))


def _compare(expected: Shape, seen: Shape, where: str, ignore: set[str], open_at: set[str]) -> Iterable[str]:
    if where in ignore or not expected.kinds or not seen.kinds:
        return
    if odd := seen.kinds - expected.kinds:
        yield f"{where}: the sample has {_words(expected.kinds)}, the answer {_words(odd)}"
        return
    if "object" in seen.kinds and expected.keys:
        if where not in open_at:
            for key in sorted((expected.always or set()) - (seen.always or set())):
                if f"{where}.{key}" not in ignore:
                    yield f"{where}.{key}: in the sample, missing in the answer"
            for key in sorted(seen.keys.keys() - expected.keys.keys()):
                if f"{where}.{key}" not in ignore:
                    yield f"{where}.{key}: in the answer, unknown to the sample"
        for key in sorted(seen.keys.keys() & expected.keys.keys()):
            yield from _compare(expected.keys[key], seen.keys[key], f"{where}.{key}", ignore, open_at)
    if "list" in seen.kinds and expected.items and seen.items:
        yield from _compare(expected.items, seen.items, f"{where}[]", ignore, open_at)


def _words(kinds: set[str]) -> str:
    return " or ".join(sorted(kinds))
