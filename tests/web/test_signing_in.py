"""Bitrix24 at set-up: two ways to sign in, a way to the portal's page and back that only one session can go, and the settings afterwards."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from tests.support.hooks import ADDRESS
from tests.support.transport import SimTransport
from tests.support.village import TiedClock
from tests.web.desk import Desk, Seen, desk_at
from tests.web.tongues import foreign
from unisono.connect.outward import Outward
from unisono.locale.languages import LANGUAGES
from unisono.model.secret import Secret
from unisono.sandbox import bitrix24
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.world import World
from unisono.store import pairs, secrets
from unisono.wiring.hooks import keep_address
from unisono.wiring.setup import own_host

PORTAL = "muster.bitrix24.de"
CLIENT_SECRET = "canary-client-secret-4711"
HOOK = "canaryhook4711canary"
BY_HOOK = {"system": "bitrix24", "way": "incoming-webhook", "login-portal": PORTAL}


class Portal:
    """A simulated portal that the desk's house reaches, and its page at which somebody lets the app in."""

    def __init__(self, desk: Desk) -> None:
        house = desk.village.house
        self.desk = desk
        self.simulator = bitrix24.make(World(clock=TiedClock(desk.village.clock), random=random.Random(4)))
        settings = {"portal": f"https://{PORTAL}", "client_secret": CLIENT_SECRET, "webhook_secret": HOOK, "plan": "none"}
        self.simulator.world.storage.settings.update(settings)
        bitrix24.seed(self.simulator.world)
        self.transport = SimTransport(application(self.simulator))
        others = house.transports
        house.transports = lambda name: self.transport if name == "bitrix24" else others(name)

    @property
    def login(self) -> dict[str, str]:
        client = str(self.simulator.portal.setting("client_id"))
        typed = {"login-portal": PORTAL, "login-client_id": client, "login-client_secret": CLIENT_SECRET}
        return {"system": "bitrix24", "way": "local-app", **typed}

    def let_in(self, page: str) -> dict[str, str]:
        """What the portal's page sends the browser back with, after somebody agreed."""
        (there,) = [link for link in Seen(page).links if "/oauth/authorize/" in link]
        assert there.startswith(f"https://{PORTAL}/oauth/authorize/?client_id=")
        with httpx2.Client(transport=self.transport, follow_redirects=False) as browser:
            location = browser.get(there).headers["location"]
        return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items() if name in ("code", "state")}

    def rows(self) -> list[Any]:
        with self.desk.village.house.store.read() as conn:
            return [row for row in pairs.connections(conn) if row.system == "bitrix24"]


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    desk = desk_at(tmp_path)
    yield Portal(desk)
    desk.village.house.store.close()


@pytest.fixture
def firm(portal: Portal) -> str:
    answer = portal.desk.send("anna", "/setup/firm", name="Zweite GmbH", country="DE")
    return parse_qs(urlsplit(answer.headers["location"]).query)["firm"][0]


def connected(portal: Portal, firm: str) -> str:
    """A connection by the local app; its id."""
    page = portal.desk.send("anna", "/setup/connect", firm=firm, **portal.login).text
    answer = portal.desk.browser("anna").get("/setup/back", params=portal.let_in(page))
    assert answer.status_code == 303, answer.text
    (row,) = portal.rows()
    assert answer.headers["location"] == f"/setup/connection/{row.id}"
    return str(row.id)


def test_both_ways_are_offered_and_each_asks_for_its_own(portal: Portal, firm: str) -> None:
    browser = portal.desk.browser("anna")
    by_hook = browser.get(f"/setup?firm={firm}&crm=bitrix24").text
    by_app = browser.get(f"/setup?firm={firm}&crm=bitrix24&way=local-app").text
    assert "Eingehender Webhook" in by_hook
    assert "Lokale Anwendung" in by_hook
    assert {"login-portal", "login-webhook"} <= {a.get("name", "") for _, a in Seen(by_hook).elements}
    names = {a.get("name", "") for _, a in Seen(by_app).elements}
    assert {"login-portal", "login-client_id", "login-client_secret"} <= names
    assert not {"login-webhook", "login-access_token", "login-refresh_token"} & names, "nobody types what the portal issues"
    assert f"{portal.desk.site.address}/setup/back" in by_app


