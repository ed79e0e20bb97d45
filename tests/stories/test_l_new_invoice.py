"""L16: from a card of the CRM one step leads to a new invoice: the customer first, then a draft in Lexware Office, and the way to its page."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.stories.test_l_customers import act, contact, customer, files, village, written
from tests.support.village import Village
from unisono.wiring import preset
from unisono.wiring.drafting import NoSuchCard, NotPossible, card, want

PRESET = preset("bitrix24", "lexoffice")


@pytest.fixture
def v(tmp_path: Path) -> Village:
    """A pair under the preset, which is one way: nothing of the CRM goes to the books by itself."""
    made = village(tmp_path, "bitrix24", PRESET)
    made.sync()
    made.release()
    made.clock.advance(60)
    return made


def inge(v: Village, **values: str) -> str:
    """A person of the CRM who is nobody's customer yet."""
    given = {"name": "Inge", "last_name": "Musterfrau", "email": "inge@example.de"} | values
    return f"contact:{v.crm_act('create_contact', **given)}"


def weidenhof(v: Village) -> int:
    return v.crm_act("create_company", title="Weidenhof GmbH", street="Holzweg 3", zip="01099", city="Dresden", country="Deutschland")


@pytest.mark.feature("L16", kind="do")
def test_from_a_contact_one_step_makes_the_customer_first_and_then_a_draft_and_leads_to_its_page(v: Village) -> None:
    key = inge(v)
    v.sync()
    assert v.books.truth()["contacts"] == [], "the pair is one way"

    want(v.house, v.pair, key, "Ada")
    v.sync()

    (there,), (draft,) = v.books.truth()["contacts"], v.books.truth()["invoices"]
    assert (there["person"]["firstName"], there["person"]["lastName"]) == ("Inge", "Musterfrau")
    assert (draft["voucherStatus"], draft["address"]["contactId"]) == ("draft", there["id"])
    assert v.writes("b") == ["POST contacts", "POST invoices"]
    shown = card(v.house, v.pair, key)
    assert [made.page for made in shown.made] == [f"https://app.lexware.de/permalink/invoices/edit/{draft['id']}"]
    assert (shown.known, shown.pending) == (True, False)
    assert (v.problems(), v.questions()) == ([], [])


@pytest.mark.feature("L16", kind="do")
def test_to_look_at_the_page_makes_nothing(v: Village) -> None:
    key = inge(v)
    v.sync()

    shown = card(v.house, v.pair, key)
    v.sync()

    assert (shown.label, shown.known, shown.made) == ("Inge Musterfrau", False, ())
    assert v.books.truth()["contacts"] == v.books.truth()["invoices"] == []
    assert v.journal() == []


@pytest.mark.feature("L16", kind="do")
def test_a_deal_s_lines_stand_in_the_draft_for_its_company(v: Village) -> None:
    deal = v.crm_act("create_deal", title="Kran", company_id=str(weidenhof(v)), items="Kran; 2; 119,00; 19")
    v.sync()

    want(v.house, v.pair, f"deal:{deal}", "Ada")
    v.sync()

    (draft,) = v.books.truth()["invoices"]
    assert contact(v, draft["address"]["contactId"])["company"]["name"] == "Weidenhof GmbH"
    assert [(line["name"], Decimal(str(line["quantity"]))) for line in draft["lineItems"]] == [("Kran", Decimal(2))]
    assert Decimal(str(draft["totalPrice"]["totalGrossAmount"])) == Decimal(238)
    assert draft["voucherStatus"] == "draft"
    assert v.problems() == []


@pytest.mark.feature("L16", kind="do")
def test_a_person_of_a_company_leads_to_an_invoice_for_the_company_that_the_books_know(v: Village) -> None:
    there = customer(v)
    v.sync()
    company = v.crm.truth()["companies"][0]["ID"]
    max_ = v.crm_act("create_contact", name="Max", last_name="Mustermann", company_id=str(company))
    v.sync()

    want(v.house, v.pair, f"contact:{max_}", "Ada")
    v.sync()

    (draft,) = v.books.truth()["invoices"]
    assert draft["address"]["contactId"] == there
    assert v.writes("b") == ["POST invoices"], "nobody is made a second time"


@pytest.mark.feature("L16", kind="do")
@pytest.mark.parametrize("fault", ("status-after", "timeout-after"))
def test_a_draft_whose_answer_was_lost_is_found_and_not_made_again(v: Village, fault: str) -> None:
    key = inge(v)
    v.sync()
    v.books.world.faults.arm(fault, "POST invoices", **({"value": 504} if fault == "status-after" else {}))

    want(v.house, v.pair, key, "Ada")
    v.sync()
    v.sync()

    assert v.books.world.faults.bitten == [fault]
    (draft,) = v.books.truth()["invoices"]
    assert [made.key for made in card(v.house, v.pair, key).made] == [f"invoice:{draft['id']}"]
    assert v.writes("b").count("POST invoices") == 1


def test_pressing_twice_makes_one_draft_and_pressing_again_later_another(v: Village) -> None:
    key = inge(v)
    v.sync()
    for _ in range(2):
        want(v.house, v.pair, key, "Ada")
    v.sync()
    assert len(v.books.truth()["invoices"]) == 1

    want(v.house, v.pair, key, "Ada")
    v.sync()

    assert len(v.books.truth()["invoices"]) == len(card(v.house, v.pair, key).made) == 2
    assert len(v.books.truth()["contacts"]) == 1
    before = written(v)
    v.sync()
    assert written(v) == before


@pytest.mark.feature("L17", kind="read")
@pytest.mark.feature("L18", kind="do")
def test_what_people_finish_there_shows_here_and_stands_on_the_card_with_its_file(v: Village) -> None:
    key = inge(v)
    v.sync()
    want(v.house, v.pair, key, "Ada")
    v.sync()
    assert files(v) == []
    (draft,) = v.books.truth()["invoices"]

    act(v, "finalize", id=draft["id"])
    v.sync()
    v.sync()

    (made,) = card(v.house, v.pair, key).made
    assert made.page.endswith(f"/permalink/invoices/view/{draft['id']}")
    assert files(v) == [f"{made.number}.pdf"]
    (told,) = [row for row in v.crm.truth()["comments"] if made.page in row["COMMENT"]]
    assert f"{told['ENTITY_TYPE'].casefold()}:{told['ENTITY_ID']}" == key


def test_somebody_whom_the_books_may_know_already_is_asked_about_and_gets_their_draft_after_the_answer(v: Village) -> None:
    key = inge(v)
    v.sync()
    act(v, "create_contact", first_name="Inge", last_name="Musterfrau", email="inge@example.de")

    want(v.house, v.pair, key, "Ada")
    v.sync()
    assert v.books.truth()["invoices"] == []
    assert {one.code for one in v.questions()} == {"same-customer"}

    v.answer(v.questions()[0], "same")
    v.sync()

    (draft,), (there,) = v.books.truth()["invoices"], v.books.truth()["contacts"]
    assert draft["address"]["contactId"] == there["id"]


def test_a_pair_that_only_reads_makes_no_draft_and_says_so(tmp_path: Path) -> None:
    v = village(tmp_path, "bitrix24", PRESET)
    key = inge(v)
    v.sync()

    why = card(v.house, v.pair, key).why_not
    assert why is not None
    assert why.code == "draft-not-released"
    with pytest.raises(NotPossible):
        want(v.house, v.pair, key, "Ada")
    v.sync()
    assert v.journal() == []


def test_a_record_that_is_not_there_is_no_beginning(v: Village) -> None:
    with pytest.raises(NoSuchCard):
        card(v.house, v.pair, "contact:4711")
