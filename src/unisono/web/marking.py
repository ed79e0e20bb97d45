"""Two texts beside each other with what differs marked, word by word."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from markupsafe import Markup, escape

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
_LONGEST = 2000
"""Of longer texts nothing is marked: that would take longer than reading them."""


def marked(one: str, two: str) -> tuple[Markup, Markup]:
    """Both texts, escaped; what one has and the other has not stands in ``<mark>``. An empty text leaves the other as it is."""
    if not one or not two or one == two or max(len(one), len(two)) > _LONGEST:
        return escape(one), escape(two)
    a, b = _WORDS.findall(one), _WORDS.findall(two)
    left, right = Markup(""), Markup("")
    for what, a1, a2, b1, b2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        left += _piece("".join(a[a1:a2]), what != "equal")
        right += _piece("".join(b[b1:b2]), what != "equal")
    return left, right


def _piece(text: str, differs: bool) -> Markup:
    return Markup("<mark>{}</mark>").format(text) if differs and text.strip() else escape(text)
