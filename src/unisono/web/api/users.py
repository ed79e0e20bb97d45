"""Users and roles: what the pages of administrators do. A program invites nobody and makes no codes: a key never makes keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fastapi import HTTPException
from pydantic import BaseModel, Field

from unisono.web.api.me import SessionOut
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.pages.users import actor, invited, looked_after, missing, own_session, renewed, trouble_of
from unisono.web.visit import NotFound
from unisono.wiring import members
from unisono.wiring.members import BadMember, NoSuchPerson, Person
from unisono.wiring.people import LastAdmin, LoginTaken
from unisono.wiring.vouching import BACK, vouching

T = TypeVar("T")
doors = Doors("users")


class UserOut(BaseModel):
    """A user. ``firms``: those they see, null for the whole house; ``invited``: until when a one-time code is good."""

    id: str
    login: str
    name: str
    role: str
    firms: list[str] | None
    state: str
    invited: str
    password: bool
    provider: bool
    sessions: int
    used_at: str


class AccessIn(BaseModel):
    """Role and firms; null is the whole house."""

    role: str
    firms: list[str] | None = None


class UserIn(AccessIn):
    """Somebody new."""

    login: str = Field(max_length=200)
    name: str = Field(max_length=200)


class CodeOut(BaseModel):
    """A one-time code, told this once."""

    id: str
    code: str


class CountOut(BaseModel):
    """How many."""

    count: int


class LineOut(BaseModel):
    """A line of the log."""

    id: int
    at: str
    by: str
    event: str
    whom: str
    firms: list[str] | None
    values: dict[str, str]


class ProviderOut(BaseModel):
    """Who vouches for people, without the secret. ``back`` is the address to enter there."""

    issuer: str
    client: str
    back: str
    scopes: str
    claim: str
    admin: list[str]
    act: list[str]
    view: list[str]
    firms: list[str] | None


@doors.get("/users", needs="admin")
def users(visit: Visitor) -> list[UserOut]:
    """Everybody they look after."""
    return [_out(one) for one in members.members(visit.house, actor(visit))]


@doors.post("/users", needs="admin")
def invite(visit: Visitor, what: UserIn) -> CodeOut:
    """Somebody new, and the one-time code with which they set a password."""
    user, code = _done(lambda: invited(visit, what.login, what.name, what.role, None if what.firms is None else tuple(what.firms)))
    return CodeOut(id=user.id, code=code)


@doors.get("/users/log", needs="admin")
def log(visit: Visitor, before: int = 0) -> list[LineOut]:
    """Who changed what, newest first; ``before`` the last id goes on."""
    return [
        LineOut(
            id=line.id,
            at=line.at,
            by=line.by,
            event=line.event,
            whom=line.whom,
            firms=None if line.firms is None else list(line.firms),
            values=line.values,
        )
        for line in members.changes(visit.house, actor(visit), before)
    ]


@doors.get("/users/provider", needs="admin")
def provider(visit: Visitor) -> ProviderOut | None:
    """How people sign in elsewhere; null if they do not."""
    found = vouching(visit.house)
    if visit.somebody.firms is not None or found is None:
        return None
    return ProviderOut(
        issuer=found.issuer,
        client=found.client,
        back=visit.site.address + BACK,
        scopes=found.scopes,
        claim=found.claim,
        admin=list(found.admin),
        act=list(found.act),
        view=list(found.view),
        firms=None if found.firms is None else list(found.firms),
    )


@doors.get("/users/{user_id}", needs="admin")
def user(visit: Visitor, user_id: str) -> UserOut:
    """One of them."""
    return _out(looked_after(visit, user_id))


@doors.post("/users/{user_id}/access", needs="admin", status_code=204)
def access(visit: Visitor, user_id: str, what: AccessIn) -> None:
    """Another role, other firms."""
    _done(lambda: members.change_access(visit.house, actor(visit), user_id, what.role, what.firms))


@doors.post("/users/{user_id}/code", needs="admin")
def code(visit: Visitor, user_id: str) -> CodeOut:
    """A new one-time code; an older one is void."""
    return CodeOut(id=user_id, code=_done(lambda: renewed(visit, user_id)))


@doors.post("/users/{user_id}/lock", needs="admin", status_code=204)
def lock(visit: Visitor, user_id: str) -> None:
    """Out at once, until unlocked."""
    _done(lambda: members.lock(visit.house, actor(visit), user_id))


@doors.post("/users/{user_id}/unlock", needs="admin", status_code=204)
def unlock(visit: Visitor, user_id: str) -> None:
    """May sign in again."""
    _done(lambda: members.unlock(visit.house, actor(visit), user_id))


@doors.post("/users/{user_id}/remove", needs="admin", status_code=204)
def remove(visit: Visitor, user_id: str) -> None:
    """Out for good."""
    _done(lambda: members.remove(visit.house, actor(visit), user_id))


@doors.get("/users/{user_id}/sessions", needs="admin")
def sessions(visit: Visitor, user_id: str) -> list[SessionOut]:
    """Where somebody is signed in, and which programs have a key of theirs."""
    found = missing(lambda: members.sessions(visit.house, actor(visit), user_id))
    return [SessionOut(id=s.id, kind=s.kind, name=s.name, role=s.role, made_at=s.made_at, used_at=s.used_at, until=s.until) for s in found]


@doors.post("/users/{user_id}/sessions/end", needs="admin")
def end_all(visit: Visitor, user_id: str) -> CountOut:
    """Signed out everywhere, but where this is asked."""
    return CountOut(count=_done(lambda: members.end_sessions(visit.house, actor(visit), user_id, but=own_session(visit))))


@doors.post("/users/{user_id}/sessions/{session_id}/end", needs="admin", status_code=204)
def end_one(visit: Visitor, user_id: str, session_id: str) -> None:
    """One browser or program."""
    _done(lambda: members.end_session(visit.house, actor(visit), user_id, session_id))


def _out(person: Person) -> UserOut:
    one = person.user
    return UserOut(
        id=one.id,
        login=one.login,
        name=one.name,
        role=one.role,
        firms=None if one.firms is None else list(one.firms),
        state=one.state,
        invited=person.invited,
        password=person.password,
        provider=person.provider,
        sessions=person.sessions,
        used_at=person.used_at,
    )


def _done(attempt: Callable[[], T]) -> T:
    """Does it; 404 for what is not theirs, 422 for what makes no sense, 409 for what would leave nobody to let others in."""
    try:
        return attempt()
    except NoSuchPerson:
        raise NotFound from None
    except LastAdmin as trouble:
        raise HTTPException(409, trouble_of(trouble)) from None
    except (BadMember, LoginTaken) as trouble:
        raise HTTPException(422, trouble_of(trouble)) from None
