"""Bitrix24 and Lexware Office: smart invoices and products go across, states come back, and what was filed is kept up to date on the card."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.stories.test_l_customers import POLICY, act, companies, contact, customer, files, invoiced, notes, village, written
from tests.support.village import Village

INVOICES = POLICY.replace('[documents]\ndirection = "to-crm"', '[invoices]\ndirection = "to-invoicing"\n[documents]\ndirection = "to-crm"')
OFFERS = POLICY.replace('[quotes]\ndirection = "off"', '[quotes]\ndirection = "to-invoicing"\nbasis = "net"\nvat_rate = 19')
PRODUCTS = POLICY + '[products]\ndirection = "both"\n'
STATES = '[status]\ndirection = "to-crm"\n'


def opened(folder: Path, policy: str) -> Village:
    made = village(folder, "bitrix24")
    made.sync()
    made.release(policy)
    made.clock.advance(60)
    return made


def billed(v: Village, items: str = "Kran; 2; 119,00; 19", **given: str) -> str:
    """A firm with a smart invoice of the CRM's."""
    firm = v.crm_act("create_company", title="Weidenhof GmbH", street="Holzweg 3", zip="01099", city="Dresden", country="Deutschland")
    key = v.crm_act("create_invoice", title="Kran", company_id=str(firm), items=items, **given)
    v.crm_act("move_invoice", id=str(key), stage="DT31_3:S")
    return str(key)


def products(v: Village) -> dict[str, tuple[str, Decimal]]:
    """Number -> name and price, as the portal keeps them."""
    truth = v.crm.truth()
    prices = {row["PRODUCT_ID"]: Decimal(str(row["PRICE"])) for row in truth["prices"]}
    return {row["XML_ID"]: (row["NAME"], prices[row["ID"]]) for row in truth["products"]}


def articles(v: Village) -> dict[str, tuple[str, Decimal]]:
    """Number -> name and net price, as the books keep them."""
    return {row["articleNumber"]: (row["title"], Decimal(str(row["price"]["netPrice"]))) for row in v.books.truth()["articles"]}


@pytest.mark.feature("L20", kind="do")
def test_an_invoice_of_the_portal_becomes_a_draft_in_the_books_once(tmp_path: Path) -> None:
    v = opened(tmp_path, INVOICES)
    billed(v)
    assert v.books.truth()["invoices"] == []

    for _ in range(3):
        v.sync()

    (made,) = v.books.truth()["invoices"]
    assert contact(v, made["address"]["contactId"])["company"]["name"] == "Weidenhof GmbH"
    assert (made["voucherStatus"], Decimal(str(made["totalPrice"]["totalGrossAmount"]))) == ("draft", Decimal(238))
    assert v.problems() == []
    before = written(v)
    v.sync()
    assert written(v) == before


def test_an_invoice_whose_answer_was_lost_is_not_made_again(tmp_path: Path) -> None:
    v = opened(tmp_path, INVOICES)
    billed(v)
    v.books.world.faults.arm("status-after", "POST invoices", value=504)

    for _ in range(3):
        v.sync()

    assert v.books.world.faults.bitten == ["status-after"]
    assert len(v.books.truth()["invoices"]) == 1
    assert v.writes("b").count("POST invoices") == 1


@pytest.mark.feature("L21", kind="do")
def test_a_product_of_either_side_goes_across_and_its_price_follows(tmp_path: Path) -> None:
    v = opened(tmp_path, PRODUCTS)
    here = v.crm_act("create_product", name="Kran", price="1190.50", xml_id="K-7", vat_id="3")
    act(v, "create_article", title="Haken", number="H-1", net="12.50", tax="19", unit="Stück")

    v.sync()
    v.sync()

    both = {"K-7": ("Kran", Decimal("1190.5")), "H-1": ("Haken", Decimal("12.5"))}
    assert (products(v), articles(v)) == (both, both)
    v.crm_act("edit_product", id=str(here), price="1200")
    v.sync()
    v.sync()
    assert articles(v)["K-7"] == ("Kran", Decimal(1200))
    before = written(v)
    v.sync()
    assert written(v) == before
    assert (v.problems(), v.questions()) == ([], [])


