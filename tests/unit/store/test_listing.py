"""What a listing has shown: nothing that is gone hides behind what was shown twice, ended meanwhile or is new."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.stores import with_a_pair
from unisono.model.party import Party
from unisono.model.record import Record
from unisono.store import seen
from unisono.store.doors import Store
from unisono.store.listing import Listed

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def party(key: str, row: str = "") -> Record:
    return Record(kind="party", key=key, body=Party(type="company", name="Keller AG"), resource="companies", resource_key=row or key)


class Reading:
    """A listing of companies at work, page by page: each page is compared, and what is new of it stored."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.read() as conn:
            self.listed = seen.begin_listing(conn, "crm")

    def page(self, *records: Record, raw: bytes = b"1") -> seen.Compared:
        with self.store.write() as conn:
            hashes = {record.resource_key: raw for record in records}
            found = seen.compare_rows(conn, "crm", "companies", hashes, self.listed)
            fresh = [(record, raw) for record in records if record.resource_key not in found.same]
            seen.put_seen(conn, "crm", fresh, NOW, listed=self.listed)
        return found

    def unlisted(self) -> list[str]:
        with self.store.read() as conn:
            return seen.unlisted(conn, "crm", "companies", self.listed)


@pytest.fixture
def reading(store: Store) -> Reading:
    """Four companies are known; their list is about to be read."""
    with_a_pair(store)
    with store.write() as conn:
        seen.put_seen(conn, "crm", [(party(key), b"1") for key in "1234"], NOW)
    return Reading(store)


def test_a_row_on_two_pages_does_not_hide_one_that_is_gone(reading: Reading) -> None:
    reading.page(party("1"), party("2"))
    reading.page(party("2"), party("3"))
    assert reading.unlisted() == ["4"], "four rows were shown and four are known, but one of them was shown twice"


def test_a_new_row_does_not_hide_one_that_is_gone(reading: Reading) -> None:
    reading.page(party("1"), party("2"))
    reading.page(party("3"), party("5"))
    assert reading.unlisted() == ["4"], "four rows were shown and by now five are known"
    assert reading.page(party("5")).same == {"5"}


def test_a_record_that_ended_after_it_was_shown_does_not_hide_one_that_is_gone(reading: Reading) -> None:
    reading.page(party("1"), party("2"), party("3"))
    with reading.store.write() as conn:
        seen.mark_gone(conn, "crm", [("party", "3")], NOW)
    assert reading.unlisted() == ["4"], "three were shown and three are left, but not the same"


def test_what_is_stored_while_a_list_is_read_is_not_missing_from_it(reading: Reading) -> None:
    reading.page(*(party(key) for key in "1234"))
    with reading.store.write() as conn:
        seen.put_seen(conn, "crm", [(party("5"), b"1")], NOW)
    assert reading.unlisted() == []
    with reading.store.read() as conn:
        later = seen.begin_listing(conn, "crm")
        assert seen.unlisted(conn, "crm", "companies", later) == ["1", "2", "3", "4", "5"], "the next listing has to show it"


def test_rows_that_changed_moved_or_came_back_from_the_dead_were_shown(reading: Reading) -> None:
    with reading.store.write() as conn:
        seen.mark_gone(conn, "crm", [("party", "3")], NOW)
    changed = reading.page(party("1"), party("3"), raw=b"2")
    assert (changed.same, changed.other) == (set(), {"1"}), "what is gone is not known any more"
    reading.page(party("2", row="22"))
    assert reading.unlisted() == ["4"]


def test_a_row_nobody_could_read_was_shown_all_the_same(reading: Reading) -> None:
    with reading.store.read() as conn:
        found = seen.compare_rows(conn, "crm", "companies", {"1": b"?", "2": b"1", "9": b"?"}, reading.listed)
    assert (found.same, found.back, found.other) == ({"2"}, set(), {"1"})
    assert reading.unlisted() == ["3", "4"]


def test_rows_that_were_missing_are_told_apart_from_those_that_were_there(reading: Reading) -> None:
    with reading.store.write() as conn:
        seen.mark_missing(conn, "crm", "companies", ["1", "2"], NOW)
    found = reading.page(party("1"), party("3"))
    assert (found.same, found.back) == ({"1", "3"}, {"1"})
    assert reading.unlisted() == ["4"], "what was missing before is not missed once more"


@given(last=st.integers(0, 3 * 512), numbers=st.sets(st.integers(1, 3 * 512), max_size=60))
def test_what_is_left_are_exactly_the_older_records_that_were_not_added(last: int, numbers: set[int]) -> None:
    listed = Listed(last, 0)
    listed.add([*numbers, *numbers])
    around = sorted({near for number in (*numbers, last, 511, 512, 5 * 512) for near in (number - 1, number, number + 1)})
    assert listed.left(around) == [number for number in around if number not in numbers and number <= last]
