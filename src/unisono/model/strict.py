"""From a parsed TOML table to a value, every name and type checked: a misspelt entry is an error, never a silent default."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from msgspec import Struct
from msgspec.structs import fields


class BadTable(ValueError):
    """A table has an unknown, missing or wrongly typed entry; the text names the place."""


def build(cls: Any, row: Any, place: str) -> Any:
    """``cls(**row)``, lists as tuples, tables as nested values. Raises ``BadTable``; ``place`` is how a person finds the table."""
    row, hints = expect(row, dict, place), _hints(cls)
    only(row, set(hints), place)
    values = {name: _fit(value, hints[name], f"{place}: {name}") for name, value in row.items()}
    if missing := [name for name in _required(cls) if name not in values]:
        raise BadTable(f"{place}: missing entry {', '.join(missing)}")
    return cls(**values)


def expect(value: Any, wanted: type[Any], place: str) -> Any:
    """The value, if it is of the wanted plain type."""
    # Exactly this type: a bool is no number here, though Python says so.
    if type(value) is not wanted:
        raise BadTable(f"{place} = {value!r} is not {_WORDS[wanted]}")
    return value


def only(row: dict[str, Any], allowed: set[str], place: str) -> None:
    """Refuses a table that has entries nobody knows."""
    unknown = sorted(set(row) - allowed)
    if unknown:
        raise BadTable(f"{place}: unknown entry {', '.join(unknown)}")


@cache
def _required(cls: type[Struct]) -> tuple[str, ...]:
    return tuple(one.name for one in fields(cls) if one.required)


@cache
def _hints(cls: Any) -> dict[str, Any]:
    return get_type_hints(cls)


_WORDS: dict[type[Any], str] = {str: "a text", int: "a whole number", bool: "true or false", dict: "a table", list: "a list"}


def _fit(value: Any, hint: Any, place: str) -> Any:
    inner = get_args(hint)
    if choices := _choices(hint):
        if value not in choices:
            raise BadTable(f"{place} = {value!r} is not one of {', '.join(filter(None, choices))}")
        return value
    if get_origin(hint) is tuple:
        built = isinstance(value, tuple)  # parts that the caller has checked already
        return value if built else tuple(_fit(v, inner[0], place) for v in expect(value, list, place))
    if get_origin(hint) is dict:
        return {_fit(k, inner[0], place): _fit(v, inner[1], f"{place}.{k}") for k, v in expect(value, dict, place).items()}
    if isinstance(hint, type) and issubclass(hint, Struct):
        return build(hint, value, place)
    return expect(value, hint, place)


def _choices(hint: Any) -> tuple[str, ...]:
    """The words that a ``Literal`` or a union of them allows; none for any other hint."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    parts = [_choices(part) for part in get_args(hint)]
    return tuple(word for part in parts for word in part) if parts and all(parts) else ()
