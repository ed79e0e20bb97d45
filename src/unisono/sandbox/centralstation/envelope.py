"""How CentralStationCRM is spoken to: the JSON envelope, its errors, its timestamps."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.wrappers import Request, Response

from unisono.sandbox.kit.world import Row

BERLIN = ZoneInfo("Europe/Berlin")


class Refused(Exception):
    """The vendor says no: a status and a JSON body."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = headers or {}


def refused(status: int, error: str, description: str) -> Refused:
    """The general error shape."""
    return Refused(status, {"description": description, "error": error})


def not_found(what: str = "record") -> Refused:
    """404 in the vendor's shape."""
    return refused(404, "not-found", f"there is no such {what}")


def bad_request(description: str) -> Refused:
    """400 for a request that cannot be read."""
    return refused(400, "bad-request", description)


def invalid(errors: dict[str, list[str]]) -> Refused:
    """422: ``{"<attribute>": ["message", ...]}``."""
    return Refused(422, errors)


def answer(value: Any, status: int = 200) -> Response:
    """A JSON answer; ``None`` is an answer without a body (204)."""
    if value is None:
        return Response(b"", 204)
    return Response(
        json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), status, content_type="application/json; charset=utf-8"
    )


@dataclass
class Call:
    """One request with what its path names."""

    request: Request
    ids: tuple[str, ...]

    def id(self, position: int = 0) -> int:
        """The numeric id at a position of the path; 404 if it is none."""
        if not self.ids[position].isdigit():
            raise not_found()
        return int(self.ids[position])

    @cached_property
    def args(self) -> dict[str, str]:
        """The query, the last of doubled names."""
        return dict(self.request.args.items())

    @cached_property
    def body(self) -> dict[str, Any]:
        """The JSON object that was sent; 415 for another media type, 400 for what is not JSON."""
        if self.request.mimetype != "application/json":
            raise refused(415, "unsupported-media-type", "only application/json is read")
        try:
            body = json.loads(self.request.get_data())
        except ValueError:
            raise bad_request("the body is not JSON") from None
        if not isinstance(body, dict):
            raise bad_request("the body is not a JSON object")
        return body

    def inner(self, wrapper: str) -> Row:
        """The object inside its wrapper; 400 ``param-missing`` without it."""
        inner = self.body.get(wrapper)
        if not isinstance(inner, dict) or not inner:
            raise refused(400, "param-missing", f"param is missing or the value is empty: {wrapper}")
        return inner

    def truthy(self, name: str) -> bool:
        """Whether a switch in the query is on."""
        return self.args.get(name, "") in ("true", "1", "active", "yes")


@lru_cache(maxsize=4096)
def stamp(moment: datetime) -> str:
    """A timestamp as the vendor writes it: Berlin, whole seconds, three zeros."""
    return moment.astimezone(BERLIN).replace(microsecond=0).isoformat(timespec="milliseconds")


@lru_cache(maxsize=65536)
def instant(text: str) -> datetime:
    """A timestamp as an instant; one without zone is Berlin time. Raises ``ValueError``."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=BERLIN)).astimezone(UTC)


@lru_cache(maxsize=65536)
def local_day(text: str) -> date:
    """The Berlin date of one of the vendor's own timestamps."""
    return date.fromisoformat(text[:10])
