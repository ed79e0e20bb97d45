"""What a webhook points at. Its body carries no signature, so only ids are taken from it; the rest is read through the API. Pure."""

from __future__ import annotations

import json
from typing import Any

from unisono.systems.centralstation.mapping import PLURALS, RESOURCES
from unisono.systems.centralstation.values import id_of

_MODELS = {"company": "companies", "person": "people", "deal": "deals", "protocol": "protocols"}
_TELLING = {"deals": ("value_type", "current_state", "target_date"), "people": ("first_name", "gender"), "protocols": ("content", "badge")}
"""Attributes by which a record without a name of its model is recognised."""


def extract(body: bytes) -> list[tuple[str, str]]:
    """The rows to look at again, as (resource, key); none for what is not understood or not of interest (a project).

    The exact form of a delivery is not known: looked at are ``record.id``, ``<model>.id`` and ``id``. If the model cannot be told, every
    resource with webhooks is named: looking in vain costs a call, not looking costs the change.
    """
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return []
    if not isinstance(told, dict):
        return []
    for name, row in told.items():
        if isinstance(row, dict) and (name in PLURALS or name.startswith("protocol_")):
            return _hint(PLURALS.get(name, "protocols"), row)
    record = told.get("record")
    if isinstance(record, dict):
        inner = next((_hint(PLURALS[n], r) for n, r in record.items() if n in PLURALS and isinstance(r, dict)), None)
        return inner if inner is not None and not id_of(record) else _guessed(record, told)
    return _guessed(told, told)


def _guessed(row: dict[str, Any], told: dict[str, Any]) -> list[tuple[str, str]]:
    model = next((told[name] for name in ("model", "object", "record_type") if isinstance(told.get(name), str)), "")
    if model:
        known = _MODELS.get(model.casefold())
        return _hint(known, row) if known else []
    for resource, attributes in _TELLING.items():
        if any(attribute in row for attribute in attributes):
            return _hint(resource, row)
    return [hint for resource in ("companies", "people", "deals") for hint in _hint(resource, row)]


def _hint(resource: str, row: dict[str, Any]) -> list[tuple[str, str]]:
    key = id_of(row)
    return [(resource, key)] if key and resource in RESOURCES else []
