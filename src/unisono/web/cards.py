"""Where a menu entry of a CRM leads: plain ASGI in front of everything else. It shows one link, in the CRM's own frame, and knows nobody.

The CRM's page posts keys along: the body is looked through for the card and forgotten. Behind the link is a page that lets in whom it knows.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from unisono.web.bodies import whole
from unisono.web.speech import preferred
from unisono.wiring.house import House
from unisono.wiring.placing import PATH, Pressed, pressed

MOST = 64 * 1024
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{margin:0;padding:1.25rem;font:1rem/1.5 system-ui,sans-serif}"
    "p{margin:0;max-width:36rem}"
    "a{display:inline-block;padding:.6rem 1.1rem;border-radius:.375rem;font-weight:600;text-decoration:none;"
    "background:light-dark(#1b2036,#eceef5);color:light-dark(#fff,#13151c)}"
    "a:focus-visible{outline:3px solid #e0a100;outline-offset:2px}"
)
"""In the page itself, and named in its policy by its hash: in the CRM's frame nothing else of ours is loaded."""
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
_PAGE = (
    '<!doctype html><html lang="{language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    f"<title>Unisono</title><style>{_STYLE.replace('{', '{{').replace('}', '}}')}</style><p>{{told}}</p></html>"
)


class CardDoors:
    """Wraps the application; what does not begin with ``/card/`` goes on to it."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        self._app = app
        self._house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers whoever pressed the entry."""
        if scope["type"] != "http" or not scope["path"].startswith(PATH):
            await self._app(scope, receive, send)
            return
        body = await whole(receive, MOST) if scope["method"] == "POST" else b""
        form = dict(parse_qsl((body or b"").decode("utf-8", "replace"), max_num_fields=100)) if body else {}
        said = dict(parse_qsl(scope["query_string"].decode("latin-1"), max_num_fields=100)).get("LANG", "")
        accepted = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1")
        language = preferred(said, "") or preferred(accepted, "en")
        found = await run_in_threadpool(pressed, self._house, scope["path"].removeprefix(PATH), form, language)
        await _answer(send, found)


async def _answer(send: Send, found: Pressed | None) -> None:
    told = escape(found.words) if found is not None else ""
    if found is not None and found.page:
        told = f'<a href="{escape(found.page)}" target="_blank" rel="noopener">{told}</a>'
    page = _PAGE.format(language=found.language, told=told).encode() if found is not None else b""
    framed_by = found.frame if found is not None else "'none'"
    policy = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors {framed_by}"
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(page)).encode()),
        (b"content-security-policy", policy.encode()),
        (b"cache-control", b"no-store"),
        (b"referrer-policy", b"no-referrer"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": 200 if found is not None else 404, "headers": headers})
    await send({"type": "http.response.body", "body": page})
