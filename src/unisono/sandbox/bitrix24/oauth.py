"""The login server: ``/oauth/authorize/`` in the browser, ``/oauth/token/`` for tokens. The real one has a host of its own."""

from __future__ import annotations

import hmac
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from unisono.sandbox.bitrix24 import tokens
from unisono.sandbox.bitrix24.phpform import to_json
from unisono.sandbox.bitrix24.portal import Portal

CODE_SECONDS = 30


def authorize(portal: Portal, request: Request) -> Response:
    """The portal's user is signed in and agrees; back to the application with a code."""
    if request.args.get("client_id") != portal.setting("client_id"):
        return Response("<html><body><h1>Application not found</h1></body></html>\n", 404, mimetype="text/html")
    code = portal.secret()
    row = {"CODE": code, "USER": portal.setting("webhook_user"), "ENDS": portal.now() + timedelta(seconds=CODE_SECONDS)}
    portal.add("codes", row)
    values = {
        "code": code, "state": request.args.get("state", ""), "domain": portal.domain, "member_id": portal.setting("member_id"),
        "scope": ",".join(portal.setting("app_scopes")), "server_domain": urlsplit(portal.base).netloc,
    }  # fmt: skip
    back = str(portal.setting("redirect_uri"))
    return redirect(f"{back}{'&' if '?' in back else '?'}{urlencode(values)}", 302)


def token(portal: Portal, request: Request) -> tuple[Response, bool]:
    """Tokens for a code or a refresh token; whether any were made."""
    args = request.values
    if args.get("client_id") != portal.setting("client_id"):
        return _no("invalid_client", "Client not found"), False
    if not hmac.compare_digest(args.get("client_secret", "").encode(), str(portal.setting("client_secret")).encode()):
        return _no("wrong_client", "Client secret is wrong"), False
    match args.get("grant_type"):
        case "authorization_code":
            row = next((one for one in portal.table("codes").values() if one["CODE"] == args.get("code")), None)
            if row is not None:
                portal.remove("codes", row["ID"])
            if row is None or portal.now() > row["ENDS"]:
                return _no("invalid_grant", "The code is wrong or expired"), False
            pair = tokens.issue(portal, row["USER"])
        case "refresh_token":
            renewed = tokens.renewed(portal, args.get("refresh_token", ""))
            if renewed is None:
                return _no("invalid_grant", "The refresh token is wrong or expired"), False
            pair = renewed
        case _:
            return _no("invalid_request", "grant_type is missing or unknown"), False
    return Response(to_json(tokens.shown(portal, pair)), mimetype="application/json"), True


def _no(code: str, text: str) -> Response:
    return Response(to_json({"error": code, "error_description": text}), 400, mimetype="application/json")
