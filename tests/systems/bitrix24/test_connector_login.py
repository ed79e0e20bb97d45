"""A local app signs in: with a code from the portal's page, with keys that are exchanged when they expire, and with no key in sight."""

from __future__ import annotations

import logging
from datetime import timedelta

import httpx2
import pytest

from tests.support.transport import Answering
from tests.systems.bitrix24.local_app import CLIENT_SECRET, PORTAL, Kept, LocalApp
from unisono.connect.http import Door
from unisono.connect.pace import MemoryPace
from unisono.connect.wire import Hearer, Lost, Request
from unisono.model.capability import signed_in
from unisono.model.errors import BadAnswer, LoginRefused, TryLater
from unisono.model.party import Party
from unisono.model.secret import Secret
from unisono.model.writing import Write
from unisono.systems.bitrix24.client import Step
from unisono.systems.bitrix24.login import address, redeem, renewal


@pytest.fixture
def app() -> LocalApp:
    return LocalApp()


def titles(app: LocalApp) -> list[str]:
    return [row["TITLE"] for row in app.simulator.truth()["companies"]]


def new_company(name: str) -> Write:
    return Write(operation="create", side="a", kind="party", body=Party(type="company", name=name), reference="uni-aaaaaaaaaaaaaaaa")


def test_the_browser_is_sent_to_the_portal_with_our_state_and_comes_back_with_it(app: LocalApp) -> None:
    there = address(app.login, {}, "a state/1")
    assert there.startswith(f"https://{PORTAL}/oauth/authorize/?client_id=")
    assert there.endswith("&state=a+state%2F1")
    assert CLIENT_SECRET not in there
    assert app.code("a state/1")[1] == "a state/1"


def test_a_code_becomes_keys_once(app: LocalApp) -> None:
    code = Secret(app.code()[0])
    issued = redeem(app.door(), app.login, {}, code)
    assert set(issued.keys) == {"access_token", "refresh_token"}
    assert issued.proven["member"]
    with pytest.raises(LoginRefused):
        redeem(app.door(), app.login, {}, code)


def test_a_code_that_lay_too_long_is_refused(app: LocalApp) -> None:
    code = Secret(app.code()[0])
    app.clock.advance(31)
    with pytest.raises(LoginRefused):
        redeem(app.door(), app.login, {}, code)


def test_keys_of_another_portal_than_the_one_named_are_not_taken(app: LocalApp) -> None:
    code = Secret(app.code()[0])
    with pytest.raises(BadAnswer) as told:
        redeem(app.door(), app.login | {"portal": "andere.bitrix24.de"}, {}, code)
    assert (told.value.code, told.value.values["wanted"]) == ("another-portal", "andere.bitrix24.de")


def test_the_app_says_whose_portal_it_is_and_reads_and_writes(app: LocalApp) -> None:
    system = app.system()
    identity = system.identify()
    assert identity is not None
    assert identity.account == PORTAL
    (command,) = system.compose(new_company("Kranbau Riesig GmbH"), None)
    key = system.send(command).key
    assert titles(app) == ["Kranbau Riesig GmbH"]
    assert system.read(*system.locate("party", key)) is not None


def test_keys_that_expired_are_exchanged_and_the_call_is_made_once_more(app: LocalApp) -> None:
    kept = Kept()
    system = app.system(kept)
    app.clock.advance(timedelta(hours=1, minutes=1))

    (command,) = system.compose(new_company("Nach einer Stunde"), None)
    system.send(command)

    assert titles(app) == ["Nach einer Stunde"], "the write whose key was refused was not done twice"
    assert kept.renewals == 1
    system.identify()
    assert kept.renewals == 1
    app.clock.advance(timedelta(hours=1, minutes=1))
    system.identify()
    assert kept.renewals == 2, "each exchange brings what the next one needs"


@pytest.mark.parametrize("fault", ("empty", "torn-json"))
def test_keys_are_exchanged_though_the_words_of_the_refusal_were_lost(app: LocalApp, fault: str) -> None:
    """Nothing was performed, whatever the portal said; that they had run out is the likeliest of it."""
    kept = Kept()
    system = app.system(kept)
    app.clock.advance(timedelta(hours=1, minutes=1))
    app.world.faults.arm(fault, "crm.item.add", value=3)

    (command,) = system.compose(new_company("Nach einer Stunde"), None)
    system.send(command)

    assert (titles(app), kept.renewals) == (["Nach einer Stunde"], 1)


