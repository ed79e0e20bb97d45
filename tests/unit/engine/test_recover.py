"""Writes whose outcome is not known: looked up after the declared lag, found or given up, never repeated blindly."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import pytest
from msgspec.structs import replace

from tests.stories.folk import company, count, customer, customers, deal_of
from tests.support.village import Village
from tests.unit.engine.crash import Crash, crash_at, crash_never
from unisono.connect.port import Raw, System
from unisono.engine.recover import PATIENCE, next_probe
from unisono.model.writing import Write
from unisono.store import intents, links, pairs
from unisono.store.lanes import LostLane

LAG = timedelta(seconds=2)
"""Declared in fastbill/system.toml for customers."""


def crashed(v: Village, step: str) -> None:
    """A company with an offer; the process that creates its customer ends at a step."""
    deal_of(v, company(v))
    v.clock.advance(300)
    crash_at(v, step)
    with pytest.raises(Crash):
        v.cycle()
    crash_never(v)


def states(v: Village) -> list[str]:
    """The states of the journal's rows about customers, oldest first."""
    return [str(j["state"]) for j in reversed(v.journal()) if j["kind"] == "party"]


def probes(v: Village) -> int:
    """How often FastBill was searched or listed."""
    return sum(1 for c in v.books.world.log.calls if c.operation == "customer.get")


def wait(v: Village) -> timedelta | None:
    return next_probe(v.house.pairing(v.pair), v.house.hands())


def test_an_intent_left_open_by_a_crash_waits_for_the_declared_lag(v: Village) -> None:
    crashed(v, "sent")
    assert states(v) == ["open"]
    asked = probes(v)
    outcome = v.cycle(read=False)
    assert outcome.unclear == 1
    assert probes(v) == asked, "not asked yet: a search may trail the create"
    assert wait(v) == LAG
    assert count(v, "b", "customer.create") == 1


def test_what_is_found_is_settled_as_done_and_linked(v: Village) -> None:
    crashed(v, "sent")
    v.clock.advance(LAG)
    outcome = v.cycle(read=False)
    assert outcome.unclear == 0
    assert states(v) == ["done"]
    settled = next(j for j in v.journal() if j["kind"] == "party")
    assert settled["target"] == customers(v)[0]["CUSTOMER_ID"]
    assert settled["told"] == {"code": "found-again"}
    assert v.link_count()["party"] == 1
    assert count(v, "b", "customer.create") == 1


def test_what_is_not_found_twice_did_not_happen_and_is_planned_anew(v: Village) -> None:
    crashed(v, "intended")
    assert customers(v) == []
    v.clock.advance(LAG)
    assert v.cycle(read=False).unclear == 1, "once is not enough"
    assert states(v) == ["unclear"]
    assert count(v, "b", "customer.create") == 0
    assert wait(v) == LAG
    v.clock.advance(LAG)
    assert v.cycle(read=False).unclear == 1, "under another name it shows in a list alone, and none has been read since"
    v.clock.advance(LAG)
    assert v.cycle().unclear == 0
    assert states(v) == ["void", "done"]
    assert len(customers(v)) == 1
    assert count(v, "b", "customer.create") == 1


def test_a_lost_customer_whom_somebody_renamed_before_the_list_was_read_is_asked_about(v: Village) -> None:
    """Storm, engine 72508: looked for twice before the next poll, and made a second time."""
    crashed(v, "sent")
    v.books_act("edit_customer", ID=customers(v)[0]["CUSTOMER_ID"], ORGANIZATION="Sonne und Mond GmbH")
    for _ in range(3):
        v.clock.advance(LAG)
        v.cycle(read=False)
    assert (states(v), len(customers(v))) == (["unclear"], 1)
    v.clock.advance(LAG)
    v.cycle()
    assert [q.code for q in v.questions()] == ["several-found"]
    assert len(customers(v)) == 1


def test_a_create_that_shows_up_only_with_the_second_look_is_not_doubled(v: Village) -> None:
    crashed(v, "sent")
    table = v.books.world.storage.table("customers")
    hidden = dict(table)
    table.clear()
    v.clock.advance(LAG)
    assert v.cycle(read=False).unclear == 1
    table.update(hidden)
    v.clock.advance(LAG)
    assert v.cycle(read=False).unclear == 0
    assert states(v) == ["done"]
    assert len(customers(v)) == 1


@pytest.mark.parametrize("fault", ("html", "torn-json", "status", "timeout-before"))
def test_a_probe_that_fails_is_never_taken_for_not_found(v: Village, fault: str) -> None:
    crashed(v, "sent")
    v.books.world.faults.arm(fault, match="customer.get", times=100, value=500 if fault == "status" else 0)
    for _ in range(4):
        v.clock.advance(PATIENCE)
        assert v.cycle(read=False).unclear == 1
    assert states(v) == ["unclear"]
    v.books.world.faults.clear()
    v.clock.advance(PATIENCE)
    assert v.cycle(read=False).unclear == 0
    assert states(v) == ["done"]
    assert len(customers(v)) == 1


