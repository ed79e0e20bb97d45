"""Lexware Office at set-up: which plan it takes and where the key is found, a wrong key, and the settings of the account."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.support.transport import SimTransport
from tests.support.village import TiedClock
from tests.web.desk import Desk, Seen, desk_at
from tests.web.tongues import foreign
from unisono.locale.languages import LANGUAGES
from unisono.sandbox import lexoffice
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.world import World
from unisono.store import pairs

KEY = "canary-lexware-4711"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk whose house reaches a simulated account of Lexware Office."""
    made = desk_at(tmp_path)
    house = made.village.house
    books = lexoffice.make(World(clock=TiedClock(made.village.clock), random=random.Random(4)))
    books.world.storage.settings["api_key"] = KEY
    transport, others = SimTransport(application(books)), house.transports
    house.transports = lambda name: transport if name == "lexoffice" else others(name)
    return made


def firm(desk: Desk) -> str:
    """A firm with nothing connected yet."""
    house = desk.village.house
    made = house.ids.new()
    with house.store.write() as conn:
        pairs.add_firm(conn, made, "Zweite GmbH", "DE", "de", "Europe/Berlin", house.clock.now())
    return made


def connected(desk: Desk, key: str = KEY) -> tuple[str, str]:
    """The page after the key was entered, and the firm."""
    new = firm(desk)
    answer = desk.send("anna", "/setup/connect", firm=new, system="lexoffice", **{"login-api_key": key})
    return str(answer.text), new


@pytest.mark.feature("L02", kind="tell")
@pytest.mark.feature("L03", kind="tell")
def test_the_page_says_which_plan_it_takes_and_where_the_key_is_found(desk: Desk) -> None:
    page = Seen(desk.browser("anna").get(f"/setup?firm={firm(desk)}&invoicing=lexoffice").text)

    assert "Lexware Office (lexoffice)" in page.text
    assert "XL" in page.text
    assert "Public API" in page.text
    assert "login-api_key" in {attrs.get("name", "") for _, attrs in page.elements}


def test_a_wrong_key_is_refused_in_words_and_nothing_is_kept(desk: Desk) -> None:
    page, new = connected(desk, "falsch-falsch-1234")

    with desk.village.house.store.read() as conn:
        assert pairs.connections(conn, new) == []
    assert "falsch-falsch-1234" not in page


@pytest.mark.feature("L04", kind="do")
def test_the_standard_address_is_chosen_on_a_page_before_the_start(desk: Desk) -> None:
    _, new = connected(desk)
    with desk.village.house.store.read() as conn:
        (row,) = pairs.connections(conn, new)
    assert row.identity

    shown = Seen(desk.browser("anna").get(f"/setup/connection/{row.id}").text)
    assert {"s-address", "s-contacts", "s-archived", "s-vat_free"} <= {attrs.get("name", "") for _, attrs in shown.elements}
    assert {"s-country", "s-unit", "s-quote_days"} <= {attrs.get("name", "") for _, attrs in shown.elements}
    assert "Österreich" in shown.text
    chosen = {"s-address": "shipping", "s-archived": "no", "s-country": "AT", "s-unit": "Stunde", "s-quote_days": "14"}
    answer = desk.send("anna", f"/setup/connection/{row.id}", **chosen)

    assert answer.status_code == 303
    with desk.village.house.store.read() as conn:
        (kept,) = pairs.connections(conn, new)
    assert (kept.settings["address"], kept.settings["archived"]) == ("shipping", False)
    assert [kept.settings[name] for name in ("country", "unit", "quote_days")] == ["AT", "Stunde", "14"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_its_settings_speaks_the_language_of_its_reader(desk: Desk, language: str) -> None:
    _, new = connected(desk)
    with desk.village.house.store.read() as conn:
        (row,) = pairs.connections(conn, new)
    desk.send("anna", "/me/language", language=language)

    page = desk.browser("anna").get(f"/setup/connection/{row.id}").text

    assert f'<html lang="{language}">' in page
    assert foreign(Seen(page).text, language) == {}
