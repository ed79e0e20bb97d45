"""Signing in at a provider that vouches for people (OpenID Connect): how it is set, who gets which role, and what a browser brings back.

A password of an administrator stays the way back in. Nothing secret is stored while somebody is at the provider: what their browser has to
bring back is derived from a cookie, and only that it was used is remembered.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from unisono.connect.mail import is_address
from unisono.connect.oidc import SCOPES, Asked, Client, Provider
from unisono.model.errors import Refused, SystemFault
from unisono.model.secret import Secret
from unisono.store import audit, entrance, pairs, people, secrets, settings
from unisono.store.people import Role, User, folded_login
from unisono.store.refused import StoreRefused
from unisono.wiring.house import House
from unisono.wiring.members import Actor, NoSuchPerson
from unisono.wiring.people import Let, NotLetIn, digest, open_session, secret_of

log = logging.getLogger("unisono.oidc")
OIDC = "oidc"
BACK = "/signin/oidc/back"
"""Our door to which the provider sends browsers back."""
AWAY = timedelta(minutes=10)
"""How long somebody may take at the provider."""
SKEW = timedelta(seconds=5)


class NoRole(Exception):
    """The provider vouches for somebody, and no rule gives them a role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouching:
    """The provider, and which values of which claim give which role; the highest that fits counts. ``firms``: ``None`` is the whole house.

    ``claim`` may be a path (``realm_access.roles``). Without any values only those come in whom an administrator added.
    """

    issuer: str = ""
    client: str = ""
    name: str = ""
    scopes: str = SCOPES
    claim: str = "groups"
    admin: tuple[str, ...] = ()
    act: tuple[str, ...] = ()
    view: tuple[str, ...] = ()
    firms: tuple[str, ...] | None = None
    private: bool = False

    @property
    def shown(self) -> str:
        """What the button says."""
        return self.name or urlsplit(self.issuer).hostname or self.issuer


def vouching(house: House) -> Vouching | None:
    """How it is set; ``None`` where nobody vouches."""
    with house.store.read() as conn:
        value = settings.get_setting(conn, OIDC)
    if not value:
        return None
    lists = {name: tuple(value[name]) for name in ("admin", "act", "view")}
    return Vouching(**value | lists | {"firms": None if value["firms"] is None else tuple(value["firms"])})


def put_vouching(house: House, actor: Actor, wanted: Vouching, secret: str) -> None:
    """Sets it, after the provider's own description was read. An empty secret keeps the stored one, never for another provider.

    Raises ``Refused`` (``oidc-incomplete``, ``oidc-other-issuer``, as ``hosts.check_host``), ``NoSuchPerson`` (no such firm), ``SystemFault``.
    """
    if actor.firms is not None:
        raise NoSuchPerson("house")
    before = vouching(house)
    same = before is not None and (before.issuer, before.client) == (wanted.issuer, wanted.client)
    if not wanted.issuer or not wanted.client or not wanted.claim or not (secret or same):
        raise Refused("oidc-incomplete", {})
    with house.store.read() as conn:
        known = {firm["id"] for firm in pairs.firms(conn)}
    if wanted.firms is not None and not (wanted.firms and set(wanted.firms) <= known):
        raise NoSuchPerson("firm")
    nothing = Asked(state="", nonce="", verifier="", back="")
    _provider(house, wanted, Secret(secret)).address(nothing)
    now = house.clock.now()
    with house.store.write() as conn:
        settings.put_setting(conn, OIDC, asdict(wanted))
        if secret:
            secrets.put_sealed(conn, house.ring, OIDC, Secret(secret), now)
        audit.log(conn, actor.by, "oidc-set", wanted.issuer, None, now)


def drop_vouching(house: House, actor: Actor) -> None:
    """Nobody comes in that way any more; who came so is signed out."""
    if actor.firms is not None:
        raise NoSuchPerson("house")
    with house.store.write() as conn:
        settings.put_setting(conn, OIDC, {})
        secrets.drop_sealed(conn, OIDC)
        for user_id in entrance.identified(conn):
            people.close_sessions(conn, user_id)
        audit.log(conn, actor.by, "oidc-dropped", "", None, house.clock.now())


def begin(house: House, site: str) -> tuple[str, str]:
    """Where the browser goes, and the secret that it keeps until it is back. Raises ``NotLetIn`` where nobody vouches or answers."""
    found = vouching(house)
    if found is None:
        raise NotLetIn
    kept, now = secret_of(house), house.clock.now()
    mark = f"{int(now.timestamp())}.{secret_of(house, 16)}"
    state = f"{mark}.{digest(kept + mark, 'oidc-state')}"
    try:
        return _provider(house, found, _secret(house)).address(_asked(kept, state, site)), kept
    except (SystemFault, StoreRefused) as fault:
        log.warning("signing in at the provider cannot begin: %s", fault.code)
        raise NotLetIn from None


def come_back(house: House, site: str, kept: str, state: str, code: str, issuer: str, browser: str) -> Let:
    """Somebody is back from the provider. Raises ``NotLetIn`` (nothing of it is believed), ``NoRole``."""
    found = vouching(house)
    if found is None or not kept or not code or not _ours(house, kept, state):
        raise NotLetIn
    try:
        claims = _provider(house, found, _secret(house)).claims(_asked(kept, state, site), code, issuer=issuer)
    except (SystemFault, StoreRefused) as fault:
        log.warning("the provider's answer is not taken: %s %s", fault.code, fault.values.get("reason", ""))
        raise NotLetIn from None
    return open_session(house, _user(house, found, claims).id, kind="browser", name=browser)


