"""Fields that the portal's users make: their names in each generation, what they refuse, lists of values, files."""

from __future__ import annotations

from typing import Any

from tests.systems.bitrix24.caller import Caller


def user_field(portal: Caller, entity: str = "CRM_SMART_INVOICE", name: str = "UF_CRM_SMART_INVOICE_PAID", **more: Any) -> Any:
    field = {"entityId": entity, "fieldName": name, "userTypeId": "string"} | more
    return portal.result("userfieldconfig.add", moduleId="crm", field=field)["field"]


def test_names_of_user_fields_are_irregular_unless_they_are_asked_for_as_they_are() -> None:
    portal = Caller()
    for name in ("UF_CRM_SMART_INVOICE_FINBG_PAID_AMOUNT", "UF_CRM_1721244707107", "UF_CRM_SMART_INVOICE_1758", "UF_CRM_2_1639"):
        user_field(portal, name=name)
    key = portal.item(31, ufCrm_1721244707107="x")

    odd = {name for name in portal.read(31, key) if name.startswith("uf")}
    plain = portal.read(31, key, useOriginalUfNames="Y")

    assert odd == {"ufCrmSmartInvoiceFinbgPaidAmount", "ufCrm_1721244707107", "ufCrm_SMART_INVOICE_1758", "ufCrm2_1639"}
    assert plain["UF_CRM_1721244707107"] == "x"


def test_an_empty_user_field_is_an_empty_text_in_a_classic_answer() -> None:
    portal = Caller()
    portal.result("crm.company.userfield.add", fields={"FIELD_NAME": "KEY", "USER_TYPE_ID": "string"})
    key = portal.company("A")

    assert portal.result("crm.company.get", ID=key)["UF_CRM_KEY"] == ""
    assert portal.read(4, key)["ufCrmKey"] is None


def test_a_field_that_the_portal_demands_makes_every_create_fail() -> None:
    portal = Caller()
    portal.act("make_field", kind="company", name="BRANCH", mandatory="Y")

    assert portal.refused("crm.company.add", fields={"TITLE": "A"})[1] == "ERROR_CORE"
    assert portal.refused("crm.item.add", entityTypeId=4, fields={"title": "A"})[1] == "CRM_FIELD_ERROR_REQUIRED"
    assert portal.company("A", UF_CRM_BRANCH="Bau")


def test_a_second_field_of_a_name_a_long_name_and_an_unknown_kind_are_refused() -> None:
    portal = Caller()
    user_field(portal)

    assert "already exists" in portal.refused("userfieldconfig.add", moduleId="crm", field={
        "entityId": "CRM_SMART_INVOICE", "fieldName": "UF_CRM_SMART_INVOICE_PAID", "userTypeId": "string"})[2]  # fmt: skip
    add = "crm.company.userfield.add"
    assert portal.refused(add, fields={"FIELD_NAME": "X" * 44, "USER_TYPE_ID": "string"})[1] == ""
    assert portal.refused(add, fields={"FIELD_NAME": "X", "USER_TYPE_ID": "song"})[1] == ""
    assert portal.refused(add, fields={"FIELD_NAME": "X"})[2] == "The 'USER_TYPE_ID' field is not found."


def test_lists_of_values_are_written_by_their_ids() -> None:
    portal = Caller()
    enum = [{"value": "rot"}, {"value": "blau"}]
    field = user_field(portal, "CRM_COMPANY", "UF_CRM_TAGS", userTypeId="enumeration", multiple="Y", enum=enum)
    ids = [int(one["id"]) for one in field["enum"]]

    key = portal.item(4, title="A", ufCrmTags=ids)

    assert portal.read(4, key)["ufCrmTags"] == ids
    assert portal.result("crm.company.get", ID=key)["UF_CRM_TAGS"] == [str(one) for one in ids]
    assert portal.refused("crm.item.add", entityTypeId=4, fields={"ufCrmTags": [999]})[1] == "CRM_FIELD_ERROR_VALUE_NOT_VALID"
    items = portal.result("crm.item.fields", entityTypeId=4)["fields"]["ufCrmTags"]["items"]
    assert [one["VALUE"] for one in items] == ["rot", "blau"]


def test_a_file_of_a_field_is_fetched_by_its_signed_address() -> None:
    portal = Caller()
    portal.act("make_field", kind="company", name="PAPER", type="file")
    key = portal.item(4, title="A", ufCrmPaper=["a.pdf", "JVBERg=="])
    other = portal.company("B", UF_CRM_PAPER={"fileData": ["b.pdf", "JVBERg=="]})

    address = portal.read(4, key)["ufCrmPaper"]["urlMachine"]

    assert portal.result("crm.company.get", ID=other)["UF_CRM_PAPER"]["id"]
    assert "fileId" in portal.read(4, key)["ufCrmPaper"]["url"]
    assert portal.http.get(address.partition(".example")[2], headers={"User-Agent": "Unisono/1"}).get_data() == b"%PDF"
