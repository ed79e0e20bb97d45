"""Pace: now or at T, and how often one may look."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.support.clock import START, FakeClock
from unisono.connect.clock import Clock, SystemClock
from unisono.connect.pace import MemoryPace, allowance, narrowed, poll_interval
from unisono.model.capability import PaceRule

FASTBILL = PaceRule(
    window="sliding", limit=50, seconds=3600, counts="success", plans={"solo": 50, "solo-plus": 100, "pro": 500, "premium": 1000}
)
CENTRALSTATION = PaceRule(window="sliding", limit=50, seconds=10)
BITRIX = PaceRule(window="bucket", limit=50, seconds=25)
SMARTBILL = PaceRule(window="block", limit=30, seconds=10, block=600)


def test_the_fifty_first_call_of_the_hour_is_told_when_to_ask_again_and_then_goes() -> None:
    clock = FakeClock()
    pace = MemoryPace([FASTBILL], clock)
    for _ in range(50):
        assert pace.take() is None
        pace.succeeded()
    at = pace.take()
    assert at == START + timedelta(seconds=3780)
    clock.advance(3780)
    assert pace.take() is None


def test_a_plan_raises_the_limit_and_an_unknown_plan_does_not() -> None:
    assert [narrowed([FASTBILL], plan)[0].limit for plan in ("pro", "", "gold")] == [500, 50, 50]
    pace = MemoryPace([FASTBILL], FakeClock(), "pro")
    assert [pace.take() for _ in range(500)] == [None] * 500
    assert pace.take() is not None


def test_a_rejected_call_is_given_back_and_a_block_holds_for_everybody() -> None:
    clock = FakeClock()
    pace = MemoryPace([PaceRule(window="sliding", limit=1, seconds=3600, counts="success")], clock)
    assert pace.take() is None
    pace.rejected()
    assert pace.take() is None
    pace.rejected()
    pace.blocked(clock.now() + timedelta(seconds=7))
    assert pace.take() == START + timedelta(seconds=7)
    clock.advance(7)
    assert pace.take() is None


def test_a_connection_without_limits_still_obeys_a_429() -> None:
    clock = FakeClock()
    pace = MemoryPace([], clock)
    assert pace.take(10_000) is None
    pace.blocked(clock.now() + timedelta(seconds=5))
    assert pace.take() == START + timedelta(seconds=5)


def test_eight_threads_get_exactly_the_limit_between_them() -> None:
    pace = MemoryPace([CENTRALSTATION], FakeClock())
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: pace.take(), range(200)))
    assert answers.count(None) == 50


@pytest.mark.parametrize(
    ("rules", "plan", "calls"),
    (
        ((FASTBILL,), "", 50),
        ((FASTBILL,), "premium", 1000),
        ((CENTRALSTATION,), "", 18_000),
        ((BITRIX,), "", 7_200),
        ((SMARTBILL,), "", 9_720),
        ((CENTRALSTATION, FASTBILL), "pro", 500),
        ((PaceRule(window="sliding", limit=10, seconds=86_400),), "", 1),
        ((PaceRule(),), "", None),
        ((), "", None),
    ),
)
def test_the_allowance_is_what_the_tightest_rule_gives_in_an_hour(rules: tuple[PaceRule, ...], plan: str, calls: int | None) -> None:
    assert allowance(rules, plan) == calls


def test_a_listing_of_52_calls_on_the_solo_plan_is_planned_every_two_hours_and_five_minutes() -> None:
    seconds = poll_interval(52, [FASTBILL], "solo")
    assert seconds == 7488
    assert timedelta(seconds=seconds) == timedelta(hours=2, minutes=4, seconds=48)


def test_nobody_looks_more_often_than_every_five_minutes() -> None:
    assert poll_interval(3, [CENTRALSTATION]) == 300
    assert poll_interval(3, []) == 300
    assert poll_interval(3, [CENTRALSTATION], floor=60) == 60
    assert poll_interval(52, [FASTBILL], "premium") == 375


def test_polling_at_the_planned_interval_keeps_half_the_allowance_free() -> None:
    for plan in FASTBILL.plans:
        for cost in (1, 7, 52, 400):
            looks_an_hour = 3600 / poll_interval(cost, [FASTBILL], plan)
            free = FASTBILL.plans[plan] - looks_an_hour * cost
            assert free >= FASTBILL.plans[plan] / 2


def test_the_machines_clock_tells_utc_and_does_not_wait_for_nothing() -> None:
    clock: Clock = SystemClock()
    before = clock.now()
    clock.sleep(0)
    clock.sleep(-1)
    assert before.utcoffset() == timedelta(0)
    assert clock.now() >= before


def test_the_tests_clock_moves_only_when_told() -> None:
    clock = FakeClock()
    assert clock.now() == clock.now() == START
    clock.sleep(1.5)
    assert clock.advance(timedelta(minutes=1)) == clock.now() == START + timedelta(seconds=61.5)
    assert clock.slept == [1.5]
    with pytest.raises(ValueError, match="time zone"):
        FakeClock(START.replace(tzinfo=None))
