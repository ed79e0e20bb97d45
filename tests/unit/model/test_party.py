"""Parties and contacts as fields and back."""

from __future__ import annotations

from hypothesis import given, settings
from msgspec.structs import replace

from tests.unit.model.values import contacts, parties
from unisono.model.party import CONTACT_FIELDS, PARTY_FIELDS, Address, Contact, Party, contact_of, flat_contact, flat_party, party_of

few = settings(max_examples=50)


@few
@given(parties)
def test_a_party_comes_back_from_its_fields(party: Party) -> None:
    flat = flat_party(party)
    assert set(flat) == set(PARTY_FIELDS)
    assert party_of(flat, reference=party.reference) == replace(party, tags=())


@few
@given(contacts)
def test_a_contact_comes_back_from_its_fields(contact: Contact) -> None:
    flat = flat_contact(contact)
    assert set(flat) == set(CONTACT_FIELDS)
    assert contact_of(flat, reference=contact.reference) == contact


def test_missing_and_unknown_fields_leave_a_party_empty_there() -> None:
    before = {"name": "Keller", "address.city": "Bonn", "shoe_size": "44", "salutation": "majesty", "type": "robot"}
    assert party_of(before) == Party(type="company", name="Keller", address=Address(city="Bonn"))
    assert contact_of({"name": "Weber", "salutation": "mrs"}) == Contact(name="Weber", salutation="mrs")


def test_tags_and_our_reference_are_not_kept_in_step() -> None:
    plain = Party(type="person", name="Weber")
    assert flat_party(replace(plain, tags=("FastBill",), reference="uni-abcdefgh23456722")) == flat_party(plain)
