"""What two systems cannot do, and what of records stays behind, as a preview stores it (plain values), in the words of its reader. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unisono.locale.format import duration_text
from unisono.locale.names import field_name, kind_name, name_of, value_name
from unisono.locale.say import say
from unisono.locale.tell import tell

Titles = Mapping[str, str]
"""What the systems are called: ``crm`` and ``invoicing``."""
_SIDE = {"a": "crm", "b": "invoicing"}


def shortfall_text(told: Mapping[str, Any], language: str, titles: Titles) -> str:
    """One statement about the pair, whole sentences, without the kind of record it concerns."""
    names = {"system": titles[told["side"]], "other": titles["invoicing" if told["side"] == "crm" else "crm"]}
    kind, fields = told.get("kind", ""), told.get("fields", [])
    if told.get("entry"):
        values = names | {"kind": kind_name(kind, language), "field": field_name(fields[0], language, kind) if fields else ""}
        return _answer(told, say(f"lacks.{told['code']}", values, language), language, titles)
    values = names | dict(told.get("values", {}))
    if told.get("limits"):
        values["limits"] = ", ".join(_length(one, kind, language) for one in told["limits"])
    elif fields:
        values["fields"] = ", ".join(fields)
    if "words" in values:
        values["words"] = ", ".join(value_name(fields[0], word, language) for word in values["words"].split(","))
    if "seconds" in values:
        values["time"] = duration_text(int(values.pop("seconds")))
    # A field may end in a full stop of its own (USt-IdNr.).
    return tell(f"cannot.{told['code']}", values, language, kind=kind, titles=titles, led=False).replace("..", ".")


def shortfall_line(told: Mapping[str, Any], language: str, titles: Titles) -> str:
    """The same on a line of its own: whose, the sentence, and how the fact is known."""
    kind = kind_name(told["kind"], language) if told.get("kind") else titles[told["side"]]
    known = name_of(f"known.{told['confidence']}", language) if told.get("confidence") else ""
    return f"{kind[:1].upper()}{kind[1:]}: {shortfall_text(told, language, titles)}" + (f" [{known}]" if known else "")


def behind_text(told: Mapping[str, Any], language: str, titles: Titles) -> str:
    """What of a group of records stays behind, and why; ``told`` is a group as a preview stores it."""
    place, code, field = (*told["mark"].split(":", 2), "", "")[:3]
    name = told["names"][0] if told["count"] == 1 and told["names"] else ""
    return _mark_text(place, code, field, told["kind"], language, titles, told.get("values", {}), name)


def behind_line(told: Mapping[str, Any], language: str, titles: Titles) -> str:
    """The same on a line of its own: how many of which kind, the sentence, and the first of them by name."""
    names = ", ".join(told["names"]) + (" …" if told["count"] > len(told["names"]) else "")
    line = f"{told['count']} × {kind_name(told['kind'], language)}: {behind_text(told, language, titles)}"
    return f"{line} ({names})" if told["names"] else line


def left_of(action: Mapping[str, Any], kind: str, language: str, titles: Titles) -> tuple[str, ...]:
    """What of one record stays behind, besides what its reason and its problems say; ``action`` is that of a row of a plan."""
    said = {action["reason"]["code"], *(one["code"] for one in action.get("problems", []))}
    marks = ((*text.split(":", 2), "", "")[:3] for text in action.get("marks", []))
    return tuple(
        _mark_text(place, code, field, kind, language, titles) for place, code, field in marks if place in _SIDE or code not in said
    )


def _mark_text(
    place: str, code: str, field: str, kind: str, language: str, titles: Titles, values: Mapping[str, str] | None = None, name: str = ""
) -> str:
    """``Website: Lexware Office hat keinen Platz dafür``; of a problem its sentence."""
    if place not in _SIDE:
        return tell(code, values or {}, language, name=name, field=field, kind=kind, titles=titles, led=False)
    return f"{field_name(field, language, kind)}: {say(f'flaw.{code}', {'system': titles[_SIDE[place]]}, language)}."


def _answer(told: Mapping[str, Any], why: str, language: str, titles: Titles) -> str:
    label = say(f"set.{told['entry']}", titles, language)
    if not told.get("choice"):
        return say("cannot.question", {"label": label, "why": why}, language)
    choice = say(told["choice"], titles, language)
    return say("cannot.answer", {"label": label, "choice": choice, "why": why}, language)


def _length(limit: list[Any], kind: str, language: str) -> str:
    name, length, person = limit
    values = {"field": field_name(name, language, kind), "limit": str(length), "person": str(person)}
    return say("cannot.length-person" if person else "cannot.length", values, language)
