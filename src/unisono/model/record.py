"""A record as every system shows it: what it is, whose it is, and the keys that matching looks for."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from unisono.model.document import Document, File, Note, Tag
from unisono.model.party import Contact, Flat, Party, flat_contact, flat_party
from unisono.model.product import Product, flat_product
from unisono.model.taxid import normal_tax_id
from unisono.model.text import folded

Side = Literal["a", "b"]
"""``a`` is the CRM, ``b`` the invoicing system."""
Kind = Literal["party", "contact", "quote", "order", "invoice", "payment", "product", "stock", "note", "file", "tag", "user", "status"]
"""``status`` is no record: the kind of a link that remembers which state of a document was told to the CRM."""
FIELDWISE: tuple[Kind, ...] = ("party", "contact", "product")
"""Kinds of records that are kept in step field by field."""
Body = Party | Contact | Document | Product | Note | File | Tag


def other(side: Side) -> Side:
    """The opposite side."""
    return "b" if side == "a" else "a"


class Record(Struct, frozen=True, kw_only=True):
    """One record in canonical form. ``key`` is unique within its kind in one connection; text, and may be a natural key (``cif:RO123``).

    A vendor's row may be several records: a person of a company is a party and a contact. ``resource`` and ``resource_key`` name that row.
    """

    kind: Kind
    key: str
    body: Body
    resource: str
    resource_key: str
    owner: str = ""
    """Key of the record it belongs to: the party of a contact, the customer of a document, the record a tag is on."""
    owner_kind: Kind | Literal[""] = ""
    created: datetime | None = None
    changed: datetime | None = None
    version: str = ""


class MatchKeys(Struct, frozen=True):
    """What a record can be recognised by on the other side; empty where it has none."""

    reference: str = ""
    tax_id: str = ""
    number: str = ""
    email: str = ""
    name: str = ""
    postcode: str = ""


def match_keys(record: Record) -> MatchKeys:
    """The keys of a party, contact or product, in the one spelling matching uses; of anything else only its reference."""
    body = record.body
    if isinstance(body, Party):
        return MatchKeys(
            reference=body.reference,
            tax_id=normal_tax_id(body.tax_id, body.address.country) if body.tax_id else "",
            number=body.number.strip(),
            email=body.email.strip().casefold(),
            name=folded(f"{body.first_name} {body.name}"),
            postcode=folded(body.address.postcode),
        )
    if isinstance(body, Contact):
        name = folded(f"{body.first_name} {body.name}")
        return MatchKeys(reference=body.reference, email=body.email.strip().casefold(), name=name)
    if isinstance(body, Product):
        return MatchKeys(reference=body.reference, number=body.number.strip(), name=folded(body.name))
    return MatchKeys(reference=getattr(body, "reference", ""))


def flat_of(body: Body) -> Flat:
    """The fields that are compared and kept in step; only parties, contacts and products have any."""
    if isinstance(body, Party):
        return flat_party(body)
    if isinstance(body, Contact):
        return flat_contact(body)
    if isinstance(body, Product):
        return flat_product(body)
    return {}


def label_of(record: Record) -> str:
    """How a person knows this record: its name, or its number and title."""
    body = record.body
    if isinstance(body, Party | Contact):
        both = body.first_name and body.name
        return f"{body.first_name} {body.name}" if both else body.first_name or body.name or record.key
    if isinstance(body, Document):
        return " ".join(part for part in (body.number, body.title) if part) or record.key
    return getattr(body, "name", "") or getattr(body, "title", "") or record.key
