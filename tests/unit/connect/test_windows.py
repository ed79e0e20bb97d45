"""The windows against a vendor that counts strictly, at whatever moment between a call and its answer it likes."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.clock import START
from unisono.connect.windows import Kept, blocked, dump, load, settled, take, take_all
from unisono.model.capability import PaceRule

FASTBILL_SOLO = PaceRule(window="sliding", limit=50, seconds=3600, counts="success")
CENTRALSTATION = PaceRule(window="sliding", limit=50, seconds=10)
BITRIX = PaceRule(window="bucket", limit=50, seconds=25)
LEXOFFICE = PaceRule(window="bucket", limit=2, seconds=1)
SMARTBILL = PaceRule(window="block", limit=30, seconds=10, block=600)
RULES = (FASTBILL_SOLO, CENTRALSTATION, BITRIX, LEXOFFICE, SMARTBILL, PaceRule(window="sliding", limit=1, seconds=1))


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@dataclass(frozen=True)
class Wish:
    """Somebody wants to call ``gap`` seconds after the one before; the answer takes ``lasts``, the vendor counts at ``where`` of it."""

    gap: float
    lasts: float
    where: float
    success: bool


wishes = st.lists(
    st.builds(
        Wish,
        gap=st.sampled_from((0.0, 0.0, 0.0, 0.01, 0.3, 0.5, 2.0, 9.7, 36.0)),
        lasts=st.sampled_from((0.0, 0.05, 0.4, 3.0, 29.0)),
        where=st.floats(0, 1),
        success=st.booleans(),
    ),
    min_size=60,
    max_size=220,
)


def played(rule: PaceRule, asked: list[Wish]) -> list[float]:
    """The seconds at which the vendor counted a call, if everybody keeps to what the window says. A refused wish is dropped."""
    kept, now, counted = Kept(), 0.0, []
    answers: list[tuple[float, bool]] = []

    def answer_until(moment: float, kept: Kept) -> Kept:
        while answers and answers[0][0] <= moment:
            at, success = heapq.heappop(answers)
            kept = settled(kept, rule, after(at), counted=success)
        return kept

    for wish in asked:
        now += wish.gap
        kept, later = take(answer_until(now, kept), rule, after(now))
        if later is None:
            heapq.heappush(answers, (now + wish.lasts, wish.success))
            if wish.success or rule.counts == "all":
                counted.append(now + wish.lasts * wish.where)
        else:
            assert later > after(now), "a time in the past is no advice"
    return sorted(counted)


@pytest.mark.parametrize(
    "rule", tuple(r for r in RULES if r.window != "bucket"), ids=lambda r: f"{r.window}-{r.limit}-{r.seconds}-{r.counts}"
)
@given(asked=wishes)
@settings(max_examples=30, deadline=None)
def test_no_stretch_of_a_sliding_window_ever_holds_more_than_the_limit(rule: PaceRule, asked: list[Wish]) -> None:
    counted = played(rule, asked)
    for first, moment in enumerate(counted):
        inside = [m for m in counted[first:] if m <= moment + rule.seconds]
        assert len(inside) <= rule.limit * (0.9 if rule.window == "block" else 1)


@pytest.mark.parametrize("rule", (BITRIX, LEXOFFICE), ids=["50 saved up, 2 a second", "2 saved up, 2 a second"])
@given(asked=wishes)
@settings(max_examples=30, deadline=None)
def test_the_vendors_own_bucket_never_runs_over(rule: PaceRule, asked: list[Wish]) -> None:
    level, last = 0.0, 0.0
    for moment in played(rule, asked):
        level = max(0.0, level - (moment - last) * rule.limit / rule.seconds) + 1
        last = moment
        assert level <= rule.limit + 1e-6


@pytest.mark.parametrize("rule", RULES, ids=lambda r: f"{r.window}-{r.limit}-{r.seconds}-{r.counts}")
def test_whoever_asks_again_at_the_time_told_gets_through_and_at_nearly_the_full_rate(rule: PaceRule) -> None:
    kept, now, calls = Kept(), START, rule.limit * 5
    for _ in range(calls):
        kept, later = take(kept, rule, now)
        if later is not None:
            now = later
            kept, later = take(kept, rule, now)
        assert later is None
        kept = settled(kept, rule, now, counted=True)
    fair = timedelta(seconds=(calls - rule.limit) * rule.seconds / rule.limit)
    assert now - START <= fair * 1.2 + timedelta(seconds=rule.seconds * 1.05)


def test_only_successes_count_at_fastbill_so_a_rejected_call_is_given_back() -> None:
    kept = Kept()
    for _ in range(50):
        kept, later = take(kept, FASTBILL_SOLO, START)
        assert later is None
    assert take(kept, FASTBILL_SOLO, START)[1] == after(3600 * 1.05)
    kept = settled(kept, FASTBILL_SOLO, START, counted=False)
    kept, later = take(kept, FASTBILL_SOLO, after(1))
    assert later is None
    assert take(kept, FASTBILL_SOLO, after(1))[1] is not None


def test_where_every_call_counts_a_rejected_one_is_not_given_back() -> None:
    kept = Kept()
    for _ in range(50):
        kept, _ = take(kept, CENTRALSTATION, START)
    kept = settled(kept, CENTRALSTATION, START, 50, counted=False)
    assert take(kept, CENTRALSTATION, after(10.4))[1] == after(10.5)
    assert take(kept, CENTRALSTATION, after(10.5))[1] is None


def test_a_bucket_gives_fifty_at_once_and_then_two_a_second() -> None:
    kept, given_at_once = Kept(), 0
    while (asked := take(kept, BITRIX, START))[1] is None:
        kept, given_at_once = settled(asked[0], BITRIX, START, counted=True), given_at_once + 1
    assert given_at_once == 50
    assert asked[1] == after(0.5)


def test_a_breach_of_a_block_window_locks_everybody_out_for_ten_minutes_even_if_the_vendor_named_no_time() -> None:
    kept = blocked(Kept(), SMARTBILL, START, after(10))
    assert take(kept, SMARTBILL, after(11))[1] == after(600)
    assert take(kept, SMARTBILL, after(600))[1] is None


def test_a_block_window_leaves_a_tenth_of_the_limit_untouched() -> None:
    kept, given_out = Kept(), 0
    while (asked := take(kept, SMARTBILL, START))[1] is None:
        kept, given_out = asked[0], given_out + 1
    assert given_out == 27


def test_a_block_is_never_shortened_by_a_later_and_shorter_one() -> None:
    kept = blocked(blocked(Kept(), CENTRALSTATION, START, after(60)), CENTRALSTATION, START, after(5))
    assert take(kept, CENTRALSTATION, after(6))[1] == after(60)


def test_no_window_limits_nothing_but_can_be_blocked() -> None:
    rule = PaceRule()
    kept, later = take(Kept(), rule, START, 1000)
    assert later is None
    assert take(blocked(kept, rule, START, after(30)), rule, START)[1] == after(30)


def test_a_call_whose_process_died_is_forgotten_after_a_minute_not_after_an_hour_and_not_at_once() -> None:
    kept, _ = take(Kept(), CENTRALSTATION, START, 50)
    assert take(kept, CENTRALSTATION, after(30))[1] == after(60)
    assert take(kept, CENTRALSTATION, after(60))[1] is None
    kept, _ = take(Kept(), LEXOFFICE, START, 2)
    assert take(kept, LEXOFFICE, after(59))[1] is not None
    assert take(kept, LEXOFFICE, after(62))[1] is None


def test_a_clock_set_back_by_a_day_neither_locks_us_out_for_a_day_nor_forgets_what_was_used() -> None:
    kept, _ = take(Kept(), CENTRALSTATION, START, 50)
    kept = settled(kept, CENTRALSTATION, START, 50, counted=True)
    yesterday = START - timedelta(days=1)
    kept, later = take(kept, CENTRALSTATION, yesterday)
    assert later == yesterday + timedelta(seconds=10.5)
    assert take(kept, CENTRALSTATION, yesterday + timedelta(seconds=10.5))[1] is None


def test_the_clocks_of_two_workers_may_differ_by_a_second_without_shortening_the_window() -> None:
    kept, _ = take(Kept(), CENTRALSTATION, START, 49)
    kept = settled(kept, CENTRALSTATION, START, 49, counted=True)
    kept, _ = take(kept, CENTRALSTATION, after(-1))
    kept = settled(kept, CENTRALSTATION, after(-1), counted=True)
    assert take(kept, CENTRALSTATION, after(-1), 50)[1] == after(10.5)


def test_several_rules_reserve_together_or_not_at_all() -> None:
    day = PaceRule(window="sliding", limit=60, seconds=86_400)
    kept, later = take_all([Kept(), Kept()], [CENTRALSTATION, day], START, 50)
    assert later is None
    used_up, later = take_all(kept, [CENTRALSTATION, day], START, 20)
    assert later == after(86_400 * 1.05)
    assert used_up == kept
    assert take_all(kept, [CENTRALSTATION, day], after(60), 10)[1] is None


def test_more_calls_at_once_than_the_limit_holds_are_a_mistake_not_an_endless_wait() -> None:
    with pytest.raises(ValueError, match="51 calls at once never fit a limit of 50"):
        take(Kept(), CENTRALSTATION, START, 51)


@given(asked=wishes)
@settings(max_examples=10, deadline=None)
def test_the_state_survives_its_row_and_stays_small_whatever_the_limit(asked: list[Wish]) -> None:
    rule = PaceRule(window="sliding", limit=50_000, seconds=86_400)
    kept, now = Kept(), START
    for number, wish in enumerate(asked * 3):
        now += timedelta(seconds=wish.gap * 10)
        kept, _ = take(kept, rule, now)
        if number % 2:
            kept = settled(kept, rule, now, counted=wish.success)
        assert load(dump(kept)) == kept
    assert len(dump(kept)) < 8000


@pytest.mark.parametrize("text", ("", "[]", "{}", "null", '{"seen": 1}', '{"seen": 1, "blocked": 0, "done": [1], "open": [], "empty": 0}'))
def test_a_damaged_row_is_told_as_such(text: str) -> None:
    with pytest.raises(ValueError, match=r"not the state of a limit|Expecting value"):
        load(text)
