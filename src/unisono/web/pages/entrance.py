"""Two further ways in: with the one-time code of an invitation, and by a provider that vouches for people."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.pages.signin import form_page, let_in, place_of, put_cookie
from unisono.web.visit import Visit
from unisono.wiring.members import join
from unisono.wiring.people import SHORTEST, BadPassword, NotLetIn, open_session
from unisono.wiring.vouching import AWAY, NoRole, begin, come_back

doors = Doors()


@doors.page("/join", needs="open")
def joining(visit: Visitor, login: str = "") -> Response:
    """Somebody who was invited sets a password."""
    return form_page(visit, "signin/join.html", login=login)


@doors.form("/join", needs="open")
def joined(visit: Visitor) -> Response:
    """The code is looked at; whoever has it is in."""
    login, code, password = visit.given("login"), visit.given("once"), visit.given("password")
    again = {"login": login, "shortest": SHORTEST}
    if password != visit.given("again"):
        return form_page(visit, "signin/join.html", status=422, trouble="not-twice", **again)
    try:
        user = join(visit.house, visit.site.hasher, login, code, password, place_of(visit))
    except BadPassword as bad:
        return form_page(visit, "signin/join.html", status=422, trouble=str(bad.args[0]), once=code, **again)
    except NotLetIn:
        return form_page(visit, "signin/join.html", status=403, trouble="code", **again)
    return let_in(visit, open_session(visit.house, user.id, kind="browser", name=visit.request.headers.get("user-agent", "")))


@doors.page("/signin/oidc", needs="open")
def away(visit: Visitor) -> Response:
    """On to the provider. A plain link: what comes back is bound to this browser, and signs in nobody but whoever signs in there."""
    try:
        address, kept = begin(visit.house, visit.site.address)
    except NotLetIn:
        return _form_again("provider")
    answer = RedirectResponse(address, status_code=303)
    put_cookie(visit, answer, _cookie(visit), kept, int(AWAY.total_seconds()))
    return answer


@doors.page("/signin/oidc/back", needs="open")
def back(visit: Visitor, state: str = "", code: str = "", iss: str = "") -> Response:
    """Back from the provider: in, or at the form again, which never says which part of the answer was not believed."""
    kept, browser = visit.request.cookies.get(_cookie(visit), ""), visit.request.headers.get("user-agent", "")
    try:
        answer = let_in(visit, come_back(visit.house, visit.site.address, kept, state, code, iss, browser))
    except NotLetIn:
        answer = _form_again("provider")
    except NoRole:
        answer = _form_again("no-role")
    answer.delete_cookie(_cookie(visit), path="/", secure=visit.site.secure, httponly=True, samesite="lax")
    return answer


def _form_again(why: str) -> Response:
    return RedirectResponse(f"/signin?why={why}", status_code=303)


def _cookie(visit: Visit) -> str:
    return visit.site.cookie + "-away"
