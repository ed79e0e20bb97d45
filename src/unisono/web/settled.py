"""Settings as people read them: what a question is called, what an answer says, what differs between two policies, what is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from unisono.model.codes import COUNTRIES
from unisono.model.text import folded
from unisono.policy.files import BadPolicy
from unisono.policy.possible import Lack
from unisono.policy.possible import in_vain as in_vain_of
from unisono.policy.schema import Policy
from unisono.policy.settings import Setting, settings, values_of
from unisono.policy.shortfalls import word_of
from unisono.web.speech import Speech
from unisono.wiring.settings import Question

Titles = Mapping[str, str]
_RULES_FOR_DELETIONS = ("customers.deletion.in_crm", "customers.deletion.in_invoicing", "customers.deletion.contacts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One answer of a question: what it says, what follows from it, why it comes to nothing, whether it may be chosen."""

    value: str
    text: str
    follows: str = ""
    lack: str = ""
    chosen: bool = False
    closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question on a page. ``told`` is its answer in words, ``usual`` the usual one; ``trouble`` is what is wrong with the one given."""

    setting: Setting
    label: str
    why: str
    value: str
    told: str
    usual: str
    is_usual: bool
    options: tuple[Option, ...] = ()
    lack: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry that two policies answer differently, in words."""

    entry: str
    label: str
    before: str
    after: str


def asked(speech: Speech, questions: Iterable[Question], titles: Titles, wrong: Mapping[str, str] | None = None) -> list[Asked]:
    """Questions, in the order given."""
    return [_asked(speech, one, titles, (wrong or {}).get(one.setting.entry, "")) for one in questions]


def label(speech: Speech, entry: str, titles: Titles) -> str:
    """What a question is called; entries that no question asks go by what they are about."""
    if entry == "leave_out":
        return str(speech.words("settings.left-out-entry"))
    if entry.startswith("customers.fields."):
        name, _, what = entry.removeprefix("customers.fields.").rpartition(".")
        code = "settings.field-direction" if what == "direction" else "settings.field-wins"
        return str(speech.words(code, field=speech.field(name)))
    return str(speech.words("set." + entry, **titles)) if entry in _BY_ENTRY else entry


def value_text(speech: Speech, setting: Setting, value: str, titles: Titles) -> str:
    """An answer in words."""
    parts = value.split("\n") if setting.form in ("several", "texts") else [value]
    if setting.form in ("several", "texts") and not value:
        return str(speech.words("settings.nothing" if setting.form == "several" else "settings.empty"))
    if setting.form == "text" and not value:
        return str(speech.words("settings.empty"))
    return ", ".join(_part(speech, setting, part, titles) for part in parts)


def differences(speech: Speech, before: Policy, after: Policy, titles: Titles) -> list[Difference]:
    """What differs, in the order of the page."""
    old, new = values_of(before), values_of(after)
    out = [
        Difference(
            s.entry,
            label(speech, s.entry, titles),
            value_text(speech, s, old[s.entry], titles),
            value_text(speech, s, new[s.entry], titles),
        )
        for s in settings()
        if old[s.entry] != new[s.entry]
    ]
    return [*out, *_fields(speech, before, after, titles), *_left_out(speech, before, after)]


def lines(before: str, after: str) -> str:
    """What differs between two files, line by line."""
    return "\n".join(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2))


def lack_text(speech: Speech, lack: Lack, titles: Titles) -> str:
    """Why something comes to nothing."""
    return str(speech.words("lacks." + lack.code, system=titles[lack.side], kind=speech.kind(lack.kind), field=speech.field(lack.field)))


def in_vain(speech: Speech, questions: Iterable[Question], entries: set[str], titles: Titles) -> list[str]:
    """What some answers ask for and these systems cannot do."""
    out = []
    for one in questions:
        for choice, lack in in_vain_of(one.value, one.lacks) if one.setting.entry in entries else ():
            told = value_text(speech, one.setting, choice, titles) if choice else label(speech, one.setting.entry, titles)
            out.append(f"{told}: {lack_text(speech, lack, titles)}")
    return out


