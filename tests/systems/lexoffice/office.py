"""A simulated account with the real connector to it, and connections to a service that answers as a test says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
from msgspec.structs import replace

from tests.support.clock import FakeClock
from tests.support.transport import Answering
from tests.systems.contract import Account
from tests.systems.lexoffice.test_connector_contract import KEEPING
from unisono.connect.http import Door
from unisono.connect.pace import MemoryPace
from unisono.connect.port import System
from unisono.model.document import Document
from unisono.model.record import Kind, Record
from unisono.model.secret import Secret
from unisono.model.writing import Write
from unisono.systems.catalogue import load
from unisono.systems.lexoffice import make

ID = "a09f76b5-a170-4338-b926-3059f28c105d"
OTHER = "0b3c1f0e-6a55-4a0e-9d75-1f7c2f5a9e01"
REFERENCE = "uni-contract2345672a"


def office() -> Account:
    """An account that never says *too many*, empty."""
    return Account(KEEPING.vendor)


def answering(answer: Callable[[httpx2.Request], httpx2.Response], *, window: int = 0) -> System:
    """A connection to a service that answers each call as ``answer`` says. ``window``: its queries show so few rows."""
    known, clock = load("lexoffice"), FakeClock()
    if window:
        known = replace(known, resources=tuple(replace(one, window=window) for one in known.resources))
    door = Door(transport=Answering(answer), hosts=known.hosts, pace=MemoryPace((), clock), clock=clock)
    return make(door, {"api_key": Secret("key-0123456789")}, known, {})


def saying(status: int, body: Any) -> System:
    """A connection to a service that always says the same."""
    return answering(lambda _: httpx2.Response(status, json=body))


def company(**given: Any) -> dict[str, Any]:
    """A contact's row."""
    plain = {"id": ID, "organizationId": OTHER, "version": 3, "roles": {"customer": {"number": 10001}}, "archived": False}
    return plain | {"company": {"name": "Orgelbau Pfeifer", "allowTaxFreeInvoices": False}} | given


def paper(**given: Any) -> dict[str, Any]:
    """A finished invoice's row."""
    line = {"type": "custom", "name": "Pfeife", "quantity": 2, "unitName": "Stück", "discountPercentage": 0, "lineItemAmount": 100}
    price = {"currency": "EUR", "netAmount": 50, "grossAmount": 59.5, "taxRatePercentage": 19}
    plain = {"id": ID, "version": 1, "voucherStatus": "open", "voucherNumber": "RE0001", "voucherDate": "2026-03-02T00:00:00.000+01:00"}
    plain |= {
        "createdDate": "2026-03-02T09:00:00.000+01:00",
        "updatedDate": "2026-03-02T10:00:00.000+01:00",
        "address": {"contactId": OTHER},
    }
    plain |= {"lineItems": [line | {"unitPrice": price}], "taxConditions": {"taxType": "net"}, "title": "Rechnung"}
    total = {"currency": "EUR", "totalNetAmount": 100, "totalGrossAmount": 119, "totalTaxAmount": 19}
    return plain | {"totalPrice": total} | given


def contact_row(account: Account, key: str) -> dict[str, Any]:
    """A contact as the service keeps it."""
    row: dict[str, Any] = next(row for row in account.simulator.truth()["contacts"] if row["id"] == key)
    return row


def create(kind: Kind, body: Any, owner: str = "") -> Write:
    return Write(operation="create", side="b", kind=kind, body=body, owner=owner, reference=REFERENCE)


def change(kind: Kind, key: str, **changes: str) -> Write:
    return Write(operation="change", side="b", kind=kind, key=key, changes={name.replace("__", "."): v for name, v in changes.items()})


def body_of(record: Record) -> Document:
    assert isinstance(record.body, Document)
    return record.body
