"""The process ends at each step of a cycle in turn, and the next one finishes: nothing is lost, nothing is there twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stories.folk import company, customer, deal_of, employee, files_at, invoice, notes
from tests.support.village import Village, village
from tests.unit.engine.crash import Crash, crash_after, crash_never


def offers(v: Village) -> None:
    """Two companies with an offer each."""
    for name in ("Sonne GmbH", "Mond GmbH"):
        deal_of(v, company(v, name=name), f"Angebot {name}")


def papers(v: Village) -> None:
    """A customer with a contact person in its row, and an invoice."""
    born = customer(v, ORGANIZATION="Stern GmbH", FIRST_NAME="Nora", LAST_NAME="Nagel")
    invoice(v, born)


def tagged(v: Village) -> None:
    """A tagged company with a person."""
    sun = company(v)
    employee(v, "Emil", "Ehlers", sun)
    v.crm_act("tag", kind="company", id=str(sun), name="FastBill")


def numbers(v: Village) -> tuple[int, ...]:
    """How much there is of everything."""
    crm, books = v.crm.truth(), v.books.truth()
    files = sum(len(files_at(v, note)) for note in notes(v))
    there = (len(crm[name]) for name in ("companies", "people", "deals", "protocols"))
    return (*there, files, *(len(books[name]) for name in ("customers", "contacts", "estimates", "invoices")))


def fresh(folder: Path) -> Village:
    """A released pair that has not looked yet: what a story brings is new to it."""
    made = village(folder)
    made.release()
    made.clock.advance(360)
    return made


@pytest.mark.parametrize(("story", "first"), ((offers, 1), (papers, 2), (tagged, 3)))
def test_a_crash_at_every_third_step_of_a_cycle_loses_nothing_and_doubles_nothing(
    story: Callable[[Village], None], first: int, tmp_path: Path
) -> None:
    assert crash_at(story, first, 3, tmp_path) > 5, "there were steps to crash at"


@pytest.mark.slow
@pytest.mark.parametrize("story", (offers, papers, tagged))
def test_a_crash_at_any_step_of_a_cycle_loses_nothing_and_doubles_nothing(story: Callable[[Village], None], tmp_path: Path) -> None:
    assert crash_at(story, 1, 1, tmp_path) > 15, "there were steps to crash at"


def crash_at(story: Callable[[Village], None], first: int, stride: int, tmp_path: Path) -> int:
    """Plays a story with a crash at a step, at the one ``stride`` further, and so on to its end; returns how many there were."""
    whole = fresh(tmp_path)
    story(whole)
    whole.sync()
    expected, writes = numbers(whole), (len(whole.writes("a")), len(whole.writes("b")))
    assert sum(writes) >= 2
    steps, crashes = first - stride, 0
    while True:
        steps += stride
        v = fresh(tmp_path)
        story(v)
        crash_after(v, steps)
        try:
            v.cycle()
        except Crash as crash:
            at = f"step {steps}, {crash}"
            crashes += 1
        else:
            break
        crash_never(v)
        v.sync()
        assert numbers(v) == expected, at
        assert (len(v.writes("a")), len(v.writes("b"))) == writes, at
        assert {j["state"] for j in v.journal()} <= {"done", "void"}, at
        assert [j["state"] for j in v.journal()].count("done") == sum(writes), at
        assert (v.problems(), v.questions()) == ([], []), at
    return crashes
