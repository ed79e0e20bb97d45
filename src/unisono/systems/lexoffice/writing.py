"""Canonical writes as calls of Lexware Office. Pure.

A PUT replaces the whole record under the version that was read, so a change is the row as it is with the changed fields in it. A list may
hold one entry then: a contact that has more, entered in the web pages, cannot be changed at all. A document is made once, as a draft or
issued, and never changed.
"""

from __future__ import annotations

import copy
import datetime as dt
import re
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from unisono.connect.port import Command
from unisono.model.capability import Capabilities, FieldLimit, Writing
from unisono.model.document import Document, Line, Lines
from unisono.model.errors import NotThere, Refused
from unisono.model.fields import Row
from unisono.model.limits import must_fit, record_name, refused
from unisono.model.money import plain
from unisono.model.party import Contact, Flat, Party
from unisono.model.product import Product, flat_product, price_of
from unisono.model.record import Kind, flat_of
from unisono.model.text import clean
from unisono.model.writing import Write
from unisono.systems.lexoffice import choose
from unisono.systems.lexoffice.mapping import MAIN, WORDS, Ways, person_keys, persons
from unisono.systems.lexoffice.values import BY_CODE, VOUCHERS, is_id, member, members, midnight, split, storable

_PERSON = {"name": "lastName", "first_name": "firstName"}
_CONTACT = {**_PERSON, "email": "emailAddress", "phone": "phoneNumber"}
_ADDRESS = {
    "address.line1": "street",
    "address.line2": "supplement",
    "address.postcode": "zip",
    "address.city": "city",
    "address.country": "countryCode",
}
_NUMBERS = frozenset("quantity netAmount grossAmount taxRatePercentage discountPercentage netPrice grossPrice taxRate".split())
"""Members that the journal keeps as texts and the wire wants as numbers."""
_LATER = re.compile(r"\+([0-9]{1,4})\Z")
_ARTICLE = {"name": "title", "number": "articleNumber", "gtin": "gtin", "description": "description", "unit": "unitName"}


def compose(write: Write, current: Row | None, capabilities: Capabilities, ways: Ways) -> tuple[Command, ...]:
    """The one call of a write. ``current`` is the row it changes; of a new contact person that of its contact.

    Raises ``Refused`` naming the field, ``NotThere`` for a row that is gone.
    """
    body = write.body
    match write.operation, write.kind:
        case "create", "party" if isinstance(body, Party):
            return (_new_party(write, body, capabilities, ways),)
        case "change", "party":
            return (_changed_party(write, _there(write, current), capabilities, ways),)
        case "create" | "change" | "delete", "contact":
            return (_person_of(write, _there(write, current), capabilities),)
        case "create", "product" if isinstance(body, Product):
            return (_new_article(write, body, capabilities, ways),)
        case "change", "product":
            return (_changed_article(write, _there(write, current), capabilities),)
        case "delete", "product":
            return (Command(f"DELETE articles/{write.key}"),)
        case "create", "quote" | "order" | "invoice" if isinstance(body, Document):
            return (_new_document(write, body, capabilities, ways),)
    raise refused(f"cannot-{write.operation}", write, "", "")


def limits_for(capabilities: Capabilities, kind: Kind, form: str) -> dict[str, FieldLimit]:
    """The fields that a company, or a person, has a place for."""
    return {name: limit for name, limit in capabilities.fields(kind).items() if limit.of in ("", form)}


def sent_fields(write: Write, capabilities: Capabilities) -> Flat:
    """The fields of a party, contact or article that a create really sends: what a probe compares."""
    body = write.body
    if not isinstance(body, Party | Contact | Product):
        return {}
    flat = flat_product(body) if isinstance(body, Product) else flat_of(body)
    limits = limits_for(capabilities, write.kind, body.type if isinstance(body, Party) else "")
    return {name: clean(flat[name]) for name, limit in limits.items() if limit.on_create and flat.get(name)}


def _there(write: Write, current: Row | None) -> Row:
    if current is None:
        raise NotThere("not-there", {"record": write.key or write.owner})
    return copy.deepcopy(current)


# --- contacts ---------------------------------------------------------------------------------------------------------------------------


