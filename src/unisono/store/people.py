"""Users, the firms they see, their sessions, and sign-ins that failed. Secrets come in and stay as hashes only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import Connection, Row, and_, delete, func, insert, select, update

from unisono.store.dialect import insert_for, plainly
from unisono.store.stamps import stamp
from unisono.store.tables import attempt, member, meta, session, user
from unisono.store.upserts import upsert

Role = Literal["view", "act", "admin"]
"""Sees everything; also answers and releases; also sets up and lets others in."""
TOUCH = timedelta(minutes=5)
"""A session that is used is noted no more often than this: a page should not cost a write."""
REMEMBERED = timedelta(days=1)
"""Sign-ins that failed are forgotten after so long."""
_FIRST_CODE = "first_code"


class User(Struct, frozen=True, kw_only=True):
    """A person who may sign in. ``firms`` are those they see; ``None``: all."""

    id: str
    login: str
    name: str
    role: Role
    firms: tuple[str, ...] | None
    language: str
    state: str
    created_at: str


class Session(Struct, frozen=True, kw_only=True):
    """A browser that is signed in, or a program with a key. ``role`` is empty where it is the user's own."""

    id: str
    user: str
    kind: str
    role: str
    name: str
    made_at: str
    used_at: str
    until: str


def folded_login(login: str) -> str:
    """The one spelling of a login: people write their e-mail address as they please."""
    return login.strip().casefold()


def add_user(
    conn: Connection,
    user_id: str,
    login: str,
    name: str,
    password: str,
    role: Role,
    firms: Sequence[str] | None,
    language: str,
    now: datetime,
) -> None:
    """A new user; ``password`` is its hash. Raises the database's unique violation for a login that is taken."""
    values = {"login": folded_login(login), "name": name, "password": password, "role": role, "language": language}
    conn.execute(insert(user).values(id=user_id, every_firm=int(firms is None), created_at=stamp(now), **values))
    set_firms(conn, user_id, firms)


def set_firms(conn: Connection, user_id: str, firms: Sequence[str] | None) -> None:
    """The firms a user sees from now on; ``None``: all, those to come included."""
    conn.execute(update(user).where(user.c.id == user_id).values(every_firm=int(firms is None)))
    conn.execute(delete(member).where(member.c.user == user_id))
    if firms:
        conn.execute(insert(member), [{"user": user_id, "firm": firm} for firm in dict.fromkeys(firms)])


def update_user(conn: Connection, user_id: str, **values: Any) -> None:
    """Changes some columns."""
    conn.execute(update(user).where(user.c.id == user_id).values(**values))


def users(conn: Connection) -> list[User]:
    """All users, closed ones too."""
    seen = _firms_seen(conn)
    rows = conn.execute(select(user).order_by(plainly(conn, user.c.login)))
    return [_user(row, seen.get(row.id, ())) for row in rows]


def get_user(conn: Connection, user_id: str) -> User:
    """One user; ``KeyError`` if there is none."""
    row = conn.execute(select(user).where(user.c.id == user_id)).first()
    if row is None:
        raise KeyError(user_id)
    return _user(row, _firms_seen(conn, user_id).get(user_id, ()))


def password_of(conn: Connection, login: str) -> tuple[str, str] | None:
    """The id and the password's hash of an active user who has one; ``None`` for everybody else."""
    where = and_(user.c.login == folded_login(login), user.c.state == "active", user.c.password != "")
    row = conn.execute(select(user.c.id, user.c.password).where(where)).first()
    return (row.id, row.password) if row else None


def any_password(conn: Connection) -> bool:
    """Whether anybody can sign in."""
    where = and_(user.c.state == "active", user.c.password != "")
    return conn.execute(select(user.c.id).where(where).limit(1)).first() is not None


def count_admins(conn: Connection) -> int:
    """Active users who may let others in, everywhere: the last of them cannot be taken away."""
    where = and_(user.c.state == "active", user.c.role == "admin", user.c.every_firm == 1, user.c.password != "")
    return int(conn.execute(select(func.count()).select_from(user).where(where)).scalar_one())


def open_session(
    conn: Connection,
    session_id: str,
    secret_hash: str,
    user_id: str,
    now: datetime,
    until: datetime,
    *,
    kind: str,
    name: str,
    role: str = "",
) -> None:
    """A browser signed in, or a program given a key."""
    at = stamp(now)
    values = {"user": user_id, "kind": kind, "role": role, "name": name, "made_at": at, "used_at": at, "until": stamp(until)}
    conn.execute(insert(session).values(id=session_id, hash=secret_hash, **values))


