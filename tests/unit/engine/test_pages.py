"""The pages of a list: one is asked for ahead, in order, and a fault comes when it is its turn."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from unisono.connect.port import Page, Raw
from unisono.engine.pages import Pages
from unisono.model.errors import Unavailable

FIRST, SECOND = (Page((Raw("contacts", key, b"{}"),), False) for key in "12")


def test_the_next_page_is_asked_for_while_one_is_in_hand() -> None:
    asked = threading.Event()

    def listed() -> Iterator[Page]:
        yield FIRST
        asked.set()
        yield SECOND

    with Pages(listed(), ahead=True) as pages:
        assert pages.next() is FIRST
        assert asked.wait(20), "nobody asked for the second page yet, and yet it is on its way"
        assert [pages.next(), pages.next()] == [SECOND, None]


def test_without_reading_ahead_nothing_is_asked_for_before_its_time() -> None:
    asked = []

    def listed() -> Iterator[Page]:
        for page in (FIRST, SECOND):
            asked.append(page)
            yield page

    with Pages(listed(), ahead=False) as pages:
        before = list(asked)
        assert (pages.next(), pages.next_there(), before, asked) == (FIRST, None, [], [FIRST])
        assert [pages.next(), pages.next()] == [SECOND, None]


def test_a_page_that_is_not_there_yet_is_not_waited_for() -> None:
    let_go = threading.Event()

    def listed() -> Iterator[Page]:
        let_go.wait(20)
        yield FIRST

    with Pages(listed(), ahead=True) as pages:
        assert pages.next_there() is None
        let_go.set()
        assert pages.next() is FIRST


def test_a_fault_is_raised_where_pages_are_waited_for_not_where_they_are_only_looked_for() -> None:
    def listed() -> Iterator[Page]:
        yield FIRST
        raise Unavailable("no-answer")

    with Pages(listed(), ahead=True) as pages:
        assert pages.next() is FIRST
        assert [pages.next_there() for _ in range(3)] == [None] * 3
        with pytest.raises(Unavailable):
            pages.next()
