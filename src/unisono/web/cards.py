"""Where a menu entry of a CRM leads: plain ASGI in front of everything else. It shows one link, in the CRM's own frame, and knows nobody.

The CRM's page posts keys along: the body is looked through for the card and forgotten. Behind the link is a page that lets in whom it knows.
"""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from unisono.web.bodies import whole
from unisono.web.speech import preferred
from unisono.wiring.house import House
from unisono.wiring.placing import PATH, Pressed, pressed

MOST = 64 * 1024
_PAGE = '<!doctype html><html lang="{language}"><meta charset="utf-8"><title>Unisono</title><p>{told}</p></html>'


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
    policy = f"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors {framed_by}"
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
