"""Letting people in: the first one by a one-time code, then passwords, sessions, keys for programs, and what everybody may do.

Secrets are made here and told once; the store holds their hashes. A sign-in that failed makes the next one wait, and never says whether
the user or the password was wrong.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, Protocol

from unisono.store import audit, pairs, people
from unisono.store.people import Role, Session, User, folded_login
from unisono.store.stamps import instant
from unisono.wiring.house import House

SHORTEST, LONGEST = 12, 200
"""Characters of a password: long enough to be safe, short enough to be hashed."""
IDLE = timedelta(hours=24)
"""A browser that nobody uses is signed out after so long,"""
BROWSER = timedelta(days=14)
"""and one that is used after so long."""
PROGRAM = timedelta(days=365)
FREE = 5
"""Sign-ins that may fail before the next has to wait; the wait doubles from a second to ``LONGEST_WAIT``."""
LONGEST_WAIT = timedelta(minutes=15)
FREE_ANYWHERE = 30
"""The same for one login from wherever it is tried, and for one place whatever login it tries."""
RANK: dict[str, int] = {"view": 1, "act": 2, "admin": 3}
_COMMON = (
    "passwort password haslo parola geheim willkommen welcome qwertz qwerty azerty iloveyou sommer winter hallo admin unisono login test"
).split()
_RUNS = ("abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertzuiopasdfghjklyxcvbnm", "qwertyuiopasdfghjklzxcvbnm", "9876543210")
Trouble = Literal["short", "long", "common", "own-name"]


class Hasher(Protocol):
    """How passwords are kept."""

    def hash(self, password: str) -> str:
        """What is stored."""
        ...

    def fits(self, kept: str, password: str) -> bool:
        """Whether a password is the one that is stored. Where none is, it takes as long to say no."""
        ...


class Argon(Hasher):
    """Argon2id; two at a time at most, since each takes 64 MiB for a moment."""

    def __init__(self, *, time_cost: int = 3, memory_kib: int = 65_536, lanes: int = 2) -> None:
        from argon2 import PasswordHasher  # needed only where somebody signs in

        self._inner = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=lanes)
        self._turns = threading.Semaphore(2)
        self._nobodys = ""

    def hash(self, password: str) -> str:
        with self._turns:
            return self._inner.hash(password)

    def fits(self, kept: str, password: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError

        self._nobodys = self._nobodys or self.hash("nobody has this password")
        with self._turns:
            try:
                self._inner.verify(kept or self._nobodys, password)
            except (VerificationError, InvalidHashError):
                return False
        return bool(kept)


class NotLetIn(Exception):
    """A sign-in that failed. ``wait`` says how long the next one has to wait; nothing says what was wrong."""

    def __init__(self, wait: timedelta = timedelta()) -> None:
        super().__init__("not let in")
        self.wait = wait


class BadPassword(ValueError):
    """A new password that is too easy. ``args[0]`` is a ``Trouble``."""


class LoginTaken(ValueError):
    """Another user has this login."""


class LastAdmin(ValueError):
    """Without this user nobody could let others in."""


@dataclass(frozen=True, slots=True)
class Let:
    """Somebody who came in: ``secret`` goes into the browser's cookie, or is shown once to whoever sets up a program."""

    user: User
    session: Session
    secret: str = field(repr=False)


def secret_of(house: House, size: int = 32) -> str:
    """A new secret that nobody guesses, as text."""
    raw = house.chance.getrandbits(size * 8).to_bytes(size, "big")
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def digest(secret: str, purpose: str = "session") -> str:
    """What is stored of a secret, or derived from it: from this nobody finds it again."""
    return hashlib.blake2b(f"{purpose}\x1f{secret}".encode(), digest_size=32).hexdigest()


def form_token(secret: str) -> str:
    """What a page's forms carry, so that no other site's form is taken for one of ours."""
    return digest(secret, "form")


