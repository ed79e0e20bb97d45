"""Companies, contacts, deals, leads, quotes and smart invoices in both generations: shapes, stages, links, stamps, deletion."""

from __future__ import annotations

import pytest

from tests.systems.bitrix24.caller import Caller


def test_the_same_record_is_texts_in_one_generation_and_numbers_in_the_other() -> None:
    portal = Caller()
    owner = portal.company()
    key = portal.item(2, title="Kran", companyId=owner, opportunity=999.99, isManualOpportunity="Y", probability=50, begindate="2026-11-05")

    old, new = portal.result("crm.deal.get", ID=key), portal.read(2, key)

    assert (old["ID"], old["OPPORTUNITY"], old["PROBABILITY"], old["COMPANY_ID"]) == (str(key), "999.99", "50", str(owner))
    assert (new["id"], new["opportunity"], new["probability"], new["companyId"]) == (key, 999.99, 50, owner)
    assert (old["CONTACT_ID"], new["contactId"], new["contactIds"]) == (None, 0, [])
    assert old["BEGINDATE"] == new["begindate"] == "2026-11-05T01:00:00+01:00"
    assert (old["DATE_CREATE"], new["createdTime"]) == ("2026-11-02T09:00:00+01:00",) * 2
    assert new["searchContent"]
    assert new["isWon"] is None


def test_each_family_answers_in_its_own_shape() -> None:
    portal = Caller()
    key = portal.company()

    assert portal.result("crm.company.update", ID=key, fields={"COMMENTS": "x"}) is True
    assert list(portal.result("crm.item.update", entityTypeId=4, id=key, fields={"comments": "y"})) == ["item"]
    assert portal.result("crm.item.delete", entityTypeId=4, id=key) == []
    assert portal.result("crm.company.delete", ID=portal.company()) is True


def test_titles_are_found_where_none_is_given_save_for_a_classic_company() -> None:
    portal = Caller()

    titles = [portal.read(kind, portal.item(kind))["title"] for kind in (1, 2, 4, 7, 31)]

    assert [title.split(" #")[0] for title in titles] == ["Lead", "Deal", "Company", "Quote", "Invoice"]
    assert portal.refused("crm.company.add", fields={"COMMENTS": "x"})[1] == "ERROR_CORE"


def test_what_is_unknown_or_read_only_is_ignored_on_writing() -> None:
    portal = Caller()

    key = portal.item(4, title="A", id=7, createdTime="2020-01-01T00:00:00Z", nothing=1, ufCrmNothing="x", UF_CRM_NOTHING="x")

    shown = portal.read(4, key)
    assert shown["createdTime"] == "2026-11-02T09:00:00+01:00"
    assert "nothing" not in shown
    assert "ufCrmNothing" not in shown


def test_a_title_that_is_emptied_is_the_default_again_and_a_contact_keeps_a_name() -> None:
    portal = Caller()
    deal, person = portal.item(2, title="Kran"), portal.contact("Ida")

    portal.result("crm.item.update", entityTypeId=2, id=deal, fields={"title": ""})
    portal.result("crm.contact.update", id=person, fields={"NAME": "", "LAST_NAME": "Fuchs"})

    assert portal.read(2, deal)["title"] == f"Deal #{deal}"
    assert portal.refused("crm.item.update", entityTypeId=3, id=person, fields={"lastName": ""})[1] == "CRM_FIELD_ERROR_REQUIRED"
    assert portal.read(3, person)["lastName"] == "Fuchs"


def test_importing_writes_the_stamps() -> None:
    portal = Caller()
    given = {"TITLE": "A", "DATE_CREATE": "2020-05-01T08:00:00+02:00"}

    key = portal.result("crm.company.add", fields=given, params={"IMPORT": "Y"})
    other = portal.result("crm.item.import", entityTypeId=4, fields={"title": "B", "createdTime": "2020-05-01T08:00:00+02:00"})["item"]

    assert portal.result("crm.company.get", ID=key)["DATE_CREATE"] == "2020-05-01T08:00:00+02:00"
    assert other["createdTime"] == "2020-05-01T08:00:00+02:00"


