"""Rows of CentralStationCRM as canonical records. Pure.

A person is always a party, and a contact of a company besides if it holds a position there. A deal is a quote with one amount. Tax ids,
customer numbers and our reference have no field of their own: they live in custom fields that set-up bound (``Bindings``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from unisono.model.codes import CURRENCIES, QUOTATION
from unisono.model.document import Answer, Document, File, Note, NotGiven, Tag
from unisono.model.fields import Row, amount, bad, day, stamp, text
from unisono.model.party import NO_ADDRESS, Address, Contact, Party, Salutation
from unisono.model.record import Kind, Record
from unisono.systems.centralstation import choose
from unisono.systems.centralstation.values import id_of, ids, nested

RESOURCES: dict[str, str] = {
    "companies": "company",
    "people": "person",
    "deals": "deal",
    "tags": "tag",
    "protocols": "protocol",
    "attachments": "attachment",
}
"""Resource -> the singular that wraps a row and begins a canonical key."""
PLURALS = {singular: plural for plural, singular in RESOURCES.items()}

SALUTATIONS: dict[str, Salutation] = {"male": "mr", "female": "mrs", "family": "family"}
ANSWERS: dict[str, Answer] = {"won": "accepted", "lost": "rejected"}
UNITS = {"hourly": "HUR", "daily": "DAY", "monthly": "MON"}
"""``value_type`` -> unit code of UN/ECE Recommendation 20 (BT-130); a total has none."""
OWNERS: dict[str, tuple[str, Kind]] = {"Company": ("company", "party"), "Person": ("person", "party"), "Deal": ("deal", "quote")}
BOUND_FIELDS = ("tax_id", "number", "buyer_reference", "reference")
"""Canonical fields that may be bound to a custom field."""
_MARKER = re.compile(r"^Ref: (uni-[a-z2-7]{16})\s*$", re.MULTILINE)


class Bindings(Struct, frozen=True):
    """Which custom field type holds which canonical field: category (``Company``, ``Person``, ``Deal``) -> field -> type id as text."""

    types: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, category: str) -> Mapping[str, str]:
        """The bound fields of one category."""
        return self.types.get(category, {})


def marker(reference: str) -> str:
    """The line by which a note of ours is found again, in any language."""
    return f"Ref: {reference}"


def reference_in(content: str) -> str:
    """Our reference from the marker line of a note, empty if it is none of ours."""
    found = _MARKER.search(content)
    return found[1] if found else ""


def records(resource: str, key: str, row: Row, bindings: Bindings, tag: str = "") -> tuple[Record, ...]:
    """The canonical records of one row; none for a tag that is not watched, a project's tag, a mail in the timeline.

    Raises ``BadAnswer`` naming record and field; ``KeyError`` for a resource that does not exist here.
    """
    me = f"{RESOURCES[resource]}:{key}"
    match resource:
        case "companies":
            return (_record("party", me, resource, key, row, company(row, me, bindings)),)
        case "people":
            return _person_records(me, resource, key, row, bindings)
        case "deals":
            owner = _customer(row, me)
            return (_record("quote", me, resource, key, row, quote(row, me, bindings), owner, "party" if owner else ""),)
        case "tags":
            return _tag_records(me, resource, key, row, tag)
        case "protocols":
            return (_record("note", me, resource, key, row, note(row, me)),) if _is_note(row, me) else ()
        case _:
            parent = id_of(row, "attachable_id") if text(row, "attachable_type", me) in ("Protocol", "") else ""
            owner = f"protocol:{parent}" if parent else ""
            return (_record("file", me, resource, key, row, file(row, me), owner, "note" if owner else ""),)


def company(row: Row, me: str, bindings: Bindings) -> Party:
    """A company. One without a name cannot be told apart from another, so it is refused here."""
    name = text(row, "name", me)
    if not name:
        raise bad(me, "name", row.get("name"), "missing-field")
    return Party(
        type="company",
        name=name,
        note=text(row, "background", me),
        email=_value(row, "email", me),
        phone=_value(row, "phone", me),
        mobile=_value(row, "mobile", me),
        fax=_value(row, "fax", me),
        website=_value(row, "website", me),
        address=postal(choose.address(row, "company", me), me),
        tags=_tags(row, me),
        **_bound(row, "Company", me, bindings),
    )


def person(row: Row, me: str, bindings: Bindings) -> Party:
    """A person as a customer on their own. ``name`` is the last name."""
    name, first_name = text(row, "name", me), text(row, "first_name", me)
    if not (name or first_name):
        raise bad(me, "name", row.get("name"), "missing-field")
    return Party(
        type="person",
        name=name,
        first_name=first_name,
        salutation=salutation(row.get("gender")),
        title=text(row, "title", me),
        note=text(row, "background", me),
        email=_value(row, "email", me),
        phone=_value(row, "phone", me),
        mobile=_value(row, "mobile", me),
        fax=_value(row, "fax", me),
        website=_value(row, "website", me),
        address=postal(choose.address(row, "person", me), me),
        tags=_tags(row, me),
        **_bound(row, "Person", me, bindings),
    )


def quote(row: Row, me: str, bindings: Bindings) -> Document:
    """A deal: one amount, no lines, no tax. Whether the amount is net or gross nobody says. Its description is internal and stays here."""
    currency = text(row, "currency", me).upper() or "EUR"
    if currency not in CURRENCIES:
        raise bad(me, "currency", row.get("currency"), "unknown-currency")
    value_type = text(row, "value_type", me)
    once = value_type in ("", "total")
    first = _first_person(row, me)
    return Document(
        type_code=QUOTATION,
        title=text(row, "name", me),
        currency=currency,
        basis="unknown",
        lines=NotGiven(),
        value=amount(row, "value", me),
        # The count belongs to hours, days and months only; of a total it is left over from an earlier choice.
        quantity=None if once else amount(row, "value_count", me),
        unit="" if once else UNITS.get(value_type, value_type),
        due=day(row, "target_date", me),
        stage="issued",
        answer=ANSWERS.get(text(row, "current_state", me), "open"),
        contact=first if _company_id(row) else "",
        reference=_bound(row, "Deal", me, bindings).get("reference", ""),
    )


def note(row: Row, me: str) -> Note:
    """A note; most specific first it is about deals, people, companies."""
    content = text(row, "content", me)
    about = tuple(f"{singular}:{one}" for singular in _ABOUT for one in ids(row, f"{singular}_ids") or _one(row, f"{singular}_id"))
    return Note(title=text(row, "name", me), text=content, about=about, reference=reference_in(content))


_ABOUT = ("deal", "person", "company")


def _one(row: Row, field_name: str) -> tuple[str, ...]:
    found = id_of(row, field_name)
    return (found,) if found else ()


def file(row: Row, me: str) -> File:
    """An attachment; ``sha256`` is known only where the answer brought the content along."""
    size = amount(row, "size", me)
    return File(
        name=text(row, "filename", me),
        media_type=text(row, "content_type", me),
        size=int(size) if size is not None else 0,
        sha256=text(row, "sha256", me),
    )


def postal(entry: Row | None, me: str) -> Address:
    """An address entry; the street may have several lines."""
    if entry is None:
        return NO_ADDRESS
    first, rest = street_of(entry, me)
    country = text(entry, "country_code", me).upper()
    return Address(
        line1=first,
        line2=", ".join(rest),
        postcode=text(entry, "zip", me),
        city=text(entry, "city", me),
        region=text(entry, "state_code", me),
        country=country if len(country) == 2 and country.isalpha() else "",
    )


def street_of(entry: Row, me: str) -> tuple[str, list[str]]:
    """The first line of the street and the others that are not empty."""
    first, *rest = text(entry, "street", me).split("\n")
    return first, [line for line in rest if line]


def salutation(gender: object) -> Salutation:
    """``female_user`` and the guessed ``female_auto`` are both *mrs*; numbers of old accounts and other words say nothing."""
    return SALUTATIONS.get(gender.partition("_")[0].casefold(), "") if isinstance(gender, str) else ""


def _person_records(me: str, resource: str, key: str, row: Row, bindings: Bindings) -> tuple[Record, ...]:
    party = person(row, me, bindings)
    alone = _record("party", me, resource, key, row, party)
    held = choose.position(row, me)
    if held is None:
        return (alone,)
    contact = Contact(
        name=party.name,
        first_name=party.first_name,
        salutation=party.salutation,
        title=party.title,
        position=text(held, "name", me),
        email=party.email,
        phone=party.phone,
        mobile=party.mobile,
        fax=party.fax,
        reference=party.reference,
        tags=party.tags,
    )
    return (alone, _record("contact", me, resource, key, row, contact, f"company:{id_of(held, 'company_id')}", "party"))


def _tag_records(me: str, resource: str, key: str, row: Row, watched: str) -> tuple[Record, ...]:
    name = text(row, "name", me)
    singular, kind = OWNERS.get(text(row, "attachable_type", me), ("", None))
    owner = id_of(row, "attachable_id")
    if name != watched or kind is None or not owner:
        return ()
    return (_record("tag", me, resource, key, row, Tag(name=name), f"{singular}:{owner}", kind),)


def _record(
    kind: Kind,
    me: str,
    resource: str,
    key: str,
    row: Row,
    body: Party | Contact | Document | Note | File | Tag,
    owner: str = "",
    owner_kind: Kind | str = "",
) -> Record:
    return Record(
        kind=kind,
        key=me,
        body=body,
        resource=resource,
        resource_key=key,
        owner=owner,
        owner_kind=owner_kind,  # type: ignore[arg-type]
        created=stamp(row, "created_at"),
        changed=stamp(row, "updated_at"),
    )


def _company_id(row: Row) -> str:
    nested_company = row.get("company")
    return id_of(row, "company_id") or (id_of(nested_company) if isinstance(nested_company, dict) else "")


def _customer(row: Row, me: str) -> str:
    """Whom an offer is for: its company, else its first person, else nobody."""
    company_id = _company_id(row)
    return f"company:{company_id}" if company_id else _first_person(row, me)


def _first_person(row: Row, me: str) -> str:
    """The order of people in the answer is all the API tells about who comes first."""
    first = next((id_of(one) for one in nested(row, "people", me) if id_of(one)), "")
    return f"person:{first}" if first else ""


def _is_note(row: Row, me: str) -> bool:
    return text(row, "type", me) in ("ProtocolObjectNote", "")


def _tags(row: Row, me: str) -> tuple[str, ...]:
    return tuple(name for name in (text(t, "name", me) for t in nested(row, "tags", me)) if name)


def _value(row: Row, name: str, me: str) -> str:
    entry = choose.point(row, name, me)
    return text(entry, "name", me) if entry else ""


def _bound(row: Row, category: str, me: str, bindings: Bindings) -> dict[str, Any]:
    found = {name: choose.bound_value(row, type_id, me) for name, type_id in bindings.of(category).items()}
    return {name: text(entry, "name", me) for name, entry in found.items() if entry}
