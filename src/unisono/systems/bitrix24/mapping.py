"""Rows of Bitrix24 as canonical records. Pure.

A company is a party; a contact is a party, and a contact of its company besides if it has one. Deals and quotes are quotes, smart invoices
are invoices, each with its product rows; a comment on a card is a note. Tax id and address lie in requisites, which a row brings along.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from unisono.model.document import File, Note, Tag
from unisono.model.fields import Row, amount, bad, stamp, text
from unisono.model.party import NO_ADDRESS, Address, Contact, Party, Salutation
from unisono.model.record import Body, Kind, Record
from unisono.model.text import clean
from unisono.systems.bitrix24 import choose, papers, products
from unisono.systems.bitrix24.values import country_code, id_of, marked, nested

OURS = "unisono"
"""What stands in ``originatorId`` of a record that carries our reference."""
PREFIXES = {"companies": "company", "contacts": "contact", "quotes": "quote", "deals": "deal", "invoices": "invoice"} | {
    "comments": "comment",
    "files": "file",
    "documents": "document",
    "products": "product",
}
"""Resource -> how a canonical key begins."""
RESOURCES = {prefix: resource for resource, prefix in PREFIXES.items()}
ENTITIES = {"companies": 4, "contacts": 3, "quotes": 7, "deals": 2, "invoices": 31}
CARDS = {"company": "company", "contact": "contact", "deal": "deal", "quote": "quote", "dynamic_31": "invoice"}
"""What a comment calls the kind of its card -> how our key of it begins."""
_ATTACHED = re.compile(r"^Ref: ([0-9]{1,19})/sha256-([0-9A-Za-z_-]{43})\s*$", re.MULTILINE)
_TITLE = re.compile(r"\[B\](.*?)\[/B\](?:\n+|\Z)", re.DOTALL)


class Ways(Struct, frozen=True):
    """What set-up settled for one portal: how its people address each other, which address and field count, how countries are written."""

    portal: str = ""
    honorifics: Mapping[str, Salutation] = field(default_factory=lambda: {"HNR_DE_1": "mr", "HNR_DE_2": "mrs"})
    presets: Mapping[str, str] = field(default_factory=dict)
    """``company`` and ``person`` -> id of the preset a new requisite follows; missing: the portal's first."""
    addresses: tuple[str, ...] = choose.ADDRESS_TYPES
    responsible: str = ""
    """Id of the user who is responsible for what we create; empty: whoever the login belongs to."""
    tax_field: str = "RQ_VAT_ID"
    language: str = "de"
    app: bool = False
    """Whether the login is that of a local application, which may do more than a webhook (triggers, the CRM's own documents)."""
    files_as_comments: bool = False
    """Whether files are put on cards as comments even where the login may file them as documents of the CRM."""
    article_field: str = "xmlId"
    """Where a product's article number stands: the foreign id, ``code``, or a property (``property97``)."""
    paper_fields: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """``deals``, ``quotes``, ``invoices`` -> canonical field (``number``, ``view_url``) -> the user field that holds it of the other side."""
    tag: str = ""
    tag_field: str = ""
    """The user field whose mark is watched; empty: none is."""


def records(resource: str, key: str, row: Row, ways: Ways) -> tuple[Record, ...]:
    """The canonical records of one row; none for the firm's own company (the seller).

    Raises ``BadAnswer`` naming record and field; ``KeyError`` for a resource that does not exist here.
    """
    me = f"{PREFIXES[resource]}:{key}"
    if "id" not in row and "ID" not in row:
        raise bad(me, "id", None, "missing-field")
    match resource:
        case "companies":
            if row.get("isMyCompany") in ("Y", True):
                return ()
            return (_record("party", me, resource, key, row, company(row, me, ways)), *_tags(me, resource, key, row, ways))
        case "contacts":
            return (*_people(me, resource, key, row, ways), *_tags(me, resource, key, row, ways))
        case "comments":
            return (
                (_record("note", comment_key(key, row, me), resource, key, row, note(row, me)),) if not _ATTACHED.search(_told(row)) else ()
            )
        case "files":
            return _file_records(me, resource, key, row)
        case "documents":
            return (_record("file", me, resource, key, row, File(name=text(row, "title", me))),)
        case "products":
            found = products.product(row, me, ways.article_field)
            return (_record("product", me, resource, key, row, found),) if found is not None else ()
        case _:
            owner = papers.customer_of(row)
            kind: Kind = "invoice" if resource == "invoices" else "quote"
            body = papers.document(row, resource, me, _reference(row, me) or papers.reference_of(row, resource, me), ways.portal)
            return (_record(kind, me, resource, key, row, body, owner, "party" if owner else ""),)


def company(row: Row, me: str, ways: Ways) -> Party:
    """A company. One without a title cannot be told apart from another, so it is refused here."""
    name = text(row, "title", me)
    if not name:
        raise bad(me, "title", row.get("title"), "missing-field")
    return Party(type="company", name=name, **_shared(row, me, ways))


def person(row: Row, me: str, ways: Ways) -> Party:
    """A contact as a customer on their own."""
    return Party(type="person", salutation=_salutation(row, me, ways), **_name(row, me), **_shared(row, me, ways))


