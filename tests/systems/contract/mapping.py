"""Rows as records: every row of the vendor's realistic firm, and any row with one member spoilt."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from tests.systems.contract.account import Account
from unisono.connect.port import Raw
from unisono.model.errors import BadAnswer
from unisono.model.record import Record

DIRT: tuple[Any, ...] = (
    None,
    "",
    "x" * 300,
    "0000-00-00",
    -1,
    12.5,
    10**30,
    True,
    [],
    {},
    [[]],
    {"0": {}},
    ["a"],
    [None],
    {"a": 1},
    "\x00",
)


def listed(account: Account) -> list[Raw]:
    """Every row of a firm that has at least one of each."""
    account.seed()
    resources = [r.name for r in account.vendor.capabilities.resources if r.listed]
    for resource in resources:
        account.row(resource)
    return [row for resource in resources for row in account.all(resource)]


class Mapping:
    def test_every_row_of_the_firm_is_read_and_led_back_to(self, account: Account) -> None:
        rows = listed(account)
        calls = len(account.wire.sent)
        found: dict[tuple[str, str], Record] = {}
        for raw in rows:
            records = account.system.records(raw)
            assert records == account.system.records(raw), "reading a row is not pure"
            for record in records:
                assert (record.kind, record.key) not in found, f"two {record.kind} are called {record.key}"
                found[record.kind, record.key] = record
                assert (record.resource, record.resource_key) == (raw.resource, raw.key)
                assert account.system.locate(record.kind, record.key) == (raw.resource, raw.key)

        assert len(account.wire.sent) == calls, "reading a row asks nobody"
        assert {r.name for r in account.vendor.capabilities.resources if r.listed} == {record.resource for record in found.values()}
        orphans = [r for r in found.values() if r.owner and (r.owner_kind, r.owner) not in found]
        assert orphans == [], "an owner that is nowhere listed"
        kinds = {kind for r in account.vendor.capabilities.resources if r.listed for kind in r.kinds}
        assert {record.kind for record in found.values()} == kinds

    def test_a_row_with_one_spoilt_member_is_read_or_refused_by_name(self, account: Account, resource: str) -> None:
        account.row(resource)
        (raw, *_) = account.all(resource)
        row = json.loads(raw.body, parse_float=Decimal)
        read, refused = 0, []
        for name in row:
            for dirt in DIRT:
                spoilt = Raw(resource, raw.key, json.dumps(row | {name: dirt}, default=str).encode())
                try:
                    account.system.records(spoilt)
                    read += 1
                except BadAnswer as fault:
                    refused.append(fault)
        assert read
        assert refused
        assert [fault for fault in refused if not fault.values.get("record")] == []

    def test_what_is_no_row_at_all_is_refused(self, account: Account, resource: str) -> None:
        for body in (b"", b"null", b"[]", b'"x"', b"{", b"\xff\xfe", b"[" * 5000):
            try:
                found = account.system.records(Raw(resource, "1", body))
            except BadAnswer:
                continue
            raise AssertionError(f"{body[:20]!r} was read as {found}")
