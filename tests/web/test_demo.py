"""The guided visit: let in once by a link, from this machine; what is tried out ticks itself off; outside the demo none of it exists."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.support.village import Village
from tests.web.desk import ADDRESS, Desk, Seen, at_once, desk_at, token_in
from unisono.sandbox.kit.switch import set_mood
from unisono.store import pairs
from unisono.web.app import make_app
from unisono.web.gate import needed_by
from unisono.web.site import Site
from unisono.wiring.guiding import LIFE, Guide, Played
from unisono.wiring.running import Runner

PAGES = ("http://127.0.0.1:7001/_sandbox/page", "http://127.0.0.1:7002/_sandbox/page")


class Visit:
    """A demo that has been set up, and a browser that nobody is signed in at."""

    def __init__(self, desk: Desk) -> None:
        self.village: Village = desk.village
        house = desk.village.house
        crm = Played(side="crm", title="CentralStationCRM", page=PAGES[0], login="")
        books = Played(side="inv", title="FastBill", page=PAGES[1], login="fb-0123456789abcdef")
        self.guide = Guide(house=house, crm=crm, invoicing=books, pair=desk.village.pair)
        self.app = make_app(house, Site(hasher=desk.site.hasher, address=ADDRESS, every=0.0, looks=1, aside=at_once), self.guide)

    def browser(self, client: str = "127.0.0.1") -> TestClient:
        return TestClient(self.app, base_url=ADDRESS, follow_redirects=False, client=(client, 50000))

    def come_in(self, browser: TestClient) -> Any:
        return browser.get(f"/demo/in?once={self.guide.tickets.new()}")

    def ticked(self, browser: TestClient) -> list[bool]:
        page = Seen(browser.get("/demo").text)
        found = [attrs.get("class", "") for tag, attrs in page.elements if tag == "li" and "class" in attrs]
        return [one == "done" for one in found if one in ("", "done")]


@pytest.fixture
def visit(tmp_path: Path) -> Visit:
    desk = desk_at(tmp_path, people=False)
    village = desk.village
    village.crm_act("create_company", name="Sonne GmbH", street="Ring 1", zip="24103", city="Kiel", country_code="DE", tag="FastBill")
    village.release()
    village.sync()
    village.sync()
    assert village.link_count()["party"] == 1
    return Visit(desk)


def test_a_link_lets_in_once_and_for_a_quarter_of_an_hour(visit: Visit) -> None:
    browser, other = visit.browser(), visit.browser()
    assert browser.get("/demo").headers["location"] == "/first"
    link = f"/demo/in?once={visit.guide.tickets.new()}"
    answer = browser.get(link)
    assert (answer.status_code, answer.headers["location"]) == (303, "/demo")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert browser.get("/demo").status_code == 200
    assert other.get(link).status_code == 403, "used"
    assert browser.get(link).headers["location"] == "/demo", "whoever is in stays in"
    late = f"/demo/in?once={visit.guide.tickets.new()}"
    visit.village.clock.advance(LIFE)
    assert other.get(late).status_code == 403, "too old"
    assert other.get("/demo/in?once=").status_code == 403
    assert other.get("/demo/in").status_code == 403


def test_a_link_lets_in_nobody_from_another_machine_and_is_not_used_up_by_trying(visit: Visit) -> None:
    link = f"/demo/in?once={visit.guide.tickets.new()}"
    assert visit.browser("192.0.2.7").get(link).status_code == 403
    assert visit.browser().get(link).status_code == 303


def test_the_visitor_is_one_user_without_a_password_and_out_when_the_demo_ends(visit: Visit) -> None:
    first, second = visit.browser(), visit.browser()
    visit.come_in(first)
    visit.come_in(second)
    page = second.get("/me").text
    assert "Gast" in page
    assert second.get("/setup").status_code == 200, "a visitor may do everything"
    denied = first.post("/signin", data={"login": "demo", "password": "", "csrf": token_in(page)})
    assert denied.status_code == 403
    visit.guide.leave()
    assert [one.get("/demo").status_code for one in (first, second)] == [303, 303]


def test_an_edit_on_either_side_is_ticked_off_with_what_unisono_did(visit: Visit) -> None:
    village, browser = visit.village, visit.browser()
    visit.come_in(browser)
    assert visit.ticked(browser) == [False] * 5
    visit.guide.begin()
    village.clock.advance(1)
    company = village.crm.truth()["companies"][0]["id"]
    village.crm_act("set_address", kind="company", id=company, street="Ring 2", zip="24103", city="Kiel", country_code="DE")
    village.sync()
    assert visit.ticked(browser) == [True, False, False, False, False]
    text = Seen(browser.get("/demo").text).text
    assert "Unisono hat Sonne GmbH in FastBill geändert: Straße und Hausnummer." in " ".join(text.split())
    customer = village.books.truth()["customers"][0]["CUSTOMER_ID"]
    village.books_act("edit_customer", id=customer, email="post@sonne.example")
    village.sync()
    assert visit.ticked(browser) == [True, True, False, False, False]


def test_what_the_demo_played_by_itself_is_not_the_visitors(visit: Visit) -> None:
    village, browser = visit.village, visit.browser()
    visit.come_in(browser)
    company = village.crm.truth()["companies"][0]["id"]
    village.crm_act("set_address", kind="company", id=company, street="Ring 2", zip="24103", city="Kiel", country_code="DE")
    village.sync()
    village.clock.advance(1)
    visit.guide.begin()
    assert visit.ticked(browser) == [False] * 5


def test_a_system_that_is_broken_and_mended_is_noticed_and_the_pairs_page_says_what_that_means(visit: Visit) -> None:
    village, browser = visit.village, visit.browser()
    visit.come_in(browser)
    visit.guide.begin()
    runner = Runner(house=village.house, holder="test")
    home = f"/pairs/{village.pair}"
    assert "antwortet gerade nicht" not in browser.get(home).text
    set_mood(village.books.world, "error")
    runner.turn(poll=True)
    assert "FastBill antwortet gerade nicht, wie es soll" in browser.get(home).text
    assert visit.ticked(browser)[3:] == [True, False]
    set_mood(village.books.world, "well")
    village.clock.advance(timedelta(minutes=10))
    runner.turn(poll=True)
    assert "antwortet gerade nicht" not in browser.get(home).text
    assert visit.ticked(browser)[3:] == [True, True]


def test_a_refused_key_waits_until_the_visitor_enters_it_again(visit: Visit) -> None:
    village, browser = visit.village, visit.browser()
    visit.come_in(browser)
    visit.guide.begin()
    set_mood(village.books.world, "refuse")
    Runner(house=village.house, holder="test").turn(poll=True)
    assert visit.ticked(browser)[3:] == [True, False]
    set_mood(village.books.world, "well")
    Runner(house=village.house, holder="test").turn(poll=True)
    assert visit.ticked(browser)[3:] == [True, False], "it waits for a person"
    token = token_in(browser.get("/me").text)
    key = {"csrf": token, "connection": village.b, "login-api_key": visit.guide.invoicing.login}
    assert browser.post("/setup/key", data=key).status_code == 303
    assert visit.ticked(browser)[3:] == [True, True]


def test_the_page_is_there_before_there_is_a_pair_and_links_both_pretended_systems(visit: Visit) -> None:
    browser = visit.browser()
    visit.come_in(browser)
    pair, visit.guide.pair = visit.guide.pair, ""
    before = Seen(browser.get("/demo").text)
    assert "Einen Augenblick" in before.text
    visit.guide.pair = pair
    after = Seen(browser.get("/demo").text)
    assert "Einen Augenblick" not in after.text
    assert {f"{PAGES[0]}#companies", f"{PAGES[1]}#switch", f"/pairs/{pair}", "/setup"} <= after.links
    away = [attrs for tag, attrs in after.elements if tag == "a" and attrs.get("href", "").startswith("http")]
    assert {attrs.get("rel") for attrs in away} == {"noopener"}


def test_what_changes_is_sent_while_one_looks(visit: Visit) -> None:
    browser = visit.browser()
    visit.come_in(browser)
    told = browser.get("/demo/live").text
    assert [line for line in told.splitlines() if line.startswith("event:")] == [
        "event: standing",
        "event: edit",
        "event: sent",
        "event: break",
    ]


def test_a_page_opened_before_there_was_a_pair_takes_its_frame_anew_once_there_is_one(visit: Visit) -> None:
    browser = visit.browser()
    visit.come_in(browser)
    pair, visit.guide.pair = visit.guide.pair, ""
    assert 'sse-connect="/demo/live?early=yes"' in browser.get("/demo").text
    assert 'hx-get="/demo"' not in browser.get("/demo/live?early=yes").text
    visit.guide.pair = pair
    assert 'hx-get="/demo"' in browser.get("/demo/live?early=yes").text
    assert 'hx-get="/demo"' not in browser.get("/demo/live").text
    assert 'sse-connect="/demo/live"' in browser.get("/demo").text


def test_outside_the_demo_there_is_no_such_page_and_in_it_one_more_open_door(visit: Visit, tmp_path: Path) -> None:
    desk = desk_at(tmp_path / "plain")
    assert [desk.browser("anna").get(path).status_code for path in ("/demo", "/demo/in?once=x", "/demo/live")] == [404] * 3
    assert "/demo" not in Seen(desk.browser("anna").get("/").text).links
    paths = [{getattr(route, "path", ""): needed_by(route) for route in app.routes} for app in (desk.app, visit.app)]
    assert {path: needs for path, needs in paths[1].items() if path not in paths[0]} == {
        "/demo": "view",
        "/demo/in": "open",
        "/demo/live": "view",
    }
    desk.village.house.store.close()


def test_a_connection_made_in_the_demo_leads_to_the_simulator_and_never_to_the_vendor(visit: Visit) -> None:
    house = visit.village.house
    house.loopback, house.sandboxes = True, {"fastbill": {"api": "http://127.0.0.1:7002/api/1.0/api.php"}}
    browser = visit.browser()
    visit.come_in(browser)
    token = token_in(browser.get("/me").text)
    made = browser.post("/setup/firm", data={"csrf": token, "name": "Zweite GmbH", "country": "DE"})
    firm = made.headers["location"].partition("firm=")[2]
    login = {"login-email": "buchhaltung@example.de", "login-api_key": "fb-0123456789abcdef"}
    assert browser.post("/setup/connect", data={"csrf": token, "firm": firm, "system": "fastbill", **login}).status_code == 303
    with house.store.read() as conn:
        assert [row.settings["api"] for row in pairs.connections(conn, firm)] == ["http://127.0.0.1:7002/api/1.0/api.php"]
