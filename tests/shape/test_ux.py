"""docs/ux.md keeps its word: all twenty-five expectations, each with how it is met, and tests that are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.shape.project import text_of, tree_of

PAGE = Path("docs/ux.md")
ROWS = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
PROOF = re.compile(r"(tests/[\w/]+\.py)::(test_\w+)")


@cache
def named_in(file: str) -> frozenset[str]:
    """The tests of a file."""
    return frozenset(node.name for node in ast.walk(tree_of(Path(file))) if isinstance(node, ast.FunctionDef))


@cache
def rows() -> tuple[tuple[str, str, str, str], ...]:
    return tuple(ROWS.findall(text_of(PAGE)))


def test_all_twenty_five_are_there_in_their_order() -> None:
    assert [int(number) for number, *_ in rows()] == list(range(1, 26))


@pytest.mark.parametrize("number", range(1, 26))
def test_an_expectation_says_how_it_is_met_and_is_proved_by_tests_that_exist(number: int) -> None:
    _, _, how, tests = rows()[number - 1]
    named = tests.split("<br>")
    assert len(how) > 10
    assert not how.startswith("open")
    assert [one for one in named if not PROOF.fullmatch(one)] == []
    assert [one for one in named if (found := PROOF.fullmatch(one)) and found[2] not in named_in(found[1])] == []
