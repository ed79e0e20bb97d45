"""What a process called is written down when it pauses or ends, so that the next one does not wait for calls that were answered long ago."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from tests.support.clock import FakeClock
from tests.support.village import village
from unisono.model.capability import Capabilities, PaceRule
from unisono.store.doors import Store
from unisono.store.secrets import KeyRing
from unisono.store.tables import pace
from unisono.wiring import House, system_file
from unisono.wiring.running import Runner

TWO_A_SECOND = PaceRule(window="sliding", limit=2, seconds=1, scope="account")


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open(":memory:", least_room=0) as opened:
        yield opened


def house_on(store: Store, folder: Path, clock: FakeClock) -> House:
    """A process on a store."""
    return House(store=store, ring=KeyRing(folder / "key"), folder=folder, clock=clock, chance=random.Random(1))


def slow_vendor() -> Capabilities:
    return replace(system_file("fastbill"), pace=(TWO_A_SECOND,))


def called(house: House, count: int) -> None:
    """So many calls under way at once, all of them answered."""
    paced = house.pace_of(slow_vendor(), "connection", {})
    assert [paced.take() for _ in range(count)] == [None] * count
    paced.succeeded(count)


def open_calls(store: Store) -> list[int]:
    """The calls under way as the store knows them, a number a limit."""
    with store.read() as conn:
        states = [json.loads(state) for (state,) in conn.execute(select(pace.c.state)) if state]
    return [sum(calls for _, calls in kept["open"]) for kept in states]


def test_a_process_that_was_closed_leaves_no_call_under_way_and_the_next_one_calls_at_once(store: Store, tmp_path: Path) -> None:
    clock = FakeClock()
    house = house_on(store, tmp_path, clock)
    called(house, 2)
    house.close()
    # two seconds later, in another process: both calls were answered long ago
    clock.advance(2)
    assert house_on(store, tmp_path, clock).pace_of(slow_vendor(), "connection", {}).take() is None


def test_a_process_that_died_leaves_its_calls_under_way_for_a_minute(store: Store, tmp_path: Path) -> None:
    clock = FakeClock()
    began = clock.now()
    called(house_on(store, tmp_path, clock), 2)
    clock.advance(2)
    # nobody knows whether they arrived
    at = house_on(store, tmp_path, clock).pace_of(slow_vendor(), "connection", {}).take()
    assert at is not None
    assert timedelta(seconds=50) < at - began <= timedelta(seconds=61)


def test_a_look_of_its_own_and_the_sync_after_it_share_one_pace(store: Store, tmp_path: Path) -> None:
    house = house_on(store, tmp_path, FakeClock())
    # a key is tested over a door of its own; the sync that follows opens another one
    one, two = (house.pace_of(system_file("fastbill"), "connection", {"plan": "solo"}) for _ in range(2))
    assert one is two
    assert house.pace_of(system_file("fastbill"), "another", {"plan": "solo"}) is not one
    assert house.pace_of(system_file("fastbill"), "connection", {"plan": "premium"}) is not one


def test_after_a_turn_every_answered_call_is_written_down(tmp_path: Path) -> None:
    v = village(tmp_path)
    Runner(house=v.house, holder="test").turn(poll=True)
    assert v.calls("a") + v.calls("b") > 4
    assert open_calls(v.house.store)
    assert set(open_calls(v.house.store)) == {0}
