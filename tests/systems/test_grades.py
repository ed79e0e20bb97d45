"""How good a system's folder is: what it claims to have done is proved by a test that exists, what it lacks has its reason."""

from __future__ import annotations

import ast
import re
from importlib.resources import files
from pathlib import Path

import pytest

from unisono.model.capability import Capabilities, Grade
from unisono.systems.catalogue import all_systems

ROOT = Path(__file__).parents[2]
LADDER = """
bronze-login-tested bronze-contract-suite bronze-samples bronze-facts-marked bronze-setup-page bronze-reference-or-probe
bronze-money-exact bronze-words-outside-code
silver-expired-login silver-pace-under-faults silver-seeds silver-diagnostics-redacted silver-deletion silver-limits-listed
gold-webhooks gold-article gold-four-languages gold-recorded-samples gold-first-sync-paced
""".split()
SYSTEMS = pytest.mark.parametrize("system", all_systems(), ids=lambda system: system.name)


def complaint(grade: Grade) -> str:
    """What is wrong with a grade, or nothing."""
    if grade.state != "done":
        return "" if grade.reason else f"{grade.rule}: {grade.state} without a reason"
    path, _, name = grade.test.partition("::")
    if not (path.startswith("tests/") and (ROOT / path).is_file()):
        return f"{grade.rule}: no file {path!r} proves it"
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    if any(isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name for node in ast.walk(tree)):
        return ""
    assigned = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    named = any(isinstance(target, ast.Name) and target.id == name for target in assigned)
    return "" if name and named else f"{grade.rule}: {path} has no test {name!r}"


@SYSTEMS
def test_each_rule_is_proved_by_a_test_or_has_its_reason(system: Capabilities) -> None:
    assert [told for told in map(complaint, system.grades) if told] == []


@SYSTEMS
def test_a_connected_system_stands_on_every_rung_of_the_ladder(system: Capabilities) -> None:
    rules = [grade.rule for grade in system.grades]
    assert len(rules) == len(set(rules))
    if system.implemented:
        assert rules == LADDER
    else:
        assert "contract-suite" in rules


@SYSTEMS
def test_a_page_that_lists_its_limits_has_some(system: Capabilities) -> None:
    text = (files("unisono.systems") / system.name / "README.md").read_text(encoding="utf-8")
    limits = re.search(r"^## Limits$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert limits
    assert limits[1].count("\n* ") >= 3


def test_a_claim_without_proof_is_noticed() -> None:
    here = "tests/systems/test_grades.py"
    assert complaint(Grade(rule="a", state="done", test=f"{here}::test_a_claim_without_proof_is_noticed")) == ""
    assert complaint(Grade(rule="a", state="done", test=f"{here}::LADDER")) == ""
    assert complaint(Grade(rule="a", state="done")) == "a: no file '' proves it"
    assert complaint(Grade(rule="a", state="done", test=f"{here}::test_of_nothing")) == f"a: {here} has no test 'test_of_nothing'"
    assert complaint(Grade(rule="a", state="not-yet")) == "a: not-yet without a reason"
    assert complaint(Grade(rule="a", state="exempt", reason="no such call")) == ""
