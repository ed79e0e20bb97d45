"""Waves of creates: one is sent before the last one is settled; whatever stops it, nothing is made twice and nothing forgotten."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import pytest
from msgspec.structs import replace

from tests.stories.folk import customer_names
from tests.support.village import Village
from tests.unit.engine.crash import Crash
from tests.unit.engine.test_batches import Packed, packed, states, town
from unisono.connect.port import Answered, Command, Page, System
from unisono.engine.batch import batches, work_off
from unisono.engine.changes import take_changes
from unisono.engine.outcome import Outcome
from unisono.engine.pull import Further, pull
from unisono.engine.waves import Waves
from unisono.model.errors import LoginRefused, SystemFault, TryLater
from unisono.store import intents, links, pairs, work

NAMES = tuple(f"Firma{n}" for n in range(1, 10))
"""Three waves of one call each, three customers a call."""


@dataclass(slots=True)
class Watched:
    """FastBill with three customers a call, and a log of when calls begin. ``faults``: what a call, by its number, is answered with."""

    way: Packed
    log: list[str] = field(default_factory=list)
    faults: dict[int, SystemFault] = field(default_factory=dict)
    gate: threading.Event = field(default_factory=threading.Event)
    """No call ends before it is open."""
    most: int = 0
    """Calls that were under way at once."""
    _calls: int = 0
    _under_way: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.way, name)

    def send_many(self, commands: Sequence[Command], earlier: Sequence[tuple[Answered, ...]]) -> list[Answered | SystemFault]:
        """One call."""
        with self._lock:
            self.log.append("call")
            self._calls += 1
            self._under_way += 1
            self.most, number = max(self.most, self._under_way), self._calls
        assert self.gate.wait(20)
        with self._lock:
            self._under_way -= 1
            if number in self.faults:
                raise self.faults[number]
            return self.way.send_many(commands, earlier)

    @property
    def order(self) -> list[str]:
        """Calls, and when their outcomes were written down."""
        return [told for told in self.log if told in ("call", "settled")]


@dataclass(frozen=True, slots=True)
class OneByOne:
    """A system that lists one row a page."""

    inner: System

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def pages(self, resource: str, since: datetime | None = None) -> Iterator[Page]:
        """Its pages, taken apart."""
        for page in self.inner.pages(resource, since):
            for row in page.rows:
                yield replace(page, rows=(row,))


def watched(v: Village, *, ahead: bool, fan_out: int = 1) -> Watched:
    """FastBill from now on."""
    made = Watched(packed(v))
    made.gate.set()
    v.house.guests = lambda name: cast(System, made) if name == "fastbill" else None
    v.house.forget_system(v.b)
    v.house.ahead, v.house.fan_out, v.house.step = ahead, fan_out, made.log.append
    v.clock.advance(300)
    return made


def unsettled(v: Village) -> set[str]:
    with v.house.store.read() as conn:
        return intents.unsettled_keys(conn, v.pair)


@pytest.mark.parametrize(
    ("ahead", "order"),
    (
        (False, ["call", "settled", "call", "settled", "call", "settled"]),
        (True, ["call", "call", "settled", "call", "settled", "settled"]),
    ),
)
def test_the_next_wave_is_sent_before_the_last_one_is_settled_and_never_two_ahead(v: Village, ahead: bool, order: list[str]) -> None:
    way = watched(v, ahead=ahead)
    town(v, *NAMES)
    before = customer_names(v)
    v.cycle()
    assert (before, way.order[: len(order)]) == ([], order)
    assert (customer_names(v), v.link_count()["party"], unsettled(v)) == (sorted(NAMES), 9, set())


def test_with_threads_no_more_calls_are_under_way_than_allowed_though_the_next_wave_is_sent(v: Village) -> None:
    way = watched(v, ahead=True, fan_out=2)
    town(v, *NAMES, "Firma10", "Firma11", "Firma12", "Firma13")
    v.cycle()
    assert way.most <= 2
    intended = [told for told in way.log if told in ("intended", "settled")]
    assert intended[:3] == ["intended", "intended", "settled"], "two waves of two calls are on their way before the first is settled"
    assert (len(customer_names(v)), unsettled(v)) == (13, set())


def test_a_refusal_is_noticed_after_one_wave_more_and_what_was_made_is_linked(v: Village) -> None:
    way = watched(v, ahead=True)
    way.faults[1] = TryLater("too-many", {"system": "fastbill"})
    town(v, *NAMES)
    outcome = v.cycle()
    # before: three waves were to go; after: the second was sent already, the third never
    assert (way.order.count("call"), len(customer_names(v)), outcome.writes) == (2, 3, 3)
    assert (set(states(v).values()), unsettled(v)) == ({"done", "void"}, set())
    v.clock.advance(600)
    v.cycle(read=False)
    assert customer_names(v) == sorted(NAMES)


def test_a_key_refused_in_one_wave_stops_the_calls_of_the_next_that_have_not_begun(v: Village) -> None:
    way = watched(v, ahead=True)
    way.faults[1] = LoginRefused("login-refused", {"system": "fastbill"})
    town(v, *NAMES)
    outcome = v.cycle()
    assert (way.order.count("call"), customer_names(v), outcome.refused, unsettled(v)) == (1, [], {"b"}, set())


def test_a_pair_that_is_paused_meanwhile_settles_both_waves_and_sends_no_third(v: Village) -> None:
    way = watched(v, ahead=True)
    town(v, *NAMES)

    def step(name: str) -> None:
        way.log.append(name)
        if way.log.count("intended") == 2 and name == "intended":
            with v.house.store.write() as conn:
                pairs.update_pair(conn, v.pair, state="paused")

    v.house.step = step
    outcome = v.cycle()
    assert (way.order, outcome.stopped) == (["call", "call", "settled", "settled"], "paused")
    assert (len(customer_names(v)), v.link_count()["party"], unsettled(v)) == (6, 6, set())


def test_a_process_killed_between_sending_a_wave_and_settling_the_one_before_makes_nobody_twice(v: Village) -> None:
    way = watched(v, ahead=True)
    town(v, *NAMES)

    def step(name: str) -> None:
        way.log.append(name)
        if name == "sent" and way.order.count("call") == 2:
            raise Crash(name)

    v.house.step = step
    with pytest.raises(Crash):
        v.cycle()
    assert (len(customer_names(v)), len(unsettled(v)), v.link_count().get("party", 0)) == (6, 6, 0)
    v.house.step = way.log.append
    v.sync()
    assert (customer_names(v), v.link_count()["party"], unsettled(v)) == (sorted(NAMES), 9, set())


def test_changes_are_never_sent_ahead_each_follows_its_look(v: Village) -> None:
    keys = town(v, *NAMES[:6])
    v.sync()
    way = watched(v, ahead=True)
    for key in keys:
        v.crm_act("edit_company", id=str(key), city="Potsdam")
    v.cycle()
    assert way.order[:4] == ["call", "settled", "call", "settled"]


@pytest.mark.parametrize("ahead", (False, True))
def test_a_customer_like_one_who_is_just_being_made_is_planned_after_that_one(v: Village, ahead: bool) -> None:
    way = watched(v, ahead=ahead)
    town(v, "Sonne")
    pairing = v.house.pairing(v.pair, epoch=v.lease())
    hands, outcome = v.house.hands(), Outcome()
    under_way = not ahead
    with Waves(outcome, hands) as waves:
        for again in (False, True):
            if again:
                # the same company again, and another one, come with the next page
                town(v, "Sonne", "Anderswo")
            pull(pairing.a, hands, whole=True)
            take_changes(pairing, hands)
            with v.house.store.read() as conn:
                tasks = [t for t in work.due(conn, pairing.lane, v.clock.now(), 99) if t.kind == "party" and t.key not in waves.keys]
            work_off(tasks, pairing, waves, hands)
            under_way = bool(waves.keys)
        assert under_way is ahead
    assert customer_names(v) == ["Anderswo", "Sonne"], "the second one is asked about, not made"
    assert [question.code for question in v.questions()] == ["same-customer"]
    assert way.order.count("settled") == 2


def test_what_is_under_way_is_not_due_a_second_time(v: Village) -> None:
    watched(v, ahead=True)
    town(v, *NAMES[:3])
    pairing = v.house.pairing(v.pair, epoch=v.lease())
    hands, outcome = v.house.hands(), Outcome()
    pull(pairing.a, hands, whole=True)
    take_changes(pairing, hands)
    with Waves(outcome, hands) as waves:
        due = batches(pairing, waves, hands)
        work_off(next(due), pairing, waves, hands)
        before, sent = outcome.writes, len(waves.keys)
        then = next(due, [])
    with v.house.store.read() as conn:
        made = links.count_links(conn, v.pair)["party"]
    assert (before, sent, outcome.writes, made, "party" in {task.kind for task in then}) == (0, 3, 3, 3, False)


def test_what_is_read_while_calls_are_under_way_is_worked_off_in_the_same_cycle(v: Village) -> None:
    way = watched(v, ahead=True, fan_out=2)
    town(v, *NAMES[:6])
    pairing = v.house.pairing(v.pair, epoch=v.lease())
    hands, outcome = v.house.hands(), Outcome()
    pull(pairing.a, hands, whole=True)
    take_changes(pairing, hands)
    way.gate.clear()

    def further() -> bool:
        if way.gate.is_set():
            return False
        # three more stand on the next page
        town(v, *NAMES[6:])
        pull(pairing.a, hands, whole=True)
        way.gate.set()
        return True

    with Waves(outcome, hands, further) as waves:
        for tasks in batches(pairing, waves, hands):
            work_off(tasks, pairing, waves, hands)
    assert (customer_names(v), v.link_count()["party"], unsettled(v)) == (sorted(NAMES), 9, set())


def test_a_list_can_be_read_on_from_between_its_pages_and_nothing_of_it_is_lost(v: Village) -> None:
    town(v, *NAMES)
    pairing, hands = v.house.pairing(v.pair), v.house.hands()
    way = replace(pairing.a, system=cast(System, OneByOne(pairing.a.system)))
    read_on: list[bool] = []

    def between(further: Further) -> None:
        read_on.append(further())

    before = pull(pairing.a, hands, whole=True).rows
    with v.house.store.write() as conn:
        conn.exec_driver_sql("delete from seen")
    after = pull(way, hands, whole=True, between=between, ahead=True)
    assert (after.rows, after.unreadable) == (before, [])
    assert 0 < len(read_on) <= after.calls
