"""Rows of Bitrix24 as canonical records. Pure.

A company is a party; a contact is a party, and a contact of its company besides if it has one. Deals and quotes are quotes, smart invoices
are invoices, each with its product rows; a comment on a card is a note. Tax id and address lie in requisites, which a row brings along.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from unisono.model.codes import CURRENCIES, INVOICE, QUOTATION
from unisono.model.document import Answer, Document, File, Line, Lines, Note, NotGiven, Paid, Stage, Tag
from unisono.model.money import Basis
from unisono.model.party import NO_ADDRESS, Address, Contact, Party, Salutation
from unisono.model.record import Body, Kind, Record
from unisono.model.text import clean
from unisono.systems.bitrix24 import choose
from unisono.systems.bitrix24.values import Row, amount, bad, country_code, day, id_of, marked, nested, stamp, text

OURS = "unisono"
"""What stands in ``originatorId`` of a record that carries our reference."""
PREFIXES = {"companies": "company", "contacts": "contact", "quotes": "quote", "deals": "deal", "invoices": "invoice"} | {
    "comments": "comment",
    "files": "file",
}
"""Resource -> how a canonical key begins."""
RESOURCES = {prefix: resource for resource, prefix in PREFIXES.items()}
ENTITIES = {"companies": 4, "contacts": 3, "quotes": 7, "deals": 2, "invoices": 31}
OWNERS = {"quotes": "Q", "deals": "D", "invoices": "SI"}
"""What product rows call their owner."""
CARDS = {"company": "company", "contact": "contact", "deal": "deal", "quote": "quote", "dynamic_31": "invoice"}
"""What a comment calls the kind of its card -> how our key of it begins."""
PAGES = {"deals": "deal", "quotes": "type/7", "invoices": "type/31"}
QUOTE_STAGES: dict[str, tuple[Stage, Answer]] = {
    "DRAFT": ("draft", "open"),
    "SENT": ("sent", "open"),
    "APPROVED": ("sent", "accepted"),
    "DECLAINED": ("sent", "rejected"),
}
"""The vendor's own spelling. Stages that a firm added are *sent*: they come after the draft."""
INVOICE_STAGES: dict[str, tuple[Stage, Paid]] = {
    "N": ("draft", "none"),
    "S": ("sent", "none"),
    "P": ("sent", "full"),
    "D": ("sent", "none"),
}
_DEALS: dict[str, Answer] = {"S": "accepted", "F": "rejected"}
_REFERENCE = re.compile(r"uni-[a-z2-7]{16}\Z")
_MARKER = re.compile(r"^Ref: (uni-[a-z2-7]{16})\s*$", re.MULTILINE)
_ATTACHED = re.compile(r"^Ref: ([0-9]{1,19})/sha256-([0-9A-Za-z_-]{43})\s*$", re.MULTILINE)
_TITLE = re.compile(r"\[B\](.*?)\[/B\](?:\n+|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Ways:
    """What set-up settled for one portal: how its people address each other, which address and field count, how countries are written."""

    portal: str = ""
    honorifics: Mapping[str, Salutation] = field(default_factory=lambda: {"HNR_DE_1": "mr", "HNR_DE_2": "mrs"})
    presets: Mapping[str, str] = field(default_factory=dict)
    """``company`` and ``person`` -> id of the preset a new requisite follows; missing: the portal's first."""
    addresses: tuple[str, ...] = choose.ADDRESS_TYPES
    tax_field: str = "RQ_VAT_ID"
    language: str = "de"
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
        case _:
            owner, kind = _customer(row), INVOICE if resource == "invoices" else QUOTATION
            body = document(row, resource, key, me, kind, ways)
            return (_record("invoice" if kind == INVOICE else "quote", me, resource, key, row, body, owner, "party" if owner else ""),)


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


def document(row: Row, resource: str, key: str, me: str, type_code: str, ways: Ways) -> Document:
    """A deal, quote or smart invoice. What its rows were typed in, net or gross, is its basis; one amount without rows is gross."""
    currency = text(row, "currencyId", me).upper() or "EUR"
    if currency not in CURRENCIES:
        raise bad(me, "currencyId", row.get("currencyId"), "unknown-currency")
    gross, vat = amount(row, "opportunity", me), amount(row, "taxValue", me)
    net = None if gross is None else gross - (vat or Decimal(0))
    rows = nested(row, "productRows", me)
    basis: Basis = "gross" if all(one.get("taxIncluded") == "Y" for one in rows) else "net"
    stage, answer, paid = _state(row, resource, me)
    return Document(
        type_code=type_code,
        title=text(row, "title", me),
        number=text(row, {"quotes": "quoteNumber", "invoices": "accountNumber"}.get(resource, ""), me),
        date=day(row, "begindate", me),
        due=day(row, "actualDate" if resource == "quotes" else "closedate", me),
        currency=currency,
        basis=basis,
        lines=Lines(tuple(line(one, basis, me) for one in rows)) if rows else NotGiven(),
        value=gross if basis == "gross" else net,
        gross=gross,
        vat=vat,
        net=net,
        stage=stage,
        answer=answer,
        paid=paid,
        text=text(row, "content" if resource == "quotes" else "comments", me),
        reference=_reference(row, me),
        preceding=_preceding(row, resource),
        view_url=f"https://{ways.portal}/crm/{PAGES[resource]}/details/{key}/" if ways.portal else "",
        contact=_contact(row) if id_of(row, "companyId") else "",
    )


def line(row: Row, basis: Basis, me: str) -> Line:
    """A product row. ``price`` is gross after discount and ``priceExclusive`` net after discount, whatever was typed."""
    price = amount(row, "price" if basis == "gross" else "priceExclusive", me)
    quantity = amount(row, "quantity", me)
    if price is None or quantity is None:
        raise bad(me, "productRows", row.get("id"))
    return Line(
        name=text(row, "productName", me),
        quantity=quantity,
        unit=text(row, "measureName", me),
        price=price,
        vat_rate=amount(row, "taxRate", me),
    )


def note(row: Row, me: str) -> Note:
    """A comment on a card. Its title, where it has one, is the first line in bold."""
    told = text(row, "COMMENT", me)
    headed = _TITLE.match(told)
    card, owner = CARDS.get(text(row, "ENTITY_TYPE", me).casefold(), ""), id_of(row, "ENTITY_ID")
    marker_ = _MARKER.search(told)
    return Note(
        title=clean(headed[1]) if headed else "",
        text=told[headed.end() :] if headed else told,
        about=(f"{card}:{owner}",) if card and owner else (),
        reference=marker_[1] if marker_ else "",
    )


def comment_key(key: str, row: Row, me: str) -> str:
    """The key of a note: its comment and the card it stands on, since a file for it is put on the same card."""
    return f"comment:{key}@{text(row, 'ENTITY_TYPE', me).casefold()}/{id_of(row, 'ENTITY_ID')}"


def attached(note_id: str, sha256: str) -> str:
    """The line that ties a file's comment to its note and tells its content apart: a file's own page opens to people only."""
    return f"Ref: {note_id}/sha256-{base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip('=')}"


def marker(reference: str) -> str:
    """The line by which a comment of ours is found again, in any language."""
    return f"Ref: {reference}"


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
    if text(row, "originatorId", me).casefold() == OURS:
        return text(row, "originId", me)
    known = text(row, "xmlId", me)
    return known if _REFERENCE.match(known) else ""


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


def _customer(row: Row) -> str:
    owner = id_of(row, "companyId")
    return f"company:{owner}" if owner else _contact(row)


def _contact(row: Row) -> str:
    held = id_of(row, "contactId")
    return f"contact:{held}" if held else ""


def _preceding(row: Row, resource: str) -> str:
    """An invoice's quote, else its deal; a quote's deal."""
    names = {"invoices": (("parentId7", "quote"), ("parentId2", "deal")), "quotes": (("dealId", "deal"),)}.get(resource, ())
    return next((f"{prefix}:{id_of(row, name)}" for name, prefix in names if id_of(row, name)), "")


def _state(row: Row, resource: str, me: str) -> tuple[Stage, Answer, Paid]:
    word = text(row, "stageId", me)
    if resource == "invoices":
        stage, paid = INVOICE_STAGES.get(word.rpartition(":")[2], ("sent", "none"))
        return stage, "open", paid
    if resource == "quotes":
        stage, answer = QUOTE_STAGES.get(word, ("sent", "open"))
        return stage, answer, "none"
    return "issued", _DEALS.get(text(row, "stageSemanticId", me), "open"), "none"


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
