"""A change that was carried over, and reading it back failed: nobody has seen what became of it until somebody looks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.stories.folk import choose, companies, company, count, customers, deal_of
from tests.stories.test_l_customers import act
from tests.stories.test_l_customers import customer as customer_there
from tests.stories.test_l_customers import village as second
from tests.support.village import Village
from unisono.connect.wire import Hearer, Request, Transport
from unisono.model.errors import Unavailable


@dataclass(slots=True)
class Silent:
    """Once a customer was changed, no question about customers is answered until ``speaks``."""

    inner: Transport
    speaks: bool = False
    changed: bool = False

    def carry(self, request: Request, hearer: Hearer) -> None:
        """Carries a call, or finds no connection."""
        content = request.content if isinstance(request.content, bytes) else b""
        if self.changed and not self.speaks and b"customer.get" in content:
            raise Unavailable("no-connection", {"call": "customer.get"})
        self.inner.carry(request, hearer)
        self.changed = self.changed or b"customer.update" in content

    def close(self) -> None:
        """Nothing is kept open."""


@pytest.fixture
def way(v: Village) -> Silent:
    """A customer in step on both sides, in Berlin; the CRM's user typed Potsdam, which was carried over and could not be read back."""
    sun = company(v, city="Berlin")
    deal_of(v, sun)
    v.sync()
    inner = v.house.transports
    books = inner("fastbill")
    assert books is not None
    way = Silent(books)
    v.house.transports = lambda name: way if name == "fastbill" else inner(name)
    v.house.forget_system(v.b)
    in_the_crm(v, "Potsdam")
    v.clock.advance(300)
    v.cycle()
    assert (cities(v), way.changed) == (("Potsdam", "Potsdam"), True)
    return way


def in_the_crm(v: Village, city: str) -> None:
    """The CRM's user types a city."""
    v.crm_act("edit_company", id=str(companies(v)[0]["id"]), city=city)


def in_the_books(v: Village, city: str) -> None:
    """FastBill's user types one."""
    v.books_act("edit_customer", ID=customers(v)[0]["CUSTOMER_ID"], CITY=city)


def cities(v: Village) -> tuple[str, str]:
    """The customer's city in the CRM and in FastBill."""
    return companies(v)[0]["addrs"][0]["city"], customers(v)[0]["CITY"]


@pytest.mark.parametrize("wins", ("ask", "crm", "invoicing"))
@pytest.mark.parametrize("at_once", (True, False))
def test_who_takes_the_change_back_before_anybody_looked_is_followed(v: Village, way: Silent, wins: str, at_once: bool) -> None:
    """Whether FastBill can be read again by then, or its old picture shows the very city that was typed."""
    choose(v, f"customers.wins={wins}")
    in_the_crm(v, "Berlin")
    way.speaks = at_once
    v.sync()
    way.speaks = True
    v.sync()
    v.sync()
    assert cities(v) == ("Berlin", "Berlin")
    assert v.questions() == []
    assert [call for call in v.writes("a") if "compan" in call] == [], "nothing of it looked like an edit in FastBill"


def test_who_corrects_the_change_over_there_before_anybody_looked_is_followed(v: Village, way: Silent) -> None:
    choose(v, "customers.wins=crm")
    in_the_books(v, "Hamburg")
    way.speaks = True
    v.sync()
    v.sync()
    assert cities(v) == ("Hamburg", "Hamburg")
    assert v.questions() == []
    assert count(v, "b", "customer.update") == 1


def test_two_different_edits_since_are_rivals(v: Village, way: Silent) -> None:
    in_the_crm(v, "Bonn")
    in_the_books(v, "Hamburg")
    way.speaks = True
    v.sync()
    v.sync()
    (asked,) = v.questions()
    assert (asked.values["crm"], asked.values["invoicing"]) == ("Bonn", "Hamburg")
    assert cities(v) == ("Bonn", "Hamburg")


def test_nothing_is_written_while_nobody_edits(v: Village, way: Silent) -> None:
    way.speaks = True
    before = (v.writes("a"), v.writes("b"))
    v.sync()
    v.sync()
    assert (v.writes("a"), v.writes("b"), v.questions()) == (*before, [])


def test_a_contact_whose_company_was_taken_from_it_before_its_lost_create_was_looked_for_is_found(tmp_path: Path) -> None:
    """It shows as a person of its own then, with our reference: it is not made a second time."""
    v = second(tmp_path, "bitrix24")
    v.sync()
    v.release()
    v.clock.advance(60)
    hoff = customer_there(v)
    v.sync()
    (there,) = v.crm.truth()["companies"]
    act(v, "edit_contact", id=hoff, contact_first_name="Max", contact_last_name="Mustermann")
    v.crm.world.faults.arm("status-after", "crm.item.add", value=500)
    v.clock.advance(300)
    v.cycle()
    (person,) = v.crm.truth()["contacts"]

    v.crm_act("unlink_contact", contact_id=person["ID"], company_id=there["ID"])
    for _ in range(4):
        v.sync(60)

    assert [row["ID"] for row in v.crm.truth()["contacts"]] == [person["ID"]]
    assert [row["target"] for row in v.journal() if row["kind"] == "contact"] == [f"contact:{person['ID']}"]
    assert v.problems() == []
