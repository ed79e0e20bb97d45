"""What a client may learn from an answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.support.clock import START
from unisono.connect.redact import Redactor
from unisono.connect.reply import Reply, http_date, retry_at
from unisono.model.errors import BadAnswer, Refused, SystemFault, Unclear
from unisono.model.secret import Secret

LOGIN_PAGE = b"\xef\xbb\xbf\n <!DOCTYPE html><title>Anmelden</title>"


def reply(body: bytes, status: int = 200, *, write: bool = False) -> Reply:
    return Reply(status, {"content-type": "application/json"}, body, write, "GET api.example.com/x", Redactor([Secret("s3cr3t-key")]))


def test_numbers_in_an_answer_are_exact() -> None:
    assert reply(b'{"TOTAL": 1190.10}').json() == {"TOTAL": Decimal("1190.10")}


@pytest.mark.parametrize(
    ("body", "code"),
    (
        (LOGIN_PAGE, "html-instead-of-json"),
        (b"<?xml version='1.0'?><FBAPI/>", "html-instead-of-json"),
        (b'[{"id": 1}, {"id"', "torn-json"),
        (b"", "torn-json"),
        (b'{"a": "M\xfcller"}', "not-utf8"),
    ),
)
@pytest.mark.parametrize(
    ("write", "status", "fault"),
    (
        (False, 200, BadAnswer),
        (False, 404, BadAnswer),
        (True, 200, Unclear),
        (True, 422, Refused),
        (True, 503, Refused),
    ),
)
def test_what_is_no_data_is_never_read_as_empty(body: bytes, code: str, write: bool, status: int, fault: type[SystemFault]) -> None:
    with pytest.raises(fault) as caught:
        reply(body, status, write=write).json()
    assert caught.value.code == code
    assert caught.value.values["call"] == "GET api.example.com/x"
    assert caught.value.values["status"] == str(status)


def test_an_error_keeps_the_vendors_words_without_our_key() -> None:
    with pytest.raises(BadAnswer) as caught:
        reply(b"<html>bad key s3cr3t-key</html>").json()
    assert caught.value.raw == "<html>bad key •••</html>"
    assert reply(b"Unknown: s3cr3t-key").excerpt() == "Unknown: •••"


def test_a_reply_prints_neither_body_nor_headers() -> None:
    shown = repr(reply(b'{"name": "Musterfrau"}'))
    assert "Musterfrau" not in shown
    assert "content-type" not in shown


def test_text_is_read_as_utf8_whatever_the_header_says() -> None:
    assert reply("\ufeffGrüße".encode()).text() == "Grüße"


@pytest.mark.parametrize(
    ("text", "moment"),
    (
        ("Mon, 02 Mar 2026 09:00:00 GMT", START),
        ("Mon, 02 Mar 2026 10:00:00 +0100", START),
        ("Monday, 02-Mar-26 09:00:00 GMT", START),
        ("Mon Mar  2 09:00:00 2026", START),
        ("", None),
        ("yesterday", None),
        ("Mon, 99 Mar 2026 09:00:00 GMT", None),
    ),
)
def test_the_vendors_clock_is_read_in_every_usual_form(text: str, moment: datetime | None) -> None:
    assert http_date(text) == moment
    assert Reply(200, {"date": text}, b"").server_time() == moment


@pytest.mark.parametrize(
    ("headers", "seconds"),
    (
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "Mon, 02 Mar 2026 09:02:00 GMT"}, 120),
        # The vendor's clock is three hours ahead; it means two minutes all the same.
        ({"retry-after": "Mon, 02 Mar 2026 12:02:00 GMT", "date": "Mon, 02 Mar 2026 12:00:00 GMT"}, 120),
        ({"retry-after": "999999999"}, 86_400),
        ({"retry-after": "-5"}, 10),
        ({"retry-after": "soon"}, 10),
        ({"retry-after": "Mon, 02 Mar 2026 08:00:00 GMT"}, 10),
        ({}, 10),
    ),
)
def test_when_to_ask_again_is_read_in_both_forms(headers: dict[str, str], seconds: float) -> None:
    assert retry_at(headers, START, 10) == START + timedelta(seconds=seconds)


def test_without_a_time_told_and_none_assumed_there_is_none() -> None:
    assert retry_at({}, datetime(2026, 1, 1, tzinfo=UTC), None) is None
