"""L02-L08, L10, L13 over the pages: what is told and asked before Bitrix24 and Lexware Office are released, and what then comes over."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.second_pair import APP, CANARY, WEBHOOK, Town, customers, offered, somebody, words
from unisono.locale.say import say
from unisono.store import runs
from unisono.systems.catalogue import load
from unisono.wiring import pair_row, preset
from unisono.wiring.previewing import progress

LANGUAGES = ("de", "en", "pl", "ro")


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


@pytest.mark.feature("L02", kind="tell")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plan_that_opens_the_interface_is_named_in_every_language(language: str) -> None:
    (field,) = load("lexoffice").login
    told = say(field.where, {}, language)
    assert told != field.where
    assert "XL" in told


@pytest.mark.feature("L03", kind="tell")
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_of_either_login_is_told_in_every_language(language: str) -> None:
    for field in load("bitrix24").login:
        assert say(field.where, {}, language) not in ("", field.where)
    for way in (WEBHOOK, APP):
        assert say(f"bitrix24.where.{way}", {}, language) != f"bitrix24.where.{way}"
        assert say(f"way-why.{way}", {}, language) != f"way-why.{way}"


@pytest.mark.feature("L03", kind="tell")
@pytest.mark.parametrize(
    ("way", "fields", "told"),
    (
        (WEBHOOK, {"login-portal", "login-webhook"}, "Eingehender Webhook"),
        (APP, {"login-portal", "login-client_id", "login-client_secret"}, "Lokale Anwendung"),
    ),
)
def test_set_up_leads_through_the_login_that_was_chosen(town: Town, way: str, fields: set[str], told: str) -> None:
    page = town.setup_page(crm="bitrix24", way=way, invoicing="lexoffice")

    assert {name for name in offered(page) if name.startswith("login-")} == fields | {"login-api_key"}
    assert told in page.text
    assert "Public API" in page.text, "where the token of Lexware Office is made"


@pytest.mark.feature("L03", kind="tell")
@pytest.mark.parametrize("way", (WEBHOOK, APP))
def test_after_signing_in_the_settings_come_and_then_the_pair_with_its_preview(town: Town, way: str) -> None:
    answer = town.sign_in(way)
    assert answer.headers["location"] == f"/setup/connection/{town.connection('bitrix24').id}"
    answer = town.key()
    assert answer.headers["location"] == f"/setup/connection/{town.connection('lexoffice').id}"

    assert town.join().endswith("/preview")
    assert pair_row(town.house, town.pair).policy == preset("bitrix24", "lexoffice"), "next, next: the preset as it is"
    assert CANARY not in town.page("/preview").text


@pytest.mark.feature("L04", kind="do")
def test_the_leading_address_is_asked_for_on_a_page_and_decides_what_comes_over(town: Town) -> None:
    town.sign_in(WEBHOOK)
    town.key()
    (key,) = customers(town, 1)
    town.act("edit_contact", id=key, shipping_street="Lager 5", shipping_zip="26721", shipping_city="Emden", shipping_country="DE")
    town.settle("lexoffice", address="shipping")

    town.join()
    town.release()
    town.run()

    assert [row["CITY"] for row in town.crm.truth()["addresses"]] == ["Emden"]


@pytest.mark.feature("L05", kind="do")
def test_new_companies_and_people_follow_the_requisite_templates_that_were_chosen(town: Town) -> None:
    town.sign_in(WEBHOOK)
    town.key()
    first, second = town.offers("bitrix24", "company_preset")[:2]
    assert first in town.offers("bitrix24", "person_preset")
    town.settle("bitrix24", company_preset=second, person_preset=first)
    customers(town, 1, vat_id="DE136695976")
    somebody(town)

    town.join()
    town.release()
    town.run()

    kinds = {str(row["ENTITY_TYPE_ID"]): str(row["PRESET_ID"]) for row in town.crm.truth()["requisites"]}
    assert kinds == {"4": second, "3": first}


@pytest.mark.feature("L06", kind="do")
def test_whoever_was_chosen_is_responsible_for_what_comes_over(town: Town) -> None:
    town.sign_in(WEBHOOK)
    town.key()
    colleague = next(one for one in town.offers("bitrix24", "responsible") if one != "1")
    town.settle("bitrix24", responsible=colleague)
    customers(town, 2)
    somebody(town)

    town.join()
    town.release()
    town.run()

    truth = town.crm.truth()
    assert len(truth["companies"]) == 2
    assert {str(row["ASSIGNED_BY_ID"]) for row in (*truth["companies"], *truth["contacts"])} == {colleague}


@pytest.mark.feature("L01", kind="do")
@pytest.mark.feature("L14", kind="do")
@pytest.mark.parametrize("way", (WEBHOOK, APP))
def test_the_first_sync_makes_contacts_of_people_and_companies_of_firms(town: Town, way: str) -> None:
    customers(town, 3)
    somebody(town)
    town.set_up(way)
    assert (town.firms(), town.people()) == ([], []), "before the release it only reads"

    town.release()
    town.run()

    assert town.firms() == ["Kunde 01 GmbH", "Kunde 02 GmbH", "Kunde 03 GmbH"]
    assert town.people() == ["Inge Musterfrau"]
    assert town.writes("b") == []


@pytest.mark.feature("L07", kind="do")
def test_the_preset_leads_from_lexware_office_and_both_directions_are_one_answer_at_set_up(town: Town) -> None:
    customers(town, 1)
    town.set_up()
    town.release()
    town.run()
    company = town.crm.truth()["companies"][0]["ID"]
    town.crm_act("edit_company", id=str(company), title="Im CRM umbenannt GmbH")
    town.run()
    assert town.books.truth()["contacts"][0]["company"]["name"] == "Kunde 01 GmbH"
    assert town.writes("b") == []

    town.policy(customers__direction="both")
    town.run()
    town.crm_act("edit_company", id=str(company), title="Jetzt in beide Richtungen GmbH")
    town.run()

    assert town.books.truth()["contacts"][0]["company"]["name"] == "Jetzt in beide Richtungen GmbH"


@pytest.mark.feature("L08", kind="do")
def test_nothing_that_bitrix24_had_goes_to_lexware_office_even_if_what_is_there_is_taken_along(town: Town) -> None:
    old = town.crm_act("create_company", title="Altkunde KG")
    town.crm_act("create_quote", title="Altes Angebot", company_id=str(old), items="Regal; 1; 119,00; 19")
    town.crm_act("create_invoice", title="Alte Rechnung", company_id=str(old), items="Regal; 1; 119,00; 19")
    town.a_day()
    customers(town, 1)

    town.set_up(along="all")
    town.release()
    town.run()

    assert town.firms() == ["Altkunde KG", "Kunde 01 GmbH"]
    assert len(town.books.truth()["contacts"]) == 1
    assert town.writes("b") == []


@pytest.mark.feature("L08", kind="do")
def test_whoever_chooses_so_at_set_up_takes_the_crm_s_customers_along(town: Town) -> None:
    old = town.crm_act("create_company", title="Altkunde KG", street="Holzweg 3", zip="01099", city="Dresden", country="Deutschland")
    town.crm_act("create_quote", title="Altes Angebot", company_id=str(old), items="Regal; 1; 119,00; 19")
    town.a_day()

    town.set_up(along="all", asked=["customers.direction"], **{"s-customers.direction": "both"})
    town.release()
    town.run()

    assert [row["company"]["name"] for row in town.books.truth()["contacts"]] == ["Altkunde KG"]
    assert town.books.truth()["invoices"] == town.books.truth()["quotations"] == []


@pytest.mark.feature("L10", kind="do")
def test_how_long_it_takes_is_said_beforehand_and_how_far_it_is_while_it_runs(town: Town) -> None:
    customers(town, 120)
    town.set_up()
    preview = town.preview()
    with town.house.store.read() as conn:
        made = runs.get_run(conn, preview)
    assert made.sheet["seconds"]["all"] >= 1
    told = words(town.page("/preview"))
    assert say("preview.forecast-why", {}, "de") in told

    address = town.release().partition(f"/pairs/{town.pair}")[2]
    shown = words(town.page(address))
    assert "0 von 120" in shown
    assert progress(town.house, made.id).seconds_left is not None

    town.run()
    assert "120 von 120" in words(town.page(address))


@pytest.mark.feature("L13", kind="do")
def test_afterwards_the_pages_count_what_came_over(town: Town) -> None:
    customers(town, 3)
    somebody(town)
    town.set_up()
    run = town.release().partition(f"/pairs/{town.pair}")[2]
    town.run()

    assert "4 von 4" in words(town.page(run))
    assert "erledigt: 4" in words(town.page(run))
    told = town.desk.browser("anna").get(f"/pairs/{town.pair}{run}/report?form=json").json()
    assert (told["total"], told["counts"]) == (4, {"new": {"done": 4}})
    assert "Kunde 02 GmbH" in words(town.page("/customers"))