def test_an_invoice_paid_in_the_books_moves_the_portal_s_to_the_stage_that_was_named(tmp_path: Path) -> None:
    v = opened(tmp_path, INVOICES + STATES + '[status.stages]\ninvoice_paid = "Bezahlt"\n')
    billed(v)
    v.sync()
    v.sync()
    (made,) = v.books.truth()["invoices"]
    act(v, "finalize", id=made["id"])
    v.sync()
    assert [row["STAGE_ID"] for row in v.crm.truth()["invoices"]] == ["DT31_3:S"]

    act(v, "pay", id=made["id"])
    v.sync()
    v.sync()

    assert [row["STAGE_ID"] for row in v.crm.truth()["invoices"]] == ["DT31_3:P"]
    assert v.problems() == []
    before = written(v)
    v.sync()
    assert written(v) == before


@pytest.mark.feature("L22", kind="do")
def test_a_quotation_accepted_in_the_books_sets_off_the_deal_s_automation_once(tmp_path: Path) -> None:
    v = village(tmp_path, "bitrix24")
    v.sync()
    code = v.crm.act("make_trigger", {"kind": "deal", "stage": "WON"})["id"]
    v.release(OFFERS + STATES + f'[status.triggers]\nquote_accepted = "{code}"\n')
    v.clock.advance(60)
    accepted(v)

    assert [run["CODE"] for run in v.crm.truth()["trigger_runs"]] == [code]
    assert [row["STAGE_ID"] for row in v.crm.truth()["deals"]] == ["WON"]
    assert v.problems() == []


def test_a_deal_that_is_moved_says_along_which_quotation_it_belongs_to(tmp_path: Path) -> None:
    v = village(tmp_path, "bitrix24")
    v.settings("a", paper_fields={"deals": {"number": "UF_CRM_NUMBER", "view_url": "UF_CRM_LINK"}})
    v.crm_act("make_field", kind="deal", name="NUMBER", type="string")
    v.crm_act("make_field", kind="deal", name="LINK", type="url")
    v.sync()
    v.release(OFFERS + STATES + '[status.stages]\nquote_accepted = "Schlussrechnung"\n')
    v.clock.advance(60)

    accepted(v)

    (deal,), (quotation,) = v.crm.truth()["deals"], v.books.truth()["quotations"]
    assert (deal["STAGE_ID"], deal["UF_CRM_NUMBER"]) == ("FINAL_INVOICE", quotation["voucherNumber"])
    assert quotation["id"] in deal["UF_CRM_LINK"]
    assert v.problems() == []


def accepted(v: Village) -> None:
    """A deal becomes a quotation, which is sent and accepted."""
    firm = v.crm_act("create_company", title="Weidenhof GmbH", street="Holzweg 3", zip="01099", city="Dresden", country="Deutschland")
    v.crm_act("create_deal", title="Kran", company_id=str(firm), items="Kran; 2; 119,00; 19")
    v.sync()
    v.sync()
    (made,) = v.books.truth()["quotations"]
    if made["voucherStatus"] == "draft":
        act(v, "finalize", id=made["id"])
    v.sync()
    assert [row["STAGE_ID"] for row in v.crm.truth()["deals"]] == ["NEW"]

    act(v, "accept", id=made["id"])
    for _ in range(3):
        v.sync()


@pytest.fixture
def filed(tmp_path: Path) -> tuple[Village, str]:
    """An open invoice of the books on the card of its customer."""
    v = opened(tmp_path, POLICY)
    invoice = invoiced(v, customer(v))
    v.sync()
    v.sync()
    assert [row["name"] for row in companies(v)] == ["Hoffmann Kräne GmbH"]
    return v, invoice


@pytest.mark.feature("L18", kind="do")
def test_what_was_filed_is_rewritten_when_the_invoice_is_paid_and_its_file_replaced(filed: tuple[Village, str]) -> None:
    v, invoice = filed
    told, names = notes(v), files(v)
    assert (len(told), len(names)) == (2, 1), "the note, and the comment that carries the file"

    act(v, "pay", id=invoice)
    v.sync()
    v.sync()

    now: list[Any] = notes(v)
    assert now != told
    assert any("bezahlt" in text.lower() for text in now)
    assert [name.replace(".pdf", "_v2.pdf") for name in names] == files(v), "the new version, and no other"
    assert any("Ref: uni-" in text for text in now), "our marker stays in what is rewritten"
    assert v.problems() == []