def trouble(speech: Speech, bad: BadPolicy, titles: Titles) -> str:
    """What is wrong, with its line where a file was given."""
    told = speech.tell(bad.code, bad.values, titles=titles)
    line = bad.values.get("line", "")
    return str(speech.words("settings.line", line=line, told=told)) if line and bad.code == "policy-wrong-entry" else told


def wrong(speech: Speech, troubles: Iterable[BadPolicy], titles: Titles) -> dict[str, str]:
    """Entry -> what is wrong with it; ``""`` for what is wrong with the whole."""
    out: dict[str, str] = {}
    for bad in troubles:
        entry = _asked_as(bad.values.get("entry", ""))
        own = speech.tell(f"wrong.{bad.values['wrong']}", bad.values, titles=titles) if entry and "wrong" in bad.values else ""
        out.setdefault(entry, own or trouble(speech, bad, titles))
    return out


def _asked(speech: Speech, one: Question, titles: Titles, trouble: str) -> Asked:
    setting, given = one.setting, one.value.split("\n")
    options = []
    for choice in (*(("",) if setting.optional else ()), *setting.choices):
        lack, chosen = one.lacks.get(choice) if choice else None, choice in given
        follows = setting.entry in _RULES_FOR_DELETIONS and choice
        options.append(
            Option(
                value=choice,
                text=_part(speech, setting, choice, titles),
                follows=str(speech.words("follows." + choice)) if follows else "",
                lack=lack_text(speech, lack, titles) if lack else "",
                chosen=chosen,
                closed=lack is not None and lack.code != "bind" and not chosen,
            )
        )
    if setting.entry == "customers.country":
        options = [Option(value=code, text=speech.value("address.country", code), chosen=code == one.value) for code in COUNTRIES]
        options = [Option(value="", text=str(speech.words("settings.empty"))), *sorted(options, key=lambda option: folded(option.text))]
    whole = one.lacks.get("")
    return Asked(
        setting=setting,
        label=label(speech, setting.entry, titles),
        why=str(speech.words("set-why." + setting.entry, **titles)),
        value=one.value,
        told=value_text(speech, setting, one.value, titles),
        usual=value_text(speech, setting, one.usual, titles),
        is_usual=one.is_usual,
        options=tuple(options),
        lack=lack_text(speech, whole, titles) if whole else "",
        trouble=trouble,
    )


def _part(speech: Speech, setting: Setting, part: str, titles: Titles) -> str:
    if setting.entry in _RULES_FOR_DELETIONS and not part:
        return str(speech.words("choice.contacts.same"))
    if setting.entry == "customers.country":
        return speech.value("address.country", part)
    if not setting.choices and setting.form != "yes-no":
        return part
    text = str(speech.words(word_of(setting, part), **titles))
    return text[:1].upper() + text[1:] if setting.section == "matching" else text


def _fields(speech: Speech, before: Policy, after: Policy, titles: Titles) -> Iterator[Difference]:
    old, new = before.customers.fields, after.customers.fields
    for name in sorted({*old, *new}):
        for what in ("direction", "wins"):
            was, now = (getattr(rules.get(name), what, None) or "" for rules in (old, new))
            if was != now:
                entry = f"customers.fields.{name}.{what}"
                yield Difference(entry, label(speech, entry, titles), _rule(speech, what, was, titles), _rule(speech, what, now, titles))


def _rule(speech: Speech, what: str, word: str, titles: Titles) -> str:
    return str(speech.words(f"choice.{what}.{word}", **titles) if word else speech.words("settings.as-all"))


def _left_out(speech: Speech, before: Policy, after: Policy) -> list[Difference]:
    if before.leave_out == after.leave_out:
        return []
    told = [speech.number(len(one.leave_out)) for one in (before, after)]
    return [Difference("leave_out", label(speech, "leave_out", {}), *told)]


def _asked_as(entry: str) -> str:
    """The question that an entry of the schema belongs to: ``customers.only.countries.0`` is asked as ``customers.only.countries``."""
    parts = entry.split(".")
    return next((name for n in range(len(parts), 0, -1) if (name := ".".join(parts[:n])) in _BY_ENTRY), "")


def _by_entry() -> dict[str, Any]:
    return {setting.entry: setting for setting in settings()}


_BY_ENTRY = _by_entry()
