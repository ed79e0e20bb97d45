"""JSON in and out without losing a digit, and without one odd record costing a page."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.connect.exact import decode, encode
from unisono.model.secret import Secret


@pytest.mark.parametrize(
    ("body", "value"),
    (
        (b'{"net": 81.30}', {"net": Decimal("81.30")}),
        (b"[0.1, 1e2, -0.00, 1190]", [Decimal("0.1"), Decimal("1E+2"), Decimal("-0.00"), 1190]),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (b'\xef\xbb\xbf{"a": "\xc3\xa4"}', {"a": "ä"}),
        (rb'["\ud83d\ude00", "\ud800 alone", "\udc00"]', ["😀", "� alone", "�"]),
        (b'["a\x01b", "tab\there"]', ["a\x01b", "tab\there"]),
        (b" null \n", None),
    ),
)
def test_what_a_vendor_wrote_is_what_is_read(body: bytes, value: Any) -> None:
    read = decode(body)
    assert read == value
    assert [str(v) for v in read] == [str(v) for v in value] if isinstance(value, list) else str(read) == str(value)


@pytest.mark.parametrize(
    "body",
    (
        b"",
        b"{",
        b'{"a": 1',
        b'{"a": 1}}',
        b"[1,]",
        b"NaN",
        b"[NaN\n]",
        b"[Infinity\n]",
        b"'a'",
        b"[" * 100_000,
        b"[1e999999999]",
        b'["\\u12"]',
    ),
)
def test_what_is_no_json_is_an_error_and_never_an_empty_list(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode(body)


def test_another_charset_is_told_apart_from_torn_json() -> None:
    with pytest.raises(UnicodeDecodeError):
        decode('{"a": "Müller"}'.encode("latin-1"))


def test_amounts_leave_as_plain_numbers_and_secrets_as_what_they_are() -> None:
    sent = encode({"UNIT_PRICE": Decimal("40.00000000"), "QUANTITY": Decimal("1E+3"), "key": Secret("s3cret"), "tags": ("ä", None, True)})
    assert sent == '{"UNIT_PRICE":40.00000000,"QUANTITY":1000,"key":"s3cret","tags":["ä",null,true]}'.encode()


@pytest.mark.parametrize("value", (1.5, [1.5], {"a": 2.0}, Decimal("NaN"), Decimal("Infinity")))
def test_a_float_or_no_number_is_refused_before_it_is_sent(value: object) -> None:
    with pytest.raises(TypeError):
        encode(value)


def test_half_a_surrogate_pair_is_refused_without_repeating_the_text() -> None:
    with pytest.raises(UnicodeEncodeError) as caught:
        encode({"name": "secret text \ud800"})
    assert caught.value.object == ""


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")) | st.decimals(-(10**12), 10**12, places=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_every_value_comes_back_as_it_left(value: Any) -> None:
    assert decode(encode(value)) == value


@given(st.binary(max_size=60) | st.text().map(lambda t: json.dumps(t).encode()))
def test_any_bytes_are_either_what_the_standard_library_reads_too_or_a_value_error(body: bytes) -> None:
    try:
        read = decode(body)
    except ValueError:
        return
    assert read == json.loads(body.removeprefix(b"\xef\xbb\xbf"), parse_float=Decimal, strict=False) or "\ufffd" in repr(read)