def _new_party(write: Write, body: Party, capabilities: Capabilities, ways: Ways) -> Command:
    flat = sent_fields(write, capabilities)
    must_fit(flat, write, limits_for(capabilities, "party", body.type), body.type)
    row: Row = {"version": 0, "roles": {"customer": {}}, body.type: {}}
    _enter(row, flat, ways, "")
    return Command("POST contacts", row)


def _changed_party(write: Write, row: Row, capabilities: Capabilities, ways: Ways) -> Command:
    me, form = write.key, "company" if member(row, "company", write.key) else "person"
    limits = limits_for(capabilities, "party", form)
    changes = _allowed(write, limits, form)
    _not_crowded(write, row)
    _enter(row, changes, ways, me)
    row.pop("organizationId", None)
    where = members(member(row, "addresses", me), choose.address_kind(row, ways.leading, me), me)
    if where and not where[0].get("countryCode"):
        raise refused("missing-field", write, "address.country", "")
    return Command(f"PUT contacts/{me}", storable(row))


def _allowed(write: Write, limits: dict[str, FieldLimit], form: str = "") -> Flat:
    """The changes that this record has a place for. Others are left out, as reading it back shows; a change of nothing else is refused."""
    for name in write.changes:
        if name in limits and not limits[name].on_change:
            raise refused("cannot-change", write, name, write.changes[name])
    changes = {name: clean(value) for name, value in write.changes.items() if name in limits}
    if not changes:
        raise refused("cannot-hold", write, next(iter(sorted(write.changes)), ""), "")
    must_fit(changes, write, limits, form, whole=False)
    return changes


def _not_crowded(write: Write, row: Row) -> None:
    held = choose.crowded(row, write.key)
    if held:
        field = next((name for name in write.changes), "name")
        raise Refused("several-entries", {"record": write.key, "field": field, "list": held}, field=field)


def _enter(row: Row, flat: Flat, ways: Ways, me: str) -> None:
    """Puts fields into a contact's row; an empty one goes."""
    company, person = row.get("company"), row.get("person")
    if isinstance(company, dict):
        _put(company, flat, {"name": "name", "tax_id": "vatRegistrationId"})
    elif isinstance(person, dict):
        _put(person, flat, _PERSON)
        _greet(person, flat)
    _put(row, flat, {"note": "note"})
    for name, (list_name, _) in choose.POINTS.items():
        if name in flat:
            kind = choose.point_kind(row, name, me)
            _replace(row, list_name, kind, flat[name])
    if any(name in flat for name in _ADDRESS):
        _move(row, flat, ways, me)


def _move(row: Row, flat: Flat, ways: Ways, me: str) -> None:
    """Puts an address into its list. Without a street, a place and a name it is none."""
    kind = choose.address_kind(row, ways.leading, me)
    held = members(member(row, "addresses", me), kind, me)
    place: Row = dict(held[0]) if held else {}
    _put(place, flat, _ADDRESS)
    if not any(place.get(name) for name in ("street", "supplement", "zip", "city")) and not flat.get("address.country"):
        place = {}
    elif "countryCode" not in place and not held:
        # The service takes no address without a country.
        place["countryCode"] = ways.country
    _replace(row, "addresses", kind, place)


def _replace(row: Row, list_name: str, kind: str, value: str | Row) -> None:
    held = row.setdefault(list_name, {})
    if value:
        held[kind] = [value]
    else:
        held.pop(kind, None)
    if not held:
        row.pop(list_name)


def _put(row: Row, flat: Flat, places: dict[str, str]) -> None:
    for ours, theirs in places.items():
        if flat.get(ours):
            row[theirs] = flat[ours]
        elif ours in flat:
            row.pop(theirs, None)


def _greet(person: Row, flat: Flat) -> None:
    if "salutation" in flat:
        word = next((word for meant, word in WORDS.items() if meant == flat["salutation"]), "")
        _put(person, {"salutation": word}, {"salutation": "salutation"})


# --- contact persons --------------------------------------------------------------------------------------------------------------------


