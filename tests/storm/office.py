"""A Lexware Office account as the oracle reads it: its own tables in plain texts, with our names of fields. Nothing of the product's mapping."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.storm.sides import Entry, Inside
from unisono.sandbox.lexoffice import articles, contacts, documents
from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.voucherlist import status_of

Row = dict[str, Any]
_LISTS = {"email": ("emailAddresses", ("business", "office", "private", "other"))} | {
    "phone": ("phoneNumbers", ("business", "office", "private", "other")),
    "mobile": ("phoneNumbers", ("mobile",)),
    "fax": ("phoneNumbers", ("fax",)),
}
WORDS = {"quotations": "quotation", "invoices": "invoice"}
"""The path of a kind of document -> how its key begins."""
_PLACES = ("billing", "shipping")


def parties(account: Account) -> Iterator[Entry]:
    """Everybody who is a customer."""
    return (party(row) for row in account.table(contacts.TABLE).values() if "customer" in row["roles"])


def persons(account: Account) -> Iterator[Entry]:
    """The first contact person of each company: the one that can be told from others by its place."""
    return (one for row in account.table(contacts.TABLE).values() for one in main_person(row))


def papers(account: Account, path: str) -> Iterator[Entry]:
    """Documents of one kind."""
    for row in account.table(documents.TABLE).values():
        if row["kind"] == path:
            yield _document(account, row)


def products(account: Account) -> Iterator[Entry]:
    """The articles, each with its price without VAT."""
    return (product(row) for row in account.table(articles.TABLE).values())


def product(row: Row) -> Entry:
    """An article."""
    return Entry(row["id"], {"number": row["articleNumber"] or "", "name": row["title"], "price": str(row["price"]["netPrice"])})


def party(row: Row) -> Entry:
    """A contact as a customer."""
    company = row["company"]
    place: Row = next((row["addresses"][kind][0] for kind in _PLACES if row["addresses"][kind]), {})
    values = {
        "type": "company" if company else "person",
        "name": company["name"] if company else row["person"]["lastName"],
        "first_name": "" if company else row["person"]["firstName"],
        **{name: next((one for kind in kinds for one in row[where][kind]), "") for name, (where, kinds) in _LISTS.items()},
        "address.line1": place.get("street") or "",
        "address.postcode": place.get("zip") or "",
        "address.city": place.get("city") or "",
        "address.country": place.get("countryCode") or "",
    }
    return Entry(row["id"], values)


def main_person(row: Row) -> Iterator[Entry]:
    """A company's first contact person."""
    for person in (row["company"] or {}).get("contactPersons", [])[:1]:
        values = {"name": person["lastName"], "first_name": person["firstName"]}
        values |= {"email": person["emailAddress"], "phone": person["phoneNumber"]}
        yield Entry(f"{row['id']}#main", {name: value or "" for name, value in values.items()}, row["id"])


def inside(account: Account, key: str) -> Inside | None:
    """What a contact holds: what both sides may know, and what is nobody's but the vendor's."""
    row = account.find(contacts.TABLE, key.partition("#")[0])
    if row is None:
        article = account.find(articles.TABLE, key)
        if article is None:
            return None
        known = {(key, name): value for name, value in product(article).values.items()}
        return Inside(known, {name: article.get(name) for name in ("gtin", "note", "archived", "type")})
    known = {(entry.key, name): value for entry in (party(row), *main_person(row)) for name, value in entry.values.items()}
    own: Row = {"roles": dict(row["roles"]), "xRechnung": row["xRechnung"], "archived": row["archived"]}
    own |= {"shipping": row["addresses"]["shipping"] if row["addresses"]["billing"] else []}
    if row["company"]:
        own |= {name: row["company"].get(name) for name in ("taxNumber", "allowTaxFreeInvoices")}
    return Inside(known, own)


def _document(account: Account, row: Row) -> Entry:
    total = row["totalPrice"]
    state = status_of(account, row)
    paid = "yes" if row["status"] in ("paid", "paidoff") else "part" if row["payments"] else ""
    values = {
        "title": row["title"] or "",
        "net": str(total["totalNetAmount"]),
        "gross": str(total["totalGrossAmount"]),
        "vat": str(total["totalTaxAmount"]),
        "number": str(row["number"]),
        "currency": total["currency"],
        "state": "cancelled" if state == "voided" else state,
        "paid": paid,
        "rendered": "no" if row["status"] == "draft" else "",
    }
    return Entry(f"{WORDS[row['kind']]}:{row['id']}", values, row["address"].get("contactId") or "")
