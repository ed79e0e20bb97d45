"""History, questions and problems as the pages tell them: Unisono is the subject, the record's name stands out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from unisono.store.asking import Question
from unisono.store.feed import Happened
from unisono.web.speech import Speech
from unisono.wiring.deciding import Alike
from unisono.wiring.exporting import deed_of

_SYSTEM = {"a": "crm", "b": "invoicing"}
_SHOWN_FIELDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a feed. ``side`` is ``crm``, ``inv`` or empty; ``look`` is a state of the style sheet; ``link`` the record's history."""

    at: str
    side: str
    text: Markup
    why: str
    look: str
    happened: Happened


def lines(speech: Speech, happened: Iterable[Happened], titles: Mapping[str, str]) -> list[Line]:
    """Lines of a feed, in the order given."""
    return [_write(speech, one, titles) if one.is_write else _event(speech, one) for one in happened]


def problem_title(speech: Speech, alike: Alike, titles: Mapping[str, str]) -> str:
    """What a group of problems is, without a name in front where there are several."""
    first = alike.first
    several = len(alike.problems) > 1
    return speech.tell(
        first.code,
        _common(alike) if several else first.values,
        name="" if several else first.label,
        field=first.field,
        kind=first.kind,
        titles=titles,
        led=False,
    )


def question_text(speech: Speech, question: Question, titles: Mapping[str, str]) -> str:
    """A question as people read it."""
    return speech.tell(question.code, question.values, name=question.label, titles=titles, led=False)


def _common(alike: Alike) -> dict[str, str]:
    """The values that all of a group share."""
    first = alike.first.values
    return {name: value for name, value in first.items() if all(one.values.get(name) == value for one in alike.problems)}


def _write(speech: Speech, one: Happened, titles: Mapping[str, str]) -> Line:
    name = Markup("<b>{}</b>").format(one.label or speech.kind(one.kind))
    system = titles[_SYSTEM[one.side]]
    names = [speech.field(field, one.kind) for field in one.after if field != "reference"]
    fields = ", ".join(names[:_SHOWN_FIELDS]) + (" …" if len(names) > _SHOWN_FIELDS else "")
    look = {"done": "", "refused": "bad", "unclear": "wait", "open": "wait", "void": "off"}.get(one.state, "")
    text = speech.words(f"did.{deed_of(one, fields=bool(fields))}", name=name, system=system, fields=fields)
    why = speech.tell(one.reason, one.values, name=one.label, kind=one.kind, titles=titles, led=False) if one.reason else ""
    return Line(at=one.at, side="crm" if one.side == "a" else "inv", text=text, why=why, look=look, happened=one)


def _event(speech: Speech, one: Happened) -> Line:
    name = Markup("<b>{}</b>").format(one.label) if one.label else Markup("")
    side = {"a:": "crm", "b:": "inv"}.get(one.key[:2], "")
    event = speech.words("event." + one.event)
    text = Markup("{} {}").format(event, name) if name else event
    return Line(at=one.at, side=side, text=text, why=one.by, look="", happened=one)
