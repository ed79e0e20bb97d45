"""Who asks, and the keys of programs."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from unisono.store import people
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.visit import NotAllowed, NotFound
from unisono.wiring.people import open_session, sign_out

doors = Doors("me")


class MeOut(BaseModel):
    """Whoever asks: role as it counts for this session."""

    login: str
    name: str
    role: str
    firms: list[str] | None
    language: str


class SessionOut(BaseModel):
    """A browser that is signed in, or a program with a key."""

    id: str
    kind: str
    name: str
    role: str
    made_at: str
    used_at: str
    until: str


class KeyIn(BaseModel):
    """A program: what it is called, and what it may do at most."""

    name: str = Field(min_length=1, max_length=100)
    role: Literal["view", "act", "admin"] = "view"


class KeyOut(BaseModel):
    """The key, told this once."""

    id: str
    key: str
    until: str


@doors.get("/me", needs="view")
def me(visit: Visitor) -> MeOut:
    """Who asks."""
    user = visit.somebody
    firms = None if user.firms is None else list(user.firms)
    return MeOut(login=user.login, name=user.name, role=visit.role or "view", firms=firms, language=user.language)


@doors.get("/me/sessions", needs="view")
def sessions(visit: Visitor) -> list[SessionOut]:
    """Where one is signed in, and which programs have a key."""
    with visit.house.store.read() as conn:
        found = people.sessions_of(conn, visit.somebody.id, visit.house.clock.now())
    return [SessionOut(id=s.id, kind=s.kind, name=s.name, role=s.role, made_at=s.made_at, used_at=s.used_at, until=s.until) for s in found]


@doors.post("/me/keys", needs="view")
def new_key(visit: Visitor, wanted: KeyIn) -> KeyOut:
    """A key for a program, for a year. Only a person in a browser makes one: a key never makes keys."""
    if visit.session is None or visit.session.kind != "browser":
        raise NotAllowed
    let = open_session(visit.house, visit.somebody.id, kind="program", name=wanted.name, role=wanted.role)
    return KeyOut(id=let.session.id, key=let.secret, until=let.session.until)


@doors.delete("/me/sessions/{session_id}", needs="view", status_code=204)
def end(visit: Visitor, session_id: str) -> None:
    """Signs a browser out, or takes a program its key."""
    with visit.house.store.read() as conn:
        own = [one.id for one in people.sessions_of(conn, visit.somebody.id, visit.house.clock.now())]
    if session_id not in own:
        raise NotFound
    sign_out(visit.house, session_id)
