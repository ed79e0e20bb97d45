"""A policy as the plain tables of its file, and back: each entry is checked, and all that is wrong is found at once.

Read off the schema by hand: every sync reads its policy before its first call, and to load a library that checks would take a third of
the time until then.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo, fields

from unisono.policy.schema import Between, Policy, WrongEntry

_LONG = 128
"""Bits of a whole number above which it is not even looked at as a decimal: to write a giant in tens takes minutes."""


class Wrong(Struct, frozen=True):
    """One entry that is wrong. ``wrong`` is a word under ``wrong.``, ``value`` what stands there; the others fill its sentence."""

    entry: str
    wrong: str
    value: object
    found: str = ""
    choices: tuple[str, ...] = ()
    bound: str = ""


def policy_from(tables: Mapping[str, object]) -> tuple[Policy | None, list[Wrong]]:
    """The policy that tables say, or everything that is wrong with them, in the order of the schema."""
    wrong: list[Wrong] = []
    policy = _part(Policy, tables, "", wrong)
    return (None if wrong else policy), wrong


def tables_of(part: Any, *, usual: bool = True) -> dict[str, Any]:
    """A policy, or a part of one, as tables; ``usual=False``: only what differs from the product's defaults."""
    told = {}
    for entry in fields(part):
        value = getattr(part, entry.name)
        if usual or value != default_of(entry):
            told[entry.name] = _plain(value, usual)
    return told


def default_of(entry: FieldInfo) -> Any:
    """What holds where a policy does not name an entry."""
    return entry.default if entry.default_factory is NODEFAULT else entry.default_factory()


@cache
def kinds_of(part: Hashable) -> Mapping[str, Any]:
    """The entries of a table and what each may hold."""
    return get_type_hints(part, include_extras=True)


def _plain(value: Any, usual: bool) -> Any:
    if isinstance(value, Struct):
        return tables_of(value, usual=usual)
    return {name: _plain(inner, usual) for name, inner in value.items()} if isinstance(value, dict) else value


def _part(part: Any, value: object, place: str, wrong: list[Wrong]) -> Any:
    if isinstance(value, part):
        return value
    if not isinstance(value, Mapping):
        return _told(wrong, Wrong(place, "table", value))
    before, kinds = len(wrong), kinds_of(part)
    given = {name: _value(kind, value[name], _below(place, name), wrong) for name, kind in kinds.items() if name in value}
    wrong += [Wrong(_below(place, name), "no-entry", inner) for name, inner in value.items() if name not in kinds]
    if len(wrong) > before:
        return None
    try:
        return part(**given)
    except WrongEntry as error:
        return _told(wrong, Wrong(_below(place, error.entry), error.wrong, error.found, error.found, error.choices))


def _value(kind: Any, value: object, place: str, wrong: list[Wrong]) -> Any:
    """A value as its entry holds it; what it cannot hold is added to ``wrong``."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _bounded(_value(inner[0], value, place, wrong), inner[1], place, wrong)
    if origin is Literal:
        known = [one for one in inner if type(one) is type(value) and one == value]
        return known[0] if known else _told(wrong, Wrong(place, "choice", value, choices=tuple(map(str, inner))))
    if origin is tuple:
        if not isinstance(value, list | tuple):
            return _told(wrong, Wrong(place, "list", value))
        return tuple(_value(inner[0], one, f"{place}.{n}", wrong) for n, one in enumerate(value))
    if origin is dict:
        if not isinstance(value, Mapping):
            return _told(wrong, Wrong(place, "table", value))
        return {name: _value(inner[1], one, _below(place, name), wrong) for name, one in value.items()}
    if inner:  # it may be left open
        return None if value is None else _value(inner[0], value, place, wrong)
    if isinstance(kind, type) and issubclass(kind, Struct):
        return _part(kind, value, place, wrong)
    return _scalar(kind, value, place, wrong)


def _scalar(kind: type[Any], value: object, place: str, wrong: list[Wrong]) -> Any:
    if kind is bool or kind is str:
        return value if isinstance(value, kind) else _told(wrong, Wrong(place, "yes-or-no" if kind is bool else "text", value))
    if isinstance(value, Decimal) and value.is_finite() and (kind is Decimal or value == value.to_integral_value()):
        return kind(value)
    if isinstance(value, int) and not isinstance(value, bool) and (kind is int or value.bit_length() <= _LONG):
        return kind(value)
    return _told(wrong, Wrong(place, "number", value))


def _bounded(number: Any, bounds: Between, place: str, wrong: list[Wrong]) -> Any:
    if number is not None and number < bounds.least:
        return _told(wrong, Wrong(place, "least", number, bound=str(bounds.least)))
    if number is not None and bounds.most is not None and number > bounds.most:
        return _told(wrong, Wrong(place, "most", number, bound=str(bounds.most)))
    return number


def _told(wrong: list[Wrong], one: Wrong) -> None:
    wrong.append(one)


def _below(place: str, name: object) -> str:
    return f"{place}.{name}" if place else str(name)
