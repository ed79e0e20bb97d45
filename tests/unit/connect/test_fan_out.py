"""Several calls at once: outcomes in order, faults as outcomes, mistakes loud."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from unisono.connect.fan_out import Outcome, fan_out
from unisono.model.errors import Refused, Unavailable


@pytest.mark.parametrize("n", (0, 1, 2, 4, 16))
def test_outcomes_come_in_the_order_of_the_calls_and_a_fault_is_one_of_them(n: int) -> None:
    gone = Refused("missing-field", {"field": "postcode"})

    def refused() -> int:
        raise gone

    calls: list[Callable[[], int]] = [lambda: 1, refused, lambda: 3, lambda: 4]
    outcomes = fan_out(calls, n)
    assert outcomes == [Outcome(1), Outcome(fault=gone), Outcome(3), Outcome(4)]
    assert outcomes[0].get() == 1
    with pytest.raises(Refused, match="postcode"):
        outcomes[1].get()


def test_with_one_at_a_time_nothing_leaves_the_callers_thread() -> None:
    seen = fan_out([threading.get_ident] * 5, 1)
    assert {o.get() for o in seen} == {threading.get_ident()}


def test_with_four_at_a_time_four_are_really_under_way_together() -> None:
    meeting = threading.Barrier(4, timeout=20)
    assert sorted(o.get() for o in fan_out([meeting.wait] * 4, 4)) == [0, 1, 2, 3]


def test_never_more_than_n_are_under_way() -> None:
    lock, under_way, most = threading.Lock(), [0], [0]

    def call() -> None:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        threading.Event().wait(0.002)
        with lock:
            under_way[0] -= 1

    fan_out([call] * 20, 3)
    assert 1 < most[0] <= 3


@pytest.mark.parametrize("n", (1, 3))
def test_a_mistake_of_ours_is_raised_but_only_after_every_call_has_ended(n: int) -> None:
    ended: list[str] = []

    def mistake() -> None:
        raise KeyError("no such field")

    def later() -> None:
        ended.append("later")

    with pytest.raises(KeyError, match="no such field"):
        fan_out([mistake, later, later], n)
    assert ended == ["later", "later"]


def test_nothing_to_do_gives_nothing() -> None:
    assert fan_out([], 4) == []


def test_a_call_may_give_none() -> None:
    (outcome,) = fan_out([lambda: None])
    assert outcome.get() is None
    assert outcome.fault is None


def test_a_fault_inside_a_fault_is_told_as_the_last_one() -> None:
    def call() -> None:
        try:
            raise Unavailable("timed-out")
        except Unavailable:
            raise Refused("file-not-pdf") from None

    (outcome,) = fan_out([call])
    assert isinstance(outcome.fault, Refused)
