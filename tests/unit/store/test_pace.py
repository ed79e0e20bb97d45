"""The pace of a connection in the store: shared by workers, reserved in blocks, kept over a restart."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, select

from tests.support.clock import FakeClock
from unisono.connect import windows
from unisono.model.capability import PaceRule
from unisono.store.doors import Store
from unisono.store.pace import Limit, StorePace
from unisono.store.tables import pace

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def hourly(scope: str, limit: int) -> Limit:
    """So many calls until the hour is over, counting successes: as small as a limit can be. State: open, done, blocked until."""

    def read(state: str) -> dict[str, str | int]:
        return json.loads(state) if state else {"open": 0, "done": 0, "until": ""}

    def take(state: str, now: datetime, cost: int) -> tuple[str, datetime | None]:
        kept = read(state)
        if cost > limit:
            raise ValueError("never fits")
        if kept["until"] and now < (until := datetime.fromisoformat(str(kept["until"]))):
            return state, until
        if int(kept["open"]) + int(kept["done"]) + cost > limit:
            return state, now.replace(minute=0) + timedelta(hours=1)
        return json.dumps(kept | {"open": int(kept["open"]) + cost}), None

    def settle(state: str, now: datetime, cost: int, counted: bool) -> str:
        kept = read(state)
        return json.dumps(kept | {"open": int(kept["open"]) - cost, "done": int(kept["done"]) + (cost if counted else 0)})

    def give_back(state: str, now: datetime, cost: int) -> str:
        kept = read(state)
        return json.dumps(kept | {"open": int(kept["open"]) - cost})

    def block(state: str, now: datetime, until: datetime) -> str:
        return json.dumps(read(state) | {"until": until.isoformat()})

    return Limit(scope, take, settle, give_back, block)


def state(store: Store, scope: str = "key:a") -> dict[str, int | str]:
    with store.read() as conn:
        return json.loads(conn.execute(select(pace.c.state).where(pace.c.scope == scope)).scalar_one())


class Transactions(Store):
    """A store that counts its writing transactions, through the doors of another."""

    def __init__(self, store: Store) -> None:
        super().__init__(store._engines, store._place)
        self.count = 0

    def write(self) -> AbstractContextManager[Connection]:
        self.count += 1
        return super().write()


def test_two_workers_share_one_limit(store: Store) -> None:
    clock = FakeClock(NOW)
    one, two = (StorePace(store, [hourly("key:a", 3)], clock.now) for _ in range(2))
    assert [one.take(), two.take(), one.take()] == [None, None, None]
    assert two.take() == NOW + timedelta(hours=1)


def test_a_call_that_did_not_count_is_given_back(store: Store) -> None:
    clock = FakeClock(NOW)
    worker = StorePace(store, [hourly("key:a", 1)], clock.now)
    assert worker.take() is None
    worker.rejected()
    assert worker.take() is None
    worker.succeeded()
    assert worker.take() == NOW + timedelta(hours=1)
    assert (state(store)["open"], state(store)["done"]) == (0, 1)


def test_a_block_of_calls_costs_one_transaction(store: Store) -> None:
    clock = FakeClock(NOW)
    counted = Transactions(store)
    worker = StorePace(counted, [hourly("key:a", 100)], clock.now, block=10)
    for _ in range(20):
        assert worker.take() is None
        worker.succeeded()
    assert counted.count == 2
    assert (state(store)["open"], state(store)["done"]) == (10, 10)
    worker.flush()
    assert (state(store)["open"], state(store)["done"]) == (0, 20)


def test_what_is_left_of_an_old_block_is_given_back(store: Store) -> None:
    clock = FakeClock(NOW)
    worker = StorePace(store, [hourly("key:a", 100)], clock.now, block=10, keep=5)
    assert worker.take() is None
    worker.succeeded()
    clock.advance(5)
    assert worker.take() is None
    assert (state(store)["open"], state(store)["done"]) == (10, 1)


def test_a_block_from_before_the_clock_was_set_back_is_not_used(store: Store) -> None:
    clock = FakeClock(NOW)
    counted = Transactions(store)
    worker = StorePace(counted, [hourly("key:a", 100)], clock.now, block=10)
    worker.take()
    clock.advance(-3600)
    worker.take()
    assert counted.count == 2


def test_near_its_end_a_limit_is_used_up_call_by_call(store: Store) -> None:
    clock = FakeClock(NOW)
    worker = StorePace(store, [hourly("key:a", 5)], clock.now, block=4)
    assert [worker.take() for _ in range(6)] == [None] * 5 + [NOW + timedelta(hours=1)]


def test_a_block_larger_than_the_limit_does_not_stand_in_the_way(store: Store) -> None:
    worker = StorePace(store, [hourly("key:a", 2)], FakeClock(NOW).now, block=50)
    assert [worker.take(), worker.take()] == [None, None]
    with pytest.raises(ValueError, match="never fits"):
        worker.take(3)


def test_when_one_limit_says_no_the_other_loses_nothing(store: Store) -> None:
    worker = StorePace(store, [hourly("key:a", 10), hourly("address:b", 1)], FakeClock(NOW).now)
    assert worker.take() is None
    assert worker.take() == NOW + timedelta(hours=1)
    assert (state(store)["open"], state(store, "address:b")["open"]) == (1, 1)


def test_a_vendor_s_stop_holds_for_every_worker_and_over_a_restart(store: Store) -> None:
    clock = FakeClock(NOW)
    worker = StorePace(store, [hourly("key:a", 100)], clock.now, block=10)
    worker.take()
    until = NOW + timedelta(minutes=10)
    worker.blocked(until)
    assert worker.take() == until, "what was reserved is not used up first"
    assert StorePace(store, [hourly("key:a", 100)], clock.now).take() == until
    clock.advance(600)
    assert worker.take() is None


def test_what_a_killed_process_had_reserved_counts_as_used(store: Store) -> None:
    clock = FakeClock(NOW)
    StorePace(store, [hourly("key:a", 10)], clock.now, block=8).take()
    after = StorePace(store, [hourly("key:a", 10)], clock.now)
    assert [after.take() for _ in range(3)] == [None, None, NOW + timedelta(hours=1)]


def windowed(scope: str, rule: PaceRule) -> Limit:
    """A vendor's rule as the connectors know it."""

    def load(state: str) -> windows.Kept:
        return windows.load(state) if state else windows.Kept()

    def take(state: str, now: datetime, cost: int) -> tuple[str, datetime | None]:
        kept, at = windows.take(load(state), rule, now, cost)
        return windows.dump(kept), at

    never_made = replace(rule, counts="success")
    return Limit(
        scope,
        take,
        settle=lambda state, now, cost, counted: windows.dump(windows.settled(load(state), rule, now, cost, counted=counted)),
        give_back=lambda state, now, cost: windows.dump(windows.settled(load(state), never_made, now, cost, counted=False)),
        block=lambda state, now, until: windows.dump(windows.blocked(load(state), rule, now, until)),
    )


def test_a_real_rule_of_a_vendor_is_kept_by_two_workers_with_blocks(store: Store) -> None:
    clock = FakeClock(NOW)
    rule = PaceRule(window="sliding", limit=50, seconds=3600, counts="success")
    workers = [StorePace(store, [windowed("fastbill:key:a", rule)], clock.now, block=5) for _ in range(2)]
    granted: list[datetime] = []
    while clock.now() < NOW + timedelta(hours=3):
        for worker in workers:
            if worker.take() is None:
                granted.append(clock.now())
                worker.succeeded()
        clock.advance(60)
    busiest = max(sum(start <= at < start + timedelta(hours=1) for at in granted) for start in granted)
    assert 40 <= busiest <= 50
    assert len(granted) > 110


def test_two_limits_need_two_scopes(store: Store) -> None:
    with pytest.raises(ValueError, match="scopes must differ"):
        StorePace(store, [hourly("key:a", 1), hourly("key:a", 2)], FakeClock(NOW).now)
