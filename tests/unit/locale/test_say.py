"""``say`` fills a sentence, and hides nothing where something is missing."""

from __future__ import annotations

from unisono.locale.languages import LANGUAGES
from unisono.locale.say import say


def test_a_sentence_is_filled_in_the_language_asked_for() -> None:
    values = {"system": "FastBill", "kind": "Rechnung", "number": "2026-7"}
    assert say("note.title", values, "de") == "FastBill: Rechnung 2026-7"
    assert [say("verdict.changed", {}, language) for language in LANGUAGES] == ["geändert", "changed", "zmienione", "modificat"]


def test_an_unknown_language_falls_back_to_english() -> None:
    assert say("state.sent", {}, "fr") == say("state.sent", {}, "en") == "sent"


def test_an_unknown_code_is_shown_with_its_values() -> None:
    assert say("never-heard-of", {"b": "2", "a": "1"}, "de") == "never-heard-of (a: 1, b: 2)"
    assert say("never-heard-of", {}, "de") == "never-heard-of"


def test_a_value_nobody_gave_stays_visible() -> None:
    assert say("note.date", {}, "de") == "Datum: {date}"


def test_braces_in_a_value_are_plain_text() -> None:
    assert say("note.date", {"date": "{number} %s {0}"}, "de") == "Datum: {number} %s {0}"
