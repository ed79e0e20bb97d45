"""The body of a request that no framework reads, because strangers send it: never more of it than may be."""

from __future__ import annotations

from starlette.types import Receive


async def whole(receive: Receive, most: int) -> bytes | None:
    """The body, unless it is longer than ``most`` bytes or breaks off."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)
