"""Keep a simulator's data in a file, so that a sandbox that runs as a server has it again after a restart."""

from __future__ import annotations

import base64
import json
import os
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from unisono.sandbox.kit.world import World

VERSION = 1


def save(world: World, path: Path) -> None:
    """Write storage, clock offset, randomness and log number; the old file stays until the new one is whole.

    Callables among the settings (``deliver``), armed faults and the calls of the log themselves are left out.
    """
    storage = world.storage
    settings = {key: value for key, value in storage.settings.items() if not callable(value)}
    document = {
        "version": VERSION,
        "tables": {name: _out(rows) for name, rows in storage.tables.items()},
        "settings": _out(settings),
        "counters": storage.counters,
        "clock_offset": world.clock.offset.total_seconds(),
        "log_seq": world.log.seq,
        "random": _out(world.random.getstate()),
    }
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    os.replace(part, path)


def load(world: World, path: Path) -> bool:
    """Fill a fresh world from the file; ``False`` if there is none. Best before ``make(world)``: a simulator may keep derived data.

    Raises ``ValueError`` for a file that is not such a state.
    """
    if not path.exists():
        return False
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["version"] != VERSION:
            raise ValueError(f"version {document['version']}, expected {VERSION}")
        storage = world.storage
        storage.tables.update({name: _in(rows) for name, rows in document["tables"].items()})
        storage.settings.update(_in(document["settings"]))
        storage.counters.update(document["counters"])
        storage.derived.clear()
        world.clock.advance(document["clock_offset"] - world.clock.offset.total_seconds())
        world.log.seq = document["log_seq"]
        world.random.setstate(_in(document["random"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is not a sandbox state: {error}") from error
    return True


def _out(value: Any) -> Any:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Decimal():
            return {"$decimal": str(value)}
        case datetime():
            return {"$datetime": value.isoformat()}
        case date():
            return {"$date": value.isoformat()}
        case bytes():
            return {"$bytes": base64.b64encode(value).decode("ascii")}
        case tuple():
            return {"$tuple": [_out(item) for item in value]}
        case set() | frozenset():
            return {"$set": [_out(item) for item in value]}
        case list():
            return [_out(item) for item in value]
        case dict():
            if all(isinstance(key, str) and not key.startswith("$") for key in value):
                return {key: _out(item) for key, item in value.items()}
            return {"$pairs": [[_out(key), _out(item)] for key, item in value.items()]}
    raise TypeError(f"a {type(value).__name__} cannot be kept in a sandbox state")


def _in(value: Any) -> Any:
    if isinstance(value, list):
        return [_in(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (tag, inner) = next(iter(value.items()))
        match tag:
            case "$decimal":
                return Decimal(inner)
            case "$datetime":
                return datetime.fromisoformat(inner)
            case "$date":
                return date.fromisoformat(inner)
            case "$bytes":
                return base64.b64decode(inner)
            case "$tuple":
                return tuple(_in(item) for item in inner)
            case "$set":
                return {_in(item) for item in inner}
            case "$pairs":
                return {_in(key): _in(item) for key, item in inner}
    return {key: _in(item) for key, item in value.items()}
