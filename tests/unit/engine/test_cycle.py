"""The cycle with a second worker who takes the lane, dry, and paused."""

from __future__ import annotations

import pytest

from tests.stories.folk import company, count, customer, customers, deal_of, estimates, files_at, notes
from tests.support.village import Village
from unisono.engine.cycle import cycle
from unisono.store import intents
from unisono.store.lanes import LostLane


def offers(v: Village) -> None:
    """Two companies with an offer each."""
    for name in ("Sonne GmbH", "Mond GmbH"):
        deal_of(v, company(v, name=name), f"Angebot {name}")


def numbers(v: Village) -> tuple[int, ...]:
    """How much there is of everything."""
    crm, books = v.crm.truth(), v.books.truth()
    files = sum(len(files_at(v, note)) for note in notes(v))
    there = (len(crm[name]) for name in ("companies", "people", "deals", "protocols"))
    return (*there, files, *(len(books[name]) for name in ("customers", "contacts", "estimates", "invoices")))


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


def test_a_worker_whose_lane_was_taken_tells_what_it_made_besides(v: Village) -> None:
    """The one that took the lane looked for the outcome, found somebody's customer of the same name, and took that one for it."""
    deal_of(v, company(v, name="Sonne GmbH"))
    v.clock.advance(300)
    others: list[str] = []

    def step(name: str) -> None:
        if name == "sent" and not others:
            others.append(str(customer(v, ORGANIZATION="Sonne GmbH")))
            v.lease()
            with v.house.store.write() as conn:
                (intent,) = intents.unsettled(conn, v.pair)
                intents.settle(conn, [(intent.id, "done", others[0], {}, {"code": "found-again"})], v.clock.now())

    v.house.step = step
    with pytest.raises(LostLane):
        v.cycle()
    (made,) = {c["CUSTOMER_ID"] for c in customers(v)} - set(others)
    assert [(p.code, p.values["key"]) for p in v.problems()] == [("made-twice", made)]
    assert [j["target"] for j in v.journal()] == others, "and overwrites nothing of what the other one settled"


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
    assert told.verdicts == {"new": 2, "waiting": 2}, "two customers, whose offers wait for them"
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