@pytest.mark.feature("L03", kind="tell")
def test_by_webhook_the_login_is_tested_at_once_and_the_settings_follow(portal: Portal, firm: str) -> None:
    answer = portal.desk.send("anna", "/setup/connect", firm=firm, **BY_HOOK, **{"login-webhook": f"https://{PORTAL}/rest/1/{HOOK}/"})
    (row,) = portal.rows()
    assert answer.headers["location"] == f"/setup/connection/{row.id}"
    assert row.settings == {"login": "incoming-webhook"}
    wrong = portal.desk.send("anna", "/setup/connect", firm=firm, **BY_HOOK, **{"login-webhook": "1/somebodyelses4711"})
    assert wrong.status_code == 422
    assert "somebodyelses4711" not in wrong.text


@pytest.mark.feature("L03", kind="tell")
def test_as_an_app_somebody_goes_to_the_portal_and_comes_back_connected(portal: Portal, firm: str) -> None:
    page = portal.desk.send("anna", "/setup/connect", firm=firm, **portal.login).text
    assert portal.rows() == [], "nothing is stored before somebody agreed"
    assert CLIENT_SECRET not in page
    back = portal.let_in(page)
    answer = portal.desk.browser("anna").get("/setup/back", params=back)
    (row,) = portal.rows()
    assert answer.headers["location"] == f"/setup/connection/{row.id}"
    assert (row.identity, row.settings, row.proven["member"]) == (
        PORTAL,
        {"login": "local-app"},
        portal.simulator.portal.setting("member_id"),
    )
    with portal.desk.village.house.store.read() as conn:
        assert set(secrets.tails(conn, row.id)) == {"client_secret", "access_token", "refresh_token"}
    shown = portal.desk.browser("anna").get(f"/setup?firm={firm}").text
    assert "Client-Geheimnis" in shown
    assert CLIENT_SECRET not in shown
    assert portal.desk.village.house.system(row).identify() is not None


def test_the_way_back_holds_once_for_one_session_and_a_quarter_of_an_hour(portal: Portal, firm: str) -> None:
    desk = portal.desk
    desk.add("bea", "admin")
    astray = "/setup?why=not-ours"

    def begun() -> dict[str, str]:
        return portal.let_in(desk.send("anna", "/setup/connect", firm=firm, **portal.login).text)

    def came(who: str, back: dict[str, str]) -> str:
        return str(desk.browser(who).get("/setup/back", params=back).headers["location"])

    assert came("bea", begun()) == astray, "another session"
    assert came("anna", begun() | {"state": "made-up"}) == astray
    assert came("anna", {"code": "x"}) == astray
    late = begun()
    desk.village.clock.advance(timedelta(minutes=16))
    assert came("anna", late) == astray
    assert portal.rows() == []
    back = begun()
    assert came("anna", back).startswith("/setup/connection/")
    assert came("anna", back) == astray, "a second time"
    assert "Diese Rückkehr passt zu keiner Anmeldung" in desk.browser("anna").get(astray).text
    assert desk.browser("adam").get("/setup/back", params=back).status_code == 403
    assert len(portal.rows()) == 1


def test_whoever_says_no_at_the_portal_comes_back_with_nothing_stored(portal: Portal, firm: str) -> None:
    back = portal.let_in(portal.desk.send("anna", "/setup/connect", firm=firm, **portal.login).text)
    answer = portal.desk.browser("anna").get("/setup/back", params={"state": back["state"], "error": "access_denied"})
    assert answer.status_code == 422
    assert "wurde der Zugang nicht erlaubt" in answer.text
    assert portal.rows() == []