def trouble_with(password: str, login: str, name: str) -> Trouble | None:
    """Why a password is too easy, if it is."""
    low = password.casefold()
    if len(password) < SHORTEST:
        return "short"
    if len(password) > LONGEST:
        return "long"
    own = [part for part in (folded_login(login), folded_login(login).partition("@")[0], *name.casefold().split()) if len(part) > 3]
    rest = low
    for part in own:
        rest = rest.replace(part, "")
    if len(rest) < SHORTEST // 2:
        return "own-name"
    for word in _COMMON:
        rest = rest.replace(word, "")
    letters = "".join(c for c in rest if c.isalnum())
    little = len(letters) < 5 or (sum(c.isalpha() for c in letters) < 5 and len(set(letters)) < 8)
    runs = any(letters in run or letters in run[::-1] for run in _RUNS)
    return "common" if len(set(low)) < 5 or little or runs else None


def anybody(house: House) -> bool:
    """Whether somebody can sign in already; else the first one needs the one-time code."""
    with house.store.read() as conn:
        return people.any_password(conn)


def one_time_code(house: House) -> str:
    """Sixteen letters and digits in four groups, to be read out and typed."""
    raw = base64.b32encode(house.chance.getrandbits(80).to_bytes(10, "big")).decode()
    return "-".join(raw[n : n + 4] for n in range(0, 16, 4))


def spelled(code: str) -> str:
    """A one-time code as it was made, however it was typed."""
    plain = "".join(c for c in code.upper() if c.isalnum())
    return "-".join(plain[n : n + 4] for n in range(0, 16, 4))


def new_first_code(house: House) -> str:
    """The code that lets the first user in, once: shown where Unisono was started. An older one is void."""
    code = one_time_code(house)
    with house.store.write() as conn:
        people.put_first_code(conn, digest(code, "first"))
    return code


def first_user(house: House, hasher: Hasher, code: str, login: str, name: str, password: str, language: str, place: str) -> User:
    """The first user, who may do everything. Raises ``NotLetIn`` for a wrong code or if somebody is in already, ``BadPassword``."""
    scopes = (scope_of("first", "", place),)
    wait_if_tried(house, scopes)
    with house.store.read() as conn:
        kept, taken = people.first_code(conn), people.any_password(conn)
    if taken or not kept or not hmac.compare_digest(kept, digest(spelled(code), "first")):
        note_failure(house, scopes)
        raise NotLetIn(wait_left(house, scopes))
    user = new_user(house, hasher, login, name, password, "admin", None, language)
    with house.store.write() as conn:
        people.put_first_code(conn, "")
        people.forgive(conn, scopes)
        audit.log(conn, user.login, "first-user", user.login, None, house.clock.now())
    return user


def new_user(
    house: House, hasher: Hasher, login: str, name: str, password: str, role: Role, firms: tuple[str, ...] | None, language: str
) -> User:
    """A user with a password. Raises ``BadPassword``, ``LoginTaken``."""
    trouble = trouble_with(password, login, name)
    if trouble is not None:
        raise BadPassword(trouble)
    kept, user_id = hasher.hash(password), house.ids.new()
    with house.store.write() as conn:
        if any(one.login == folded_login(login) for one in people.users(conn)):
            raise LoginTaken(login)
        people.add_user(conn, user_id, login, name.strip(), kept, role, firms, language, house.clock.now())
        return people.get_user(conn, user_id)


def sign_in(house: House, hasher: Hasher, login: str, password: str, place: str, browser: str) -> Let:
    """A browser signs in. Raises ``NotLetIn``; an unknown user takes as long and says the same as a wrong password."""
    scopes = (scope_of("both", login, place), scope_of("login", login, ""), scope_of("place", "", place))
    wait_if_tried(house, scopes)
    with house.store.read() as conn:
        found = people.password_of(conn, login)
    if not hasher.fits(found[1] if found else "", password[: LONGEST + 1]) or found is None:
        note_failure(house, scopes)
        raise NotLetIn(wait_left(house, scopes))
    with house.store.write() as conn:
        people.drop_ended(conn, house.clock.now())
        people.forgive(conn, scopes[:2])
    return open_session(house, found[0], kind="browser", name=browser)


def open_session(house: House, user_id: str, *, kind: str, name: str, role: str = "") -> Let:
    """A new secret for a browser or a program."""
    now, secret, session_id = house.clock.now(), secret_of(house), house.ids.new()
    secret = f"uni_{secret}" if kind == "program" else secret
    until = now + (PROGRAM if kind == "program" else IDLE)
    with house.store.write() as conn:
        people.open_session(conn, session_id, digest(secret), user_id, now, until, kind=kind, name=name[:200], role=role)
        found = people.session_of(conn, digest(secret), now)
    assert found is not None
    return Let(found[1], found[0], secret)


