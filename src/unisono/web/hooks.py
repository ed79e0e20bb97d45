"""The doors for vendors, as plain ASGI in front of everything else: no session, no form, nothing parsed, and always the same answer."""

from __future__ import annotations

from collections.abc import Mapping

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from unisono.store.refused import StoreRefused
from unisono.web.bodies import whole
from unisono.wiring.hooks import PATH
from unisono.wiring.receiving import MOST, Doorkeeper, Place

PATIENCE = 10.0
"""Seconds a call may take to arrive as a whole."""
AT_A_TIME = 32
"""Bodies that are being read at one time: 8 MiB at most."""


class HookDoors:
    """Wraps the application; what does not begin with ``/hooks/`` goes on to it."""

    def __init__(self, app: ASGIApp, keeper: Doorkeeper) -> None:
        self._app = app
        self._keeper = keeper
        self._reading = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Takes what a vendor sends."""
        if scope["type"] != "http" or not scope["path"].startswith(PATH):
            await self._app(scope, receive, send)
            return
        try:
            await self._taken(scope, receive)
        except StoreRefused:
            # It was not kept, so it must not be acknowledged: whoever sends it may try again.
            await _answer(send, 503)
        else:
            await _answer(send, 200)

    async def _taken(self, scope: Scope, receive: Receive) -> None:
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"0")
        declared = int(length) if length.isdigit() and len(length) < 12 else MOST + 1
        kind = headers.get(b"content-type", b"").decode("latin-1")
        place = await run_in_threadpool(self._keeper.knock, scope["method"], scope["path"], kind, declared)
        if place is not None:
            await self._read(place, receive, {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()})
        if self._keeper.due:
            await run_in_threadpool(self._keeper.write_down)

    async def _read(self, place: Place, receive: Receive, headers: Mapping[str, str]) -> None:
        body = None
        if self._reading < AT_A_TIME:
            self._reading += 1
            try:
                with anyio.move_on_after(PATIENCE):
                    body = await whole(receive, MOST)
            finally:
                self._reading -= 1
        if body is None:
            self._keeper.refuse(place)
        else:
            await run_in_threadpool(self._keeper.keep, place, body, headers)


async def _answer(send: Send, status: int) -> None:
    headers = [(b"content-length", b"0"), (b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
