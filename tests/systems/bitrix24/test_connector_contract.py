"""Bitrix24 keeps the contract of all systems."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.systems.contract import Account, Vendor, contract
from tests.systems.contract.account import CANARY
from tests.systems.contract.bodies import create, delete

API = "https://muster.bitrix24.de/rest"


def company(account: Account, n: int) -> str:
    values = {
        "phone": "1",
        "vat_id": "DE1",
        "city": "Ulm",
        "country": "Deutschland",
        "street": "Weg 1",
        "comments": "Vermerk",
        "uf_crm_unisono": "Y",
    }
    return account.act("create_company", title=f"Firma {n}", email=f"a{n}@firma.example", web="https://firma.example", **values)


def person(account: Account, n: int) -> str:
    return account.act(
        "create_contact", name="Uli", last_name=f"Mensch {n}", company_id=account.row("companies", n), post="Chef", uf_crm_unisono="Y"
    )


def comment(account: Account, n: int) -> str:
    return account.act("comment", kind="company", id=account.row("companies", n), text="Bitte anrufen")


def attachment(account: Account, _: int) -> str:
    with TemporaryDirectory() as folder:
        return account.do(create(account, "file", Path(folder))).partition(":")[2]


def paper(what: str, account: Account, n: int) -> str:
    return account.act(f"create_{what}", title=f"Beleg {n}", company_id=account.row("companies", n), items="Regal; 2; 119,00; 19")


EXACT = (
    ("1", "0.01", "19"),
    ("3", "33.33", "7"),
    ("2.5", "99.90", "19"),
    ("1", "99999999.99", "19"),
    ("1.0051", "10", "19"),
    ("0.01", "0.5", "0"),
    ("-1", "20", "19"),
    ("12", "1e2", "5.5"),
)
"""Lines to the last digit: gross prices of two decimals."""


class Portal(Account):
    """The secret of an incoming webhook is part of each address, by the vendor's design: what is watched is that it stands nowhere else there.

    A batch is one write, whatever it holds: its commands are logged one by one, between two calls of ours.
    """

    def __init__(self, vendor: Vendor, **given: Any) -> None:
        super().__init__(vendor, **given)
        for kind in ("company", "contact"):
            self.act("make_field", kind=kind, name="UNISONO", type="boolean")

    def writes(self) -> int:
        return len({self._sent_before(call.seq) for call in self.world.log.writes()})

    def _sent_before(self, seq: int) -> int:
        return next((outer.seq for outer in self.world.log.calls if outer.seq >= seq and outer.method != "BATCH"), 0)


KEEPING: Any = contract(
    Vendor(
        name="bitrix24",
        login={"portal": "asked_portal", "webhook": "webhook_secret"},
        unlimited={"plan": "none", "operating_limit": None},
        limited={"plan": "professional", "operating_limit": None},
        settings={"api": API, "presets": {"company": 1, "person": 3}, "tag_field": "UF_CRM_UNISONO"},
        make={
            "companies": company,
            "contacts": person,
            "deals": lambda account, n: paper("deal", account, n),
            "quotes": lambda account, n: paper("quote", account, n),
            "invoices": lambda account, n: paper("invoice", account, n),
            "products": lambda account, n: account.act("create_product", name=f"Ware {n}", price="12.50", xml_id=f"W-{n}"),
            "comments": comment,
            "files": attachment,
        },
        drop={
            "companies": lambda account, key: account.act("delete_company", id=key),
            "contacts": lambda account, key: account.act("delete_contact", id=key),
            "deals": lambda account, key: account.act("delete_deal", id=key),
            "quotes": lambda account, key: account.act("delete_quote", id=key),
            "invoices": lambda account, key: account.act("delete_invoice", id=key),
            "products": lambda account, key: account.act("delete_product", id=key),
            "comments": lambda account, key: account.do(delete(account, "note", f"comment:{key}")),
            "files": lambda account, key: account.do(delete(account, "file", f"file:{key}")),
        },
        priced=lambda account, amount: ("quote", f"deal:{account.act('create_deal', title='Kran', amount=amount)}"),
        exact=EXACT,
        too_fine=(("1.00001", "100", "19", "lines.quantity"), ("1", "1", "5.555", "lines.vat_rate")),
        follows=frozenset({"DATE_MODIFY", "MODIFY_BY_ID"}),
    )
)


class TestContract(KEEPING):
    def _watched(self, caplog: pytest.LogCaptureFixture, *, limited: bool = False, bound: bool = False) -> Iterator[Account]:
        caplog.set_level(logging.DEBUG)
        account = Portal(self.vendor, limited=limited, bound=bound)
        yield account
        ours = [sent.replace(f"{API}/1/{CANARY}/", f"{API}/") for sent in account.wire.sent]
        logged = [f"{call.path}?{call.query}" for call in account.world.log.calls]
        assert [address for address in (*ours, *logged) if CANARY in address] == [], "the key stands elsewhere in an address"
        assert CANARY not in caplog.text, "the key was logged"