def session_of(conn: Connection, secret_hash: str, now: datetime) -> tuple[Session, User] | None:
    """The live session of a secret and its user; ``None`` if there is none, it has ended, or the user was closed."""
    row = conn.execute(select(session).where(session.c.hash == secret_hash)).first()
    if row is None or row.until <= stamp(now):
        return None
    who = get_user(conn, row.user)
    return (_session(row), who) if who.state == "active" else None


def touch_session(conn: Connection, session_id: str, now: datetime, until: datetime) -> None:
    """It is in use: noted, and prolonged."""
    conn.execute(update(session).where(session.c.id == session_id).values(used_at=stamp(now), until=stamp(until)))


def sessions_of(conn: Connection, user_id: str, now: datetime) -> list[Session]:
    """A user's live sessions, the latest used first."""
    where = and_(session.c.user == user_id, session.c.until > stamp(now))
    rows = conn.execute(select(session).where(where).order_by(session.c.used_at.desc(), plainly(conn, session.c.id)))
    return [_session(row) for row in rows]


def close_session(conn: Connection, session_id: str) -> bool:
    """Ends a session at once; says whether there was one."""
    return bool(conn.execute(delete(session).where(session.c.id == session_id)).rowcount)


def close_sessions(conn: Connection, user_id: str, *, but: str = "", kind: str = "") -> int:
    """Ends all sessions of a user, or all but one, or those of a kind: after a new password, or because somebody else is in."""
    where = and_(session.c.user == user_id, session.c.id != but, *([session.c.kind == kind] if kind else []))
    return conn.execute(delete(session).where(where)).rowcount


def drop_ended(conn: Connection, now: datetime) -> None:
    """Forgets sessions that have ended, and failures of yesterday."""
    conn.execute(delete(session).where(session.c.until <= stamp(now)))
    conn.execute(delete(attempt).where(attempt.c.last_at < stamp(now - REMEMBERED)))


def failures(conn: Connection, scope: str) -> tuple[int, str]:
    """How often a sign-in failed within a scope, and when last."""
    row = conn.execute(select(attempt.c.count, attempt.c.last_at).where(attempt.c.scope == scope)).first()
    return (int(row[0]), str(row[1])) if row else (0, "")


def failed(conn: Connection, scope: str, now: datetime) -> None:
    """One failure more."""
    statement = insert_for(conn, attempt).values(scope=scope, count=1, last_at=stamp(now))
    changes = {"count": attempt.c.count + 1, "last_at": stamp(now)}
    conn.execute(statement.on_conflict_do_update(index_elements=["scope"], set_=changes))


def forgive(conn: Connection, scopes: Sequence[str]) -> None:
    """Somebody got in: what failed before is forgotten."""
    conn.execute(delete(attempt).where(attempt.c.scope.in_(list(scopes))))


def put_first_code(conn: Connection, code_hash: str) -> None:
    """The hash of the one-time code that lets the first user in; empty: it is used up."""
    if code_hash:
        upsert(conn, meta, [{"name": _FIRST_CODE, "value": code_hash}], keys=["name"])
    else:
        conn.execute(delete(meta).where(meta.c.name == _FIRST_CODE))


def first_code(conn: Connection) -> str:
    """The hash of the one-time code in force; empty if there is none."""
    return str(conn.execute(select(meta.c.value).where(meta.c.name == _FIRST_CODE)).scalar() or "")


def _firms_seen(conn: Connection, user_id: str = "") -> dict[str, tuple[str, ...]]:
    where = [member.c.user == user_id] if user_id else []
    out: dict[str, tuple[str, ...]] = {}
    for row in conn.execute(select(member).where(*where).order_by(plainly(conn, member.c.firm))):
        out[row.user] = (*out.get(row.user, ()), row.firm)
    return out


def _user(row: Row[Any], firms: tuple[str, ...]) -> User:
    return User(
        id=row.id,
        login=row.login,
        name=row.name,
        role=row.role,
        firms=None if row.every_firm else firms,
        language=row.language,
        state=row.state,
        created_at=row.created_at,
    )


def _session(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        user=row.user,
        kind=row.kind,
        role=row.role,
        name=row.name,
        made_at=row.made_at,
        used_at=row.used_at,
        until=row.until,
    )
