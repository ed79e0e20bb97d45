"""The samples that level G spoils: rows of the sample files and of the simulators, by system and resource."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.storm.levels.mutations import parsed
from tests.systems.contract.account import Account

SYSTEMS = ("centralstation", "fastbill")
SAMPLES = Path(__file__).resolve().parents[2] / "systems"
ROWS = {
    "centralstation": {"company": "companies", "person": "people", "deal": "deals", "tag": "tags", "protocol_object_note": "protocols"},
    "fastbill": {"CUSTOMERS": "customer", "CONTACTS": "contact", "ESTIMATES": "estimate", "INVOICES": "invoice"},
}
"""How a vendor's samples call the rows of each resource."""


@cache
def account(system: str) -> Account:
    """A realistic firm at the simulator, and the real connector to it, its custom fields bound where there are any."""
    vendor = import_module(f"tests.systems.{system}.test_contract").TestContract.vendor
    made = Account(vendor, bound=vendor.bound is not None)
    made.seed()
    for resource in vendor.make:
        made.row(resource)
    return made


@cache
def samples(system: str) -> dict[str, list[tuple[str, Any]]]:
    """Resource -> rows with their keys: those of the sample files, and those the simulator lists."""
    where = account(system)
    found: dict[str, list[tuple[str, Any]]] = {}
    for resource in where.vendor.capabilities.resources:
        if resource.listed:
            found[resource.name] = [(raw.key, parsed(raw.body)) for raw in where.all(resource.name)[:30]]
    for file in sorted((SAMPLES / system / "samples").glob("*.json")):
        for name, row in _rows(json.loads(file.read_text(encoding="utf-8"), parse_float=Decimal), ROWS[system]):
            resource_name = ROWS[system][name]
            key = str(row.get("id") or row.get(f"{resource_name.upper()}_ID") or "")
            if key and resource_name in found:
                found[resource_name].append((key, row))
    return found


@cache
def there(system: str) -> dict[str, list[str]]:
    """The keys that the simulator really has."""
    where = account(system)
    return {name: [raw.key for raw in where.all(name)] for name in samples(system)}


def _rows(value: Any, names: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Every row in a sample, by the name it stands under."""
    if isinstance(value, list):
        for part in value:
            yield from _rows(part, names)
    elif isinstance(value, dict):
        for name, part in value.items():
            for row in part if isinstance(part, list) else [part]:
                if name in names and isinstance(row, dict):
                    yield name, row
                else:
                    yield from _rows(row, names)
