"""The portal's own side: what a person does there, the page in four languages, the seeded firm, the truth, and keeping it in a file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.systems.bitrix24.caller import Caller
from unisono.sandbox.bitrix24 import make, seed
from unisono.sandbox.bitrix24.acts import ACTS
from unisono.sandbox.bitrix24.words import WORDS
from unisono.sandbox.kit import state
from unisono.sandbox.kit.world import World


def seeded(**settings: Any) -> Caller:
    world = World()
    seed(world)
    return Caller(world, **settings)


def test_the_seeded_firm_has_customers_with_their_legal_side_and_papers_in_many_stages() -> None:
    truth = seeded().simulator.truth()

    assert [row["TITLE"] for row in truth["companies"] if row["IS_MY_COMPANY"] == "Y"] == ["Schilderhaus Feldkamp"]
    assert (len(truth["companies"]), len(truth["contacts"])) == (15, 20)
    assert {"DE811112233", "ATU55501299", "PL5550177004", "RO5550180"} <= {row["RQ_VAT_ID"] for row in truth["requisites"]}
    assert {row["COUNTRY"] for row in truth["addresses"]} == {"Deutschland", "Österreich", "Polska", "România"}
    assert {row["STAGE_ID"] for row in truth["deals"]} == {"NEW", "PREPARATION", "EXECUTING", "WON", "LOSE"}
    assert {row["STATUS_ID"] for row in truth["quotes"]} == {"DRAFT", "SENT", "APPROVED"}
    assert {row["STAGE_ID"] for row in truth["invoices"]} == {"DT31_3:N", "DT31_3:S", "DT31_3:P"}
    assert all(row["OPPORTUNITY"] != "0.00" for table in ("deals", "quotes", "invoices") for row in truth[table])
    assert len(truth["products"]) == len(truth["prices"]) == 5


def test_seeding_leaves_the_clock_and_puts_the_records_into_the_past() -> None:
    world = World()
    before = world.clock.now()

    seed(world)

    assert world.clock.now() == before
    assert all(row["DATE_CREATE"] < "2026-11-02" for row in Caller(world).truth("companies"))
    with pytest.raises(ValueError, match="no firm 'fr'"):
        seed(World(), "fr")


def test_a_person_writes_a_customer_with_its_legal_side_in_one_form() -> None:
    portal = Caller()
    key = portal.act(
        "create_company", title="Kranbau Riesig GmbH", email="post@kran.example", phone="0421 5550100", vat_id="DE1", street="Kai 1",
        zip="28195", city="Bremen", country="Deutschland", delivery_city="Vegesack",
    )  # fmt: skip
    portal.world.clock.advance(60)

    portal.act("edit_company", id=key, phone="0421 5550101", email="", vat_id="DE2", city="Bremerhaven", delivery_city="")

    shown = portal.result("crm.company.get", ID=key)
    (requisite,) = portal.result("crm.requisite.list", filter={"ENTITY_ID": key})
    (address,) = portal.result("crm.address.list", filter={"ANCHOR_ID": key})
    assert ([one["VALUE"] for one in shown["PHONE"]], "EMAIL" in shown) == (["0421 5550101"], False)
    assert (requisite["RQ_VAT_ID"], address["TYPE_ID"], address["CITY"], address["POSTAL_CODE"]) == ("DE2", "6", "Bremerhaven", "28195")
    assert shown["DATE_MODIFY"] == "2026-11-02T09:01:00+01:00"


def test_a_person_writes_moves_and_deletes_papers() -> None:
    portal = Caller()
    owner = portal.company()
    deal = portal.act("create_deal", title="Kran", company_id=owner, items="Kran; 2; 119,00; 19\nFahrt; 1; 50; 0")
    portal.act("edit_deal", id=deal, title="Kran, gebraucht", items="Kran; 1; 119,00; 19")
    portal.act("move_deal", id=deal, stage="WON")
    portal.act("move_deal", id=deal, stage=f"C{portal.act('add_pipeline', name='Zweite')}:NEW", category=5)
    quote = portal.act("create_quote", title="Angebot", company_id=owner, amount="99.50")
    invoice = portal.act("create_invoice", title="Rechnung", company_id=owner, items=json.dumps([{"productName": "Kran", "price": "7.5"}]))
    portal.act("delete_quote", id=quote)

    (row,) = portal.truth("deals")
    assert (row["TITLE"], row["OPPORTUNITY"], row["TAX_VALUE"], row["STAGE_ID"]) == ("Kran, gebraucht", "119.00", "19.00", "C5:NEW")
    assert portal.read(31, invoice)["opportunity"] == 7.5
    assert portal.truth("quotes") == []


def test_two_cards_of_one_customer_become_one() -> None:
    portal = Caller()
    portal.act("bind_webhook", handler="https://hook.example/x", events="ONCRMCOMPANYUPDATE ONCRMCOMPANYDELETE")
    stays = portal.company("A", PHONE=[{"VALUE": "1"}])
    goes = portal.company("A GmbH", COMMENTS="alt", PHONE=[{"VALUE": "1"}, {"VALUE": "2"}])
    requisite, person, deal = portal.requisite(goes), portal.contact(COMPANY_ID=goes), portal.item(2, companyId=goes)

    assert portal.act("merge_company", id=goes, into=stays) == stays

    shown = portal.result("crm.company.get", ID=stays)
    assert (shown["TITLE"], shown["COMMENTS"], [one["VALUE"] for one in shown["PHONE"]]) == ("A", "alt", ["1", "2"])
    assert portal.result("crm.requisite.get", id=requisite)["ENTITY_ID"] == str(stays)
    assert (portal.read(3, person)["companyId"], portal.read(2, deal)["companyId"]) == (stays, stays)
    assert portal.refused("crm.company.get", ID=goes)[2] == "Not found"
    assert [(told["event"], told["data"]["FIELDS"]["ID"]) for _, told in portal.told()] == [
        ("ONCRMCOMPANYDELETE", str(goes)), ("ONCRMCOMPANYUPDATE", str(stays)),
    ]  # fmt: skip


def test_a_person_fills_in_a_field_of_the_portals_own() -> None:
    portal = Caller()
    portal.act("make_field", kind="company", name="BRANCH")
    key = portal.act("create_company", title="A", uf_crm_branch="Bau")

    portal.act("edit_company", id=key, uf_crm_branch="Kran")

    assert portal.result("crm.company.get", ID=key)["UF_CRM_BRANCH"] == "Kran"


def test_a_person_links_contacts_and_comments() -> None:
    portal = Caller()
    company, person = portal.company(), portal.contact()
    portal.act("link_contact", contact_id=person, company_id=company)
    linked = portal.read(3, person)["companyIds"]
    portal.act("unlink_contact", contact_id=person, company_id=company)
    portal.act("comment", kind="company", id=company, text="Bitte anrufen")

    assert (linked, portal.read(3, person)["companyIds"]) == ([company], [])
    assert portal.truth("comments")[0]["COMMENT"] == "Bitte anrufen"


@pytest.mark.parametrize(
    ("name", "values", "error", "words"),
    (
        ("dance", {}, KeyError, "no act 'dance'"),
        ("edit_company", {"id": "7"}, KeyError, "no company '7'"),
        ("create_company", {"title": ""}, ValueError, "required"),
        ("create_company", {"title": "x", "email": "nowhere"}, ValueError, "e-mail"),
        ("create_deal", {"title": "x", "items": "Kran 5 Euro"}, ValueError, "expected name; quantity"),
        ("move_deal", {"id": "{deal}", "stage": "NOWHERE"}, ValueError, "is none of DEAL_STAGE"),
        ("merge_company", {"id": "{company}", "into": "{company}"}, ValueError, "with itself"),
        ("restore", {"kind": "company", "id": "5"}, KeyError, "recycle bin"),
        ("comment", {"kind": "song", "id": "5"}, ValueError, "is none of"),
        ("create_product", {"name": ""}, ValueError, "needs a name"),
        ("place_trigger", {"code": "x", "kind": "deal", "stage": "WON"}, KeyError, "no trigger 'x'"),
        ("make_trigger", {"kind": "deal", "stage": "NOWHERE"}, ValueError, "no stage"),
        ("bind_webhook", {"handler": "https://x.example"}, ValueError, "no events"),
    ),
)
def test_an_act_that_makes_no_sense_says_why(name: str, values: dict[str, str], error: type[Exception], words: str) -> None:
    portal = Caller()
    ids = {"{company}": str(portal.company()), "{deal}": str(portal.item(2))}

    with pytest.raises(error, match=words):
        portal.simulator.act(name, {key: ids.get(value, value) for key, value in values.items()})


def test_the_page_shows_the_records_has_forms_and_escapes() -> None:
    portal = seeded()
    portal.act("create_company", title="<script>alert(1)</script>", web='"><b>')
    portal.act("delete_contact", id=portal.truth("contacts")[0]["ID"])
    portal.app("crm.automation.trigger.add", CODE="unisono.paid", NAME="bezahlt")
    portal.app("placement.bind", PLACEMENT="CRM_DEAL_DETAIL_TAB", HANDLER="https://x.example")

    text = portal.http.get("/_sandbox/page").get_data(as_text=True)

    assert "Müller &amp; Söhne Bedachungen GmbH &amp; Co. KG" in text
    assert "<script>" not in text
    assert '"><b>' not in text
    assert portal.setting("webhook_secret") not in text
    on_page = {name for name in ACTS if f'action="/_sandbox/act/{name}"' in text}
    assert {
        "create_company", "edit_company", "delete_company", "merge_company", "create_contact", "edit_contact", "merge_contact", "create_deal",
        "edit_deal", "move_deal", "create_quote", "move_quote", "create_invoice", "move_invoice", "delete_invoice", "comment", "restore",
        "create_product", "edit_product", "press_placement", "place_trigger", "make_trigger", "bind_webhook", "install_app",
    } <= on_page  # fmt: skip


def test_a_form_of_the_page_does_its_act_and_says_what_went_wrong() -> None:
    portal = seeded()
    deal = portal.truth("deals")[0]["ID"]

    good = portal.http.post("/_sandbox/act/move_deal", data={"id": deal, "stage": "WON"})
    bad = portal.http.post("/_sandbox/act/move_deal", data={"id": deal, "stage": "NOWHERE"}, follow_redirects=True)

    assert good.status_code == 303
    assert portal.read(2, deal)["stageId"] == "WON"
    assert "is none of DEAL_STAGE" in bad.get_data(as_text=True)


def test_the_page_finds_by_name() -> None:
    portal = seeded()

    text = portal.http.get("/_sandbox/page?name=tischler").get_data(as_text=True)

    assert "Tischlerei Altmann" in text
    assert "Autohaus Nordlicht" not in re.sub(r"<option.*?</option>", "", text)


@pytest.mark.parametrize(("language", "word"), (("de", "Aufträge"), ("en", "Deals"), ("pl", "Deale"), ("ro", "Tranzacții")))
def test_the_page_speaks_the_visitors_language(language: str, word: str) -> None:
    text = seeded().http.get("/_sandbox/page", headers={"Accept-Language": language}).get_data(as_text=True)

    assert f'<html lang="{language}">' in text
    assert f'id="deals">{word}</h2>' in text


def test_every_word_of_the_page_is_there_in_every_language() -> None:
    assert {code for code, said in WORDS.items() if not all(word.strip() for word in said)} == set()
    assert not re.search("[şţŞŢ]", json.dumps(list(WORDS.values()), ensure_ascii=False))


def test_the_truth_is_json_without_tokens() -> None:
    portal = seeded()
    token = portal.token
    portal.app("crm.timeline.comment.add", fields={
        "ENTITY_TYPE": "deal", "ENTITY_ID": portal.truth("deals")[0]["ID"], "COMMENT": "x", "FILES": [["a.txt", "YWJj"]]})  # fmt: skip

    truth = portal.http.get("/_sandbox/truth").get_json()

    assert truth == json.loads(json.dumps(portal.simulator.truth()))
    assert truth["comments"][0]["FILES"][0]["SHA256"].startswith("ba7816bf")
    assert [one["typeId"] for one in truth["companies"][1]["FM"]] == ["PHONE", "EMAIL"]
    assert token not in json.dumps(truth)


def test_the_portal_survives_a_restart(tmp_path: Path) -> None:
    portal = seeded()
    token = portal.token
    portal.app("event.bind", event="ONCRMCOMPANYADD", handler="https://unisono.example/b24")
    state.save(portal.world, tmp_path / "bitrix24.json")
    world = World()

    state.load(world, tmp_path / "bitrix24.json")
    again = Caller(world)

    assert make(world).truth() == portal.simulator.truth()
    assert again.post("profile", {"auth": token}, path="/rest").status_code == 200
    key = again.company()
    assert key > max(row["ID"] for row in portal.truth("companies"))
    assert len(again.told()) == 1
    assert again.result("crm.requisite.list", filter={"RQ_VAT_ID": "DE811112233"})


def test_a_seed_may_come_after_the_simulator() -> None:
    portal = Caller()
    portal.result("crm.company.list", filter={"ORIGIN_ID": "x"})

    seed(portal.world)

    assert portal.result("crm.company.list", filter={"TITLE": "Tischlerei Altmann"}, select=["TITLE"]) == [{"TITLE": "Tischlerei Altmann"}]


def test_two_worlds_with_one_seed_answer_the_same() -> None:
    def answers() -> list[bytes]:
        portal = seeded()
        methods = ("crm.company.list", "crm.contact.list", "crm.deal.list", "crm.requisite.list", "crm.status.list")
        return [portal.post(method).get_data() for method in methods]

    assert answers() == answers()
