"""Signing in at a provider: who is let in with which role, and every answer that is not to be believed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.provider import CLIENT, ISSUER, SECRET, Provider
from tests.support.transport import SimTransport
from tests.web.desk import HASHER, PASSWORD, Desk, desk_at, token_in
from unisono.connect.outward import Outward
from unisono.model.errors import BadAnswer, Refused, SystemFault, Unavailable
from unisono.store import people
from unisono.wiring.members import Actor, invite
from unisono.wiring.people import new_user
from unisono.wiring.vouching import Vouching, drop_vouching, put_vouching

HOUSE = Actor("test")
RULES = Vouching(issuer=ISSUER, client=CLIENT, name="Firmenkonto", admin=("leitung",), act=("büro", "verkauf"), view=("alle",))
NORA = {"email": "nora@example.de", "email_verified": True, "name": "Nora Nowak", "groups": ["alle", "büro"]}


def elsewhere(_: str) -> list[str]:
    return ["93.184.216.34"]


@dataclass
class Door:
    desk: Desk
    provider: Provider

    def away(self, browser: Any) -> str:
        answer = browser.get("/signin/oidc")
        assert answer.status_code == 303
        return str(answer.headers["location"])

    def come(self, who: str = "nora", browser: Any = None, **changed: str) -> tuple[Any, str]:
        """A browser goes to the provider and comes back; where it ends."""
        browser = browser or self.desk.somebody()
        brought = self.provider.sign_in(self.away(browser), who) | changed
        return browser, str(browser.get("/signin/oidc/back", params=brought).headers["location"])

    def logins(self) -> dict[str, people.User]:
        with self.desk.village.house.store.read() as conn:
            return {one.login: one for one in people.users(conn)}


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    desk = desk_at(tmp_path)
    house = desk.village.house
    provider = Provider(house.clock.now, {"nora": dict(NORA)})
    house.transports = lambda _: SimTransport(provider)
    house.outward = Outward(resolve=elsewhere)
    put_vouching(house, HOUSE, RULES, SECRET)
    yield Door(desk, provider)
    house.store.close()


def test_whoever_a_rule_knows_comes_in_with_its_role(door: Door) -> None:
    assert "Anmelden mit Firmenkonto" in door.desk.somebody().get("/signin", headers={"accept-language": "de"}).text
    browser, to = door.come()
    assert to == "/"
    told = browser.get("/api/v1/me").json()
    assert told == {"login": "nora@example.de", "name": "Nora Nowak", "role": "act", "firms": None, "language": ""}


@pytest.mark.parametrize(
    ("groups", "role"),
    ((["leitung", "alle"], "admin"), (["verkauf"], "act"), (["alle"], "view"), ("büro", "act"), (["andere"], ""), (None, "")),
)
def test_the_highest_role_counts_and_no_rule_means_no_way_in(door: Door, groups: Any, role: str) -> None:
    door.provider.people["nora"]["groups"] = groups
    browser, to = door.come()
    if role:
        assert browser.get("/api/v1/me").json()["role"] == role
    else:
        assert to == "/signin?why=no-role"
        assert "nora@example.de" not in door.logins()


def test_a_rule_may_be_about_one_firm_and_about_a_claim_further_down(door: Door) -> None:
    house = door.desk.village.house
    put_vouching(house, HOUSE, replace(RULES, claim="realm_access.roles", firms=(door.desk.village.firm,)), "")
    door.provider.people["nora"] |= {"groups": None, "realm_access": {"roles": ["verkauf"]}}
    browser, _ = door.come()
    assert browser.get("/api/v1/me").json()["firms"] == [door.desk.village.firm]


def test_role_and_firms_follow_the_provider_at_each_sign_in_and_whoever_lost_all_is_out(door: Door) -> None:
    first, _ = door.come()
    door.provider.people["nora"]["groups"] = ["leitung"]
    second, _ = door.come()
    assert second.get("/api/v1/me").json()["role"] == "admin"
    assert first.get("/api/v1/me").json()["role"] == "admin", "it is the same user"
    door.provider.people["nora"]["groups"] = []
    assert door.come()[1] == "/signin?why=no-role"
    assert [browser.get("/api/v1/me").status_code for browser in (first, second)] == [401, 401]


def test_somebody_who_was_added_comes_in_with_the_role_they_were_given(door: Door) -> None:
    invite(door.desk.village.house, HOUSE, "nora@example.de", "Nora", "admin", None)
    browser, to = door.come()
    assert (to, browser.get("/api/v1/me").json()["role"]) == ("/", "admin")
    door.provider.people["nora"]["groups"] = []
    assert door.come()[1] == "/", "what an administrator gave, no rule takes"


@pytest.mark.parametrize("verified", (False, None, "true", 1))
def test_an_address_that_the_provider_does_not_confirm_is_nobodys(door: Door, verified: Any) -> None:
    invite(door.desk.village.house, HOUSE, "nora@example.de", "Nora", "admin", None)
    door.provider.people["nora"] |= {"email_verified": verified, "groups": []}
    assert door.come()[1] == "/signin?why=no-role"


def test_nobody_takes_over_a_user_with_a_password_by_their_address(door: Door) -> None:
    new_user(door.desk.village.house, HASHER, "chef@example.de", "Chef", PASSWORD, "admin", None, "")
    door.provider.people["eve"] = NORA | {"email": "chef@example.de"}
    assert door.come("eve")[1] == "/signin?why=no-role"
    assert door.logins()["chef@example.de"].role == "admin"


def test_another_name_with_the_same_address_is_somebody_else(door: Door) -> None:
    door.come()
    door.provider.people["eve"] = dict(NORA)
    assert door.come("eve")[1] == "/signin?why=no-role"


def test_whoever_was_locked_stays_out_and_passwords_still_work(door: Door) -> None:
    browser, _ = door.come()
    nora = door.logins()["nora@example.de"]
    assert door.desk.send("anna", f"/users/{nora.id}/lock").status_code == 303
    assert browser.get("/api/v1/me").status_code == 401
    assert door.come()[1] == "/signin?why=provider"
    assert door.desk.send("anna", f"/users/{nora.id}/code").status_code == 422, "there is no password that could be lost"


def test_signing_out_ends_the_session_here(door: Door) -> None:
    browser, _ = door.come()
    token = token_in(browser.get("/me").text)
    assert browser.post("/signout", data={"csrf": token}).headers["location"] == "/signin"
    assert browser.get("/api/v1/me").status_code == 401


WRONG: tuple[dict[str, Any], ...] = (
    {"nonce": "another"},
    {"nonce": None},
    {"aud": "somebody-else"},
    {"aud": ["somebody-else", CLIENT]},
    {"azp": "somebody-else"},
    {"iss": "https://login.example.net/realm"},
    {"exp": 1_000_000_000},
    {"exp": None},
    {"iat": None},
    {"sub": ""},
    {"sub": None},
    {"nbf": 4_000_000_000},
)


def test_a_token_with_a_wrong_claim_lets_nobody_in(door: Door) -> None:
    for changes in WRONG:
        door.provider.changes = changes
        browser, to = door.come()
        assert to == "/signin?why=provider", changes
        assert browser.get("/api/v1/me").status_code == 401
    assert set(door.logins()) == {"anna", "adam", "vera"}
    door.provider.changes = {}
    assert door.come()[1] == "/", "it was those claims"


@pytest.mark.parametrize("how", ("unsigned", "shared"))
def test_a_token_that_nobody_signed_or_with_a_shared_secret_lets_nobody_in(door: Door, how: str) -> None:
    door.provider.signs = getattr(door.provider, how)
    assert door.come()[1] == "/signin?why=provider"


def test_a_token_of_a_clock_that_is_a_little_off_is_taken_and_an_expired_one_not(door: Door) -> None:
    now = int(door.desk.village.clock.now().timestamp())
    door.provider.changes = {"exp": now - 30}
    assert door.come()[1] == "/"
    door.provider.changes = {"exp": now - 90}
    assert door.come()[1] == "/signin?why=provider"


def test_new_keys_count_at_once_and_old_ones_no_longer(door: Door) -> None:
    assert door.come()[1] == "/"
    old = door.provider.keys[0]
    door.provider.rotate()
    assert door.come()[1] == "/"
    from joserfc import jwt

    door.provider.signs = lambda claims: jwt.encode({"alg": "RS256", "kid": door.provider.keys[0].kid}, claims, old)
    assert door.come()[1] == "/signin?why=provider"


def test_a_state_is_good_once_for_the_browser_it_was_made_for_and_not_for_long(door: Door) -> None:
    browser = door.desk.somebody()
    brought = door.provider.sign_in(door.away(browser), "nora")
    other = door.desk.somebody()
    door.away(other)
    assert other.get("/signin/oidc/back", params=brought).headers["location"] == "/signin?why=provider"
    kept = dict(browser.cookies)
    assert browser.get("/signin/oidc/back", params=brought).headers["location"] == "/"
    again = door.desk.somebody()
    again.cookies.update(kept)
    door.provider.codes[brought["code"]]["used"] = ""
    assert again.get("/signin/oidc/back", params=brought).headers["location"] == "/signin?why=provider", "replayed"
    late = door.desk.somebody()
    brought = door.provider.sign_in(door.away(late), "nora")
    door.desk.village.clock.advance(timedelta(minutes=11))
    assert late.get("/signin/oidc/back", params=brought).headers["location"] == "/signin?why=provider"


def test_a_state_that_we_never_made_is_refused(door: Door) -> None:
    for state in ("", ".", "1.2.3", "x" * 3000, "1772442000.abc.def", "٣.a.b"):
        assert door.come(state=state)[1] == "/signin?why=provider", state
    assert not [call for call in door.provider.calls if call.startswith("POST")], "the code is not even exchanged"


def test_a_code_is_used_once(door: Door) -> None:
    browser = door.desk.somebody()
    brought = door.provider.sign_in(door.away(browser), "nora", code="the-code")
    assert browser.get("/signin/oidc/back", params=brought).headers["location"] == "/"
    other = door.desk.somebody()
    state = door.provider.sign_in(door.away(other), "nora", code="another")["state"]
    assert other.get("/signin/oidc/back", params={"state": state, "code": "the-code"}).headers["location"] == "/signin?why=provider"


def test_an_answer_that_names_another_issuer_on_the_way_back_is_refused(door: Door) -> None:
    assert door.come(iss="https://evil.example.net")[1] == "/signin?why=provider"
    assert door.come(iss=ISSUER)[1] == "/"


def test_a_secret_in_the_form_is_sent_where_the_provider_wants_it_so(door: Door) -> None:
    door.provider.posts_only = True
    assert door.come()[1] == "/"


@pytest.mark.parametrize(
    ("describes", "kind"),
    (
        ({"issuer": "https://login.example.net"}, Refused),
        ({"authorization_endpoint": "http://login.example.com/auth"}, Refused),
        ({"authorization_endpoint": "https://127.0.0.1/auth"}, Refused),
        ({"authorization_endpoint": "javascript:alert(1)"}, Refused),
        ({"authorization_endpoint": None}, BadAnswer),
        ({"jwks_uri": 7}, BadAnswer),
    ),
)
def test_a_provider_that_describes_itself_wrongly_is_not_set(door: Door, describes: dict[str, Any], kind: type[SystemFault]) -> None:
    door.provider.describes = describes
    with pytest.raises(kind):
        put_vouching(door.desk.village.house, HOUSE, replace(RULES, name="neu"), SECRET)
    assert door.desk.somebody().get("/signin/oidc").headers["location"] == "/signin?why=provider"


def test_a_description_never_leads_our_secret_into_our_own_network(door: Door) -> None:
    for address in (
        "https://169.254.169.254/x",
        "https://10.0.0.1/x",
        "http://login.example.com/x",
        "https://localhost/x",
        "https://[::1]/x",
    ):
        for place in ("token_endpoint", "jwks_uri"):
            door.provider.describes = {place: address}
            assert door.come()[1] == "/signin?why=provider", (place, address)
    assert not [call for call in door.provider.calls if "/x" in call]


@pytest.mark.parametrize(
    "issuer", ("http://login.example.com/realm", "https://127.0.0.1/realm", "https://metadata.internal", "ftp://x.example.com")
)
def test_a_provider_stands_at_a_public_address_with_tls(door: Door, issuer: str) -> None:
    with pytest.raises(Refused):
        put_vouching(door.desk.village.house, HOUSE, replace(RULES, issuer=issuer), SECRET)


def test_a_provider_that_does_not_answer_keeps_nobody_with_a_password_out(door: Door) -> None:
    class Dead(SimTransport):
        def carry(self, request: Any, hearer: Any) -> None:
            raise Unavailable("no-connection", {"call": "x", "reason": "y"})

    door.desk.village.house.transports = lambda _: Dead(door.provider)
    assert door.desk.somebody().get("/signin/oidc").headers["location"] == "/signin?why=provider"
    assert door.desk.browser("anna").get("/me").status_code == 200


def test_the_secret_is_kept_for_the_same_provider_only_and_shown_nowhere(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    house = door.desk.village.house
    put_vouching(house, HOUSE, replace(RULES, name="anders"), "")
    with pytest.raises(Refused):
        put_vouching(house, HOUSE, replace(RULES, client="another"), "")
    door.provider.changes = {"aud": "x"}
    door.come()
    page = door.desk.browser("anna").get("/users").text
    assert ISSUER in page
    assert CLIENT in page
    assert "/signin/oidc/back" in page
    told = page + door.desk.browser("anna").get("/api/v1/users/provider").text + caplog.text
    assert SECRET not in told
    assert ISSUER not in door.desk.browser("vera").get("/me").text


def test_without_a_provider_there_is_no_button_and_no_way(door: Door) -> None:
    browser, _ = door.come()
    drop_vouching(door.desk.village.house, HOUSE)
    assert browser.get("/api/v1/me").status_code == 401
    assert "/signin/oidc" not in door.desk.somebody().get("/signin").text
    assert door.desk.somebody().get("/signin/oidc").headers["location"] == "/signin?why=provider"
    assert door.desk.somebody().get("/signin/oidc/back", params={"state": "a", "code": "b"}).headers["location"] == "/signin?why=provider"


def test_the_cookie_of_the_way_there_is_ours_alone_and_gone_afterwards(door: Door) -> None:
    answer = door.desk.somebody().get("/signin/oidc")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    browser, _ = door.come()
    assert [name for name in browser.cookies if name.endswith("-away")] == []
