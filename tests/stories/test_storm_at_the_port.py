"""What the storm found between two invented vendors, told with the real pair: each as the few steps that mattered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.stories.folk import company, company_names, customer, customer_named, customer_names, customers, deal_of, employee, estimates
from tests.support.clock import FakeClock
from tests.support.village import Village
from unisono.connect.wire import Hearer, Request, Transport
from unisono.store import asking, pairs
from unisono.store.backup import back_up, restore


@dataclass(slots=True)
class Slow:
    """Every call takes four seconds. The first one that makes a customer is turned away: *too many calls, again in a second*."""

    inner: Transport
    clock: FakeClock
    turned_away: int = 0

    def carry(self, request: Request, hearer: Hearer) -> None:
        """Carries a call, or turns it away."""
        self.clock.advance(4)
        if not self.turned_away and b"customer.create" in (request.content or b""):
            self.turned_away += 1
            hearer.head(429, {"retry-after": "1", "content-type": "text/html"})
            hearer.piece(b"<html>too many</html>")
        else:
            self.inner.carry(request, hearer)

    def close(self) -> None:
        """Nothing is kept open."""


def slow(v: Village) -> Slow:
    """Both systems are slow from now on; returns the way to FastBill."""
    inner = v.house.transports
    ways = {name: Slow(reached, v.clock) for name in ("centralstation", "fastbill") if (reached := inner(name)) is not None}
    v.house.transports = ways.get
    for connection in (v.a, v.b):
        v.house.forget_system(connection)
    return ways["fastbill"]


def test_a_side_whose_patience_is_over_in_mid_cycle_does_not_hold_the_cycle_up_for_ever(v: Village) -> None:
    deal_of(v, company(v, name="Sonne GmbH"))
    customer(v, ORGANIZATION="Mond GmbH", FIRST_NAME="Nora", LAST_NAME="Nagel")
    way = slow(v)
    v.clock.advance(300)
    first = v.cycle()
    assert (first.writes, customer_names(v), way.turned_away) == (2, ["Mond GmbH"], 1), "the cycle ended; the other side was written"
    v.sync()
    assert customer_names(v) == ["Mond GmbH", "Sonne GmbH"]
    assert company_names(v) == ["Mond GmbH", "Sonne GmbH"]
    assert v.problems() == []


def test_a_person_made_and_tagged_while_the_lists_are_read_takes_their_company_along(v: Village) -> None:
    sun = company(v, name="Sonne GmbH")
    v.sync()
    assert customer_names(v) == []

    def step(name: str) -> None:
        if name == "pulled-people":
            v.house.step = lambda _name: None
            emil = employee(v, "Emil", "Ehlers", sun)
            v.crm_act("tag", kind="person", id=str(emil), name="FastBill")

    v.house.step = step
    v.sync()
    v.sync()
    assert customer_names(v) == ["Sonne GmbH"]


def unsure(v: Village) -> bool:
    """Whether the pair still looks for what it made since its backup."""
    with v.house.store.read() as conn:
        return pairs.get_pair(conn, v.pair).unsure


def restored_with_an_unread_row(v: Village, folder: Path) -> int:
    """A customer made since the backup was edited on both sides; its row in FastBill cannot be read just then. Returns its key."""
    back_up(v.house.store, folder / "yesterday.db", v.clock.now())
    sun = company(v, name="Sonne GmbH", email="", phone="")
    deal_of(v, sun, "Leuchtschild")
    v.sync()
    key = int(customer_named(v, "Sonne GmbH")["CUSTOMER_ID"])
    v.crm_act("edit_company", id=str(sun), street="Weg 1")
    v.books_act("edit_customer", ID=str(key), ADDRESS="Gasse 2")
    restore(v.house.store, folder / "yesterday.db")
    v.books.world.storage.table("customers")[key]["CUSTOMER_TYPE"] = "alien"
    v.clock.advance(300)
    v.cycle(whole=True)
    return key


def test_a_restored_pair_makes_nobody_anew_while_a_row_cannot_be_read(v: Village, tmp_path: Path) -> None:
    key = restored_with_an_unread_row(v, tmp_path)
    assert (len(customers(v)), unsure(v)) == (1, True), "the unread row may be the very customer"
    v.books.world.storage.table("customers")[key]["CUSTOMER_TYPE"] = "business"
    v.clock.advance(300)
    v.cycle(whole=True)
    v.sync()
    assert len(customers(v)) == 1
    assert [(q.code, q.values["other"]) for q in v.questions()] == [("same-customer", "Sonne GmbH")]


def test_a_person_who_says_the_unread_row_does_not_matter_lets_the_restored_pair_go_on(v: Village, tmp_path: Path) -> None:
    restored_with_an_unread_row(v, tmp_path)
    before = len(customers(v))
    (problem,) = v.problems()
    with v.house.store.write() as conn:
        asking.dismiss(conn, problem.id)
    v.clock.advance(300)
    v.cycle(whole=True)
    v.sync()
    assert (before, len(customers(v)), unsure(v)) == (1, 2, False)


def test_with_every_row_read_an_edited_customer_is_asked_about_at_once(v: Village, tmp_path: Path) -> None:
    customer(v, ORGANIZATION="Mond GmbH")
    v.sync()
    restored_with_an_unread_row(v, tmp_path)
    assert company_names(v) == ["Mond GmbH", "Sonne GmbH"], "the other side goes on"
    assert len(estimates(v)) == 1


def test_who_was_asked_about_by_a_restored_pair_is_not_made_anew_for_being_edited_before_the_answer(v: Village, tmp_path: Path) -> None:
    """They have the name and the postcode in common, then neither any more, and the pair knows all of its writes by then."""
    key = restored_with_an_unread_row(v, tmp_path)
    v.books.world.storage.table("customers")[key]["CUSTOMER_TYPE"] = "business"
    v.clock.advance(300)
    v.cycle(whole=True)
    v.sync()
    assert (unsure(v), [(q.code, q.values["rule"]) for q in v.questions()]) == (False, [("same-customer", "name_postcode")])
    v.crm_act("edit_company", id=str(v.crm.truth()["companies"][0]["id"]), name="Sonne Nord GmbH", zip="20001")
    v.books_act("edit_customer", ID=str(key), ORGANIZATION="Sonne Süd GmbH", ZIPCODE="20002")
    v.sync()
    v.sync()
    assert (len(customers(v)), len(v.crm.truth()["companies"])) == (1, 1)
    (asked,) = v.questions()
    assert (asked.code, asked.options) == ("same-customer", ("same", "different", "later"))


@pytest.mark.parametrize("moment", ("changes-taken", "prepared", "intended"))
def test_what_is_typed_into_another_field_of_a_record_right_before_it_is_written_goes_across(v: Village, moment: str) -> None:
    """Ours is the city; the CRM's user corrects the telephone number before it is written, and the look after it shows both."""
    sun = company(v, name="Sonne GmbH", phone="030 1234")
    deal_of(v, sun)
    v.sync()
    v.books_act("edit_customer", ID=str(customer_named(v, "Sonne GmbH")["CUSTOMER_ID"]), CITY="Potsdam")

    def step(name: str) -> None:
        if name == moment:
            v.house.step = lambda _name: None
            v.crm_act("edit_company", id=str(sun), phone="030 9999")

    v.house.step = step
    v.sync()
    v.sync()
    assert v.crm.truth()["companies"][0]["addrs"][0]["city"] == "Potsdam"
    assert customer_named(v, "Sonne GmbH")["PHONE"] == "030 9999"


def test_whom_a_person_named_as_the_same_is_linked_although_nothing_is_alike_any_more(v: Village) -> None:
    sun = company(v, name="Sonne GmbH", email="", phone="")
    there = customer(v, ORGANIZATION="Sonne GmbH", ADDRESS="Weg 7", ZIPCODE="12345", CITY="Berlin")
    deal_of(v, sun)
    v.sync()
    (asked,) = v.questions()
    assert (asked.code, asked.values["rule"]) == ("same-customer", "name_postcode")
    v.answer(asked, "same")
    v.crm_act("edit_company", id=str(sun), name="Sonne Nord GmbH", zip="20001")
    v.books_act("edit_customer", ID=str(there), ORGANIZATION="Sonne Süd GmbH", ZIPCODE="20002")
    v.sync()
    assert (len(customers(v)), len(v.crm.truth()["companies"]), v.link_count()["party"]) == (1, 1, 1)
    assert {q.values["field"] for q in v.questions() if q.code == "conflict"} == {"name", "address.line1", "address.postcode"}
