"""A policy as a readable file: read with errors a person can act on, written back as TOML."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal, InvalidOperation
from typing import Any

from unisono.policy.schema import Policy
from unisono.policy.tables import Wrong, policy_from, tables_of

MOST = 256 * 1024
"""Characters of a policy file somebody hands in; all but the records left out for good take a few thousand."""
_PLACE = re.compile(r"line (\d+), column (\d+)")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')
_DEEP, _EXPONENT = 20, 30
_TOLD, _LONGEST = 100, 200
"""Of what is wrong no more is told, and of a name or a finding no more shown: nobody mends thousands of entries by hand."""


class BadPolicy(ValueError):
    """A policy file that cannot be used. ``code`` and ``values`` fill the catalogue's sentence: which entry, which value, what is allowed."""

    def __init__(self, code: str, **values: str) -> None:
        super().__init__(f"{code}: " + ", ".join(f"{k}={v}" for k, v in values.items()))
        self.code = code
        self.values = values


def parse_policy(text: str) -> Policy:
    """A policy from its TOML. Raises ``BadPolicy`` naming the line (broken TOML) or the entry and its value (schema)."""
    policy, wrong = policy_from(toml_of(text))
    if policy is None:
        raise bad_policy(wrong[0])
    return policy


def troubles(text: str) -> list[BadPolicy]:
    """Everything that is wrong with a policy's TOML, in the order of the schema; nothing if it can be used. ``line`` is where, if known."""
    if len(text) > MOST:
        return [BadPolicy("policy-too-long", length=str(len(text)), limit=str(MOST))]
    try:
        _, wrong = policy_from(toml_of(text))
    except BadPolicy as bad:
        return [bad]
    found = [bad_policy(one) for one in wrong[:_TOLD]]
    known = {".".join(path): line for path, line in lines_of(text).items()} if found else {}
    for one in found:
        one.values["line"] = str(_line(known, one.values["entry"]) or "")
    return found


def toml_of(text: str) -> dict[str, Any]:
    """The tables of a file, not checked against the schema. Raises ``BadPolicy`` naming the line."""
    for place, line in enumerate(text.split("\n"), 1):
        # A key of thousands of parts takes the parser minutes.
        if line.count(".") > _DEEP and _STRING.sub("", line).partition("#")[0].count(".") > _DEEP:
            raise BadPolicy("policy-not-toml", line=str(place), column="1")
        try:
            line.encode()
        except UnicodeEncodeError as half:  # half a character, at which whoever checks the entries chokes
            raise BadPolicy("policy-not-toml", line=str(place), column=str(half.start + 1)) from half
    try:
        # With a last line break the parser names the line even of a mistake in the last one.
        return tomllib.loads(text + "\n", parse_float=number)
    except (ValueError, RecursionError) as error:
        # No TOML; or what only the parser cannot cope with: numbers of thousands of digits, brackets within brackets without end.
        line, column = _PLACE.findall(str(error))[-1] if _PLACE.search(str(error)) else (str(text.count("\n") + 1), "1")
        raise BadPolicy("policy-not-toml", line=line, column=column) from error


def lines_of(text: str) -> dict[tuple[str, ...], int]:
    """Where a file names which entry: path -> line, of tables and of keys. Text of several lines may name too much, never too little."""
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for place, line in enumerate(text.split("\n"), 1):
        head = line.strip()
        is_table = head.startswith("[") and not head.startswith("[[")
        key = head[1 : head.rfind("]")] if is_table else head.partition("=")[0]
        path = _path(key)
        if not path or not (is_table or "=" in head):
            continue
        table = path if is_table else table
        found.setdefault(path if is_table else (*table, *path), place)
    return found


def _path(key: str) -> tuple[str, ...]:
    """The parts of a key as the parser reads it; nothing if it is none."""
    try:
        value: Any = tomllib.loads(f"{key} = 0") if len(key) < 200 else {}
    except ValueError:
        return ()
    parts = []
    while isinstance(value, dict) and len(value) == 1:
        name, value = next(iter(value.items()))
        parts.append(str(name))
    return tuple(parts)


def _line(known: dict[str, int], entry: str) -> int:
    """The line of an entry, or of the narrowest table around it that the file names."""
    parts = entry.split(".")
    return next((known[name] for n in range(len(parts), 0, -1) if (name := ".".join(parts[:n])) in known), 0)


def number(text: str) -> Decimal | str:
    """A number; one of a size that only serves to choke whoever writes it out stays text, which is no number here."""
    try:
        value = Decimal(text)
    except InvalidOperation:  # an exponent that is a giant itself
        return f"{text[:20]}..."
    return value if abs(value.adjusted()) <= _EXPONENT else f"{text[:20]}..."


def bad_policy(wrong: Wrong) -> BadPolicy:
    """What is wrong with an entry as something a person can act on."""
    value = "" if isinstance(wrong.value, dict) else _shown(wrong.value)
    why = {"wrong": wrong.wrong, "choices": ", ".join(wrong.choices), "bound": wrong.bound, "found": wrong.found[:_LONGEST]}
    return BadPolicy("policy-wrong-entry", entry=(wrong.entry or "policy")[:_LONGEST], value=value[:80], **why)


def _shown(value: object) -> str:
    try:
        return str(value)
    except ValueError:  # a whole number that is too long to be written out
        return "..."


def policy_text(policy: Policy) -> str:
    """The policy as TOML, only what differs from the product's defaults, in the schema's order."""
    return toml_text(tables_of(policy, usual=False))


def toml_text(values: dict[str, Any]) -> str:
    """Tables of plain values as TOML; what is ``None`` is left out."""
    return "\n".join(_table("", values)).strip() + "\n"


def _table(prefix: str, values: dict[str, Any]) -> list[str]:
    plain = [f"{_key(k)} = {_value(v)}" for k, v in values.items() if not isinstance(v, dict) and v is not None]
    out = [f"\n[{prefix}]", *plain] if prefix and (plain or not values) else plain
    for name, inner in values.items():
        if isinstance(inner, dict):
            out += _table(f"{prefix}.{_key(name)}" if prefix else _key(name), inner)
    return out


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(f"\\u{ord(c):04x}" if c < " " or c == "\x7f" else c for c in text) + '"'
