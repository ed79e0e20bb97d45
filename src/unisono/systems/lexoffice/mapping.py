"""Rows of Lexware Office in canonical form, pure: contacts with their contact persons, sales documents, articles.

A document's row is what its own resource shows, with two members of ours: ``voucherType`` and ``payment``.
"""

from __future__ import annotations

import hashlib
import re
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from unisono.model.codes import CURRENCIES
from unisono.model.document import Answer, Document, Line, Lines, Paid, Stage
from unisono.model.fields import Row, amount, bad, day, stamp, text
from unisono.model.money import Amount, Basis
from unisono.model.party import Address, Contact, Party, Salutation
from unisono.model.product import Product
from unisono.model.record import Body, Kind, Record
from unisono.model.text import folded
from unisono.systems.lexoffice import choose
from unisono.systems.lexoffice.values import VOUCHERS, is_id, member, members, split

CONTACTS, DOCUMENTS, ARTICLES = "contacts", "voucherlist", "articles"
RESOURCES: dict[str, str] = {"party": CONTACTS, "contact": CONTACTS, "product": ARTICLES} | dict.fromkeys(
    ("quote", "order", "invoice"), DOCUMENTS
)
MAIN = "#main"
"""The contact person that can be written: the first, and then the only one."""
WORDS: dict[Salutation, str] = {"mr": "Herr", "mrs": "Frau", "family": "Familie"}
_SALUTATIONS: dict[str, Salutation] = {
    **{word.casefold(): meant for meant, word in WORDS.items()},
    **dict.fromkeys(("mr", "mr.", "mister", "hr", "hr."), "mr"),
    **dict.fromkeys(("mrs", "mrs.", "ms", "ms.", "fr", "fr."), "mrs"),
    "family": "family",
}
_ADDRESS = {"line1": "street", "line2": "supplement", "postcode": "zip", "city": "city", "country": "countryCode"}
_REFERENCE = re.compile(r"(?<![A-Za-z0-9])uni-[a-z2-7]{16}(?![A-Za-z0-9])", re.IGNORECASE)
_QUOTES: dict[str, tuple[Stage, Answer]] = {
    "draft": ("draft", "open"),
    "accepted": ("sent", "accepted"),
    "rejected": ("sent", "rejected"),
    "voided": ("cancelled", "open"),
}
"""Words of a quotation. Any other is a finished one: whether it was mailed is not told, so it counts as sent."""


class Ways(Struct, frozen=True):
    """What set-up settled for an account. ``api`` and ``app`` are the addresses of the service and of its pages."""

    api: str = ""
    app: str = "https://app.lexware.de"
    everybody: bool = False
    """Suppliers take part too, not only customers."""
    archived: bool = True
    """Archived contacts take part; their documents need them."""
    leading: str = "billing"
    """The standard address: ``billing`` or ``shipping``."""
    country: str = "DE"
    """Of an address that names none: the service takes none without."""
    unit: str = "Stück"
    """Of a line that names none."""
    quote_days: int = 30
    """How long a quotation holds that says nothing of it."""
    vat_free: bool = False
    """The firm charges no VAT (a small business)."""


def records(resource: str, key: str, row: Row, ways: Ways) -> tuple[Record, ...]:
    """The canonical records of a row; none of one that does not take part. Raises ``BadAnswer`` naming the field."""
    if resource == CONTACTS:
        return _contact(key, row, ways)
    if resource == ARTICLES:
        return (_record("product", key, resource, key, row, product(row, key)),)
    word, row_id = split(key)
    if not word or row.get("id") != row_id:
        raise bad(key, "id", row.get("id"))
    owner = text(member(row, "address", key), "contactId", key)
    if owner and not is_id(owner):
        raise bad(key, "address.contactId", owner)
    kind = VOUCHERS[word].kind
    return (_record(kind, key, resource, key, row, document(row, key, ways), owner, "party" if owner else ""),)


def locate(kind: Kind, key: str) -> tuple[str, str]:
    """Resource and row key of a record. Raises ``ValueError`` for a kind this system does not have."""
    if kind not in RESOURCES:
        raise ValueError(f"{key!r} is not the key of a {kind}")
    return RESOURCES[kind], key.partition("#")[0]


# --- contacts ---------------------------------------------------------------------------------------------------------------------------


def _contact(key: str, row: Row, ways: Ways) -> tuple[Record, ...]:
    if row.get("id") != key:
        raise bad(key, "id", row.get("id"))
    roles = row.get("roles")
    if not isinstance(roles, dict) or not roles:
        # Everybody has one. Without it nobody could be told from somebody who does not take part.
        raise bad(key, "roles", roles)
    if not (ways.everybody or "customer" in roles) or (row.get("archived") is True and not ways.archived):
        return ()
    party = _record("party", key, CONTACTS, key, row, party_of_row(row, key, ways))
    if "company" not in row:
        return (party,)
    found = []
    for person_key, person in zip(person_keys(row, key), persons(row, key), strict=True):
        found.append(_record("contact", f"{key}{person_key}", CONTACTS, key, row, _person(person, key), key, "party"))
    return (party, *found)


