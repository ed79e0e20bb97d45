"""Ways in beside a password: one-time codes for those who were invited, and who somebody is at a provider they sign in with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, and_, delete, insert, select

from unisono.store.people import folded_login
from unisono.store.stamps import stamp
from unisono.store.tables import identity, invitation, member, session, spent, user, wish
from unisono.store.upserts import insert_missing, upsert


def put_invitation(conn: Connection, user_id: str, code_hash: str, until: datetime) -> None:
    """The one-time code of a user, as its hash; an older one is void."""
    upsert(conn, invitation, [{"user": user_id, "hash": code_hash, "until": stamp(until)}], keys=["user"])


def invitation_of(conn: Connection, login: str, now: datetime) -> tuple[str, str] | None:
    """The id of an active user who was given a code that still holds, and the code's hash."""
    where = and_(user.c.login == folded_login(login), user.c.state == "active", invitation.c.until > stamp(now))
    row = conn.execute(select(user.c.id, invitation.c.hash).join_from(invitation, user).where(where)).first()
    return (row[0], row[1]) if row else None


def invited(conn: Connection, now: datetime) -> dict[str, str]:
    """Users who hold a code, and until when it is good."""
    return {row.user: row.until for row in conn.execute(select(invitation).where(invitation.c.until > stamp(now)))}


def drop_invitation(conn: Connection, user_id: str) -> None:
    """The code is used, or void."""
    conn.execute(delete(invitation).where(invitation.c.user == user_id))


def user_of(conn: Connection, issuer: str, subject: str) -> tuple[str, bool] | None:
    """The user who somebody at a provider is, and whether role and firms follow what the provider says."""
    where = and_(identity.c.issuer == issuer, identity.c.subject == subject)
    row = conn.execute(select(identity.c.user, identity.c.ruled).where(where)).first()
    return (row.user, bool(row.ruled)) if row else None


def identified(conn: Connection) -> set[str]:
    """Users who come by a provider."""
    return set(conn.execute(select(identity.c.user)).scalars())


def put_identity(conn: Connection, issuer: str, subject: str, user_id: str, *, ruled: bool) -> None:
    """This user is that somebody, from now on."""
    conn.execute(insert(identity).values(issuer=issuer, subject=subject, user=user_id, ruled=int(ruled)))


def spend(conn: Connection, mark_hash: str, until: datetime, now: datetime) -> bool:
    """Uses a mark that is good once; ``False`` if it was used before. Marks that would have ended anyhow are forgotten."""
    conn.execute(delete(spent).where(spent.c.until <= stamp(now)))
    if conn.execute(select(spent.c.hash).where(spent.c.hash == mark_hash)).first() is not None:
        return False
    insert_missing(conn, spent, [{"hash": mark_hash, "until": stamp(until)}], keys=["hash"])
    return True


def lock_admins(conn: Connection) -> None:
    """Keeps two administrators from lowering each other at the same moment."""
    conn.execute(select(user.c.id).where(user.c.role == "admin").with_for_update())


def passwords(conn: Connection) -> set[str]:
    """Users who have a password."""
    return set(conn.execute(select(user.c.id).where(user.c.password != "")).scalars())


def remove_user(conn: Connection, user_id: str) -> None:
    """Takes a user out, with everything that is theirs; what they decided stays in the histories under their login."""
    for table in (invitation, identity, session, member, wish):
        conn.execute(delete(table).where(table.c.user == user_id))
    conn.execute(delete(user).where(user.c.id == user_id))


def sessions_by_user(conn: Connection, users: Iterable[str], now: datetime) -> dict[str, tuple[int, str]]:
    """How many live sessions users have, and when one was last used."""
    wanted = set(users)
    out: dict[str, tuple[int, str]] = {}
    for row in conn.execute(select(session.c.user, session.c.used_at).where(session.c.until > stamp(now))):
        if row.user in wanted:
            count, last = out.get(row.user, (0, ""))
            out[row.user] = (count + 1, max(last, row.used_at))
    return out
