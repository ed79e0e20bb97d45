"""Reading a row of JSON that may be dirty: a number for a text, nothing for a list, an object for a list. Pure.

Every function either gives a value of the promised type or raises ``BadAnswer`` naming the record and the vendor's field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from unisono.model.fields import Row, bad

_ID = re.compile(r"[0-9]{1,19}\Z")
_UUID = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,63}\Z")


def unwrap(value: object, name: str) -> Row | None:
    """The object inside its wrapper (``{"company": {...}}``), whatever the wrapper is called; the row itself where there is none."""
    if not isinstance(value, dict):
        return None
    inner = value.get(name)
    if isinstance(inner, dict):
        return inner
    if "id" in value:
        return value
    if len(value) == 1:
        (inner,) = value.values()
        return inner if isinstance(inner, dict) else None
    return None


def as_id(value: object) -> str:
    """A numeric id as text, empty if it is none. Ids come as number or text."""
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    found = str(value).strip()
    return found if _ID.match(found) else ""


def id_of(row: Row, field: str = "id") -> str:
    """The id in a field, empty if there is none."""
    return as_id(row.get(field))


def key_of(row: Row) -> str:
    """The row's own id; that of an attachment is a UUID, called ``uuid`` in old answers. Empty if it has none."""
    for value in (row.get("id"), row.get("uuid")):
        if isinstance(value, str) and _UUID.match(value.strip()):
            return value.strip()
        if found := as_id(value):
            return found
    return ""


def ids(row: Row, field: str) -> tuple[str, ...]:
    """A list of ids (``company_ids``); what is no id in it is left out."""
    value = row.get(field)
    return tuple(found for found in map(as_id, value) if found) if isinstance(value, list) else ()


def flag(row: Row, field: str) -> bool:
    """A yes or no, also where it comes as ``1`` or ``"true"``."""
    return row.get(field) in (True, 1, "1", "true")


def nested(row: Row, field: str, record: str) -> list[Row]:
    """The rows of an ``includes``, in the vendor's order; an object with numeric keys counts as a list, wrapped rows are unwrapped."""
    value = row.get(field)
    if value is None:
        return []
    members: Iterable[object]
    if isinstance(value, list):
        members = value
    elif isinstance(value, dict) and all(str(key).isdigit() for key in value):
        members = value.values()
    else:
        raise bad(record, field, value)
    found: list[Row] = []
    for member in members:
        if not isinstance(member, dict):
            raise bad(record, field, member)
        found.append(unwrap(member, "") or member)
    return found


def age(row: Row) -> tuple[int, str]:
    """A sort key: lower ids first, rows without one last."""
    known = id_of(row)
    return (len(known), known) if known else (99, "")
