"""L22 between Bitrix24 and Lexware Office: a changed state of a document moves the deal it belongs to, or sets its automation off, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.test_l_customers import act, written
from tests.stories.test_l_papers import PAPERS, living
from tests.support.village import Village

STATUS = """
[status]
direction = "to-crm"

[status.stages]
quote_accepted = "FINAL_INVOICE"

[status.triggers]
invoice_paid = "{code}"
"""


@pytest.fixture
def v(tmp_path: Path) -> Village:
    """A portal with an automation that a person made by hand, and a deal whose quotation is a draft in Lexware Office."""
    made = living(tmp_path, "bitrix24", PAPERS)
    code = str(made.crm.act("make_trigger", {"kind": "deal", "stage": "WON"})["id"])
    made.release(PAPERS + STATUS.format(code=code))
    company = made.crm_act("create_company", title="Weidenhof GmbH", street="Holzweg 3", zip="01099", city="Dresden", country="Deutschland")
    made.crm_act("create_deal", title="Regal", company_id=str(company), items="Regal; 1; 119,00; 19")
    made.sync()
    return made


def stage(v: Village) -> str:
    (deal,) = v.crm.truth()["deals"]
    return str(deal["STAGE_ID"])


def accepted(v: Village) -> None:
    """The quotation goes out, and the customer says yes."""
    (quotation,) = v.books.truth()["quotations"]
    act(v, "finalize", id=quotation["id"])
    act(v, "accept", id=quotation["id"])
    v.sync()


def paid(v: Village) -> None:
    """The invoice that follows from the quotation is written, and paid a day later."""
    (quotation,), (customer,) = v.books.truth()["quotations"], v.books.truth()["contacts"]
    items = "Anzahlung; 1; 50,00; 19"
    bill = act(v, "create_invoice", contact_id=customer["id"], title="Teil", items=items, finalize="1", follows=quotation["id"])
    v.sync()
    assert v.crm.truth()["trigger_runs"] == []
    act(v, "pay", id=bill)
    v.sync(24 * 60)


@pytest.mark.feature("L22", kind="do")
def test_an_accepted_quotation_moves_its_deal_and_a_paid_invoice_sets_its_automation_off(v: Village) -> None:
    before = stage(v)
    accepted(v)
    moved = stage(v)
    paid(v)
    assert (before, moved, stage(v)) == ("NEW", "FINAL_INVOICE", "WON")
    assert len(v.crm.truth()["trigger_runs"]) == 1
    assert v.problems() == []


def test_what_was_told_is_not_told_again(v: Village) -> None:
    accepted(v)
    paid(v)
    before = written(v)
    v.crm_act("move_deal", id=str(v.crm.truth()["deals"][0]["ID"]), stage="NEW")
    for _ in range(3):
        v.sync()
    assert (stage(v), written(v)) == ("NEW", before), "the stage is the CRM's: a person may move it back"


def test_a_deal_that_was_deleted_is_told_nothing(v: Village) -> None:
    """It told a vanished deal again and again, since the quotation was thought to follow from itself."""
    (deal,) = v.crm.truth()["deals"]
    v.crm_act("delete_deal", id=str(deal["ID"]))
    for _ in range(3):
        v.sync(8 * 24 * 60)
    before = written(v)
    accepted(v)
    for _ in range(3):
        v.sync(60)
    assert v.crm.truth()["deals"] == []
    assert [call for call in written(v)[len(before) :] if "crm.item.update" in str(call)] == []
    assert v.problems() == []
