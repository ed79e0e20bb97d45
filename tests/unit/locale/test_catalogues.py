"""Every word the product can show is there, in all four languages, and fits the others."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from tests.unit.locale import source
from tests.unit.locale.comments import commented
from unisono.locale.languages import LANGUAGES
from unisono.locale.say import catalogue_of, forms_of
from unisono.model.capability import Confidence
from unisono.model.document import Answer, Stage, State
from unisono.model.party import CONTACT_FIELDS, PARTY_FIELDS, PartyType, Salutation
from unisono.model.product import PRODUCT_FIELDS, ProductType
from unisono.model.record import Kind
from unisono.plan.actions import Verdict
from unisono.plan.match import Again
from unisono.policy.schema import DocumentKind, MatchRule
from unisono.policy.shortfalls import Code as CannotCode
from unisono.systems.catalogue import all_systems
from unisono.wiring.exporting import SORTS

FOLDER = source.SOURCE / "locale" / "catalogues"
PAIR_STATES = ("reading", "released", "paused", "stopped", "removed")
WHYS = (
    *("quote", "tag", "contact-tag", "owner-tag", "document", "new", "invoice", "wanted"),
    *("linked-quote", "linked-invoice", "preceding", "reference", "equal-lines", "no-offer"),
)
SEVERED = ("deleted-there", "note-deleted", "undone", "erased", "merged-there", "contact-moved")
"""The values of ``why``: what ``gather`` calls a customer's reasons, how a document's place is known, why a link ended."""
ASKED_FIELDS = (
    "owner",
    "basis",
    "lines.name",
    "lines.quantity",
    "lines.price",
    "lines.vat_rate",
    "lines",
    "vat",
    "path",
    "size",
    "trigger",
)
"""Fields that only an error names."""
WRONGS = (*"choice no-entry least most number yes-or-no text list table".split(), "country", "field", "no-tag", "not-looked-at")
"""What may be wrong with an entry of a policy: kinds of the schema's errors, and its own rules."""
SET_UP = (
    *("tell.person-or-company", "centralstation.where.integrations"),
    *(f"bitrix24.where.{what}" for what in ("incoming-webhook", "local-app", "notices")),
)
"""What a person is told at set-up: promised by F15 and F02, whether or not a page shows it already."""
CONTEXT = {"name", "field"}
"""What ``tell`` fills in by itself where a code's own values do not name it."""


def used() -> set[str]:
    """Every code somebody can be shown."""
    kinds = {*get_args(Kind), *get_args(DocumentKind), *SORTS.values(), "document", "row"}
    fields = {
        *PARTY_FIELDS,
        *CONTACT_FIELDS,
        *PRODUCT_FIELDS,
        *ASKED_FIELDS,
        *(f for s in all_systems() for w in s.writings for f in w.fields),
    }
    states = {*get_args(Stage), *get_args(Answer), *get_args(State)}
    families = {
        "option": source.options(),
        "event": source.events(),
        "counted": source.nouns(),
        "wrong": WRONGS,
        "value": (
            *(f"type.{word}" for word in (*get_args(PartyType), *get_args(ProductType))),
            *(f"salutation.{word}" for word in get_args(Salutation) if word),
            *("price.net", "price.gross"),
        ),
        "field": {*fields, "document.title", "document.number", "contact.name", "file.name", "product.number"},
        "login": {f.name for s in all_systems() for f in s.login},
        "kind": kinds,
        "verdict": get_args(Verdict),
        "state": states,
        "rule": (*get_args(MatchRule), *get_args(Again), "product-number"),
        "cannot": (*get_args(CannotCode), *"question answer length length-person no-notices no-address".split()),
        "known": get_args(Confidence),
        "why": (*WHYS, *SEVERED),
        "pair": PAIR_STATES,
        "side": ("crm", "invoicing", "a", "b"),
        "detail": ("field", "value", "limit", "allowed", "answer", "crm", "invoicing", "found", "reason", "free"),
        "word": ("field", "name", "system", "nothing"),
    }
    own = {f"{family}.{word}" for family, words in families.items() for word in words}
    return {*source.codes(), *source.wheres(), *own, *SET_UP, "too-long.limit"}


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def sentences(language: str) -> list[tuple[str, str]]:
    """Every code with each form of its sentence."""
    return [(code, form) for code, forms in forms_of(language).items() for form in forms]