def party_of_row(row: Row, me: str, ways: Ways) -> Party:
    """A contact as a party."""
    company, person = member(row, "company", me), member(row, "person", me)
    if bool(company) == bool(person):
        raise bad(me, "company", row.get("company"))
    roles = member(row, "roles", me)
    number = next((text(member(roles, role, me), "number", me) for role in ("customer", "vendor") if role in roles), "")
    shared: dict[str, Any] = {name: choose.point(row, name, me) for name in choose.POINTS}
    where = postal(row, me, ways)
    note = text(row, "note", me)
    reference = text(member(row, "xRechnung", me), "buyerReference", me)
    if company:
        name = _needed(company, "name", me, "company.name")
        tax_id = text(company, "vatRegistrationId", me)
        return Party(type="company", name=name, number=number, tax_id=tax_id, buyer_reference=reference, address=where, note=note, **shared)
    last, first = text(person, "lastName", me), text(person, "firstName", me)
    if not (last or first):
        raise bad(me, "person.lastName", person.get("lastName"), "missing-field")
    return Party(
        type="person",
        name=last,
        first_name=first,
        salutation=_salutation(person, me),
        number=number,
        buyer_reference=reference,
        address=where,
        note=note,
        **shared,
    )


def postal(row: Row, me: str, ways: Ways) -> Address:
    """The address in step."""
    held = members(member(row, "addresses", me), choose.address_kind(row, ways.leading, me), me)
    if not held:
        return Address()
    parts = {ours: text(held[0], theirs, me) for ours, theirs in _ADDRESS.items()}
    return Address(**(parts | {"country": parts["country"].upper()}))


def persons(row: Row, me: str) -> list[Row]:
    """The contact persons of a company, in the service's order."""
    return members(member(row, "company", me), "contactPersons", me)


def person_keys(row: Row, me: str) -> list[str]:
    """What a contact person is called within its company: they have no ids. The first is the one that can be written; the others, made in the
    web pages, are told by their names, since a place in a list would be somebody else's as soon as one of them goes."""
    keys: list[str] = []
    for person in persons(row, me):
        name = folded(f"{text(person, 'firstName', me)} {text(person, 'lastName', me)}")
        key = f"#{hashlib.blake2b(name.encode(), digest_size=4).hexdigest()}" if keys else MAIN
        keys.append(key if key not in keys else f"{key}-{len(keys)}")
    return keys


def _person(person: Row, me: str) -> Contact:
    last, first = text(person, "lastName", me), text(person, "firstName", me)
    if not (last or first):
        raise bad(me, "company.contactPersons.lastName", person.get("lastName"), "missing-field")
    email, phone = text(person, "emailAddress", me), text(person, "phoneNumber", me)
    return Contact(name=last, first_name=first, salutation=_salutation(person, me), email=email, phone=phone)


def _salutation(person: Row, me: str) -> Salutation:
    return _SALUTATIONS.get(text(person, "salutation", me).casefold(), "")


# --- documents --------------------------------------------------------------------------------------------------------------------------


def document(row: Row, me: str, ways: Ways) -> Document:
    """A document with its lines, totals and states."""
    word, row_id = split(me)
    voucher = VOUCHERS[word]
    total, conditions = member(row, "totalPrice", me), member(row, "taxConditions", me)
    currency = text(total, "currency", me) or "EUR"
    if currency not in CURRENCIES:
        raise bad(me, "totalPrice.currency", currency)
    state = text(row, "voucherStatus", me)
    basis = _basis(text(conditions, "taxType", me))
    stage, answer = _stage(word, state)
    draft = state == "draft" and not voucher.drafts
    opening, closing = text(row, "introduction", me), text(row, "remark", me)
    reference = next((found.group().lower() for place in (closing, opening) if (found := _REFERENCE.search(place))), "")
    gross = amount(total, "totalGrossAmount", me)
    made = Document(
        type_code=voucher.code,
        title=text(row, "title", me),
        number=text(row, "voucherNumber", me),
        date=day(row, "voucherDate", me),
        due=day(row, "expirationDate" if word == "quotation" else "dueDate", me),
        currency=currency,
        basis=basis,
        lines=_lines(row, me, basis, discounted=bool(_of_total(total, me))),
        net=amount(total, "totalNetAmount", me),
        vat=amount(total, "totalTaxAmount", me),
        gross=gross,
        stage=stage,
        answer=answer,
        text="\n".join(line for line in opening.split("\n") if not _REFERENCE.fullmatch(line)).strip(),
        reference=reference,
        preceding=_preceding(row, me, word),
        file_url="" if draft else f"{ways.api}/{voucher.path}/{row_id}/file",
        view_url=f"{ways.app}/permalink/{voucher.path}/{'edit' if draft else 'view'}/{row_id}",
    )
    return _with_payment(made, row, me, state) if voucher.paid else made


