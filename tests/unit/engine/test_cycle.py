"""The cycle under a crash at each of its steps, and with a second worker who takes the lane."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stories.folk import company, count, customer, customers, deal_of, employee, estimates, files_at, invoice, notes
from tests.support.village import Village, village
from tests.unit.engine.crash import Crash, crash_after, crash_never
from unisono.engine.cycle import cycle
from unisono.store import intents
from unisono.store.lanes import LostLane


def offers(v: Village) -> None:
    """Two companies with an offer each."""
    for name in ("Sonne GmbH", "Mond GmbH"):
        deal_of(v, company(v, name=name), f"Angebot {name}")


def papers(v: Village) -> None:
    """A customer with a contact person in its row, and an invoice."""
    born = customer(v, ORGANIZATION="Stern GmbH", FIRST_NAME="Nora", LAST_NAME="Nagel")
    invoice(v, born)


def tagged(v: Village) -> None:
    """A tagged company with a person."""
    sun = company(v)
    employee(v, "Emil", "Ehlers", sun)
    v.crm_act("tag", kind="company", id=str(sun), name="FastBill")


def numbers(v: Village) -> tuple[int, ...]:
    """How much there is of everything."""
    crm, books = v.crm.truth(), v.books.truth()
    files = sum(len(files_at(v, note)) for note in notes(v))
    there = (len(crm[name]) for name in ("companies", "people", "deals", "protocols"))
    return (*there, files, *(len(books[name]) for name in ("customers", "contacts", "estimates", "invoices")))


def fresh(folder: Path) -> Village:
    made = village(folder)
    made.sync()
    made.release()
    made.clock.advance(360)
    return made


@pytest.mark.parametrize("story", (offers, papers, tagged))
def test_a_crash_at_any_step_of_a_cycle_loses_nothing_and_doubles_nothing(story: Callable[[Village], None], tmp_path: Path) -> None:
    whole = fresh(tmp_path)
    story(whole)
    whole.sync()
    expected, writes = numbers(whole), (len(whole.writes("a")), len(whole.writes("b")))
    assert sum(writes) > 2
    steps = 0
    while True:
        steps += 1
        v = fresh(tmp_path)
        story(v)
        crash_after(v, steps)
        try:
            v.cycle()
        except Crash as crash:
            at = f"step {steps}, {crash}"
        else:
            break
        crash_never(v)
        v.sync()
        assert numbers(v) == expected, at
        assert (len(v.writes("a")), len(v.writes("b"))) == writes, at
        assert {j["state"] for j in v.journal()} <= {"done", "void"}, at
        assert [j["state"] for j in v.journal()].count("done") == sum(writes), at
        assert (v.problems(), v.questions()) == ([], []), at
    assert steps > 15, "there were steps to crash at"


def test_a_worker_whose_lane_was_taken_between_call_and_settlement_settles_nothing(v: Village) -> None:
    deal_of(v, company(v))
    v.clock.advance(300)
    epochs: list[int] = []

    def step(name: str) -> None:
        if name == "sent" and not epochs:
            epochs.append(v.lease())

    v.house.step = step
    with pytest.raises(LostLane):
        v.cycle()
    assert len(customers(v)) == 1, "its call had gone out"
    assert v.link_count() == {}, "but it may not write down what became of it"
    with v.house.store.read() as conn:
        assert [i.state for i in intents.unsettled(conn, v.pair)] == ["open"]
    v.clock.advance(5)
    outcome = cycle(v.house.pairing(v.pair, epoch=epochs[0]), v.house.hands(), read=False)
    assert outcome.unclear == 0
    assert v.link_count()["party"] == 1
    assert (len(customers(v)), len(estimates(v))) == (1, 1)
    assert count(v, "b", "customer.create") == 1


def test_a_worker_whose_lane_was_taken_before_the_intent_sends_nothing(v: Village) -> None:
    deal_of(v, company(v))
    v.clock.advance(300)

    def step(name: str) -> None:
        if name == "prepared":
            v.lease()

    v.house.step = step
    with pytest.raises(LostLane):
        v.cycle()
    assert customers(v) == []
    assert v.journal() == []
    v.house.step = lambda _name: None
    v.sync()
    assert len(customers(v)) == 1


def test_a_dry_run_sends_no_write_and_the_real_one_does_what_it_said(v: Village) -> None:
    offers(v)
    v.clock.advance(300)
    before = numbers(v)
    told = v.cycle(dry=True)
    assert numbers(v) == before
    assert v.journal() == []
    assert told.verdicts["new"] == 4, "two customers and two offers"
    v.sync()
    assert (len(customers(v)), len(estimates(v))) == (2, 2)


def test_a_paused_pair_reads_and_writes_nothing(v: Village) -> None:
    from unisono.wiring.setup import set_state

    offers(v)
    set_state(v.house, v.pair, "paused", "test")
    outcome = v.cycle()
    assert outcome.stopped == "paused"
    assert customers(v) == []
    set_state(v.house, v.pair, "released", "test")
    v.sync()
    assert len(customers(v)) == 2
