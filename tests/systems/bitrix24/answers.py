"""How each method's answer and each event is asked for, of a portal that holds one of everything."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from tests.systems.bitrix24.caller import Caller

DOCX = base64.b64encode(b"PK\x03\x04nothing").decode()
PDF = base64.b64encode(b"%PDF-1.4 nothing").decode()
GIF = "R0lGODlhAQABAIAAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=="


class Account(Caller):
    """A portal that holds one of everything."""

    def __init__(self) -> None:
        super().__init__(old_addresses=True)
        self.rich = self.company(
            "Orgelbau Pfeifer", COMPANY_TYPE="CUSTOMER", ORIGIN_ID="o-1", ORIGINATOR_ID="orgel",
            PHONE=[{"VALUE": "030 5550199", "VALUE_TYPE": "WORK"}], EMAIL=[{"VALUE": "post@orgel.example"}],
        )  # fmt: skip
        self.bare = self.company("Kapelle")
        self.people = [
            self.contact(f"Ida {n}", LAST_NAME="Pfeifer", SOURCE_ID="WEB", EMAIL=[{"VALUE": "i@orgel.example"}]) for n in range(3)
        ]
        self.act("add_pipeline", name="Zweite")
        self.lead = self.item(1, title="Anfrage", name="Ida", fm=[{"typeId": "PHONE", "value": "1", "valueType": "WORK"}])
        deal = {"TITLE": "Orgel", "COMPANY_ID": self.rich, "CONTACT_IDS": self.people, "BEGINDATE": "2026-03-01", "CLOSEDATE": "2026-04-01"}
        self.deal = self.result("crm.deal.add", fields=deal)
        self.quote = self.result("crm.quote.add", fields={"TITLE": "Register", "COMPANY_ID": self.rich, "BEGINDATE": "2026-03-01"})
        self.invoice = self.item(31, title="Stimmung", companyId=self.rich, begindate="2026-03-01", parentId2=self.deal)
        self.requisite_id = self.requisite(self.rich, RQ_VAT_ID="DE999999999")
        bank = {"ENTITY_ID": self.requisite_id, "NAME": "Bank", "RQ_IBAN": "DE00"}
        self.bank = self.result("crm.requisite.bankdetail.add", fields=bank)
        for type_id in (1, 6):
            self.result("crm.address.add", fields=self.address(type_id))
        self.product = self.result("catalog.product.add", fields={"iblockId": 14, "name": "Pfeife", "purchasingPrice": "3"})["element"][
            "id"
        ]
        self.result("catalog.price.add", fields={"productId": self.product, "catalogGroupId": 1, "price": 12.5, "currency": "EUR"})
        self.act("edit_product", id=self.product, stock=5)
        row = {
            "productId": self.product,
            "productName": "Pfeife",
            "price": 119,
            "quantity": 3,
            "taxRate": 19,
            "taxIncluded": "Y",
            "storeId": 1,
        }
        for short, key in (("D", self.deal), ("Q", self.quote), ("SI", self.invoice)):
            self.row = self.result("crm.item.productrow.set", ownerType=short, ownerId=key, productRows=[row])["productRows"][0]["id"]
        for method in ("crm.timeline.comment.add",) * 2:
            self.result(method, fields={"ENTITY_ID": self.deal, "ENTITY_TYPE": "deal", "COMMENT": "x", "FILES": [["1.gif", GIF]]})
        self.payment = self.result("crm.item.payment.add", entityId=self.deal, entityTypeId=2)
        link = {"ENTITY_TYPE_ID": 31, "ENTITY_ID": self.invoice, "REQUISITE_ID": self.requisite_id, "BANK_DETAIL_ID": self.bank}
        self.link = link | {"MC_REQUISITE_ID": 0, "MC_BANK_DETAIL_ID": 0}
        self.result("crm.requisite.link.register", fields=self.link)
        self.app("event.bind", event="ONCRMLEADADD", handler="https://unisono.example/b24")
        self.app("event.bind", event="ONCRMLEADADD", event_type="offline", auth_connector="probe")
        self.app("placement.bind", PLACEMENT="CRM_DEAL_DETAIL_TAB", HANDLER="https://unisono.example/p", TITLE="Rechnung")
        self.document = self.app("crm.documentgenerator.document.upload", fields=self.upload())["result"]["document"]["id"]
        self.trigger = self.act("make_trigger", kind="deal", stage="WON")
        self.app("crm.automation.trigger.add", CODE="probe.paid", NAME="bezahlt")
        enum = [{"value": "A", "sort": 1}, {"value": "B", "sort": 2}]
        self.field: dict[str, Any] = {"entityId": "CRM_7", "fieldName": "UF_CRM_7_KIND", "userTypeId": "enumeration", "multiple": "Y"}
        self.field |= {"editFormLabel": {"en": "Kind"}, "enum": enum, "settings": {"DISPLAY": "LIST", "LIST_HEIGHT": 1}}
        self.told()
        self.world.clock.advance(60)

    def address(self, type_id: int, **more: Any) -> dict[str, Any]:
        return {"TYPE_ID": type_id, "ENTITY_TYPE_ID": 8, "ENTITY_ID": self.requisite_id, "CITY": "Ulm"} | more

    def upload(self) -> dict[str, Any]:
        numbers = {"entityTypeId": 2, "entityId": self.deal, "region": "de", "title": "Rechnung 7", "number": "7"}
        return numbers | {"fileContent": DOCX, "pdfContent": PDF}

    def event(self, name: str, act: Callable[[], Any], **more: Any) -> Any:
        """What a handler of an event is told."""
        self.app("event.bind", event=name, handler="https://unisono.example/other", **more)
        act()
        return next(told for url, told in self.told() if told["event"] == name.upper())


def batch(account: Account, **cmd: str) -> Any:
    return account.call("batch", halt=0, cmd=cmd)


Ask = Callable[[Account], Any]


def ask(method: str, **params: Any) -> Ask:
    return lambda account: account.call(method, **params)


def by_app(method: str, **params: Any) -> Ask:
    return lambda account: account.app(method, **params)


def of(method: str, build: Callable[[Account], dict[str, Any]], *, app: bool = False) -> Ask:
    return lambda account: (account.app if app else account.call)(method, **build(account))


def installed(account: Account) -> Any:
    account.act("install_app", handler="https://unisono.example/install")
    return account.told()[-1][1]


def woken(account: Account) -> Any:
    account.app("event.bind", event="ONOFFLINEEVENT", handler="https://unisono.example/wake")
    account.item(1, title="Anfrage 2")
    return next(told for _, told in account.told() if told["event"] == "ONOFFLINEEVENT")


def queued(account: Account) -> Any:
    account.item(1, title="Anfrage 2")
    return account.app("event.offline.get", auth_connector="probe")


def enumeration(account: Account) -> Any:
    return account.call("userfieldconfig.add", moduleId="crm", field=account.field)


def enumerations(account: Account) -> Any:
    enumeration(account)
    return account.call("userfieldconfig.list", moduleId="crm")


def paid(account: Account) -> Any:
    account.call("crm.item.payment.pay", id=account.payment)
    return account.call("crm.item.payment.list", entityId=account.deal, entityTypeId=2)


def stage(entity: str) -> dict[str, Any]:
    return {"ENTITY_ID": entity, "STATUS_ID": "PROBE", "NAME": "Probe", "SORT": 70}


ANSWERS: dict[str, Ask] = {
    "app.info": by_app("app.info"),
    "batch": lambda a: batch(a, get_user="user.current", get_department="department.get"),
    "bizproc.robot.add": by_app("bizproc.robot.add", CODE="r", HANDLER="https://unisono.example/r", NAME="R"),
    "catalog.catalog.list": ask("catalog.catalog.list"),
    "catalog.price.list": ask("catalog.price.list", select=["id", "productId", "catalogGroupId", "price", "currency"]),
    "catalog.price.add": lambda a: a.call(
        "catalog.price.add", fields={"productId": a.result("catalog.product.add", fields={"iblockId": 14, "name": "x"})["element"]["id"],
                                     "catalogGroupId": 1, "price": 1, "currency": "EUR"}),
    "catalog.product.add": ask("catalog.product.add", fields={"iblockId": 14, "name": "Probe"}),
    "catalog.product.list": ask("catalog.product.list", select=["id", "iblockId", "*"], filter={"iblockId": 14}),
    "catalog.store.list": ask("catalog.store.list"),
    "catalog.storeproduct.list": ask("catalog.storeproduct.list"),
    "catalog.vat.list": ask("catalog.vat.list", select=["id", "name", "rate"]),
    "crm.activity.todo.add": of("crm.activity.todo.add", lambda a: {"ownerTypeId": 2, "ownerId": a.deal, "deadline": "2026-12-01T09:00:00"}),
    "crm.address.add": of("crm.address.add", lambda a: {"fields": a.address(11)}),
    "crm.address.update": of("crm.address.update", lambda a: {"fields": a.address(6, CITY="Köln")}),
    "crm.address.delete": of("crm.address.delete", lambda a: {"fields": a.address(6)}),
    "crm.address.fields": ask("crm.address.fields"),
    "crm.automation.trigger": of("crm.automation.trigger", lambda a: {"target": f"DEAL_{a.deal}", "code": a.trigger}),
    "crm.automation.trigger.add": by_app("crm.automation.trigger.add", CODE="c5u4m", NAME="Name"),
    "crm.automation.trigger.execute": of(
        "crm.automation.trigger.execute", lambda a: {"CODE": "probe.paid", "OWNER_TYPE_ID": 2, "OWNER_ID": a.deal}, app=True),
    "crm.category.list": ask("crm.category.list", entityTypeId=2),
    "crm.company.add": ask("crm.company.add", fields={"TITLE": "x"}),
    "crm.company.contact.items.get": lambda a: (
        a.call("crm.company.contact.items.set", id=a.rich, items=[{"CONTACT_ID": key} for key in a.people])
        and a.call("crm.company.contact.items.get", id=a.rich)),
    "crm.company.contact.items.set": of("crm.company.contact.items.set", lambda a: {"id": a.rich, "items": [{"CONTACT_ID": a.people[0]}]}),
    "crm.company.delete": of("crm.company.delete", lambda a: {"ID": a.bare}),
    "crm.company.fields": ask("crm.company.fields"),
    "crm.company.get": of("crm.company.get", lambda a: {"ID": a.bare}),
    "crm.company.update": of("crm.company.update", lambda a: {"ID": a.bare, "FIELDS": {"REVENUE": 5}}),
    "crm.company.userfield.add": ask("crm.company.userfield.add", fields={"USER_TYPE_ID": "string", "FIELD_NAME": "X"}),
    "crm.contact.add": ask("crm.contact.add", FIELDS={"NAME": "Ida"}),
    "crm.contact.company.add": of("crm.contact.company.add", lambda a: {"id": a.people[0], "fields": {"COMPANY_ID": a.rich}}),
    "crm.contact.delete": of("crm.contact.delete", lambda a: {"ID": a.people[0]}),
    "crm.contact.list": ask(
        "crm.contact.list", FILTER={"EMAIL": "i@orgel.example"}, SELECT="ID NAME LAST_NAME EMAIL EXPORT ASSIGNED_BY_ID DATE_CREATE".split()),
    "crm.currency.list": ask("crm.currency.list"),
    "crm.deal.add": ask("crm.deal.add", fields={"TITLE": "x"}),
    "crm.deal.contact.items.get": of("crm.deal.contact.items.get", lambda a: {"id": a.deal}),
    "crm.deal.get": of("crm.deal.get", lambda a: {"ID": a.deal}),
    "crm.deal.productrows.get": of("crm.deal.productrows.get", lambda a: {"id": a.deal}),
    "crm.deal.productrows.set": of("crm.deal.productrows.set", lambda a: {"id": a.deal, "rows": []}),
    "crm.dealcategory.stage.list": lambda a: a.call("batch", halt=0, cmd={"0": "crm.dealcategory.stage.list?ID=0&"}),
    "crm.documentgenerator.document.enablepublicurl": of(
        "crm.documentgenerator.document.enablepublicurl", lambda a: {"id": a.document, "status": 1}),
    "crm.documentgenerator.document.list": ask("crm.documentgenerator.document.list"),
    "crm.documentgenerator.document.upload": of("crm.documentgenerator.document.upload", lambda a: {"fields": a.upload()}, app=True),
    "crm.documentgenerator.template.list": ask("crm.documentgenerator.template.list"),
    "crm.duplicate.findbycomm": ask("crm.duplicate.findbycomm", type="EMAIL", values=["i@orgel.example"]),
    "crm.enum.addresstype": ask("crm.enum.addresstype"),
    "crm.enum.ownertype": ask("crm.enum.ownertype"),
    "crm.item.add": ask("crm.item.add", entityTypeId=2, fields={"title": "x"}),
    "crm.item.delete": of("crm.item.delete", lambda a: {"entityTypeId": 31, "id": a.invoice}),
    "crm.item.fields": ask("crm.item.fields", entityTypeId=31),
    "crm.item.get": of("crm.item.get", lambda a: {"entityTypeId": 1, "id": a.lead}),
    "crm.item.list": ask("crm.item.list", entityTypeId=1, select=[
        "id", "title", "lastName", "name", "stageId", "sourceId", "assignedById", "opportunity", "isManualOpportunity"]),
    "crm.item.payment.add": of("crm.item.payment.add", lambda a: {"entityId": a.deal, "entityTypeId": 2}),
    "crm.item.payment.list": paid,
    "crm.item.payment.pay": of("crm.item.payment.pay", lambda a: {"id": a.payment}),
    "crm.item.productrow.fields": ask("crm.item.productrow.fields"),
    "crm.item.productrow.list": of("crm.item.productrow.list", lambda a: {"filter": {"=ownerType": "D", "=ownerId": a.deal}}),
    "crm.item.productrow.set": of(
        "crm.item.productrow.set", lambda a: {"ownerType": "D", "ownerId": a.deal, "productRows": [{"productId": a.product, "price": 5}]}),
    "crm.item.productrow.update": of("crm.item.productrow.update", lambda a: {"id": a.row, "fields": {"price": 5}}),
    "crm.lead.add": ask("crm.lead.add", fields={"TITLE": "x"}),
    "crm.lead.list": ask("crm.lead.list"),
    "crm.quote.add": ask("crm.quote.add", fields={"TITLE": "x"}),
    "crm.quote.get": of("crm.quote.get", lambda a: {"id": a.quote}),
    "crm.quote.productrows.get": of("crm.quote.productrows.get", lambda a: {"id": a.quote}),
    "crm.quote.update": of("crm.quote.update", lambda a: {"id": a.quote, "fields": {"STATUS_ID": "SENT"}}),
    "crm.requisite.add": of("crm.requisite.add", lambda a: {
        "fields": {"ENTITY_TYPE_ID": 4, "ENTITY_ID": a.bare, "PRESET_ID": 1, "NAME": "x"}}),
    "crm.requisite.bankdetail.add": of("crm.requisite.bankdetail.add", lambda a: {"fields": {"ENTITY_ID": a.requisite_id, "NAME": "x"}}),
    "crm.requisite.bankdetail.list": ask("crm.requisite.bankdetail.list", select=["ENTITY_ID", "ID", "NAME"]),
    "crm.requisite.fields": ask("crm.requisite.fields"),
    "crm.requisite.link.get": of("crm.requisite.link.get", lambda a: {"entityTypeId": 31, "entityId": a.invoice}),
    "crm.requisite.link.register": of("crm.requisite.link.register", lambda a: {"fields": a.link}),
    "crm.requisite.list": ask("crm.requisite.list", select=["ENTITY_TYPE_ID", "ENTITY_ID", "ID", "NAME"]),
    "crm.requisite.preset.countries": ask("crm.requisite.preset.countries"),
    "crm.requisite.preset.field.list": ask("crm.requisite.preset.field.list", preset={"ID": 1}),
    "crm.requisite.preset.list": ask("crm.requisite.preset.list", select=["ID", "NAME"]),
    "crm.requisite.update": of("crm.requisite.update", lambda a: {"id": a.requisite_id, "fields": {"RQ_INN": "1"}}),
    "crm.status.add": ask("crm.status.add", fields=stage("DEAL_STAGE")),
    "crm.status.entity.types": ask("crm.status.entity.types"),
    "crm.status.list": ask("crm.status.list", filter={"ENTITY_ID": "DEAL_STAGE"}),
    "crm.timeline.comment.add": of(
        "crm.timeline.comment.add", lambda a: {"fields": {"ENTITY_ID": a.deal, "ENTITY_TYPE": "deal", "COMMENT": "x"}}),
    "crm.timeline.comment.list": of("crm.timeline.comment.list", lambda a: {"filter": {"ENTITY_ID": a.deal, "ENTITY_TYPE": "deal"}}),
    "crm.timeline.logmessage.add": of("crm.timeline.logmessage.add", lambda a: {
        "fields": {"entityTypeId": 2, "entityId": a.deal, "title": "t", "text": "x", "iconCode": "info"}}),
    "crm.vat.list": ask("crm.vat.list", select=["ID", "NAME", "RATE"]),
    "department.get": ask("department.get"),
    "disk.folder.uploadfile": ask("disk.folder.uploadfile", id=21, data={"NAME": "x.pdf"}, fileContent=["x.pdf", PDF]),
    "disk.storage.getlist": ask("disk.storage.getlist"),
    "event.bind": by_app("event.bind", event="ONCRMDEALADD", handler="https://unisono.example/b24"),
    "event.get": by_app("event.get"),
    "event.offline.clear": by_app("event.offline.clear", process_id="none"),
    "event.offline.get": queued,
    "onappinstall": installed,
    "oncrmcompanyupdate": lambda a: a.event("onCrmCompanyUpdate", lambda: a.call("crm.company.update", ID=a.bare, FIELDS={"REVENUE": 5})),
    "oncrmdealadd": lambda a: a.event("onCrmDealAdd", lambda: a.item(2, title="x")),
    "oncrmdynamicitemadd": lambda a: a.event("onCrmDynamicItemAdd", lambda: a.item(31, title="x")),
    "oncrmquoteupdate": lambda a: a.event("onCrmQuoteUpdate", lambda: a.call("crm.quote.update", id=a.quote, fields={"COMMENTS": "x"})),
    "oncrmrequisiteupdate": lambda a: a.event(
        "onCrmRequisiteUpdate", lambda: a.call("crm.requisite.update", id=a.requisite_id, fields={"RQ_INN": "1"})),
    "onofflineevent": woken,
    "placement.bind": by_app("placement.bind", PLACEMENT="CRM_CONTACT_DETAIL_TOOLBAR", HANDLER="https://unisono.example/p", TITLE="t"),
    "placement.get": by_app("placement.get"),
    "profile": ask("profile"),
    "scope": ask("scope", full=True),
    "server.time": ask("server.time"),
    "user.get": ask("user.get", UF_DEPARTMENT=1, SORT="ID"),
    "userfieldconfig.add": enumeration,
    "userfieldconfig.list": enumerations,
    # Recorded answers, by what was asked.
    "recorded batch_list_empty": lambda a: batch(a, order0000000000="crm.deal.list?filter[TITLE]=nothing"),
    "recorded crm_category_list": ask("crm.category.list", entityTypeId=2),
    "recorded crm_item_productrow_list": lambda a: batch(
        a, cmd0000000000=f"crm.item.productrow.list?filter[%3DownerType]=SI&filter[%3DownerId]={a.invoice}"),
    "recorded crm_lead_get_batch_error": lambda a: a.call("batch", halt=0, cmd=["crm.lead.get?id=x"]),
    "recorded crm_dealcategory_stage_list_batch_of_one": lambda a: a.call("batch", halt=0, cmd={"0": "crm.dealcategory.stage.list?ID=0&"}),
}  # fmt: skip
"""Method or event in small letters -> how its answer is asked for."""
