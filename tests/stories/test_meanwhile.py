"""A long list takes its time; where nothing further down it can matter, what was read so far is carried over meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.stories.folk import company, company_names, customer
from tests.support.clock import FakeClock
from tests.support.village import Village, village
from unisono.connect.wire import Hearer, Request, Transport
from unisono.wiring import pair_row
from unisono.wiring.policies import put_policy, with_entries
from unisono.wiring.running import Runner

ONE_WAY = ("customers.direction=to-crm", "quotes.direction=off", "customers.from_invoicing.history=all")
MANY = 120


@dataclass(slots=True)
class Slow:
    """Every call takes a second."""

    inner: Transport
    clock: FakeClock

    def carry(self, request: Request, hearer: Hearer) -> None:
        """Carries a call."""
        self.clock.advance(1)
        self.inner.carry(request, hearer)

    def close(self) -> None:
        """Nothing is kept open."""


def begun(folder: Path, *chosen: str) -> tuple[Village, Runner]:
    """A pair that is released before anything was read; FastBill has many customers."""
    v = village(folder)
    inner = v.house.transports
    ways = {name: Slow(reached, v.clock) for name in ("centralstation", "fastbill") if (reached := inner(name)) is not None}
    v.house.transports = ways.get
    for connection in (v.a, v.b):
        v.house.forget_system(connection)
    v.release()
    put_policy(v.house, v.pair, with_entries(pair_row(v.house, v.pair).policy, list(chosen)), "anna")
    for n in range(MANY):
        customer(v, ORGANIZATION=f"Firma {n:03} GmbH")
    return v, Runner(house=v.house, holder="test")


def order(v: Village) -> list[str]:
    """Pages of FastBill's list and customers made in the CRM, in the order they happened; alike ones in a row told once."""
    calls = [(c.at, "page") for c in v.books.world.log.calls if c.operation == "customer.get"]
    calls += [(c.at, "made") for c in v.crm.world.log.writes() if c.operation == "POST companies"]
    told = [what for _, what in sorted(calls)]
    return [what for n, what in enumerate(told) if not n or told[n - 1] != what]


def test_the_first_are_made_in_an_empty_crm_before_the_list_is_read_to_its_end(tmp_path: Path) -> None:
    v, runner = begun(tmp_path, *ONE_WAY)
    runner.until_quiet(v.pair)
    assert order(v)[:3] == ["page", "made", "page"]
    assert company_names(v) == [f"Firma {n:03} GmbH" for n in range(MANY)]
    assert (v.problems(), v.questions()) == ([], [])


@pytest.mark.parametrize("chosen", (("customers.direction=both",), ("customers.direction=to-crm", "quotes.direction=to-invoicing")))
def test_a_side_that_is_written_to_as_well_is_read_whole_first(tmp_path: Path, chosen: tuple[str, ...]) -> None:
    v, runner = begun(tmp_path, *ONE_WAY, *chosen)
    runner.until_quiet(v.pair)
    assert order(v) == ["page", "made"], "read to its end first"
    assert len(company_names(v)) == MANY


def test_nobody_is_made_meanwhile_where_somebody_is_already_whom_a_later_page_may_be(tmp_path: Path) -> None:
    v, runner = begun(tmp_path, *ONE_WAY)
    company(v, name="Firma 119 GmbH", zip="50667")
    runner.until_quiet(v.pair)
    assert order(v) == ["page", "made"], "read to its end first"
    assert company_names(v).count("Firma 119 GmbH") == 1
    assert [q.code for q in v.questions()] == ["same-customer"]
