"""The ways between pages: each page module says where it stands; the layout only lays them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Group = Literal["daily", "setup", "house"]
"""``daily`` and ``setup`` belong to a pair (``{pair}`` in the path), ``house`` to the installation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the navigation. ``counts`` names what is counted beside it; ``narrow`` says that it is in the bar of a phone, too."""

    code: str
    icon: str
    path: str
    group: Group
    order: int
    needs: str = "view"
    counts: Literal["", "questions", "problems"] = ""
    narrow: bool = False

    def to(self, pair: str) -> str:
        """Where it leads."""
        return self.path.format(pair=pair)


def current(entries: Sequence[Entry], here: str, pair: str) -> str:
    """The way of the entry that a page stands under: its own, or that of the page it is a part of; of several the nearest."""
    ways = [entry.to(pair) for entry in entries if pair or "{pair}" not in entry.path]
    home = f"/pairs/{pair}"
    if here == "/" and home in ways:
        return home
    # A pair's own page is where all its other pages begin: it has no parts.
    fits = [to for to in ways if here == to or (to != home and here.startswith(to + "/"))]
    return max(fits, key=len, default="")
