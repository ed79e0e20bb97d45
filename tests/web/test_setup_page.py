"""Set-up on its page: a firm, two logins tested on the spot, the pair, the preview; a key is never shown again."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.stories.folk import customer
from tests.web.desk import Desk, Seen
from unisono.store import pairs

CRM_KEY, BOOKS_KEY = "centralstation-sandbox-key", "fb-0123456789abcdef"
BOOKS = {"system": "fastbill", "login-email": "buchhaltung@example.de", "login-api_key": BOOKS_KEY}


@pytest.fixture
def firm(desk: Desk) -> str:
    """A second firm, with nothing connected yet."""
    answer = desk.send("anna", "/setup/firm", name="Zweite GmbH", country="PL")
    return parse_qs(urlsplit(answer.headers["location"]).query)["firm"][0]


def connections(desk: Desk, firm: str) -> list[str]:
    with desk.village.house.store.read() as conn:
        return [row.system for row in pairs.connections(conn, firm)]


def shown(desk: Desk, firm: str) -> str:
    return str(desk.browser("anna").get(f"/setup?firm={firm}").text)


def test_from_a_firm_by_two_logins_to_the_preview_of_their_pair(desk: Desk, firm: str) -> None:
    page = Seen(shown(desk, firm))
    assert "Externe Anwendungen (API)" in page.text, "the path to the key in the vendor's own menu words"
    assert "unteren Bereich der Seite" in page.text
    assert desk.send("anna", "/setup/connect", firm=firm, system="centralstation", **{"login-api_key": CRM_KEY}).status_code == 303
    assert "Geprüft und verbunden" in shown(desk, firm)
    assert desk.send("anna", "/setup/connect", firm=firm, **BOOKS).status_code == 303
    with desk.village.house.store.read() as conn:
        ids = {row.system: row.id for row in pairs.connections(conn, firm)}
    answer = desk.send("anna", "/setup/pair", firm=firm, crm=ids["centralstation"], invoicing=ids["fastbill"])
    made = answer.headers["location"].split("/")[2]
    assert answer.headers["location"] == f"/pairs/{made}/preview"
    assert desk.browser("anna").get(f"/api/v1/pairs/{made}").json()["state"] == "reading"
    assert "Das würde der erste Abgleich tun" in desk.browser("anna").get(answer.headers["location"]).text
    again = desk.send("anna", "/setup/pair", firm=firm, crm=ids["centralstation"], invoicing=ids["fastbill"])
    assert again.headers["location"] == answer.headers["location"], "one pair between two connections"
    assert "Zwischen beiden gibt es schon ein Paar." in shown(desk, firm)


def test_a_key_that_does_not_work_is_told_and_nothing_is_stored(desk: Desk, firm: str) -> None:
    answer = desk.send("anna", "/setup/connect", firm=firm, **(BOOKS | {"login-api_key": "wrong-key-4711"}))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "FastBill" in answer.text
    assert "wrong-key-4711" not in answer.text
    assert "buchhaltung@example.de" in answer.text, "what is no secret need not be typed again"
    assert connections(desk, firm) == []


def test_an_empty_key_is_asked_for(desk: Desk, firm: str) -> None:
    answer = desk.send("anna", "/setup/connect", firm=firm, **(BOOKS | {"login-api_key": " "}))
    assert answer.status_code == 422
    assert "API-Schlüssel" in answer.text
    assert connections(desk, firm) == []


def test_a_stored_key_is_recognised_by_its_end_and_never_shown(desk: Desk, firm: str) -> None:
    desk.send("anna", "/setup/connect", firm=firm, **BOOKS)
    page = shown(desk, firm)
    assert BOOKS_KEY not in page
    assert "endet auf cdef" in page
    assert BOOKS_KEY not in desk.browser("anna").get("/api/v1/connections").text


def test_a_refused_key_is_replaced_and_one_that_does_not_work_is_not_taken(desk: Desk) -> None:
    v = desk.village
    with v.house.store.write() as conn:
        pairs.update_connection(conn, v.b, state="refused", told="login-refused")
    assert "FastBill nimmt den Zugang nicht mehr an." in shown(desk, v.firm)
    wrong = desk.send("anna", "/setup/key", connection=v.b, **{"login-api_key": "wrong-key-4711"})
    assert wrong.status_code == 422
    assert 'role="alert"' in wrong.text
    assert "wrong-key-4711" not in wrong.text
    assert desk.send("anna", "/setup/key", connection=v.b, **{"login-api_key": " "}).status_code == 422
    right = desk.send("anna", "/setup/key", connection=v.b, **{"login-api_key": BOOKS_KEY})
    assert right.headers["location"] == f"/setup?firm={v.firm}&said=key-renewed"
    assert "FastBill nimmt den Zugang nicht mehr an." not in shown(desk, v.firm)
    assert desk.call("anna", "PUT", f"/api/v1/connections/{v.b}/key", {"login": {"api_key": BOOKS_KEY}}).json() == {"id": v.b}
    assert desk.call("anna", "PUT", "/api/v1/connections/nothing/key", {"login": {}}).status_code == 404


def test_a_key_of_an_account_with_none_of_the_linked_customers_is_taken_when_a_person_says_it_is_the_same(desk: Desk) -> None:
    v = desk.village
    v.release()
    customer(v)
    v.sync()
    assert v.link_count() == {"party": 1}
    for table in ("customers", "estimates"):
        v.books.world.storage.table(table).clear()
    key = {"login-api_key": BOOKS_KEY}
    asked = desk.send("anna", "/setup/key", connection=v.b, **key)
    assert (asked.status_code, "keiner der verknüpften Kunden" in asked.text, 'name="sure"' in asked.text) == (422, True, True)
    assert 'name="sure"' not in shown(desk, v.firm), "nobody is asked without need"
    assert desk.call("anna", "PUT", f"/api/v1/connections/{v.b}/key", {"login": {"api_key": BOOKS_KEY}}).status_code == 409
    sure = desk.send("anna", "/setup/key", connection=v.b, sure="yes", **key)
    assert sure.headers["location"] == f"/setup?firm={v.firm}&said=key-renewed"
    again = {"login": {"api_key": BOOKS_KEY}, "sure": True}
    assert desk.call("anna", "PUT", f"/api/v1/connections/{v.b}/key", again).json() == {"id": v.b}


def test_only_an_admin_sets_up_and_only_for_firms_that_are_theirs(desk: Desk, firm: str) -> None:
    assert [desk.browser(who).get("/setup").status_code for who in ("vera", "adam", "anna")] == [403, 403, 200]
    assert "/setup" not in Seen(desk.browser("adam").get("/").text).links
    desk.add("nur", "admin", firms=(desk.village.firm,))
    assert desk.browser("nur").get(f"/setup?firm={firm}").status_code == 404
    assert desk.send("nur", "/setup/connect", firm=firm, **BOOKS).status_code == 404
    assert desk.send("nur", "/setup/firm", name="Dritte GmbH", country="DE").status_code == 403
    assert connections(desk, firm) == []


def test_whoever_has_no_pair_yet_is_led_to_set_up(desk: Desk) -> None:
    desk.add("neu", "admin", firms=())
    desk.add("gast", "view", firms=())
    assert "/setup" in Seen(desk.browser("neu").get("/").text).links
    assert "/setup" not in Seen(desk.browser("gast").get("/").text).links


def test_a_firm_without_a_name_is_asked_for_again(desk: Desk) -> None:
    answer = desk.send("anna", "/setup/firm", name=" ", country="DE")
    assert answer.status_code == 422
    assert "Bitte nennen Sie die Firma." in answer.text


def test_what_is_not_there_to_choose_is_refused(desk: Desk, firm: str) -> None:
    assert desk.send("anna", "/setup/connect", firm=firm, system="sugester").status_code == 404
    assert desk.send("anna", "/setup/connect", firm="nothing", **BOOKS).status_code == 404
    assert desk.send("anna", "/setup/pair", firm=firm, crm=desk.village.a, invoicing=desk.village.b).status_code == 404
    swapped = {"firm": desk.village.firm, "crm": desk.village.b, "invoicing": desk.village.a}
    assert desk.send("anna", "/setup/pair", **swapped).status_code == 404


def test_a_program_sets_up_the_same_way(desk: Desk) -> None:
    made = desk.call("anna", "POST", "/api/v1/firms", {"name": "Dritte GmbH", "country": "RO"}).json()["id"]
    body = {"firm": made, "system": "centralstation", "login": {"api_key": CRM_KEY}}
    crm = desk.call("anna", "POST", "/api/v1/connections", body).json()["id"]
    login = {"email": "buchhaltung@example.de", "api_key": BOOKS_KEY}
    books = desk.call("anna", "POST", "/api/v1/connections", {"firm": made, "system": "fastbill", "login": login}).json()["id"]
    pair = desk.call("anna", "POST", "/api/v1/pairs", {"firm": made, "crm": crm, "invoicing": books}).json()["id"]
    assert desk.browser("anna").get(f"/api/v1/pairs/{pair}").json()["state"] == "reading"
    wrong = desk.call(
        "anna", "POST", "/api/v1/connections", {"firm": made, "system": "fastbill", "login": login | {"api_key": "wrong-4711"}}
    )
    assert wrong.status_code == 502
    assert "wrong-4711" not in wrong.text
    missing = desk.call("anna", "POST", "/api/v1/connections", {"firm": made, "system": "fastbill", "login": {}})
    assert missing.status_code == 422