def test_the_hour_that_the_server_of_keys_names_is_passed_on(app: LocalApp) -> None:
    busy = Answering(lambda _: httpx2.Response(429, headers={"retry-after": "40"}))
    door = Door(transport=busy, hosts=app.known.hosts, pace=MemoryPace((), app.clock), clock=app.clock)
    login = app.login | {"access_token": Secret("a"), "refresh_token": Secret("r")}

    with pytest.raises(TryLater) as told:
        renewal(door, login, {})({"access_token": Secret("a"), "refresh_token": Secret("r")})

    assert told.value.at == app.clock.now() + timedelta(seconds=40)


def test_two_that_hold_the_same_expired_keys_exchange_them_once(app: LocalApp) -> None:
    kept, issued = Kept(), app.let_in()
    one, other = app.system(kept, issued), app.system(kept, issued)
    app.clock.advance(timedelta(hours=2))
    one.identify()
    other.identify()
    assert kept.renewals == 1


def test_keys_that_nobody_exchanges_any_more_stop_the_connection(app: LocalApp) -> None:
    system = app.system(Kept())
    app.clock.advance(timedelta(days=181))
    with pytest.raises(LoginRefused):
        system.identify()


def test_a_wrong_client_secret_is_a_refused_login_and_shows_nothing(app: LocalApp) -> None:
    code = Secret(app.code()[0])
    with pytest.raises(LoginRefused) as told:
        redeem(app.door(), app.login | {"client_secret": Secret("somebody-elses-4711")}, {}, code)
    assert "somebody-elses-4711" not in f"{told.value} {told.value.values} {told.value.raw}"


class Silent:
    """A network on which the login server does not answer."""

    def __init__(self, app: LocalApp) -> None:
        self._carry = app.wire.carry
        self.asked: list[str] = []

    def carry(self, request: Request, hearer: Hearer) -> None:
        self.asked.append(request.url)
        if "/oauth/token/" in request.url:
            raise Lost("timed-out", "timed out")
        self._carry(request, hearer)


def test_a_login_server_that_does_not_answer_leaves_the_write_undone(app: LocalApp, monkeypatch: pytest.MonkeyPatch) -> None:
    system = app.system(Kept())
    (command,) = system.compose(new_company("Später"), None)
    app.clock.advance(timedelta(hours=2))
    silent = Silent(app)
    monkeypatch.setattr(app.wire, "carry", silent.carry)
    with pytest.raises(TryLater) as told:
        system.send(command)
    assert told.value.code == "login-not-renewed"
    assert titles(app) == []
    assert sum("/oauth/token/" in url for url in silent.asked) == 1, "a token that may hold once is not offered twice"


def test_no_key_stands_in_an_address_of_the_portal_or_in_the_log(app: LocalApp, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    kept = Kept()
    system = app.system(kept)
    app.clock.advance(timedelta(hours=2))
    system.identify()
    system.client.read([Step("a", "profile"), Step("b", "server.time")])
    secrets = [CLIENT_SECRET, *(value.reveal() for value in kept.now.values())]
    portal = [sent for sent in app.wire.sent if PORTAL in sent]
    assert portal
    assert [sent for sent in portal for secret in secrets if secret in sent] == []
    assert [secret for secret in secrets if secret in caplog.text] == []
    assert [secret for secret in secrets if secret in f"{system!r}{system.client!r}{kept.now!r}"] == []


def test_what_a_webhook_may_not_is_not_among_its_capabilities(app: LocalApp) -> None:
    opened = {way: set(signed_in(app.known, way).doors) for way in ("incoming-webhook", "local-app")}
    assert {"webhook", "queue", "button"} <= opened["local-app"]
    assert not {"webhook", "queue", "button"} & opened["incoming-webhook"]
    assert "webhook-by-hand" in opened["incoming-webhook"] - opened["local-app"]
    assert set(app.system().capabilities.doors) == opened["local-app"]
    with pytest.raises(KeyError):
        signed_in(app.known, "no-such-way")
