"""Runs what `make check` and `make test` promise, stage by stage, with the seconds of each.

A stage is a tool (format, lint, types, imports) or a part of the tests. Every test belongs to exactly one stage: the last
stage takes whatever no other has named, so a new folder under tests/ cannot be forgotten. The closing line counts tests;
a tool that fails counts as one failure.

    python -m tests.stages check|test [stage ...]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOT_EVERYWHERE = "not postgres and not kill and not slow"
"""Tests that need a database server or kill processes have stages of their own, wherever they lie; slow ones are run by `make slow`."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A stage that is one command."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A stage that is a part of the tests. `strict` means that in CI a skipped test is a failed one."""

    name: str
    folders: tuple[str, ...]
    marks: str = NOT_EVERYWHERE
    without: tuple[str, ...] = ()
    strict: bool = False
    at_once: int = 2
    """Processes that share the tests. Tests that start processes of their own, or measure, run in one."""


@dataclass(frozen=True, slots=True)
class Count:
    """What a stage came to."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)


Stage = Tool | Part

IN_CI = os.environ.get("CI", "").lower() in ("true", "1")
CODE = tuple(folder for folder in ("src", "tests", "bench") if (ROOT / folder).is_dir())
UNIT = ("tests/unit", "tests/systems")
COMMANDS = ("tests/unit/cli",)
SHAPE = ("tests/shape",)
STORIES = ("tests/stories",)
STORM = ("tests/storm",)
PAGES = ("tests/web",)
FOREIGN = ("tests/foreign",)

CHECK: tuple[Stage, ...] = (
    Tool("format", ("ruff", "format", "--check", *CODE)),
    Tool("lint", ("ruff", "check", "--quiet", *CODE)),
    Tool("types", ("mypy",)),
    Tool("imports", ("lint-imports",)),
    Part("unit and contract", UNIT, without=COMMANDS),
)
TEST: tuple[Stage, ...] = (
    *CHECK,
    Part("commands", COMMANDS),
    Part("shape", SHAPE),
    Part("stories", STORIES),
    Part("pages", PAGES),
    Part("levels of the storm", STORM),
    # All of it in CI and as `make storm`; a sixteenth where somebody waits for it.
    Tool("the storm", ("python", "-m", "tests.storm", *(() if IN_CI else ("--part", "16")))),
    Part("foreign clients", FOREIGN, strict=True, at_once=1),
    Part("stores on PostgreSQL", ("tests",), marks="postgres and not slow", strict=True),
    Part("kills", ("tests",), marks="kill and not postgres and not slow", strict=True, at_once=1),
    Part("all other tests", ("tests",), at_once=1, without=(*UNIT, *COMMANDS, *SHAPE, *STORIES, *PAGES, *STORM, *FOREIGN)),
)
SETS = {"check": CHECK, "test": TEST}


def environment() -> dict[str, str]:
    """Ours, with the checkout's packages first and the tools of this interpreter on the path."""
    result = dict(os.environ)
    result["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), result.get("PATH", "")))
    result["PYTHONPATH"] = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
    return result


def run_tool(stage: Tool) -> Count:
    done = subprocess.run(stage.command, cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL)
    return Count(failed=0 if done.returncode == 0 else 1)


def run_tests(stage: Part, *, in_ci: bool) -> Count:
    folders = [folder for folder in stage.folders if (ROOT / folder).is_dir()]
    if not folders:
        print("   nothing there yet")
        return Count()
    with tempfile.TemporaryDirectory(prefix="unisono-stage-") as scratch:
        report = Path(scratch) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", *folders, "-m", stage.marks, f"--junit-xml={report}"]
        command += [f"--ignore={folder}" for folder in stage.without]
        if stage.at_once > 1:
            command += ["-n", str(stage.at_once), "--dist", "worksteal"]
        code = subprocess.run(command, cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL).returncode
        count = read_report(report)
    return judge(count, code, strict=stage.strict and in_ci)


def read_report(report: Path) -> Count:
    """Counts from pytest's JUnit file; nothing at all if pytest died before writing it."""
    if not report.exists():
        return Count()
    failed = skipped = total = 0
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        failed += int(suite.get("failures", "0")) + int(suite.get("errors", "0"))
        skipped += int(suite.get("skipped", "0"))
        total += int(suite.get("tests", "0"))
    return Count(passed=max(0, total - failed - skipped), failed=failed, skipped=skipped)


def judge(count: Count, code: int, *, strict: bool) -> Count:
    """Correct what pytest counted by how it ended (5: nothing to run, which is no failure of a stage)."""
    if code not in (0, 5) and not count.failed:
        count = Count(count.passed, 1, count.skipped)
    if strict and count.skipped:
        print(f"   {count.skipped} skipped: in CI these tests have to run")
        count = Count(count.passed, count.failed + count.skipped, 0)
    return count


def verdict(total: Count, *, any_tests: bool) -> int:
    """The exit code: failures fail, and so does a run in which no test ran."""
    if total.failed:
        return 1
    if any_tests and not total.passed:
        print("no test ran")
        return 1
    return 0


def main(arguments: Sequence[str]) -> int:
    chosen, *only = arguments or ["test"]
    if chosen not in SETS:
        print(f"unknown set {chosen!r}; there are: {', '.join(SETS)}")
        return 2
    stages = [stage for stage in SETS[chosen] if not only or stage.name in only]
    if not stages:
        print(f"no such stage; {chosen} has: {', '.join(stage.name for stage in SETS[chosen])}")
        return 2
    total, lines = Count(), []
    for stage in stages:
        print(f"== {stage.name}", flush=True)
        began = time.perf_counter()
        count = run_tool(stage) if isinstance(stage, Tool) else run_tests(stage, in_ci=IN_CI)
        seconds = time.perf_counter() - began
        total += count
        outcome = "FAILED" if count.failed else "ok"
        tests = "" if isinstance(stage, Tool) else f", {count.passed} passed, {count.failed} failed, {count.skipped} skipped"
        lines.append(f"{stage.name:<22} {seconds:7.1f} s  {outcome}{tests}")
        print(f"   {outcome} in {seconds:.1f} s{tests}", flush=True)
    print("\n".join(("", f"== {chosen}", *(f"   {line}" for line in lines))))
    code = verdict(total, any_tests=any(isinstance(stage, Part) for stage in stages))
    skipped = f", {total.skipped} skipped" if total.skipped else ""
    print(f"{total.passed} passed, {total.failed} failed{skipped}", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
