"""What a listing has shown of the records that were stored before it began: a bit each, however many there are."""

from __future__ import annotations

from collections.abc import Iterable

_BITS = 12
"""Numbers of 4,096 records in a row share a piece: pieces are made as they are needed, because those of one list may lie far apart."""
_REST = (1 << _BITS) - 1


class Listed:
    """Which stored records a listing showed, by their numbers, and the keys of the rows somebody asks about by name.

    ``last`` is the highest number given before the listing began: what is stored later was there when it was, so nothing is to be proved of it.
    A record that is shown on two pages is one, which counting would get wrong: one shown twice would hide another that is gone.
    """

    __slots__ = ("_last", "_pieces", "keys")

    def __init__(self, last: int) -> None:
        self._last = last
        self._pieces: dict[int, bytearray] = {}
        self.keys: set[str] = set()

    def add(self, numbers: Iterable[int]) -> None:
        """These records were shown."""
        pieces = self._pieces
        for number in numbers:
            place = number >> _BITS
            piece = pieces.get(place)
            if piece is None:
                piece = pieces[place] = bytearray(1 << (_BITS - 3))
            piece[(number & _REST) >> 3] |= 1 << (number & 7)

    def __contains__(self, number: int) -> bool:
        """Whether nothing is missing about a record: it was shown, or it is newer than the listing."""
        piece = self._pieces.get(number >> _BITS)
        return number > self._last or (piece is not None and bool(piece[(number & _REST) >> 3] >> (number & 7) & 1))
