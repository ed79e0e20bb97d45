"""Our own ids: sortable by time, also when the clock is not; references that follow from what they stand for."""

from __future__ import annotations

import random
import re

from tests.support.clock import FakeClock
from unisono.engine.ids import Ids, reference_of


def test_ids_sort_by_the_time_they_were_made() -> None:
    clock = FakeClock()
    ids = Ids(clock, random.Random(1))
    made = []
    for _ in range(50):
        made.append(ids.new())
        clock.advance(0.001)
    assert made == sorted(made)
    assert len(set(made)) == 50
    assert {len(i) for i in made} == {26}


def test_ids_made_within_one_millisecond_keep_their_order() -> None:
    ids = Ids(FakeClock(), random.Random(1))
    made = [ids.new() for _ in range(2000)]
    assert made == sorted(made)


def test_a_clock_that_jumps_back_makes_no_id_smaller_than_the_last() -> None:
    clock = FakeClock()
    ids = Ids(clock, random.Random(1))
    before = ids.new()
    clock.advance(-86400)
    assert ids.new() > before


def test_two_processes_with_one_clock_make_different_ids() -> None:
    first, second = Ids(FakeClock(), random.Random(1)), Ids(FakeClock(), random.Random(2))
    assert {first.new() for _ in range(100)}.isdisjoint({second.new() for _ in range(100)})


def test_a_reference_follows_from_pair_record_and_kind_and_from_nothing_else() -> None:
    told = reference_of("p", "a:party:company:42", "party")
    assert re.fullmatch(r"uni-[a-z2-7]{16}", told)
    assert told == reference_of("p", "a:party:company:42", "party"), "the same after a restart"
    others = {
        reference_of("q", "a:party:company:42", "party"),
        reference_of("p", "a:party:company:43", "party"),
        reference_of("p", "a:party:company:42", "quote"),
    }
    assert told not in others
    assert len(others) == 3
