"""A notice of Bitrix24 names a row to look at, and nothing else of it is used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from unisono.systems.bitrix24.client import encoded
from unisono.systems.bitrix24.webhook import application_token, extract

SAMPLES = Path(__file__).with_name("samples")


def sent(name: str, **fields: str) -> bytes:
    """A documented notice as it comes over the wire."""
    (notice,) = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))["responses"]
    notice["data"]["FIELDS"] |= fields
    return urlencode(encoded(notice)).encode()


@pytest.mark.parametrize(
    ("body", "hints"),
    (
        (sent("on-crm-company-update"), [("companies", "7")]),
        (sent("on-crm-deal-add"), [("deals", "7")]),
        (sent("on-crm-quote-update"), [("quotes", "7")]),
        (sent("on-crm-dynamic-item-add"), []),
        (sent("on-crm-dynamic-item-add", ENTITY_TYPE_ID="31"), [("invoices", "7")]),
        (b"event=ONCRMDYNAMICITEMUPDATE_31&data[FIELDS][ID]=8", [("invoices", "8")]),
        (b"event=onCrmContactDelete&data%5BFIELDS%5D%5BID%5D=8", [("contacts", "8")]),
        (b"event=ONCRMTIMELINECOMMENTADD&data[ID]=9", [("comments", "9")]),
        (sent("on-crm-requisite-update"), []),
        (b"event=ONCRMLEADADD&data[FIELDS][ID]=8", []),
        (b"event=ONCRMCOMPANYADD&data[FIELDS][ID]=8;drop", []),
        (b'{"event":"ONCRMCOMPANYADD"}', []),
        (b"", []),
        (b"\xff\xfe", []),
        (b"&".join(b"a%d=1" % n for n in range(1000)), []),
    ),
)
def test_a_notice_names_its_row(body: bytes, hints: list[Any]) -> None:
    assert extract(body) == hints


def test_the_token_of_the_portal_is_read_from_the_form() -> None:
    assert application_token(sent("on-crm-company-update")) == "Probe"
    assert application_token(b"event=x") == ""
