"""Bitrix24 by command: with a webhook, or by way of the portal's own page; then the settings of the connection, and its notices."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from tests.support.hooks import ADDRESS
from tests.unit.cli.desk import KEY, LOGIN, Desk, Told
from tests.unit.cli.outside import reached_at
from unisono.cli.app import run
from unisono.cli.terminal import house_at
from unisono.store import pairs, secrets

CLIENT_SECRET = "canary-client-secret-4711"


class Person(io.BytesIO):
    """Somebody who reads what the command printed aside, does what it says, and types the answer."""

    def __init__(self, does: Callable[[str], str]) -> None:
        super().__init__()
        self._does: Callable[[str], str] | None = does
        self.aside: Any = None

    def read1(self, size: int | None = -1) -> bytes:
        if self._does is None:
            return b""
        sys.stderr.flush()
        does, self._does = self._does, None
        return (does(self.aside.getvalue().decode()) + "\n").encode()

    def readable(self) -> bool:
        return True


def typed(does: Callable[[str], str], *words: str) -> Told:
    """A command with a person at its side."""
    person = Person(does)
    with CliRunner().isolation(input=person) as (out, aside, _):
        person.aside = aside
        code = run(words)
        sys.stdout.flush()
        sys.stderr.flush()
        return Told(code, out.getvalue().decode(), aside.getvalue().decode())


def lets_in(told: str) -> str:
    """Opens the page that was named, agrees there, and says where the browser ended."""
    (page,) = re.findall(r"\S+/oauth/authorize/\S+", told)
    return str(httpx2.get(page, follow_redirects=False).headers["location"])


@pytest.fixture
def portal(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A portal whose app was told to come back to a server of ours."""
    made, server = desk.portal()
    made.world.storage.settings["client_secret"] = CLIENT_SECRET
    monkeypatch.setenv("CLIENT_SECRET", CLIENT_SECRET)
    made.url = server.url
    return made


def by_app(portal: Any) -> tuple[str, ...]:
    login = (f"portal={portal.url.removeprefix('http://')}", f"client_id={portal.portal.setting('client_id')}", "client_secret=$CLIENT_SECRET")
    settings = (f"api={portal.url}/rest", f"login_server={portal.url}")
    words = ["connect", "bitrix24", "--login", "app"]
    for text in login:
        words += ["--login", text]
    for text in settings:
        words += ["--setting", text]
    return tuple(words)


def by_hook(portal: Any) -> tuple[str, ...]:
    hook = f"{portal.url}/rest/1/{portal.portal.setting('webhook_secret')}/"
    return ("connect", "bitrix24", "--login", "portal=muster.bitrix24.de", "--login", f"webhook={hook}", "--setting", f"api={portal.url}/rest")


def row_of(desk: Desk, connection: str) -> Any:
    with house_at(desk.folder) as house, house.store.read() as conn:
        return pairs.get_connection(conn, connection)


def test_the_portal_s_page_is_named_and_what_came_back_is_typed(desk: Desk, portal: Any) -> None:
    told = typed(lets_in, *by_app(portal), "--json")
    assert told.code == 0, told.text
    row = row_of(desk, told.json["id"])
    assert row.settings["login"] == "local-app"
    assert told.json["account"] == row.identity
    assert CLIENT_SECRET not in told.text
    with house_at(desk.folder) as house, house.store.read() as conn:
        assert set(secrets.tails(conn, row.id)) == {"client_secret", "access_token", "refresh_token"}
    again = typed(lets_in, "connect", "bitrix24", "--replace", row.id)
    assert again.code == 0, again.text


@pytest.mark.parametrize("back", ("https://unisono.example/setup/back?code=x&state=made-up", "", "what?"))
def test_what_did_not_begin_here_is_not_taken(desk: Desk, portal: Any, back: str) -> None:
    told = typed(lambda _: back or " ", *by_app(portal))
    assert told.code == 2, told.text
    assert desk.run("connections", "--json").json == []


