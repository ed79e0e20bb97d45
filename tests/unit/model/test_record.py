"""Records: what they are recognised by and how a person knows them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from unisono.model.document import Document, File, Note, Tag
from unisono.model.party import Address, Contact, Party
from unisono.model.record import Body, Kind, MatchKeys, Record, flat_of, label_of, match_keys, other


def record(body: Body, kind: Kind = "party", key: str = "42") -> Record:
    return Record(kind=kind, key=key, body=body, resource="r", resource_key=key)


def test_sides_are_opposite() -> None:
    assert (other("a"), other("b")) == ("b", "a")


def test_a_party_is_recognised_in_one_spelling() -> None:
    loud = Party(
        type="company",
        name="MÜLLER & Söhne",
        number=" K-7 ",
        tax_id="136 695 976",
        email=" Info@Mueller.EXAMPLE ",
        address=Address(postcode="10115 ", country="DE"),
        reference="uni-abcdefgh23456722",
    )
    quiet = Party(
        type="company",
        name="Müller Söhne",
        number="K-7",
        tax_id="DE136695976",
        email="info@mueller.example",
        address=Address(postcode="10115"),
    )
    keys = match_keys(record(loud))
    assert keys == MatchKeys("uni-abcdefgh23456722", "DE136695976", "K-7", "info@mueller.example", "muller sohne", "10115")
    assert match_keys(record(quiet)) == MatchKeys("", *[getattr(keys, n) for n in ("tax_id", "number", "email", "name", "postcode")])


def test_a_person_is_recognised_by_first_and_last_name() -> None:
    assert match_keys(record(Party(type="person", name="Weber", first_name="Anna"))).name == "anna weber"
    assert match_keys(record(Contact(name="Weber", first_name="Anna", email="A@B.example"), "contact")) == MatchKeys(
        email="a@b.example", name="anna weber"
    )


def test_anything_else_is_recognised_by_our_reference_alone() -> None:
    quote = Document(type_code="310", title="Roof", number="A-1", reference="uni-abcdefgh23456722")
    assert match_keys(record(quote, "quote")) == MatchKeys(reference="uni-abcdefgh23456722")
    assert match_keys(record(Tag(name="FastBill"), "tag")) == MatchKeys()


def test_only_parties_and_contacts_have_fields_to_keep_in_step() -> None:
    assert flat_of(Party(type="company", name="Keller"))["name"] == "Keller"
    assert flat_of(Contact(name="Weber"))["name"] == "Weber"
    assert flat_of(Document(type_code="380", gross=Decimal(1))) == {}


@pytest.mark.parametrize(
    ("body", "kind", "label"),
    (
        (Party(type="company", name="Keller AG"), "party", "Keller AG"),
        (Contact(name="Weber", first_name="Anna"), "contact", "Anna Weber"),
        (Document(type_code="380", number="R-1", title="Roof"), "invoice", "R-1 Roof"),
        (Note(title="Call", text="..."), "note", "Call"),
        (File(name="R-1.pdf"), "file", "R-1.pdf"),
        (Party(type="company", name=""), "party", "42"),
        (Document(type_code="310"), "quote", "42"),
    ),
)
def test_a_person_knows_a_record_by_its_name_or_number_else_by_its_key(body: Body, kind: Kind, label: str) -> None:
    assert label_of(record(body, kind)) == label
