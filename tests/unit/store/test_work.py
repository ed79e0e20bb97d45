"""What a lane has to do: one row a record, woken by marks, acknowledged only at the generation that was processed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from unisono.store import work
from unisono.store.doors import Store
from unisono.store.numbers import next_numbers
from unisono.store.work import Mark, Task

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
LANE = "pair:p"


def mark(store: Store, *marks: Mark | str, due: datetime = NOW, lane: str = LANE) -> int:
    with store.write() as conn:
        return work.mark(conn, lane, [m if isinstance(m, Mark) else Mark(m, "party") for m in marks], due)


def due(store: Store, now: datetime = NOW, limit: int = 100, lane: str = LANE) -> list[Task]:
    with store.read() as conn:
        return work.due(conn, lane, now, limit)


def park(store: Store, task: Task, state: str, why: str) -> None:
    with store.write() as conn:
        work.park(conn, LANE, [(task, state, why)])


def keys(tasks: list[Task]) -> list[str]:
    return [task.key for task in tasks]


def test_a_marked_record_is_due_once_however_often_it_is_marked(store: Store) -> None:
    assert mark(store, "a:party:1", "a:party:2", "a:party:1") == 2
    assert mark(store, "a:party:1") == 1
    assert keys(due(store)) == ["a:party:1", "a:party:2"]
    assert mark(store) == 0


def test_nothing_is_due_before_its_time(store: Store) -> None:
    mark(store, "a:party:1", due=LATER)
    assert due(store) == []
    assert keys(due(store, LATER)) == ["a:party:1"]
    with store.read() as conn:
        assert work.next_due(conn, LANE) == LATER
        assert work.next_due(conn, "pair:other") is None


def test_lanes_do_not_see_each_other(store: Store) -> None:
    mark(store, "a:party:1", lane="pair:other")
    assert due(store) == []
    assert keys(due(store, lane="pair:other")) == ["a:party:1"]


def test_order_is_priority_then_rank_then_instant_then_key_letter_by_letter(store: Store) -> None:
    mark(store, Mark("a:quote:1", "quote", rank=2, priority=10), Mark("z", "party"), Mark("B", "party"), Mark("a", "party"))
    mark(store, Mark("first-sync", "party", rank=0, priority=50), Mark("webhook", "invoice", rank=3, priority=0))
    mark(store, Mark("earlier", "party"), due=NOW - timedelta(minutes=1))
    expected = ["webhook", "earlier", "B", "a", "z", "a:quote:1", "first-sync"]
    assert keys(due(store)) == expected
    assert keys(due(store, limit=3)) == expected[:3]


@pytest.mark.parametrize("order", ((0, 10), (10, 0)))
def test_the_most_urgent_of_several_marks_counts(store: Store, order: tuple[int, int]) -> None:
    together = [Mark("a:party:1", "party", priority=p) for p in order]
    mark(store, *together)
    for p in order:
        mark(store, Mark("a:party:2", "party", priority=p))
    assert [(t.key, t.priority) for t in due(store)] == [("a:party:1", 0), ("a:party:2", 0)]


def test_a_row_is_acknowledged_only_at_the_generation_that_was_processed(store: Store) -> None:
    mark(store, "a:party:1", "a:party:2")
    tasks = due(store)
    mark(store, "a:party:1")
    with store.write() as conn:
        work.acknowledge(conn, LANE, tasks)
        work.acknowledge(conn, LANE, [])
    left = due(store)
    assert keys(left) == ["a:party:1"]
    assert left[0].gen > tasks[0].gen


@pytest.mark.parametrize("door", ("put_off", "park"))
def test_a_row_marked_meanwhile_is_neither_put_off_nor_parked(store: Store, door: str) -> None:
    mark(store, "a:party:1")
    old = due(store)[0]
    mark(store, "a:party:1")
    with store.write() as conn:
        if door == "park":
            work.park(conn, LANE, [(old, "held", "conflict")])
        else:
            work.put_off(conn, LANE, old, LATER, "time-out", counted=True)
    again = due(store)[0]
    assert (again.key, again.attempts, again.told) == ("a:party:1", 0, "")


def test_generations_rise_over_all_rows_and_lanes(store: Store) -> None:
    mark(store, "1", "2")
    mark(store, "1", lane="pair:other")
    mark(store, "2")
    assert [(t.key, t.gen) for t in due(store)] == [("1", 1), ("2", 4)]
    assert due(store, lane="pair:other")[0].gen == 3


def test_a_series_of_numbers_gives_none_twice(store: Store) -> None:
    with store.write() as conn:
        first, second = next_numbers(conn, "gen", 3), next_numbers(conn, "gen", 1)
        other = next_numbers(conn, "another", 10)
    with store.write() as conn:
        third = next_numbers(conn, "gen", 1)
    assert (first, second, third, other) == (1, 4, 5, 1)


def test_numbers_of_a_transaction_that_failed_are_free_again(store: Store) -> None:
    def fails() -> None:
        with store.write() as conn:
            assert next_numbers(conn, "gen", 3) == 1
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fails()
    with store.write() as conn:
        assert next_numbers(conn, "gen", 1) == 1


@pytest.mark.parametrize(("counted", "attempts"), ((True, 2), (False, 1)))
def test_putting_off_moves_the_instant_and_counts_only_real_attempts(store: Store, counted: bool, attempts: int) -> None:
    mark(store, "a:party:1")
    with store.write() as conn:
        work.put_off(conn, LANE, work.due(conn, LANE, NOW, 9)[0], NOW, "time-out", counted=True)
        work.put_off(conn, LANE, work.due(conn, LANE, NOW, 9)[0], LATER, "pace", counted=counted)
    assert due(store) == []
    task = due(store, LATER)[0]
    assert (task.attempts, task.told) == (attempts, "pace")


def test_a_mark_brings_a_row_that_was_put_off_forward_and_forgets_its_attempts(store: Store) -> None:
    mark(store, "a:party:1")
    with store.write() as conn:
        work.put_off(conn, LANE, work.due(conn, LANE, NOW, 9)[0], LATER, "time-out", counted=True)
    mark(store, "a:party:1", due=NOW)
    assert [(t.key, t.attempts) for t in due(store)] == [("a:party:1", 0)]


def test_a_mark_for_later_does_not_put_off_what_is_due(store: Store) -> None:
    mark(store, "a:party:1")
    mark(store, "a:party:1", due=LATER)
    assert keys(due(store)) == ["a:party:1"]


@pytest.mark.parametrize("state", ("waiting", "held"))
def test_a_parked_row_rests_until_it_is_marked(store: Store, state: str) -> None:
    mark(store, "a:party:1")
    park(store, due(store)[0], state, "why")
    assert due(store, LATER) == []
    with store.read() as conn:
        assert work.counts(conn, LANE) == {state: 1}
        assert [(t.key, t.told) for t in work.standing(conn, LANE, state)] == [("a:party:1", "why")]
        assert work.next_due(conn, LANE) is None
    mark(store, "a:party:1", due=LATER)
    assert due(store) == [], "a parked row takes the instant of the mark: an answer 'later' may lie ahead"
    assert keys(due(store, LATER)) == ["a:party:1"]


def test_those_that_wait_for_a_record_are_found_by_it(store: Store) -> None:
    mark(store, Mark("a:contact:9", "contact", 1, 10), Mark("a:contact:8", "contact", 1, 20), Mark("a:quote:5", "quote", 2, 20))
    by_key = {t.key: t for t in due(store)}
    park(store, by_key["a:contact:9"], "waiting", "a:party:1")
    park(store, by_key["a:contact:8"], "waiting", "a:party:1")
    park(store, by_key["a:quote:5"], "held", "a:party:1")
    with store.read() as conn:
        woken = work.waiting_on(conn, LANE, ["a:party:1", "a:party:2"])
        assert work.waiting_on(conn, LANE, []) == []
        assert work.waiting_on(conn, "pair:other", ["a:party:1"]) == []
    assert woken == [Mark("a:contact:8", "contact", 1, 20), Mark("a:contact:9", "contact", 1, 10)]


def test_counts_tell_how_many_rows_stand_how(store: Store) -> None:
    mark(store, "1", "2", "3", "4")
    tasks = due(store)
    park(store, tasks[0], "waiting", "x")
    park(store, tasks[1], "held", "y")
    with store.read() as conn:
        assert work.counts(conn, LANE) == {"ready": 2, "waiting": 1, "held": 1}
        assert keys(work.standing(conn, LANE, "ready", limit=1)) == ["3"]


def test_work_of_a_run_is_counted_and_can_be_dropped(store: Store) -> None:
    with store.write() as conn:
        work.mark(
            conn, LANE, [Mark("1", "party", priority=50), Mark("2", "party", priority=50), Mark("3", "party", priority=50)], NOW, run="r"
        )
        work.mark(conn, LANE, [Mark("9", "party")], NOW)
        assert work.left_of_run(conn, LANE, "r") == {"ready": 3}
        work.leave_run(conn, LANE, ["1"])
        assert work.left_of_run(conn, LANE, "r") == {"ready": 2}
        assert work.drop_run(conn, LANE, "r") == 2
    assert keys(due(store)) == ["9", "1"]


def test_work_of_a_run_that_ends_is_ordinary_work_and_none_of_another_run(store: Store) -> None:
    with store.write() as conn:
        work.mark(conn, LANE, [Mark("1", "party", priority=50), Mark("2", "party", priority=50)], NOW, run="r")
        work.mark(conn, LANE, [Mark("2", "party", priority=50)], NOW, run="s")
        work.end_run(conn, LANE, "r")
        assert (work.left_of_run(conn, LANE, "r"), work.left_of_run(conn, LANE, "s")) == ({}, {"ready": 1})
    assert [(task.key, task.run) for task in due(store)] == [("1", ""), ("2", "s")]


def test_todays_mark_leaves_a_record_in_its_run_and_haste_brings_it_forward(store: Store) -> None:
    with store.write() as conn:
        work.mark(conn, LANE, [Mark("1", "party", priority=50), Mark("2", "party", priority=50)], NOW, run="r")
        work.mark(conn, LANE, [Mark("2", "party", priority=10)], NOW)
        assert work.left_of_run(conn, LANE, "r") == {"ready": 2}
        work.hasten(conn, LANE, ["2", "9"], 10)
    assert [(t.key, t.priority) for t in due(store)] == [("2", 10), ("1", 50)]


def test_free_rows_join_a_run_and_those_of_another_stay_there(store: Store) -> None:
    with store.write() as conn:
        work.mark(conn, LANE, [Mark("1", "party", priority=50)], NOW, run="r")
        work.mark(conn, LANE, [Mark("2", "party"), Mark("3", "party")], NOW)
        work.join_run(conn, LANE, "s", 40, ["1", "2"])
        assert (work.left_of_run(conn, LANE, "r"), work.left_of_run(conn, LANE, "s")) == ({"ready": 1}, {"ready": 1})
        work.join_run(conn, LANE, "t", 30)
        assert (work.left_of_run(conn, LANE, "s"), work.left_of_run(conn, LANE, "t")) == ({"ready": 1}, {"ready": 1})
