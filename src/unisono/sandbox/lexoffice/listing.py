"""Pages of a list: page, size, sort, the envelope, and the window beyond which no list goes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from unisono.sandbox.kit.world import Row
from unisono.sandbox.lexoffice.envelope import Call
from unisono.sandbox.lexoffice.errors import parameter, regular

WINDOW = 10_000
DEFAULT = 25


def paged(call: Call, rows: Sequence[Row], shown: Callable[[Row], Row], sort: Sequence[tuple[str, str]], *, most: int = 250) -> Row:
    """The envelope around one page of ``rows``, which are in order already. Raises ``Refused``."""
    page, size = _whole(call.text("page"), 0), _whole(call.text("size"), DEFAULT) or DEFAULT
    if size > most:
        raise regular(400, f"size: must be equal or lower than {most}")
    if (page + 1) * size > WINDOW and len(rows) > page * size:
        raise regular(400, "Maximum search window size exceeded")
    content = rows[page * size : (page + 1) * size]
    pages = -(-len(rows) // size)
    return {
        "content": [shown(row) for row in content],
        "first": page == 0,
        "last": page >= pages - 1,
        "totalPages": pages,
        "totalElements": len(rows),
        "numberOfElements": len(content),
        "size": size,
        "number": page,
        "sort": [_order(name, direction) for name, direction in sort],
    }


def _order(name: str, direction: str) -> Row:
    shown = {"property": name, "direction": direction, "ascending": direction == "ASC"}
    return shown | {"ignoreCase": False, "nullHandling": "NATIVE"}


def _whole(said: str, default: int) -> int:
    """What is no number, or out of range, silently becomes the default."""
    return int(said) if said.isascii() and said.isdigit() and len(said) < 7 else default


def order_of(call: Call, allowed: Sequence[str], default: tuple[str, str]) -> tuple[str, str]:
    """The order a call asks for: ``sort=voucherDate,DESC``, or in the older spelling ``direction`` and ``property``."""
    said = call.text("sort")
    name, _, direction = said.partition(",") if said else (call.text("property"), "", call.text("direction"))
    if not name:
        return default
    direction = direction.upper() or "ASC"
    if name not in allowed or direction not in ("ASC", "DESC"):
        raise parameter("sort")
    return name, direction


def pattern(call: Call, name: str, least: int, most: int) -> re.Pattern[str] | None:
    """The filter on a text: a part of it in any case, ``_`` is one character and ``%`` many, a backslash takes their meaning away.

    ``&``, ``<`` and ``>`` are found only where they are written as in HTML.
    """
    said = call.request.args.get(name)
    if said is None:
        return None
    if not least <= len(said) <= most:
        raise parameter(name)
    parts, escaped = [], False
    for letter in said:
        if escaped or letter not in "\\_%":
            parts.append(re.escape(letter))
            escaped = False
        elif letter == "\\":
            escaped = True
        else:
            parts.append("." if letter == "_" else ".*")
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


def fits(wanted: re.Pattern[str] | None, texts: Sequence[Any]) -> bool:
    """Whether one of the texts has what is wanted."""
    return wanted is None or any(wanted.search(escape(str(text), quote=False)) for text in texts if text)
