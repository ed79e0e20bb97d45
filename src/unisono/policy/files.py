"""A policy as a readable file: read with errors a person can act on, written back as TOML."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from unisono.policy.schema import Policy, WrongEntry

_PLACE = re.compile(r"line (\d+), column (\d+)")
_CHOICE = re.compile(r"'?([\w-]+)'?(?:,| or |$)")
_WRONG = {
    "literal_error": "choice",
    "extra_forbidden": "no-entry",
    "greater_than": "least",
    "less_than": "most",
    "int_": "number",
    "decimal_": "number",
    "bool_": "yes-or-no",
    "string_": "text",
    "tuple_": "list",
    "dict_": "table",
    "model_": "table",
}
"""How the kind of a schema's error begins -> the word of ``wrong`` that says it."""


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
    except (ValueError, RecursionError) as error:
        # No TOML; or what only the parser cannot cope with: numbers of thousands of digits, brackets within brackets without end.
        line, column = _PLACE.findall(str(error))[-1] if _PLACE.search(str(error)) else (str(text.count("\n") + 1), "1")
        raise BadPolicy("policy-not-toml", line=line, column=column) from error
    try:
        return Policy.model_validate(data)
    except ValidationError as error:
        entry, value, why = _wrong(error.errors()[0])
        raise BadPolicy("policy-wrong-entry", entry=entry, value=value[:80], **why) from error


def _wrong(first: Any) -> tuple[str, str, dict[str, str]]:
    """The entry, its value, and what is wrong with it in the words of the catalogue instead of the schema's own English."""
    place, told = [str(part) for part in first["loc"]], first.get("ctx", {})
    if isinstance(own := told.get("error"), WrongEntry):
        return ".".join([*place, own.entry]), own.values["found"], own.values
    wrong = next((wrong for begin, wrong in _WRONG.items() if first["type"].startswith(begin)), "other")
    choices = ", ".join(_CHOICE.findall(str(told.get("expected", ""))))
    bound = str(told.get("ge", told.get("le", "")))
    value = "" if isinstance(first.get("input"), dict) else _shown(first.get("input"))
    return ".".join(place) or "policy", value, {"wrong": wrong, "choices": choices, "bound": bound, "found": first["msg"]}


def _shown(value: object) -> str:
    try:
        return str(value)
    except ValueError:  # a whole number that is too long to be written out
        return "..."


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