def test_classic_methods_put_bad_values_right_and_universal_ones_refuse_them() -> None:
    portal = Caller()

    key = portal.result("crm.quote.add", fields={"TITLE": "x" * 300, "STATUS_ID": "NOWHERE", "BEGINDATE": "bald"})

    shown = portal.result("crm.quote.get", id=key)
    assert (len(shown["TITLE"]), shown["STATUS_ID"], shown["BEGINDATE"]) == (255, "DRAFT", None)
    for bad in (
        {"title": "x" * 300}, {"stageId": "NOWHERE"}, {"begindate": "bald"}, {"companyId": 999_999}, {"currencyId": "XXX"}, {"assignedById": 99}
    ):  # fmt: skip
        assert portal.refused("crm.item.add", entityTypeId=7, fields=bad)[1] == "CRM_FIELD_ERROR_VALUE_NOT_VALID"


def test_a_day_with_a_late_hour_of_another_zone_becomes_the_next_one() -> None:
    portal = Caller()

    days = [
        portal.read(31, portal.item(31, title="A", begindate=given))["begindate"][:10]
        for given in ("2026-11-05", "2026-11-05T23:30:00Z", "05.11.2026")
    ]

    assert days == ["2026-11-05", "2026-11-06", "2026-11-05"]


# the stamp


def test_a_change_moves_the_stamp_and_no_change_does_not() -> None:
    portal = Caller()
    key = portal.company("A", COMMENTS="x")
    portal.world.clock.advance(60)

    portal.result("crm.company.update", ID=key, fields={"TITLE": "A", "COMMENTS": "x"})
    portal.result("crm.item.update", entityTypeId=4, id=key, fields={"title": "A", "comments": "x"})
    before = portal.read(4, key)["updatedTime"]
    portal.result("crm.item.update", entityTypeId=4, id=key, fields={"comments": "y"})

    assert (before, portal.read(4, key)["updatedTime"]) == ("2026-11-02T09:00:00+01:00", "2026-11-02T09:01:00+01:00")
    assert [(call.operation, call.write) for call in portal.world.log.calls if "update" in call.operation] == [
        ("crm.company.update", False), ("crm.item.update", False), ("crm.item.update", True),
    ]  # fmt: skip


@pytest.mark.parametrize("moves", (True, False))
def test_whether_what_hangs_on_a_company_moves_its_stamp_is_a_setting(moves: bool) -> None:
    portal = Caller(moves_owner=["requisite", "address", "links", "rows"] if moves else [])
    key, person, deal = portal.company(), portal.contact(), portal.item(2, title="Kran")
    requisite = portal.requisite(key)
    stamps = []
    for change in (
        lambda: portal.result("crm.requisite.update", id=requisite, fields={"RQ_INN": "5"}),
        lambda: portal.result("crm.address.add", fields={"TYPE_ID": 6, "ENTITY_TYPE_ID": 8, "ENTITY_ID": requisite, "CITY": "Ulm"}),
        lambda: portal.result("crm.company.contact.items.set", id=key, items=[{"CONTACT_ID": person}]),
    ):
        portal.world.clock.advance(60)
        change()
        stamps.append(portal.read(4, key)["updatedTime"][14:16])
    portal.result("crm.item.productrow.set", ownerType="D", ownerId=deal, productRows=[{"productName": "Kran", "price": 5}])

    assert stamps == (["01", "02", "03"] if moves else ["00", "00", "00"])
    assert portal.read(2, deal)["updatedTime"][14:16] == ("03" if moves else "00")


# stages


def test_a_stage_says_whether_its_record_is_open_won_or_lost() -> None:
    portal = Caller()
    key = portal.item(2, title="Kran")
    said = []
    for stage in ("PREPARATION", "WON", "APOLOGY"):
        portal.result("crm.deal.update", id=key, fields={"STAGE_ID": stage})
        shown = portal.result("crm.deal.get", id=key)
        said.append((shown["STAGE_ID"], shown["STAGE_SEMANTIC_ID"], shown["CLOSED"]))

    assert said == [("PREPARATION", "P", "N"), ("WON", "S", "Y"), ("APOLOGY", "F", "Y")]