def contact(row: Row, me: str, ways: Ways) -> Contact:
    """A contact as a person of its company."""
    shared = _shared(row, me, ways)
    held = {name: shared[name] for name in ("email", "phone", "mobile", "fax", "reference", "tags")}
    return Contact(salutation=_salutation(row, me, ways), position=text(row, "post", me), **_name(row, me), **held)


def postal(entry: Row | None, me: str) -> Address:
    """An address. Its country is free text there: what no language of ours knows is left out."""
    if entry is None:
        return NO_ADDRESS
    return Address(
        line1=text(entry, "ADDRESS_1", me),
        line2=text(entry, "ADDRESS_2", me),
        postcode=text(entry, "POSTAL_CODE", me),
        city=text(entry, "CITY", me),
        region=text(entry, "PROVINCE", me),
        country=country_code(text(entry, "COUNTRY", me)),
    )


def note(row: Row, me: str) -> Note:
    """A comment on a card. Its title, where it has one, is the first line in bold."""
    told = text(row, "COMMENT", me)
    headed = _TITLE.match(told)
    card, owner = CARDS.get(text(row, "ENTITY_TYPE", me).casefold(), ""), id_of(row, "ENTITY_ID")
    return Note(
        title=clean(headed[1]) if headed else "",
        text=told[headed.end() :] if headed else told,
        about=(f"{card}:{owner}",) if card and owner else (),
        reference=papers.marked_with(told),
    )


def comment_key(key: str, row: Row, me: str) -> str:
    """The key of a note: its comment and the card it stands on, since a file for it is put on the same card."""
    return f"comment:{key}@{text(row, 'ENTITY_TYPE', me).casefold()}/{id_of(row, 'ENTITY_ID')}"


def attached(note_id: str, sha256: str) -> str:
    """The line that ties a file's comment to its note and tells its content apart: a file's own page opens to people only."""
    return f"Ref: {note_id}/sha256-{base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip('=')}"


def tied_to(row: Row) -> str:
    """The id of the note that a comment of ours brings a file for; empty for any other comment."""
    tied = _ATTACHED.search(_told(row))
    return tied[1] if tied else ""


def _told(row: Row) -> str:
    value = row.get("COMMENT")
    return value if isinstance(value, str) else ""


def _file_records(me: str, resource: str, key: str, row: Row) -> tuple[Record, ...]:
    """A comment of ours that carries one file; the size is the vendor's, the hash is what we put there."""
    tied = _ATTACHED.search(text(row, "COMMENT", me))
    files = nested(row, "FILES", me)
    if tied is None or not files:
        return ()
    size = amount(files[0], "size", me)
    body = File(
        name=text(files[0], "name", me),
        size=int(size) if size is not None else 0,
        sha256=base64.urlsafe_b64decode(f"{tied[2]}=").hex(),
    )
    owner = comment_key(tied[1], row, me)
    return (_record("file", me, resource, key, row, body, owner, "note"),)


def _shared(row: Row, me: str, ways: Ways) -> dict[str, Any]:
    found = choose.requisite(row, me)
    points = {name: choose.point(row, name, me) for name in choose.POINTS}
    return {
        "note": text(row, "comments", me),
        "tax_id": text(found, choose.tax_field(found, me), me) if found is not None else "",
        "address": postal(choose.address(row, ways.addresses, me), me),
        "reference": _reference(row, me),
        "tags": (ways.tag,) if ways.tag_field and marked(row, ways.tag_field, ways.tag) else (),
    } | {name: text(entry, "value", me) if entry is not None else "" for name, entry in points.items()}


def _name(row: Row, me: str) -> dict[str, Any]:
    name, first_name = text(row, "lastName", me), text(row, "name", me)
    if not (name or first_name):
        raise bad(me, "lastName", row.get("lastName"), "missing-field")
    return {"name": name, "first_name": first_name}


def _salutation(row: Row, me: str, ways: Ways) -> Salutation:
    return ways.honorifics.get(text(row, "honorific", me), "")


def _reference(row: Row, me: str) -> str:
    """Ours only: the same fields may belong to another program."""
    return text(row, "originId", me) if text(row, "originatorId", me).casefold() == OURS else ""


def _people(me: str, resource: str, key: str, row: Row, ways: Ways) -> tuple[Record, ...]:
    alone = _record("party", me, resource, key, row, person(row, me, ways))
    owner = id_of(row, "companyId")
    if not owner:
        return (alone,)
    return (alone, _record("contact", me, resource, key, row, contact(row, me, ways), f"company:{owner}", "party"))


def _tags(me: str, resource: str, key: str, row: Row, ways: Ways) -> tuple[Record, ...]:
    if not (ways.tag_field and ways.tag and marked(row, ways.tag_field, ways.tag)):
        return ()
    return (_record("tag", me, resource, key, row, Tag(name=ways.tag), me, "party"),)


def _record(kind: Kind, me: str, resource: str, key: str, row: Row, body: Body, owner: str = "", owner_kind: Kind | str = "") -> Record:
    return Record(
        kind=kind,
        key=me,
        body=body,
        resource=resource,
        resource_key=key,
        owner=owner,
        owner_kind=owner_kind,  # type: ignore[arg-type]
        created=stamp(row, "createdTime") or stamp(row, "CREATED"),
        changed=stamp(row, "updatedTime"),
    )