def test_a_portal_that_answers_for_another_one_is_not_taken(portal: Portal, firm: str) -> None:
    portal.simulator.world.storage.settings["portal"] = "https://anderes.bitrix24.de"
    back = portal.let_in(portal.desk.send("anna", "/setup/connect", firm=firm, **portal.login).text)
    answer = portal.desk.browser("anna").get("/setup/back", params=back)
    assert answer.status_code == 422
    assert "anderes.bitrix24.de statt muster.bitrix24.de" in answer.text
    assert portal.rows() == []


def test_a_missing_field_is_named_before_anybody_is_sent_away(portal: Portal, firm: str) -> None:
    answer = portal.desk.send("anna", "/setup/connect", firm=firm, **(portal.login | {"login-client_secret": " "}))
    assert answer.status_code == 422
    assert "Client-Geheimnis" in answer.text
    assert "/oauth/authorize/" not in answer.text
    assert portal.desk.send("anna", "/setup/connect", firm=firm, **(portal.login | {"way": "by-magic"})).status_code == 404


def test_signing_in_again_keeps_the_connection_and_what_was_not_typed(portal: Portal, firm: str) -> None:
    connection = connected(portal, firm)
    desk = portal.desk
    with desk.village.house.store.write() as conn:
        pairs.update_connection(conn, connection, state="refused", told="login-refused")
        before = secrets.get_secret(conn, desk.village.house.ring, connection, "refresh_token")
    page = desk.send("anna", "/setup/key", connection=connection).text
    answer = desk.browser("anna").get("/setup/back", params=portal.let_in(page))
    assert answer.headers["location"] == f"/setup?firm={firm}&said=key-renewed"
    (row,) = portal.rows()
    assert (row.id, row.state) == (connection, "ok")
    with desk.village.house.store.read() as conn:
        assert secrets.get_secret(conn, desk.village.house.ring, connection, "refresh_token") != before


def test_the_settings_of_a_connection_are_shown_chosen_and_kept(portal: Portal, firm: str) -> None:
    connection = connected(portal, firm)
    path, desk = f"/setup/connection/{connection}", portal.desk
    page = desk.browser("anna").get(path).text
    for told in ("Detailvorlage für Firmen", "Verantwortliche Person", "Nora Feldkamp", "Standardadresse", "wem der Zugang gehört"):
        assert told in page
    user = next(o["value"] for c in desk.call("anna", "GET", f"/api/v1/connections/{connection}/settings").json() if c["name"] == "responsible"
                for o in c["offers"] if o["shown"] == "Nora Feldkamp")  # fmt: skip
    answer = desk.send("anna", path, **{"s-responsible": user, "s-address_type": "11"})
    assert answer.headers["location"] == f"/setup?firm={firm}&said=adjusted"
    (row,) = portal.rows()
    assert (row.settings["responsible"], row.settings["address_type"], row.settings["login"]) == (user, "11", "local-app")
    assert desk.send("anna", path, **{"s-responsible": "4711"}).status_code == 422
    assert portal.rows()[0].settings["responsible"] == user
    assert f'href="{path}"' in desk.browser("anna").get(f"/setup?firm={firm}").text
    assert [desk.browser(who).get(path).status_code for who in ("vera", "adam")] == [403, 403]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_settings_of_a_connection_are_said_in_the_language_of_their_reader(portal: Portal, firm: str, language: str) -> None:
    path, desk = f"/setup/connection/{connected(portal, firm)}", portal.desk
    desk.send("anna", "/me/language", language=language)
    page = desk.browser("anna").get(path).text
    assert f'<html lang="{language}">' in page
    assert foreign(Seen(page).text, language) == {}


