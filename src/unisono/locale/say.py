"""``say(code, values, language)``: the sentence of a code in a language, its values filled in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from unisono.locale.languages import LANGUAGES


def say(code: str, values: Mapping[str, str], language: str) -> str:
    """The sentence. An unknown language falls back to English, an unknown code to the code and its values: nothing is ever hidden."""
    catalogue = catalogue_of(language if language in LANGUAGES else "en")
    sentence = catalogue.get(code) or catalogue_of("en").get(code)
    if sentence is None:
        told = ", ".join(f"{k}: {v}" for k, v in sorted(values.items()))
        return f"{code} ({told})" if told else code
    return sentence.format_map(_Values(values))


@cache
def catalogue_of(language: str) -> dict[str, str]:
    """Code -> sentence of one language, from its gettext catalogue."""
    from babel.messages.pofile import read_po  # loaded with the first word: a start without words does not pay for it

    with files("unisono.locale").joinpath("catalogues", f"{language}.po").open("rb") as stream:
        messages = read_po(stream, locale=language)
    return {str(m.id): str(m.string) for m in messages if m.id and m.string}


class _Values(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
