"""Users and roles, for administrators: who may do what and where, inviting, locking, sessions of others, and the log of it all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from starlette.responses import Response

from unisono.store.audit import PORTION
from unisono.store.people import Role
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.navigation import Entry
from unisono.web.pages.me import browser_name
from unisono.web.visit import NotAllowed, NotFound, Visit
from unisono.wiring import members
from unisono.wiring.members import ROLES, Actor, BadMember, NoSuchPerson, Person
from unisono.wiring.people import LastAdmin, LoginTaken, firms_of
from unisono.wiring.vouching import BACK, vouching

T = TypeVar("T")
doors = Doors()
ENTRIES = (Entry(code="nav.users", icon="user", path="/users", group="house", order=910, needs="admin"),)


@doors.page("/users", needs="admin")
def users(visit: Visitor) -> Response:
    """Everybody they look after."""
    return _page(visit)


@doors.form("/users", needs="admin")
def invite(visit: Visitor) -> Response:
    """Somebody new; the code is shown now and never again."""
    login, name, role, firms = visit.given("login"), visit.given("name"), visit.given("role"), wanted_firms(visit)
    try:
        user, code = invited(visit, login, name, role, firms)
    except NoSuchPerson:
        raise NotFound from None
    except (BadMember, LoginTaken) as trouble:
        typed = {"login": login, "name": name, "role": role, "firms": firms}
        return _page(visit, status=422, trouble=trouble_of(trouble), typed=typed)
    return visit.page("users/code.html", person=user, code=code, days=members.INVITED.days, new=True, address=visit.site.address)


@doors.page("/users/log", needs="admin")
def log(visit: Visitor, before: int = 0) -> Response:
    """Who changed what."""
    lines = members.changes(visit.house, actor(visit), before)
    return visit.page("users/log.html", lines=lines, more=lines[-1].id if len(lines) >= PORTION else 0)


@doors.page("/users/{user_id}", needs="admin")
def user(visit: Visitor, user_id: str) -> Response:
    """One of them."""
    return _one(visit, user_id)


@doors.form("/users/{user_id}/access", needs="admin")
def access(visit: Visitor, user_id: str) -> Response:
    """Another role, other firms."""
    role, firms = visit.given("role"), wanted_firms(visit)
    trouble = _trouble(visit, user_id, lambda who: members.change_access(visit.house, who, user_id, role, firms))
    return trouble or visit.go(_after(visit, user_id), "access")


@doors.form("/users/{user_id}/code", needs="admin")
def code(visit: Visitor, user_id: str) -> Response:
    """A new one-time code, shown now and never again."""
    try:
        made = renewed(visit, user_id)
    except BadMember as bad:
        return _one(visit, user_id, status=422, trouble=str(bad.args[0]))
    person = looked_after(visit, user_id)
    return visit.page("users/code.html", person=person.user, code=made, days=members.INVITED.days, new=False, address=visit.site.address)


@doors.form("/users/{user_id}/lock", needs="admin")
def lock(visit: Visitor, user_id: str) -> Response:
    """Out at once, until unlocked."""
    return _trouble(visit, user_id, lambda who: members.lock(visit.house, who, user_id)) or visit.go(_after(visit, user_id), "locked")


@doors.form("/users/{user_id}/unlock", needs="admin")
def unlock(visit: Visitor, user_id: str) -> Response:
    """May sign in again."""
    return _trouble(visit, user_id, lambda who: members.unlock(visit.house, who, user_id)) or visit.go(_after(visit, user_id), "unlocked")


@doors.form("/users/{user_id}/remove", needs="admin")
def remove(visit: Visitor, user_id: str) -> Response:
    """Out for good."""
    try:
        missing(lambda: members.remove(visit.house, actor(visit), user_id))
    except (BadMember, LastAdmin) as trouble:
        return _one(visit, user_id, status=422, trouble=trouble_of(trouble))
    return visit.go("/users", "removed")


@doors.form("/users/{user_id}/sessions/end", needs="admin")
def end_all(visit: Visitor, user_id: str) -> Response:
    """Signed out everywhere, but in this browser."""
    own = own_session(visit)
    trouble = _trouble(visit, user_id, lambda who: members.end_sessions(visit.house, who, user_id, but=own))
    return trouble or visit.go(_after(visit, user_id), "sessions-ended")


@doors.form("/users/{user_id}/sessions/{session_id}/end", needs="admin")
def end_one(visit: Visitor, user_id: str, session_id: str) -> Response:
    """One browser or program."""
    trouble = _trouble(visit, user_id, lambda who: members.end_session(visit.house, who, user_id, session_id))
    return trouble or visit.go(_after(visit, user_id), "session-ended")


def actor(visit: Visit) -> Actor:
    """Who changes something."""
    return members.actor_of(visit.somebody)


def own_session(visit: Visit) -> str:
    """The session of this browser: nobody signs themselves out by tidying up."""
    return visit.session.id if visit.session is not None else ""


def wanted_firms(visit: Visit) -> tuple[str, ...] | None:
    """The firms that were chosen; ``None`` for the whole house."""
    return None if visit.given("where") == "house" else tuple(visit.several("firm"))


def invited(visit: Visit, login: str, name: str, role: str, firms: tuple[str, ...] | None) -> tuple[Any, str]:
    """Somebody new. Raises ``NotAllowed`` for a program: a key never makes keys."""
    _a_person(visit)
    return members.invite(visit.house, actor(visit), login, name, role, firms)


def renewed(visit: Visit, user_id: str) -> str:
    """A new one-time code. Raises ``NotAllowed`` for a program, ``NotFound``, ``BadMember``."""
    _a_person(visit)
    return missing(lambda: members.new_code(visit.house, actor(visit), user_id))


def looked_after(visit: Visit, user_id: str) -> Person:
    """One of the users they look after. Raises ``NotFound``."""
    return missing(lambda: members.member(visit.house, actor(visit), user_id))


def missing(attempt: Callable[[], T]) -> T:
    """What is not theirs is not there."""
    try:
        return attempt()
    except NoSuchPerson:
        raise NotFound from None


def trouble_of(trouble: Exception) -> str:
    """Why a change was not made, as a word of ``users.trouble-``."""
    if isinstance(trouble, BadMember):
        return str(trouble.args[0])
    return "last-admin" if isinstance(trouble, LastAdmin) else "login-taken"


def _a_person(visit: Visit) -> None:
    if visit.session is None or visit.session.kind != "browser":
        raise NotAllowed


def _trouble(visit: Visit, user_id: str, attempt: Callable[[Actor], object]) -> Response | None:
    """Tries a change; the page again where it is not made."""
    try:
        missing(lambda: attempt(actor(visit)))
    except (BadMember, LastAdmin) as trouble:
        return _one(visit, user_id, status=422, trouble=trouble_of(trouble))
    return None


def _after(visit: Visit, user_id: str) -> str:
    """Where to go on: who was given a firm of somebody else is not theirs to see any more."""
    return f"/users/{user_id}" if any(one.user.id == user_id for one in members.members(visit.house, actor(visit))) else "/users"


def _page(visit: Visit, *, status: int = 200, trouble: str = "", typed: dict[str, Any] | None = None) -> Response:
    usual: dict[str, Any] = {
        "login": "",
        "name": "",
        "role": "act",
        "firms": None if visit.somebody.firms is None else visit.somebody.firms,
    }
    values: dict[str, Any] = {
        "people": members.members(visit.house, actor(visit)),
        "firms": firms_of(visit.house, visit.somebody),
        "roles": ROLES,
        "trouble": trouble,
        "typed": typed or usual,
    }
    if visit.somebody.firms is None:
        values |= {"provider": vouching(visit.house), "back": visit.site.address + BACK}
    return visit.page("users/users.html", status=status, **({"provider": None, "back": "", "how": "unisono oidc set --help"} | values))


def _one(visit: Visit, user_id: str, *, status: int = 200, trouble: str = "") -> Response:
    person = looked_after(visit, user_id)
    roles: tuple[Role, ...] = ROLES
    return visit.page(
        "users/user.html",
        status=status,
        person=person,
        sessions=members.sessions(visit.house, actor(visit), user_id),
        firms=firms_of(visit.house, visit.somebody),
        roles=roles,
        trouble=trouble,
        browser=browser_name,
        own=own_session(visit),
    )
