"""Records to write, built from what a system says it holds: every field that a kind has a place for."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.systems.contract.vendor import Vendor
from unisono.model.capability import Capabilities, FieldLimit
from unisono.model.codes import INVOICE, ORDER, QUOTATION
from unisono.model.document import Document, File, Line, Lines, Note
from unisono.model.party import Contact, contact_of, flat_contact, flat_party, party_of
from unisono.model.record import Body, Kind, flat_of
from unisono.model.writing import Write

if TYPE_CHECKING:
    from tests.systems.contract.account import Account

REFERENCE = "uni-contract2345672a"
KINDS: dict[str, Kind] = {
    "company": "party",
    "person": "party",
    "contact": "contact",
    "quote": "quote",
    "order": "order",
    "invoice": "invoice",
    "note": "note",
    "file": "file",
}
"""Form -> kind. A party has two forms, because vendors hold companies and people apart."""
PEOPLE = ("company", "person", "contact")
PERSON_ONLY = ("first_name", "salutation", "title")
CODED = ("type", "salutation", "address.country", "address.region", "email", "date", "due", "currency", "lines")
"""Fields that do not take any text."""
_VALUES = {
    "name": "Weidenhof",
    "first_name": "Jördis",
    "salutation": "mrs",
    "title": "Dr.",
    "number": "K-4711",
    "tax_id": "DE136695976",
    "buyer_reference": "991-04",
    "email": "post@weidenhof.example",
    "phone": "+49 351 55501",
    "mobile": "+49 170 55502",
    "fax": "+49 351 55503",
    "website": "https://weidenhof.example",
    "note": "Hof hinten\nKlingel defekt",
    "position": "Einkauf",
    "address.line1": "Holzweg 3",
    "address.line2": "Hinterhaus",
    "address.postcode": "01099",
    "address.city": "Dresden",
    "address.region": "SN",
    "address.country": "DE",
}
_TYPES = {"quote": QUOTATION, "order": ORDER, "invoice": INVOICE}


def forms(capabilities: Capabilities, *, change: bool = False, delete: bool = False) -> list[str]:
    """What can be created, or changed, or deleted."""
    found = []
    for form, kind in KINDS.items():
        writing = capabilities.writing(kind)
        can = writing.change if change else writing.delete if delete else writing.create != "none"
        if can and writing.create != "none":
            found.append(form)
    return found


def held(capabilities: Capabilities, form: str) -> dict[str, FieldLimit]:
    """The fields of a form with their limits. A person's fields are held as a contact's where those are tighter."""
    limits = {n: limit for n, limit in capabilities.fields(KINDS[form]).items() if not (form == "company" and n in PERSON_ONLY)}
    if form == "person":
        people = capabilities.fields("contact")
        limits = {n: people[n] if n in people and 0 < people[n].length < (limit.length or 10**9) else limit for n, limit in limits.items()}
    return {n: limit for n, limit in limits.items() if limit.of in ("", form)}


def sample(vendor: Vendor, form: str, name: str) -> str:
    """The suite's own value of a field."""
    if name == "type":
        return form
    if name == "name" and form == "company":
        return "Weidenhof Möbel GmbH"
    return vendor.values.get(name, _VALUES.get(name, "Wert"))


def full(vendor: Vendor, form: str) -> dict[str, str]:
    """Every field that a create of this form may hold."""
    return {name: sample(vendor, form, name) for name, limit in held(vendor.capabilities, form).items() if limit.on_create}


def least(vendor: Vendor, form: str) -> dict[str, str]:
    """Only what nobody is without."""
    return {name: sample(vendor, form, name) for name in ("type", "name") if name in held(vendor.capabilities, form) or name == "name"}


def person_or_firm(form: str, flat: Mapping[str, str]) -> Body:
    """A party or contact of these fields."""
    return contact_of(dict(flat)) if form == "contact" else party_of({**flat, "type": form})


def document(form: str = "quote", **given: Any) -> Document:
    """A document of two lines with every field filled."""
    lines = (
        Line(name="Regal, Eiche", quantity=Decimal("2.5"), unit="Stück", price=Decimal("99.90"), vat_rate=Decimal(19)),
        Line(name="Aufbau", quantity=Decimal(1), unit="Std", price=Decimal("48.37"), vat_rate=Decimal(7)),
    )
    plain: dict[str, Any] = {"title": "Regale", "text": "Wie besprochen.", "date": dt.date(2026, 3, 2), "currency": "EUR", "basis": "net"}
    return Document(**{"type_code": _TYPES[form], "lines": Lines(lines), **plain, **given})


@cache
def _pdf() -> bytes:
    return b"%PDF-1.4 \x00\xff" * 50


def bases(capabilities: Capabilities) -> tuple[str, ...]:
    """The bases on which documents are held: some vendors keep gross prices only."""
    said = [limits["basis"].values for kind in _TYPES if "basis" in (limits := capabilities.fields(KINDS[kind]))]
    return said[0] if said and said[0] else ("net", "gross")


def on_disk(folder: Path) -> File:
    """A PDF of ours, ready to be handed over."""
    path = folder / "ours.pdf"
    path.write_bytes(_pdf())
    return File(name="Angebot 7.pdf", size=len(_pdf()), sha256=hashlib.sha256(_pdf()).hexdigest(), path=str(path))


def create(account: Account, form: str, folder: Path, *, flat: Mapping[str, str] | None = None, reference: str = REFERENCE) -> Write:
    """The create of a form with every field (or those of ``flat``), its owner made first where it has one."""
    kind, owner = KINDS[form], ""
    body: Body
    if form in PEOPLE:
        body = person_or_firm(form, full(account.vendor, form) if flat is None else flat)
    if form in ("contact", "quote", "order", "invoice", "note"):
        owner = firm(account)
    if form in _TYPES:
        body = document(form, basis=bases(account.vendor.capabilities)[0])
    if form == "note":
        body = Note(title="Angebot 7", text="Liegt bei.", about=(owner,))
    if form == "file":
        owner, body = account.do(create(account, "note", folder, reference="uni-ownerofafile2345")), on_disk(folder)
    return Write(operation="create", side=side(account.vendor), kind=kind, body=body, owner=owner, reference=reference)


def firm(account: Account) -> str:
    """The company that others belong to."""
    write = Write(operation="create", side=side(account.vendor), kind="party", body=person_or_firm("company", {"name": "Eigner AG"}))
    return account.do(write)


def change(account: Account, form: str, key: str, changes: Mapping[str, str], owner: str = "") -> Write:
    """A change of a record that is there."""
    return Write(operation="change", side=side(account.vendor), kind=KINDS[form], key=key, changes=dict(changes), owner=owner)


def delete(account: Account, form: str, key: str, owner: str = "") -> Write:
    """The end of a record."""
    return Write(operation="delete", side=side(account.vendor), kind=KINDS[form], key=key, owner=owner)


def side(vendor: Vendor) -> Any:
    """``a`` is the CRM."""
    return "a" if vendor.capabilities.kind == "crm" else "b"


def seen(account: Account, form: str, key: str) -> dict[str, str]:
    """The fields of a party or contact as the vendor holds them now."""
    body = account.record(KINDS[form], key).body
    return flat_of(body)


def empty(form: str) -> dict[str, str]:
    """All fields of a form, none filled."""
    return flat_contact(Contact(name="")) if form == "contact" else flat_party(party_of({"type": form}))