def test_a_field_is_made_in_the_portal_only_after_a_yes_and_is_chosen_then(portal: Portal, firm: str) -> None:
    path, desk = f"/setup/connection/{connected(portal, firm)}", portal.desk
    assert "UF_CRM_UNISONO" in desk.browser("anna").get(path).text, "what would be made is said before"

    def fields() -> list[str]:
        return [row["FIELD_NAME"] for row in portal.simulator.truth()["userfields"] if row["FIELD_NAME"] == "UF_CRM_UNISONO"]

    assert desk.send("anna", f"{path}/field", name="tag_field").status_code == 422
    assert fields() == []
    assert desk.send("anna", f"{path}/field", name="tag_field", yes="yes").headers["location"] == f"{path}?said=field-made"
    assert len(fields()) == 2, "one for companies, one for contacts"
    assert portal.rows()[0].settings["tag_field"] == "UF_CRM_UNISONO"
    assert desk.send("anna", f"{path}/field", name="tag_field", yes="yes").status_code == 422, "nothing is lacking any more"


def test_a_system_without_settings_of_a_connection_has_no_such_page(portal: Portal) -> None:
    desk = portal.desk
    answer = desk.browser("anna").get(f"/setup/connection/{desk.village.b}")
    assert answer.headers["location"] == f"/setup?firm={desk.village.firm}"
    assert desk.call("anna", "GET", f"/api/v1/connections/{desk.village.b}/settings").json() == []


def test_a_program_goes_the_same_way(portal: Portal, firm: str) -> None:
    desk, login = portal.desk, {name.removeprefix("login-"): v for name, v in portal.login.items() if name.startswith("login-")}
    body = {"firm": firm, "system": "bitrix24", "way": "local-app", "login": login}
    told = desk.call("anna", "POST", "/api/v1/connections", body).json()
    assert told["id"] == ""
    back = portal.let_in(f'<a href="{told["go_to"].replace("&", "&amp;")}">')
    desk.add("bea", "admin")
    assert desk.call("bea", "POST", "/api/v1/connections/back", back).status_code == 404
    again = portal.let_in(f'<a href="{desk.call("anna", "POST", "/api/v1/connections", body).json()["go_to"]}">')
    made = desk.call("anna", "POST", "/api/v1/connections/back", again).json()["id"]
    assert [row.id for row in portal.rows()] == [made]
    path = f"/api/v1/connections/{made}"
    kept = desk.call("anna", "PUT", f"{path}/settings", {"answers": {"language": "pl"}}).json()
    assert next(one["value"] for one in kept if one["name"] == "language") == "pl"
    assert desk.call("anna", "PUT", f"{path}/settings", {"answers": {"language": "fr"}}).status_code == 422
    assert desk.call("anna", "POST", f"{path}/field", {"name": "tag_field", "yes": False}).status_code == 422
    assert desk.call("anna", "POST", f"{path}/field", {"name": "tag_field", "yes": True}).json() == {"made": "UF_CRM_UNISONO"}
    assert desk.call("anna", "PUT", f"{path}/key", {"login": {"client_secret": "x" * 12}}).status_code == 422, "its keys are not typed"