def _ours(house: House, kept: str, state: str) -> bool:
    """Whether a state was made for this browser, not long ago, and not brought back before."""
    at, _, rest = state.partition(".")
    mark = f"{at}.{rest.partition('.')[0]}"
    if not hmac.compare_digest(state.encode(), f"{mark}.{digest(kept + mark, 'oidc-state')}".encode()):
        return False
    made, now = datetime.fromtimestamp(int(at), UTC), house.clock.now()
    if not made - SKEW <= now < made + AWAY:
        return False
    with house.store.write() as conn:
        return entrance.spend(conn, digest(state, "oidc-spent"), made + AWAY + SKEW, now)


def _asked(kept: str, state: str, site: str) -> Asked:
    return Asked(state=state, nonce=digest(kept + state, "oidc-nonce"), verifier=digest(kept + state, "oidc-verifier"), back=site + BACK)


def _secret(house: House) -> Secret:
    with house.store.read() as conn:
        return secrets.get_sealed(conn, house.ring, OIDC) or Secret("")


def _provider(house: House, wanted: Vouching, secret: Secret) -> Provider:
    client = Client(issuer=wanted.issuer, id=wanted.client, secret=secret, scopes=wanted.scopes, private=wanted.private)
    return Provider(client, house.clock, transport=house.transports(OIDC), resolve=house.outward.resolve, loopback=house.loopback)


def _user(house: House, found: Vouching, claims: Mapping[str, Any]) -> User:
    """The user somebody is. Raises ``NotLetIn``, ``NoRole``: whoever lost every role at the provider is out everywhere."""
    user = _known_or_new(house, found, claims)
    if user is None:
        with house.store.write() as conn:
            known = entrance.user_of(conn, found.issuer, str(claims["sub"]))
            if known is not None:
                people.close_sessions(conn, known[0])
        raise NoRole
    return user


def _known_or_new(house: House, found: Vouching, claims: Mapping[str, Any]) -> User | None:
    """Known by the provider's own name for them; else one who was added and waits; else a rule's. ``None``: no rule gives a role any more."""
    subject, granted = str(claims["sub"]), role_given(found, claims)
    mail = folded_login(str(claims.get("email", ""))) if claims.get("email_verified") is True else ""
    mail = mail if is_address(mail) else ""
    now = house.clock.now()
    with house.store.write() as conn:
        known = entrance.user_of(conn, found.issuer, subject)
        if known is not None:
            user, ruled = people.get_user(conn, known[0]), known[1]
            if user.state != "active":
                raise NotLetIn
            if ruled and granted is None:
                return None
            if granted is not None and ruled and (user.role != granted or user.firms != _sorted(found.firms)):
                people.update_user(conn, user.id, role=granted)
                people.set_firms(conn, user.id, found.firms)
                told = {"before": user.role, "after": granted, "where": ""}
                audit.log(conn, found.shown, "access", user.login, found.firms, now, told)
            return user
        there = next((one for one in people.users(conn) if one.login == mail), None) if mail else None
        if there is not None:
            # Whoever has a password is nobody's to take over by an address: only who was added and never came.
            if there.state != "active" or there.id in entrance.passwords(conn) | entrance.identified(conn):
                raise NoRole
            entrance.put_identity(conn, found.issuer, subject, there.id, ruled=False)
            entrance.drop_invitation(conn, there.id)
            audit.log(conn, found.shown, "joined", there.login, there.firms, now)
            return there
        if granted is None:
            raise NoRole
        login = mail or f"{subject[:100]}@{urlsplit(found.issuer).hostname}"
        name = " ".join(str(claims.get("name") or login).split())[:100]
        if any(one.login == folded_login(login) for one in people.users(conn)):
            raise NoRole
        user_id = house.ids.new()
        people.add_user(conn, user_id, login, name, "", granted, found.firms, "", now)
        entrance.put_identity(conn, found.issuer, subject, user_id, ruled=True)
        audit.log(conn, found.shown, "joined", folded_login(login), found.firms, now)
        return people.get_user(conn, user_id)


def role_given(found: Vouching, claims: Mapping[str, Any]) -> Role | None:
    """The highest role that a rule gives; ``None`` if none does."""
    values = _values(claims, found.claim)
    rules: tuple[tuple[Role, Sequence[str]], ...] = (("admin", found.admin), ("act", found.act), ("view", found.view))
    return next((role for role, wanted in rules if values & set(wanted)), None)


def _values(claims: Mapping[str, Any], claim: str) -> set[str]:
    value: Any = claims.get(claim)
    if value is None and "." in claim:
        value = claims
        for part in claim.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        return {value}
    return {one for one in value if isinstance(one, str)} if isinstance(value, list) else set()


def _sorted(firms: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if firms is None else tuple(sorted(firms))


def with_lists(wanted: Vouching, admin: str, act: str, view: str) -> Vouching:
    """The same with values given as people write them: separated by commas."""
    split = ({part.strip() for part in text.split(",") if part.strip()} for text in (admin, act, view))
    lists = [tuple(sorted(values)) for values in split]
    return replace(wanted, admin=lists[0], act=lists[1], view=lists[2])
