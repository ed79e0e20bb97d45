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
from unisono.engine.runs import OVERTAKEN, RunOver, pause_run, resume_run, stop_run
from unisono.engine.waves import WAVE
from unisono.store import runs
from unisono.store.runs import Run
from unisono.wiring.previewing import progress
from unisono.wiring.reporting import report_as


class Crash(Exception):
    """The process ended here."""


def plainly(code: str, **values: str) -> str:
    """A sentence as its code and values, in no language."""
    return f"{code} {' '.join(values.values())}".strip()


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


def reconsidered(v: Village, policy: str = "") -> Run:
    """The settings are changed after a run was released; what they would do is previewed and released as well."""
    second = previewed(v, policy or complete())
    released(v, second)
    return second


def company_named(v: Village, name: str) -> str:
    return next(str(row["id"]) for row in v.crm.truth()["companies"] if row["name"] == name)


@BOTH
def test_a_run_that_is_overtaken_by_a_newer_preview_ends_and_says_what_took_its_place(unreleased: Village) -> None:
    v = unreleased
    first = many_released(v, 20)
    second = reconsidered(v)
    told = progress(v.house, first.id)
    assert (told.run.state, told.done, told.run.sheet[OVERTAKEN]) == ("stopped", 0, second.id)
    assert {r.outcome for r in rows(v, first)} == {"stopped"}, "each of its rows says that it was not done"
    v.sync()
    assert created(v) == 20, "each once"
    assert [progress(v.house, run.id).run.state for run in (first, second)] == ["stopped", "done"]
    told = progress(v.house, second.id)
    assert (told.done, told.total, told.changed) == (40, 40, 0)
    assert (progress(v.house, first.id).done, progress(v.house, first.id).run.ended_at > "") == (0, True)
    lines = list(report_as(v.house, first.id, "text", plainly, lambda row: row.action["reason"]["code"]))
    assert f"run-overtaken {second.id}" in lines
    assert json.loads("\n".join(report_as(v.house, first.id, "json", plainly, lambda _: "")))["overtaken_by"] == second.id
    with pytest.raises(RunOver):
        released(v, first)


def test_a_run_overtaken_in_the_middle_keeps_what_it_did_and_the_newer_does_the_rest(unreleased: Village) -> None:
    v = unreleased
    first = many_released(v)
    after_a_wave(v, lambda: pause_run(v.house.hands(), first.id))
    second = reconsidered(v)
    outcomes = Counter(r.outcome for r in rows(v, first))
    assert (outcomes["done"], outcomes["stopped"]) == (WAVE, 80 - WAVE)
    v.sync()
    assert created(v) == 40
    assert len({c["ORGANIZATION"] for c in customers(v)}) == 40, "nobody twice"
    told = progress(v.house, second.id)
    assert (told.run.state, sum(told.rows.values()) - told.done, told.changed) == ("done", 0, 0)


def test_what_a_stricter_second_preview_leaves_out_is_not_done_though_the_first_had_promised_it(unreleased: Village) -> None:
    v = unreleased
    many_released(v, 5)
    reconsidered(v, complete().replace('history = "all"', 'history = "new"'))
    assert created(v) == 0
    v.sync()
    assert created(v) == 0, "the later word counts"


def test_what_waited_in_an_older_run_for_a_second_release_is_told_by_the_newer_preview(unreleased: Village) -> None:
    v = unreleased
    first = many_released(v, 3)
    v.crm_act("edit_company", id=company_named(v, "Firma 00 GmbH"), name="Umbenannt GmbH")
    v.sync()
    before = progress(v.house, first.id)
    assert (before.run.state, before.changed > 0) == ("done", True)
    made = created(v)
    second = previewed(v)
    released(v, second)
    v.sync()
    after = progress(v.house, first.id)
    assert (after.run.state, after.changed, after.run.sheet[OVERTAKEN]) == ("done", 0, second.id)
    assert (created(v), "Umbenannt GmbH" in {c["ORGANIZATION"] for c in customers(v)}) == (made + 1, True)


def test_what_came_in_since_is_not_lost_with_the_run_it_was_noted_in(unreleased: Village) -> None:
    v = unreleased
    first = many_released(v, 3)
    assert pause_run(v.house.hands(), first.id)
    second = previewed(v)
    v.crm_act("edit_company", id=company_named(v, "Firma 01 GmbH"), name="Danach umbenannt GmbH")
    v.sync()  # noted in the work of the paused run
    assert created(v) == 0
    released(v, second)
    v.sync()
    assert {c["ORGANIZATION"] for c in customers(v)} == {"Firma 00 GmbH", "Firma 02 GmbH"}
    assert progress(v.house, second.id).changed > 0, "what differs from the preview waits for a second word"
    released(v, second)
    v.sync()
    assert "Danach umbenannt GmbH" in {c["ORGANIZATION"] for c in customers(v)}


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

    told = json.loads("\n".join(report_as(v.house, run.id, "json", plainly, lambda row: row.action["reason"]["code"])))
    assert sum(n for outcomes in told["counts"].values() for n in outcomes.values()) == told["total"] == len(told["rows"])
    assert (told["state"], told["systems"]) == ("done", {"a": "CentralStationCRM", "b": "FastBill"})
    made = next(r for r in told["rows"] if r["label"] == "Gasthof Lindenhof KG")
    ids = {c["CUSTOMER_ID"] for c in customers(v)}
    assert (made["outcome"], made["to"][0].removeprefix("party:") in ids) == ("done", True)
    text = list(report_as(v.house, run.id, "markdown", plainly, lambda row: row.action["reason"]["code"]))
    assert any("Nie gefragt AG: CentralStationCRM" in line and "no-quote-no-tag" in line for line in text)
    assert any("Ohne Straße GmbH" in line and "missing-field" in line for line in text)


def test_a_pair_released_without_a_preview_works_as_ever_and_has_no_run(v: Village) -> None:
    deal_of(v, company(v))
    v.sync()
    assert created(v) == 1
    with v.house.store.read() as conn:
        assert runs.runs(conn, v.pair) == []
