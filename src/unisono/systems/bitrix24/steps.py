"""Steps: what one command of the portal is, how it points to an earlier one of the same batch, and how it is written in a batch. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from msgspec import Struct, field

from unisono.model.errors import Refused

_REFERENCE = "$result["
_POINTER = re.compile(r"\$result\[(?P<step>[a-z0-9]+)\]")


class Step(Struct, frozen=True):
    """One command. ``params`` may point to an earlier one of the same batch: ``$result[item][item][id]``."""

    name: str
    method: str
    params: Mapping[str, Any] = field(default_factory=dict)


def pointed_at(value: object) -> Iterator[str]:
    """The names of the steps that some parameters point to."""
    if isinstance(value, Mapping | list | tuple):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from pointed_at(inner)
    elif isinstance(value, str) and (found := _POINTER.match(value)):
        yield found["step"]


def renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Parameters that point to steps by other names."""
    if isinstance(value, Mapping):
        return {key: renamed(inner, names) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [renamed(inner, names) for inner in value]
    if isinstance(value, str) and (found := _POINTER.match(value)):
        return f"{_REFERENCE}{names.get(found['step'], found['step'])}]{value[found.end() :]}"
    return value


def encoded(value: object, name: str = "") -> list[tuple[str, str]]:
    """Parameters the way PHP reads them from a query: ``fields[fm][n0][value]``. Raises ``UnicodeEncodeError`` when it is quoted."""
    if isinstance(value, Mapping):
        return [pair for key, inner in value.items() for pair in encoded(inner, f"{name}[{key}]" if name else str(key))]
    if isinstance(value, list | tuple):
        return [pair for place, inner in enumerate(value) for pair in encoded(inner, f"{name}[{place}]")]
    return [(name, "" if value is None else str(value))]


def command_line(step: Step) -> str:
    """A step as a command of a batch. Raises ``Refused`` for a text that is no Unicode."""
    try:
        pairs = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in encoded(step.params))
    except UnicodeEncodeError:
        pairs = None
    if pairs is None:
        raise Refused("not-unicode", {"call": step.method})
    return f"{step.method}?{pairs}"


def only_reads(method: str) -> bool:
    """Whether a method changes nothing."""
    return method.endswith((".list", ".get", ".fields"))


def points_elsewhere(value: object) -> bool:
    """Whether a text would be taken for a pointer to another command's answer."""
    return isinstance(value, str) and _REFERENCE in value
