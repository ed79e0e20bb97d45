"""The envelope: a request read from JSON, XML or an upload, and the answer written in the format of the request."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import ParseError

from werkzeug.wrappers import Request, Response

from unisono.sandbox.fastbill import xmlform

TOP_LEVEL = frozenset({"SERVICE", "LIMIT", "OFFSET", "FILTER", "DATA"})
DEFAULT_LIMIT, MAX_LIMIT = 10, 100
_NUL = "\x00"


@dataclass(slots=True)
class Call:
    """One request, read: ``sent`` holds what the client sent under its top-level keys, in upper case and in order."""

    format: str
    service: str = ""
    sent: dict[str, Any] = field(default_factory=dict)
    filter: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    limit: int = DEFAULT_LIMIT
    offset: int = 0
    upload: bytes | None = None
    """The attached file, when the request came as ``multipart/form-data``."""


def read(request: Request) -> Call:
    """Read a request. What cannot be read becomes a call without a service."""
    upload = None
    if request.mimetype == "multipart/form-data":
        part = request.files.get("httpbody")
        body = part.read() if part is not None else request.form.get("httpbody", "").encode()
        attached = request.files.get("document")
        upload = attached.read() if attached is not None else None
        request.close()
    else:
        body = request.get_data(cache=True)
    is_xml = body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    call = Call("xml" if is_xml else "json", upload=upload)
    try:
        top = xmlform.parse(body) if is_xml else json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, ParseError, RecursionError):
        return call
    if b"\\u0000" in body:
        top = _without_nul(top)
    if isinstance(top, dict):
        _fill(call, top)
    return call


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _without_nul(value: Any) -> Any:
    # No field can hold it; here it is kept free to mark numbers.
    if isinstance(value, str):
        return value.replace(_NUL, "")
    if isinstance(value, list):
        return [_without_nul(member) for member in value]
    return {_without_nul(k): _without_nul(v) for k, v in value.items()} if isinstance(value, dict) else value


def _fill(call: Call, top: dict[str, Any]) -> None:
    for key, value in top.items():
        name = key.upper()
        if name in TOP_LEVEL:
            call.sent[name] = value
    service = call.sent.get("SERVICE")
    call.service = service if isinstance(service, str) else ""
    call.filter = _mapping(call.sent.get("FILTER"))
    call.data = _mapping(call.sent.get("DATA"))
    limit = _whole(call.sent.get("LIMIT"))
    call.limit = min(limit, MAX_LIMIT) if limit > 0 else DEFAULT_LIMIT
    call.offset = max(_whole(call.sent.get("OFFSET")), 0)


def _mapping(value: Any) -> dict[str, Any]:
    """FILTER was once recorded as a list that holds one object, and worked."""
    if isinstance(value, list) and value:
        value = value[0]
    return {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else {}


def _whole(value: Any) -> int:
    try:
        return int(value) if isinstance(value, str | int) else 0
    except ValueError:
        return 0


def echo(call: Call, known: frozenset[str] | None) -> dict[str, Any] | list[Any]:
    """The REQUEST part of the answer. ``known`` are the DATA keys of the service; others vanish (``None``: all stay)."""
    part: dict[str, Any] = {}
    for key, value in call.sent.items():
        if key == "DATA" and isinstance(value, dict) and known is not None:
            value = {name: member for name, member in value.items() if name in known}
        part[key] = _emptied(value)
    return part or []


def _emptied(value: Any) -> Any:
    """Nothing comes back as an empty list, as PHP has one kind of emptiness only."""
    if value is None:
        return []
    if isinstance(value, dict):
        return {k: _emptied(v) for k, v in value.items()} or []
    if isinstance(value, list):
        return [_emptied(v) for v in value]
    return value


def plain(number: Decimal) -> str:
    """A number without exponent, trailing zeros or a negative zero: ``1190``, ``76.5``."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text


def _marked(value: Any) -> str:
    # The encoder cannot write a Decimal as a number; a NUL (which no incoming text keeps) marks the text to be unquoted afterwards.
    if isinstance(value, Decimal):
        return _NUL + plain(value)
    raise TypeError(f"not JSON: {type(value).__name__}")


def to_json(value: Any) -> bytes:
    """JSON as PHP writes it: non-ASCII as ``\\uXXXX``, ``/`` as ``\\/``, no blanks; a Decimal is a number."""
    text = json.dumps(value, separators=(",", ":"), default=_marked).replace("/", "\\/")
    first, *marked = text.split('"\\u0000')
    return (first + "".join(part.replace('"', "", 1) for part in marked)).encode("ascii")


def answer(
    call: Call, known: frozenset[str] | None, response: Any, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """The envelope around an answer, with the headers FastBill was recorded with."""
    envelope = {"REQUEST": echo(call, known), "RESPONSE": response}
    if call.format == "xml":
        body, content_type = xmlform.write(envelope), "application/xml; charset=UTF-8"
    else:
        body, content_type = to_json(envelope), "text/plain; charset=UTF-8"
    reply = Response(body, status=status, content_type=content_type)
    reply.headers["Cache-Control"] = "no-store"
    reply.headers["Vary"] = "Accept-Encoding"
    for name, value in (headers or {}).items():
        reply.headers[name] = value
    return reply
