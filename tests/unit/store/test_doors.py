"""The two doors: what a reader sees while others write, what a writer may count on."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.support.stores import BESIDE_EACH_OTHER
from unisono.store.doors import Store
from unisono.store.tables import firm, meta, pair
from unisono.store.upserts import insert_missing, upsert

NOW = "2026-03-02T09:00:00.000Z"


def add_firm(conn: Connection, name: str) -> None:
    conn.execute(insert(firm).values(id=name, name=name, created_at=NOW))


def names(conn: Connection) -> list[str]:
    return list(conn.scalars(select(firm.c.name).order_by(firm.c.id)))


def test_what_one_door_writes_the_next_reads(store: Store) -> None:
    with store.write() as conn:
        add_firm(conn, "Muster")
    with store.read() as conn:
        assert names(conn) == ["Muster"]


def test_a_write_that_raises_leaves_nothing_behind(store: Store) -> None:
    def half_done() -> None:
        with store.write() as conn:
            add_firm(conn, "Muster")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_done()
    with store.read() as conn:
        assert names(conn) == []


def test_nothing_is_written_through_the_reading_door(store: Store) -> None:
    with pytest.raises(DBAPIError, match=r"readonly|read-only"), store.read() as conn:
        add_firm(conn, "Muster")
    with store.read() as conn:
        assert names(conn) == []
    with store.write() as conn:  # and the writing one is none the worse for it
        add_firm(conn, "Muster")


def test_what_was_changed_through_the_reading_door_in_memory_is_told_in_the_end_and_not_kept() -> None:
    """There is one connection for both doors, so nothing but the door itself can tell."""
    with Store.open(":memory:") as store:
        with store.write() as conn:
            add_firm(conn, "Muster")
        with store.read() as conn:
            assert names(conn) == ["Muster"]
        with pytest.raises(DBAPIError, match="readonly"), store.read() as conn:
            conn.execute(update(firm).values(name="Changed"))
        with store.read() as conn:
            assert names(conn) == ["Muster"]


@pytest.mark.parametrize("store", BESIDE_EACH_OTHER, indirect=True)
def test_many_readers_at_once_each_get_a_connection_and_those_after_them_too(store: Store) -> None:
    with store.write() as conn:
        add_firm(conn, "Muster")
    together = threading.Barrier(4)

    def read() -> list[str]:
        with store.read() as conn:
            together.wait(10)
            return names(conn)

    with ThreadPoolExecutor(4) as four:
        for _ in range(3):
            assert [done.result(timeout=30) for done in [four.submit(read) for _ in range(4)]] == [["Muster"]] * 4


def test_a_failed_door_leaves_nothing_to_the_next_one_that_takes_its_connection(store: Store) -> None:
    for _ in range(3):
        with pytest.raises(IntegrityError), store.write() as conn:
            add_firm_twice(conn)
        with pytest.raises(ZeroDivisionError), store.read() as conn:
            raise ZeroDivisionError
        with store.read() as conn:
            assert names(conn) == []


def add_firm_twice(conn: Connection) -> None:
    add_firm(conn, "Muster")
    add_firm(conn, "Muster")


def test_a_row_that_points_nowhere_is_refused(store: Store) -> None:
    with pytest.raises(IntegrityError), store.write() as conn:
        conn.execute(insert(pair).values(id="p", firm="nobody", name="x", a="x", b="y", created_at=NOW))


def test_a_second_door_in_the_same_thread_is_a_mistake_everywhere(store: Store) -> None:
    with store.read(), pytest.raises(RuntimeError, match="a door of the store is open"), store.write():
        pass
    with store.write() as conn:
        add_firm(conn, "Muster")


@pytest.mark.parametrize("store", BESIDE_EACH_OTHER, indirect=True)
def test_a_reader_keeps_its_picture_while_a_writer_commits(store: Store) -> None:
    with store.write() as conn:
        add_firm(conn, "first")
    with ThreadPoolExecutor(1) as other, store.read() as conn:
        before = names(conn)

        def write() -> None:
            with store.write() as beside:
                add_firm(beside, "second")

        other.submit(write).result(timeout=10)
        assert (before, names(conn)) == (["first"], ["first"])
    with store.read() as conn:
        assert names(conn) == ["first", "second"]


def test_two_writers_wait_for_each_other_instead_of_losing_a_step(store: Store) -> None:
    """Each reads a number and writes the next one, forty times, at the same time."""
    with store.write() as conn:
        conn.execute(insert(meta).values(name="n", value="0"))
    start = threading.Barrier(2)

    def count() -> None:
        start.wait(10)
        for _ in range(40):
            with store.write() as conn:
                seen = int(conn.execute(select(meta.c.value).where(meta.c.name == "n").with_for_update()).scalar_one())
                conn.execute(update(meta).where(meta.c.name == "n").values(value=str(seen + 1)))

    with ThreadPoolExecutor(2) as two:
        for done in [two.submit(count), two.submit(count)]:
            done.result(timeout=60)
    with store.read() as conn:
        assert conn.execute(select(meta.c.value).where(meta.c.name == "n")).scalar_one() == "80"


def test_many_rows_are_added_or_changed_by_their_keys(store: Store) -> None:
    def row(name: str, at: str, key: str) -> dict[str, str]:
        return {"id": key, "name": name, "created_at": at}

    with store.write() as conn:
        upsert(conn, firm, [row("old", "monday", "a"), row("old", "monday", "b")], keys=["id"])
        upsert(conn, firm, [row("new", "tuesday", "b"), row("new", "tuesday", "c")], keys=["id"], keep=["created_at"])
        insert_missing(conn, firm, [row("late", "friday", "c"), row("late", "friday", "d")], keys=["id"])
        upsert(conn, firm, [], keys=["id"])
    with store.read() as conn:
        assert [tuple(r) for r in conn.execute(select(firm.c.id, firm.c.name, firm.c.created_at).order_by(firm.c.id))] == [
            ("a", "old", "monday"),
            ("b", "new", "monday"),
            ("c", "new", "tuesday"),
            ("d", "late", "friday"),
        ]


def test_an_error_does_not_show_the_values_of_a_statement(store: Store) -> None:
    twice = [{"id": "f", "name": "Geheim & Söhne", "created_at": NOW}] * 2
    with pytest.raises(IntegrityError) as told, store.write() as conn:
        conn.execute(insert(firm), twice)
    assert "Geheim" not in str(told.value)
    with store.read() as conn:
        assert conn.execute(select(func.count()).select_from(firm)).scalar_one() == 0
