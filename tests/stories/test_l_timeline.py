"""L16-L19 and L22 on the cards of Bitrix24, under both logins: the menu entry, the link and the document of an invoice, the automation."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.stories.second_pair import APP, WEBHOOK, Town, customers, words
from tests.support.transport import SimTransport
from tests.web.desk import Seen
from unisono.sandbox.kit.app import application
from unisono.systems.bitrix24.placements import PLACES
from unisono.wiring.hooks import keep_address
from unisono.wiring.setup import remove_pair

ADDRESS = "https://unisono.example.de"


class Frame:
    """The portal's page opens the address of a menu entry: what comes back, and the keys that were posted along."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.answers: list[Any] = []
        self.sent: list[bytes] = []
        town.crm.world.storage.settings["deliver"] = self

    def __call__(self, url: str, headers: Any, body: bytes) -> None:
        parts = urlsplit(url)
        assert url.startswith(ADDRESS)
        self.sent.append(body)
        self.answers.append(self.town.desk.somebody().post(f"{parts.path}?{parts.query}", content=body, headers=dict(headers)))


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """An installation that the portal's people can reach."""
    made = Town(tmp_path, ADDRESS)
    keep_address(made.house, ADDRESS)
    return made


def released(town: Town, way: str, **policy: str) -> str:
    """The pair at work, with one customer; their key in Lexware Office."""
    (key,) = customers(town, 1)
    if way == APP:
        town.sign_in(way)
        town.settle("bitrix24", triggers="yes")
        town.key()
        town.join()
    else:
        town.set_up(way)
    town.release()
    town.run()
    if policy:
        town.policy(**policy)
        town.run()
    return key


def invoiced(town: Town, key: str, **values: str) -> str:
    given = {"title": "Rechnung", "items": "Kran; 2; 119,00; 19", "finalize": "1"} | values
    made = town.act("create_invoice", contact_id=key, **given)
    town.run()
    return made


def comments(town: Town) -> list[str]:
    return [str(row["COMMENT"]) for row in town.crm.truth()["comments"]]


@pytest.mark.feature("L16", kind="do")
def test_under_the_app_login_a_menu_entry_of_the_card_leads_through_our_page_to_the_draft(town: Town) -> None:
    released(town, APP)
    person = town.crm_act("create_contact", name="Inge", last_name="Musterfrau", email="inge@example.de")
    town.run()
    assert "Menüeintrag" in words(town.page("/invoice"))
    assert town.crm.truth()["placements"] == [], "nothing is put there before the yes"

    assert town.desk.send("anna", f"/pairs/{town.pair}/invoice/entry").status_code == 422
    assert town.desk.send("anna", f"/pairs/{town.pair}/invoice/entry", yes="yes").status_code == 303
    assert sorted(row["PLACEMENT"] for row in town.crm.truth()["placements"]) == sorted(PLACES)
    assert {row["TITLE"] for row in town.crm.truth()["placements"]} == {"Rechnung in Lexware Office (lexoffice) erstellen"}

    frame = Frame(town)
    town.crm_act("press_placement", PLACEMENT="CRM_CONTACT_DETAIL_TOOLBAR", record=str(person))
    (answer,) = frame.answers
    (link,) = Seen(answer.text).links
    assert link == f"{ADDRESS}/pairs/{town.pair}/invoice?record=contact%3A{person}"
    assert "frame-ancestors https://muster.bitrix24.de" in answer.headers["content-security-policy"]
    assert town.books.truth()["invoices"] == [], "nothing is made by opening a page"

    town.run()
    page = town.page(f"/invoice?record=contact:{person}")
    assert "Inge Musterfrau" in page.text
    assert town.desk.send("adam", f"/pairs/{town.pair}/invoice", record=f"contact:{person}").status_code == 303
    town.run()

    (draft,) = town.books.truth()["invoices"]
    assert draft["voucherStatus"] == "draft"
    assert f"https://app.lexware.de/permalink/invoices/edit/{draft['id']}" in town.page(f"/invoice?record=contact:{person}").links


