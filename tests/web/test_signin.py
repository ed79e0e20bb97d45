"""Coming in: the first one by a code that is told once, everybody else by a password; nobody by trying often."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.web.desk import HASHER, PASSWORD, Desk, desk_at, token_in
from unisono.store import people
from unisono.store.tables import session as session_table
from unisono.store.tables import user as user_table
from unisono.wiring.people import (
    Argon,
    LastAdmin,
    LoginTaken,
    close_user,
    new_first_code,
    new_user,
    trouble_with,
)


@pytest.fixture
def empty(tmp_path: Path) -> Desk:
    """An installation in which nobody can sign in yet."""
    return desk_at(tmp_path, people=False)


def first(desk: Desk, browser: Any, **changed: str) -> Any:
    token = token_in(browser.get("/first").text)
    given = {"csrf": token, "once": "", "name": "Anna Ahrens", "login": "Anna@Example.de", "password": PASSWORD, "again": PASSWORD}
    return browser.post("/first", data=given | changed)


def signs_in(desk: Desk, login: str, password: str) -> Any:
    browser = desk.somebody()
    token = token_in(browser.get("/signin").text)
    return browser.post("/signin", data={"login": login, "password": password, "csrf": token})


def test_there_is_no_account_before_somebody_with_the_code_makes_one(empty: Desk) -> None:
    browser = empty.somebody()
    assert browser.get("/").headers["location"] == "/first"
    assert browser.get("/signin").headers["location"] == "/first"
    for login, password in (("admin", "admin"), ("admin", "password"), ("unisono", "unisono")):
        token = token_in(browser.get("/first").text)
        assert browser.post("/signin", data={"login": login, "password": password, "csrf": token}).status_code == 403
    with empty.village.house.store.read() as conn:
        assert people.users(conn) == []


def test_whoever_has_the_code_becomes_the_first_user_and_is_in(empty: Desk) -> None:
    code, browser = new_first_code(empty.village.house), empty.somebody()
    answer = first(empty, browser, once=code.lower().replace("-", " "))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    told = browser.get("/api/v1/me").json()
    assert told == {"login": "anna@example.de", "name": "Anna Ahrens", "role": "admin", "firms": None, "language": "de"}


def test_the_code_is_good_once_and_only_the_newest(empty: Desk) -> None:
    old = new_first_code(empty.village.house)
    code = new_first_code(empty.village.house)
    assert old != code
    assert first(empty, empty.somebody(), once=old).status_code == 403
    assert first(empty, empty.somebody(), once=code).status_code == 303
    assert empty.somebody().get("/first").headers["location"] == "/signin"
    browser = empty.somebody()
    token = token_in(browser.get("/signin").text)
    given = {"csrf": token, "once": code, "name": "Eve", "login": "eve", "password": PASSWORD, "again": PASSWORD}
    assert browser.post("/first", data=given).status_code == 403


def test_guessing_the_code_has_to_wait(empty: Desk) -> None:
    code = new_first_code(empty.village.house)
    assert [first(empty, empty.somebody(), once=f"AAAA-BBBB-CCCC-DDD{n}").status_code for n in range(6)] == [403] * 6
    assert first(empty, empty.somebody(), once=code).status_code == 403, "even the right one"
    empty.village.clock.advance(timedelta(minutes=16))
    assert first(empty, empty.somebody(), once=code).status_code == 303


def test_the_code_is_stored_as_a_hash_only(empty: Desk) -> None:
    code = new_first_code(empty.village.house)
    with empty.village.house.store.read() as conn:
        kept = people.first_code(conn)
    assert kept
    assert code not in kept
    assert code.replace("-", "") not in kept


@pytest.mark.parametrize(
    ("changed", "told"),
    (
        ({"password": "Xk9!", "again": "Xk9!"}, "Zu kurz"),
        ({"again": "etwas anderes als davor"}, "verschieden"),
        ({"password": "passwort1234", "again": "passwort1234"}, "Zu leicht"),
        ({"password": "aaaaaaaaaaaaaaaa", "again": "aaaaaaaaaaaaaaaa"}, "Zu leicht"),
        ({"password": "Anna.Ahrens1", "again": "Anna.Ahrens1"}, "Zu nah am Namen"),
        ({"name": " "}, "fehlen"),
    ),
)
def test_what_is_wrong_with_the_form_is_said_and_nothing_is_made(empty: Desk, changed: dict[str, str], told: str) -> None:
    code = new_first_code(empty.village.house)
    answer = first(empty, empty.somebody(), once=code, **changed)
    assert answer.status_code == 422
    assert told in answer.text
    assert changed.get("password", PASSWORD) not in answer.text
    with empty.village.house.store.read() as conn:
        assert people.users(conn) == []


@pytest.mark.parametrize(
    ("password", "trouble"),
    (
        ("elf Zeichen", "short"),
        ("x" * 201, "long"),
        ("qwertzuiop12", "common"),
        ("abcdefghijkl", "common"),
        ("123456789012", "common"),
        ("Passwort-2026!", "common"),
        ("Hallo Sommer 1", "common"),
        ("hartwig.berg", "own-name"),
        ("drei blaue Katzen im Regen", None),
        ("Zażółć gęślą jaźń", None),
        ("kX9#vL2$pQ7!", None),
    ),
)
def test_easy_passwords_are_told_from_good_ones(password: str, trouble: str | None) -> None:
    assert trouble_with(password, "hartwig.berg@example.de", "Hartwig Berg") == trouble


def test_an_unknown_user_and_a_wrong_password_get_the_same_answer(desk: Desk) -> None:
    answers = [signs_in(desk, login, "das ist es bestimmt nicht") for login in ("anna", "nobody")]
    assert [a.status_code for a in answers] == [403, 403]
    pages = [a.text.replace("anna", "X").replace("nobody", "X") for a in answers]
    without_token = [page.replace(token_in(page), "") for page in pages]
    assert without_token[0] == without_token[1]


def test_after_some_failures_even_the_right_password_has_to_wait_and_the_wait_grows(desk: Desk) -> None:
    for _ in range(5):
        assert signs_in(desk, "anna", "das ist es bestimmt nicht").status_code == 403
    assert signs_in(desk, "anna", PASSWORD).status_code == 403
    desk.village.clock.advance(timedelta(seconds=2))
    assert signs_in(desk, "anna", PASSWORD).status_code == 303
    for _ in range(5):
        signs_in(desk, "adam", "das ist es bestimmt nicht")
    for step in range(6):
        desk.village.clock.advance(timedelta(seconds=2**step + 0.1))
        assert signs_in(desk, "adam", "das ist es bestimmt nicht").status_code == 403
    desk.village.clock.advance(timedelta(seconds=32))
    assert signs_in(desk, "adam", PASSWORD).status_code == 403, "64 s by now"
    desk.village.clock.advance(timedelta(seconds=33))
    assert signs_in(desk, "adam", PASSWORD).status_code == 303


def test_failures_of_one_do_not_keep_others_out(desk: Desk) -> None:
    for _ in range(8):
        signs_in(desk, "anna", "das ist es bestimmt nicht")
    assert signs_in(desk, "adam", PASSWORD).status_code == 303


def test_one_place_that_tries_many_names_has_to_wait(desk: Desk) -> None:
    for n in range(30):
        signs_in(desk, f"somebody{n}", "das ist es bestimmt nicht")
    assert signs_in(desk, "adam", PASSWORD).status_code == 403


def test_a_password_and_a_session_are_stored_as_hashes_only(desk: Desk) -> None:
    browser = desk.browser("anna")
    secret = browser.cookies["unisono"]
    with desk.village.house.store.read() as conn:
        rows = [tuple(row) for table in (user_table, session_table) for row in conn.execute(select(table))]
    told = repr(rows)
    assert "$argon2id$" in told
    assert PASSWORD not in told
    assert len(secret) > 40
    assert secret not in told


def test_the_hash_is_argon2id_with_a_price_worth_having() -> None:
    kept = Argon().hash("ein Satz")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=")
    assert Argon().fits(kept, "ein Satz")
    assert not Argon().fits(kept, "ein satz")
    assert not Argon().fits("", "nobody has this password")
    assert not Argon().fits("broken", "ein Satz")


def test_login_does_not_care_about_capitals_and_blanks(desk: Desk) -> None:
    assert signs_in(desk, "  ANNA ", PASSWORD).status_code == 303
    with pytest.raises(LoginTaken):
        new_user(desk.village.house, HASHER, " Anna", "x", PASSWORD, "view", None, "")


def test_signing_out_ends_the_session_at_once(desk: Desk) -> None:
    browser = desk.browser("anna")
    secret = browser.cookies["unisono"]
    assert desk.send("anna", "/signout").headers["location"] == "/signin"
    later = desk.somebody()
    later.cookies.set("unisono", secret)
    assert later.get("/me").headers["location"] == "/signin"


def test_a_new_sign_in_has_a_new_secret(desk: Desk) -> None:
    secrets = set()
    for _ in range(3):
        browser = desk.somebody()
        browser.cookies.set("unisono", "a-secret-somebody-set")
        token = token_in(browser.get("/signin").text)
        browser.post("/signin", data={"login": "anna", "password": PASSWORD, "csrf": token})
        secrets.add(browser.cookies.get("unisono", domain="127.0.0.1") or browser.cookies.get("unisono"))
    assert len(secrets) == 3
    assert "a-secret-somebody-set" not in secrets


def test_a_browser_nobody_uses_is_signed_out_and_one_in_use_stays_for_two_weeks(desk: Desk) -> None:
    browser, clock = desk.browser("anna"), desk.village.clock
    for _ in range(13):
        clock.advance(timedelta(hours=23))
        assert browser.get("/me").status_code == 200
    clock.advance(timedelta(hours=25))
    assert browser.get("/me").headers["location"] == "/signin"
    other, last = desk.browser("adam"), 0
    for _ in range(15):
        clock.advance(timedelta(hours=23))
        last = other.get("/me").status_code
    assert last == 303


def test_a_user_who_is_closed_is_out_at_once_and_does_not_come_in_again(desk: Desk) -> None:
    browser = desk.browser("adam")
    with desk.village.house.store.read() as conn:
        adam = next(u for u in people.users(conn) if u.login == "adam")
    close_user(desk.village.house, adam.id)
    assert browser.get("/me").headers["location"] == "/signin"
    assert signs_in(desk, "adam", PASSWORD).status_code == 403


def test_the_last_one_who_may_let_others_in_stays(desk: Desk) -> None:
    with desk.village.house.store.read() as conn:
        anna = next(u for u in people.users(conn) if u.login == "anna")
    with pytest.raises(LastAdmin):
        close_user(desk.village.house, anna.id)
    desk.add("agnes", "admin")
    close_user(desk.village.house, anna.id)


def test_a_new_password_signs_out_every_other_browser(desk: Desk) -> None:
    here, there = desk.browser("anna"), desk.somebody()
    token = token_in(there.get("/signin").text)
    there.post("/signin", data={"login": "anna", "password": PASSWORD, "csrf": token})
    assert there.get("/me").status_code == 200
    new = "ein ganz anderer Satz mit Birnen"
    assert desk.send("anna", "/me/password", before="falsch falsch falsch", password=new, again=new).status_code == 422
    assert desk.send("anna", "/me/password", before=PASSWORD, password=new, again=new).status_code == 303
    assert (here.get("/me").status_code, there.get("/me").status_code) == (200, 303)
    assert [signs_in(desk, "anna", one).status_code for one in (PASSWORD, new)] == [403, 303]


def test_one_sees_where_one_is_signed_in_and_ends_it(desk: Desk) -> None:
    there = desk.somebody()
    token = token_in(there.get("/signin").text)
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    there.post("/signin", data={"login": "anna", "password": PASSWORD, "csrf": token}, headers={"user-agent": agent})
    page = desk.browser("anna").get("/me").text
    assert "Firefox, Linux" in page
    other = next(s["id"] for s in desk.browser("anna").get("/api/v1/me/sessions").json() if "Firefox" in s["name"])
    assert desk.send("adam", f"/me/sessions/{other}/end").status_code == 404, "nobody ends somebody else's"
    assert there.get("/me").status_code == 200
    assert desk.send("anna", f"/me/sessions/{other}/end").status_code == 303
    assert there.get("/me").headers["location"] == "/signin"


def test_a_program_has_a_key_that_may_less_than_its_user_and_never_more(desk: Desk) -> None:
    made = {
        who: desk.call(who, "POST", "/api/v1/me/keys", json={"name": "Auswertung", "role": role}).json()
        for who, role in (("anna", "view"), ("vera", "admin"))
    }
    for who in ("anna", "vera"):
        program = desk.somebody()
        program.headers["authorization"] = f"Bearer {made[who]['key']}"
        assert program.get("/api/v1/me").json()["role"] == "view"
        assert program.get(f"/api/v1{desk.pair}").status_code == 200
        assert program.post(f"/api/v1{desk.pair}/pause").status_code == 403
        assert program.post("/api/v1/me/keys", json={"name": "mehr", "role": "view"}).status_code == 403, "a key makes no keys"


def test_a_program_does_what_its_role_allows_without_a_token_of_a_page(desk: Desk) -> None:
    key = desk.call("adam", "POST", "/api/v1/me/keys", json={"name": "Nachtlauf", "role": "act"}).json()
    program = desk.somebody()
    program.headers["authorization"] = f"Bearer {key['key']}"
    assert program.post(f"/api/v1{desk.pair}/pause").json() == {"state": "paused"}
    assert desk.call("adam", "DELETE", f"/api/v1/me/sessions/{key['id']}").status_code == 204
    assert program.get("/api/v1/me").status_code == 401


def test_whoever_says_a_key_is_judged_by_it_and_not_by_a_cookie(desk: Desk) -> None:
    browser = desk.browser("anna")
    assert browser.get("/api/v1/me", headers={"authorization": "Bearer uni_wrong"}).status_code == 401
    assert browser.get("/api/v1/me", headers={"authorization": "Basic YW5uYTp4"}).status_code == 401


def test_the_language_is_the_users_else_the_browsers_else_the_firms(desk: Desk) -> None:
    browser = desk.browser("vera")
    assert '<html lang="pl">' in browser.get("/", headers={"accept-language": "pl-PL,pl;q=0.9,en;q=0.8"}).text
    assert '<html lang="ro">' in browser.get("/", headers={"accept-language": "fr, ro;q=0.5, en;q=0.1"}).text
    assert '<html lang="de">' in browser.get("/", headers={"accept-language": "fr"}).text
    desk.send("vera", "/me/language", language="en")
    assert '<html lang="en">' in browser.get("/", headers={"accept-language": "pl"}).text
    desk.send("vera", "/me/language", language="xx")
    assert '<html lang="pl">' in browser.get("/", headers={"accept-language": "pl"}).text