def _person_of(write: Write, row: Row, capabilities: Capabilities) -> Command:
    """A contact person comes, changes or goes with a PUT of the contact it is of."""
    owner, _, mark = (write.key or write.owner).partition("#")
    limits = capabilities.fields("contact")
    company = row.get("company")
    if not isinstance(company, dict):
        raise refused("cannot-hold", write, "owner", owner)
    there = persons(row, owner)
    if write.operation == "create":
        flat = sent_fields(write, capabilities)
        must_fit(flat, write, limits)
        if there:
            raise Refused("one-person-only", {"record": owner, "field": "name", "value": flat.get("name", "")[:80]}, field="name")
        person: Row = {"primary": True}
    else:
        at = next((n for n, key in enumerate(person_keys(row, owner)) if key == f"#{mark}"), None)
        if at is None:
            raise NotThere("not-there", {"record": write.key})
        flat = _allowed(write, limits) if write.operation == "change" else {}
        person = there[at]
    _not_crowded(write, row)
    _put(person, flat, _CONTACT)
    _greet(person, flat)
    company["contactPersons"] = [person]
    if write.operation == "delete":
        company.pop("contactPersons")
    row.pop("organizationId", None)
    return Command(f"PUT contacts/{owner}{MAIN}", storable(row))


# --- articles ---------------------------------------------------------------------------------------------------------------------------


def _new_article(write: Write, body: Product, capabilities: Capabilities, ways: Ways) -> Command:
    flat = sent_fields(write, capabilities)
    flat["unit"] = flat.get("unit") or ways.unit
    must_fit(flat, write, _article_limits(capabilities))
    row: Row = {"type": "SERVICE" if body.type == "service" else "PRODUCT"}
    _put(row, flat, _ARTICLE)
    _price(write, row, flat)
    return Command("POST articles", row)


def _changed_article(write: Write, row: Row, capabilities: Capabilities) -> Command:
    changes = _allowed(write, _article_limits(capabilities))
    _put(row, changes, _ARTICLE)
    _price(write, row, changes)
    for name in ("organizationId", "createdDate", "updatedDate"):
        row.pop(name, None)
    return Command(f"PUT articles/{write.key}", storable({name: value for name, value in row.items() if value is not None}))


def _article_limits(capabilities: Capabilities) -> dict[str, FieldLimit]:
    """Those of an article; a price is looked at part by part (``_price``)."""
    limits = capabilities.fields("product")
    return limits | {"price": replace(limits["price"], values=())}


def _price(write: Write, row: Row, flat: Flat) -> None:
    """The price that leads, and the rate. The other side is computed by the service, so it does not go along."""
    price: dict[str, Any] = dict(member(row, "price", write.key))
    if "price" in flat:
        given = price_of(flat["price"])
        if given is None:
            raise refused("missing-field", write, "price", "")
        if given.currency != "EUR":
            raise refused("not-allowed", write, "price", flat["price"], allowed="EUR")
        if given.basis == "unknown":
            raise refused("missing-field", write, "price", flat["price"])
        if _places(given.value) > 4:
            raise refused("too-fine", write, "price", plain(given.value), limit="4")
        price = {"leadingPrice": given.basis.upper(), f"{given.basis}Price": given.value, "taxRate": price.get("taxRate")}
    leading = str(price.get("leadingPrice") or "NET").lower()
    price.pop("netPrice" if leading == "gross" else "grossPrice", None)
    if flat.get("vat_rate"):
        price["taxRate"] = Decimal(flat["vat_rate"])
    if price.get("taxRate") is None:
        raise refused("missing-field", write, "vat_rate", "")
    row["price"] = storable(price)


def _places(value: Decimal) -> int:
    """Decimals that count."""
    return len(plain(value).partition(".")[2])


# --- documents --------------------------------------------------------------------------------------------------------------------------


