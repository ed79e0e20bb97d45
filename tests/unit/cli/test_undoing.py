"""``undo``: shown before it is done, in the reader's words, and only after a yes."""

from __future__ import annotations

import pytest

from tests.unit.cli.desk import Desk

BOTH = (["Bäckerei Sonne GmbH"], ["Bäckerei Sonne GmbH"])


def test_nothing_is_taken_back_without_a_yes_of_the_reader_s_language(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.company()
    desk.synced()
    monkeypatch.setenv("UNISONO_LANGUAGE", "de")
    told = desk.run("undo", "--all", answers="n\n")
    assert (told.code, desk.names()) == (1, BOTH)
    assert "Wird gelöscht (" in told.out, "what would be done is shown first"
    assert "[j/n]" in told.aside
    told = desk.run("undo", "--all", answers="j\n")
    assert desk.names() == (["Bäckerei Sonne GmbH"], [])
    assert "Rückgängig gemacht: 1. " in told.out


def test_a_program_is_not_asked_and_has_to_say_yes_in_the_call(desk: Desk) -> None:
    desk.company()
    desk.synced()
    told = desk.run("undo", "--all", "--json")
    assert (told.code, told.json["error"]["code"], desk.names()) == (2, "yes-needed", BOTH)
    assert desk.run("undo", "--all", "--dry-run", "--json").json["done"] is False
    assert desk.run("undo", "--all", "--yes", "--json").json["done"] is True
    assert desk.names() == (["Bäckerei Sonne GmbH"], [])


def test_a_wrong_call_tells_programs_its_code_and_values(desk: Desk) -> None:
    desk.pair()
    told = desk.run("undo", "--json")
    assert (told.code, told.json["error"]["code"]) == (2, "undo-what")
    told = desk.run("undo", "nosuch", "--yes", "--json")
    assert (told.code, told.json["error"]["code"], told.json["error"]["values"]) == (2, "undo-nothing-written", {"name": "nosuch"})


def test_fields_and_values_are_named_as_people_do_and_the_history_says_who(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    key = desk.customer()
    desk.synced()
    desk.books.act("edit_customer", {"id": str(key), "phone": "0221 99"})
    desk.run("sync")
    monkeypatch.setenv("UNISONO_LANGUAGE", "de")
    (record,) = {w["key"] for w in desk.run("history", "--json").json["writes"] if w["operation"] == "change"}
    told = desk.run("undo", "--record", record, "--field", "phone", "--dry-run")
    assert [line for line in told.out.splitlines() if line.strip().startswith("Telefon: ")], told.text
    assert "phone" not in told.out
    desk.run("undo", "--record", record, "--field", "phone", "--yes")
    (undone,) = [e for e in desk.run("history", "--json").json["events"] if e["event"] == "undone"]
    assert "@" in undone["by"]