def test_by_webhook_the_address_for_notices_is_shown_once(tmp_path: Path) -> None:
    desk = desk_at(tmp_path, address=ADDRESS)
    portal = Portal(desk)
    keep_address(desk.village.house, ADDRESS)
    v = desk.village
    with v.house.store.write() as conn:
        # The street's pair, with a portal as its CRM.
        pairs.update_connection(conn, v.a, system="bitrix24", login={"portal": PORTAL})
        secrets.put_secret(conn, v.house.ring, v.a, "webhook", Secret(f"1/{HOOK}"), v.clock.now())
    page = desk.browser("anna").get(f"{desk.pair}/hooks").text
    assert f"{desk.pair}/hooks/hand" in Seen(page).changes
    shown = desk.send("anna", f"{desk.pair}/hooks/hand", connection=v.a)
    (address,) = re.findall(r"<code>(https://[^<•]+)</code>", shown.text)
    assert "Ausgehender Webhook" in shown.text
    secret = address.rpartition("/")[2]
    assert len(secret) > 20
    for path in (f"{desk.pair}/hooks", f"/api/v1{desk.pair}/hooks", f"{desk.pair}/history"):
        assert secret not in desk.browser("anna").get(path).text
    portal.simulator.world.storage.settings["deliver"] = None
    answer = desk.somebody().post(address, content=b"event=x", headers={"content-type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 200
    assert "Bisher 1 Meldung angenommen" in desk.browser("anna").get(f"{desk.pair}/hooks").text
    again = desk.send("anna", f"{desk.pair}/hooks/hand", connection=v.a).text
    assert secret not in again, "a new address ends the one before"
    assert desk.send("adam", f"{desk.pair}/hooks/hand", connection=v.a).status_code == 403
    assert desk.send("anna", f"{desk.pair}/hooks/hand", connection=v.b).status_code == 422
    path = f"/api/v1{desk.pair}/hooks"
    assert desk.call("anna", "POST", f"{path}/open", {"connection": v.a, "yes": True}).status_code == 409, "by hand only"
    told = desk.call("anna", "POST", f"{path}/hand", {"connection": v.a}).json()
    assert (told["state"], told["address"].startswith(f"{ADDRESS}/hooks/")) == ("open", True)
    assert desk.call("anna", "POST", f"{path}/hand", {"connection": v.b}).status_code == 409
    v.house.store.close()


@pytest.mark.parametrize(
    ("given", "private", "found"),
    (
        ("muster.bitrix24.pl", False, {}),
        ("https://crm.firma.example/crm/", False, {"api": "https://crm.firma.example/rest", "pinned": "1.1.1.1"}),
        ("crm.firma.example:8443", False, {"api": "https://crm.firma.example:8443/rest", "pinned": "1.1.1.1"}),
        ("intern.firma.example", False, "host-private"),
        ("intern.firma.example", True, {"api": "https://intern.firma.example/rest", "pinned": "10.0.0.7"}),
        ("meta.firma.example", True, "host-metadata"),
        ("127.0.0.1", False, "host-private"),
    ),
)
def test_a_portal_on_a_host_of_its_own_is_looked_at_before_a_key_goes_there(portal: Portal, given: str, private: bool, found: Any) -> None:
    from unisono.model.errors import Refused

    house = portal.desk.village.house
    known = {
        "crm.firma.example": "1.1.1.1",
        "intern.firma.example": "10.0.0.7",
        "meta.firma.example": "169.254.169.254",
        "127.0.0.1": "127.0.0.1",
    }
    house.outward = Outward(resolve=lambda name: [known[name]])
    if isinstance(found, str):
        with pytest.raises(Refused) as told:
            own_host(house, "bitrix24", {"portal": given}, {"private": private})
        assert told.value.code == found
    else:
        assert own_host(house, "bitrix24", {"portal": given}, {"private": private}) == found
        assert own_host(house, "bitrix24", {"portal": given}, {"api": "http://127.0.0.1:8703/rest"}) == {}, "a simulator was named"


def test_calls_to_an_own_host_go_to_the_address_that_was_looked_at(portal: Portal, firm: str) -> None:
    house, asked = portal.desk.village.house, []
    house.outward = Outward(resolve=lambda name: ["1.1.1.1"])
    inner = portal.transport

    class Noting:
        def carry(self, request: Any, hearer: Any) -> None:
            asked.append((urlsplit(request.url).hostname, request.address))
            inner.carry(request, hearer)

        def close(self) -> None:
            inner.close()

    house.transports = lambda _: Noting()
    login = {**BY_HOOK, "login-portal": "crm.firma.example", "login-webhook": f"1/{HOOK}"}
    assert portal.desk.send("anna", "/setup/connect", firm=firm, **login).status_code == 303
    assert set(asked) == {("crm.firma.example", "1.1.1.1")}
    (row,) = portal.rows()
    assert row.settings["pinned"] == "1.1.1.1"
