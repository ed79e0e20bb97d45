"""``say(code, values, language)``: the sentence of a code in a language, its values filled in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from unisono.locale.languages import LANGUAGES, plural_form


def say(code: str, values: Mapping[str, str], language: str) -> str:
    """The sentence; one that counts, in the form that fits ``count``.

    An unknown language falls back to English, an unknown code to the code and its values: nothing is ever hidden.
    """
    spoken = language if language in LANGUAGES and code in forms_of(language) else "en"
    forms = forms_of(spoken).get(code)
    if forms is None:
        told = ", ".join(f"{k}: {v}" for k, v in sorted(values.items()))
        return f"{code} ({told})" if told else code
    count = values.get("count", "")
    chosen = forms[plural_form(int(count), spoken)] if len(forms) > 1 and count.isdecimal() else forms[-1]
    return chosen.format_map(_Values(values))


def counted(noun: str, count: int, language: str) -> str:
    """So many of something, for sentences that count more than one thing: ``74 de apeluri``."""
    return say(f"counted.{noun}", {"count": str(count)}, language)


@cache
def catalogue_of(language: str) -> dict[str, str]:
    """Code -> sentence of one language; of one that counts, the form for many."""
    return {code: forms[-1] for code, forms in forms_of(language).items()}


@cache
def forms_of(language: str) -> dict[str, tuple[str, ...]]:
    """Code -> the forms of its sentence (one, unless it counts), from the language's gettext catalogue."""
    from babel.messages.pofile import read_po  # loaded with the first word: a start without words does not pay for it

    with files("unisono.locale").joinpath("catalogues", f"{language}.po").open("rb") as stream:
        messages = read_po(stream, locale=language)
    found = {}
    for message in messages:
        code = message.id if isinstance(message.id, str) else message.id[0]
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        if code and forms and all(forms):
            found[code] = forms
    return found


class _Values(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
