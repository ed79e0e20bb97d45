"""Every door says whom it lets in, and lets in nobody else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from tests.web.desk import HASHER, Desk
from unisono.web.app import make_app
from unisono.web.doors import Doors
from unisono.web.gate import NEEDED, ROLES, Visitor, needed_by
from unisono.web.site import Site

RANKS = {"nobody": 0, "vera": 1, "adam": 2, "anna": 3}
WANTED = {"open": 0, "view": 1, "act": 2, "admin": 3}


def routes(app: FastAPI) -> list[APIRoute]:
    return [route for route in app.routes if isinstance(route, APIRoute)]


def method_of(route: APIRoute) -> str:
    return next(iter((route.methods or set()) - {"HEAD"}))


def path_of(desk: Desk, route: APIRoute) -> str:
    return re.sub(r"\{(\w+)(:path)?\}", lambda m: desk.village.pair if m[1] == "pair_id" else "nothing", route.path)


def asked(desk: Desk, who: str, route: APIRoute) -> Any:
    method, path = method_of(route), path_of(desk, route)
    if who == "nobody":
        return desk.somebody().request(method, path)
    if path.startswith("/api/"):
        return desk.call(who, method, path, json={} if method in ("POST", "PUT") else None)
    return desk.browser(who).get(path) if method == "GET" else desk.send(who, path)


def let_in(answer: Any) -> bool:
    return answer.status_code not in (401, 403) and answer.headers.get("location") not in ("/signin", "/first")


def test_there_are_no_doors_but_those_that_declare_a_role(desk: Desk) -> None:
    found = {route.path: needed_by(route) for route in desk.app.routes}
    assert len(found) > 25
    assert {path for path, needs in found.items() if needs not in ROLES} == set()


def test_an_application_with_a_door_that_declares_nothing_does_not_start(desk: Desk) -> None:
    app = make_app(desk.village.house, Site(hasher=HASHER))

    app.add_api_route("/forgotten", lambda: "come in")
    from unisono.web.app import _all_declared

    with pytest.raises(RuntimeError, match="/forgotten"):
        _all_declared(app)


def test_a_forgotten_door_lets_in_nobody_even_then(desk: Desk) -> None:
    desk.app.add_api_route("/forgotten", lambda: "come in")
    assert [desk.browser("anna").get("/forgotten").status_code, desk.somebody().get("/forgotten").status_code] == [403, 403]


def test_open_doors_are_few_and_known(desk: Desk) -> None:
    open_ = {(method_of(r), r.path) for r in routes(desk.app) if needed_by(r) == "open"}
    assert open_ == {
        ("GET", "/static/{version}/{name:path}"),
        ("GET", "/api/v1/health"),
        ("GET", "/signin"),
        ("POST", "/signin"),
        ("GET", "/first"),
        ("POST", "/first"),
        ("GET", "/join"),
        ("POST", "/join"),
        ("GET", "/signin/oidc"),
        ("GET", "/signin/oidc/back"),
    }


@pytest.mark.parametrize("who", RANKS)
def test_every_door_lets_in_whom_it_says_and_nobody_else(desk: Desk, who: str) -> None:
    wrong = []
    for route in routes(desk.app):
        needs = needed_by(route)
        # These end what the next door needs, or are no business of whoever is in.
        if route.path in ("/signout", "/signin", "/first", "/join", "/signin/oidc", "/signin/oidc/back"):
            continue
        answer = asked(desk, who, route)
        if let_in(answer) != (RANKS[who] >= WANTED[needs]):
            wrong.append((route.path, needs, answer.status_code))
    assert wrong == []


def test_view_is_not_enough_to_do_anything(desk: Desk) -> None:
    doing = {(method_of(r), r.path) for r in routes(desk.app) if method_of(r) != "GET" and needed_by(r) == "view"}
    assert doing == {
        ("POST", "/signout"),
        ("POST", "/me/language"),
        ("POST", "/me/password"),
        ("POST", "/me/sessions/{session_id}/end"),
        ("POST", "/me/notices"),
        ("POST", "/api/v1/me/notices"),
        ("POST", "/api/v1/me/keys"),
        ("DELETE", "/api/v1/me/sessions/{session_id}"),
    }, "one's own things only"


def test_everything_a_page_does_a_program_can_do(desk: Desk) -> None:
    forms = {r.path for r in routes(desk.app) if method_of(r) == "POST" and r.path.startswith("/pairs/")}
    calls = {r.path.removeprefix("/api/v1") for r in routes(desk.app) if method_of(r) == "POST" and r.path.startswith("/api/v1/pairs/")}
    assert forms
    assert forms - calls == set()


def test_the_description_of_the_api_names_the_role_of_every_door(desk: Desk) -> None:
    told = desk.browser("vera").get("/api/v1/openapi.json").json()
    assert told["info"]["title"] == "Unisono"
    assert {path for path in told["paths"] if not path.startswith("/api/v1/")} == set()
    assert all(one[NEEDED] in ROLES and one["summary"] for doors in told["paths"].values() for one in doors.values())


def test_a_user_of_another_firm_sees_neither_its_pairs_nor_that_there_are_any(desk: Desk) -> None:
    desk.add("fremd", "admin", firms=())
    browser = desk.browser("fremd")
    assert [browser.get(f"{prefix}{desk.pair}").status_code for prefix in ("", "/api/v1")] == [404, 404]
    assert browser.get("/api/v1/pairs").json() == []
    assert desk.village.pair not in browser.get("/").text
    assert desk.send("fremd", f"{desk.pair}/pause").status_code == 404
    assert desk.browser("vera").get(f"/api/v1{desk.pair}").json()["state"] == "reading"


def test_a_page_of_a_module_is_found_by_its_declaration(desk: Desk) -> None:
    more = Doors()

    @more.page("/more", needs="admin")
    def page(visit: Visitor) -> str:
        return visit.by

    more.open(desk.app)
    assert [desk.browser(who).get("/more").status_code for who in ("vera", "anna")] == [403, 200]
