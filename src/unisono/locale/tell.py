"""``tell``: a reason, question or problem as a person reads it: which record, which field, which value, what was answered, what to do.

``say`` fills a sentence with values as they are. Here the values are first put into words (``tax_id`` becomes ``USt-IdNr.``, ``crm`` the
title of the CRM, bytes become ``20 MB``), and what is known but not in the sentence is added behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter

from unisono.locale.format import size_text
from unisono.locale.names import field_name, field_names, kind_name, name_of
from unisono.locale.say import say

_DETAILS = ("field", "value", "limit", "allowed", "crm", "invoicing", "free", "found", "reason", "answer")
"""What is added, in this order."""
_QUIET = {"reason": "store-", "found": "store-"}
"""Technical words that are added only to sentences for whoever runs the machine; elsewhere they are in the folded details."""
_BYTES = {
    "file-too-large": ("limit", "value"),
    "answer-too-large": ("limit",),
    "store-full": ("free", "needed"),
    "sheet-too-large": ("limit",),
    "doctor-room": ("free",),
    "doctor-room-low": ("free",),
}
_WORDS = {"rule": "rule", "why": "why", "wrong": "wrong"}
"""Values that are codes themselves, and the family their words are in."""


def tell(
    code: str,
    values: Mapping[str, str],
    language: str,
    *,
    name: str = "",
    field: str = "",
    kind: str = "",
    titles: Mapping[str, str] | None = None,
    led: bool = True,
) -> str:
    """The whole sentence.

    ``name`` is what a person calls the record (or the system, for a fault of a connection), ``field`` and ``kind`` are those of a problem,
    ``titles`` are names to use for ``crm``, ``invoicing`` and the systems (``{"crm": "CentralStationCRM", "fastbill": "FastBill"}``).
    ``led = False`` leaves the name in front away, for places that show it beside the sentence.
    """
    sentence = name_of(code, language)
    if not sentence:
        return say(code, values, language)
    given = readable(code, values, language, name=name, field=field, kind=kind, titles=titles)
    wanted = {part for _, part, _, _ in Formatter().parse(sentence) if part}
    missing = {part: name_of(f"word.{part}", language) for part in ("field", "name", "system")}
    filled = {part: text for part, text in missing.items() if part in wanted} | {k: v for k, v in given.items() if v or k not in missing}
    filled |= {part: name_of("word.nothing", language) for part in wanted if part in filled and not filled[part]}
    text = say(code, filled, language)
    parts = [text[:1].upper() + text[1:], *_details(code, given, wanted, language)]
    prefix = f"{given['name']}: " if led and given.get("name") and "name" not in wanted else ""
    return prefix + " ".join(parts)


def readable(
    code: str,
    values: Mapping[str, str],
    language: str,
    *,
    name: str = "",
    field: str = "",
    kind: str = "",
    titles: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The values of a code in words; ``field`` names all fields where there are several, ``name`` the record."""
    titles = titles or {}
    told = dict(values)
    kind = kind or told.get("kind", "")
    several = told.get("fields", "")
    told["field"] = field_names(several, language, kind) if several else field_name(told.get("field") or field, language, kind)
    if several:
        told["fields"] = told["field"]
    told["name"] = told.get("name") or name or told.get("record", "")
    for key, prefix in _WORDS.items():
        if key in told:
            told[key] = _worded(f"{prefix}.{told[key]}", told, language) or told[key]
    if "kind" in told:
        told["kind"] = kind_name(told["kind"], language)
    if "side" in told:
        told["side"] = titles.get(told["side"]) or name_of(f"side.{told['side']}", language) or told["side"]
    if "system" in told:
        told["system"] = titles.get(told["system"], told["system"])
    for key in _BYTES.get(code, ()):
        if told.get(key, "").isdecimal():
            told[key] = size_text(int(told[key]), language)
    return told


def _worded(code: str, values: Mapping[str, str], language: str) -> str:
    return say(code, values, language) if name_of(code, language) else ""


def _details(code: str, given: Mapping[str, str], wanted: set[str], language: str) -> list[str]:
    """The parts that are known and not said yet. A value of nothing (``None``) tells nobody anything."""
    out = []
    wanted = wanted | {"field"} if "fields" in wanted else wanted
    for part in _DETAILS:
        value = given.get(part, "")
        about_both = part in ("crm", "invoicing") and "crm" in given and "invoicing" in given
        if part in wanted or (not value and not about_both) or value == "None" or not code.startswith(_QUIET.get(part, "")):
            continue
        own = f"{code}.{part}"
        out.append(say(own if name_of(own, language) else f"detail.{part}", given, language))
    return out
