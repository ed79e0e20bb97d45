"""Logins: the incoming webhook's secret, the application's tokens with their ends, and what events carry of them."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Any

from unisono.sandbox.bitrix24.envelope import Login
from unisono.sandbox.bitrix24.errors import Refused
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.kit.world import Row


def no_auth() -> Refused:
    """Wrong or no credentials."""
    return Refused("NO_AUTH_FOUND", "Wrong authorization data", 401)


def expired() -> Refused:
    """An access token past its hour."""
    return Refused("expired_token", "The access token provided has expired.", 401)


def by_webhook(portal: Portal, user: str, secret: str) -> Login:
    """The login of an address with a secret. Raises ``Refused``."""
    wanted, _, known = f"{portal.setting('webhook_user')}/{portal.setting('webhook_secret')}".rpartition("/")
    wanted = wanted.rpartition("/")[2]
    if not known or user != wanted or not hmac.compare_digest(secret.encode(), known.encode()):
        raise no_auth()
    return Login("webhook", int(user), frozenset(portal.setting("webhook_scopes")), f"webhook/{user}")


def by_token(portal: Portal, token: Any) -> Login:
    """The login of an access token. Raises ``Refused``."""
    if not isinstance(token, str) or not token:
        raise no_auth()
    row = next(iter(portal.by("tokens", "ACCESS", token)), None)
    if row is None:
        raise no_auth()
    if row["REVOKED"]:
        raise Refused("invalid_token", "Unable to get application by token", 401)
    if portal.now() >= row["EXPIRES"]:
        raise expired()
    return Login("app", row["USER"], frozenset(row["SCOPES"]), "app", token)


def issue(portal: Portal, user: int, scopes: list[str] | None = None) -> Row:
    """A new pair of tokens."""
    now = portal.now()
    row: Row = {"ACCESS": portal.secret(), "REFRESH": portal.secret(), "USER": user, "REVOKED": False, "USED": False}
    row |= {"SCOPES": scopes if scopes is not None else list(portal.setting("app_scopes")), "ISSUED": now}
    row["EXPIRES"] = now + timedelta(seconds=portal.setting("access_seconds"))
    row["REFRESH_ENDS"] = now + timedelta(days=portal.setting("refresh_days"))
    return portal.add("tokens", row)


def renewed(portal: Portal, refresh: str) -> Row | None:
    """A new pair for a refresh token that still holds."""
    row = next(iter(portal.by("tokens", "REFRESH", refresh)), None)
    if row is None or row["REVOKED"] or portal.now() >= row["REFRESH_ENDS"] or (row["USED"] and portal.setting("refresh_once")):
        return None
    portal.change("tokens", row, {"USED": True})
    return issue(portal, row["USER"], row["SCOPES"])


def revoke_all(portal: Portal) -> None:
    """The application is gone."""
    for row in portal.table("tokens").values():
        portal.change("tokens", row, {"REVOKED": True})


def forget_old(portal: Portal) -> None:
    """Keep the table small: pairs whose refresh token is of no use any more, looked at now and then."""
    if len(portal.table("tokens")) % 200:
        return
    now = portal.now()
    for row in list(portal.table("tokens").values()):
        if now >= row["REFRESH_ENDS"] or (row["USED"] and now >= row["EXPIRES"] + timedelta(days=1)):
            portal.remove("tokens", row["ID"])


def shown(portal: Portal, row: Row) -> Row:
    """A pair of tokens as the login server answers it."""
    return {
        "access_token": row["ACCESS"], "expires": int(row["EXPIRES"].timestamp()), "expires_in": portal.setting("access_seconds"),
        "scope": ",".join(row["SCOPES"]), "domain": portal.domain, "server_endpoint": f"{_server(portal)}/rest/", "status": "L",
        "client_endpoint": f"{portal.base}/rest/", "member_id": portal.setting("member_id"), "user_id": row["USER"],
        "refresh_token": row["REFRESH"],
    }  # fmt: skip


def _server(portal: Portal) -> str:
    """The login server; without an address of its own it is the portal."""
    return str(portal.setting("oauth_server") or portal.base).rstrip("/")


def event_auth(portal: Portal, kind: str, *, acting: bool, user: int) -> Row:
    """The member ``auth`` of an event. Tokens come to applications only, and not where no person or program but a robot made the change."""
    shown_: Row = {"domain": portal.domain, "client_endpoint": f"{portal.base}/rest/", "server_endpoint": f"{_server(portal)}/rest/"}
    shown_["member_id"] = portal.setting("member_id")
    if kind == "app" and acting:
        row = issue(portal, user)
        forget_old(portal)
        shown_ |= {"access_token": row["ACCESS"], "expires_in": portal.setting("access_seconds"), "scope": ",".join(row["SCOPES"])}
        shown_ |= {"status": "L", "refresh_token": row["REFRESH"]}
    return shown_ | {"application_token": portal.setting("application_token" if kind == "app" else "outgoing_token")}
