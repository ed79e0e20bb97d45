"""A policy as a readable file: read with errors a person can act on, written back as TOML."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from unisono.policy.schema import Policy


class BadPolicy(ValueError):
    """A policy file that cannot be used. ``code`` and ``values`` fill the catalogue's sentence: which entry, which value, what is allowed."""

    def __init__(self, code: str, **values: str) -> None:
        super().__init__(f"{code}: " + ", ".join(f"{k}={v}" for k, v in values.items()))
        self.code = code
        self.values = values


def parse_policy(text: str) -> Policy:
    """A policy from its TOML. Raises ``BadPolicy`` naming the line (broken TOML) or the entry and its value (schema)."""
    try:
        # With a last line break the parser names the line even of a mistake in the last one.
        data = tomllib.loads(text + "\n", parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise BadPolicy("policy-not-toml", told=str(error)) from error
    try:
        return Policy.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "policy"
        raise BadPolicy("policy-wrong-entry", entry=place, value=str(first.get("input"))[:80], told=first["msg"]) from error


def policy_text(policy: Policy) -> str:
    """The policy as TOML, only what differs from the product's defaults, in the schema's order."""
    return toml_text(policy.model_dump(mode="python", exclude_defaults=True))


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
