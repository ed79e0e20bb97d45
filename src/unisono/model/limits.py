"""A write held against what the system says it can hold, before anything is sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from unisono.model.capability import FieldLimit
from unisono.model.errors import Refused
from unisono.model.party import Flat
from unisono.model.writing import Write


def must_fit(flat: Flat, write: Write, limits: Mapping[str, FieldLimit], form: str = "", *, whole: bool = True) -> None:
    """Required fields, lengths, fixed words and countries. ``form``: ``company`` or ``person``, where the two differ.

    ``whole``: a create, where a field that is not there is missing; else only what changes is looked at. Raises ``Refused``.
    """
    for name, limit in limits.items():
        value = flat.get(name, "")
        if limit.required in ("yes", form or "yes") and not value and (whole or name in flat):
            raise refused("missing-field", write, name, "")
        longest = limit.longest(form)
        if longest and len(value) > longest:
            raise refused("too-long", write, name, value, str(longest))
        if value and limit.values and value not in limit.values:
            raise refused("not-allowed", write, name, value, allowed=", ".join(limit.values))
    country = flat.get("address.country", "")
    if country and not (len(country) == 2 and country.isalpha() and country.isupper()):
        raise refused("unknown-country", write, "address.country", country)


def refused(code: str, write: Write, name: str, value: str, limit: str = "", allowed: str = "") -> Refused:
    """The refusal of a write that never leaves: which record, which field, which value."""
    values = {"record": record_name(write), "field": name, "value": value[:80], "limit": limit, "allowed": allowed}
    return Refused(code, {k: v for k, v in values.items() if v or k in ("record", "field", "value")}, field=name)


def record_name(write: Write) -> str:
    """How a person knows the record that is being written."""
    body = write.body
    name = getattr(body, "name", "") or getattr(body, "title", "")
    return write.key or " ".join(part for part in (getattr(body, "first_name", ""), name) if part) or write.reference
