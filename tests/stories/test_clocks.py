"""Clocks that disagree: what is new stays new."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.stories.folk import company, customer, customer_named, customer_names, deal_of, estimate, notes, state
from tests.stories.test_bad_input import dated
from tests.support.village import Village


@pytest.mark.parametrize("hours", (2, 12))
def test_an_offer_made_after_the_release_makes_a_customer_though_the_crms_clock_is_behind(unreleased: Village, hours: int) -> None:
    v = unreleased
    deal_of(v, company(v, name="Alte Werkstatt GmbH"))
    dated(v)
    v.sync()
    v.release()
    v.clock.advance(60)
    v.crm.world.clock.ahead = -timedelta(hours=hours)
    deal_of(v, company(v, name="Neue Werkstatt GmbH"))
    before = customer_names(v)
    v.sync()
    assert (before, customer_names(v)) == ([], ["Neue Werkstatt GmbH"])


def test_what_a_vendor_calls_much_older_than_the_release_stays_history(v: Village) -> None:
    v.crm.world.clock.ahead = -timedelta(days=40)
    deal_of(v, company(v, name="Aus 2019 eingelesen GmbH"))
    v.crm.world.clock.ahead = timedelta()
    v.sync()
    assert customer_names(v) == []


@pytest.mark.parametrize("hours", (2, 30))
def test_an_estimate_sent_after_the_release_is_filed_though_our_own_clock_went_back_behind_it(unreleased: Village, hours: int) -> None:
    """FastBill says of no estimate when it was made: that is when it was first seen, by our clock."""
    v = unreleased
    born = customer(v)
    state(v, estimate(v, born, TITLE="Aus alter Zeit"), "b")
    v.sync()
    v.release()
    v.crm_act("tag", kind="company", id=str(company(v, name="Sonne GmbH")), name="FastBill")
    v.sync()
    sun = customer_named(v, "Sonne GmbH")["CUSTOMER_ID"]
    v.clock.advance(-timedelta(hours=hours))
    v.books.world.clock.ahead = timedelta(hours=hours)
    before = len(notes(v))
    state(v, estimate(v, sun, TITLE="Nach der Freigabe"), "b")
    v.sync()
    assert (before, len(notes(v))) == (0, 1), "the new one alone"
    v.clock.advance(timedelta(hours=hours))
    v.books.world.clock.ahead = timedelta()
    v.sync()
    assert len(notes(v)) == 1
