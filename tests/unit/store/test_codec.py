"""Canonical values as text and back: exact, and the same text for the same value."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.model.values import bodies, texts
from unisono.model.document import Document, Line, Lines, NotGiven, NotReadable
from unisono.model.party import Party
from unisono.model.record import Body, Kind
from unisono.model.writing import Write
from unisono.store.codec import body_from, body_text, flat_from, hash_of, text_of, value_from, write_from, write_text

few = settings(max_examples=60)


@few
@given(bodies)
def test_every_body_comes_back_as_it_was(drawn: tuple[Kind, Body]) -> None:
    kind, body = drawn
    text = body_text(body)
    again = body_from(kind, text)
    assert again == body
    assert body_text(again) == text, "the text is the same on every round: else an unchanged record would look changed"


@few
@given(bodies, st.dictionaries(texts, texts, max_size=3), texts)
def test_every_write_comes_back_from_the_journal(drawn: tuple[Kind, Body], flat: dict[str, str], key: str) -> None:
    kind, body = drawn
    create = Write(operation="create", side="b", kind=kind, body=body, owner=key, reference="uni-abcdefgh23456722")
    change = Write(operation="change", side="a", kind=kind, key=key, changes=flat, before=flat)
    assert write_from(write_text(create)) == create
    assert write_from(write_text(change)) == change


@pytest.mark.parametrize(
    "lines",
    (
        NotGiven(),
        NotReadable(),
        Lines(()),
        Lines((Line(name="Work", quantity=Decimal("1.5"), price=Decimal("0.10"), vat_rate=Decimal(19)),)),
    ),
)
def test_no_lines_hidden_lines_and_an_empty_list_stay_apart(lines: Lines | NotGiven | NotReadable) -> None:
    document = Document(type_code="380", lines=lines)
    again = body_from("invoice", body_text(document))
    assert isinstance(again, Document)
    assert again == document
    assert type(again.lines) is type(lines)


@pytest.mark.parametrize("text", ("0.10", "12345678901234567890.123456789", "-0.005", "1E+3", "40.00000000"))
def test_a_decimal_is_kept_to_the_last_written_place(text: str) -> None:
    stored = body_text(Document(type_code="380", gross=Decimal(text)))
    again = body_from("invoice", stored)
    assert isinstance(again, Document)
    assert str(again.gross) == text
    assert json.loads(stored)["gross"] == text, "never a number in JSON, which others would read as a float"


def test_a_kind_that_is_never_stored_is_refused() -> None:
    with pytest.raises(ValueError, match="stock"):
        body_from("stock", "{}")


def test_the_hash_tells_contents_and_owner_apart() -> None:
    keller = Party(type="company", name="Keller")
    assert hash_of(body_text(keller), "1") == hash_of(body_text(replace(keller)), "1")
    others = {hash_of(body_text(keller), "2"), hash_of(body_text(replace(keller, name="Kellner")), "1"), hash_of(body_text(keller), "")}
    assert len(others | {hash_of(body_text(keller), "1")}) == 4


@few
@given(st.dictionaries(texts, texts, max_size=4))
def test_a_flat_record_comes_back_in_its_order(flat: dict[str, str]) -> None:
    assert list(flat_from(text_of(flat)).items()) == list(flat.items())
    assert value_from(text_of({"n": 1, "flat": flat, "list": [True, None]})) == {"n": 1, "flat": flat, "list": [True, None]}
