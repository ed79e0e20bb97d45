"""What a listing has shown of the records that were stored before it began: a byte each, however many there are."""

from __future__ import annotations

from collections.abc import Iterable

_BITS = 9
"""Numbers of 512 records in a row share a piece: pieces are made as they are needed, because those of one list may lie far apart."""
_SIZE = 1 << _BITS
_REST = _SIZE - 1
_NONE = bytes(_SIZE)


class Listed:
    """Which stored records a listing showed, by their numbers, and the keys of the rows somebody asks about by name.

    ``last`` is the highest number given before the listing began: what is stored later was there when it was, so nothing is to be proved of it.
    A record that is shown on two pages is one, which counting would get wrong: one shown twice would hide another that is gone.
    ``change`` is the last change number of the connection then: what has a higher one was looked at after the listing began, so a page of it
    may be older than that.
    """

    __slots__ = ("_last", "_pieces", "change", "keys")

    def __init__(self, last: int, change: int) -> None:
        self._last = last
        self.change = change
        self._pieces: dict[int, bytearray] = {}
        self.keys: set[str] = set()

    def add(self, numbers: Iterable[int]) -> None:
        """These records were shown."""
        pieces = self._pieces
        for number in numbers:
            place = number >> _BITS
            piece = pieces.get(place)
            if piece is None:
                piece = pieces[place] = bytearray(_SIZE)
            piece[number & _REST] = 1

    def left(self, numbers: Iterable[int]) -> list[int]:
        """Those of which something may be missing: they were not shown, and are not newer than the listing."""
        shown, last = self._pieces.get, self._last
        return [number for number in numbers if number <= last and not shown(number >> _BITS, _NONE)[number & _REST]]
