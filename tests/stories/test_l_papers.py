"""Quotes, invoices and products between either CRM and Lexware Office: what one side makes, the other shows, once and to the cent."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.stories.test_l_customers import BOTH, POLICY, act, is_portal, village, written
from tests.support.village import Village

PAPERS = POLICY.replace('[quotes]\ndirection = "off"', '[quotes]\ndirection = "to-invoicing"\nbasis = "net"\nvat_rate = 19')
INVOICES = '[invoices]\ndirection = "to-invoicing"\nmade_as = "{}"\ntaken = "created"\n'
PRODUCTS = '[products]\ndirection = "both"\n'


def living(folder: Path, crm: str, policy: str) -> Village:
    made = village(folder, crm, policy)
    made.sync()
    made.release()
    made.clock.advance(60)
    return made


@pytest.fixture
def v(request: pytest.FixtureRequest, tmp_path: Path) -> Village:
    return living(tmp_path, request.param, PAPERS)


def offered(v: Village) -> int:
    """A customer of the CRM with an offer over 1,200 net, or 119 gross in the portal."""
    if is_portal(v):
        made = v.crm_act("create_company", title="Weidenhof GmbH", street="Holzweg 3", zip="01099", city="Dresden", country="Deutschland")
        return v.crm_act("create_quote", title="Regal", company_id=str(made), items="Regal; 1; 119,00; 19")
    made = v.crm_act("create_company", name="Weidenhof GmbH", street="Holzweg 3", zip="01099", city="Dresden", country_code="DE")
    return v.crm_act("create_deal", name="Regal", value="1200", company_id=str(made))


def quotations(v: Village) -> list[dict[str, Any]]:
    return list(v.books.truth()["quotations"])


@BOTH
def test_an_offer_becomes_a_draft_of_a_quotation_for_its_customer_once(v: Village) -> None:
    offered(v)

    v.sync()
    v.sync()

    (quote,) = quotations(v)
    (customer,) = v.books.truth()["contacts"]
    assert (quote["voucherStatus"], quote["address"]["contactId"]) == ("draft", customer["id"])
    assert Decimal(str(quote["totalPrice"]["totalGrossAmount"])) == (Decimal(119) if is_portal(v) else Decimal(1428))
    assert v.problems() == []
    before = written(v)
    v.sync()
    assert written(v) == before


@BOTH
def test_a_quotation_whose_answer_was_lost_is_found_by_its_reference_and_not_made_again(v: Village) -> None:
    offered(v)
    v.books.world.faults.arm("timeout-after", "POST quotations")

    v.sync()
    v.sync()

    assert v.books.world.faults.bitten == ["timeout-after"]
    assert len(quotations(v)) == 1
    assert v.link_count()["quote"] == 1
    assert v.problems() == []


@pytest.mark.parametrize(("made_as", "state"), (("draft", "draft"), ("issued", "open")))
@pytest.mark.feature("L20", kind="do")
def test_an_invoice_of_the_portal_becomes_one_in_the_books_as_the_policy_names_it(tmp_path: Path, made_as: str, state: str) -> None:
    v = living(tmp_path, "bitrix24", PAPERS + INVOICES.format(made_as))
    company = v.crm_act("create_company", title="Weidenhof GmbH", street="Holzweg 3", zip="01099", city="Dresden", country="Deutschland")
    v.crm_act("create_quote", title="Regal", company_id=str(company), items="Regal; 1; 119,00; 19")
    v.crm_act("create_invoice", title="Regal", company_id=str(company), items="Regal; 2; 119,00; 19")

    v.sync()
    v.sync()

    (invoice,) = v.books.truth()["invoices"]
    assert invoice["voucherStatus"] == state
    assert Decimal(str(invoice["totalPrice"]["totalGrossAmount"])) == Decimal(238)
    assert v.problems() == []
    before = written(v)
    v.sync()
    assert written(v) == before


@pytest.mark.feature("L21", kind="do")
def test_articles_and_products_come_over_both_ways_and_then_there_is_rest(tmp_path: Path) -> None:
    v = living(tmp_path, "bitrix24", PAPERS + PRODUCTS)
    act(v, "create_article", title="Regal, Eiche", type="PRODUCT", number="R-1", unit="Stück", net="50", tax="19")

    v.sync()

    assert [row["NAME"] for row in v.crm.truth()["products"]] == ["Regal, Eiche"]
    assert v.problems() == []
    before = written(v)
    v.sync()
    v.sync()
    assert written(v) == before


@BOTH
def test_a_customer_whom_the_books_do_not_know_everywhere_yet_gets_its_quotation_a_little_later(v: Village) -> None:
    v.books.world.storage.settings["fresh_seconds"] = 8
    offered(v)

    v.sync()

    assert len(v.books.truth()["contacts"]) == len(quotations(v)) == 1
    assert v.problems() == []
