"""What each system's file says, checked. Reads no client: also systems that are only described have an entry."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from unisono.model.capability import Capabilities
from unisono.model.system_file import BadSystemFile, parse_system
from unisono.systems import NAMES


@cache
def load(name: str) -> Capabilities:
    """What one system can do, before anything is known of a connection. Raises ``KeyError`` (unknown name), ``BadSystemFile``."""
    if name not in NAMES:
        raise KeyError(name)
    text = (files("unisono.systems") / name / "system.toml").read_text(encoding="utf-8")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSystemFile(f"{name}/system.toml is no TOML: {error}") from error
    system = parse_system(data)
    if system.name != name:
        raise BadSystemFile(f"{name}/system.toml: name = {system.name!r}, but its folder is {name!r}")
    return system


def all_systems() -> tuple[Capabilities, ...]:
    """Every system, by name."""
    return tuple(load(name) for name in NAMES)
