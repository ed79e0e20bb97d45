"""A key that is refused in the middle of the work: nobody goes on knocking."""

from __future__ import annotations

from tests.stories.folk import company, customer_names, customers, deal_of
from tests.support.village import Village


def knocks(v: Village) -> int:
    """Calls that FastBill turned away because of the key."""
    return sum(1 for call in v.books.world.log.calls if call.fault == "unauthorised")


def test_after_the_first_refusal_nothing_more_of_the_wave_is_sent(v: Village) -> None:
    for number in range(6):
        deal_of(v, company(v, name=f"Werkstatt {number} GmbH"))
    v.books.world.faults.arm("unauthorised", "customer.create", times=6, skip=2)
    v.clock.advance(300)
    outcome = v.cycle()
    assert (len(customers(v)), knocks(v)) == (2, 1)
    assert outcome.refused == {"b"}
    v.books.world.faults.clear()
    v.sync(10)
    assert customer_names(v) == [f"Werkstatt {number} GmbH" for number in range(6)]


def test_a_refusal_while_reading_back_is_noticed_and_what_was_written_stays_written(v: Village) -> None:
    for number in range(4):
        deal_of(v, company(v, name=f"Werkstatt {number} GmbH"))
    v.clock.advance(300)
    # The pull reads customers, too: only what comes after the creates is turned away.
    v.books.world.faults.arm("unauthorised", "customer.get", times=9, skip=1)
    outcome = v.cycle()
    assert (len(customers(v)), knocks(v)) == (4, 1)
    assert outcome.refused == {"b"}
    v.books.world.faults.clear()
    v.sync(10)
    assert len(customers(v)) == 4
    assert v.link_count()["party"] == 4
