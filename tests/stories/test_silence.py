"""Once both sides are in step nothing is written, and no more is read than it takes to look."""

from __future__ import annotations

import pytest

from tests.stories.folk import (
    BOTH,
    companies,
    company,
    count,
    customer,
    customers,
    deal_of,
    employee,
    estimate,
    estimates,
    invoice,
    person,
    state,
)
from tests.support.village import Village


def busy_week(v: Village) -> None:
    """Something of everything: offers, tags, people, customers and documents on both sides, all carried over."""
    sun = company(v)
    employee(v, "Anna", "Ahrens", sun, email="anna@sonne.example")
    deal_of(v, sun)
    v.crm_act("tag", kind="company", id=str(sun), name="FastBill")
    anton = person(v, "Anton", "Abel")
    v.crm_act("tag", kind="person", id=str(anton), name="FastBill")
    born = customer(v, FIRST_NAME="Frida", LAST_NAME="Falk", PHONE="0221 5", EMAIL="post@mond.example")
    v.books_act("create_contact", CUSTOMER_ID=str(born), FIRST_NAME="Gerd", LAST_NAME="Groß")
    invoice(v, born)
    state(v, estimate(v, born), "b")
    customer(v, ORGANIZATION="", FIRST_NAME="Emil", LAST_NAME="Ehlers")
    v.sync()
    state(v, estimates(v)[-1]["ESTIMATE_ID"], "b")
    v.sync()
    assert v.questions() == []
    assert v.problems() == []


@BOTH
def test_a_second_cycle_with_nothing_changed_writes_nothing_on_either_side(v: Village) -> None:
    busy_week(v)
    before = (v.writes("a"), v.writes("b"))
    assert len(before[0]) >= 8
    assert len(before[1]) >= 4
    for _ in range(5):
        outcome = v.sync()
        assert (outcome.writes, outcome.fault) == (0, None)
    assert (v.writes("a"), v.writes("b")) == before


def test_a_quiet_cycle_reads_the_lists_and_nothing_else(v: Village) -> None:
    busy_week(v)
    v.sync()
    before = (v.calls("a"), v.calls("b"))
    v.sync()
    after_a = [c.operation for c in v.crm.world.log.calls[before[0] :]]
    after_b = [c.operation for c in v.books.world.log.calls[before[1] :]]
    assert len(after_a) == 4, f"companies, people, offers and tags, one page each: {after_a}"
    assert sorted(after_b) == ["contact.get", "customer.get", "estimate.get", "invoice.get"]


def test_a_quiet_cycle_plans_nothing(v: Village) -> None:
    busy_week(v)
    v.sync()
    assert v.sync().planned == 0


def test_what_we_wrote_into_fastbill_does_not_echo_into_the_crm(v: Village) -> None:
    sun = company(v)
    deal_of(v, sun)
    v.sync()
    v.crm_act("edit_company", id=str(sun), phone="0800 1")
    v.sync()
    v.sync()
    assert v.writes("b") == ["customer.create", "estimate.create", "customer.update"]
    assert v.writes("a") == []


def test_what_we_wrote_into_the_crm_does_not_echo_into_fastbill(v: Village) -> None:
    born = customer(v, FIRST_NAME="Frida", LAST_NAME="Falk")
    v.sync()
    v.books_act("edit_customer", ID=str(born), CITY="Bonn")
    v.sync()
    v.sync()
    assert v.writes("b") == []
    assert companies(v)[0]["addrs"][0]["city"] == "Bonn"


@pytest.mark.parametrize("turns", (1, 5))
def test_each_edit_of_a_person_makes_at_most_one_write_at_the_other_side(v: Village, turns: int) -> None:
    sun = company(v)
    deal_of(v, sun)
    v.sync()
    for turn in range(turns):
        v.crm_act("edit_company", id=str(sun), name=f"Bäckerei Sonne {turn} GmbH", street=f"Ring {turn + 2}", phone=f"030 {turn}")
        v.sync()
        assert count(v, "b", "customer.update") == turn + 1, "several fields of one edit go along in one write"
    assert v.writes("a") == []


def test_several_edits_between_two_polls_make_one_write(v: Village) -> None:
    sun = company(v)
    deal_of(v, sun)
    v.sync()
    for phone in ("1", "2", "3"):
        v.crm_act("edit_company", id=str(sun), phone=phone)
    v.sync()
    assert count(v, "b", "customer.update") == 1
    assert customers(v)[0]["PHONE"] == "3"


def test_a_value_that_fastbill_keeps_differently_is_not_written_for_ever(v: Village) -> None:
    sun = company(v, name="Bäckerei  Sonne   GmbH")
    deal_of(v, sun)
    for _ in range(4):
        v.sync()
    assert v.writes("b") == ["customer.create", "estimate.create"]
    assert v.writes("a") == []


def test_an_edit_and_its_return_before_the_next_poll_is_no_edit(v: Village) -> None:
    sun = company(v)
    deal_of(v, sun)
    v.sync()
    v.crm_act("edit_company", id=str(sun), city="Potsdam")
    v.crm_act("edit_company", id=str(sun), city="Berlin")
    v.sync()
    assert count(v, "b", "customer.update") == 0
