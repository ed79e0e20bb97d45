"""Users and roles: inviting by a code that is told once, changing, locking, taking out; what is not theirs is not there."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from tests.web.desk import HASHER, PASSWORD, Desk, token_in
from unisono.store import people
from unisono.store.tables import firm, invitation, session, user
from unisono.wiring.people import new_user

NEW = "ein neuer Satz mit neun Kirschen"
OTHER = "firm-two"


def id_of(desk: Desk, login: str) -> str:
    with desk.village.house.store.read() as conn:
        return next(one.id for one in people.users(conn) if one.login == login)


def code_in(page: str) -> str:
    found = re.search(r"\b[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}\b", page)
    assert found, page[-2000:]
    return found[0]


def invite(desk: Desk, who: str = "anna", **changed: Any) -> Any:
    given = {"name": "Ida Iversen", "login": "ida@example.de", "role": "act", "where": "house"}
    return desk.send(who, "/users", **(given | changed))


def join(desk: Desk, login: str, once: str, password: str = NEW) -> Any:
    browser = desk.somebody()
    token = token_in(browser.get("/join").text)
    answer = browser.post("/join", data={"csrf": token, "login": login, "once": once, "password": password, "again": password})
    return browser, answer


@pytest.fixture
def two(desk: Desk) -> Desk:
    """A second firm: ``frank`` administers the first alone, ``gerda`` works in the second, ``emil`` in the first."""
    house = desk.village.house
    with house.store.write() as conn:
        conn.execute(insert(firm).values(id=OTHER, name="Zweite GmbH", created_at=""))
    new_user(house, HASHER, "frank", "Frank", PASSWORD, "admin", (desk.village.firm,), "")
    new_user(house, HASHER, "gerda", "Gerda", PASSWORD, "act", (OTHER,), "")
    new_user(house, HASHER, "emil", "Emil", PASSWORD, "view", (desk.village.firm,), "")
    return desk


def test_somebody_is_invited_by_a_code_and_sets_a_password_of_their_own(desk: Desk) -> None:
    page = invite(desk)
    assert page.status_code == 200
    code = code_in(page.text)
    browser, answer = join(desk, "IDA@example.de", code.lower().replace("-", " "))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    told = browser.get("/api/v1/me").json()
    assert (told["login"], told["role"], told["firms"]) == ("ida@example.de", "act", None)
    assert join(desk, "ida@example.de", code)[1].status_code == 403, "a code is good once"


def test_the_code_is_told_once_and_stored_as_a_hash_only(desk: Desk) -> None:
    code = code_in(invite(desk).text)
    ida = id_of(desk, "ida@example.de")
    assert all(code not in desk.browser("anna").get(path).text for path in ("/users", f"/users/{ida}", "/users/log", "/api/v1/users"))
    with desk.village.house.store.read() as conn:
        rows = repr([tuple(row) for row in conn.execute(select(invitation))])
    assert code not in rows
    assert code.replace("-", "") not in rows


def test_a_code_ends_after_a_week_and_with_the_next_one(desk: Desk) -> None:
    old = code_in(invite(desk).text)
    ida = id_of(desk, "ida@example.de")
    newer = code_in(desk.send("anna", f"/users/{ida}/code").text)
    assert join(desk, "ida@example.de", old)[1].status_code == 403
    desk.village.clock.advance(timedelta(days=8))
    desk.browsers.clear()
    assert join(desk, "ida@example.de", newer)[1].status_code == 403
    fresh = code_in(desk.send("anna", f"/users/{ida}/code").text)
    assert join(desk, "ida@example.de", fresh)[1].status_code == 303


def test_guessing_a_code_has_to_wait_and_says_the_same_for_a_login_that_does_not_exist(desk: Desk) -> None:
    code = code_in(invite(desk).text)
    wrong = [join(desk, login, "AAAA-BBBB-CCCC-DDDD")[1] for login in ("ida@example.de", "nobody@example.de")]
    pages = [one.text.replace("ida@", "X").replace("nobody@", "X").replace(token_in(one.text), "") for one in wrong]
    assert [one.status_code for one in wrong] == [403, 403]
    assert pages[0] == pages[1]
    for _ in range(5):
        join(desk, "ida@example.de", "AAAA-BBBB-CCCC-DDDD")
    assert join(desk, "ida@example.de", code)[1].status_code == 403, "even the right one"
    desk.village.clock.advance(timedelta(minutes=16))
    assert join(desk, "ida@example.de", code)[1].status_code == 303


def test_an_easy_password_is_refused_and_the_code_stays_good(desk: Desk) -> None:
    code = code_in(invite(desk).text)
    assert join(desk, "ida@example.de", code, "passwort1234")[1].status_code == 422
    assert join(desk, "ida@example.de", code)[1].status_code == 303


def test_a_new_code_replaces_a_lost_password_and_signs_out_every_browser(desk: Desk) -> None:
    vera, browser = id_of(desk, "vera"), desk.browser("vera")
    code = code_in(desk.send("anna", f"/users/{vera}/code").text)
    assert browser.get("/me").status_code == 200, "the old password holds until the code is used"
    assert join(desk, "vera", code)[1].status_code == 303
    assert browser.get("/me").headers["location"] == "/signin"


def test_another_role_counts_from_the_next_page_on(desk: Desk) -> None:
    vera, browser = id_of(desk, "vera"), desk.browser("vera")
    assert browser.get("/users").status_code == 403
    assert desk.send("anna", f"/users/{vera}/access", role="admin", where="house").status_code == 303
    assert browser.get("/users").status_code == 200
    assert desk.send("anna", f"/users/{vera}/access", role="view", where="firms", firm=desk.village.firm).status_code == 303
    assert browser.get("/users").status_code == 403
    assert browser.get(desk.pair).status_code == 200


def test_whoever_is_locked_is_out_at_once_with_their_programs_and_comes_back_after_unlocking(desk: Desk) -> None:
    adam, browser = id_of(desk, "adam"), desk.browser("adam")
    key = desk.call("adam", "POST", "/api/v1/me/keys", json={"name": "Lauf", "role": "act"}).json()["key"]
    program = desk.somebody()
    program.headers["authorization"] = f"Bearer {key}"
    assert program.get("/api/v1/me").status_code == 200
    assert desk.send("anna", f"/users/{adam}/lock").status_code == 303
    assert browser.get("/me").headers["location"] == "/signin"
    assert program.get("/api/v1/me").status_code == 401
    desk.browsers.pop("adam")
    somebody = desk.somebody()
    form = {"login": "adam", "password": PASSWORD, "csrf": token_in(somebody.get("/signin").text)}
    assert somebody.post("/signin", data=form).status_code == 403
    assert desk.send("anna", f"/users/{adam}/unlock").status_code == 303
    assert somebody.post("/signin", data=form).status_code == 303


def test_whoever_is_removed_is_gone_and_the_log_still_names_them(desk: Desk) -> None:
    adam, browser = id_of(desk, "adam"), desk.browser("adam")
    assert desk.send("anna", f"/users/{adam}/remove").headers["location"].startswith("/users?")
    assert browser.get("/me").headers["location"] == "/signin"
    with desk.village.house.store.read() as conn:
        assert conn.execute(select(user).where(user.c.id == adam)).first() is None
        assert conn.execute(select(session).where(session.c.user == adam)).first() is None
    assert "Entfernt: adam" in desk.browser("anna").get("/users/log").text
    assert desk.browser("anna").get(f"/users/{adam}").status_code == 404


def test_the_last_administrator_cannot_be_lowered_locked_or_removed(desk: Desk) -> None:
    anna = id_of(desk, "anna")
    for path, data in (
        ("access", {"role": "act", "where": "house"}),
        ("access", {"role": "admin", "where": "firms", "firm": desk.village.firm}),
    ):
        answer = desk.send("anna", f"/users/{anna}/{path}", **data)
        assert answer.status_code == 422
        assert "letzte Administrator" in answer.text
    assert [desk.send("anna", f"/users/{anna}/{what}").status_code for what in ("lock", "remove")] == [422, 422]
    invite(desk, role="admin")
    ida = id_of(desk, "ida@example.de")
    assert desk.send("anna", f"/users/{anna}/access", role="act", where="house").status_code == 422, (
        "one who was only invited is no way back"
    )
    join(desk, "ida@example.de", code_in(desk.send("anna", f"/users/{ida}/code").text))
    assert desk.send("anna", f"/users/{anna}/access", role="act", where="house").status_code == 303
    assert desk.browser("anna").get("/users").status_code == 403
    with desk.village.house.store.read() as conn:
        assert people.count_admins(conn) == 1


def test_sessions_of_others_are_seen_and_ended_one_or_all(desk: Desk) -> None:
    adam, browser = id_of(desk, "adam"), desk.browser("adam")
    page = desk.browser("anna").get(f"/users/{adam}").text
    one = desk.browser("anna").get(f"/api/v1/users/{adam}/sessions").json()
    assert f"/users/{adam}/sessions/{one[0]['id']}/end" in page
    vera = id_of(desk, "vera")
    assert desk.send("anna", f"/users/{vera}/sessions/{one[0]['id']}/end").status_code == 404, "a session of somebody else than was named"
    assert browser.get("/me").status_code == 200
    assert desk.send("anna", f"/users/{adam}/sessions/{one[0]['id']}/end").status_code == 303
    assert browser.get("/me").headers["location"] == "/signin"
    own = id_of(desk, "anna")
    assert desk.send("anna", f"/users/{own}/sessions/end").status_code == 303
    assert desk.browser("anna").get("/me").status_code == 200, "nobody signs themselves out by tidying up"


@pytest.mark.parametrize(
    ("changed", "told"),
    (
        ({"name": " "}, "leer"),
        ({"login": ""}, "leer"),
        ({"login": "adam"}, "hat schon jemand"),
        ({"role": "owner"}, "Rolle"),
        ({"where": "firms"}, "mindestens eine Firma"),
    ),
)
def test_what_is_wrong_with_an_invitation_is_said_and_nothing_is_made(desk: Desk, changed: dict[str, str], told: str) -> None:
    answer = invite(desk, **changed)
    assert answer.status_code == 422
    assert told in answer.text
    with desk.village.house.store.read() as conn:
        assert sorted(one.login for one in people.users(conn)) == ["adam", "anna", "vera"]


def test_every_change_is_in_the_log_with_who_and_what(desk: Desk) -> None:
    invite(desk)
    ida = id_of(desk, "ida@example.de")
    desk.send("anna", f"/users/{ida}/access", role="admin", where="house")
    desk.send("anna", f"/users/{ida}/code")
    desk.send("anna", f"/users/{ida}/lock")
    desk.send("anna", f"/users/{ida}/unlock")
    desk.send("anna", f"/users/{ida}/sessions/end")
    desk.send("anna", f"/users/{ida}/remove")
    lines = desk.browser("anna").get("/api/v1/users/log").json()
    assert [line["event"] for line in reversed(lines)] == [
        *("invited", "access", "code-made", "locked", "unlocked", "sessions-ended", "removed"),
    ]
    assert {(line["by"], line["whom"]) for line in lines} == {("anna", "ida@example.de")}
    assert next(line["values"] for line in lines if line["event"] == "access") == {"before": "act", "after": "admin", "where": ""}


def test_a_program_with_an_administrators_key_makes_no_way_in_for_anybody(desk: Desk) -> None:
    key = desk.call("anna", "POST", "/api/v1/me/keys", json={"name": "Haus", "role": "admin"}).json()["key"]
    program = desk.somebody()
    program.headers["authorization"] = f"Bearer {key}"
    assert program.get("/api/v1/users").status_code == 200
    new = {"login": "x@example.de", "name": "X", "role": "admin", "firms": None}
    assert program.post("/api/v1/users", json=new).status_code == 403
    assert program.post(f"/api/v1/users/{id_of(desk, 'vera')}/code").status_code == 403
    assert program.post(f"/api/v1/users/{id_of(desk, 'vera')}/lock").status_code == 204


DOORS: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
    ("GET", "/users/{id}", None),
    ("POST", "/users/{id}/access", {"role": "view", "firms": []}),
    ("POST", "/users/{id}/code", {}),
    ("POST", "/users/{id}/lock", {}),
    ("POST", "/users/{id}/unlock", {}),
    ("POST", "/users/{id}/remove", {}),
    ("GET", "/users/{id}/sessions", None),
    ("POST", "/users/{id}/sessions/end", {}),
    ("POST", "/users/{id}/sessions/s/end", {}),
)


def test_an_administrator_of_one_firm_finds_nobody_else_behind_any_door(two: Desk) -> None:
    for login in ("gerda", "anna", "vera"):
        whom = id_of(two, login)
        for method, path, body in DOORS:
            place = path.format(id=whom)
            assert two.call("frank", method, f"/api/v1{place}", json=body).status_code == 404, (login, place)
            if method == "POST":
                assert two.send("frank", place, role="view", where="firms", firm=two.village.firm).status_code == 404, (login, place)
            elif not place.endswith("/sessions"):
                assert two.browser("frank").get(place).status_code == 404, (login, place)
        with two.village.house.store.read() as conn:
            assert people.get_user(conn, whom).state == "active"


def test_an_administrator_of_one_firm_sees_and_changes_whoever_sees_no_other(two: Desk) -> None:
    frank = two.browser("frank")
    assert {one["login"] for one in frank.get("/api/v1/users").json()} == {"frank", "emil"}
    assert not {"Gerda", "Zweite GmbH", "gerda"} & set(re.findall(r"[\w ]+", frank.get("/users").text))
    emil = id_of(two, "emil")
    assert two.send("frank", f"/users/{emil}/access", role="act", where="firms", firm=two.village.firm).status_code == 303
    assert two.call("frank", "POST", f"/api/v1/users/{emil}/lock").status_code == 204


@pytest.mark.parametrize("firms", (None, [OTHER], ["nothing"]))
def test_an_administrator_of_one_firm_gives_nobody_another_or_all(two: Desk, firms: list[str] | None) -> None:
    emil = id_of(two, "emil")
    assert two.call("frank", "POST", f"/api/v1/users/{emil}/access", json={"role": "admin", "firms": firms}).status_code == 404
    new = {"login": "neu@example.de", "name": "Neu", "role": "admin", "firms": firms}
    assert two.call("frank", "POST", "/api/v1/users", json=new).status_code == 404
    frank = id_of(two, "frank")
    assert two.call("frank", "POST", f"/api/v1/users/{frank}/access", json={"role": "admin", "firms": firms}).status_code == 404
    with two.village.house.store.read() as conn:
        assert people.get_user(conn, frank).firms == (two.village.firm,)


def test_the_log_of_one_firm_does_not_tell_of_another(two: Desk) -> None:
    two.send("anna", f"/users/{id_of(two, 'gerda')}/lock")
    two.send("anna", f"/users/{id_of(two, 'emil')}/lock")
    two.send("anna", f"/users/{id_of(two, 'adam')}/lock")
    assert [line["whom"] for line in two.browser("frank").get("/api/v1/users/log").json()] == ["emil"]
    assert len(two.browser("anna").get("/api/v1/users/log").json()) == 3


def test_forms_of_other_sites_change_no_user(desk: Desk) -> None:
    vera = id_of(desk, "vera")
    browser = desk.browser("anna")
    assert browser.post(f"/users/{vera}/lock").status_code == 403
    token = desk.token("anna")
    assert browser.post(f"/users/{vera}/lock", data={"csrf": token}, headers={"origin": "https://example.net"}).status_code == 403
    assert desk.browser("vera").get("/me").status_code == 200
