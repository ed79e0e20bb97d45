"""Runs and the rows of their plans, and what a run means for the work of its lane."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.stores import with_a_pair
from unisono.store import runs, work
from unisono.store.doors import Store
from unisono.store.runs import CHANGED, PlanRow
from unisono.store.work import Mark

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LANE = "pair:p"


def row(seq: int, key: str, verdict: str = "new", outcome: str = "") -> PlanRow:
    return PlanRow(
        seq=seq, key=key, kind="party", verdict=verdict, action={"reason": {"code": "x"}}, basis=f"b{seq}", label=key, outcome=outcome
    )


@pytest.fixture
def planned(store: Store) -> Store:
    with_a_pair(store)
    with store.write() as conn:
        runs.open_run(conn, "r", "p", "first", 1, NOW)
        runs.add_rows(conn, "r", [row(1, "a:party:1"), row(2, "a:party:2", "equal"), row(3, "a:party:3")])
        runs.update_run(conn, "r", state="previewed", sheet={"seen": {"a": 4}})
    return store


def test_rows_are_read_page_by_page_and_by_verdict(planned: Store) -> None:
    with planned.read() as conn:
        assert [r.seq for r in runs.rows(conn, "r", limit=2)] == [1, 2]
        assert [r.seq for r in runs.rows(conn, "r", after=2)] == [3]
        assert [r.key for r in runs.rows(conn, "r", verdict="equal")] == ["a:party:2"]
        assert runs.rows_of(conn, "r", ["a:party:3", "a:party:9"]) == {"a:party:3": row(3, "a:party:3")}
        assert runs.get_run(conn, "r").sheet == {"seen": {"a": 4}}


def test_the_numbers_of_a_run_follow_the_outcomes_of_its_rows(planned: Store) -> None:
    with planned.write() as conn:
        runs.put_outcomes(conn, "r", {"a:party:1": "done", "a:party:3": "failed"})
        runs.recount(conn, "r")
    with planned.read() as conn:
        found = runs.get_run(conn, "r")
        assert (found.total, found.done, found.failed) == (3, 2, 1)
        assert runs.count(conn, "r") == {("new", "done"): 1, ("new", "failed"): 1, ("equal", ""): 1}


def test_a_row_planned_anew_takes_the_place_of_the_old_one(planned: Store) -> None:
    with planned.write() as conn:
        runs.replan(conn, "r", [row(1, "a:party:1", "doubtful", CHANGED)])
        assert runs.change_outcomes(conn, "r", (CHANGED,), "") == 1
    with planned.read() as conn:
        assert [(r.verdict, r.outcome) for r in runs.rows(conn, "r")] == [("doubtful", ""), ("equal", ""), ("new", "")]


def test_a_new_preview_drops_one_that_was_not_released_and_no_other(planned: Store) -> None:
    with planned.write() as conn:
        runs.open_run(conn, "s", "p", "first", 1, NOW)
        runs.update_run(conn, "s", state="running")
        runs.open_run(conn, "t", "p", "preview", 1, NOW + timedelta(minutes=1))
    with planned.read() as conn:
        assert [r.id for r in runs.runs(conn, "p")] == ["t", "s"]
        assert runs.rows(conn, "r") == []
        found = runs.live_run(conn, "p")
        assert found is not None
        assert found.id == "s"


def test_a_state_changes_only_from_those_named(planned: Store) -> None:
    with planned.write() as conn:
        assert not runs.move(conn, "r", "paused", ("running",), NOW)
        assert runs.move(conn, "r", "stopped", ("previewed",), NOW)
    with planned.read() as conn:
        assert (runs.state_of(conn, "r"), runs.get_run(conn, "r").ended_at[:10]) == ("stopped", "2026-03-02")
        assert runs.state_of(conn, "nobody") == ""


def test_work_of_a_paused_run_is_not_due_and_other_work_is(planned: Store) -> None:
    with planned.write() as conn:
        work.mark(conn, LANE, [Mark("a:party:1", "party", priority=50)], NOW, run="r")
        work.mark(conn, LANE, [Mark("a:party:2", "party")], NOW + timedelta(hours=1))
        runs.update_run(conn, "r", state="running")
        assert [(t.key, t.run) for t in work.due(conn, LANE, NOW, 9)] == [("a:party:1", "r")]
        runs.update_run(conn, "r", state="paused")
        assert work.due(conn, LANE, NOW, 9) == []
        assert work.next_due(conn, LANE) == NOW + timedelta(hours=1)


def test_a_mark_of_today_leaves_a_record_with_its_run_and_no_more_urgent(planned: Store) -> None:
    with planned.write() as conn:
        work.mark(conn, LANE, [Mark("a:party:1", "party", priority=50)], NOW, run="r")
        work.mark(conn, LANE, [Mark("a:party:1", "party", priority=0), Mark("a:party:2", "party", priority=10)], NOW)
        assert [(t.key, t.run, t.priority) for t in work.due(conn, LANE, NOW, 9)] == [("a:party:2", "", 10), ("a:party:1", "r", 50)]
        work.hasten(conn, LANE, ["a:party:1", "a:party:2"], 5)
        assert [(t.key, t.priority) for t in work.due(conn, LANE, NOW, 9)] == [("a:party:1", 5), ("a:party:2", 10)]
        work.leave_run(conn, LANE, ["a:party:1"])
        work.mark(conn, LANE, [Mark("a:party:1", "party", priority=0)], NOW)
        assert [(t.key, t.run, t.priority) for t in work.due(conn, LANE, NOW, 1)] == [("a:party:1", "", 0)]


def test_what_stands_in_a_lane_can_become_a_runs_and_be_dropped_with_it(planned: Store) -> None:
    with planned.write() as conn:
        work.mark(conn, LANE, [Mark("a:party:1", "party"), Mark("a:party:2", "party")], NOW)
        work.join_run(conn, LANE, "r", 50, ["a:party:2"])
        assert work.left_of_run(conn, LANE, "r") == {"ready": 1}
        work.join_run(conn, LANE, "r", 50)
        assert work.left_of_run(conn, LANE, "r") == {"ready": 2}
        assert work.drop_run(conn, LANE, "r") == 2
        assert work.due(conn, LANE, NOW, 9) == []