def test_a_way_that_is_none_is_named_with_those_there_are(desk: Desk) -> None:
    told = desk.run("connect", "bitrix24", "--login", "magic")
    assert told.code == 2
    assert {"magic", "webhook", "app"} <= set(re.findall(r"\w+", told.text))
    assert desk.run("connect", "fastbill", "--login", "app").code == 2
    wrong = desk.run("connect", "bitrix24", "--login", "app", "--login", "webhook=1/x")
    assert (wrong.code, "client_id" in wrong.text) == (2, True)


def test_the_settings_are_shown_chosen_and_a_field_is_made_after_a_yes(desk: Desk, portal: Any) -> None:
    connection = desk.run(*by_hook(portal), "--json").json["id"]
    shown = desk.run("adjust", "Bitrix24").text
    assert "Nora Feldkamp" in shown
    assert "whoever the login belongs to" in shown
    choices = {one["name"]: one for one in desk.run("adjust", "Bitrix24", "--json").json}
    user = next(offer["value"] for offer in choices["responsible"]["offers"] if offer["shown"] == "Nora Feldkamp")
    assert desk.run("adjust", "Bitrix24", "--set", f"responsible={user}", "--set", "address_type=11").code == 0
    assert {"responsible": user, "address_type": "11"}.items() <= row_of(desk, connection).settings.items()
    for wrong in ("responsible=nobody", "colour=red"):
        assert desk.run("adjust", "Bitrix24", "--set", wrong).code == 2

    assert choices["tag_field"]["makes"] == "UF_CRM_UNISONO"
    refused = desk.run("adjust", "Bitrix24", "--make", "tag_field", answers="n\n")
    assert (refused.code, "UF_CRM_UNISONO" in refused.text) == (1, True)
    assert [row for row in portal.truth()["userfields"] if row["FIELD_NAME"] == "UF_CRM_UNISONO"] == []
    assert desk.run("adjust", "Bitrix24", "--make", "tag_field", "--yes").code == 0
    assert row_of(desk, connection).settings["tag_field"] == "UF_CRM_UNISONO"
    assert desk.run("adjust", "Bitrix24", "--make", "tag_field", "--yes").code == 2, "it is there"


def test_by_webhook_the_address_for_notices_is_told_once(desk: Desk, portal: Any) -> None:
    crm = desk.run(*by_hook(portal), "--json").json["id"]
    books = ("--login", f"email={LOGIN}", "--login", f"api_key={KEY}", "--setting", f"api={desk.books_url}/api/1.0/api.php")
    assert desk.run("pair", "add", crm, desk.run("connect", "fastbill", *books, "--json").json["id"]).code == 0
    assert desk.run("hooks", "open", crm).code == 2, "nobody reaches us, and a webhook has no queue"
    reached_at(desk, ADDRESS)
    told = desk.run("hooks", "open", crm)
    assert told.code == 0, told.text
    (address,) = re.findall(rf"{ADDRESS}/hooks/\S+", told.out)
    assert "Outgoing webhook" in told.out
    assert [one["means"] for one in desk.run("hooks", "list", "--json").json["doors"]] == ["by-hand", "door"]
    assert address.rpartition("/")[2] not in desk.run("hooks", "list").text + desk.run("doctor", "--offline").text
    assert desk.run("hooks", "close", crm).code == 0


def test_an_app_that_nobody_reaches_has_its_notices_kept_in_the_portal(desk: Desk, portal: Any) -> None:
    crm = typed(lets_in, *by_app(portal), "--json").json["id"]
    told = desk.run("hooks", "open", crm, answers="n\n")
    assert (told.code, "every minute" in told.text) == (1, True)
    assert portal.truth()["event_handlers"] == []
    assert desk.run("hooks", "open", crm, "--yes").code == 0
    assert {row["EVENT"] for row in portal.truth()["event_handlers"]} >= {"ONCRMCOMPANYUPDATE"}
    assert desk.run("hooks", "close", crm).code == 0
    assert portal.truth()["event_handlers"] == []