@pytest.mark.feature("L16", kind="do")
def test_a_contact_made_just_now_is_read_because_somebody_asks_for_it_though_nothing_of_the_crm_goes_anywhere(town: Town) -> None:
    released(town, APP)
    town.run()
    person = town.crm_act("create_contact", name="Inge", last_name="Musterfrau", email="inge@example.de")
    town.run()
    path = f"/pairs/{town.pair}/invoice?record=contact:{person}"
    asked = town.desk.browser("anna").get(path)
    assert (asked.status_code, "kennt Unisono noch nicht" in asked.text) == (404, True)
    town.run()
    assert "Inge Musterfrau" in town.desk.browser("anna").get(path).text


@pytest.mark.feature("L16", kind="do")
def test_a_customer_is_made_for_a_draft_as_the_crm_has_them_now(town: Town) -> None:
    released(town, APP)
    person = town.crm_act("create_contact", name="Inge", last_name="Musterfrau", email="inge@example.de")
    town.desk.browser("anna").get(f"/pairs/{town.pair}/invoice?record=contact:{person}")
    town.run()
    town.crm_act("edit_contact", id=str(person), last_name="Neumann")
    town.run()
    assert town.desk.send("anna", f"/pairs/{town.pair}/invoice", record=f"contact:{person}").status_code == 303
    town.run()
    assert "Neumann" in {row.get("person", {}).get("lastName", "") for row in town.books.truth()["contacts"]}


@pytest.mark.feature("L16", kind="do")
def test_what_the_portal_posts_along_shows_nowhere(town: Town) -> None:
    released(town, APP)
    town.desk.send("anna", f"/pairs/{town.pair}/invoice/entry", yes="yes")
    frame = Frame(town)

    town.crm_act("press_placement", PLACEMENT="CRM_COMPANY_DETAIL_TOOLBAR", record=str(town.crm.truth()["companies"][0]["ID"]))

    keys = [part.partition("=")[2] for part in frame.sent[0].decode().split("&") if part.startswith(("AUTH_ID", "REFRESH_ID"))]
    assert len(keys) == 2
    told = frame.answers[0].text + str(dict(frame.answers[0].headers)) + words(town.page("/history"))
    assert not any(key in told for key in keys)


@pytest.mark.feature("L16", kind="do")
def test_the_entry_is_put_there_once_and_taken_away_again(town: Town) -> None:
    released(town, APP)
    for _ in range(2):
        town.desk.send("anna", f"/pairs/{town.pair}/invoice/entry", yes="yes")
    assert len(town.crm.truth()["placements"]) == len(PLACES)

    answer = town.desk.send("anna", f"/pairs/{town.pair}/invoice/entry", away="yes")

    assert answer.status_code == 303
    assert town.crm.truth()["placements"] == []
    assert town.desk.somebody().post(f"/card/{town.pair}", content=b"PLACEMENT=CRM_DEAL_DETAIL_TOOLBAR").status_code == 404


def test_the_entry_goes_when_the_pair_is_put_to_rest(town: Town) -> None:
    released(town, APP)
    town.desk.send("anna", f"/pairs/{town.pair}/invoice/entry", yes="yes")
    assert len(town.crm.truth()["placements"]) == len(PLACES)

    remove_pair(town.house, town.pair, "Ada", forget=False)

    assert town.crm.truth()["placements"] == []


@pytest.mark.feature("L16", kind="do")
def test_under_the_webhook_login_the_page_says_that_there_is_no_entry_and_the_customer_s_page_leads_there(town: Town) -> None:
    released(town, WEBHOOK)
    told = words(town.page("/invoice"))
    assert "lässt Bitrix24 keine Menüeinträge zu" in told
    assert "unisono invoice" in told
    assert town.desk.send("anna", f"/pairs/{town.pair}/invoice/entry", yes="yes").status_code == 422

    company = f"company:{town.crm.truth()['companies'][0]['ID']}"
    assert any(link.endswith(f"/invoice?record={company.replace(':', '%3A')}") for link in town.page(f"/customers/a:party:{company}").links)
    assert town.desk.send("adam", f"/pairs/{town.pair}/invoice", record=company).status_code == 303
    town.run()

    (draft,) = town.books.truth()["invoices"]
    assert (draft["voucherStatus"], draft["address"]["contactId"]) == ("draft", town.books.truth()["contacts"][0]["id"])


