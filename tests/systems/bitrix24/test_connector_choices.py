"""What a person chooses for one portal: offered as the portal has it, kept as settings, and followed by what is written."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.systems.bitrix24.local_app import LocalApp
from tests.systems.bitrix24.portal import portal, system_of
from tests.systems.bitrix24.test_connector_contract import Portal
from unisono.model.choice import Choice
from unisono.model.party import Address, Party
from unisono.model.writing import Write
from unisono.sandbox import bitrix24 as simulated
from unisono.systems.bitrix24.choices import TAG_FIELD, choices, settled
from unisono.systems.bitrix24.setup import make_for
from unisono.systems.bitrix24.ways import ways_of

SETTINGS: dict[str, Any] = {"api": "https://muster.bitrix24.de/rest"}


@pytest.fixture
def account() -> Portal:
    made = portal()
    simulated.seed(made.world)
    return made


def offered(account: Portal, settings: dict[str, Any] | None = None) -> dict[str, Choice]:
    return {one.name: one for one in choices(system_of(account), settings or SETTINGS)}


def test_every_setting_of_the_article_is_offered_with_the_portal_s_own_values(account: Portal) -> None:
    found = offered(account)
    assert {"company_preset", "person_preset", "address_type", "responsible"} <= set(found)
    assert "Nora Feldkamp" in [offer.shown for offer in found["responsible"].offers]
    assert [offer.value for offer in found["address_type"].offers][:1] == ["6"]
    assert found["company_preset"].value == found["responsible"].value == "none", "until somebody chooses, the portal does"
    assert all(one.value in [offer.value for offer in one.offers] for one in found.values())


def test_what_is_chosen_is_kept_and_can_be_left_to_the_portal_again(account: Portal) -> None:
    found = offered(account)
    preset, user = found["company_preset"].offers[-1].value, found["responsible"].offers[-1].value
    system = system_of(account)
    kept = settled(system, SETTINGS, {"company_preset": preset, "responsible": user, "address_type": "11"})
    ways = ways_of(kept)
    assert (ways.presets, ways.responsible, ways.addresses) == ({"company": preset}, user, ("11", "1"))
    assert set(kept["honorifics"].values()) == {"mr", "mrs"}, "the portal's own forms of address are read along"
    again = settled(system, kept, {"company_preset": "none", "responsible": "none"})
    assert (ways_of(again).presets, ways_of(again).responsible, again["address_type"]) == ({}, "", "11")
    assert SETTINGS.items() <= again.items()


def test_a_new_customer_gets_the_chosen_template_person_and_address(account: Portal) -> None:
    found = offered(account)
    preset, user = found["company_preset"].offers[-1].value, found["responsible"].offers[-1].value
    kept = settled(system_of(account), SETTINGS, {"company_preset": preset, "responsible": user, "address_type": "11"})
    account.system = account.connect(kept)
    body = Party(type="company", name="Kranbau Riesig GmbH", address=Address(city="Bremen", country="DE"))
    key = account.do(Write(operation="create", side="a", kind="party", body=body, reference="uni-aaaaaaaaaaaaaaaa"))
    truth, number = account.simulator.truth(), key.partition(":")[2]
    (company,) = [row for row in truth["companies"] if str(row["ID"]) == number]
    assert str(company["ASSIGNED_BY_ID"]) == user
    (requisite,) = [row for row in truth["requisites"] if str(row["ENTITY_ID"]) == number and str(row["ENTITY_TYPE_ID"]) == "4"]
    assert str(requisite["PRESET_ID"]) == preset
    (place,) = [row for row in truth["addresses"] if str(row["ENTITY_ID"]) == str(requisite["ID"])]
    assert (str(place["TYPE_ID"]), place["CITY"]) == ("11", "Bremen")


def test_the_field_of_the_watched_mark_is_named_before_it_is_made_and_chosen_afterwards() -> None:
    app = LocalApp()
    system = app.system()
    before = next(one for one in choices(system, {}) if one.name == "company_preset")
    assert before.offers
    lacking = [one for one in choices(system, {}) if one.name == "tag_field"]
    assert [one.makes for one in lacking] == [TAG_FIELD]
    assert [row for row in app.simulator.truth()["userfields"] if row["FIELD_NAME"] == TAG_FIELD] == []

    assert make_for(system, "tag_field") == TAG_FIELD

    (there,) = [one for one in choices(system, {}) if one.name == "tag_field"]
    assert (TAG_FIELD in [offer.value for offer in there.offers], there.makes) == (True, "")
    with pytest.raises(KeyError):
        make_for(system, "responsible")


def test_without_the_right_to_see_users_the_responsible_person_is_not_asked_for(account: Portal) -> None:
    account.world.storage.settings["webhook_scopes"] = ["crm"]
    found = offered(account)
    assert "responsible" not in found
    assert "address_type" in found


def test_a_user_that_is_none_is_no_setting() -> None:
    with pytest.raises(ValueError, match="responsible"):
        ways_of({"responsible": "me"})
    assert replace(ways_of({"responsible": "7"}), responsible="") == ways_of({})
