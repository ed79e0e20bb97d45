"""The pair of systems of the reference job: as small as the vendors that ``bench.reference.server`` stands in for. Only measured, never offered.

Twelve fields of a customer, one way. The engine, store, journal, door and pace around them are the product's own.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from unisono.model.capability import Capabilities
from unisono.model.system_file import parse_system

BOOKS, CRM = "reference-books", "reference-crm"


@cache
def capabilities(name: str) -> Capabilities:
    """What one of the two can do."""
    path = Path(__file__).with_name(f"{name.removeprefix('reference-')}.toml")
    return parse_system(tomllib.loads(path.read_text(encoding="utf-8")))
