"""Timeline, files, documents, triggers, robots, places in the interface, products, payments, users and directories."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import Any

import pytest

from tests.systems.bitrix24.caller import Caller

DOCX = base64.b64encode(b"PK\x03\x04nothing").decode()
PDF = base64.b64encode(b"%PDF-1.4 nothing").decode()
AGENT = {"User-Agent": "Unisono/1.0"}


def path(address: str) -> str:
    return "/" + address.split("/", 3)[3]


# the timeline


@pytest.mark.parametrize(("word", "kind"), (("company", 4), ("contact", 3), ("deal", 2), ("quote", 7), ("lead", 1), ("dynamic_31", 31)))
def test_a_comment_stands_on_each_kind_of_card(word: str, kind: int) -> None:
    portal = Caller()
    key = portal.item(kind, name="Ida") if kind == 3 else portal.item(kind)
    fields = {"ENTITY_TYPE": word, "ENTITY_ID": key, "COMMENT": "siehe [URL=https://x.example]hier[/URL]", "FILES": [["a.pdf", PDF]]}

    made = portal.result("crm.timeline.comment.add", fields=fields)

    (row,) = portal.result("crm.timeline.comment.list", filter={"ENTITY_TYPE": word, "ENTITY_ID": key})
    (file,) = row["FILES"].values()
    assert (row["ID"], row["COMMENT"], file["name"]) == (str(made), fields["COMMENT"], "a.pdf")
    assert "Log in" in portal.http.get(path(file["urlDownload"])).get_data(as_text=True)


def test_a_comment_without_files_has_an_empty_object_and_needs_small_letters() -> None:
    portal = Caller()
    key = portal.item(2)
    fields = {"ENTITY_TYPE": "deal", "ENTITY_ID": key, "COMMENT": "x"}
    portal.result("crm.timeline.comment.add", fields=fields)

    assert portal.result("crm.timeline.comment.list", filter={"ENTITY_TYPE": "deal", "ENTITY_ID": key})[0]["FILES"] == {}
    assert portal.refused("crm.timeline.comment.add", FIELDS=fields)[2] == "Parameter 'fields' must be array."
    assert portal.refused("crm.timeline.comment.add", fields=fields | {"ENTITY_ID": 1})[1] == "NOT_FOUND"


def test_a_comment_is_changed_deleted_and_shown_on_a_second_card() -> None:
    portal = Caller()
    deal, company = portal.item(2), portal.company()
    key = portal.result("crm.timeline.comment.add", fields={"ENTITY_TYPE": "deal", "ENTITY_ID": deal, "COMMENT": "x"})

    portal.result("crm.timeline.comment.update", id=key, fields={"COMMENT": "y"})
    portal.result("crm.timeline.bindings.bind", fields={"OWNER_ID": key, "ENTITY_TYPE": "company", "ENTITY_ID": company})
    there = portal.result("crm.timeline.comment.list", filter={"ENTITY_TYPE": "company", "ENTITY_ID": company})
    portal.result("crm.timeline.comment.delete", id=key)

    assert [row["COMMENT"] for row in there] == ["y"]
    assert portal.refused("crm.timeline.comment.get", id=key)[1] == "NOT_FOUND"


def test_log_entries_and_activities_hang_on_a_card() -> None:
    portal = Caller()
    deal = portal.item(2)
    entry = {"entityTypeId": 2, "entityId": deal, "title": "Rechnung", "text": "R-1", "iconCode": "info"}
    made = portal.result("crm.timeline.logmessage.add", fields=entry)["logMessage"]
    todo = portal.result("crm.activity.todo.add", ownerTypeId=2, ownerId=deal, deadline="2026-12-01T09:00:00+01:00", title="anrufen")["id"]
    key = {"originatorId": "unisono", "originId": "n-1"}

    assert portal.refused("crm.activity.configurable.add", ownerTypeId=2, ownerId=deal, fields=key)[1] == "ACCESS_DENIED"
    own = portal.app("crm.activity.configurable.add", ownerTypeId=2, ownerId=deal, fields=key, layout={})["result"]["activity"]["id"]
    found = portal.result("crm.activity.list", filter={"ORIGINATOR_ID": "unisono", "ORIGIN_ID": "n-1"})

    assert (made["title"], [row["ID"] for row in found]) == ("Rechnung", [str(own)])
    assert portal.result("crm.activity.binding.add", activityId=todo, entityTypeId=4, entityId=1) is True
    assert portal.refused("crm.activity.binding.add", activityId=todo, entityTypeId=4, entityId=1)[1] == "ACTIVITY_IS_ALREADY_BOUND"


# files and documents


def test_a_file_on_the_drive_is_fetched_by_its_signed_address_with_a_name_of_ones_own() -> None:
    portal = Caller()
    params: dict[str, Any] = {"id": 21, "data": {"NAME": "a.pdf"}, "fileContent": ["a.pdf", PDF]}

    row = portal.result("disk.folder.uploadFile", **params)
    again = portal.refused("disk.folder.uploadFile", **params)
    unique = portal.result("disk.folder.uploadFile", **params, generateUniqueName=True)

    assert (row["SIZE"], again[1], unique["NAME"]) == ("16", "DISK_OBJ_22000", "a (1).pdf")
    assert portal.http.get(path(row["DOWNLOAD_URL"]), headers=AGENT).get_data() == b"%PDF-1.4 nothing"
    assert portal.http.get(path(row["DOWNLOAD_URL"]), headers={"User-Agent": "python-requests/2"}).status_code == 404
    assert portal.http.get(path(row["DOWNLOAD_URL"])[:-4], headers=AGENT).status_code == 401
    assert portal.result("disk.file.delete", id=row["ID"]) is True


def test_a_file_may_be_posted_to_an_address_asked_for() -> None:
    portal = Caller()
    there = portal.result("disk.folder.uploadfile", id=21, data={"NAME": "x"})
    answer = portal.http.post(path(there["uploadUrl"]), data={there["field"]: (BytesIO(b"abc"), "x.txt")})

    assert answer.get_json()["result"]["NAME"] == "x.txt"


def upload(portal: Caller, deal: int, **more: Any) -> dict[str, Any]:
    fields = {"entityTypeId": 2, "entityId": deal, "region": "de", "title": "Rechnung R-1", "number": "R-1", "fileContent": DOCX}
    return fields | {"pdfContent": PDF} | more


def test_an_invoice_is_put_on_a_deal_as_a_document_with_its_own_pdf() -> None:
    portal = Caller(pdf_seconds=30)
    deal = portal.item(2)
    document = portal.app("crm.documentgenerator.document.upload", fields=upload(portal, deal))["result"]["document"]
    early = portal.result("crm.documentgenerator.document.list", filter={"number": "R-1"})["documents"]
    portal.world.clock.advance(30)

    (late,) = portal.result("crm.documentgenerator.document.list", filter={"number": "R-1"}, select=["id"])["documents"]
    public = portal.result("crm.documentgenerator.document.enablepublicurl", id=document["id"], status=1)["publicUrl"]

    assert (document["number"], document["publicUrl"], "pdfUrl" in early[0]) == ("R-1", None, False)
    assert late["title"] == "Rechnung R-1"
    assert portal.http.get(path(late["pdfUrlMachine"]), headers=AGENT).get_data() == b"%PDF-1.4 nothing"
    assert portal.http.get(path(public)).get_data() == b"%PDF-1.4 nothing"
    portal.result("crm.documentgenerator.document.delete", id=document["id"])
    assert portal.result("crm.documentgenerator.document.list")["documents"] == []


def test_a_document_needs_a_docx_and_by_default_the_application() -> None:
    portal = Caller()
    deal = portal.item(2)
    method = "crm.documentgenerator.document.upload"

    assert portal.refused(method, fields=upload(portal, deal))[1:] == ("0", "Application not found")
    assert portal.refused(method, by_app=True, fields=upload(portal, deal, fileContent=PDF))[1] == "0"
    assert portal.refused(method, by_app=True, fields=upload(portal, deal, fileContent=""))[1] == "100"
    portal.world.faults.arm("docgen-limit")
    assert portal.refused(method, by_app=True, fields=upload(portal, deal))[1] == "DOCGEN_LIMIT_ERROR"
    portal.world.storage.settings["upload_by_webhook"] = True
    assert portal.result(method, fields=upload(portal, deal))["document"]["id"]


def test_a_template_is_filled_from_the_card() -> None:
    portal = Caller()
    invoice = portal.item(31, title="Kranmiete")
    portal.result("crm.item.productrow.set", ownerType="SI", ownerId=invoice, productRows=[{"productName": "Kran", "price": 5}])
    templates = portal.result("crm.documentgenerator.template.list")["templates"]
    template = next(key for key, one in templates.items() if one["entityTypeId"] == ["31"])

    made = portal.result("crm.documentgenerator.document.add", templateId=int(template), entityTypeId=31, entityId=invoice)["document"]
    portal.world.clock.advance(1)
    shown = portal.result("crm.documentgenerator.document.get", id=made["id"])["document"]

    assert (made["products"]["totalRows"], "pdfUrlMachine" in made) == (1, False)
    assert portal.http.get(path(shown["pdfUrlMachine"]), headers=AGENT).get_data().startswith(b"%PDF")


# automation


def test_a_trigger_moves_a_deal_to_the_stage_it_was_put_on() -> None:
    portal = Caller()
    deal, other = portal.item(2), portal.item(7)
    portal.app("crm.automation.trigger.add", CODE="unisono.invoice.paid", NAME="Rechnung bezahlt")
    portal.act("place_trigger", code="unisono.invoice.paid", kind="deal", stage="WON")

    for kind, key in ((2, deal), (7, other)):
        assert portal.app("crm.automation.trigger.execute", CODE="unisono.invoice.paid", OWNER_TYPE_ID=kind, OWNER_ID=key)["result"] is True

    assert (portal.read(2, deal)["stageId"], portal.read(7, other)["stageId"]) == ("WON", "DRAFT")
    assert [(run["OWNER_ID"], run["MOVED_TO"]) for run in portal.truth("trigger_runs")] == [(deal, "WON"), (other, None)]


def test_triggers_are_renamed_listed_deleted_and_unknown_to_companies() -> None:
    portal = Caller()
    for name in ("bezahlt", "Rechnung bezahlt"):
        portal.app("crm.automation.trigger.add", CODE="unisono.invoice.paid", NAME=name)
    company = portal.company()

    refused = portal.refused(
        "crm.automation.trigger.execute", by_app=True, CODE="unisono.invoice.paid", OWNER_TYPE_ID=4, OWNER_ID=company
    )  # fmt: skip

    assert portal.app("crm.automation.trigger.list")["result"] == [{"CODE": "unisono.invoice.paid", "NAME": "Rechnung bezahlt"}]
    assert refused[2] == "Incorrect parameter OWNER_TYPE_ID."
    assert portal.refused("crm.automation.trigger.add", by_app=True, CODE="Groß!", NAME="x")[0] == 400
    portal.app("crm.automation.trigger.delete", CODE="unisono.invoice.paid")
    gone = portal.refused("crm.automation.trigger.execute", by_app=True, CODE="unisono.invoice.paid", OWNER_TYPE_ID=2, OWNER_ID=1)
    assert gone[2] == "Trigger with code unisono.invoice.paid is not registered."


def test_a_webhook_fires_the_trigger_that_was_made_by_hand_for_it() -> None:
    portal = Caller()
    invoice = portal.item(31)
    code = portal.act("make_trigger", kind="invoice", stage="DT31_3:P")

    assert portal.result("crm.automation.trigger", target=f"SMART_INVOICE_{invoice}", code=code) is True
    assert portal.read(31, invoice)["stageId"] == "DT31_3:P"
    assert portal.refused("crm.automation.trigger", code=code)[2] == "Target is not set."


def test_a_robot_is_run_and_answers() -> None:
    portal = Caller()
    deal = portal.item(2)
    portal.app("bizproc.robot.add", CODE="unisono_invoice", HANDLER="https://unisono.example/robot", NAME="Rechnung")

    portal.act("run_robot", code="unisono_invoice", kind="deal", id=deal)
    ((_, told),) = portal.told()
    portal.app("bizproc.event.send", EVENT_TOKEN=told["event_token"], RETURN_VALUES={"number": "R-1"})

    assert told["document_id"] == ["crm", "CCrmDocumentDeal", f"DEAL_{deal}"]
    assert portal.truth("robot_runs")[0]["ANSWER"] == {"number": "R-1"}
    assert portal.refused("bizproc.robot.add", CODE="x", HANDLER="https://x.example", NAME="x")[1] == "ACCESS_DENIED"


def test_a_place_in_the_interface_brings_the_visitors_card_and_login() -> None:
    portal = Caller()
    deal = portal.item(2)
    bind = {"PLACEMENT": "CRM_DEAL_DETAIL_TOOLBAR", "HANDLER": "https://unisono.example/new", "TITLE": "x"}
    portal.app("placement.bind", **bind, LANG_ALL={"de": {"TITLE": "Rechnung erstellen"}})

    portal.act("press_placement", placement="CRM_DEAL_DETAIL_TOOLBAR", record=deal)

    ((url, told),) = portal.told()
    assert url.startswith("https://unisono.example/new?DOMAIN=schilderhaus.bitrix24.example&")
    assert (told["PLACEMENT"], told["PLACEMENT_OPTIONS"]) == ("CRM_DEAL_DETAIL_TOOLBAR", f'{{"ID":"{deal}"}}')
    assert portal.post("profile", {"auth": told["AUTH_ID"]}, path="/rest").status_code == 200
    assert portal.app("placement.get")["result"][0]["title"] == "Rechnung erstellen"
    assert portal.refused("placement.bind", by_app=True, **bind)[0] == 400
    assert portal.app("placement.unbind", PLACEMENT="CRM_DEAL_DETAIL_TOOLBAR")["result"] == {"count": 1}


# products, payments, directories


def test_products_are_selected_and_filtered_by_their_catalogue() -> None:
    portal = Caller()
    made = portal.result("catalog.product.add", fields={"iblockId": 14, "name": "Kran", "xmlId": "K-1", "vatId": 3})["element"]
    portal.result("catalog.price.add", fields={"productId": made["id"], "catalogGroupId": 1, "price": 12.5, "currency": "EUR"})
    portal.act("edit_product", id=made["id"], stock="4")

    found = portal.result("catalog.product.list", select=["id", "iblockId", "name"], filter={"iblockId": 14, "xmlId": "K-1"})["products"]
    portal.result("catalog.price.modify", fields={"product": {"id": made["id"], "prices": [{"catalogGroupId": 1, "price": 13}]}})

    assert found == [{"id": made["id"], "iblockId": 14, "name": "Kran"}]
    assert portal.refused("catalog.product.list", select=["id"], filter={"iblockId": 14})[0] == 400
    assert portal.refused("catalog.product.list", select=["id", "iblockId"])[0] == 400
    assert [row["price"] for row in portal.result("catalog.price.list", filter={"productId": made["id"]})["prices"]] == [13]
    assert [row["amount"] for row in portal.result("catalog.storeproduct.list", filter={"productId": made["id"]})["storeProducts"]] == [4]
    portal.result("catalog.product.update", id=made["id"], fields={"name": "Kran 2"})
    assert portal.result("catalog.product.get", id=made["id"])["product"]["name"] == "Kran 2"
    portal.result("catalog.product.delete", id=made["id"])
    assert portal.result("catalog.price.list")["prices"] == []


def test_a_payment_has_no_sum_of_its_own() -> None:
    portal = Caller()
    deal = portal.item(2)
    row = portal.result("crm.item.productrow.set", ownerType="D", ownerId=deal, productRows=[{"productName": "Kran", "price": 7}])
    key = portal.result("crm.item.payment.add", entityId=deal, entityTypeId=2)

    portal.result("crm.item.payment.product.add", paymentId=key, rowId=row["productRows"][0]["id"], quantity=1)
    portal.result("crm.item.payment.pay", id=key)
    (paid,) = portal.result("crm.item.payment.list", entityId=deal, entityTypeId=2)
    portal.result("crm.item.payment.unpay", id=key)

    assert (paid["sum"], paid["paid"], paid["datePaid"]) == (7, "Y", "2026-11-02T09:00:00+01:00")
    assert portal.result("crm.item.payment.get", id=key)["paid"] == "N"


def test_directories_are_the_portals_own_to_change() -> None:
    portal = Caller()
    key = portal.result("crm.status.add", fields={"ENTITY_ID": "DEAL_STAGE", "STATUS_ID": "UC_CHECK", "NAME": "Prüfung", "SORT": 25})
    portal.result("crm.status.update", id=key, fields={"NAME": "Kontrolle"})

    names = [row["NAME"] for row in portal.result("crm.status.list", filter={"ENTITY_ID": "DEAL_STAGE"}, order={"SORT": "ASC"})]

    assert names[2] == "Kontrolle"
    assert portal.read(2, portal.item(2, stageId="UC_CHECK"))["stageSemanticId"] == "P"
    assert portal.refused("crm.status.add", fields={"ENTITY_ID": "DEAL_STAGE", "NAME": "x"})[2] == "The field STATUS_ID is required."
    lost = {row["STATUS_ID"]: row["EXTRA"]["SEMANTICS"] for row in portal.result("crm.status.list", filter={"ENTITY_ID": "DEAL_STAGE"})}
    assert (lost["WON"], lost["LOSE"], lost["APOLOGY"]) == ("success", "failure", "apology")
    declined = portal.result("crm.status.entity.items", entityId="QUOTE_STATUS")[-1]
    assert declined["STATUS_ID"] == "DECLAINED"


def test_users_are_filtered_beside_the_filter_too() -> None:
    portal = Caller()

    active = portal.result("user.get", FILTER={"ACTIVE": True, "USER_TYPE": "employee"})
    sales = portal.result("user.get", UF_DEPARTMENT=3, ACTIVE="true")

    assert [row["NAME"] for row in active] == ["Nora", "Arne", "Milena"]
    assert [(row["ID"], row["ACTIVE"], row["UF_DEPARTMENT"]) for row in sales] == [("5", True, [3])]
    assert [row["NAME"] for row in portal.result("department.get", PARENT=1)] == ["Vertrieb", "Buchhaltung"]
    assert portal.result("crm.currency.list")[0]["BASE"] == "Y"
    assert [row["RATE"] for row in portal.result("crm.vat.list")] == [None, "19.00", "7.00", "0.00"]
