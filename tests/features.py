"""Prints every promised feature with the tests that prove it: `python -m tests.features [id ...]`.

The promises are data in docs/features.md. A test proves one by `@pytest.mark.feature("F04", kind="do")`. The exit code is 1
if a line that is due now has no passing test or any failing one, if a test names an unknown line, or if it claims
another kind than the page. A skipped test proves nothing.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "features.md"
KINDS = frozenset({"do", "read", "guard", "tell", "substitute"})
STATUSES = frozenset({"now", "planned"})
ROW = re.compile(r"^\| (?P<id>[FLKSB]\d\d) \| (?P<kind>[^|]*) \| (?P<lift>[^|]*) \| (?P<status>[^|]*) \| (?P<what>.*) \|$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Promise:
    """One line of docs/features.md."""

    id: str
    kind: str
    lift: bool
    status: str
    what: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A test that says it proves a promise."""

    id: str
    kind: str
    test: str


@dataclass(eq=False)
class Proofs:
    """A pytest plugin that notes which tests claim which promise, and how each test ended."""

    claims: list[Claim] = field(default_factory=list)
    outcomes: dict[str, str] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            for mark in item.iter_markers("feature"):
                try:
                    self.claims.append(claim_of(mark, item.nodeid))
                except ValueError as mistake:
                    self.mistakes.append(str(mistake))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        tells = report.when == "call" or report.outcome != "passed"
        if tells and self.outcomes.get(report.nodeid) != "failed":
            self.outcomes[report.nodeid] = report.outcome


def claim_of(mark: pytest.Mark, test: str) -> Claim:
    """Read a marker; ValueError says what is wrong with it."""
    named = dict(mark.kwargs)
    id = mark.args[0] if len(mark.args) == 1 else named.pop("id", None)
    kind = named.pop("kind", None)
    if not isinstance(id, str) or kind not in KINDS or named:
        raise ValueError(f'{test}: write @pytest.mark.feature("F04", kind="do"); kinds are {", ".join(sorted(KINDS))}')
    return Claim(id, kind, test)


def read_promises(text: str) -> tuple[Promise, ...]:
    """Every line of the page, in its order."""
    return tuple(
        Promise(
            row["id"].strip(),
            row["kind"].strip(),
            row["lift"].strip() == "LIFT",
            row["status"].strip(),
            row["what"].strip(),
        )
        for row in ROW.finditer(text)
    )


def result_of(tests: Sequence[str], outcomes: Mapping[str, str]) -> str:
    """`failed` if any failed, `passed` if at least one passed, else `skipped` or `none`."""
    ended = {outcomes.get(test, "skipped") for test in tests}
    for word in ("failed", "passed", "skipped"):
        if word in ended:
            return word
    return "none"


def complaints(promises: Sequence[Promise], claims: Sequence[Claim], outcomes: Mapping[str, str]) -> list[str]:
    """What keeps the promises from being kept, as sentences; empty is good."""
    known = {promise.id: promise for promise in promises}
    found = []
    for claim in claims:
        if claim.id not in known:
            found.append(f"{claim.test} names {claim.id}, which docs/features.md does not have")
        elif claim.kind != known[claim.id].kind:
            found.append(f"{claim.test} claims that {claim.id} is of kind {claim.kind}; the page says {known[claim.id].kind}")
    for promise in promises:
        result = result_of([claim.test for claim in claims if claim.id == promise.id], outcomes)
        if result == "failed":
            found.append(f"{promise.id} has a failing test")
        elif promise.status == "now" and result == "none":
            found.append(f"{promise.id} is due now and has no test")
        elif promise.status == "now" and result == "skipped":
            found.append(f"{promise.id} is due now and all its tests were skipped")
    return found


def table(promises: Sequence[Promise], claims: Sequence[Claim], outcomes: Mapping[str, str]) -> str:
    """Every promise with its kind, status and result, its tests below it."""
    lines = []
    for promise in promises:
        tests = [claim.test for claim in claims if claim.id == promise.id]
        result = result_of(tests, outcomes) if tests or promise.status == "now" else "-"
        lines.append(
            f"{promise.id}  {promise.kind:<10}  {'LIFT' if promise.lift else '':<4}  {promise.status:<7}  {result:<7}  {promise.what}"
        )
        lines += [f"     {outcomes.get(test, 'skipped'):<7}  {test}" for test in tests]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    promises = read_promises(PAGE.read_text(encoding="utf-8"))
    wanted = [promise for promise in promises if not arguments or promise.id in arguments]
    if not wanted:
        print(f"docs/features.md has no {', '.join(arguments)}")
        return 2
    proofs = Proofs()
    code = pytest.main(["-q", "--no-header", "--no-summary", "-m", "feature", str(ROOT / "tests")], plugins=[proofs])
    claims = [claim for claim in proofs.claims if not arguments or claim.id in arguments]
    print(table(wanted, claims, proofs.outcomes))
    found = [*proofs.mistakes, *complaints(wanted, claims, proofs.outcomes)]
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED):
        found.append(f"pytest ended with {code!r}: see above")
    print("\n" + "\n".join(found or ["every feature that is due now is proved"]))
    due = [promise for promise in wanted if promise.status == "now"]
    kept = [p for p in due if result_of([c.test for c in claims if c.id == p.id], proofs.outcomes) == "passed"]
    print(f"features due now: {len(kept)} of {len(due)} proved")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
