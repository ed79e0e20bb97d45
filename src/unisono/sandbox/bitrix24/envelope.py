"""One call and its answer: parameters wherever they came from, the envelope with its ``time``."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Request

from unisono.sandbox.bitrix24.errors import Refused, bad_id, missing, mistyped, no_array
from unisono.sandbox.bitrix24.fields import integer
from unisono.sandbox.bitrix24.phpform import nested

PAGE = 50


@dataclass(frozen=True, slots=True)
class Login:
    """Who calls: ``kind`` is ``webhook`` or ``app``; ``key`` names the account of its run time."""

    kind: str
    user: int
    scopes: frozenset[str]
    key: str
    token: str = ""

    @property
    def app(self) -> bool:
        """Whether an application calls."""
        return self.kind == "app"


@dataclass
class Call:
    """A method with its parameters. ``batched``: it came inside a batch."""

    method: str
    params: dict[str, Any]
    login: Login
    batched: bool = False

    def get(self, name: str) -> Any:
        """A parameter whose name may be written in upper or lower case (classic methods)."""
        if name in self.params:
            return self.params[name]
        for key, value in self.params.items():
            if key.lower() == name.lower():
                return value
        return None

    def exact(self, name: str) -> Any:
        """A parameter whose name has to be written so (universal methods)."""
        return self.params.get(name)

    def id(self, name: str = "ID") -> int:
        """A positive id. Raises ``Refused``."""
        value = integer(self.get(name))
        if value is None or value <= 0:
            raise bad_id()
        return value

    def number(self, name: str) -> int:
        """A number of a universal method. Raises ``Refused``."""
        raw = self.exact(name)
        if raw is None:
            raise missing(name)
        value = integer(raw)
        if value is None:
            raise Refused("100", f"Invalid value {{{raw}}} to match with parameter {{{name}}}. Should be value of type int.")
        return value

    def fields(self, name: str = "fields") -> dict[str, Any]:
        """The map ``fields`` of a classic method. Raises ``Refused``."""
        value = self.get(name)
        if isinstance(value, dict):
            return value
        if value == []:
            return {}
        raise no_array(name)

    def map(self, name: str = "fields") -> dict[str, Any]:
        """The map of a universal method. Raises ``Refused``."""
        value = self.exact(name)
        if value is None:
            raise missing(name)
        if value == []:
            return {}
        if not isinstance(value, dict):
            raise mistyped(name)
        return value

    @property
    def start(self) -> int:
        """The offset of a page, down to whole pages; -1 is the fast way without counting."""
        value = integer(self.get("start")) or 0
        return -1 if value < 0 else value // PAGE * PAGE


@dataclass(slots=True)
class Reply:
    """What a method answers. ``subject`` (``<table>/<id>``) is set if the portal's data changed. ``beside`` goes beside ``result``."""

    result: Any
    subject: str = ""
    total: int | None = None
    next: int | None = None
    beside: dict[str, Any] = field(default_factory=dict)

    @property
    def members(self) -> dict[str, Any]:
        """The answer without ``time``."""
        found: dict[str, Any] = {"result": self.result}
        if self.next is not None:
            found["next"] = self.next
        if self.total is not None:
            found["total"] = self.total
        return found | self.beside


def page(rows: list[Any], call: Call) -> Reply:
    """One page of a list that is already filtered and in order."""
    start = call.start
    if start < 0:
        return Reply(rows[:PAGE], total=0)
    after = start + PAGE
    return Reply(rows[start:after], total=len(rows), next=after if after < len(rows) else None)


def parameters(request: Request) -> dict[str, Any]:
    """All parameters of a request: query, then body (JSON, form or multipart), which wins. Raises ``Refused``."""
    found = nested(parse_qsl(request.environ.get("QUERY_STRING", ""), keep_blank_values=True))
    if request.method not in ("GET", "HEAD"):
        found |= _body(request)
    return {name: value for name, value in found.items() if not name.startswith("bx24_")}


def _body(request: Request) -> dict[str, Any]:
    if request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data"):
        pairs: list[tuple[str, Any]] = list(request.form.items(multi=True))
        pairs += [(name, content_of(file)) for name, file in request.files.items(multi=True)]
        return nested(pairs)
    raw = request.get_data()
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw, parse_float=Decimal)
    except ValueError:
        if request.mimetype == "application/json":
            raise Refused("INVALID_REQUEST", "The request body is not valid JSON") from None
        return nested(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))
    return body if isinstance(body, dict) else {}


def content_of(file: FileStorage) -> bytes:
    """What a file of a form holds."""
    with file.stream:
        return bytes(file.read())


def time_block(now: datetime, zone: ZoneInfo, seconds: float, operating: tuple[float, int] | None) -> dict[str, Any]:
    """The member ``time``. ``operating``: run time in the last ten minutes, and when it begins to be forgotten."""
    start = now.timestamp()
    block: dict[str, Any] = {
        "start": start,
        "finish": start + seconds,
        "duration": seconds,
        "processing": seconds,
        "date_start": now.astimezone(zone).replace(microsecond=0).isoformat(),
        "date_finish": now.astimezone(zone).replace(microsecond=0).isoformat(),
    }
    if operating is not None:
        block["operating_reset_at"] = operating[1]
        block["operating"] = operating[0]
    return block
