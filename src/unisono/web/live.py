"""Server-sent events: a page that is open hears what changes, without asking again and again from the start."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

_KEEP = b": still there\n\n"


def pieces(request: Request, told: Callable[[], Iterator[tuple[str, str]]], *, still: Callable[[], bool]) -> StreamingResponse:
    """Sends (event, HTML) again whenever the HTML is another than it was; ends when the page or Unisono is closed, or nobody is in ``still``."""

    def look_now() -> list[tuple[str, str]] | None:
        return list(told()) if still() else None

    async def stream() -> AsyncIterator[bytes]:
        last: dict[str, str] = {}
        site = request.app.state.site
        for look in range(site.looks):
            if await request.is_disconnected() or getattr(request.app.state, "closing", False):
                return
            found = await run_in_threadpool(look_now)
            if found is None:
                return
            for name, text in found:
                if last.get(name) != text:
                    last[name] = text
                    yield event(name, text)
            if look % 10 == 9:
                yield _KEEP
            await asyncio.sleep(site.every)

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"cache-control": "no-store"})


def event(name: str, text: str) -> bytes:
    """One event on the wire."""
    return (f"event: {name}\n" + "".join(f"data: {line}\n" for line in text.splitlines()) + "\n").encode()
