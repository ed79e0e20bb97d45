"""How samples are spoilt: values, shapes, keys, bytes. A mutation knows JSON and text, no vendor."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from tests.storm.levels.abilities import pick


@dataclass(frozen=True, slots=True)
class Token:
    """Text that stands in the JSON as it is: numbers nobody means, words that are no JSON, half a surrogate pair."""

    text: str


Path = tuple[str | int, ...]
_MARK = "\ue000"
_MARKED = re.compile(r'"\\ue000(\d+)\\ue000"')
"""Where a token stands until everything around it is written."""
DIRT: tuple[Any, ...] = (
    None,
    "",
    " ",
    "\x00",
    "vor\x00nach",
    "x" * 100_000,
    "0000-00-00",
    "2026-02-30",
    "9999-99-99 99:99:99",
    "1,50",
    "1.190,00",
    "1e400",
    "NaN",
    "-0",
    "١٢٣",
    "12\u00b2",
    "Mu\u0308ller\u200f\ufeff",
    "<img src=x onerror=alert(1)>",
    "=1+1",
    -1,
    0,
    10**30,
    -(10**18),
    Token("1" + "0" * 5000),
    Decimal("12.5"),
    Decimal("-0.005"),
    True,
    False,
    [],
    {},
    [[]],
    [None],
    ["a"],
    {"0": {}},
    {"a": 1},
    {"1": {"id": 1}, "x": 2},
    [[[[[[[["tief"]]]]]]]],
    Token("1e400"),
    Token("-1e-400"),
    Token("1E+2"),
    Token("0.1e1"),
    Token("NaN"),
    Token("Infinity"),
    Token("-0.0"),
    Token(r'"kaputt \ud83d Ende"'),
    Token(r'"\udc00"'),
    Token("01"),
    Token("[" * 3000 + "]" * 3000),
    Token('{"a":' * 1500 + "1" + "}" * 1500),
)


def dumped(value: Any) -> str:
    """JSON of plain values, decimals written out and tokens as they are."""
    kept: list[str] = []

    def keep(odd: Any) -> str:
        kept.append(odd.text if isinstance(odd, Token) else f"{odd:f}")
        return f"{_MARK}{len(kept) - 1}{_MARK}"

    text = json.dumps(value, separators=(",", ":"), default=keep)
    return _MARKED.sub(lambda found: kept[int(found[1])], text) if kept else text


def parsed(body: bytes) -> Any:
    """The value of a sound sample."""
    return json.loads(body, parse_float=Decimal)


def places(value: Any) -> list[Path]:
    """Every place inside a value, each before those inside it."""
    found: list[Path] = []
    _gather(value, (), found)
    return found


def _gather(value: Any, at: Path, found: list[Path]) -> None:
    for name, part in value.items() if isinstance(value, dict) else enumerate(value):
        place = (*at, name)
        found.append(place)
        if isinstance(part, dict | list):
            _gather(part, place, found)


def spoilt(rnd: Random, sample: Any) -> bytes:
    """A sample with one to three places altered; now and then also its bytes."""
    return torn(rnd, dumped(altered(rnd, sample)).encode())


def altered(rnd: Random, sample: Any) -> Any:
    """A copy of a sample with one to three places altered."""
    value = json.loads(json.dumps(sample, default=lambda d: {"\0": str(d)}), object_hook=_undecimal)
    for _ in range(pick(rnd, (1, 1, 1, 2, 3))):
        if value:
            # Every second time a member of the row itself: most places lie in lists of lists, where less is at stake.
            own: list[Path] | None = None
            if rnd.random() < 0.5:
                own = [(name,) for name in (value if isinstance(value, dict) else range(len(value)))]
            _alter(rnd, value, pick(rnd, own or places(value)))
    return value


def torn(rnd: Random, body: bytes) -> bytes:
    """Now and then a body whose very bytes are altered."""
    return pick(rnd, BYTES)(rnd, body) if rnd.random() < 0.15 else body


def _undecimal(found: dict[str, Any]) -> Any:
    return Decimal(found["\0"]) if set(found) == {"\0"} else found


def _alter(rnd: Random, value: Any, place: Path) -> None:
    *way, last = place
    holder = value
    for name in way:
        holder = holder[name]
    old = deepcopy(holder[last])
    how = rnd.random()
    if how < 0.55:
        holder[last] = deepcopy(pick(rnd, DIRT))
    elif how < 0.65:
        del holder[last]
    elif how < 0.75:
        holder[last] = _turned(old)
    elif how < 0.85 and isinstance(holder, list):
        holder.insert(rnd.randrange(len(holder) + 1), old)
    elif isinstance(holder, dict):
        name = pick(rnd, (str(last).upper(), str(last).lower(), f"{last} ", "neu", "\x00", "id", "0"))
        holder[name] = holder.pop(last) if rnd.random() < 0.5 else old


def _turned(old: Any) -> Any:
    """The same in another type: text for a number, an object for a list."""
    if isinstance(old, str):
        return Token(old) if old.replace(".", "", 1).isdigit() else [old]
    if isinstance(old, list):
        return {str(n): part for n, part in enumerate(old)}
    if isinstance(old, dict):
        return list(old.values())
    return str(old)


def _torn(rnd: Random, body: bytes) -> bytes:
    return body[: rnd.randrange(len(body) + 1)]


def _flipped(rnd: Random, body: bytes) -> bytes:
    at = rnd.randrange(len(body))
    return body[:at] + bytes([rnd.randrange(256)]) + body[at + 1 :]


BYTES: tuple[Callable[[Random, bytes], bytes], ...] = (
    _torn,
    _flipped,
    lambda _, body: b"\xef\xbb\xbf" + body,
    lambda _, body: body.decode().encode("utf-16"),
    lambda _, body: body.replace(b'"', b"'"),
    lambda _, body: body + body,
    lambda _, body: body + b"\x00",
    lambda _, body: b"<!doctype html><title>Wartung</title>",
    lambda _, body: b"",
    lambda _, body: b"[" * 50_000,
)


def spoilt_text(rnd: Random, text: str) -> str:
    """A text file after somebody edited it badly."""
    for _ in range(pick(rnd, (1, 1, 2, 4))):
        lines = text.split("\n")
        at, where = rnd.randrange(len(text) + 1), rnd.randrange(len(lines))
        how = rnd.random()
        if how < 0.4 and "=" in lines[where]:
            lines[where] = lines[where].partition("=")[0] + "= " + pick(rnd, TOML_DIRT)
            text = "\n".join(lines)
        elif how < 0.55:
            text = text[:at] + text[at + pick(rnd, (1, 3, 20)) :]
        elif how < 0.7:
            text = (
                text[:at] + pick(rnd, ("\x00", "\ud83d", '"', "'''", "[", "]]", "=", "\r", "\u2028", "#", "\\", ",", "{", "٣")) + text[at:]
            )
        elif how < 0.85:
            text = "\n".join([*lines, lines[where]])
        else:
            lines.insert(where, pick(rnd, TOML_LINES))
            text = "\n".join(lines)
    return text


TOML_DIRT = (
    '""',
    '"off"',
    '"both"',
    "1",
    "-1",
    "0",
    "101",
    "1.5",
    "1e400",
    "nan",
    "-inf",
    "9" * 5000,
    "0x" + "f" * 5000,
    "true",
    "[]",
    '["quote", "quote"]',
    '[["quote"]]',
    "{}",
    "{ a = 1 }",
    "[" * 3000 + "]" * 3000,
    "{a=" * 1500 + "1" + "}" * 1500,
    "2026-02-30",
    "1979-05-27T07:32:00Z",
    '"\\ud83d"',
    '"\\u0000"',
    '"' + "x" * 100_000 + '"',
    "'''",
)
TOML_LINES = (
    "[customers]",
    "[[customers]]",
    "[customers.fields.email]",
    'customers.fields.unknown = { direction = "both" }',
    "schema_version = 2",
    'language = "fr"',
    "a" * 10_000 + " = 1",
    ".".join(["a"] * 400) + " = 1",
    '"" = ""',
    "unknown = 1",
    "[documents]\nfile = 'yes'",
    "[quotes]\nvat_rate = 19.000000000000000000000000000001",
)