def test_a_classic_update_to_no_stage_is_ignored_and_a_universal_one_refused() -> None:
    portal = Caller()
    key = portal.item(2, title="Kran")

    portal.result("crm.deal.update", id=key, fields={"STAGE_ID": "NOWHERE"})

    assert portal.refused("crm.item.update", entityTypeId=2, id=key, fields={"stageId": "NOWHERE"})[1] == "CRM_FIELD_ERROR_VALUE_NOT_VALID"
    assert portal.read(2, key)["stageId"] == "NEW"


def test_a_deal_moves_to_another_pipeline_by_the_universal_method_only() -> None:
    portal = Caller()
    portal.act("bind_webhook", handler="https://hook.example/x", events="ONCRMDEALMOVETOCATEGORY")
    pipeline = portal.act("add_pipeline", name="Projekte")
    key = portal.item(2, title="Kran")

    portal.result("crm.deal.update", id=key, fields={"CATEGORY_ID": pipeline})
    before = portal.read(2, key)["categoryId"]
    portal.result("crm.item.update", entityTypeId=2, id=key, fields={"categoryId": pipeline})

    shown = portal.read(2, key)
    assert (before, shown["categoryId"], shown["stageId"]) == (0, pipeline, f"C{pipeline}:NEW")
    assert [told["event"] for _, told in portal.told()] == ["ONCRMDEALMOVETOCATEGORY"]
    stages = portal.result("crm.status.list", filter={"ENTITY_ID": f"DEAL_STAGE_{pipeline}"})
    assert next(row["STATUS_ID"] for row in stages) == f"C{pipeline}:NEW"


def test_a_lead_begins_at_its_first_stage_whatever_is_asked_for() -> None:
    portal = Caller()

    assert portal.read(1, portal.item(1, title="x", stageId="PROCESSED"))["stageId"] == "NEW"
    assert portal.result("crm.lead.get", ID=portal.result("crm.lead.add", fields={"STATUS_ID": "PROCESSED"}))["STATUS_ID"] == "PROCESSED"


def test_a_smart_invoice_has_a_number_stages_with_their_pipeline_and_a_former_stage() -> None:
    portal = Caller()
    (category,) = portal.result("crm.category.list", entityTypeId=31)["categories"]
    stages = portal.result("crm.status.list", filter={"ENTITY_ID": f"SMART_INVOICE_STAGE_{category['id']}"}, order={"SORT": "ASC"})
    key = portal.item(31, title="Rechnung", xmlId="uni-1", accountNumber="R-77")

    portal.result("crm.item.update", entityTypeId=31, id=key, fields={"stageId": stages[2]["STATUS_ID"], "xmlId": "uni-2"})

    shown = portal.read(31, key)
    assert [(row["STATUS_ID"].split(":")[1], row["SEMANTICS"]) for row in stages] == [("N", None), ("S", None), ("P", "S"), ("D", "F")]
    assert (shown["stageId"], shown["previousStageId"]) == (stages[2]["STATUS_ID"], stages[0]["STATUS_ID"])
    assert (shown["accountNumber"], shown["xmlId"]) == ("1", "uni-1")
    assert portal.result("crm.item.list", entityTypeId=31, filter={"xmlId": "uni-1"}, select=["id"])["items"] == [{"id": key}]
    free = Caller(account_number_writable=True, xml_id_fixed=False)
    assert free.read(31, free.item(31, accountNumber="R-77"))["accountNumber"] == "R-77"
    assert free.result("crm.item.fields", entityTypeId=31)["fields"]["accountNumber"]["isReadOnly"] is False


def test_a_quote_has_a_number_of_its_own_and_no_external_key() -> None:
    portal = Caller()
    key = portal.item(7, title="Angebot", quoteNumber="A-1", originId="x", xmlId="y", actualDate="2026-12-01")

    shown = portal.read(7, key)

    assert (shown["quoteNumber"], shown["actualDate"][:10]) == (str(key), "2026-12-01")
    assert not {"originId", "xmlId"} & shown.keys()


# links


