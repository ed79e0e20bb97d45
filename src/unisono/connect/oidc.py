"""Signing in at a provider (OpenID Connect, authorization code with PKCE): what is asked there, and whether its answer is to be believed.

Nothing is kept from one sign-in to the next: the provider's description and its keys are read each time, so new keys count at once and old
ones no longer. Every host the description names is checked like an address that a user gives.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from unisono.connect.clock import Clock
from unisono.connect.hosts import Resolve, check_host, system_resolve
from unisono.connect.http import Door, Transport
from unisono.connect.pace import MemoryPace
from unisono.model.errors import BadAnswer, LoginRefused, Refused
from unisono.model.secret import Secret

SIGNED_WITH = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
"""Signatures with the provider's own key. Never ``none``, never one made with a secret that both sides know."""
LEEWAY = 60
"""Seconds that the provider's clock may be off."""
MOST_ANSWER = 512 * 1024
SCOPES = "openid email profile"
_PLACES = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who we are at a provider. ``private``: an administrator says it stands in the own network."""

    issuer: str
    id: str
    secret: Secret
    scopes: str = SCOPES
    private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one sign-in was begun with: the browser that comes back has to fit."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    back: str
    """Our own address, to which the provider sends the browser back."""


class Provider:
    """One provider. Raises ``Refused`` and ``BadAnswer`` where it is not to be believed, ``Unavailable`` where it does not answer."""

    def __init__(
        self, client: Client, clock: Clock, *, transport: Transport | None = None, resolve: Resolve = system_resolve, loopback: bool = False
    ) -> None:
        self._client, self._clock, self._transport, self._resolve, self._loopback = client, clock, transport, resolve, loopback

    def address(self, asked: Asked) -> str:
        """Where the browser is sent to sign in."""
        place = self._described()["authorization_endpoint"]
        challenge = base64.urlsafe_b64encode(hashlib.sha256(asked.verifier.encode()).digest()).decode().rstrip("=")
        query = {
            "response_type": "code",
            "client_id": self._client.id,
            "redirect_uri": asked.back,
            "scope": self._client.scopes,
            "state": asked.state,
            "nonce": asked.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{place}{'&' if '?' in place else '?'}{urlencode(query, quote_via=quote)}"

    def claims(self, asked: Asked, code: str, *, issuer: str = "") -> dict[str, Any]:
        """What the provider says of whoever came back with a code. ``issuer``: what it said of itself on the way back, if it did."""
        if issuer and issuer != self._client.issuer:
            raise Refused("oidc-other-issuer", {"host": _host(issuer)})
        described = self._described()
        token = self._token(described, asked, code)
        return self._verified(token, self._keys(described["jwks_uri"]), asked.nonce)

    def _described(self) -> dict[str, Any]:
        issuer = self._client.issuer
        found = self._read(issuer.rstrip("/") + "/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            raise Refused("oidc-other-issuer", {"host": _host(str(found.get("issuer", "")))})
        if any(not isinstance(found.get(name), str) for name in _PLACES):
            raise BadAnswer("oidc-not-described", {"host": _host(issuer)})
        # The browser goes there, and with it a person's password.
        self._pinned(found["authorization_endpoint"])
        return found

    def _token(self, described: Mapping[str, Any], asked: Asked, code: str) -> str:
        ways = described.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": asked.back, "code_verifier": asked.verifier}
        secret, login = self._client.secret, None
        if "client_secret_basic" in ways:
            # RFC 6749, 2.3.1: both are written as in a form before they are joined.
            login = (quote(self._client.id, safe=""), Secret(quote(secret.reveal(), safe="")))
        else:
            form |= {"client_id": self._client.id, "client_secret": secret.reveal()}
        place = described["token_endpoint"]
        with self._door(place, secret, Secret(code), Secret(asked.verifier)) as door:
            reply = door.call(
                "POST",
                place,
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                login=login,
                content=urlencode(form).encode(),
                write=True,
                paced=False,
            )
        found = _json(reply.json()) if reply.status == 200 else {}
        token = found.get("id_token")
        if not isinstance(token, str):
            raise LoginRefused("oidc-code-refused", {"host": _host(place), "status": str(reply.status)})
        return token

    def _keys(self, place: str) -> Any:
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        found = self._read(place).get("keys")
        # Only public keys of the provider: a shared secret among them would let anybody sign who knows it.
        if not isinstance(found, list):
            raise BadAnswer("oidc-not-described", {"host": _host(place)})
        keys = [key for key in found if isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP") and key.get("use", "sig") == "sig"]
        try:
            return KeySet.import_key_set({"keys": keys})
        except (JoseError, ValueError, TypeError, KeyError):
            raise BadAnswer("oidc-not-described", {"host": _host(place)}) from None

    def _verified(self, token: str, keys: Any, nonce: str) -> dict[str, Any]:
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jws import JWSRegistry

        client, now = self._client, int(self._clock.now().timestamp())
        rules = jwt.JWTClaimsRegistry(
            now=now,
            leeway=LEEWAY,
            iss={"essential": True, "value": client.issuer},
            aud={"essential": True, "value": client.id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
        )
        try:
            registry = JWSRegistry(algorithms=list(SIGNED_WITH), strict_check_header=False)
            claims: dict[str, Any] = dict(jwt.decode(token, keys, algorithms=list(SIGNED_WITH), registry=registry).claims)
            rules.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise Refused("oidc-not-believed", {"reason": type(error).__name__}) from None
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if (several or "azp" in claims) and claims.get("azp") != client.id:
            raise Refused("oidc-not-believed", {"reason": "azp"})
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise Refused("oidc-not-believed", {"reason": "nonce"})
        if not claims["sub"]:
            raise Refused("oidc-not-believed", {"reason": "sub"})
        return claims

    def _read(self, place: str) -> dict[str, Any]:
        with self._door(place) as door:
            reply = door.call("GET", place, paced=False)
        if reply.status != 200:
            raise BadAnswer("oidc-not-described", {"host": _host(place), "status": str(reply.status)})
        return _json(reply.json())

    def _door(self, place: str, *secrets: Secret) -> Door:
        host, address = self._pinned(place)
        return Door(
            transport=self._transport,
            hosts=(host,),
            pace=MemoryPace((), self._clock),
            clock=self._clock,
            secrets=secrets,
            timeout=15.0,
            body_limit=MOST_ANSWER,
            tries=1,
            insecure_loopback=self._loopback,
            pinned={urlsplit(place).hostname or "": address} if address else {},
        )

    def _pinned(self, place: str) -> tuple[str, str]:
        """A host and the address it is to be found at. Raises ``Refused`` for one that is none of the open internet."""
        parts = urlsplit(place)
        if self._loopback and parts.hostname in ("127.0.0.1", "localhost"):
            return parts.hostname, ""
        if parts.scheme != "https" or parts.username is not None:
            raise Refused("address-not-https", {"host": (parts.hostname or "")[:100]})
        found = check_host(f"https://{parts.netloc}", self._resolve, private_allowed=self._client.private)
        return found.pattern, found.address


def _json(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadAnswer("oidc-not-described", {"host": ""})
    return value


def _host(address: str) -> str:
    return (urlsplit(address).hostname or "")[:100] if address else "-"
