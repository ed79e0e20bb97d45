"""A notice of Bitrix24 names a row to look at, and nothing else of it is used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest

from unisono.systems.bitrix24.steps import encoded
from unisono.systems.bitrix24.webhook import bare, extract, sender, urgent

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


def test_of_a_notice_the_row_is_kept_and_none_of_the_portal_s_keys() -> None:
    whole = sent("on-crm-company-update")
    kept = bare(whole)
    assert b"access_token" in whole
    assert extract(kept) == extract(whole) == [("companies", "7")]
    told = parse_qs(kept.decode())
    assert set(told) == {"event", "data[FIELDS][ID]", "auth[member_id]", "sealed[application_token]"}
    assert b"Probe" not in kept.replace(told["auth[member_id]"][0].encode(), b""), "the token itself is not kept either"
    assert bare(b'{"event":"ONCRMCOMPANYADD"}') == b""


def test_who_sent_a_notice_is_told_by_portal_and_token() -> None:
    first, other = (sender(bare(f"event=x&auth[member_id]=m1&auth[application_token]={token}".encode())) for token in ("one", "two"))
    assert first["member"] == other["member"] == "m1"
    assert first["notices_by"] != other["notices_by"] != ""
    assert sender(bare(b"event=x")) == {"member": "", "notices_by": ""}
    forged = b"event=x&sealed[application_token]=" + first["notices_by"].encode()
    assert sender(bare(forged))["notices_by"] == "", "a hash that came in from outside is no token"


def test_that_the_app_was_taken_out_is_urgent() -> None:
    assert urgent(bare(b"event=ONAPPUNINSTALL&auth[application_token]=x"))
    assert not urgent(bare(sent("on-crm-company-update")))
