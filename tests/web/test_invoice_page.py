"""A new invoice from a customer: the page and the API say what a draft would hold, make it once asked, and let in only whom they know."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.second_pair import Town, customers
from tests.web.desk import Desk
from unisono.cli.app import run
from unisono.systems.bitrix24.placements import pressed


@pytest.fixture
def town(tmp_path: Path) -> Town:
    made = Town(tmp_path)
    customers(made, 1)
    made.set_up()
    made.release()
    made.run()
    return made


def company(town: Town) -> str:
    return f"company:{town.crm.truth()['companies'][0]['ID']}"


def test_the_api_shows_the_draft_makes_it_and_tells_where_it_is(town: Town) -> None:
    path, record = f"/api/v1/pairs/{town.pair}/invoice", company(town)
    told = town.desk.call("vera", "GET", f"{path}?record={record}").json()
    assert (told["label"], told["known"], told["why_not"], told["made"]) == ("Kunde 01 GmbH", True, "", [])
    assert [line["vat_rate"] for line in told["lines"]] == ["19"]

    assert town.desk.call("adam", "POST", path, {"record": record}).json()["pending"] is True
    town.run()

    (draft,) = town.books.truth()["invoices"]
    assert [one["key"] for one in town.desk.call("vera", "GET", f"{path}?record={record}").json()["made"]] == [f"invoice:{draft['id']}"]


def test_whoever_may_only_look_makes_nothing(town: Town) -> None:
    record = company(town)
    assert town.desk.send("vera", f"/pairs/{town.pair}/invoice", record=record).status_code == 403
    assert town.desk.call("vera", "POST", f"/api/v1/pairs/{town.pair}/invoice", {"record": record}).status_code == 403
    town.run()
    assert town.books.truth()["invoices"] == []


def test_a_record_nobody_has_seen_is_said_to_be_so(town: Town) -> None:
    answer = town.desk.browser("adam").get(f"/pairs/{town.pair}/invoice?record=contact:4711")
    assert answer.status_code == 404
    assert "contact:4711" in answer.text
    assert town.desk.call("adam", "POST", f"/api/v1/pairs/{town.pair}/invoice", {"record": "contact:4711"}).status_code == 404


def test_an_invoicing_system_without_drafts_is_said_to_have_none(desk: Desk) -> None:
    assert "keine Rechnungsentwürfe" in desk.browser("anna").get(f"{desk.pair}/invoice").text
    assert "/invoice" not in desk.browser("anna").get(f"{desk.pair}/customers").text


@pytest.mark.parametrize(
    ("form", "record"),
    (
        ({"PLACEMENT": "CRM_DEAL_DETAIL_TOOLBAR", "PLACEMENT_OPTIONS": '{"ID":"5"}'}, "deal:5"),
        ({"PLACEMENT": "CRM_COMPANY_DETAIL_TOOLBAR", "PLACEMENT_OPTIONS": '{"ID":7}'}, "company:7"),
        ({"PLACEMENT": "CRM_LEAD_DETAIL_TOOLBAR", "PLACEMENT_OPTIONS": '{"ID":"5"}'}, ""),
        ({"PLACEMENT": "CRM_DEAL_DETAIL_TOOLBAR", "PLACEMENT_OPTIONS": '{"ID":"5/../../me"}'}, ""),
        ({"PLACEMENT": "CRM_DEAL_DETAIL_TOOLBAR", "PLACEMENT_OPTIONS": "[1]"}, ""),
        ({"PLACEMENT": "CRM_DEAL_DETAIL_TOOLBAR", "PLACEMENT_OPTIONS": "{"}, ""),
        ({}, ""),
    ),
)
def test_what_a_menu_entry_posts_names_a_card_or_nothing(form: dict[str, str], record: str) -> None:
    assert pressed(form) == record


def test_a_card_s_door_answers_nothing_but_a_card(town: Town) -> None:
    for path in (f"/card/{town.pair}", "/card/", "/card/nobody", "/card/x%2F..%2Fme"):
        assert town.desk.somebody().post(path, content=b"x" * 100).status_code == 404


def test_the_command_says_which_record_it_does_not_know(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["invoice", "company:7", "--data", str(tmp_path)]) == 2
    assert capsys.readouterr().err
