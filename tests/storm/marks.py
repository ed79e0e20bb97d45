"""The mark of a customer as a mobile number, for vendors that know of no website: nobody edits it, and every vendor keeps its digits."""

from __future__ import annotations

import re

_SERIES = {"c": "1", "x": "2"}
_LETTERS = {digit: letter for letter, digit in _SERIES.items()}
_FOUND = re.compile(r"17199(\d)(\d{4})$")


def mobile_of(mark: str) -> str:
    """``c3`` -> ``0171 99 1 0003``; nothing for a mark that is no customer's."""
    series = _SERIES.get(mark[:1], "")
    return f"0171 99{series}{int(mark[1:]):04d}" if series and mark[1:].isdigit() else ""


def mark_in(mobile: str) -> str:
    """The mark that a mobile number stands for."""
    found = _FOUND.search(re.sub(r"\D", "", mobile))
    return f"{_LETTERS[found[1]]}{int(found[2])}" if found is not None and found[1] in _LETTERS else ""
