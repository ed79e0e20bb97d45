"""The real engine between a simulated portal and FastBill: customers both ways, quotes on, documents back. No code of any pair is involved."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.support.clock import FakeClock
from tests.support.transport import SimTransport
from tests.support.village import TiedClock, Village
from unisono.connect.wire import Transport
from unisono.model.secret import Secret
from unisono.sandbox import bitrix24, fastbill
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.world import World
from unisono.store import pairs, secrets
from unisono.store.doors import Store
from unisono.wiring import House, add_pair, preset

HOOK = "canary4711canary4711"


def village(folder: Path) -> Village:
    """Bitrix24 and FastBill with the settings of the help article about another pair."""
    clock = FakeClock()
    crm = bitrix24.make(World(clock=TiedClock(clock), random=random.Random(1)))
    books = fastbill.make(World(clock=TiedClock(clock), random=random.Random(2)))
    crm.world.storage.settings.update({"webhook_secret": HOOK, "plan": "professional"})
    apps = {"bitrix24": application(crm), "fastbill": application(books)}

    def transport(system: str) -> Transport:
        return SimTransport(apps[system])

    store = Store.open(":memory:", least_room=0)
    ring = secrets.KeyRing(folder / "key")
    house = House(store=store, ring=ring, folder=folder, clock=clock, chance=random.Random(3), transports=transport)
    firm, a, b = house.ids.new(), house.ids.new(), house.ids.new()
    with store.write() as conn:
        pairs.add_firm(conn, firm, "Muster GmbH", "DE", "de", "Europe/Berlin", clock.now())
        pairs.add_connection(conn, a, firm, "bitrix24", "Portal", {"portal": "muster.bitrix24.de"}, {}, clock.now())
        pairs.add_connection(conn, b, firm, "fastbill", "FastBill", {"email": "buchhaltung@example.de"}, {}, clock.now())
        secrets.put_secret(conn, ring, a, "webhook", Secret(f"https://muster.bitrix24.de/rest/1/{HOOK}/"), clock.now())
        secrets.put_secret(conn, ring, b, "api_key", Secret("fb-0123456789abcdef"), clock.now())
    pair = add_pair(house, firm, "Bitrix24 - FastBill", a, b, preset("centralstation", "fastbill"))
    v = Village(house, clock, crm, books, firm, a, b, pair)
    v.sync()
    v.release()
    return v


@pytest.fixture
def v(tmp_path: Path) -> Village:
    return village(tmp_path)


def customers(v: Village) -> list[Any]:
    return list(v.books.truth()["customers"])


def companies(v: Village) -> list[Any]:
    return list(v.crm.truth()["companies"])


def quoted(v: Village) -> int:
    """A company with a quote."""
    firm = v.crm_act("create_company", title="Kranbau Riesig GmbH", email="post@kran.example", vat_id="DE136695976", street="Kai 1",
                     zip="28195", city="Bremen", country="Deutschland")  # fmt: skip
    v.crm_act("create_quote", title="Kran", company_id=str(firm), items="Kran; 2; 119,00; 19")
    return firm


def test_a_quote_brings_its_customer_with_tax_id_and_address_to_the_books(v: Village) -> None:
    quoted(v)
    assert customers(v) == []

    v.sync()

    (customer,) = customers(v)
    assert (customer["ORGANIZATION"], customer["VAT_ID"], customer["CITY"]) == ("Kranbau Riesig GmbH", "DE136695976", "Bremen")
    assert customer["COUNTRY_CODE"] == "DE"
    assert v.problems() == []
    (estimate,) = v.books.truth()["estimates"]
    assert str(estimate["CUSTOMER_ID"]) == str(customer["CUSTOMER_ID"])
    assert str(estimate["TOTAL"]).startswith("238"), estimate


def test_a_customer_of_the_books_comes_to_the_portal_with_its_requisite(v: Village) -> None:
    v.books_act("create_customer", CUSTOMER_TYPE="business", ORGANIZATION="Weidenhof GmbH", VAT_ID="DE129273398", ADDRESS="Holzweg 3",
                ZIPCODE="01099", CITY="Dresden", COUNTRY_CODE="DE", EMAIL="post@weidenhof.example")  # fmt: skip

    v.sync()

    assert [row["TITLE"] for row in companies(v)] == ["Weidenhof GmbH"]
    assert [row["RQ_VAT_ID"] for row in v.crm.truth()["requisites"]] == ["DE129273398"]
    assert [(row["CITY"], row["COUNTRY"]) for row in v.crm.truth()["addresses"]] == [("Dresden", "Deutschland")]
    assert v.problems() == []


def test_edits_go_both_ways_and_then_there_is_rest(v: Village) -> None:
    firm = quoted(v)
    v.sync()
    v.crm_act("edit_company", id=str(firm), phone="+49 421 1", vat_id="DE129273398")
    v.sync()
    (customer,) = customers(v)
    assert (customer["PHONE"], customer["VAT_ID"]) == ("+49 421 1", "DE129273398")

    v.books_act("edit_customer", CUSTOMER_ID=str(customer["CUSTOMER_ID"]), CITY="Bremerhaven")
    v.sync()
    assert [row["CITY"] for row in v.crm.truth()["addresses"]] == ["Bremerhaven"]

    before = (len(v.writes("a")), len(v.writes("b")))
    for _ in range(3):
        v.sync()
    assert (len(v.writes("a")), len(v.writes("b"))) == before
    assert v.problems() == []


def test_an_invoice_arrives_on_the_card_with_its_file(v: Village) -> None:
    quoted(v)
    v.sync()
    (customer,) = customers(v)
    made = v.books_act("create_invoice", customer_id=str(customer["CUSTOMER_ID"]), title="Rechnung", items="Kran; 1; 100; 19")
    v.books_act("complete_invoice", id=str(made))

    v.sync()
    v.sync()

    comments = v.crm.truth()["comments"]
    assert len(comments) == 2, "the note, and its file"
    assert v.problems() == []


def test_the_webhook_s_secret_stands_in_no_journal_and_no_problem(v: Village) -> None:
    quoted(v)
    v.sync()

    assert HOOK not in str(v.journal()) + str(v.problems()) + str(v.notes()) + str(v.outcomes)