def who(house: House, secret: str) -> tuple[Session, User] | None:
    """Whose secret that is; ``None`` if nobody's, or no longer. Prolongs a browser's session that is in use."""
    if not secret:
        return None
    now = house.clock.now()
    with house.store.read() as conn:
        found = people.session_of(conn, digest(secret), now)
    if found is None:
        return None
    session, user = found
    if now - instant(session.used_at) >= people.TOUCH:
        until = min(now + IDLE, instant(session.made_at) + BROWSER) if session.kind == "browser" else instant(session.until)
        with house.store.write() as conn:
            people.touch_session(conn, session.id, now, until)
    return session, user


def still_in(house: House, secret: str) -> bool:
    """Whether a secret still lets somebody in; asking is no use of it."""
    with house.store.read() as conn:
        return people.session_of(conn, digest(secret), house.clock.now()) is not None


def role_of(session: Session, user: User) -> Role:
    """What somebody may do: a program at most what its user may."""
    if session.role and RANK[session.role] < RANK[user.role]:
        return session.role  # type: ignore[return-value]
    return user.role


def may(role: str, needed: str) -> bool:
    """Whether a role is enough for what a door needs."""
    return RANK.get(role, 0) >= RANK[needed]


def sign_out(house: House, session_id: str) -> None:
    """Ends a session at once."""
    with house.store.write() as conn:
        people.close_session(conn, session_id)


def change_password(house: House, hasher: Hasher, user: User, before: str, now: str, session_id: str) -> None:
    """A new password; every other browser is signed out. Raises ``NotLetIn`` if the old one is wrong, ``BadPassword``."""
    scopes = (scope_of("change", user.login, ""),)
    wait_if_tried(house, scopes)
    with house.store.read() as conn:
        found = people.password_of(conn, user.login)
    if found is None or not hasher.fits(found[1], before[: LONGEST + 1]):
        note_failure(house, scopes)
        raise NotLetIn(wait_left(house, scopes))
    trouble = trouble_with(now, user.login, user.name)
    if trouble is not None:
        raise BadPassword(trouble)
    kept = hasher.hash(now)
    with house.store.write() as conn:
        people.update_user(conn, user.id, password=kept)
        people.close_sessions(conn, user.id, but=session_id, kind="browser")
        people.forgive(conn, scopes)


def close_user(house: House, user_id: str) -> None:
    """Nobody signs in as them any more, and whoever is in is out. Raises ``LastAdmin``."""
    with house.store.write() as conn:
        user = people.get_user(conn, user_id)
        if user.role == "admin" and user.firms is None and people.count_admins(conn) <= 1:
            raise LastAdmin(user.login)
        people.update_user(conn, user_id, state="closed")
        people.close_sessions(conn, user_id)


def firms_of(house: House, user: User) -> list[dict[str, str]]:
    """The firms somebody sees."""
    with house.store.read() as conn:
        return [firm for firm in pairs.firms(conn) if user.firms is None or firm["id"] in user.firms]


def scope_of(what: str, login: str, place: str) -> str:
    """What failures are counted by: a hash of who was tried from where."""
    return digest(f"{folded_login(login)}\x1f{place}", f"attempt-{what}")[:32] + f"-{what}"


def wait_if_tried(house: House, scopes: tuple[str, ...]) -> None:
    """Raises ``NotLetIn`` while the next try has to wait."""
    left = wait_left(house, scopes)
    if left > timedelta():
        raise NotLetIn(left)


def wait_left(house: House, scopes: tuple[str, ...]) -> timedelta:
    """How long until the next sign-in is looked at."""
    now = house.clock.now()
    left = timedelta()
    with house.store.read() as conn:
        for scope in scopes:
            count, last = people.failures(conn, scope)
            free = FREE if scope.endswith(("-both", "-first", "-change", "-join")) else FREE_ANYWHERE
            if count >= free and last:
                wait = min(LONGEST_WAIT, timedelta(seconds=2 ** min(count - free, 12)))
                left = max(left, instant(last) + wait - now)
    return left


def note_failure(house: House, scopes: tuple[str, ...]) -> None:
    """One failure more for each."""
    with house.store.write() as conn:
        for scope in scopes:
            people.failed(conn, scope, house.clock.now())
