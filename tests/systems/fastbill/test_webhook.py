"""FastBill's notices name a row to look at, and nothing else of them is used."""

from __future__ import annotations

import pytest

from unisono.systems.fastbill.webhook import extract


def test_a_notice_names_its_row_and_not_itself() -> None:
    body = b'{"id":9001,"type":"invoice.completed","created":"2026-06-20 16:00:00","invoice":{"invoice_id":77,"invoice_number":"2026-101"}}'

    assert extract(body) == [("invoice", "77")]


def test_the_case_of_names_does_not_count() -> None:
    assert extract(b'{"ID":1,"TYPE":"customer.updated","Customer":{"CUSTOMER_ID":"4711"}}') == [("customer", "4711")]


def test_a_contact_is_named_by_its_own_id_not_by_its_customers() -> None:
    assert extract(b'{"type":"contact.created","contact":{"customer_id":"4711","contact_id":"55"}}') == [("contact", "55")]


@pytest.mark.parametrize(
    "body",
    (
        b"",
        b"<html>",
        b"[]",
        b"null",
        b'{"type":"invoice.completed"}',
        b'{"invoice":[]}',
        b'{"invoice":{"invoice_id":"77 OR 1=1"}}',
        b'{"invoice":{"invoice_id":{}}}',
        b'{"revenue":{"invoice_id":77}}',
        b"[" * 100_000,
        b'{"invoice":{"invoice_id":"\xff"}}',
    ),
)
def test_anything_else_names_nothing(body: bytes) -> None:
    assert extract(body) == []
