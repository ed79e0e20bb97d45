"""The settings at set-up: the usual ones with their reasons, changed where somebody likes, and one button further to the preview."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.web.desk import Desk, Seen
from tests.web.test_setup_page import BOOKS, CRM_KEY
from unisono.policy.files import parse_policy
from unisono.store import pairs
from unisono.wiring.house import pair_row, preset
from unisono.wiring.starting import ASKED_FIRST


@pytest.fixture
def firm(desk: Desk) -> str:
    """A firm with both systems connected and no pair."""
    answer = desk.send("anna", "/setup/firm", name="Zweite GmbH", country="PL")
    made = parse_qs(urlsplit(answer.headers["location"]).query)["firm"][0]
    desk.send("anna", "/setup/connect", firm=made, system="centralstation", **{"login-api_key": CRM_KEY})
    desk.send("anna", "/setup/connect", firm=made, **BOOKS)
    return made


def both(desk: Desk, firm: str) -> dict[str, str]:
    with desk.village.house.store.read() as conn:
        ids = {row.system: row.id for row in pairs.connections(conn, firm)}
    return {"firm": firm, "crm": ids["centralstation"], "invoicing": ids["fastbill"]}


def policy_at(desk: Desk, location: str) -> str:
    return pair_row(desk.village.house, location.split("/")[2]).policy


def test_the_usual_settings_are_shown_with_their_reasons_as_soon_as_both_sides_are_connected(desk: Desk, firm: str) -> None:
    page = Seen(desk.browser("anna").get(f"/setup?firm={firm}").text)
    assert tuple(attrs["value"] for tag, attrs in page.elements if tag == "input" and attrs.get("name") == "asked") == ASKED_FIRST
    along = [attrs["value"] for tag, attrs in page.elements if attrs.get("name") == "along" and "checked" in attrs]
    assert along == ["all"], "whoever only presses on takes along what is there"
    assert "mit einem Angebot, mit dem Schlagwort" in page.text
    assert "Meist bleibt der Kunde in FastBill: Buchhaltung muss aufbewahrt werden." in page.text
    assert [attrs["action"] for tag, attrs in page.elements if tag == "form" and attrs.get("action") == "/setup/pair"] == ["/setup/pair"]


def test_next_without_a_change_takes_the_preset_as_it_is(desk: Desk, firm: str) -> None:
    answer = desk.send("anna", "/setup/pair", **both(desk, firm), asked=["quotes.vat_rate"], **{"s-quotes.vat_rate": "19"})
    assert answer.headers["location"].endswith("/preview")
    assert policy_at(desk, answer.headers["location"]) == preset("centralstation", "fastbill")


def test_what_was_changed_there_holds_from_the_first_preview_on(desk: Desk, firm: str) -> None:
    given = {"asked": ["customers.contacts", "customers.from_crm.tag"], "s-customers.contacts": "none", "s-customers.from_crm.tag": "Kunde"}
    answer = desk.send("anna", "/setup/pair", **both(desk, firm), **given)
    policy = parse_policy(policy_at(desk, answer.headers["location"]))
    assert (policy.customers.contacts, policy.customers.from_crm.tag, policy.customers.country) == ("none", "Kunde", "DE")


@pytest.mark.parametrize("word", ("all", "new"))
def test_what_is_there_already_is_taken_along_or_left(desk: Desk, firm: str, word: str) -> None:
    answer = desk.send("anna", "/setup/pair", **both(desk, firm), along=word)
    policy = parse_policy(policy_at(desk, answer.headers["location"]))
    histories = {policy.customers.from_crm.history, policy.customers.from_invoicing.history, policy.documents.history}
    assert histories == {word}
    assert policy.quotes.history == "new", "nothing is offered twice"


def test_an_answer_that_does_not_fit_is_told_and_no_pair_is_made(desk: Desk, firm: str) -> None:
    given = {"asked": ["quotes.vat_rate"], "s-quotes.vat_rate": "neunzehn"}
    answer = desk.send("anna", "/setup/pair", **both(desk, firm), **given)
    assert answer.status_code == 422
    assert 'value="neunzehn"' in answer.text
    with desk.village.house.store.read() as conn:
        assert [row.id for row in pairs.pairs(conn)] == [desk.village.pair]


def test_the_api_takes_the_same_answers(desk: Desk, firm: str) -> None:
    wrong = desk.call("anna", "POST", "/api/v1/pairs", both(desk, firm) | {"entries": {"quotes.vat_rate": "101"}})
    assert (wrong.status_code, wrong.json()["error"]["wrong"][0]["entry"]) == (422, "quotes.vat_rate")
    made = desk.call("anna", "POST", "/api/v1/pairs", both(desk, firm) | {"entries": {"quotes.vat_rate": "7"}}).json()["id"]
    assert parse_policy(pair_row(desk.village.house, made).policy).quotes.vat_rate == 7
