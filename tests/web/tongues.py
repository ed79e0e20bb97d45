"""Finds words of one language on a page of another: what nobody translated, or what was said in the wrong language."""

from __future__ import annotations

import re
from functools import cache

from unisono.locale.languages import LANGUAGES
from unisono.locale.say import forms_of

_VALUE = re.compile(r"\{\w+\}")
_LONG = 14
"""Letters a phrase needs to be told from chance: a name or a loan word is shorter."""


def foreign(text: str, language: str) -> dict[str, str]:
    """Phrases on a page that only another language's catalogue has, and the code each belongs to."""
    plain = " ".join(text.split())
    return {phrase: code for phrase, code in _others(language) if phrase in plain and not _is_part(phrase, plain, language)}


def phrases(language: str) -> set[tuple[str, str]]:
    """What a language says between the values that are filled in: (phrase, code). Only what is several words, so that names do not count."""
    found = set()
    for code, forms in forms_of(language).items():
        for form in forms:
            for piece in _VALUE.split(form):
                words = " ".join(piece.split()).strip(" .,:;!?()“”„")
                if len(words) >= _LONG and " " in words:
                    found.add((words, code))
    return found


@cache
def _own(language: str) -> str:
    return "\n".join(" ".join(form.split()) for forms in forms_of(language).values() for form in forms)


@cache
def _others(language: str) -> tuple[tuple[str, str], ...]:
    own = _own(language)
    found = {one for other in LANGUAGES if other != language for one in phrases(other)}
    # Where a key is found is said in the vendor's own menu words, whatever the language around them.
    return tuple(sorted((phrase, code) for phrase, code in found if phrase not in own))


def _is_part(phrase: str, text: str, language: str) -> bool:
    """Whether every place where a phrase stands is within a sentence of the page's own language."""
    spots = [found.start() for found in re.finditer(re.escape(phrase), text)]
    around = [(found.start(), found.end()) for own, _ in phrases(language) if phrase in own for found in re.finditer(re.escape(own), text)]
    return bool(spots) and all(any(begin <= spot < end for begin, end in around) for spot in spots)