def _new_document(write: Write, body: Document, capabilities: Capabilities, ways: Ways) -> Command:
    """A document for a customer. It is issued only if its stage says so, since nobody can take that back.

    Our reference stands in the closing remark: it is the one place that leaves title, introduction and lines as they were given.
    """
    writing = capabilities.writing(write.kind)
    word = BY_CODE.get(body.type_code, "")
    if body.type_code not in writing.types or VOUCHERS[word].kind != write.kind:
        raise refused("cannot-hold", write, "type_code", body.type_code)
    issued = body.stage != "draft"
    if body.stage == "cancelled" or (issued and "issued" not in (writing.create, *writing.other_means)):
        raise refused("cannot-hold", write, "stage", body.stage)
    if not is_id(write.owner):
        raise refused("missing-owner", write, "owner", write.owner)
    must_fit(
        {"currency": body.currency, "title": body.title}, write, {n: v for n, v in writing.fields.items() if n in ("currency", "title")}
    )
    reference = write.reference or body.reference
    row: Row = {
        # Empty and "+30" are filled in when it is sent: here is no clock.
        "voucherDate": body.date.isoformat() if body.date else "",
        "address": {"contactId": write.owner},
        "lineItems": _items(write, body, ways, writing),
        "totalPrice": {"currency": body.currency},
        "taxConditions": {"taxType": "vatfree" if ways.vat_free else body.basis},
    }
    if word == "quotation":
        row["expirationDate"] = body.due.isoformat() if body.due else f"+{ways.quote_days}"
    elif word != "creditnote":
        row["shippingConditions"] = {"shippingType": "none"}
    told = {"title": clean(body.title), "text": clean(body.text), "reference": reference}
    _put(row, told, {"title": "title", "text": "introduction", "reference": "remark"})
    before, after = split(body.preceding)
    asked = [f"precedingSalesVoucherId={after}"] if before else []
    asked += ["finalize=true"] if issued else []
    return Command(f"POST {VOUCHERS[word].path}{'?' if asked else ''}{'&'.join(asked)}", row)


def _items(write: Write, body: Document, ways: Ways, writing: Writing) -> list[Row]:
    lines = body.lines.rows if isinstance(body.lines, Lines) else ()
    if not lines:
        raise refused("missing-field", write, "lines", "")
    if len(lines) > writing.max_lines:
        values = {"record": record_name(write), "field": "lines", "count": str(len(lines)), "limit": str(writing.max_lines)}
        raise Refused("too-many-lines", values, field="lines")
    if body.basis == "unknown":
        raise refused("missing-field", write, "basis", "")
    return [_item(write, line, body, ways, writing.vat_rates) for line in lines]


def _item(write: Write, line: Line, body: Document, ways: Ways, rates: tuple[str, ...]) -> Row:
    name, rate = clean(line.name), Decimal(0) if ways.vat_free and line.vat_rate is None else line.vat_rate
    if not name:
        raise refused("missing-field", write, "lines.name", "")
    if rate is None:
        raise refused("missing-field", write, "lines.vat_rate", "")
    for field, value, places in (("quantity", line.quantity, 4), ("price", line.price, 4), ("vat_rate", rate, 2)):
        if _places(value) > places:
            # It would be rounded, and the sum would no longer be the customer's.
            raise refused("too-fine", write, f"lines.{field}", plain(value), limit=str(places))
    allowed = ("0",) if ways.vat_free else rates
    if plain(rate) not in allowed:
        raise refused("not-allowed", write, "lines.vat_rate", plain(rate), allowed=", ".join(allowed))
    price = {"currency": body.currency, f"{body.basis}Amount": plain(line.price), "taxRatePercentage": plain(rate)}
    return {"type": "custom", "name": name, "quantity": plain(line.quantity), "unitName": clean(line.unit) or ways.unit, "unitPrice": price}


def sendable(payload: Row, today: dt.date) -> Row:
    """A payload as the wire wants it: amounts as numbers, days with offset, those that nobody named from ``today``."""
    row: Row = _numbered(payload)
    if "voucherDate" in row:
        begin = dt.date.fromisoformat(row["voucherDate"]) if row["voucherDate"] else today
        row["voucherDate"] = midnight(begin)
        if "expirationDate" in row:
            later = _LATER.match(row["expirationDate"])
            end = begin + dt.timedelta(days=int(later[1])) if later else dt.date.fromisoformat(row["expirationDate"])
            row["expirationDate"] = midnight(end)
    return row


def _numbered(value: Any) -> Any:
    if isinstance(value, dict):
        return {n: Decimal(v) if n in _NUMBERS and isinstance(v, str) else _numbered(v) for n, v in value.items()}
    return [_numbered(one) for one in value] if isinstance(value, list) else value