def messages(language: str) -> Catalog:
    return read_po(BytesIO((FOLDER / f"{language}.po").read_bytes()), locale=language, abort_invalid=True)


def test_the_source_is_really_read() -> None:
    codes = source.codes()
    assert {"missing-field", "timed-out", "torn-json", "store-busy", "cannot-delete", "host-metadata", "note.valid", "kind.invoice"} <= set(
        codes
    )
    assert {"same", "make-anew", "none"} <= set(source.options())
    assert {"linked", "braked"} <= set(source.events())
    assert "fastbill.where.api_key" in source.wheres()
    assert frozenset({"value", "length", "limit"}) in codes["too-long"].values
    assert "unisono/plan/flows/quotes.py" in codes["quote-without-amount"].files


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_of_the_source_has_a_sentence(language: str) -> None:
    missing = sorted(used() - set(catalogue_of(language)))
    assert not missing, (
        f"{language}.po lacks {missing}; used in {[sorted(source.codes()[c].files) for c in missing if c in source.codes()]}"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_there_that_nobody_shows(language: str) -> None:
    assert sorted(set(catalogue_of(language)) - used()) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_empty_fuzzy_or_told_twice(language: str) -> None:
    text = (FOLDER / f"{language}.po").read_text(encoding="utf-8")
    codes = re.findall(r'^msgid "(.+)"$', text, re.MULTILINE)
    assert sorted({c for c in codes if codes.count(c) > 1}) == []
    found = [m for m in messages(language) if m.id]
    assert len(found) == len(codes) > 300
    assert [m.id for m in found if m.fuzzy] == []
    assert [code for code, form in sentences(language) if not form.strip()] == []
    assert len(forms_of(language)) == len(codes), "a sentence that lacks a form is not taken in"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_names_its_language_and_reads_as_gettext(language: str) -> None:
    catalogue = messages(language)
    assert str(catalogue.locale) == language
    assert catalogue.charset.lower() == "utf-8"


def test_all_languages_have_the_same_codes_in_the_same_order() -> None:
    orders = {language: [m.id for m in messages(language) if m.id] for language in LANGUAGES}
    assert all(order == orders["en"] for order in orders.values())


def test_all_languages_fill_in_the_same_values() -> None:
    wanted = {code: placeholders(sentence) for code, sentence in catalogue_of("en").items()}
    for language in LANGUAGES:
        assert [(code, form) for code, form in sentences(language) if placeholders(form) != wanted[code]] == [], language


def test_a_sentence_counts_in_all_languages_or_in_none() -> None:
    counting = {code for code, forms in forms_of("en").items() if len(forms) > 1}
    assert {"counted.call", "erase-done"} <= counting
    for language, number in (("de", 2), ("en", 2), ("pl", 3), ("ro", 3)):
        assert {code for code, forms in forms_of(language).items() if len(forms) > 1} == counting, language
        assert [code for code in counting if len(forms_of(language)[code]) != number] == [], language
        assert [code for code, form in sentences(language) if code in counting and "count" not in placeholders(form)] == [], language


def test_a_sentence_asks_only_for_values_that_every_place_gives() -> None:
    open_ = {}
    for code, found in source.codes().items():
        for given in found.values:
            lacking = placeholders(catalogue_of("en").get(code, "")) - CONTEXT - (given if given is not None else {"*"})
            if given is not None and lacking:
                open_[code] = (sorted(lacking), sorted(found.files))
    assert open_ == {}


def test_comments_say_where_a_code_is_used() -> None:
    text = (FOLDER / "de.po").read_text(encoding="utf-8")
    told = dict(re.findall(r'((?:^#: .+\n)+)msgid "(missing-field)"', text, re.MULTILINE))
    assert len(told) == 1
    assert "unisono/plan/flows/customers.py" in next(iter(told))
    named = set(re.findall(r"^#: (.+)$", text, re.MULTILINE))
    gone = sorted(file for file in named if not (source.SOURCE.parent / file).is_file())
    assert gone == [], "files moved: python -m tests.unit.locale.comments"


def test_comments_are_made_anew_without_touching_a_message() -> None:
    before = '#: unisono/old.py\nmsgid "a"\nmsgstr "A"\n\nmsgid "b"\nmsgstr "B {x}"\n'
    after = commented(before, {"a": {"unisono/new.py"}, "b": {"unisono/y.py", "unisono/x.py"}})
    assert after == '#: unisono/new.py\nmsgid "a"\nmsgstr "A"\n\n#: unisono/x.py\n#: unisono/y.py\nmsgid "b"\nmsgstr "B {x}"\n'
    assert commented(after, {}) == before.replace("#: unisono/old.py\n", "")


def test_german_says_sie() -> None:
    familiar = re.compile(r"\b(du|dir|dich|dein\w*|deine\w*|euch|eure\w*)\b", re.IGNORECASE)
    assert {c: s for c, s in sentences("de") if familiar.search(s)} == {}


def test_polish_speaks_to_nobody_by_name_or_gender() -> None:
    personal = re.compile(r"\b(Pan|Pani|Państwo|Twój|Twoje|Twoja|Ciebie|masz|możesz|musisz|proszę)\b", re.IGNORECASE)
    assert {c: s for c, s in sentences("pl") if personal.search(s) and not c.startswith("value.salutation.")} == {}


def test_romanian_has_commas_below_and_no_cedillas() -> None:
    texts = sentences("ro")
    assert {c: s for c, s in texts if set(s) & set("şţŞŢãÃ")} == {}
    assert any("ș" in s for _, s in texts)
    assert any("ț" in s for _, s in texts)


def test_owners_are_spared_technical_words() -> None:
    technical = re.compile(r"\b(webhook|payload|upsert|null|token|json|html|http|4\d\d|5\d\d|timeout|exception)\b", re.IGNORECASE)
    allowed = re.compile(r"\.where\.|^login\.")  # there it is the vendor's own word
    for language in LANGUAGES:
        found = {c: s for c, s in sentences(language) if technical.search(s) and not allowed.search(c)}
        assert found == {}, language


def test_quotation_marks_are_those_of_the_language() -> None:
    marks = {"de": ("„", "“"), "en": ("“", "”"), "pl": ("„", "”"), "ro": ("„", "”")}
    for language, (begin, end) in marks.items():
        for code, sentence in sentences(language):
            assert '"' not in sentence, (language, code)
            assert sentence.count(begin) == sentence.count(end), (language, code)
            assert not set(sentence) & (set("„“”") - {begin, end}), (language, code)


def test_sentences_end_and_names_do_not() -> None:
    names = {
        "field",
        "kind",
        "verdict",
        "option",
        "state",
        "rule",
        "why",
        "pair",
        "side",
        "word",
        "login",
        "column",
        "operation",
        "event",
        "deletion",
        "tag",
        "known",
        "value",
        "counted",
        "connection",
        "wrong",
        "unusable",
        "call",
    }
    sentences = [c for c in source.codes() if "." not in c and c not in ("connected", "pair-added", "and-more", "tax-id-wrong")]
    for language in LANGUAGES:
        texts = catalogue_of(language)
        assert [c for c, s in texts.items() if c.split(".")[0] in names and s.endswith(".") and not s.endswith(("nr.", "Nr."))] == []
        assert [c for c in sentences if not texts[c].endswith((".", "?", ":", "}", "preview"))] == [], language


AGREEING = re.compile(r"\{(\w+)\} (?!(?:von|of|z|din|min|s)\b)[^\W\d_]")
"""A number with a word behind it that would have to agree with it."""
NUMBERS = set(
    "calls changed count days done failed linked links lost minutes problems questions records seconds total waiting writes".split()
)
PHRASES = {("forecast", "calls"), ("demo.limits", "calls"), ("undo-referenced", "records")}
"""Here the value is a phrase of its own."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_number_stands_before_a_word_only_where_the_word_agrees_with_it(language: str) -> None:
    counting = {code for code, forms in forms_of(language).items() if len(forms) > 1}
    stiff = [
        (code, sentence)
        for code, sentence in sentences(language)
        for name in AGREEING.findall(sentence)
        if name in NUMBERS and (code, name) not in PHRASES and not (code in counting and name == "count") and code != "and-more"
    ]
    assert stiff == []


def test_the_catalogues_are_part_of_the_package() -> None:
    assert sorted(path.name for path in Path(FOLDER).iterdir()) == ["de.po", "en.po", "pl.po", "ro.po"]
