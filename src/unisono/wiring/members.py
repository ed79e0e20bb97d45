"""Who may do what: inviting, roles, locking, taking out, sessions of others; and the log of it.

Whoever looks after some firms sees, and changes, only those who see no other firm. The last administrator of the house with a password
stays one: it is the way back in when nothing else works.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from unisono.store import audit, entrance, notices, pairs, people
from unisono.store.people import Role, Session, User, folded_login
from unisono.wiring.house import House
from unisono.wiring.people import (
    BadPassword,
    Hasher,
    LastAdmin,
    LoginTaken,
    NotLetIn,
    digest,
    note_failure,
    one_time_code,
    scope_of,
    spelled,
    trouble_with,
    wait_if_tried,
    wait_left,
)

INVITED = timedelta(days=7)
"""How long a one-time code is good."""
ROLES: tuple[Role, ...] = ("view", "act", "admin")
MOST_LOGIN = 200


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something: their name for the log, the firms they look after (``None``: all), their own id if they are a user."""

    by: str
    firms: tuple[str, ...] | None = None
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user as administrators see them. ``firms`` names the firms they see; ``invited`` is until when a code is good."""

    user: User
    firms: tuple[str, ...]
    invited: str
    password: bool
    provider: bool
    sessions: int
    used_at: str


class NoSuchPerson(KeyError):
    """There is no such user, or session, or firm, for whoever asks."""


class BadMember(ValueError):
    """What was asked for makes no sense. ``args[0]`` is a word of ``users.trouble-``."""


def actor_of(user: User) -> Actor:
    """A user who changes something."""
    return Actor(user.login, user.firms, user.id)


def members(house: House, actor: Actor) -> list[Person]:
    """Everybody whom they look after, by login."""
    now = house.clock.now()
    with house.store.read() as conn:
        found = [user for user in people.users(conn) if _theirs(actor, user)]
        names = {firm["id"]: firm["name"] for firm in pairs.firms(conn)}
        codes, kept, by_provider = entrance.invited(conn, now), entrance.passwords(conn), entrance.identified(conn)
        used = entrance.sessions_by_user(conn, [user.id for user in found], now)
    return [
        Person(
            user=user,
            firms=tuple(names.get(firm, firm) for firm in user.firms or ()),
            invited=codes.get(user.id, ""),
            password=user.id in kept,
            provider=user.id in by_provider,
            sessions=used.get(user.id, (0, ""))[0],
            used_at=used.get(user.id, (0, ""))[1],
        )
        for user in found
    ]


def member(house: House, actor: Actor, user_id: str) -> Person:
    """One of them. Raises ``NoSuchPerson``."""
    found = next((one for one in members(house, actor) if one.user.id == user_id), None)
    if found is None:
        raise NoSuchPerson(user_id)
    return found


def invite(
    house: House, actor: Actor, login: str, name: str, role: str, firms: Sequence[str] | None, language: str = ""
) -> tuple[User, str]:
    """A user who cannot sign in yet, and the one-time code with which they set a password: told now and never again.

    Raises ``BadMember``, ``LoginTaken``, ``NoSuchPerson`` (a firm that is not theirs).
    """
    login, name = folded_login(login), name.strip()
    if not login or not name or len(login) > MOST_LOGIN or len(name) > MOST_LOGIN or not login.isprintable() or not name.isprintable():
        raise BadMember("empty")
    code, user_id, now = one_time_code(house), house.ids.new(), house.clock.now()
    with house.store.write() as conn:
        seen, known = _firms(conn, actor, firms), _role(role)
        if any(one.login == login for one in people.users(conn)):
            raise LoginTaken(login)
        people.add_user(conn, user_id, login, name, "", known, seen, language, now)
        entrance.put_invitation(conn, user_id, digest(code, "invitation"), now + INVITED)
        audit.log(conn, actor.by, "invited", login, seen, now, {"after": known, "where": _where(conn, seen)})
        return people.get_user(conn, user_id), code


def new_code(house: House, actor: Actor, user_id: str) -> str:
    """A new one-time code for somebody who lost theirs, or their password. An old password holds until the code is used.

    Raises ``NoSuchPerson``; ``BadMember`` for whoever signs in at a provider: they have no password that could be lost.
    """
    code, now = one_time_code(house), house.clock.now()
    with _changed(house, actor, user_id, "code-made") as (conn, _):
        if user_id in entrance.identified(conn):
            raise BadMember("provider")
        entrance.put_invitation(conn, user_id, digest(code, "invitation"), now + INVITED)
    return code


def join(house: House, hasher: Hasher, login: str, code: str, password: str, place: str) -> User:
    """Somebody who was invited sets a password. Raises ``NotLetIn``, which never says whether login or code was wrong; ``BadPassword``."""
    scopes = (scope_of("join", login, place), scope_of("login", login, ""), scope_of("place", "", place))
    wait_if_tried(house, scopes)
    now = house.clock.now()
    with house.store.read() as conn:
        found = entrance.invitation_of(conn, login, now)
        user = people.get_user(conn, found[0]) if found else None
    if not hmac.compare_digest(found[1] if found else "", digest(spelled(code), "invitation")) or found is None or user is None:
        note_failure(house, scopes)
        raise NotLetIn(wait_left(house, scopes))
    trouble = trouble_with(password, user.login, user.name)
    if trouble is not None:
        raise BadPassword(trouble)
    kept = hasher.hash(password)
    with house.store.write() as conn:
        if entrance.invitation_of(conn, login, now) != found:
            raise NotLetIn
        people.update_user(conn, user.id, password=kept)
        people.close_sessions(conn, user.id, kind="browser")
        entrance.drop_invitation(conn, user.id)
        people.forgive(conn, scopes)
        audit.log(conn, user.login, "joined", user.login, user.firms, now)
    return user


def change_access(house: House, actor: Actor, user_id: str, role: str, firms: Sequence[str] | None) -> None:
    """Another role, or other firms, from the next page on. Raises ``NoSuchPerson``, ``BadMember``, ``LastAdmin``."""
    with _changed(house, actor, user_id, "") as (conn, user):
        seen, known = _firms(conn, actor, firms), _role(role)
        people.update_user(conn, user_id, role=known)
        people.set_firms(conn, user_id, seen)
        told = {"before": user.role, "after": known, "where": _where(conn, seen)}
        both = None if seen is None or user.firms is None else {*seen, *user.firms}
        audit.log(conn, actor.by, "access", user.login, None if both is None else sorted(both), house.clock.now(), told)


def lock(house: House, actor: Actor, user_id: str) -> None:
    """Nobody signs in as them until they are unlocked; whoever is in, and every program of theirs, is out. Raises as ``change_access``."""
    with _changed(house, actor, user_id, "locked", others_only=True) as (conn, _):
        people.update_user(conn, user_id, state="locked")
        people.close_sessions(conn, user_id)
        entrance.drop_invitation(conn, user_id)


def unlock(house: House, actor: Actor, user_id: str) -> None:
    """They may sign in again."""
    with _changed(house, actor, user_id, "unlocked") as (conn, _):
        people.update_user(conn, user_id, state="active")


def remove(house: House, actor: Actor, user_id: str) -> None:
    """Takes a user out for good, with their sessions, keys and wishes; histories keep their login. Raises as ``change_access``."""
    with _changed(house, actor, user_id, "removed", others_only=True) as (conn, _):
        notices.forget(conn, f"user:{user_id}")
        entrance.remove_user(conn, user_id)


def sessions(house: House, actor: Actor, user_id: str) -> list[Session]:
    """Where somebody is signed in, and which programs have a key of theirs. Raises ``NoSuchPerson``."""
    member(house, actor, user_id)
    with house.store.read() as conn:
        return people.sessions_of(conn, user_id, house.clock.now())


def end_session(house: House, actor: Actor, user_id: str, session_id: str) -> None:
    """Signs one browser out, or takes one program its key. Raises ``NoSuchPerson``."""
    with _changed(house, actor, user_id, "session-ended") as (conn, _):
        if session_id not in [one.id for one in people.sessions_of(conn, user_id, house.clock.now())]:
            raise NoSuchPerson(session_id)
        people.close_session(conn, session_id)


def end_sessions(house: House, actor: Actor, user_id: str, *, but: str = "") -> int:
    """Signs somebody out everywhere, programs too; how many sessions that were."""
    with _changed(house, actor, user_id, "sessions-ended") as (conn, _):
        return people.close_sessions(conn, user_id, but=but)


def changes(house: House, actor: Actor, before: int = 0) -> list[audit.Entry]:
    """The log, newest first."""
    with house.store.read() as conn:
        return audit.entries(conn, actor.firms, before=before)


def note(house: House, actor: Actor, event: str, whom: str, firms: Sequence[str] | None, values: Mapping[str, str] | None = None) -> None:
    """A line of the log that is about something else than users."""
    with house.store.write() as conn:
        audit.log(conn, actor.by, event, whom, firms, house.clock.now(), values)


@contextmanager
def _changed(house: House, actor: Actor, user_id: str, event: str, *, others_only: bool = False) -> Iterator[tuple[Connection, User]]:
    """A user of theirs, to be changed in one transaction that ends with a line of the log, or not at all."""
    with house.store.write() as conn:
        entrance.lock_admins(conn)
        try:
            user = people.get_user(conn, user_id)
        except KeyError:
            raise NoSuchPerson(user_id) from None
        if not _theirs(actor, user):
            raise NoSuchPerson(user_id)
        if others_only and user_id == actor.id:
            raise BadMember("oneself")
        admins = people.count_admins(conn)
        yield conn, user
        if admins and not people.count_admins(conn):
            raise LastAdmin(user.login)
        if event:
            audit.log(conn, actor.by, event, user.login, user.firms, house.clock.now())


def _theirs(actor: Actor, user: User) -> bool:
    """Whether somebody is looked after by whoever asks: sees no firm that these do not see."""
    return actor.firms is None or bool(user.firms and set(user.firms) <= set(actor.firms))


def _firms(conn: Connection, actor: Actor, wanted: Sequence[str] | None) -> tuple[str, ...] | None:
    if wanted is None and actor.firms is None:
        return None
    known = {firm["id"] for firm in pairs.firms(conn)}
    chosen = tuple(dict.fromkeys(wanted or ()))
    if any(firm not in known or (actor.firms is not None and firm not in actor.firms) for firm in chosen) or wanted is None:
        raise NoSuchPerson("firm")
    if not chosen:
        raise BadMember("no-firm")
    return chosen


def _role(role: str) -> Role:
    found = next((known for known in ROLES if known == role), None)
    if found is None:
        raise BadMember("no-role")
    return found


def _where(conn: Connection, firms: Sequence[str] | None) -> str:
    """The firms by name; empty for the whole house."""
    return ", ".join(firm["name"] for firm in pairs.firms(conn) if firm["id"] in firms) if firms is not None else ""