def test_a_key_refused_while_looking_up_is_tried_once_for_all_that_is_unclear(v: Village) -> None:
    for number in range(6):
        deal_of(v, company(v, name=f"Kunde {number} GmbH"))
    v.clock.advance(300)
    crash_at(v, "sent")
    with pytest.raises(Crash):
        v.cycle()
    crash_never(v)
    v.books.world.storage.settings["api_key"] = "fb-another"
    v.clock.advance(LAG)
    before = v.calls("b")
    outcome = v.cycle(read=False)
    assert v.calls("b") == before + 1
    assert outcome.refused == {"b"}, "the runner stops the connection"
    assert outcome.unclear == 6
    v.books.world.storage.settings["api_key"] = "fb-0123456789abcdef"
    v.sync()
    assert len(customers(v)) == 6
    assert count(v, "b", "customer.create") == 6


def test_a_vendor_that_asks_for_patience_while_looking_up_gets_it(v: Village) -> None:
    crashed(v, "sent")
    v.books.world.faults.arm("rate", match="customer.get", times=1)
    v.clock.advance(LAG)
    outcome = v.cycle(read=False)
    assert outcome.unclear == 1
    assert (("b", "*") in outcome.closed) == (outcome.fault is not None)
    v.sync()
    assert len(customers(v)) == 1
    assert count(v, "b", "customer.create") == 1


def test_a_worker_that_lost_its_lane_settles_nothing_it_looks_up(v: Village) -> None:
    crashed(v, "sent")
    v.clock.advance(LAG)
    old = v.house.pairing(v.pair, epoch=v.lease())
    v.lease()
    from unisono.engine.outcome import Outcome
    from unisono.engine.recover import recover

    with pytest.raises(LostLane):
        recover(old, v.house.hands(), Outcome())
    with v.house.store.read() as conn:
        assert [i.state for i in intents.unsettled(conn, v.pair)] == ["open"]
    v.sync()
    assert len(customers(v)) == 1


def test_a_change_left_open_that_had_arrived_is_done_and_not_written_again(v: Village) -> None:
    sun = company(v)
    deal_of(v, sun)
    v.sync()
    v.crm_act("edit_company", id=str(sun), name="Bäckerei Mond GmbH")
    v.clock.advance(300)
    crash_at(v, "sent")
    with pytest.raises(Crash):
        v.cycle()
    crash_never(v)
    v.clock.advance(LAG)
    v.cycle()
    assert customers(v)[0]["ORGANIZATION"] == "Bäckerei Mond GmbH"
    assert count(v, "b", "customer.update") == 1, "it had arrived, so nothing is left to write"
    assert states(v) == ["done", "done"]


def joined_elsewhere(v: Village) -> str:
    """The company whose customer is being made gets another FastBill customer as its counterpart meanwhile; that one's number."""
    (subject,) = {str(j["key"]) for j in v.journal() if j["kind"] == "party"} or {f"a:party:company:{v.crm.truth()['companies'][0]['id']}"}
    other = str(customer(v, ORGANIZATION="Von Hand verbunden GmbH"))
    with v.house.store.write() as conn:
        links.put_link(conn, "by-hand", v.pair, "party", subject.removeprefix("a:party:"), other, {}, {}, v.clock.now())
    return other


def test_what_is_found_for_a_record_that_has_another_counterpart_by_now_is_told_and_breaks_nothing(v: Village) -> None:
    crashed(v, "sent")
    made = customers(v)[0]["CUSTOMER_ID"]
    other = joined_elsewhere(v)
    v.clock.advance(LAG)
    outcome = v.cycle(read=False)
    assert (outcome.fault, outcome.unclear) == (None, 0)
    assert states(v) == ["done"]
    assert [(p.code, p.values["key"]) for p in v.problems()] == [("made-twice", made)]
    assert v.link_count()["party"] == 1
    assert {c["CUSTOMER_ID"] for c in customers(v)} == {made, other}, "nothing is deleted"
    v.sync()
    assert count(v, "b", "customer.create") == 1


def test_a_record_that_is_linked_between_plan_and_write_is_not_made_a_second_time(v: Village) -> None:
    deal_of(v, company(v))
    v.clock.advance(300)
    step_was = v.house.step

    def link_meanwhile(name: str) -> None:
        if name == "prepared" and not v.link_count().get("party"):
            joined_elsewhere(v)

    v.house.step = link_meanwhile
    v.cycle()
    v.house.step = step_was
    assert count(v, "b", "customer.create") == 0
    assert [c["ORGANIZATION"] for c in customers(v)] == ["Von Hand verbunden GmbH"]
    assert v.link_count()["party"] == 1


class Mute:
    """FastBill as a vendor that cannot be asked for what was made there."""

    def __init__(self, inner: System) -> None:
        self._inner = inner
        made = replace(inner.capabilities.writing("party"), find="none")
        writings = tuple(made if w.kind == "party" else w for w in inner.capabilities.writings)
        self.capabilities = replace(inner.capabilities, writings=writings)

    def probe(self, write: Write) -> tuple[Raw, ...]:
        return ()

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)


def test_where_nothing_can_be_found_a_person_looks_and_nothing_is_made_again_until_they_said_so(v: Village) -> None:
    with v.house.store.read() as conn:
        mute = Mute(v.house.system(pairs.get_connection(conn, v.b)))
    v.house.guests = lambda name: cast(System, mute) if name == "fastbill" else None
    v.house.forget_system(v.b)
    crashed(v, "intended")
    for _ in range(4):
        v.sync()
    asked = [(q.code, q.options) for q in v.questions()]
    before = count(v, "b", "customer.create")
    v.answer(v.questions()[0], "none")
    v.sync()
    assert asked == [("no-trace-possible", ("none", "later"))]
    assert (before, count(v, "b", "customer.create")) == (0, 1)
    assert states(v)[-1] == "done"
