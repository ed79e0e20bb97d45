"""One's own things: language, password, where one is signed in."""

from __future__ import annotations

from starlette.responses import Response

from unisono.locale.languages import LANGUAGES
from unisono.store import people
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.visit import NotFound, Visit
from unisono.wiring.people import SHORTEST, BadPassword, NotLetIn, change_password, sign_out

doors = Doors()


@doors.page("/me", needs="view")
def me(visit: Visitor) -> Response:
    """Everything on one page."""
    return _page(visit)


@doors.form("/me/language", needs="view")
def language(visit: Visitor) -> Response:
    """Another language, from the next page on; empty: the browser's."""
    wanted = visit.given("language")
    with visit.house.store.write() as conn:
        people.update_user(conn, visit.somebody.id, language=wanted if wanted in LANGUAGES else "")
    return visit.go("/me", "language")


@doors.form("/me/password", needs="view")
def password(visit: Visitor) -> Response:
    """A new password; other browsers are signed out."""
    assert visit.session is not None
    wanted = visit.given("password")
    if wanted != visit.given("again"):
        return _page(visit, status=422, trouble="not-twice")
    try:
        change_password(visit.house, visit.site.hasher, visit.somebody, visit.given("before"), wanted, visit.session.id)
    except BadPassword as bad:
        return _page(visit, status=422, trouble=str(bad.args[0]))
    except NotLetIn:
        return _page(visit, status=422, trouble="before")
    return visit.go("/me", "password")


@doors.form("/me/sessions/{session_id}/end", needs="view")
def end(visit: Visitor, session_id: str) -> Response:
    """Another browser or a program is signed out at once."""
    with visit.house.store.read() as conn:
        own = [one.id for one in people.sessions_of(conn, visit.somebody.id, visit.house.clock.now())]
    if session_id not in own:
        raise NotFound
    sign_out(visit.house, session_id)
    return visit.go("/me", "session-ended")


_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def browser_name(told: str) -> str:
    """What people call a browser that calls itself ``Mozilla/5.0 (X11; Linux x86_64) ...``; a program's own name stays as it is."""
    if not told.startswith("Mozilla/"):
        return told
    found = [next((name for mark, name in marks if mark in told), "") for marks in (_BROWSERS, _SYSTEMS)]
    return ", ".join(name for name in found if name) or told


def _page(visit: Visit, *, status: int = 200, trouble: str = "") -> Response:
    with visit.house.store.read() as conn:
        sessions = people.sessions_of(conn, visit.somebody.id, visit.house.clock.now())
    return visit.page(
        "me/me.html", status=status, sessions=sessions, browser=browser_name, languages=LANGUAGES, trouble=trouble, shortest=SHORTEST
    )
