"""What a person does with contacts and articles in the account's web pages. Values are texts in upper case names; see ``acts``."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from unisono.sandbox.kit.world import Row
from unisono.sandbox.lexoffice import articles, contacts, documents, vouchers
from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.contactfields import EMAILS, PHONES, Reader

Values = dict[str, Any]

_COMPANY = {"NAME": "name", "VAT_ID": "vatRegistrationId", "TAX_NUMBER": "taxNumber"}
_PERSON = {"SALUTATION": "salutation", "FIRST_NAME": "firstName", "LAST_NAME": "lastName"}
_PLACE = {"SUPPLEMENT": "supplement", "STREET": "street", "ZIP": "zip", "CITY": "city", "COUNTRY": "countryCode"}
_MAILS = {"EMAIL": "business", "EMAIL_OFFICE": "office", "EMAIL_PRIVATE": "private", "EMAIL_OTHER": "other"}
_PHONES = {
    "PHONE": "business", "MOBILE": "mobile", "FAX": "fax", "PHONE_OFFICE": "office", "PHONE_PRIVATE": "private", "PHONE_OTHER": "other",
}  # fmt: skip
_CONTACT = {
    "CONTACT_SALUTATION": "salutation", "CONTACT_FIRST_NAME": "firstName", "CONTACT_LAST_NAME": "lastName", "CONTACT_EMAIL": "emailAddress",
    "CONTACT_PHONE": "phoneNumber",
}  # fmt: skip
_XRECHNUNG = {"BUYER_REFERENCE": "buyerReference", "VENDOR_NUMBER": "vendorNumberAtCustomer"}
_ARTICLE = {
    "TITLE": "title", "DESCRIPTION": "description", "NUMBER": "articleNumber", "GTIN": "gtin", "NOTE": "note", "UNIT": "unitName", "TYPE": "type",
}  # fmt: skip


def row_of(account: Account, table: str, values: Values, name: str = "ID") -> Row:
    """The record that the values name. Raises ``KeyError``."""
    row = account.find(table, values.get(name) or "")
    if row is None:
        raise KeyError(f"no {table.rstrip('s')} {values.get(name)!r}")
    return row


def amount(said: Any) -> Decimal:
    """An amount as people write it. Raises ``ValueError``."""
    try:
        found = Decimal(str(said).strip().replace(",", "."))
    except InvalidOperation:
        raise ValueError(f"{said!r} is no number") from None
    if not found.is_finite():
        raise ValueError(f"{said!r} is no number")
    return found


# contacts


def _put(held: list[Row], place: int, given: Row) -> list[Row]:
    """The entry at a place changed, or made; an entry without anything left is gone."""
    entries = [dict(one) for one in held]
    if place >= len(entries):
        entries.append({})
    entries[place] |= given
    return [one for one in entries if any(value for name, value in one.items() if name not in ("countryCode", "primary"))]


def _said(values: Values, names: dict[str, str], prefix: str = "") -> Row:
    return {name: values[prefix + key] for key, name in names.items() if prefix + key in values}


def _body(account: Account, row: Row | None, values: Values) -> Row:
    """A contact as it stands, with what the values say, as the API would take it."""
    body: Row = contacts.shown(account, row) if row else {}
    company = dict(body.get("company") or {}) | _said(values, _COMPANY)
    if "person" in body or (not row and not values.get("NAME")):
        body["person"] = dict(body.get("person") or {}) | _said(values, _PERSON)
    else:
        if person := _said(values, _CONTACT):
            held = company.get("contactPersons") or []
            company["contactPersons"] = _put(held, 0, ({} if held else {"primary": True}) | person)
        if "TAX_FREE" in values:
            company["allowTaxFreeInvoices"] = values["TAX_FREE"] == "true"
        body["company"] = company
    addresses = dict(body.get("addresses") or {})
    for kind, prefix in (("billing", ""), ("shipping", "SHIPPING_")):
        if place := _said(values, _PLACE, prefix):
            held = addresses.get(kind) or []
            place = place if held or place.get("countryCode") else place | {"countryCode": "DE"}
            addresses[kind] = _put(held, 0, place)
    body["addresses"] = addresses
    for name, names in (("emailAddresses", _MAILS), ("phoneNumbers", _PHONES)):
        body[name] = dict(body.get(name) or {})
        for kind, said in _said(values, names).items():
            others = (body[name].get(kind) or [])[1:]
            body[name][kind] = [one for one in [str(said).strip(), *others] if one]
    body["xRechnung"] = dict(body.get("xRechnung") or {}) | _said(values, _XRECHNUNG)
    if "NOTE" in values:
        body["note"] = values["NOTE"]
    roles = {"both": ("customer", "vendor")}.get(str(values.get("ROLE") or ""), (values.get("ROLE") or "customer",))
    if not row or "ROLE" in values:
        body["roles"] = {role: {} for role in roles}
    return body


def create_contact(account: Account, values: Values) -> str:
    """A new company (``name``) or person (``last_name``)."""
    return str(contacts.add(account, Reader(account, _body(account, None, values)).read())["id"])


def edit_contact(account: Account, values: Values) -> str:
    """Change what is named; of lists the first entry."""
    row = row_of(account, contacts.TABLE, values)
    contacts.change(account, row, Reader(account, _body(account, row, values), many=True).read())
    return str(row["id"])


def add_entry(account: Account, values: Values) -> str:
    """One more address, e-mail address, number or contact person (``list``: billing, shipping, email.business, phone.mobile, person)."""
    row, where = row_of(account, contacts.TABLE, values), str(values.get("LIST") or "")
    body = _body(account, row, {})
    name, _, kind = where.partition(".")
    if where in ("billing", "shipping"):
        place = {"countryCode": "DE"} | _said(values, _PLACE)
        body["addresses"] = body["addresses"] | {where: [*body["addresses"].get(where, []), place]}
    elif where == "person" and "company" in body:
        body["company"]["contactPersons"] = [*body["company"].get("contactPersons", []), _said(values, _CONTACT)]
    elif (name == "email" and kind in EMAILS) or (name == "phone" and kind in PHONES):
        held = body["emailAddresses" if name == "email" else "phoneNumbers"]
        held[kind] = [*held.get(kind, []), values.get("VALUE")]
    else:
        raise ValueError(f"list {where!r} is none of billing, shipping, email.<kind>, phone.<kind>, person")
    contacts.change(account, row, Reader(account, body, many=True).read())
    return str(row["id"])


def archive_contact(account: Account, values: Values) -> str:
    """Into the archive, or with ``archived`` false out of it again."""
    row = row_of(account, contacts.TABLE, values)
    account.change(contacts.TABLE, row, {"archived": values.get("ARCHIVED") != "false"})
    account.happened("contact.changed", row["id"])
    return str(row["id"])


def delete_contact(account: Account, values: Values) -> str:
    """Only a contact that no document names (guess)."""
    row = row_of(account, contacts.TABLE, values)
    if account.by(documents.TABLE, "contact", row["id"]) or account.by(vouchers.TABLE, "contact", row["id"]):
        raise ValueError(f"{contacts.name_of(row)} is named in documents: it can only be archived")
    account.remove(contacts.TABLE, row)
    account.happened("contact.deleted", row["id"])
    return str(row["id"])


# articles


def _article(account: Account, row: Row | None, values: Values) -> Row:
    held: Row = articles.shown(account, row) if row else {"type": "PRODUCT", "unitName": "Stück"}
    body = held | _said(values, _ARTICLE)
    price = dict(held.get("price") or {"leadingPrice": "NET", "taxRate": Decimal(19)})
    if "TAX" in values:
        price["taxRate"] = amount(values["TAX"])
    for name, side in (("NET", "netPrice"), ("GROSS", "grossPrice")):
        if values.get(name):
            price |= {"leadingPrice": name, side: amount(values[name])}
    return articles.read(account, body | {"price": price}, row)


def create_article(account: Account, values: Values) -> str:
    """A product or service, with a ``net`` or ``gross`` price."""
    return str(articles.add(account, _article(account, None, values))["id"])


def edit_article(account: Account, values: Values) -> str:
    """Change what is named."""
    row = row_of(account, articles.TABLE, values)
    articles.change(account, row, _article(account, row, values))
    return str(row["id"])


def archive_article(account: Account, values: Values) -> str:
    """Into the archive, or with ``archived`` false out of it again."""
    row = row_of(account, articles.TABLE, values)
    articles.change(account, row, {"archived": values.get("ARCHIVED") != "false"})
    return str(row["id"])


def delete_article(account: Account, values: Values) -> str:
    """Gone for good."""
    row = row_of(account, articles.TABLE, values)
    articles.remove(account, row)
    return str(row["id"])
