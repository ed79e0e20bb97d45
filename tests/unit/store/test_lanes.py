"""Leases of lanes: one hand at a time, and a hand that was thought dead changes nothing any more."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from tests.support.stores import BESIDE_EACH_OTHER, POSTGRESQL
from unisono.store.doors import Store
from unisono.store.lanes import LostLane, check_epoch, release_lane, renew_lane, take_lane
from unisono.store.tables import firm

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LANE = "pair:p"


def later(seconds: int) -> datetime:
    return NOW + timedelta(seconds=seconds)


def take(store: Store, holder: str, now: datetime = NOW, *, may_take_over: bool = False) -> int | None:
    with store.write() as conn:
        return take_lane(conn, LANE, holder, now, 30, may_take_over=may_take_over)


def check(store: Store, epoch: int) -> bool:
    try:
        with store.write() as conn:
            check_epoch(conn, LANE, epoch)
    except LostLane:
        return False
    return True


def test_a_lane_has_one_holder_at_a_time(store: Store) -> None:
    assert take(store, "one") == 1
    assert take(store, "two") is None
    assert take(store, "one", later(29)) is None, "not even another thread of the same process"
    assert check(store, 1)


def test_a_lease_that_is_over_may_be_taken_and_shuts_the_old_hand_out(store: Store) -> None:
    assert take(store, "one") == 1
    assert take(store, "two", later(30)) == 2
    assert (check(store, 1), check(store, 2)) == (False, True)


def test_an_overdue_lease_still_counts_while_nobody_has_taken_the_lane(store: Store) -> None:
    assert take(store, "one") == 1
    with store.write() as conn:
        check_epoch(conn, LANE, 1)
        renew_lane(conn, LANE, 1, later(100), 30)
    assert take(store, "two", later(120)) is None


def test_a_dead_process_s_lane_is_taken_over_at_once_by_who_knows_it_dead(store: Store) -> None:
    assert take(store, "killed") == 1
    assert take(store, "next", later(1)) is None
    assert take(store, "next", later(1), may_take_over=True) == 2
    assert not check(store, 1)


def test_a_released_lane_is_free_and_its_epoch_goes_on_rising(store: Store) -> None:
    assert take(store, "one") == 1
    with store.write() as conn:
        release_lane(conn, LANE, 1)
    assert not check(store, 1), "who let go may not go on"
    assert take(store, "two") == 2
    with store.write() as conn:
        release_lane(conn, LANE, 1)  # comes too late and harms nobody
    assert check(store, 2)


def test_renewing_a_lost_lane_tells_so(store: Store) -> None:
    take(store, "one")
    take(store, "two", later(30))
    with pytest.raises(LostLane, match="pair:p is no longer held with epoch 1"), store.write() as conn:
        renew_lane(conn, LANE, 1, later(31), 30)


def test_a_lane_nobody_ever_took_is_not_held(store: Store) -> None:
    assert not check(store, 1)


def test_what_was_written_with_an_old_epoch_is_undone(store: Store) -> None:
    take(store, "one")
    take(store, "two", later(30))

    def settle_late() -> None:
        with store.write() as conn:
            conn.execute(insert(firm).values(id="f", name="late", created_at=""))
            check_epoch(conn, LANE, 1)

    with pytest.raises(LostLane):
        settle_late()
    with store.read() as conn:
        assert conn.execute(select(firm.c.id)).all() == []


@pytest.mark.parametrize("store", BESIDE_EACH_OTHER, indirect=True)
def test_of_many_who_reach_for_a_lane_at_once_one_gets_it(store: Store) -> None:
    start = threading.Barrier(6)

    def reach(name: str) -> int | None:
        start.wait(10)
        return take(store, name)

    with ThreadPoolExecutor(6) as crowd:
        epochs = [reaching.result(timeout=30) for reaching in [crowd.submit(reach, str(n)) for n in range(6)]]
    assert sorted(epochs, key=str) == [1, None, None, None, None, None]


@pytest.mark.parametrize("store", (POSTGRESQL,), indirect=True)
def test_a_take_over_waits_for_a_settlement_under_way(store: Store) -> None:
    """Else the new holder would plan from a picture without what the old one is just writing."""
    take(store, "one")
    with ThreadPoolExecutor(1) as other:
        with store.write() as conn:
            check_epoch(conn, LANE, 1)
            taking = other.submit(take, store, "two", later(30))
            with pytest.raises(NotYet):
                taking.result(timeout=0.3)
        assert taking.result(timeout=10) == 2
    assert not check(store, 1)
