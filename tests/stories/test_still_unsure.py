"""A restored pair is sure again once both sides were read; what it could not work off by then stays unsure by itself until it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.folk import company, customer_named, customers, deal_of, estimates, files_at, invoice, notes, state
from tests.support.village import Village
from unisono.store import pairs, work
from unisono.store.backup import back_up, restore


def unsure(v: Village) -> bool:
    """Whether the pair as a whole still looks for what it made since its backup."""
    with v.house.store.read() as conn:
        return pairs.get_pair(conn, v.pair).unsure


def still_unsure(v: Village) -> bool:
    """Whether something it has left to do does."""
    lane = f"pair:{v.pair}"
    with v.house.store.read() as conn:
        left = [task.key for state in ("ready", "waiting", "held") for task in work.standing(conn, lane, state)]
        return bool(work.unsure_among(conn, lane, left))


def filed(v: Village) -> list[int]:
    """How many files each note carries."""
    return [len(files_at(v, note)) for note in notes(v)]


def put_back(v: Village, backup: Path) -> None:
    """An older database, and the first turn of its pair: both sides whole."""
    restore(v.house.store, backup)
    v.clock.advance(300)
    v.cycle(whole=True)


@pytest.mark.parametrize("fault", ("empty", "torn-json", "html", "status"))
def test_a_file_that_could_not_be_looked_for_is_not_put_on_its_note_a_second_time(v: Village, tmp_path: Path, fault: str) -> None:
    """Seed 16658 of worlds: the look failed, the pair became sure, and the file was put again without one."""
    deal_of(v, company(v))
    v.sync()
    back_up(v.house.store, tmp_path / "before.db", v.clock.now())
    state(v, estimates(v)[0]["ESTIMATE_ID"], "b")
    v.sync()
    before = filed(v)
    v.crm.world.faults.arm(fault, match="/attachments", times=8)
    put_back(v, tmp_path / "before.db")
    assert (before, filed(v), unsure(v), still_unsure(v)) == ([1], [1], False, True)
    v.crm.world.faults.clear()
    for _ in range(3):
        v.sync(minutes=61)
    assert (filed(v), unsure(v), still_unsure(v), v.problems()) == ([1], False, False, [])


def test_what_waits_for_an_answer_about_its_customer_is_still_looked_for_when_the_answer_comes(v: Village, tmp_path: Path) -> None:
    back_up(v.house.store, tmp_path / "before.db", v.clock.now())
    sun = company(v, name="Sonne GmbH", email="", phone="")
    deal_of(v, sun)
    v.sync()
    there = customer_named(v, "Sonne GmbH")["CUSTOMER_ID"]
    invoice(v, there)
    v.sync()
    before = (len(customers(v)), len(estimates(v)), filed(v))
    v.crm_act("edit_company", id=str(sun), street="Weg 1")
    v.books_act("edit_customer", ID=there, ADDRESS="Gasse 2")
    put_back(v, tmp_path / "before.db")
    (asked,) = [q for q in v.questions() if q.code == "same-customer"]
    assert (unsure(v), still_unsure(v)) == (False, True)
    v.answer(asked, "same")
    for _ in range(3):
        v.sync(minutes=61)
    assert (len(customers(v)), len(estimates(v)), filed(v)) == before == (1, 1, [1])