def _stage(word: str, state: str) -> tuple[Stage, Answer]:
    if word == "quotation":
        return _QUOTES.get(state, ("sent", "open"))
    # Words come to be added: one that is not known is that of a document which was issued.
    stages: dict[str, Stage] = {"draft": "draft", "voided": "cancelled"}
    return stages.get(state, "issued"), "open"


def _basis(tax_type: str) -> Basis:
    # Every other word is a reason why no VAT is charged: then both sides are the same, and prices are given net.
    return "unknown" if not tax_type else "gross" if tax_type == "gross" else "net"


def _of_total(total: Row, me: str) -> Decimal:
    return sum((amount(total, name, me) or Decimal(0) for name in ("totalDiscountAbsolute", "totalDiscountPercentage")), Decimal(0))


def _lines(row: Row, me: str, basis: Basis, *, discounted: bool) -> Lines:
    """What counts towards the total: no text between the lines, nothing optional and no alternative."""
    items = members(row, "lineItems", me)
    counted = [one for one in items if one.get("type") != "text" and one.get("optional") is not True and one.get("alternative") is not True]
    return Lines(tuple(_line(one, me, basis, discounted=discounted) for one in counted))


def _line(item: Row, me: str, basis: Basis, *, discounted: bool) -> Line:
    """A line; its price is after its own discount. Where the total has one as well, no line's sum is told, since they no longer add up."""
    price = member(item, "unitPrice", me)
    one = amount(price, "grossAmount" if basis == "gross" else "netAmount", me) or Decimal(0)
    off = amount(item, "discountPercentage", me) or Decimal(0)
    quantity, total = amount(item, "quantity", me), None if discounted else amount(item, "lineItemAmount", me)
    return Line(
        name=text(item, "name", me),
        quantity=Decimal(1) if quantity is None else quantity,
        unit=text(item, "unitName", me),
        price=one * (1 - off / 100) if off else one,
        vat_rate=amount(price, "taxRatePercentage", me),
        net=None if basis == "gross" else total,
        gross=total if basis == "gross" else None,
    )


def _with_payment(made: Document, row: Row, me: str, state: str) -> Document:
    payment = member(row, "payment", me)
    left, total = amount(payment, "open", me), made.gross
    if state in ("paid", "paidoff"):
        return replace(made, paid="full", paid_amount=total, paid_date=day(payment, "date", me))
    if made.stage != "issued" or left is None or total is None:
        return made
    # What is left open is positive on both sides, also of a credit note.
    done = abs(total) - abs(left)
    paid: Paid = "none" if done <= 0 else "part" if left else "full"
    return replace(made, paid=paid, paid_amount=done if done > 0 else None)


def _preceding(row: Row, me: str, word: str) -> str:
    """The document it follows from: of the related ones the nearest that comes before it on the usual way."""
    before = {
        "orderconfirmation": ("quotation",),
        "invoice": ("orderconfirmation", "quotation"),
        "downpaymentinvoice": ("orderconfirmation", "quotation"),
        "creditnote": ("invoice", "downpaymentinvoice"),
    }.get(word, ())
    related = {text(one, "voucherType", me): text(one, "id", me) for one in reversed(members(row, "relatedVouchers", me))}
    return next((f"{one}:{related[one]}" for one in before if one in related), "")


# --- articles ---------------------------------------------------------------------------------------------------------------------------


def product(row: Row, me: str) -> Product:
    """An article. Its price is the one that leads; the other is computed by the service."""
    if row.get("id") != me:
        raise bad(me, "id", row.get("id"))
    price = member(row, "price", me)
    basis: Basis = "gross" if text(price, "leadingPrice", me).upper() == "GROSS" else "net"
    value = amount(price, f"{basis}Price", me)
    return Product(
        name=_needed(row, "title", me, "title"),
        number=text(row, "articleNumber", me),
        gtin=text(row, "gtin", me),
        description=text(row, "description", me),
        unit=text(row, "unitName", me),
        price=None if value is None else Amount(value, "EUR", basis),
        vat_rate=amount(price, "taxRate", me),
        type="service" if text(row, "type", me).upper() == "SERVICE" else "product",
        active=row.get("archived") is not True,
    )


def _needed(row: Row, name: str, me: str, field: str) -> str:
    value = text(row, name, me)
    if not value:
        raise bad(me, field, row.get(name), "missing-field")
    return value


def _record(kind: Kind, me: str, resource: str, key: str, row: Row, body: Body, owner: str = "", owner_kind: Kind | str = "") -> Record:
    return Record(
        kind=kind,
        key=me,
        body=body,
        resource=resource,
        resource_key=key,
        owner=owner,
        owner_kind=owner_kind,  # type: ignore[arg-type]
        created=stamp(row, "createdDate"),
        changed=stamp(row, "updatedDate"),
        version=text(row, "version", key) if resource != DOCUMENTS else "",
    )
