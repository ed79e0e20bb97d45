"""FastBill's rows in canonical form, pure: the field tables of both directions first, odd cases as named functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from unisono.model.codes import CREDIT_NOTE, CURRENCIES, INVOICE, QUOTATION
from unisono.model.document import Answer, Document, Line, Lines, NotReadable, Paid, Stage
from unisono.model.money import Basis
from unisono.model.party import Contact, Flat, Party, contact_of, party_of
from unisono.model.record import Kind, Record
from unisono.systems.fastbill.values import Row, is_deleted, is_empty, row_of

_SHARED = {
    "number": "CUSTOMER_NUMBER",
    "tax_id": "VAT_ID",
    "buyer_reference": "BUYER_REFERENCE",
    "email": "EMAIL",
    "phone": "PHONE",
    "mobile": "MOBILE",
    "fax": "FAX",
    "website": "WEBSITE",
    "address.line1": "ADDRESS",
    "address.line2": "ADDRESS_2",
    "address.postcode": "ZIPCODE",
    "address.city": "CITY",
    "address.country": "COUNTRY_CODE",
}
_NAMES = {"name": "LAST_NAME", "first_name": "FIRST_NAME", "salutation": "SALUTATION", "title": "ACADEMIC_DEGREE"}
COMPANY = {"name": "ORGANIZATION", **_SHARED}
PERSON = {**_NAMES, **_SHARED}
MAIN = {**_NAMES, "position": "POSITION"}
"""The one person that a business customer's own row carries."""
CONTACT = {**MAIN, "email": "EMAIL", "phone": "PHONE", "mobile": "MOBILE", "fax": "FAX"}
_LINE = {"lines.name": "DESCRIPTION", "lines.price": "UNIT_PRICE", "lines.vat_rate": "VAT_PERCENT", "lines.quantity": "QUANTITY"}
QUOTE = {"title": "INVOICE_TITLE", "text": "INTROTEXT", "date": "ESTIMATE_DATE", "currency": "CURRENCY_CODE", "lines": "ITEMS", **_LINE}
FIELD_OF = {wire: name for table in (QUOTE, CONTACT, PERSON, COMPANY) for name, wire in table.items()} | {
    "CUSTOMER_TYPE": "type",
    "CUSTOMER_ID": "owner",
}
"""Our name of a field that the service complains about."""

ESTIMATE_STATES: dict[str, tuple[Stage, Answer]] = {
    "a": ("draft", "open"),
    "b": ("sent", "open"),
    "c": ("sent", "open"),  # in negotiation
    "d": ("sent", "accepted"),
    "e": ("sent", "rejected"),
    "f": ("sent", "accepted"),  # invoiced
}
INVOICE_TYPES = {"draft": INVOICE, "outgoing": INVOICE, "credit": CREDIT_NOTE}
PREFIXES: dict[str, str] = {"customer": "", "contact": "contact:", "estimate": "estimate:", "invoice": "invoice:"}
RESOURCES: dict[str, str] = {"party": "customer", "contact": "contact", "quote": "estimate", "invoice": "invoice"}
EMBEDDED = "#main"
_REFERENCE = re.compile(r"(?<![A-Za-z0-9])uni-[a-z2-7]{16}(?![A-Za-z0-9])", re.IGNORECASE)


def records(resource: str, key: str, body: bytes, zone: ZoneInfo) -> tuple[Record, ...]:
    """The canonical records of one row; none of a deleted one. Raises ``BadAnswer`` naming the field."""
    row = row_of(resource, key, body, zone)
    return () if is_deleted(row.values) else _READERS[resource](row)


def locate(kind: Kind, key: str) -> tuple[str, str]:
    """Resource and row key of a canonical record. Raises ``KeyError`` for a kind this system does not have."""
    if key.endswith(EMBEDDED):
        return "customer", key.removesuffix(EMBEDDED)
    resource = RESOURCES[kind]
    return resource, key.removeprefix(PREFIXES[resource])


def is_company(row: Row) -> bool:
    """``CUSTOMER_TYPE``; where it is empty, whether there is a company name."""
    word = row.text("CUSTOMER_TYPE").lower()
    if word not in ("", "business", "consumer"):
        raise row.bad("CUSTOMER_TYPE", "business or consumer")
    return word == "business" or (not word and bool(row.text("ORGANIZATION")))


def _customer(row: Row) -> tuple[Record, ...]:
    company = is_company(row)
    flat = _flat(row, COMPANY if company else PERSON) | {"type": "company" if company else "person"}
    tags = tuple(tag for part in row.text("TAGS").split(",") if (tag := part.strip()))
    party = _record(row, "party", row.key, replace(party_of(flat), tags=tags))
    if not company or not (row.text("LAST_NAME") or row.text("FIRST_NAME")):
        return (party,)
    main = contact_of(_flat(row, MAIN))
    return party, replace(_record(row, "contact", row.key + EMBEDDED, main), owner=row.key, owner_kind="party")


def _contact(row: Row) -> tuple[Record, ...]:
    return (_of_customer(row, "contact", contact_of(_flat(row, CONTACT))),)


def _flat(row: Row, table: Mapping[str, str]) -> Flat:
    flat = {name: row.text(wire) for name, wire in table.items()}
    for name, form in (("salutation", str.lower), ("address.country", str.upper)):
        if name in flat:
            flat[name] = form(flat[name])
    return flat


