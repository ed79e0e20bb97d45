"""A vendor that shows a record for a moment as it was before our change: an old copy is no proof, and nobody's edit is lost for it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.stories.folk import choose, companies, company, count, customer_names, customers, deal_of
from tests.support.village import Village
from unisono.connect.wire import Hearer, Request, Transport


@dataclass(slots=True)
class Kept:
    """One answer, to be shown again."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def head(self, status: int, headers: dict[str, str]) -> None:
        """The first line and the headers."""
        self.status, self.headers = status, headers

    def piece(self, data: bytes) -> None:
        """A piece of the body."""
        self.body += data


@dataclass(slots=True)
class Trailing:
    """Shows the record that was read last once more, as it was, after it was changed: ``looks`` of the looks at it."""

    inner: Transport
    update: bytes
    looks: int = 0
    shown: int = 0
    known: dict[tuple[str, bytes], Kept] = field(default_factory=dict)
    _changed: bool = False

    def carry(self, request: Request, hearer: Hearer) -> None:
        """Carries a call, or shows an old copy."""
        content = request.content if isinstance(request.content, bytes) else b""
        if self.update in content:
            self._changed = True
        asked = (f"{request.method} {request.url}", content)
        if self._changed and asked in self.known and self.shown < self.looks:
            self.shown += 1
            kept = self.known[asked]
        else:
            kept = Kept()
            self.inner.carry(request, kept)
            if b"CUSTOMER_ID" in content and b"customer.get" in content:
                self.known[asked] = kept
        hearer.head(kept.status, kept.headers)
        hearer.piece(kept.body)

    def close(self) -> None:
        """Nothing is kept open."""


def trailing(v: Village, looks: int) -> Trailing:
    """FastBill shows old copies from now on."""
    inner = v.house.transports
    books = inner("fastbill")
    assert books is not None
    way = Trailing(books, b"customer.update", looks)
    v.house.transports = lambda name: way if name == "fastbill" else inner(name)
    v.house.forget_system(v.b)
    return way


@pytest.fixture
def sun(v: Village) -> int:
    """A customer on both sides, in step."""
    key = company(v, city="Berlin")
    deal_of(v, key)
    v.sync()
    assert customers(v)[0]["CITY"] == "Berlin"
    return key


def carried(v: Village, sun: int, looks: int) -> Trailing:
    """The city is corrected in the CRM and carried over; FastBill shows the old one for so many looks after it."""
    way = trailing(v, looks)
    v.crm_act("edit_company", id=str(sun), city="Potsdam")
    v.clock.advance(300)
    v.cycle()
    assert (customers(v)[0]["CITY"], way.shown) == ("Potsdam", 1), "it is done, and does not show yet"
    return way


def test_an_old_copy_after_a_change_is_looked_at_again_before_it_is_believed(v: Village, sun: int) -> None:
    carried(v, sun, 1)
    assert [(w["state"], w["told"]["code"]) for w in v.journal()[:1]] == [("unclear", "shown-as-before")]  # type: ignore[index]
    v.clock.advance(61)
    v.cycle(read=False)
    assert [(w["state"], w["after"]["address.city"]) for w in v.journal()[:1]] == [("done", "Potsdam")]  # type: ignore[index]
    before = (v.writes("a"), v.writes("b"))
    v.sync()
    v.sync()
    assert (v.writes("a"), v.writes("b")) == before, "nothing of it looks like a person's edit"


def test_who_takes_our_change_back_before_it_showed_is_not_overruled_by_it(v: Village, sun: int) -> None:
    """The CRM's user sees the mistake and types the old city again, while FastBill still shows it."""
    carried(v, sun, 1)
    v.crm_act("edit_company", id=str(sun), city="Berlin")
    v.clock.advance(300)
    v.cycle()
    v.sync()
    v.sync()
    assert (companies(v)[0]["addrs"][0]["city"], customers(v)[0]["CITY"]) == ("Berlin", "Berlin")
    assert v.questions() == []


def test_an_old_copy_at_a_vendor_that_makes_capitals_of_what_it_is_given_is_nobodys_edit_either(v: Village, sun: int) -> None:
    choose(v, "customers.wins=invoicing")
    carried(v, sun, 1)
    v.books_act("edit_customer", ID=customers(v)[0]["CUSTOMER_ID"], CITY="POTSDAM")  # as a vendor would that re-cases
    before = len(v.writes("a"))
    v.sync()
    v.sync()
    assert (companies(v)[0]["addrs"][0]["city"], customers(v)[0]["CITY"]) == ("Potsdam", "POTSDAM")
    assert (len(v.writes("a")) - before, v.questions()) == (0, [])


def test_a_vendor_that_goes_on_showing_the_old_value_has_ignored_ours_and_is_not_asked_for_ever(v: Village, sun: int) -> None:
    way = carried(v, sun, 99)
    v.clock.advance(61)
    v.cycle(read=False)
    assert way.shown == 2
    assert [w["state"] for w in v.journal()[:1]] == ["done"]
    assert [n["values"]["fields"] for n in v.notes() if n["event"] == "kept-differently"] == ["address.city"]
    v.cycle(read=False)
    assert count(v, "b", "customer.update") == 1
    assert customer_names(v) == ["Bäckerei Sonne GmbH"]


def test_an_edit_over_our_change_while_the_old_copy_still_shows_is_a_later_one_and_wins(v: Village, sun: int) -> None:
    """The change is done, FastBill's user sees it and corrects it; only its interface still shows the city before both."""
    choose(v, "customers.wins=crm")
    carried(v, sun, 1)
    v.books_act("edit_customer", ID=customers(v)[0]["CUSTOMER_ID"], CITY="Hamburg")
    v.clock.advance(61)
    v.cycle(read=False)
    v.sync()
    assert (companies(v)[0]["addrs"][0]["city"], customers(v)[0]["CITY"]) == ("Hamburg", "Hamburg")
    assert v.questions() == []
    assert count(v, "b", "customer.update") == 1, "what was typed is not written over"
