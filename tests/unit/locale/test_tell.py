"""A problem told in full: which record, which field, which value, what the other system answered, what to do."""

from __future__ import annotations

import pytest

from tests.unit.locale import source
from unisono.locale.languages import LANGUAGES
from unisono.locale.say import say
from unisono.locale.tell import readable, tell

TITLES = {"crm": "CentralStationCRM", "invoicing": "FastBill", "fastbill": "FastBill"}


def test_a_refusal_names_record_field_value_answer_and_what_to_do() -> None:
    values = {
        "system": "fastbill",
        "record": "Muster GmbH",
        "field": "address.postcode",
        "value": "ABC",
        "answer": "invalid field: ZIPCODE",
    }
    bare = say("refused", values, "de")
    told = tell("refused", values, "de", titles=TITLES)
    assert "ABC" not in bare
    assert told.startswith("Muster GmbH: Das andere System hat die Daten nicht angenommen. Bitte berichtigen Sie")
    assert told.endswith("Feld: Postleitzahl. Wert: „ABC“. Antwort des anderen Systems: „invalid field: ZIPCODE“.")


def test_missing_fields_are_named_in_words_whoever_found_them() -> None:
    planned = tell("missing-field", {"fields": "address.line1, address.city"}, "de", name="Muster GmbH", field="address.line1")
    refused = tell("missing-field", {"record": "Muster GmbH", "field": "address.city", "value": ""}, "de")
    assert planned.startswith("Muster GmbH: Hier fehlt: Straße und Hausnummer, Ort. Bitte ergänzen Sie")
    assert refused.startswith("Muster GmbH: Hier fehlt: Ort. Bitte ergänzen Sie")


def test_a_conflict_shows_both_values_even_an_empty_one() -> None:
    values = {"name": "Muster GmbH", "field": "phone", "crm": "0611 1", "invoicing": "", "first": "no"}
    assert tell("conflict", values, "en") == (
        "Muster GmbH: Phone: the two sides hold different values. Which one shall count? In the CRM: “0611 1”. In the invoicing system: “”."
    )
    assert "CRM" not in tell("conflict", {"fields": "phone, email"}, "en")


def test_a_side_is_called_by_its_own_title_where_that_is_known() -> None:
    values = {"side": "invoicing", "fields": "email"}
    assert tell("edited-there", values, "de", titles=TITLES) == "Geändert in FastBill: E-Mail."
    assert tell("edited-there", values, "de") == "Geändert in dem Rechnungsprogramm: E-Mail."


def test_rules_reasons_and_kinds_are_put_into_words() -> None:
    assert tell("matched", {"name": "X", "rule": "tax_id"}, "de") == "Gehört zu „X“: die Steuernummer ist gleich."
    assert tell("created-because", {"why": "tag"}, "en") == "Unisono creates the record: the tag is set."
    assert tell("kind-not-taken", {"kind": "credit-note"}, "ro").endswith("Factură de stornare.")


def test_an_end_without_a_known_reason_leaves_no_hole() -> None:
    assert tell("severed", {"why": ""}, "de").startswith("Die Verknüpfung ist beendet: (leer).")


def test_bytes_are_told_as_megabytes() -> None:
    assert "höchstens 20 MB" in tell("file-too-large", {"call": "GET x", "limit": str(20 * 1024 * 1024)}, "de")
    assert tell("store-full", {"place": "/data", "free": "1048576", "needed": "52428800"}, "de").endswith("Frei sind 1 MB, nötig 50 MB.")
    assert "Frei" not in tell("store-full", {"place": "/data", "reason": "x"}, "de")


def test_technical_words_stay_in_the_folded_details() -> None:
    fault = {"call": "GET api.example/companies", "reason": "ReadTimeout: no data within 30 s", "status": "500"}
    assert tell("timed-out", fault, "de", name="FastBill") == "FastBill: " + say("timed-out", {}, "de")
    assert "disk I/O error" in tell("store-corrupt", {"place": "/data", "reason": "disk I/O error"}, "de")


def test_the_limit_of_a_text_is_in_characters() -> None:
    told = tell("too-long", {"value": "abcdef", "length": "6", "limit": "5"}, "de", name="A", field="title", kind="quote")
    assert told == (
        "A: Zu lang für das andere System: Betreff. Bitte kürzen Sie den Text; Unisono kürzt nie von selbst. "
        "Wert: „abcdef“. Höchstens erlaubte Zahl an Zeichen: 5."
    )


def test_an_unknown_code_is_shown_as_it_is() -> None:
    assert tell("never-heard-of", {"a": "1"}, "de", name="X") == "never-heard-of (a: 1)"


def test_the_values_handed_in_are_not_changed() -> None:
    values = {"side": "crm", "fields": "email"}
    assert readable("edited-there", values, "de")["fields"] == "E-Mail"
    assert values == {"side": "crm", "fields": "email"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_place_of_the_source_leaves_a_hole_in_a_sentence(language: str) -> None:
    holes = []
    for code, found in source.codes().items():
        for given in found.values:
            if given is None:
                continue
            told = tell(code, dict.fromkeys(given, "x"), language)
            if "{" in told:
                holes.append((code, told))
    assert holes == []


@pytest.mark.feature("F15", kind="tell")
def test_who_an_offer_is_for_matters_and_the_reader_is_told_why() -> None:
    texts = {language: say("tell.person-or-company", {}, language) for language in LANGUAGES}
    assert all("FastBill" in text for text in texts.values())
    assert "Personen und Firmen steuerlich" in texts["de"]
    assert len(set(texts.values())) == len(LANGUAGES)


@pytest.mark.feature("F02", kind="tell")
def test_the_path_to_the_key_and_to_the_integration_is_told_in_the_vendors_own_words() -> None:
    for language in LANGUAGES:
        there = say("fastbill.where.api_key", {}, language)
        here = say("centralstation.where.integrations", {}, language)
        assert "Einstellungen" in there
        assert "FastBill API Key" in there
        assert "Accounteinstellungen > Integrationen verwalten > FastBill > Integration einrichten" in here
