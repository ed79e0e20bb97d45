"""Pulls: a mark moves only when everything before it is stored; single bad rows hold up nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.stories.folk import (
    company,
    company_names,
    count,
    customer,
    customer_names,
    customers,
    deal_of,
    invoice,
    notes,
    tagged,
)
from tests.stories.test_bad_input import dated
from tests.support.village import Village
from unisono.connect.port import Page, Raw, System
from unisono.engine.pull import pull
from unisono.model.errors import BadAnswer, SystemFault
from unisono.store import pairs, seen


def marks(v: Village, side: str) -> dict[str, Any]:
    """The marks of a connection, by resource."""
    with v.house.store.read() as conn:
        return dict(pairs.get_connection(conn, v.a if side == "a" else v.b).marks)


def stored(v: Village, resource: str) -> int:
    """How many rows of a FastBill list are known."""
    with v.house.store.read() as conn:
        return seen.count_rows(conn, v.b, resource)


def test_a_pull_that_breaks_on_its_second_page_keeps_the_first_and_leaves_the_mark(v: Village) -> None:
    for number in range(150):
        customer(v, ORGANIZATION=f"Kunde {number:03d} GmbH")
    before = marks(v, "b")
    v.clock.advance(300)
    v.books.world.faults.arm("html", match="customer.get", skip=1)
    with pytest.raises(BadAnswer):
        pull(v.house.pairing(v.pair).b, v.house.hands())
    assert stored(v, "customer") == 100, "what came is kept"
    assert marks(v, "b")["customer"] == before["customer"]
    assert marks(v, "b")["invoice"] == before["invoice"], "nothing behind it was read"
    v.sync()
    assert len(company_names(v)) == 150
    assert stored(v, "customer") == 150
    assert marks(v, "b")["customer"] != before["customer"]


def test_invoices_written_while_their_list_cannot_be_read_are_not_skipped(v: Village) -> None:
    born = customer(v)
    v.sync()
    for day in range(3):
        invoice(v, born, TITLE=f"Tag {day}")
        v.books.world.faults.arm("status", match="invoice.get", times=3, value=503)
        v.clock.advance(86400)
        with pytest.raises(SystemFault):
            pull(v.house.pairing(v.pair).b, v.house.hands())
    v.books.world.faults.clear()
    v.sync()
    assert len(notes(v)) == 3


def test_an_unchanged_row_is_stored_once_and_counts_as_no_change(v: Village) -> None:
    customer(v)
    company(v)
    first = pull(v.house.pairing(v.pair).b, v.house.hands())
    again = pull(v.house.pairing(v.pair).b, v.house.hands())
    assert (first.rows, first.changed) == (1, 1)
    assert (again.rows, again.changed, again.gone) == (1, 0, 0)


def test_a_row_that_cannot_be_read_is_named_and_the_rest_of_the_page_is_stored(v: Village) -> None:
    keys = [customer(v, ORGANIZATION=f"Kunde {n} GmbH") for n in range(3)]
    v.books.world.storage.table("customers")[keys[1]]["CUSTOMER_TYPE"] = "alien"
    pulled = pull(v.house.pairing(v.pair).b, v.house.hands())
    assert [(resource, key, fault.values["field"]) for resource, key, fault in pulled.unreadable] == [
        ("customer", str(keys[1]), "CUSTOMER_TYPE")
    ]
    assert stored(v, "customer") == 2
    assert pulled.gone == 0


def test_a_row_that_turns_unreadable_is_not_taken_for_deleted(v: Village) -> None:
    key = customer(v, ORGANIZATION="Kunde GmbH")
    v.sync()
    v.books.world.storage.table("customers")[key]["CUSTOMER_TYPE"] = "alien"
    for _ in range(3):
        v.sync()
    assert company_names(v) == ["Kunde GmbH"]
    assert not [n for n in v.notes() if n["event"] == "unlinked"]
    assert [p.code for p in v.problems()] == ["bad-field"]
    v.books.world.storage.table("customers")[key]["CUSTOMER_TYPE"] = "business"
    v.sync()
    assert v.problems() == []


def test_the_problem_of_an_unreadable_row_ends_with_the_row(v: Village) -> None:
    key = customer(v, ORGANIZATION="Kunde GmbH")
    v.books.world.storage.table("customers")[key]["CUSTOMER_TYPE"] = "alien"
    v.sync()
    assert [p.code for p in v.problems()] == ["bad-field"]
    v.books_act("delete_customer", ID=str(key))
    v.sync()
    assert v.problems() == []


def test_a_vendor_whose_clock_went_back_is_read_whole_so_that_nothing_between_is_skipped(v: Village) -> None:
    born = customer(v)
    v.sync()
    dated(v)
    v.books.world.clock.ahead = timedelta(days=9)  # a wrong hour for a while: the mark is nine days ahead
    invoice(v, born, TITLE="Falsche Uhr")
    v.sync()
    ahead = marks(v, "b")["invoice"]["since"]
    v.books.world.clock.ahead = timedelta()
    invoice(v, born, TITLE="Richtige Uhr")
    before = len(notes(v))
    v.sync()
    assert marks(v, "b")["invoice"]["since"] < ahead
    assert (before, len(notes(v))) == (1, 2), "the invoice from before the mark was found by reading everything"


def test_a_row_that_a_write_did_not_find_is_asked_for_in_the_next_pull_though_that_lists_only_changes(v: Village) -> None:
    deal = str(deal_of(v, company(v)))
    v.sync()
    v.crm_act("delete_deal", id=deal)
    v.clock.advance(timedelta(hours=1))
    unnoticed = pull(v.house.pairing(v.pair).a, v.house.hands())
    with v.house.store.write() as conn:
        before = seen.get_many(conn, v.a, "quote", [f"deal:{deal}"])[f"deal:{deal}"]
        seen.mark_missing(conn, v.a, "deals", [deal], v.clock.now())
    v.clock.advance(timedelta(hours=1))
    noticed = pull(v.house.pairing(v.pair).a, v.house.hands())
    with v.house.store.read() as conn:
        after = seen.get_many(conn, v.a, "quote", [f"deal:{deal}"])[f"deal:{deal}"]
    assert ("deals" in unnoticed.whole, "deals" in noticed.whole) == (False, False)
    assert (unnoticed.gone, noticed.gone) == (0, 1)
    assert (before.gone, after.gone) == (False, True)


@dataclass(frozen=True)
class Repeating:
    """A vendor whose list slides while it is read: the last row of each page comes once more on the next, and one row not at all."""

    sound: System
    without: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sound, name)

    def pages(self, resource: str, since: datetime | None = None) -> Iterator[Page]:
        rows = [row for page in self.sound.pages(resource, since) for row in page.rows if row.key != self.without]
        for start in range(0, len(rows), 2):
            yield Page(tuple(rows[max(0, start - 1) : start + 2]), last=start + 2 >= len(rows))

    def read(self, resource: str, key: str) -> Raw | None:
        return None if key == self.without else self.sound.read(resource, key)


def test_a_row_that_comes_on_two_pages_hides_no_deletion(v: Village) -> None:
    keys = [str(customer(v, ORGANIZATION=f"Kunde {n} GmbH")) for n in range(6)]
    where = v.house.pairing(v.pair).b
    before = pull(where, v.house.hands())
    lost = replace(where, system=Repeating(where.system, keys[2]), resources=("customer",))
    first = pull(lost, v.house.hands())
    v.clock.advance(timedelta(hours=1))
    second = pull(lost, v.house.hands())
    assert (before.rows, first.rows) == (6, 7), "as many rows as are known, and two besides, though one is not among them"
    assert (first.gone + second.gone, second.changed) == (1, 0)
    with v.house.store.read() as conn:
        assert [key for key, row in seen.get_many(conn, v.b, "party", keys).items() if row.gone] == [keys[2]]


@dataclass(frozen=True)
class Overtaken:
    """A vendor whose page is long under way: between its answer and its arrival others do their work."""

    sound: System
    meanwhile: Callable[[], object]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sound, name)

    def pages(self, resource: str, since: datetime | None = None) -> Iterator[Page]:
        for page in self.sound.pages(resource, since):
            self.meanwhile()
            yield page


def test_a_page_that_arrives_after_another_worker_wrote_does_not_bring_the_old_name_back(v: Village) -> None:
    """The page was answered before the write and arrives after it. Taken for news it would look as if somebody had typed the old name anew."""
    born = tagged(v, name="Alt GmbH")
    v.sync()
    v.crm_act("edit_company", id=str(born), name="Neu GmbH")
    v.clock.advance(300)
    pairing = v.house.pairing(v.pair)
    pull(pairing.a, v.house.hands())
    before = customer_names(v)
    late = replace(pairing.b, system=Overtaken(pairing.b.system, lambda: v.cycle(read=False)), resources=("customer",))
    pulled = pull(late, v.house.hands())
    v.cycle(read=False)
    after, here = customer_names(v), company_names(v)

    assert (before, after, here) == (["Alt GmbH"], ["Neu GmbH"], ["Neu GmbH"])
    assert pulled.changed == 0, "what the page showed was no news"
    assert count(v, "b", "customer.update") == 1
    v.books_act("edit_customer", ID=customers(v)[0]["CUSTOMER_ID"], ORGANIZATION="Danach GmbH")
    v.clock.advance(300)
    v.sync()
    assert company_names(v) == ["Danach GmbH"], "what is typed after it is"


def test_what_was_missing_and_is_listed_again_was_never_gone(v: Village) -> None:
    keys = [str(customer(v, ORGANIZATION=f"Kunde {n} GmbH")) for n in range(3)]
    where = v.house.pairing(v.pair).b
    pull(where, v.house.hands())
    with v.house.store.write() as conn:
        seen.mark_missing(conn, v.b, "customer", keys[:2], v.clock.now())
    back = pull(where, v.house.hands())
    with v.house.store.read() as conn:
        still = seen.missing_rows(conn, v.b, "customer")
    assert (back.changed, back.gone, still) == (0, 0, [])


@pytest.mark.parametrize("ahead", (timedelta(hours=25), -timedelta(hours=25)))
def test_the_weekly_sweep_goes_by_our_own_clock(v: Village, ahead: timedelta) -> None:
    v.books.world.clock.ahead = ahead
    v.sync()
    v.clock.advance(timedelta(days=6, hours=23))
    before = v.cycle().pulled_b
    v.clock.advance(timedelta(hours=2))
    after = v.cycle().pulled_b

    assert before is not None
    assert after is not None
    assert ("invoice" in before.whole, "invoice" in after.whole) == (False, True)
