"""A restored pair is sure again once both sides were read; what it could not work off by then stays unsure by itself until it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories import test_l_customers as office
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


def test_an_invoice_filed_at_the_one_it_was_made_of_is_not_filed_at_its_customer_anew(tmp_path: Path) -> None:
    """Seed 21309 of Bitrix24 and Lexware Office: the CRM's customer was deleted and made anew since the backup. The invoice of the CRM still
    stands, with the note on its card; ours carries its reference."""
    v = office.village(tmp_path, "bitrix24", office.POLICY.replace("[documents]", '[invoices]\ndirection = "to-invoicing"\n[documents]'))
    v.sync()
    v.release()
    v.clock.advance(60)
    back_up(v.house.store, tmp_path / "before.db", v.clock.now())
    office.customer(v)
    v.sync()
    (there,) = v.crm.truth()["companies"]
    bill = v.crm_act("create_invoice", title="Kran", company_id=str(there["ID"]), items="Kran; 1; 119,00; 19")
    v.crm_act("move_invoice", id=str(bill), stage="DT31_3:S")
    v.sync()
    (made,) = v.books.truth()["invoices"]
    office.act(v, "finalize", id=made["id"])
    v.sync()
    before = office.notes(v)
    v.crm_act("delete_company", id=there["ID"])
    v.crm_act("create_company", TITLE=there["TITLE"], vat_id="DE136695976", street="Kai 1", zip="28195", city="Bremen")

    put_back(v, tmp_path / "before.db")
    for _ in range(3):
        v.sync(minutes=61)

    assert v.link_count()["party"] == 1, "the one made anew is the customer's counterpart now"
    assert [note.splitlines()[0] for note in before] == ["[B]Lexware Office (lexoffice): Rechnung RE0001[/B]", "RE0001.pdf"]
    assert office.notes(v) == before