def test_one_contact_belongs_to_several_companies_and_one_of_them_is_first() -> None:
    portal = Caller()
    first, second = portal.company("A"), portal.company("B")

    key = portal.contact(COMPANY_IDS=[first, second])
    portal.result("crm.contact.company.add", id=key, fields={"COMPANY_ID": portal.company("C"), "IS_PRIMARY": "Y", "SORT": 5})

    shown = portal.read(3, key)
    rows = portal.result("crm.contact.company.items.get", id=key)
    assert (len(shown["companyIds"]), shown["companyId"]) == (3, rows[0]["COMPANY_ID"])
    assert [(row["SORT"], row["IS_PRIMARY"]) for row in rows] == [(5, "Y"), (10, "N"), (20, "N")]
    assert portal.read(4, second)["contactIds"] == [key]


def test_setting_the_contacts_of_a_company_replaces_them() -> None:
    portal = Caller()
    company = portal.company()
    one, two, three = (portal.contact(name) for name in ("A", "B", "C"))
    portal.result("crm.company.contact.items.set", id=company, items=[{"CONTACT_ID": one}, {"CONTACT_ID": two}])

    portal.result(
        "crm.company.contact.items.set", id=company, items=[{"CONTACT_ID": three, "IS_PRIMARY": "Y", "SORT": 10}, {"CONTACT_ID": two}]
    )

    rows = portal.result("crm.company.contact.items.get", id=company)
    assert {row["CONTACT_ID"]: row["IS_PRIMARY"] for row in rows} == {three: "Y", two: "N"}
    assert portal.read(3, one)["companyIds"] == []


def test_one_id_alone_replaces_the_list() -> None:
    portal = Caller()
    one, two = portal.company("A"), portal.company("B")
    key = portal.contact(COMPANY_IDS=[one, two])

    portal.result("crm.contact.update", id=key, fields={"COMPANY_ID": two})

    assert portal.read(3, key)["companyIds"] == [two]


def test_a_deal_names_its_contacts_in_full_only_beside_the_record() -> None:
    portal = Caller()
    people = [portal.contact(name) for name in ("A", "B")]
    key = portal.result("crm.deal.add", fields={"TITLE": "Kran", "CONTACT_IDS": people})

    shown = portal.result("crm.deal.get", ID=key)

    assert (shown["CONTACT_ID"], "CONTACT_IDS" in shown) == (str(people[0]), False)
    assert [row["CONTACT_ID"] for row in portal.result("crm.deal.contact.items.get", id=key)] == people
    assert portal.read(2, key)["contactIds"] == people


# deletion


def test_a_deleted_record_is_gone_with_what_hung_on_it() -> None:
    portal = Caller()
    key = portal.company("A", PHONE=[{"VALUE": "1"}])
    requisite = portal.requisite(key)
    portal.result("crm.address.add", fields={"TYPE_ID": 6, "ENTITY_TYPE_ID": 8, "ENTITY_ID": requisite, "CITY": "Ulm"})
    person, deal = portal.contact(COMPANY_IDS=[key]), portal.item(2, companyId=key)

    portal.result("crm.company.delete", ID=key)

    assert portal.refused("crm.company.get", ID=key) == (400, "", "Not found")
    assert portal.refused("crm.item.get", entityTypeId=4, id=key)[:2] == (400, "NOT_FOUND")
    assert portal.result("crm.requisite.list") == portal.result("crm.address.list") == portal.result("crm.company.list") == []
    assert (portal.read(3, person)["companyIds"], portal.read(2, deal)["companyId"]) == ([], 0)


def test_a_deleted_record_comes_back_from_the_recycle_bin_under_its_id() -> None:
    portal = Caller()
    key = portal.company("A", PHONE=[{"VALUE": "1"}])
    portal.requisite(key, RQ_VAT_ID="DE1")
    portal.result("crm.company.delete", ID=key)

    portal.act("restore", kind="company", id=key)

    shown = portal.result("crm.company.get", ID=key)
    assert (shown["TITLE"], shown["PHONE"][0]["VALUE"]) == ("A", "1")
    assert [row["RQ_VAT_ID"] for row in portal.result("crm.requisite.list", filter={"ENTITY_ID": key})] == ["DE1"]


def test_an_id_is_never_given_twice() -> None:
    portal = Caller()
    key = portal.company()
    portal.result("crm.company.delete", ID=key)

    assert portal.company() > key
