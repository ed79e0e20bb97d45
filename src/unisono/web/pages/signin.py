"""Coming in and going out: the first one with the one-time code, everybody else with a password."""

from __future__ import annotations

from typing import Any

from starlette.responses import RedirectResponse, Response

from unisono.store import pairs
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.visit import Visit
from unisono.wiring.people import (
    BROWSER,
    SHORTEST,
    BadPassword,
    Let,
    LoginTaken,
    NotLetIn,
    anybody,
    first_user,
    open_session,
    secret_of,
    sign_in,
    sign_out,
)
from unisono.wiring.vouching import vouching

doors = Doors()


@doors.page("/signin", needs="open")
def signin(visit: Visitor) -> Response:
    """The form; whoever is in already goes home, and where nobody can sign in yet, the first one is let in elsewhere."""
    if visit.user is not None:
        return RedirectResponse("/", status_code=303)
    if not anybody(visit.house):
        return RedirectResponse("/first", status_code=303)
    return form_page(visit, "signin/signin.html")


@doors.form("/signin", needs="open")
def signed_in(visit: Visitor) -> Response:
    """A password is looked at."""
    browser = visit.request.headers.get("user-agent", "")
    try:
        let = sign_in(visit.house, visit.site.hasher, visit.given("login"), visit.given("password"), place_of(visit), browser)
    except NotLetIn as refused:
        return form_page(visit, "signin/signin.html", status=403, refused=True, wait=refused.wait, login=visit.given("login"))
    return let_in(visit, let)


@doors.page("/first", needs="open")
def first(visit: Visitor) -> Response:
    """The first user: only as long as there is none."""
    if anybody(visit.house):
        return RedirectResponse("/signin", status_code=303)
    return form_page(visit, "signin/first.html")


@doors.form("/first", needs="open")
def first_made(visit: Visitor) -> Response:
    """The one-time code is looked at; whoever has it is the first user, and in."""
    given = {name: visit.given(name) for name in ("once", "name", "login")}
    password = visit.given("password")
    again = {**given, "once": "", "shortest": SHORTEST}
    if not (given["name"].strip() and given["login"].strip()):
        return form_page(visit, "signin/first.html", status=422, trouble="empty", **again)
    if password != visit.given("again"):
        return form_page(visit, "signin/first.html", status=422, trouble="not-twice", **again)
    try:
        user = first_user(
            visit.house, visit.site.hasher, given["once"], given["login"], given["name"], password, visit.speech.language, place_of(visit)
        )
    except BadPassword as bad:
        return form_page(visit, "signin/first.html", status=422, trouble=str(bad.args[0]), **{**again, "once": given["once"]})
    except (NotLetIn, LoginTaken):
        return form_page(visit, "signin/first.html", status=403, trouble="code", **again)
    let = open_session(visit.house, user.id, kind="browser", name=visit.request.headers.get("user-agent", ""))
    with visit.house.store.read() as conn:
        new = not pairs.pairs(conn)
    return let_in(visit, let, "/setup" if new else "/")


@doors.form("/signout", needs="view")
def signed_out(visit: Visitor) -> Response:
    """This browser is signed out at once."""
    if visit.session is not None:
        sign_out(visit.house, visit.session.id)
    answer = visit.go("/signin")
    answer.delete_cookie(visit.site.cookie, path="/", secure=visit.site.secure, httponly=True, samesite="lax")
    return answer


def form_page(visit: Visit, template: str, *, status: int = 200, **values: Any) -> Response:
    """A form before anybody is in: its token rests on a cookie of its own."""
    fresh = "" if visit.secret else secret_of(visit.house)
    visit.secret = visit.secret or fresh
    known: dict[str, Any] = {"refused": False, "wait": None, "login": "", "trouble": "", "once": "", "name": "", "shortest": SHORTEST}
    known["provider"], known["why"] = vouching(visit.house), visit.request.query_params.get("why", "")
    answer = visit.page(template, status=status, **{**known, **values})
    if fresh:
        put_cookie(visit, answer, visit.site.door_cookie, fresh, 3600)
    return answer


def let_in(visit: Visit, let: Let, to: str = "/") -> Response:
    """Somebody came in: their browser keeps the secret."""
    answer = visit.go(to)
    put_cookie(visit, answer, visit.site.cookie, let.secret, int(BROWSER.total_seconds()))
    answer.delete_cookie(visit.site.door_cookie, path="/", secure=visit.site.secure, httponly=True, samesite="lax")
    return answer


def put_cookie(visit: Visit, answer: Response, name: str, value: str, seconds: int) -> None:
    """A cookie that no script reads and no other site's form sends."""
    answer.set_cookie(name, value, max_age=seconds, path="/", secure=visit.site.secure, httponly=True, samesite="lax")


def place_of(visit: Visit) -> str:
    """Where a browser is, for counting failures."""
    client = visit.request.client
    return client.host if client else ""
