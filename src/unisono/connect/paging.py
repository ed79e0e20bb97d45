"""Reading a list to its end while it moves: rows that go let the ones behind them slide past a page that is read by its number.

So each page begins with a row that was shown already. If it does not, rows in front have gone meanwhile, and the list is read again from
further up until known ground is reached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from unisono.model.errors import BadAnswer

T = TypeVar("T")
_LOOKS_BACK = 20
"""A list in which known ground is lost more often has no order, and cannot be read by pages."""


class Stretch(Struct, Generic[T], frozen=True):
    """A page as it came: where in the list it begins, the keys of its rows (empty: a row without one), whether more may follow."""

    start: int
    keys: Sequence[str]
    full: bool
    page: T


def walk(read: Callable[[int], Stretch[T]], told: dict[str, str]) -> Iterator[tuple[Stretch[T], list[int]]]:
    """Every page with the places of those of its rows that were not shown before, until one that is not full.

    ``read(at)`` gives a page that begins at ``at`` or a little before it. Raises ``BadAnswer`` (with ``told``) if pages repeat themselves, or
    if the list moves faster than it is read.
    """
    shown: set[str] = set()
    at = furthest = looks = 0
    while True:
        stretch = read(at)
        keys, end = stretch.keys, stretch.start + len(stretch.keys)
        if stretch.start and not (keys and (not keys[0] or keys[0] in shown)):
            looks += 1
            if looks > _LOOKS_BACK:
                raise BadAnswer("list-moves", told)
            at = max(0, stretch.start - max(1, len(keys) - 1, furthest // 4))
            continue
        fresh = [place for place, key in enumerate(keys) if not key or key not in shown]
        if stretch.full and end > furthest and stretch.start and not fresh:
            raise BadAnswer("same-page-again", told)
        shown.update(keys)
        yield stretch, fresh
        if not stretch.full:
            return
        furthest = max(furthest, end)
        at = end - 1


def numbered(at: int, most: int) -> tuple[int, int]:
    """Number (from 1) and size of the page that holds ``at`` and reaches furthest, of ``most`` rows at the most.

    Vendors that count pages instead of rows can be asked for any place by the right size: place 249 begins page 2 of 249 rows each.
    """
    size = max(range(max(1, most // 2), most + 1), key=lambda size: size - at % size)
    return at // size + 1, size
