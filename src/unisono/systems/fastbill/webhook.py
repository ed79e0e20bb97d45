"""FastBill's notices, pure: which rows to look at. They are not signed, so nothing else of them is ever used.

The token in the address we register is what tells a notice from a stranger's call; the page that receives it checks that.
"""

from __future__ import annotations

from typing import Any

import msgspec

from unisono.systems.fastbill.values import key_of

NAMES = ("customer", "contact", "estimate", "invoice")


def extract(body: bytes) -> list[tuple[str, str]]:
    """Resource and row key of everything a notice is about; nothing if it is not one of FastBill's. The case of names does not count."""
    try:
        notice = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return []
    if not isinstance(notice, dict):
        return []
    objects = _lower(notice)
    found = ((name, key_of(_lower(objects[name]).get(f"{name}_id"))) for name in NAMES if isinstance(objects.get(name), dict))
    return [(name, key) for name, key in found if key]


def _lower(values: dict[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in values.items()}
