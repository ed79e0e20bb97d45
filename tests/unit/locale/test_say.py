"""``say`` fills a sentence, and hides nothing where something is missing."""

from __future__ import annotations

import pytest
from babel import Locale

from unisono.locale.languages import LANGUAGES, plural_form
from unisono.locale.say import counted, forms_of, say


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


COUNTS = (0, 1, 2, 5, 12, 19, 20, 21, 22, 25, 101, 119, 120)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_counts_by_its_own_rule(language: str) -> None:
    order = {"pl": ("one", "few", "many"), "ro": ("one", "few", "other")}.get(language, ("one", "other"))
    rule = Locale(language).plural_form
    for count in (*COUNTS, *range(1000)):
        assert order[plural_form(count, language)] == rule(count), count


def test_romanian_says_de_from_twenty_on() -> None:
    told = {count: counted("call", count, "ro") for count in COUNTS}
    assert {count for count, text in told.items() if " de " in text} == {20, 21, 22, 25, 120}
    assert (told[1], told[2], told[101], told[120]) == ("1 apel", "2 apeluri", "101 apeluri", "120 de apeluri")


def test_polish_tells_few_from_many() -> None:
    assert [counted("call", count, "pl") for count in (0, 1, 2, 5, 12, 22, 25, 101)] == [
        "0 wywołań",
        "1 wywołanie",
        "2 wywołania",
        "5 wywołań",
        "12 wywołań",
        "22 wywołania",
        "25 wywołań",
        "101 wywołań",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_that_counts_is_filled_in_its_fitting_form(language: str) -> None:
    counting = {code: forms for code, forms in forms_of(language).items() if len(forms) > 1}
    assert len(counting) > 10
    for code, forms in counting.items():
        for count in COUNTS:
            told = say(code, {"count": str(count)}, language)
            assert told == forms[plural_form(count, language)].replace("{count}", str(count)), (code, count)
            assert str(count) in told


def test_what_is_no_number_takes_the_form_for_many() -> None:
    assert say("counted.call", {"count": "many"}, "de") == "many Abrufe"
    assert counted("call", 1, "fr") == "1 call"
