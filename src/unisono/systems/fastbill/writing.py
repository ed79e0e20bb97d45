"""Canonical writes as calls of FastBill, pure: what is sent, what is refused beforehand, and what a lost create would have made."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from unisono.model.capability import FieldLimit
from unisono.model.codes import COUNTRIES, CURRENCIES
from unisono.model.document import Document, Line, Lines
from unisono.model.errors import Refused
from unisono.model.money import plain
from unisono.model.party import Contact, Flat, Party, flat_contact, flat_party
from unisono.model.record import Record
from unisono.model.writing import Write
from unisono.systems.fastbill.mapping import COMPANY, CONTACT, EMBEDDED, MAIN, PERSON, QUOTE, is_company, locate
from unisono.systems.fastbill.values import Row

Limits = Mapping[str, FieldLimit]
Call = tuple[str, dict[str, Any]]
"""A service and its DATA; decimals are texts without exponent."""


def call(write: Write, current: Row | None, limits: Limits) -> Call:
    """The service call of a write. Raises ``Refused`` for what FastBill certainly does not take, naming the field."""
    body = write.body
    if write.operation == "delete":
        return _delete(write, current)
    if write.operation == "change" and write.kind in ("party", "contact"):
        return _change(write, current, limits)
    if write.operation == "create" and isinstance(body, Party):
        table = COMPANY if body.type == "company" else PERSON
        data = {"CUSTOMER_TYPE": "business" if body.type == "company" else "consumer"}
        return "customer.create", data | _filled(write, flat_party(body), table, limits)
    if write.operation == "create" and isinstance(body, Contact):
        return "contact.create", {"CUSTOMER_ID": _owner(write)} | _filled(write, flat_contact(body), CONTACT, limits)
    if write.operation == "create" and isinstance(body, Document) and write.kind == "quote":
        return "estimate.create", _estimate_data(write, body, limits)
    raise _refusal(write, f"cannot-{write.operation}")


def sent_fields(write: Write, limits: Limits) -> Flat:
    """The fields of a party or contact that a create really sends: what a probe compares."""
    body = write.body
    if isinstance(body, Party):
        flat, table = flat_party(body), COMPANY if body.type == "company" else PERSON
    elif isinstance(body, Contact):
        flat, table = flat_contact(body), CONTACT
    else:
        return {}
    return {name: flat[name] for name in table if flat[name] and (name not in limits or limits[name].on_create)}


def is_made_by(write: Write, record: Record, limits: Limits) -> bool:
    """Whether a record holds exactly what this create would have made; case and blanks do not count, since vendors trim and re-case."""
    wanted, found = write.body, record.body
    if isinstance(wanted, Document) and isinstance(found, Document):
        if write.reference or wanted.reference:
            return found.reference == (write.reference or wanted.reference)
        return _content(wanted) == _content(found)
    if isinstance(wanted, Party) and isinstance(found, Party) and wanted.type == found.type:
        flat = flat_party(found)
    elif isinstance(wanted, Contact) and isinstance(found, Contact) and record.resource == "contact":
        flat = flat_contact(found)
    else:
        return False
    sent = sent_fields(write, limits)
    return bool(sent) and all(_bare(flat[name]) == _bare(value) for name, value in sent.items())


def _content(document: Document) -> tuple[object, ...]:
    rows = document.lines.rows if isinstance(document.lines, Lines) else ()
    lines = tuple((_bare(row.name), plain(row.quantity), plain(row.price)) for row in rows)
    return _bare(document.title), _bare(document.text), document.currency, lines


def _bare(text: str) -> str:
    return "".join(text.casefold().split())


def _filled(write: Write, flat: Flat, table: Mapping[str, str], limits: Limits) -> dict[str, Any]:
    sent = sent_fields(write, limits)
    for name in table:
        limit = limits.get(name, FieldLimit())
        kind = flat.get("type", "")
        if not sent.get(name) and limit.required in ("yes", kind or "yes"):
            raise _refusal(write, "missing-field", name, needs=table[name])
    return {table[name]: _checked(write, name, value, limits) for name, value in sent.items()}


def _change(write: Write, current: Row | None, limits: Limits) -> Call:
    """Read, merge, write: unsent fields are only believed to be kept, so every field we know goes along, and no other."""
    if current is None:
        raise _refusal(write, "record-gone")
    if current.resource == "contact":
        table, resent = CONTACT, CONTACT
        data = {"CUSTOMER_ID": current.link("CUSTOMER_ID"), "CONTACT_ID": current.key}
        service = "contact.update"
    else:
        company = is_company(current)
        embedded = write.key.endswith(EMBEDDED)
        table = MAIN if embedded else COMPANY if company else PERSON
        resent = PERSON | {"position": "POSITION", "organization": "ORGANIZATION"}
        data = {"CUSTOMER_ID": current.key, "CUSTOMER_TYPE": "business" if company else "consumer"}
        # The mark stays on our side of the wire: it tells which record of the row was written.
        service = "customer.update" + (EMBEDDED if embedded else "")
    for name in write.changes:
        if name in limits and not limits[name].on_change:
            raise _refusal(write, "cannot-change", name)
    # What this row has no place for is left out; reading back then shows that it was not taken.
    changes = {name: value for name, value in write.changes.items() if name in table}
    if not changes:
        raise _refusal(write, "cannot-hold", ", ".join(sorted(write.changes)))
    data |= {wire: text for wire in resent.values() if wire != "CUSTOMER_NUMBER" and (text := current.verbatim(wire))}
    return service, data | {table[name]: _checked(write, name, value, limits) for name, value in changes.items()}


def _delete(write: Write, current: Row | None) -> Call:
    resource, key = locate(write.kind, write.key)
    if write.kind == "invoice" or write.key.endswith(EMBEDDED):
        raise _refusal(write, "cannot-delete")
    if resource != "contact":
        return f"{resource}.delete", {f"{resource.upper()}_ID": key}
    owner = write.owner or (current.link("CUSTOMER_ID") if current else "")
    return "contact.delete", {"CUSTOMER_ID": owner or _owner(write), "CONTACT_ID": key}


def _estimate_data(write: Write, document: Document, limits: Limits) -> dict[str, Any]:
    lines = document.lines.rows if isinstance(document.lines, Lines) else ()
    if not lines:
        raise _refusal(write, "missing-field", "lines", needs="ITEMS")
    if document.basis == "unknown":
        raise _refusal(write, "missing-field", "basis", needs="IS_GROSS")
    if document.currency not in CURRENCIES:
        raise _refusal(write, "unknown-currency", "currency", document.currency)
    reference = write.reference or document.reference
    # The first line without an article number of its own carries it: one is enough, and each is printed.
    bearer = next((i for i, line in enumerate(lines) if not line.number), None) if reference else None
    text = document.text if not reference or bearer is not None else f"{document.text}\n\n{reference}".strip()
    plain_fields = {"title": document.title, "text": text, "date": document.date.isoformat() if document.date else ""}
    data: dict[str, Any] = {"CUSTOMER_ID": _owner(write), "CURRENCY_CODE": document.currency}
    data["IS_GROSS"] = "1" if document.basis == "gross" else "0"
    data |= {QUOTE[name]: _checked(write, name, value, limits) for name, value in plain_fields.items() if value}
    return data | {"ITEMS": [_item(write, line, reference if i == bearer else line.number) for i, line in enumerate(lines)]}


def _item(write: Write, line: Line, number: str) -> dict[str, str]:
    if not line.name:
        raise _refusal(write, "missing-field", "lines.name", needs="DESCRIPTION")
    if line.vat_rate is None:
        raise _refusal(write, "missing-field", "lines.vat_rate", needs="VAT_PERCENT")
    for name, value, places in (("quantity", line.quantity, 2), ("price", line.price, 8), ("vat_rate", line.vat_rate, 2)):
        if _places(value) > places:
            # FastBill would round it in silence, and the sum would no longer be the customer's.
            raise _refusal(write, "too-fine", f"lines.{name}", plain(value), limit=str(places))
    item = {"DESCRIPTION": line.name, "QUANTITY": plain(line.quantity), "UNIT": line.unit, "UNIT_PRICE": plain(line.price)}
    item |= {"VAT_PERCENT": plain(line.vat_rate), "ARTICLE_NUMBER": number}
    return {name: value for name, value in item.items() if value}


def _places(value: Decimal) -> int:
    """Decimals that count."""
    return len(plain(value).partition(".")[2])


def _checked(write: Write, name: str, value: str, limits: Limits) -> str:
    limit = limits.get(name, FieldLimit())
    if not value and limit.required != "no":
        raise _refusal(write, "missing-field", name)
    if value and limit.length and len(value) > limit.length:
        raise _refusal(write, "too-long", name, value, limit=str(limit.length))
    if value and limit.values and value not in limit.values:
        raise _refusal(write, "not-allowed", name, value, allowed=", ".join(filter(None, limit.values)))
    if value and name == "address.country" and value not in COUNTRIES:
        raise _refusal(write, "unknown-country", name, value)
    return value


def _owner(write: Write) -> str:
    if not write.owner:
        raise _refusal(write, "missing-field", "owner", needs="CUSTOMER_ID")
    return write.owner


def _refusal(write: Write, code: str, field: str = "", value: str = "", **more: str) -> Refused:
    told = {
        "system": "fastbill",
        "record": (write.key or _named(write.body))[:80],
        "kind": write.kind,
        "field": field,
        "value": value[:80],
        **more,
    }
    return Refused(code, {name: text for name, text in told.items() if text}, field=field)


def _named(body: object) -> str:
    """What a person calls a record that has no key yet."""
    if isinstance(body, Party | Contact):
        return " ".join(part for part in (body.first_name, body.name) if part)
    return body.title if isinstance(body, Document) else ""
