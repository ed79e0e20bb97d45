"""No spelling of a secret survives redaction; everything a person needs to read does."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.connect.redact import Redactor
from unisono.model.secret import Secret

KEY = 'qL7/ä+w="z 9&<pX'
redact = Redactor([Secret(KEY)])


@pytest.mark.parametrize(
    "text",
    (
        f"key {KEY} is wrong",
        f"GET https://api.example.com/x?q={quote(KEY, safe='')}",
        f"GET https://api.example.com/x?q={quote_plus(KEY)}",
        "GET https://api.example.com/x?q=qL7%2f%c3%a4%2bw%3d%22z%209%26%3cpX",
        f"GET https://api.example.com/rest/1/{quote(KEY)}/profile",
        json.dumps({"sent": KEY}),
        json.dumps({"sent": KEY}, ensure_ascii=False),
        json.dumps({"sent": KEY}).replace("/", "\\/"),
        f"<p>{html.escape(KEY)}</p>",
        urlencode({"q": KEY, "x": "1"}),
        "Header " + base64.b64encode(KEY.encode()).decode(),
    ),
)
def test_a_known_secret_is_found_in_every_spelling(text: str) -> None:
    clean = redact(text)
    assert "•••" in clean
    for piece in ("qL7", "9&<pX", "9%26", "pX"):
        assert piece not in clean


@pytest.mark.parametrize("user", ("a", "ab", "abc", "buchhaltung@muster-tischlerei.de", "zoë"))
def test_a_basic_login_is_found_whoever_the_user_is(user: str) -> None:
    coded = base64.b64encode(f"{user}:{KEY}".encode()).decode()
    clean = redact(f"you sent {coded}!")
    assert "•••" in clean
    assert coded[len(user) * 4 // 3 + 6 :] not in clean


@given(st.text(min_size=8, max_size=40).filter(lambda s: s.strip() == s and s.isprintable()), st.text(max_size=30))
def test_no_secret_survives_whatever_it_is_made_of(value: str, around: str) -> None:
    told = Redactor([Secret(value)])
    for form in (value, quote(value, safe=""), json.dumps(value)[1:-1]):
        clean = told(f"{around} {form} {around}")
        assert form not in clean.replace(around, "")


@pytest.mark.parametrize(
    ("text", "clean"),
    (
        ("GET /a?api_token=abc123&page=2", "GET /a?api_token=•••&page=2"),
        ("GET /a?apikey=abc123", "GET /a?apikey=•••"),
        ("?access_token=x.y.z;token=1&Password=p%20q", "?access_token=•••;token=•••&Password=•••"),
        ("/cb?code=4711&state=9", "/cb?code=•••&state=9"),
        ('{"api_token": "a\\"bc", "name": "Key & Token GmbH"}', '{"api_token": "•••", "name": "Key & Token GmbH"}'),
        ("Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30.x", "Authorization: Bearer •••"),
        ("authorization: basic dXNlcjpwYXNzd29ydA==", "authorization: basic •••"),
    ),
)
def test_values_that_call_themselves_keys_go_even_if_nobody_knew_them(text: str, clean: str) -> None:
    assert Redactor()(text) == clean


@pytest.mark.parametrize(
    "text",
    (
        "missing / invalid field: CUSTOMER_TYPE",
        '{"ERRORS": ["Invoice Error: No draft invoice chosen."]}',
        '{"code": "invalid", "monkey": "see", "keyword": "x"}',
        "monkey=1 turnkey=2",
        "Tokenring GmbH, Schlüsselstraße 3",
        "basic training",
    ),
)
def test_a_vendors_words_stay_as_they_are(text: str) -> None:
    assert redact(text) == text


def test_a_secret_of_three_characters_does_not_take_the_text_with_it() -> None:
    assert Redactor([Secret("abc"), Secret("")])("abcdef") == "abcdef"


def test_the_longer_of_two_secrets_that_begin_alike_is_taken_whole() -> None:
    assert Redactor([Secret("abcd"), Secret("abcdefgh")])("x abcdefgh abcd") == "x ••• •••"


def test_an_excerpt_is_cut_after_redaction_not_before() -> None:
    body = ("x" * 1998 + KEY + "y" * 100).encode()
    assert redact.excerpt(body) == "x" * 1998 + "••"
    assert KEY[:4] not in redact.excerpt(("•" * 30_000 + KEY).encode())


def test_a_huge_answer_that_repeats_the_secret_shows_no_half_of_it_at_the_cut() -> None:
    clean = Redactor([Secret("S3CR3T-" * 20)]).excerpt(b"S3CR3T-" * 20 * 1000)
    assert "S3CR3T" not in clean


def test_an_excerpt_of_bytes_that_are_no_text_can_still_be_stored() -> None:
    assert redact.excerpt(b"\xef\xbb\xbf a\x00b \xff ") == "ab �"


def test_a_redactor_prints_no_secret_and_learns_more() -> None:
    more = redact.plus(Secret("another-key"))
    assert more("another-key") == "•••"
    assert more.plus(Secret(KEY)) is more
    assert KEY not in repr(more)
