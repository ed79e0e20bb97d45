"""Fields, options and kinds by the names people use."""

from __future__ import annotations

from unisono.locale.languages import LANGUAGES
from unisono.locale.names import field_name, field_names, kind_name, login_name, value_name
from unisono.systems.catalogue import all_systems


def test_a_field_has_its_name_in_each_language() -> None:
    assert [field_name("address.postcode", language) for language in LANGUAGES] == [
        "Postleitzahl",
        "Postcode",
        "Kod pocztowy",
        "Cod poștal",
    ]
    assert [field_name("tax_id", language) for language in LANGUAGES] == ["USt-IdNr.", "VAT id", "NIP", "CUI/CIF"]


def test_the_title_of_a_quote_is_no_academic_one() -> None:
    assert field_name("title", "de") == field_name("title", "de", "contact") == "Titel"
    assert field_name("title", "de", "quote") == field_name("title", "de", "invoice") == "Betreff"
    assert field_name("number", "de") == "Kundennummer"
    assert field_name("number", "de", "order") == "Belegnummer"


def test_a_kind_without_a_name_of_its_own_for_a_field_uses_the_common_one() -> None:
    assert field_name("email", "pl", "contact") == field_name("email", "pl") == "E-mail"


def test_a_vendors_own_field_stays_as_it_is() -> None:
    assert field_name("ITEMS[0].UNIT_PRICE", "de") == "ITEMS[0].UNIT_PRICE"
    assert field_name("", "de") == ""


def test_several_fields_are_named_one_by_one() -> None:
    assert field_names("email, address.city", "de") == "E-Mail, Ort"
    assert field_names("", "de") == ""


def test_values_are_written_as_people_write_them() -> None:
    assert [value_name("type", "company", language) for language in LANGUAGES] == ["Firma", "Company", "Firma", "Firmă"]
    assert value_name("salutation", "mrs", "de") == "Frau"
    assert [value_name("address.country", "DE", language) for language in LANGUAGES] == ["Deutschland", "Germany", "Niemcy", "Germania"]
    assert value_name("date", "2026-12-31", "de") == "31.12.2026"
    assert value_name("name", "company", "de") == "company", "a name is nobody's word"
    assert (value_name("type", "", "de"), value_name("address.country", "XX", "de"), value_name("date", "soon", "de")) == ("", "XX", "soon")


def test_kinds_and_login_values_have_names() -> None:
    assert [kind_name("credit-note", language) for language in LANGUAGES] == ["Gutschrift", "Credit note", "Korekta", "Factură de stornare"]
    assert login_name("api_key", "de") == "API-Schlüssel"
    for language in LANGUAGES:
        assert [f.name for s in all_systems() for f in s.login if login_name(f.name, language) == f.name] == []


def test_an_unknown_language_is_answered_in_english() -> None:
    assert field_name("phone", "xx") == "Phone"