def _estimate(row: Row) -> tuple[Record, ...]:
    word = row.text("STATE").lower()
    if word not in ESTIMATE_STATES:
        raise row.bad("STATE", "one of a, b, c, d, e, f")
    stage, answer = ESTIMATE_STATES[word]
    document = replace(
        _document(row), type_code=QUOTATION, number=row.text("ESTIMATE_NUMBER"), date=row.date("ESTIMATE_DATE"), stage=stage, answer=answer
    )
    return (_of_customer(row, "quote", document),)


def _invoice(row: Row) -> tuple[Record, ...]:
    word = row.text("TYPE").lower()
    if word not in INVOICE_TYPES:
        raise row.bad("TYPE", "one of draft, outgoing, credit")
    stage: Stage = "draft" if word == "draft" else "cancelled" if row.flag("IS_CANCELED") else "issued"
    original, contact = row.link("REFERENCED_INVOICE_ID"), row.link("CONTACT_ID")
    document = replace(
        _document(row),
        type_code=INVOICE_TYPES[word],
        number=row.text("INVOICE_NUMBER"),
        date=row.date("INVOICE_DATE"),
        stage=stage,
        preceding=PREFIXES["invoice"] + original if original else "",
        contact=PREFIXES["contact"] + contact if contact else "",
        view_url=row.url("DETAILS_URL"),
    )
    return (_of_customer(row, "invoice", _with_payment(row, document)),)


def _document(row: Row) -> Document:
    """What estimates and invoices have in common."""
    currency = row.text("CURRENCY_CODE").upper() or row.text("BASE_CURRENCY_CODE").upper() or "EUR"
    if currency not in CURRENCIES:
        raise row.bad("CURRENCY_CODE", "a currency of ISO 4217")
    items = sorted(row.rows("ITEMS"), key=_order)
    return Document(
        type_code="",
        title=row.text("INVOICE_TITLE"),
        text=row.text("INTROTEXT"),
        due=row.date("DUE_DATE"),
        currency=currency,
        basis=_basis(row, items),
        # A listing without the member hides the lines; an empty member says there are none.
        lines=Lines(tuple(map(_line, items))) if "ITEMS" in row.values else NotReadable(),
        net=row.number("SUB_TOTAL"),
        vat=row.number("VAT_TOTAL"),
        gross=row.number("TOTAL"),
        reference=_reference(row, items),
        file_url=row.url("DOCUMENT_URL"),
    )


def _order(item: Row) -> Decimal:
    return item.number("SORT_ORDER") or Decimal(0)


def _line(item: Row) -> Line:
    number = item.text("ARTICLE_NUMBER")
    quantity = item.number("QUANTITY")
    return Line(
        name=item.text("DESCRIPTION"),
        quantity=Decimal(1) if quantity is None else quantity,
        unit=item.text("UNIT"),
        price=item.number("UNIT_PRICE") or Decimal(0),
        vat_rate=item.number("VAT_PERCENT"),
        number="" if _REFERENCE.fullmatch(number) else number,
        net=item.number("COMPLETE_NET"),
        gross=item.number("COMPLETE_GROSS"),
    )


def _basis(row: Row, items: list[Row]) -> Basis:
    """An invoice says it for the whole, an estimate line by line; older answers do not say it and are net."""
    if not is_empty(row.values.get("IS_GROSS")):
        return "gross" if row.flag("IS_GROSS") else "net"
    said = {item.flag("IS_GROSS") for item in items}
    return "unknown" if len(said) > 1 else "gross" if True in said else "net"


def _reference(row: Row, items: list[Row]) -> str:
    """Our reference: first where we put it, then where a person may have carried it over."""
    places = [item.text("ARTICLE_NUMBER") for item in items]
    places += [row.text(name) for name in ("ORDER_REFERENCE", "CUSTOMER_ORDER_REFERENCE", "INTROTEXT")]
    found = next((match for place in places if (match := _REFERENCE.search(place))), None)
    return found.group().lower() if found else ""


def _with_payment(row: Row, document: Document) -> Document:
    """``PAID_DATE`` says wholly paid; payments without it are a part. Payments in another currency do not add up and are left out."""
    payments = [p for p in row.rows("PAYMENTS") if (p.text("CURRENCY_CODE") or p.text("CURRENCY")).upper() in ("", document.currency)]
    total = sum((p.number("AMOUNT") or Decimal(0) for p in payments), Decimal(0))
    paid_on = row.date("PAID_DATE")
    paid: Paid = "full" if paid_on else "part" if total > 0 or (total and document.type_code == CREDIT_NOTE) else "none"
    if paid == "none":
        return document
    days = [day for p in payments if (day := p.date("DATE"))]
    return replace(document, paid=paid, paid_amount=total or document.gross, paid_date=paid_on or max(days, default=None))


def _record(row: Row, kind: Kind, key: str, body: Party | Contact | Document) -> Record:
    created, changed = row.stamp("CREATED"), row.stamp("LASTUPDATE")
    return Record(kind=kind, key=key, body=body, resource=row.resource, resource_key=row.key, created=created, changed=changed)


def _of_customer(row: Row, kind: Kind, body: Contact | Document) -> Record:
    owner = row.link("CUSTOMER_ID")
    return replace(_record(row, kind, PREFIXES[row.resource] + row.key, body), owner=owner, owner_kind="party" if owner else "")


_READERS: dict[str, Callable[[Row], tuple[Record, ...]]] = {
    "customer": _customer,
    "contact": _contact,
    "estimate": _estimate,
    "invoice": _invoice,
}
