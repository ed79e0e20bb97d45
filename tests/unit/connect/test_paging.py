"""Lists that move while they are read: nothing that stays is skipped, and every listing ends."""

from __future__ import annotations

import random

import pytest

from unisono.connect.paging import Stretch, numbered, walk
from unisono.model.errors import BadAnswer

SIZE = 10


class Moving:
    """A vendor's list; ``between`` changes it after each page."""

    def __init__(self, rows: int) -> None:
        self.rows = [str(n) for n in range(rows)]
        self.asked: list[int] = []

    def read(self, at: int) -> Stretch[None]:
        number, size = numbered(at, SIZE)
        start = (number - 1) * size
        self.asked.append(start)
        assert start <= max(at, 0)
        keys = self.rows[start : start + size]
        return Stretch(start, keys, len(keys) >= size, None)

    def listed(self) -> list[str]:
        return [stretch.keys[place] for stretch, fresh in walk(self.read, {}) for place in fresh]


@pytest.mark.parametrize("rows", (0, 1, 9, 10, 11, 19, 20, 21, 100, 137))
def test_a_list_that_stands_still_is_read_once_each_with_hardly_a_call_more(rows: int) -> None:
    vendor = Moving(rows)
    assert vendor.listed() == [str(n) for n in range(rows)]
    assert len(vendor.asked) <= rows // (SIZE - 5) + 1


@pytest.mark.parametrize("seed", range(60))
def test_whatever_goes_or_comes_meanwhile_what_stays_is_shown(seed: int) -> None:
    chance = random.Random(seed)
    vendor = Moving(chance.randint(0, 90))
    stays, found = set(vendor.rows), set()
    for stretch, fresh in walk(vendor.read, {}):
        found |= {stretch.keys[place] for place in fresh}
        for key in chance.sample(vendor.rows, min(len(vendor.rows), chance.choice((0, 0, 1, 3, 12)))):
            vendor.rows.remove(key)
            stays.discard(key)
        if chance.random() < 0.2:
            vendor.rows.append(f"new {len(vendor.rows)} {chance.random()}")
        if chance.random() < 0.2:
            vendor.rows.insert(0, f"first {chance.random()}")
    assert stays <= found


def test_a_vendor_that_gives_the_first_page_for_ever_is_a_bad_answer() -> None:
    with pytest.raises(BadAnswer, match="same-page-again"):
        list(walk(lambda at: Stretch(at, [str(n) for n in range(SIZE)], True, None), {}))


def test_a_list_without_any_order_is_a_bad_answer_and_no_endless_one() -> None:
    numbers = iter(range(10**9))

    with pytest.raises(BadAnswer, match="list-moves"):
        list(walk(lambda at: Stretch(at, [str(next(numbers)) for _ in range(SIZE)], True, None), {}))


@pytest.mark.parametrize("at", (*range(40), 99, 249, 250, 251, 4999, 20_000))
@pytest.mark.parametrize("most", (10, 250))
def test_a_numbered_page_covers_the_place_asked_for_and_reaches_on(at: int, most: int) -> None:
    number, size = numbered(at, most)
    assert 1 <= size <= most
    assert (number - 1) * size <= at < number * size
    assert number * size > at + most // 2 - 1
