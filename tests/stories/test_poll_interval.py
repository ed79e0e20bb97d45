"""How often both systems are asked: never so often that FastBill's hourly allowance is used up by looking."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.stories.folk import companies, company, customer, deal_of, estimates
from tests.support.village import Village
from unisono.wiring.rhythm import delays
from unisono.wiring.running import Runner

HALF = {"solo": 25, "solo-plus": 50, "pro": 250, "premium": 500}
"""Half of the calls an hour that each of FastBill's plans allows."""


def firm_of(v: Village, number: int) -> None:
    for n in range(number):
        customer(v, ORGANIZATION=f"Kunde {n:04d} GmbH", EMAIL=f"k{n}@kunden.example", ZIPCODE=f"{10000 + n}")


@pytest.mark.parametrize(("plan", "half"), HALF.items())
def test_looking_costs_at_most_half_of_what_the_plan_allows(unreleased: Village, plan: str, half: int) -> None:
    v = unreleased
    v.settings("b", plan=plan)
    v.books.world.storage.settings["plan"] = plan
    firm_of(v, 450)
    v.sync()
    before = v.calls("b")
    v.clock.advance(7200)
    v.cycle()
    cost = v.calls("b") - before
    assert cost == 5 + 1 + 1 + 1, "five pages of customers, one each of contacts, estimates and invoices"
    interval = delays(v.house, v.pair)["invoicing"]
    assert cost * 3600 / interval.total_seconds() <= half


def test_a_small_firm_is_asked_every_five_minutes_even_on_a_big_plan(unreleased: Village) -> None:
    v = unreleased
    v.settings("b", plan="premium")
    v.sync()
    assert delays(v.house, v.pair) == {"crm": timedelta(minutes=5), "invoicing": timedelta(minutes=5)}


def test_on_the_solo_plan_the_delay_of_a_small_firm_is_named(unreleased: Village) -> None:
    """Four lists of one page each, twenty-five calls an hour to spend on them: every ten minutes."""
    v = unreleased
    v.settings("b", plan="solo")
    v.sync()
    delay = delays(v.house, v.pair)["invoicing"]
    assert timedelta(minutes=9) <= delay <= timedelta(minutes=11)


def test_more_customers_make_the_interval_longer(unreleased: Village) -> None:
    v = unreleased
    v.settings("b", plan="solo")
    v.sync()
    small = delays(v.house, v.pair)["invoicing"]
    firm_of(v, 450)
    v.sync(minutes=60)
    assert delays(v.house, v.pair)["invoicing"] > small


def test_a_working_day_on_the_solo_plan_never_meets_the_vendors_limit_and_leaves_half_of_it(unreleased: Village) -> None:
    v = unreleased
    v.settings("b", plan="solo")
    v.books.world.storage.settings["plan"] = "solo"
    runner = Runner(house=v.house, holder="test")
    runner.turn()
    v.release()
    v.clock.advance(3600)
    start, begun = v.calls("b"), v.clock.now()
    for turn in range(8 * 12):
        if turn == 30:
            deal_of(v, company(v))
        runner.turn()
        v.clock.advance(300)
    calls = v.books.world.log.calls[start:]
    assert [c.status for c in calls if c.status != 200] == []
    for hour in range(8):
        window = [c for c in calls if timedelta(hours=hour) <= c.at - begun < timedelta(hours=hour + 1)]
        assert len([c for c in window if c.operation.endswith(".get")]) <= 25 + 4, f"hour {hour}"
    assert len(estimates(v)) == 1
    assert len(companies(v)) == 1
