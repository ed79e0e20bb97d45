"""Text as people mean it: one form for comparing, one for matching."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from tests.unit.model.values import any_texts
from unisono.model.text import clean, folded

few = settings(max_examples=120)


@pytest.mark.parametrize(
    ("before", "after"),
    (
        ("Keller AG", "Keller AG"),
        ("  Keller   AG ", "Keller AG"),
        ("Keller\u00a0AG\t", "Keller AG"),
        ("Mu\u0308ller", "Müller"),
        ("\ufeffKeller\u200b\x00", "Keller"),
        ("\u200fשלום\u200e", "שלום"),
        ("one \r\n two\rthree", "one\ntwo\nthree"),
        ("\n\n a\n\nb \n", "a\n\nb"),
        ("broken \ud800 half", "broken ? half"),
        ("Straße, Łódź, Brașov", "Straße, Łódź, Brașov"),
        ("", ""),
        ("   ", ""),
    ),
)
def test_clean_changes_nothing_a_person_would_see(before: str, after: str) -> None:
    assert clean(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    (
        ("Müller & Söhne GmbH", "muller sohne gmbh"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("Łódź", "lodz"),
        ("Brașov / Braşov", "brasov brasov"),
        ("Ţepeş Țepeș", "tepes tepes"),
        ("O'Neill-Smith", "o neill smith"),
        ("ＡＢＣ", "abc"),
        ("snake_case", "snake case"),
        ("ООО «Ромашка»", "ооо ромашка"),
        ("株式会社", "株式会社"),
        ("...", ""),
    ),
)
def test_folded_keeps_what_a_name_is_recognised_by(before: str, after: str) -> None:
    assert folded(before) == after


def test_names_in_other_scripts_are_not_all_the_same() -> None:
    assert folded("Иванов") != folded("Петров")
    assert folded("Иванов")


@few
@given(any_texts)
def test_cleaning_twice_is_cleaning_once_and_leaves_storable_text(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    once.encode("utf-8")
    assert "\x00" not in once


@few
@given(any_texts)
def test_folding_twice_is_folding_once_whatever_the_case(text: str) -> None:
    once = folded(text)
    assert folded(once) == once
    assert folded(clean(text)) == folded(clean(clean(text)))
