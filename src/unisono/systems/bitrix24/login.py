"""Signing in as a local app: from the portal's own page with a code to keys, and from keys that have expired to others.

Both are asked of the vendor's login server, which is no part of the portal. By the vendor's design a secret stands in the address of that call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from unisono.connect.http import Door
from unisono.connect.renewal import Held, Issued, Renew
from unisono.connect.reply import Reply
from unisono.model.errors import BadAnswer, LoginRefused, SystemFault, TryLater, Unclear
from unisono.model.secret import Secret

APP = "local-app"
"""The option of ``system.toml`` under which this login is chosen."""
SERVER = "https://oauth.bitrix.info"
SERVERS = ("oauth.bitrix.info", "oauth.bitrix24.tech")
"""The vendor's login servers. An answer names the one that is responsible from then on."""
KEYS = ("access_token", "refresh_token")


def base_of(login: Mapping[str, str | Secret], settings: Mapping[str, Any]) -> str:
    """The address that calls to a portal begin with; it ends in ``/rest``."""
    return str(settings.get("api") or f"https://{portal_of(str(login['portal']))}/rest").rstrip("/")


def portal_of(given: str) -> str:
    """The host of a portal as people paste it."""
    return given.strip().removeprefix("https://").partition("/")[0].casefold()


def address(login: Mapping[str, str | Secret], settings: Mapping[str, Any], state: str) -> str:
    """The portal's page on which somebody lets us in; it sends the browser to the address that the app was registered with."""
    query = urlencode({"client_id": str(login["client_id"]), "state": state})
    return f"{base_of(login, settings).removesuffix('/rest')}/oauth/authorize/?{query}"


def redeem(door: Door, login: Mapping[str, str | Secret], settings: Mapping[str, Any], code: Secret) -> Issued:
    """Keys for the code that the browser brought back; it holds for half a minute and once.

    Raises ``LoginRefused``, ``TryLater``; ``BadAnswer`` (``another-portal``) if they are another portal's than the one that was named.
    """
    answer = _asked(door, login, settings, {"grant_type": "authorization_code", "code": code})
    wanted, given = _host(base_of(login, settings)), _host(str(answer.get("client_endpoint") or ""))
    if given != wanted:
        raise BadAnswer("another-portal", {"host": given[:100] or "-", "wanted": wanted})
    proven = {"member": str(answer.get("member_id") or "")}
    server = urlsplit(str(answer.get("server_endpoint") or ""))
    if server.scheme == "https" and server.hostname in SERVERS and not settings.get("login_server"):
        proven["login_server"] = f"https://{server.hostname}"
    return Issued(keys=_keys(answer), proven=proven)


def renewal(door: Door, login: Mapping[str, str | Secret], settings: Mapping[str, Any]) -> Renew:
    """How the keys of a connection are exchanged."""

    def renew(held: Held) -> Held:
        return _keys(_asked(door, login, settings, {"grant_type": "refresh_token", "refresh_token": held["refresh_token"]}))

    return renew


def _asked(door: Door, login: Mapping[str, str | Secret], settings: Mapping[str, Any], grant: Mapping[str, str | Secret]) -> dict[str, Any]:
    server = str(settings.get("login_server") or SERVER)
    known: dict[str, str | Secret] = {"client_id": str(login["client_id"]), "client_secret": login["client_secret"]}
    told = {"system": "bitrix24", "call": "oauth/token", "operation": "oauth/token"}
    try:
        # Called a write, so that it is never repeated by itself: a code and a refresh token may hold once.
        reply = door.call("GET", f"{server}/oauth/token/", params=[*known.items(), *grant.items()], write=True, paced=False)
        answer = _answer(reply)
    except LoginRefused:
        raise
    except SystemFault as fault:
        # Whatever was about to be done with the token was not done.
        at = fault.at if isinstance(fault, TryLater) else None
        raise TryLater("login-not-renewed", told | {"reason": fault.code}, at=at) from None
    error = answer.get("error")
    if error:
        raise LoginRefused("login-refused", told | {"status": str(error)[:80], "answer": str(answer.get("error_description") or "")[:200]})
    return answer


def _answer(reply: Reply) -> dict[str, Any]:
    answer = reply.json()
    if not isinstance(answer, dict) or not ("error" in answer or all(isinstance(answer.get(name), str) for name in KEYS)):
        raise Unclear("no-envelope", {"system": "bitrix24", "call": "oauth/token"})
    return answer


def _keys(answer: Mapping[str, Any]) -> dict[str, Secret]:
    return {name: Secret(str(answer[name])) for name in KEYS}


def _host(given: str) -> str:
    parts = urlsplit(given)
    return parts.netloc.casefold()
