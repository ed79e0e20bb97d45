"""What PHP makes of requests and answers: brackets become nested values, and lists and maps are one kind of thing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

_KEY = re.compile(r"\[([^\]]*)\]")


class Map(dict[str, Any]):
    """A map that stays an object in JSON even if it is empty."""


def nested(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Names with brackets as nested values: ``fields[PHONE][0][VALUE]=1`` is ``{"fields": {"PHONE": [{"VALUE": "1"}]}}``."""
    root: dict[str, Any] = {}
    for name, value in pairs:
        head, bracket, rest = name.partition("[")
        here, key = root, head
        for word in _KEY.findall(bracket + rest):
            inner = here.get(key)
            if not isinstance(inner, dict):
                inner = here[key] = {}
            here, key = inner, word or _next(inner)
        here[key] = value
    return {key: _listed(value) for key, value in root.items()}


def query(text: str) -> dict[str, Any]:
    """A query string by the rules of ``parse_str``; a ``?`` or ``&`` too many does no harm."""
    return nested(parse_qsl(text.strip("?&"), keep_blank_values=True))


def members(value: Any) -> list[Any]:
    """The values of a list, or of a map as PHP takes it for a list; one plain value is a list of itself."""
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list):
        return value
    return [] if value is None or value == "" else [value]


def items(value: Any) -> list[tuple[str, Any]]:
    """Keys and values of a map, or of a list as PHP takes it for a map."""
    if isinstance(value, dict):
        return [(str(key), inner) for key, inner in value.items()]
    return [(str(key), inner) for key, inner in enumerate(value)] if isinstance(value, list) else []


def shaped(value: Any) -> Any:
    """A value as PHP writes it to JSON: an empty map is ``[]``, a map with the keys 0..n is a list, sums are numbers."""
    if isinstance(value, dict):
        if not value:
            return {} if isinstance(value, Map) else []
        if not isinstance(value, Map) and [str(key) for key in value] == [str(number) for number in range(len(value))]:
            return [shaped(inner) for inner in value.values()]
        return {str(key): shaped(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [shaped(inner) for inner in value]
    return number(value) if isinstance(value, Decimal) else value


def number(value: Decimal) -> int | float:
    """A sum as a JSON number, whole ones without a point."""
    return int(value) if value == value.to_integral_value() else float(value)


def to_json(value: Any) -> bytes:
    """The JSON text of an answer."""
    return json.dumps(shaped(value), ensure_ascii=False, separators=(",", ":")).encode()


def to_xml(value: Any) -> bytes:
    """The same as XML; nobody has described the form (guess)."""
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<response>' + _xml(shaped(value)) + "</response>\n").encode()


def flat(value: Any, name: str = "") -> list[tuple[str, str]]:
    """Nested values as names with brackets, the way events are posted."""
    if isinstance(value, dict | list):
        found: list[tuple[str, str]] = []
        for key, inner in items(value):
            found += flat(inner, f"{name}[{key}]" if name else key)
        return found
    if value is None or isinstance(value, bool):
        return [(name, "1" if value else "")]
    return [(name, str(value))]


def _next(held: dict[str, Any]) -> str:
    return str(max((int(key) for key in held if key.isdigit()), default=-1) + 1)


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _listed(one) for key, one in value.items()}
    return list(inner.values()) if list(inner) == [str(number) for number in range(len(inner))] else inner


def _xml(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(_element(key if re.fullmatch(r"[A-Za-z_][\w.-]*", key) else "item", inner) for key, inner in value.items())
    if isinstance(value, list):
        return "".join(_element("item", inner) for inner in value)
    if isinstance(value, bool):
        return "1" if value else "0"
    return "" if value is None else escape(str(value))


def _element(name: str, value: Any) -> str:
    return f"<{name}>{_xml(value)}</{name}>"
