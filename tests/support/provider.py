"""A small OpenID provider as a WSGI application, that also answers wrongly where a test says so."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

ISSUER = "https://login.example.com/realm"
CLIENT, SECRET = "unisono-client", "oidc-canary-3141592653"


@cache
def _first_key() -> RSAKey:
    # Making one takes longer than everything else of a test.
    return RSAKey.generate_key(2048, {"kid": "first", "use": "sig"}, private=True)


@dataclass
class Provider:
    """``changes`` are put over the claims of the next token, ``describes`` over the description; ``signs`` makes the token otherwise."""

    now: Callable[[], datetime]
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    describes: dict[str, Any] = field(default_factory=dict)
    signs: Callable[[dict[str, Any]], str] | None = None
    keys: list[RSAKey] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    posts_only: bool = False

    def __post_init__(self) -> None:
        self.keys = [_first_key()]

    def rotate(self) -> None:
        """A new key; the old one is no longer shown."""
        self.keys = [RSAKey.generate_key(2048, {"kid": f"key-{len(self.calls)}", "use": "sig"}, private=True)]

    def sign_in(self, address: str, who: str, code: str = "") -> dict[str, str]:
        """Somebody signs in at an address to which their browser was sent; what it brings back to us."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        code = code or f"code-{len(self.codes)}"
        self.codes[code] = query | {"who": who, "used": ""}
        return {"state": query["state"], "code": code}

    def token(self, claims: dict[str, Any]) -> str:
        """A token as it should be."""
        if self.signs is not None:
            return self.signs(claims)
        return jwt.encode({"alg": "RS256", "kid": self.keys[0].kid}, claims, self.keys[0])

    def shared(self, claims: dict[str, Any]) -> str:
        """A token signed with a secret that both sides know."""
        return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET), algorithms=["HS256"])

    def unsigned(self, claims: dict[str, Any]) -> str:
        """A token that nobody signed."""
        head, body = ({"alg": "none"}, claims)
        return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (head, body)) + "."

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        self.calls.append(f"{environ['REQUEST_METHOD']} {environ['HTTP_HOST']}{path}")
        status, answer = self._answer(path, environ)
        body = json.dumps(answer).encode()
        start(f"{status} x", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    def _answer(self, path: str, environ: dict[str, Any]) -> tuple[int, Any]:
        if path == "/realm/.well-known/openid-configuration":
            return 200, self._description() | self.describes
        if path == "/realm/keys":
            return 200, {"keys": [key.as_dict(private=False) for key in self.keys]}
        if path == "/realm/token":
            return self._exchange(environ)
        return 404, {}

    def _description(self) -> dict[str, Any]:
        ways = ["client_secret_post"] if self.posts_only else ["client_secret_basic"]
        places = {name: f"{ISSUER}/{path}" for name, path in (("authorization_endpoint", "auth"), ("token_endpoint", "token"))}
        return {"issuer": ISSUER, **places, "jwks_uri": f"{ISSUER}/keys", "token_endpoint_auth_methods_supported": ways}

    def _exchange(self, environ: dict[str, Any]) -> tuple[int, Any]:
        form = {k: v[0] for k, v in parse_qs(environ["wsgi.input"].read().decode()).items()}
        basic = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Basic ")
        login = base64.b64decode(basic).decode() if basic else f"{form.get('client_id')}:{form.get('client_secret')}"
        asked = self.codes.get(form.get("code", ""))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).decode().rstrip("=")
        if login != f"{CLIENT}:{SECRET}" or asked is None or asked["used"] or challenge != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        asked["used"] = "yes"
        assert form["redirect_uri"] == asked["redirect_uri"]
        now = int(self.now().timestamp())
        claims = {"iss": ISSUER, "aud": CLIENT, "sub": asked["who"], "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims |= self.people.get(asked["who"], {}) | self.changes
        return 200, {"id_token": self.token({k: v for k, v in claims.items() if v is not None}), "token_type": "Bearer"}
