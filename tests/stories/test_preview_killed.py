"""The process ends at each step of making a preview, and of releasing it: the plan is whole or cannot be released, and is done once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stories.folk import company, customer, deal_of, employee, invoice
from tests.stories.test_f_complete_sync import complete
from tests.stories.test_preview import planned_writes, previewed, released, rows, vendor_writes
from tests.support.village import Village, village
from tests.unit.engine.crash import Crash, crash_after, crash_never
from unisono.engine.runs import RunOver, release_run
from unisono.store import runs
from unisono.store.runs import PlanRow, Run
from unisono.wiring.previewing import progress


def small_firm(folder: Path) -> Village:
    """Records of each kind on both sides, a pair of near-twins among them; nothing is read yet."""
    v = village(folder)
    v.settings("b", plan="premium")
    sun = company(v)
    deal_of(v, sun)
    v.crm_act("tag", kind="company", id=sun, name="FastBill")
    employee(v, "Vera", "Huber", sun)
    for number in range(2):
        deal_of(v, company(v, name="Gleich GmbH", email="post@gleich.example"), f"Angebot {number}", "10")
    born = customer(v, FIRST_NAME="Nora", LAST_NAME="Nagel")
    invoice(v, born)
    v.clock.advance(86400)
    previewed(v, complete())
    return v


def content(found: list[PlanRow]) -> list[tuple[object, ...]]:
    return [(r.seq, r.key, r.verdict, r.action, r.basis, r.label, r.outcome) for r in found]


def runs_of(v: Village) -> list[Run]:
    with v.house.store.read() as conn:
        return runs.runs(conn, v.pair)


def killed_at(v: Village, step: int, doing: Callable[[], object]) -> str:
    """Does something in a process that ends at its so-manieth step; at which, or nothing if it came to its end before."""
    v.clock.advance(60)
    crash_after(v, step)
    try:
        doing()
    except Crash as crash:
        return f"step {step}, {crash}"
    finally:
        crash_never(v)
    return ""


def test_a_preview_killed_at_any_step_is_whole_or_cannot_be_released_and_the_next_one_is_whole(tmp_path: Path) -> None:
    v = small_firm(tmp_path)
    whole = content(rows(v, runs_of(v)[0]))
    assert len(whole) >= 7
    step, planned, broken = 0, 0, 0
    while True:
        step += 1
        at = killed_at(v, step, lambda: previewed(v))
        if not at:
            break
        (run,) = runs_of(v)
        if run.state == "previewed":
            planned += 1
            assert content(rows(v, run)) == whole, at
            assert (run.total, "seconds" in run.sheet) == (len(whole), True), at
        else:
            broken += 1
            assert run.state == "planning", at
            with pytest.raises(RunOver):
                release_run(v.house.pairing(v.pair), v.house.hands(), run.id, "test")
        fresh = previewed(v)
        assert [r.id for r in runs_of(v)] == [fresh.id], f"{at}: what was broken off is gone"
        assert content(rows(v, fresh)) == whole, at
    assert planned >= 1
    assert broken >= 3
    assert (v.writes("a"), v.writes("b"), v.questions()) == ([], [], []), "and nothing was done to anybody"


def test_a_release_killed_at_every_third_step_does_exactly_the_rows_once(tmp_path: Path) -> None:
    assert killed_releases(2, 3, tmp_path) >= 5


@pytest.mark.slow
def test_a_release_killed_at_any_step_does_exactly_the_rows_once(tmp_path: Path) -> None:
    assert killed_releases(1, 1, tmp_path) >= 15


def killed_releases(first: int, stride: int, folder: Path) -> int:
    """Releases a preview and carries it out, killed at one step more each time; returns how often."""
    step, kills = first, 0
    while True:
        v = small_firm(folder)
        run = runs_of(v)[0]
        before = rows(v, run)
        promised = planned_writes(before)
        assert sum(promised.values()) >= 6

        def release_and_work(v: Village = v, run: Run = run) -> None:
            released(v, run)
            v.cycle(read=False)

        at = killed_at(v, step, release_and_work)
        if not at:
            return kills
        kills += 1
        if runs_of(v)[0].state == "previewed":
            assert vendor_writes(v) == {}, at
            released(v, run)
        v.sync()
        v.sync()
        assert vendor_writes(v) == promised, at
        told = progress(v.house, run.id)
        assert (told.run.state, told.changed, told.failed) == ("done", 0, 0), at
        assert sum(told.rows.values()) == told.total == told.done == len(before), at
        assert content(rows(v, run)) == [(*row[:-1], r.outcome) for row, r in zip(content(before), rows(v, run), strict=True)], at
        step += stride
