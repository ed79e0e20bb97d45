"""What the documents name exists: links, make targets, decisions, features."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.features import KINDS, PAGE, STATUSES, read_promises
from tests.shape.project import ROOT, project_files, text_of

PAGES = tuple(path for path in project_files() if path.suffix == ".md")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")
TARGET = re.compile(r"`make ([a-z-]+)")
LINES_A_PAIR = {"F": 24, "L": 22, "K": 23, "S": 24, "B": 18}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_leads_to_a_file(page: Path) -> None:
    dead = [link for link in LINK.findall(text_of(page)) if not (ROOT / page.parent / link).exists()]
    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_make_command_that_is_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of(Path("Makefile")), re.MULTILINE))
    assert set(TARGET.findall(text_of(page))) <= targets


def test_make_help_names_every_target() -> None:
    makefile = text_of(Path("Makefile"))
    promised = set(" ".join(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)).split()) - {"help", "setup"}
    assert set(re.findall(r'@echo "make ([a-z-]+) ', makefile)) == promised


def test_decisions_are_numbered_without_a_gap_and_listed() -> None:
    pages = sorted(path.name for path in PAGES if path.parent == Path("docs/decisions") and path.name != "README.md")
    assert [page[:4] for page in pages] == [f"{number:04d}" for number in range(1, len(pages) + 1)]
    assert [page for page in pages if page not in text_of(Path("docs/decisions/README.md"))] == []


def test_the_roadmap_is_short_and_names_files_that_exist() -> None:
    text = text_of(Path("ROADMAP.md"))
    named = set(re.findall(r"`((?:src|tests|docs|bench)/[\w./-]+)`", text))
    assert text.count("\n") <= 60
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_every_promise_stands_once_with_a_kind_and_a_status() -> None:
    promises = read_promises(PAGE.read_text(encoding="utf-8"))
    assert Counter(promise.id[0] for promise in promises) == LINES_A_PAIR
    assert len({promise.id for promise in promises}) == sum(LINES_A_PAIR.values())
    assert {promise.kind for promise in promises} <= KINDS
    assert {promise.status for promise in promises} <= STATUSES
    assert all(promise.what for promise in promises)


def test_the_first_release_owes_the_first_two_pairs() -> None:
    due = [promise.id for promise in read_promises(PAGE.read_text(encoding="utf-8")) if promise.status == "now"]
    assert due == [*(f"F{number:02d}" for number in range(1, 24)), *(f"L{number:02d}" for number in range(1, 23))]
