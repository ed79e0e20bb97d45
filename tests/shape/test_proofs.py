"""The runners of the tests count rightly: a stage cannot fail in silence, a promise cannot be claimed wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.features import Claim, Promise, claim_of, complaints, read_promises, table
from tests.stages import SETS, TEST, Count, Part, judge, read_report, verdict

KEPT = Promise("F01", "do", False, "now", "Two things are asked for.")
LATER = Promise("L01", "do", False, "planned", "Customers come.")


def test_counts_come_from_the_report_of_pytest(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text('<testsuites><testsuite tests="9" failures="1" errors="1" skipped="2"/></testsuites>', encoding="utf-8")
    assert read_report(report) == Count(passed=5, failed=2, skipped=2)


def test_a_pytest_that_died_without_a_report_is_a_failure(tmp_path: Path) -> None:
    assert judge(read_report(tmp_path / "none.xml"), 3, strict=False) == Count(failed=1)


def test_a_stage_without_tests_is_no_failure_but_a_run_without_any_is(capsys: pytest.CaptureFixture[str]) -> None:
    nothing = judge(Count(), 5, strict=False)
    assert nothing == Count()
    assert verdict(nothing, any_tests=True) == 1
    assert "no test ran" in capsys.readouterr().out
    assert verdict(Count(passed=1), any_tests=True) == 0
    assert verdict(Count(), any_tests=False) == 0


def test_where_nothing_may_be_skipped_a_skip_is_a_failure() -> None:
    assert judge(Count(passed=3, skipped=2), 0, strict=True) == Count(passed=3, failed=2)
    assert judge(Count(passed=3, skipped=2), 0, strict=False) == Count(passed=3, skipped=2)


def test_one_failed_stage_fails_the_run() -> None:
    assert verdict(Count(passed=5) + Count(failed=1), any_tests=True) == 1


def test_every_folder_of_tests_belongs_to_a_stage() -> None:
    """The last stage runs whatever the others have not named, so its exceptions must be their folders."""
    last = TEST[-1]
    assert isinstance(last, Part)
    named = {folder for stage in TEST[:-1] if isinstance(stage, Part) and stage.marks == last.marks for folder in stage.folders}
    assert set(last.without) == named
    assert last.folders == ("tests",)
    assert SETS["check"] == TEST[: len(SETS["check"])]


def test_a_line_that_is_due_needs_a_test_that_passes() -> None:
    claim = Claim("F01", "do", "test_a")
    assert complaints([KEPT], [claim], {"test_a": "passed"}) == []
    assert complaints([KEPT], [], {}) == ["F01 is due now and has no test"]
    assert complaints([KEPT], [claim], {"test_a": "skipped"}) == ["F01 is due now and all its tests were skipped"]
    assert complaints([KEPT], [claim, Claim("F01", "do", "test_b")], {"test_a": "passed", "test_b": "failed"}) == ["F01 has a failing test"]


def test_a_planned_line_may_be_without_a_test_but_not_have_a_failing_one() -> None:
    assert complaints([LATER], [], {}) == []
    assert complaints([LATER], [Claim("L01", "do", "test_a")], {"test_a": "failed"}) == ["L01 has a failing test"]


def test_a_claim_of_another_kind_or_an_unknown_line_is_a_mistake() -> None:
    outcomes = {"test_a": "passed"}
    assert complaints([LATER], [Claim("L01", "tell", "test_a")], outcomes) == [
        "test_a claims that L01 is of kind tell; the page says do",
    ]
    assert complaints([LATER], [Claim("X99", "do", "test_a")], outcomes) == ["test_a names X99, which docs/features.md does not have"]


def test_a_marker_without_a_kind_is_refused_with_the_right_form() -> None:
    assert claim_of(pytest.mark.feature("F04", kind="do").mark, "test_a") == Claim("F04", "do", "test_a")
    assert claim_of(pytest.mark.feature(id="F04", kind="do").mark, "test_a") == Claim("F04", "do", "test_a")
    with pytest.raises(ValueError, match=r'write @pytest.mark.feature\("F04", kind="do"\)'):
        claim_of(pytest.mark.feature("F04").mark, "test_a")


def test_the_page_is_read_line_by_line_and_shown_with_its_tests() -> None:
    page = "| id | kind | lift | status | what |\n|---|---|---|---|---|\n| K05 | do | LIFT | planned | A brake. |\n"
    promises = read_promises(page)
    assert promises == (Promise("K05", "do", True, "planned", "A brake."),)
    shown = table(promises, [Claim("K05", "do", "tests/x.py::test_a")], {"tests/x.py::test_a": "passed"})
    assert "K05" in shown
    assert "passed   tests/x.py::test_a" in shown
