"""Parties and their contacts. Names follow EN 16931 (BG-7 buyer, BG-8 address, BG-9 contact) where it has one."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

PartyType = Literal["company", "person"]
Salutation = Literal["", "mr", "mrs", "family"]


class Address(Struct, frozen=True, omit_defaults=True):
    """A postal address (BG-8). ``country`` is ISO 3166-1 alpha-2 in upper case, ``region`` a subdivision code where the vendor has one."""

    line1: str = ""
    line2: str = ""
    postcode: str = ""
    city: str = ""
    region: str = ""
    country: str = ""


NO_ADDRESS = Address()


class Party(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A customer: a company or a person on their own. ``name`` is the legal name of a company (BT-44), the last name of a person.

    ``tags`` are for deciding, they are not kept in step.
    """

    type: PartyType
    name: str
    first_name: str = ""
    salutation: Salutation = ""
    title: str = ""
    number: str = ""
    tax_id: str = ""
    buyer_reference: str = ""
    email: str = ""
    phone: str = ""
    mobile: str = ""
    fax: str = ""
    website: str = ""
    note: str = ""
    reference: str = ""
    """Our own reference (``uni-`` + 16 characters) where the system keeps it."""
    tags: tuple[str, ...] = ()
    address: Address = field(default_factory=Address)


class Contact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A person of a party (BG-9): its owner is the party's record."""

    name: str
    first_name: str = ""
    salutation: Salutation = ""
    title: str = ""
    position: str = ""
    email: str = ""
    phone: str = ""
    mobile: str = ""
    fax: str = ""
    reference: str = ""
    tags: tuple[str, ...] = ()


ADDRESS_FIELDS = ("line1", "line2", "postcode", "city", "region", "country")
PARTY_FIELDS = "type name first_name salutation title number tax_id buyer_reference email phone mobile fax website note".split() + [
    f"address.{part}" for part in ADDRESS_FIELDS
]
CONTACT_FIELDS = "name first_name salutation title position email phone mobile fax".split()
_PARTY_TEXTS = [name for name in PARTY_FIELDS if "." not in name and name not in ("type", "salutation")]
_ADDRESS_TEXTS = [(part, f"address.{part}") for part in ADDRESS_FIELDS]
_CONTACT_TEXTS = [name for name in CONTACT_FIELDS if name != "salutation"]
Flat = dict[str, str]
"""Field name -> canonical text; an empty text is an empty field. What is compared, agreed and shown before and after."""


def flat_party(party: Party) -> Flat:
    """The fields of a party that can be kept in step, one text each."""
    address = party.address
    return {
        "type": party.type,
        "name": party.name,
        "first_name": party.first_name,
        "salutation": party.salutation,
        "title": party.title,
        "number": party.number,
        "tax_id": party.tax_id,
        "buyer_reference": party.buyer_reference,
        "email": party.email,
        "phone": party.phone,
        "mobile": party.mobile,
        "fax": party.fax,
        "website": party.website,
        "note": party.note,
        "address.line1": address.line1,
        "address.line2": address.line2,
        "address.postcode": address.postcode,
        "address.city": address.city,
        "address.region": address.region,
        "address.country": address.country,
    }


def flat_contact(contact: Contact) -> Flat:
    """The fields of a contact that can be kept in step, one text each."""
    return {name: getattr(contact, name) for name in CONTACT_FIELDS}


def party_of(flat: Flat, *, reference: str = "") -> Party:
    """A party from its fields: the reverse of ``flat_party``; unknown and missing fields stay empty."""
    address = Address(**{part: flat.get(name, "") for part, name in _ADDRESS_TEXTS})
    plain: dict[str, Any] = {name: flat.get(name, "") for name in _PARTY_TEXTS}
    return Party(
        type="person" if flat.get("type") == "person" else "company",
        salutation=_salutation(flat),
        address=address,
        reference=reference,
        **plain,
    )


def contact_of(flat: Flat, *, reference: str = "") -> Contact:
    """A contact from its fields: the reverse of ``flat_contact``."""
    plain: dict[str, Any] = {name: flat.get(name, "") for name in _CONTACT_TEXTS}
    return Contact(salutation=_salutation(flat), reference=reference, **plain)


def _salutation(flat: Flat) -> Salutation:
    value = flat.get("salutation", "")
    return value if value in ("mr", "mrs", "family") else ""  # type: ignore[return-value]