@pytest.mark.feature("L17", kind="read")
@pytest.mark.parametrize("way", (WEBHOOK, APP))
def test_an_invoice_written_in_lexware_office_shows_in_unisono(town: Town, way: str) -> None:
    invoiced(town, released(town, way))

    assert "RE0001" in words(town.page("/documents"))


@pytest.mark.feature("L18", kind="do")
def test_under_the_app_login_the_timeline_gets_the_link_and_a_document_that_is_replaced_when_it_changes(town: Town) -> None:
    key = released(town, APP)
    made = invoiced(town, key)
    (told,) = comments(town)
    assert f"https://app.lexware.de/permalink/invoices/view/{made}" in told
    (paper,) = town.crm.truth()["documents"]
    company = town.crm.truth()["companies"][0]["ID"]
    assert (paper["NUMBER"], str(paper["ENTITY_ID"])) == ("RE0001", str(company))
    before = len(town.writes("a"))
    town.run()
    assert len(town.writes("a")) == before, "once"

    town.act("pay", id=made)
    town.run()

    assert len(town.crm.truth()["documents"]) == len(comments(town)) == 1
    assert "bezahlt" in comments(town)[0]


@pytest.mark.feature("L19", kind="read")
def test_the_document_of_the_card_can_be_downloaded_and_passed_on_by_a_public_link(town: Town) -> None:
    invoiced(town, released(town, APP))
    (paper,) = town.crm.truth()["documents"]

    shown = town.crm.portal.get("documents", paper["ID"])
    kept = town.crm.portal.table("files")[shown["PDF"]]
    assert kept["DATA"].startswith(b"%PDF")
    assert hashlib.sha256(kept["DATA"]).hexdigest() == paper["PDF_SHA256"]
    town.crm.portal.change("documents", shown, {"PUBLIC": "abc12"})
    with httpx2.Client(transport=SimTransport(application(town.crm))) as anybody:
        passed_on = anybody.get("https://muster.bitrix24.de/~abc12")
    assert passed_on.content == kept["DATA"]


@pytest.mark.feature("L22", kind="do")
def test_under_the_app_login_a_paid_invoice_sets_off_our_own_trigger_on_its_deal(town: Town) -> None:
    released(
        town, APP, customers__direction="both", quotes__direction="to-invoicing", status__direction="to-crm",
        status__triggers__quote_accepted="unisono.quote.accepted", status__triggers__invoice_paid="unisono.invoice.paid",
    )  # fmt: skip
    company = town.crm.truth()["companies"][0]["ID"]
    deal = town.crm_act("create_deal", title="Kran", company_id=str(company), items="Kran; 2; 119,00; 19")
    town.run()
    (quotation,) = town.books.truth()["quotations"]
    town.act("finalize", id=quotation["id"])
    town.act("accept", id=quotation["id"])
    town.run()

    assert [(run["CODE"], str(run["OWNER_ID"])) for run in town.crm.truth()["trigger_runs"]] == [("unisono.quote.accepted", str(deal))]
    bill = town.act("create_invoice", contact_id=quotation["address"]["contactId"], title="Teil", items="Teil; 1; 50,00; 19", finalize="1",
                    follows=quotation["id"])  # fmt: skip
    town.run()
    town.act("pay", id=bill)
    town.run()
    town.run()

    assert [run["CODE"] for run in town.crm.truth()["trigger_runs"]] == ["unisono.quote.accepted", "unisono.invoice.paid"]
