"""A released preview at work: progress, pause, resume, stop, a crash in the middle, today's changes before history, the report."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.stories.folk import BOTH, company, customer, customers, deal_of
from tests.stories.test_f_complete_sync import complete
from tests.stories.test_preview import awkward, planned_writes, previewed, released, rows, vendor_writes
from tests.support.village import Village
from unisono.engine.batch import WAVE
from unisono.engine.runs import RunOver, pause_run, resume_run, stop_run
from unisono.store import runs
from unisono.store.runs import Run
from unisono.wiring.previewing import progress
from unisono.wiring.reporting import report_as


class Crash(Exception):
    """The process ended here."""


def many(v: Village, count: int = 40) -> None:
    for number in range(count):
        deal_of(
            v,
            company(v, name=f"Firma {number:02d} GmbH", email=f"f{number}@firma.example", zip=f"{10000 + number}"),
            f"Angebot {number}",
            "10",
        )
    v.clock.advance(86400)


def many_released(v: Village, count: int = 40, plan: str = "premium") -> Run:
    """So many customers with an offer each, previewed and released; nothing of it is done yet."""
    v.settings("b", plan=plan)
    many(v, count)
    run = previewed(v, complete())
    released(v, run)
    return run


def after_a_wave(v: Village, then: Callable[[], object]) -> None:
    """A cycle in which something happens as soon as its first wave is settled."""

    def step(name: str) -> None:
        if name == "settled":
            v.house.step = lambda _: None
            assert then()

    v.house.step = step
    v.cycle()


def created(v: Village) -> int:
    return v.writes("b").count("customer.create")


@BOTH
def test_a_run_is_paused_in_the_middle_goes_on_and_ends(unreleased: Village) -> None:
    v = unreleased
    run = many_released(v)
    after_a_wave(v, lambda: pause_run(v.house.hands(), run.id))
    assert created(v) == WAVE, "the wave under way ends, the next does not begin"
    told = progress(v.house, run.id)
    assert (told.run.state, told.done, told.total) == ("paused", WAVE, 80)
    v.sync()
    assert created(v) == WAVE
    fresh = deal_of(v, company(v, name="Von heute GmbH", email="h@heute.example", zip="99999"), "Neu", "5")
    v.sync()
    assert {c["ORGANIZATION"] for c in customers(v)} >= {"Von heute GmbH"}, "today's work goes on meanwhile"
    assert fresh
    assert resume_run(v.house.hands(), run.id)
    v.sync()
    assert created(v) == 41
    told = progress(v.house, run.id)
    assert (told.run.state, told.done, told.failed, told.seconds_left) == ("done", 80, 0, 0.0)


def test_a_stopped_run_leaves_the_rest_as_it_is_for_good(unreleased: Village) -> None:
    v = unreleased
    run = many_released(v)
    after_a_wave(v, lambda: stop_run(v.house.hands(), run.id))
    v.sync()
    v.sync()
    assert created(v) == WAVE
    told = progress(v.house, run.id)
    outcomes = Counter(r.outcome for r in rows(v, run))
    assert (told.run.state, outcomes["done"], outcomes["stopped"]) == ("stopped", WAVE, 80 - WAVE)
    assert not resume_run(v.house.hands(), run.id)
    with pytest.raises(RunOver):
        released(v, run)


@pytest.mark.parametrize("step", ("intended", "sent", "settled", "prepared"))
def test_a_crash_in_the_middle_changes_nothing_of_what_was_released(unreleased: Village, step: str) -> None:
    v = unreleased
    v.settings("b", plan="premium")
    awkward(v)
    run = previewed(v, complete())
    promised = planned_writes(rows(v, run))
    released(v, run)
    crashes = 0
    for number in (1, 2, 3):
        left = [number]

        def crash(name: str, left: list[int] = left) -> None:
            left[0] -= name == step
            if not left[0]:
                raise Crash

        v.house.step = crash
        try:
            v.cycle(read=False)
        except Crash:
            crashes += 1
        v.house.step = lambda _: None
        v.clock.advance(timedelta(seconds=30))
    v.sync()
    v.sync()
    assert crashes >= 1
    assert vendor_writes(v) == promised
    told = progress(v.house, run.id)
    assert (told.run.state, sum(told.rows.values()), told.changed) == ("done", told.total, 0)


def test_what_is_of_today_goes_before_history(unreleased: Village) -> None:
    v = unreleased
    many_released(v, 30)
    v.clock.advance(60)
    customer(v, ORGANIZATION="Von heute AG", EMAIL="h@heute.example", ZIPCODE="99999")
    v.sync()
    first = next(e for e in reversed(v.journal()))
    assert (first["side"], first["label"]) == ("a", "Von heute AG")
    assert created(v) == 30


def test_vendor_limits_stretch_a_run_and_the_time_left_says_so(unreleased: Village) -> None:
    v = unreleased
    v.settings("b", plan="solo")
    many(v, 60)
    run = previewed(v, complete())
    assert run.sheet["seconds"]["b"] > 3600, "60 customers, made and read back, at 50 calls an hour"
    released(v, run)
    v.cycle()
    told = progress(v.house, run.id)
    assert told.run.state == "running"
    assert 0 < created(v) < 60
    assert told.seconds_left is not None
    assert told.seconds_left > 1800


def test_the_report_tells_what_came_from_where_to_where_with_numbers_that_add_up(unreleased: Village) -> None:
    v = unreleased
    awkward(v)
    run = previewed(v, complete())
    released(v, run)
    v.sync()

    def say(code: str, **values: str) -> str:
        return f"{code} {' '.join(values.values())}".strip()

    told = json.loads("\n".join(report_as(v.house, run.id, "json", say, lambda row: row.action["reason"]["code"])))
    assert sum(n for outcomes in told["counts"].values() for n in outcomes.values()) == told["total"] == len(told["rows"])
    assert (told["state"], told["systems"]) == ("done", {"a": "CentralStationCRM", "b": "FastBill"})
    made = next(r for r in told["rows"] if r["label"] == "Gasthof Lindenhof KG")
    ids = {c["CUSTOMER_ID"] for c in customers(v)}
    assert (made["outcome"], made["to"][0].removeprefix("party:") in ids) == ("done", True)
    text = list(report_as(v.house, run.id, "markdown", say, lambda row: row.action["reason"]["code"]))
    assert any("Nie gefragt AG: CentralStationCRM" in line and "no-quote-no-tag" in line for line in text)
    assert any("Ohne Straße GmbH" in line and "missing-field" in line for line in text)


def test_a_pair_released_without_a_preview_works_as_ever_and_has_no_run(v: Village) -> None:
    deal_of(v, company(v))
    v.sync()
    assert created(v) == 1
    with v.house.store.read() as conn:
        assert runs.runs(conn, v.pair) == []
