"""How lexoffice says no: two shapes of its own, one of the gateway in front of it, one of the files endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

INVALID, MISSING = "invalid_value", "missing_entity"
NOT_NULL = "NOTNULL"
_NOT_NULL = "darf nicht leer sein"
_DETAILED = "Validation failed for request. Please see details list for specific causes."


@dataclass
class Refused(Exception):
    """A refusal; nothing was done. ``body`` is ready, except for the regular shape, whose frame needs the request."""

    status: int
    body: Any = None
    message: str = ""
    details: tuple[dict[str, str], ...] = ()

    def __str__(self) -> str:
        if self.body is None:
            return "; ".join([self.message, *(f"{one['field']}: {one['violation']}" for one in self.details)])
        if isinstance(self.body, dict) and "IssueList" in self.body:
            return "; ".join(f"{one['source']}: {one['i18nKey']}" for one in self.body["IssueList"])
        return str(self.body)


def legacy(*issues: tuple[str, str], status: int = 406) -> Refused:
    """``IssueList``: contacts, vouchers, bad parameters. Each issue is (source, key)."""
    shown = [
        {"i18nKey": key, "source": source, "type": "validation_failure", "additionalData": None, "args": None} for source, key in issues
    ]
    return Refused(status, {"IssueList": shown})


def parameter(name: str, key: str = INVALID) -> Refused:
    """A parameter of the query that cannot be read."""
    return legacy((name, key), status=400)


def regular(status: int, message: str, *details: tuple[str, str]) -> Refused:
    """The newer shape. Each detail is (field, violation)."""
    shown = tuple(
        {"violation": kind, "field": field, "message": _NOT_NULL if kind == NOT_NULL else kind.lower()} for field, kind in details
    )
    return Refused(status, message=message, details=shown)


def invalid(*details: tuple[str, str]) -> Refused:
    """The newer shape's validation failure."""
    return regular(406, _DETAILED, *details)


def not_found() -> Refused:
    """No such record, or no such route. Guess: the text."""
    return regular(404, "Not Found")


def gateway(status: int, message: str) -> Refused:
    """The gateway in front of the service."""
    return Refused(status, {"message": message})


def framed(refusal: Refused, path: str, now: str, trace: str, request: str) -> Any:
    """The body of a refusal as it is sent."""
    if refusal.body is not None:
        return refusal.body
    shown: dict[str, Any] = {"timestamp": now, "status": refusal.status, "error": HTTPStatus(refusal.status).phrase, "path": path}
    shown |= {"traceId": trace, "requestId": request, "message": refusal.message}
    if refusal.details:
        del shown["requestId"]
        shown["details"] = list(refusal.details)
    return shown
