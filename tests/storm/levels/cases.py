"""One question to the planner, and how its parts are made."""

from __future__ import annotations

import datetime as dt
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from unisono.model.document import Document
from unisono.model.party import ADDRESS_FIELDS, CONTACT_FIELDS, PARTY_FIELDS, Contact, Flat, Party, contact_of, party_of
from unisono.model.record import Body, Kind, Record, match_keys
from unisono.plan.situation import Rules, Seen, Situation

AT = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


class Case(Struct, frozen=True, kw_only=True):
    """``was`` is the document as it was when it was carried over or filed, if it was."""

    seed: object
    flow: str
    situation: Situation
    rules: Rules
    was: Document | None = None


def body_of(kind: Kind, flat: Flat, reference: str = "", tags: tuple[str, ...] = ()) -> Party | Contact:
    """The party or contact with these fields."""
    made: Party | Contact = party_of(flat, reference=reference) if kind == "party" else contact_of(flat, reference=reference)
    return replace(made, tags=tags) if tags else made


def seen(kind: Kind, key: str, body: Body, *, owner: str = "", gone: bool = False, missing: bool = False) -> Seen:
    """A record as last observed."""
    record = Record(kind=kind, key=key, body=body, resource="r", resource_key=key, owner=owner, owner_kind="party" if owner else "")
    return Seen(record, 1, AT, gone, missing, match_keys(record))


def flat_of_seen(row: Seen) -> Flat:
    """The fields of a party or contact, read from the value itself."""
    body: Any = row.record.body
    if row.record.kind == "contact":
        return {name: getattr(body, name) for name in CONTACT_FIELDS}
    plain = {name: getattr(body, name) for name in PARTY_FIELDS if "." not in name}
    return plain | {f"address.{part}": getattr(body.address, part) for part in ADDRESS_FIELDS}
