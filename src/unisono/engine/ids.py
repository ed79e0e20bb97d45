"""Ids of our own: sortable by time, unique by chance; both from arguments."""

from __future__ import annotations

import hashlib
import random

from unisono.connect.clock import Clock

REFERENCE = "uni-"
"""How every reference of ours begins."""
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
"""The letters of RFC 4648, in lower case."""


def _pairs(alphabet: str) -> list[str]:
    """Every two letters by their value: a text is put together in half the steps."""
    return [first + second for first in alphabet for second in alphabet]


_IDS, _REFERENCES = _pairs(_ALPHABET), _pairs(_BASE32)
_ID_STEPS, _REFERENCE_STEPS = range(120, -1, -10), range(70, -1, -10)


class Ids:
    """Makes ids from a clock and a source of chance. Within one millisecond a counter keeps their order."""

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        self._clock = clock
        self._chance = chance
        self._last = (0, 0)

    def new(self) -> str:
        """A 26-character text: 10 of time, 4 of order, 12 of chance."""
        at = int(self._clock.now().timestamp() * 1000)
        at = max(at, self._last[0])
        order = self._last[1] + 1 if at == self._last[0] else 0
        self._last = (at, order)
        number = (at << 20 | order) << 60 | self._chance.getrandbits(60)
        return "".join([_IDS[number >> step & 1023] for step in _ID_STEPS])


def reference_of(pair: str, subject: str, kind: str) -> str:
    """Our reference to a vendor: ``uni-`` and 16 lower-case base32 characters.

    It follows from the pair and the record it is made from, so that a store restored from yesterday still finds what it made today.
    """
    digest = hashlib.blake2b(f"{pair}/{subject}/{kind}".encode(), digest_size=10).digest()
    number = int.from_bytes(digest)
    return REFERENCE + "".join([_REFERENCES[number >> step & 1023] for step in _REFERENCE_STEPS])
