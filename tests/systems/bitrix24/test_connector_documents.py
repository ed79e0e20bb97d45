"""Deals, quotes and smart invoices: read whatever their stages are called, moved on, and made."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.systems.bitrix24.portal import portal, records, system_of
from tests.systems.bitrix24.test_connector_contract import Portal
from tests.systems.bitrix24.test_connector_lists import answering
from tests.systems.contract.account import caught
from unisono.connect.port import System
from unisono.model.codes import INVOICE, QUOTATION
from unisono.model.document import Document, Line, Lines, adds_up
from unisono.model.errors import NotThere, Refused, TryLater, Unclear
from unisono.model.money import Basis
from unisono.model.party import Party
from unisono.model.record import Kind
from unisono.model.writing import Write
from unisono.systems.bitrix24.choices import choices, settled
from unisono.systems.bitrix24.client import Step
from unisono.systems.bitrix24.stages import Stage, choose, directories
from unisono.systems.bitrix24.system import Bitrix24
from unisono.systems.bitrix24.ways import ways_of

REFERENCE = "uni-contract2345672a"
FIELDS = {"deals": {"number": "UF_CRM_RE_NUMBER", "view_url": "UF_CRM_RE_LINK"}}


def moved(kind: Kind, key: str, **changes: str) -> Write:
    return Write(operation="change", side="a", kind=kind, key=key, changes=changes)


def do(system: System, write: Write) -> str:
    """A write the way it is made where nothing is read before: papers are changed unread."""
    key = ""
    for command in system.compose(write, None):
        key = system.send(command).key
    return key


def document(account: Portal, resource: str, key: str) -> Document:
    raw = account.system.read(resource, key)
    assert raw is not None
    (record,) = account.system.records(raw)
    assert isinstance(record.body, Document)
    return record.body


def add_stage(account: Portal, directory: str, status: str, name: str, meaning: str | None = None) -> None:
    fields = {"ENTITY_ID": directory, "STATUS_ID": status, "NAME": name, "SORT": 900, "SEMANTICS": meaning}
    system_of(account).client.write([Step("item", "crm.status.add", {"fields": fields})])


def stage_of(account: Portal, table: str, key: str) -> str:
    (row,) = [row for row in account.simulator.truth()[table] if str(row["ID"]) == key]
    return str(row.get("STAGE_ID") or row.get("STATUS_ID"))


# --- reading ----------------------------------------------------------------------------------------------------------------------------


def test_a_stage_of_the_firm_s_own_is_understood_by_its_meaning() -> None:
    account = portal()
    add_stage(account, "QUOTE_STATUS", "UC_NO", "Zu teuer", "F")
    add_stage(account, "QUOTE_STATUS", "UC_ASK", "Nachgefasst")
    for word in ("UC_NO", "UC_ASK", "SENT"):
        key = account.act("create_quote", title=word)
        account.act("move_quote", id=key, stage=word)

    bodies = [record.body for record in records(account, "quotes")]

    assert {b.title: (b.stage, b.answer) for b in bodies if isinstance(b, Document)} == {
        "UC_NO": ("sent", "rejected"),
        "UC_ASK": ("sent", "open"),
        "SENT": ("sent", "open"),
    }
    assert document(account, "quotes", account.all("quotes")[0].key).answer == "rejected"


def test_portals_without_stages_of_their_own_are_not_asked_for_them() -> None:
    account = portal()
    account.act("create_invoice", title="Rechnung", items="Kran; 1; 119,00; 19")
    calls = len(account.wire.sent)

    records(account, "invoices")

    assert len(account.wire.sent) == calls + 1


def test_an_amount_without_rows_says_nothing_about_tax() -> None:
    account = portal()
    key = account.act("create_deal", title="Kran", amount="99.50")

    body = document(account, "deals", key)

    assert (body.value, body.gross, body.net, body.vat) == (Decimal("99.5"), Decimal("99.5"), None, None)


def test_a_discount_is_in_the_price_and_the_totals_add_up() -> None:
    account = portal()
    firm = account.act("create_company", title="Kranbau Riesig GmbH")
    key = account.act("create_invoice", title="Rechnung", company_id=firm)
    row = {"productName": "Kran", "price": 80000, "quantity": 1, "discountTypeId": 2, "discountRate": 20, "taxRate": 20, "taxIncluded": "Y"}
    params = {"ownerType": "SI", "ownerId": int(key), "productRows": [row]}
    system_of(account).client.write([Step("rows", "crm.item.productrow.set", params)])

    body = document(account, "invoices", key)

    assert isinstance(body.lines, Lines)
    assert (body.lines.rows[0].price, body.gross, body.basis, adds_up(body)) == (Decimal(80000), Decimal(80000), "gross", "")


def test_an_invoice_names_its_quote_else_its_deal_and_a_quote_its_contact() -> None:
    account = portal()
    deal, quote, person = (
        account.act("create_deal", title="A"),
        account.act("create_quote", title="B"),
        account.act("create_contact", name="Ida"),
    )
    client = system_of(account).client
    keys = []
    for fields in ({"parentId2": int(deal)}, {"parentId2": int(deal), "parentId7": int(quote)}):
        key = account.act("create_invoice", title="R")
        client.write([Step("item", "crm.item.update", {"entityTypeId": 31, "id": int(key), "fields": fields})])
        keys.append(key)
    client.write([Step("item", "crm.item.update", {"entityTypeId": 7, "id": int(quote), "fields": {"contactIds": [int(person)]}})])

    assert [document(account, "invoices", key).preceding for key in keys] == [f"deal:{deal}", f"quote:{quote}"]
    (record,) = records(account, "quotes")
    assert record.owner == f"contact:{person}"


# --- moving on --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "kind", "changes", "stage"),
    (
        ("deal", "quote", {"answer": "accepted"}, "WON"),
        ("deal", "quote", {"answer": "rejected"}, "LOSE"),
        ("deal", "quote", {"stage": "Vorkasse"}, "PREPAYMENT_INVOICE"),
        ("deal", "quote", {"stage": "final_invoice"}, ""),
        ("deal", "quote", {"stage": "FINAL_INVOICE"}, "FINAL_INVOICE"),
        ("deal", "quote", {"stage": "sent"}, ""),
        ("quote", "quote", {"stage": "sent"}, "SENT"),
        ("quote", "quote", {"answer": "accepted"}, "APPROVED"),
        ("quote", "quote", {"answer": "rejected"}, "DECLAINED"),
        ("invoice", "invoice", {"stage": "sent"}, "DT31_3:S"),
        ("invoice", "invoice", {"paid": "full"}, "DT31_3:P"),
        ("invoice", "invoice", {"stage": "cancelled"}, "DT31_3:D"),
        ("invoice", "invoice", {"stage": "nicht bezahlt"}, "DT31_3:D"),
        ("invoice", "invoice", {"stage": "issued"}, ""),
    ),
)
def test_a_paper_is_moved_to_the_stage_that_says_it_or_refused_by_name(what: str, kind: Kind, changes: dict[str, str], stage: str) -> None:
    account = portal()
    key = account.act(f"create_{what}", title="Kran")
    write, before = moved(kind, f"{what}:{key}", **changes), stage_of(account, f"{what}s", key)

    if stage:
        assert do(account.system, write) == f"{what}:{key}"
    else:
        fault = caught(Refused, lambda: do(account.system, write))
        assert (fault.code, fault.field, fault.values["value"]) == ("stage-not-there", "stage", changes["stage"])

    assert stage_of(account, f"{what}s", key) == (stage or before)


def test_a_deal_of_another_pipeline_is_moved_within_it() -> None:
    account = portal()
    number = account.act("add_pipeline", name="Service")
    key = account.act("create_deal", title="Kran", category_id=number)

    do(account.system, moved("quote", f"deal:{key}", answer="accepted"))

    assert stage_of(account, "deals", key) == f"C{number}:WON"


def test_a_paper_that_stands_where_it_should_is_not_written() -> None:
    account = portal()
    add_stage(account, "DEAL_STAGE", "UC_DONE", "Erledigt", "S")
    key = account.act("create_deal", title="Kran")
    account.act("move_deal", id=key, stage="UC_DONE")
    writes = account.writes()

    do(account.system, moved("quote", f"deal:{key}", answer="accepted"))

    assert (account.writes(), stage_of(account, "deals", key)) == (writes, "UC_DONE"), "another stage of the same meaning is left alone"


def test_two_stages_of_one_name_are_told_apart_by_their_id_only() -> None:
    two = (Stage("UC_1", "Warten", ""), Stage("UC_2", "warten", ""))

    assert choose(two, "deals", "NEW", {"stage": "UC_2"}) == "UC_2"
    assert caught(Refused, lambda: choose(two, "deals", "NEW", {"stage": "Warten"})).code == "stage-not-there"


def test_a_directory_is_read_to_its_end_and_rows_of_others_are_passed_over() -> None:
    stages = [{"ENTITY_ID": "DEAL_STAGE", "STATUS_ID": f"UC_{n}", "NAME": f"Phase {n}", "SEMANTICS": None} for n in range(60)]
    other = {"ENTITY_ID": "QUOTE_STATUS", "STATUS_ID": "APPROVED", "NAME": "Angenommen", "SEMANTICS": "S"}
    asked: list[int] = []

    def answer(method: str, body: dict[str, Any]) -> Any:
        assert method == "crm.status.list"
        asked.append(body.get("start", 0))
        return {"result": [other, *stages][asked[-1] :][:50]}

    system = answering(answer)
    assert isinstance(system, Bitrix24)

    found = directories(system.client, {"DEAL_STAGE", ""})

    assert [stage.id for stage in found["DEAL_STAGE"]] == [f"UC_{n}" for n in range(60)]
    assert asked == [0, 50]
    assert caught(Refused, lambda: choose(found["DEAL_STAGE"], "deals", "UC_1", {"answer": "accepted"})).field == "answer"


def test_a_paper_that_is_gone_is_not_there_and_a_failed_look_is_no_doubt() -> None:
    account = portal()
    key = account.act("create_deal", title="Kran")
    (command,) = account.system.compose(moved("quote", f"deal:{key}", answer="accepted"), None)
    account.world.faults.arm("status", times=99, value=503)
    caught(TryLater, lambda: account.system.send(command))
    account.world.faults.clear()
    assert stage_of(account, "deals", key) == "NEW"

    account.act("delete_deal", id=key)
    caught(NotThere, lambda: account.system.send(command))


def test_the_counterpart_s_number_and_page_stand_in_the_fields_that_were_named() -> None:
    account = portal(paper_fields=FIELDS)
    for name in ("RE_NUMBER", "RE_LINK"):
        account.act("make_field", kind="deal", name=name, type="string")
    key = account.act("create_deal", title="Kran")
    assert {"number", "view_url"} <= set(account.system.capabilities.fields("quote"))
    assert not {"number", "view_url"} & set(account.system.capabilities.fields("invoice"))

    write = moved("quote", f"deal:{key}", number="RE-7", view_url="https://rechnung.example/7", answer="accepted")
    calls = len(account.wire.sent)
    do(account.system, write)

    (row,) = account.simulator.truth()["deals"]
    assert (row["UF_CRM_RE_NUMBER"], row["UF_CRM_RE_LINK"], row["STAGE_ID"]) == ("RE-7", "https://rechnung.example/7", "WON")
    assert len(account.wire.sent) == calls + 3, "two looks, one write"
    assert account.system.compose(moved("quote", "quote:1", number="RE-7"), None) == (), "quotes have no field for it here"
    fault = caught(Refused, lambda: account.system.compose(moved("invoice", "invoice:1", number="RE-7"), None))
    assert (fault.code, fault.field) == ("cannot-hold", "number")


@pytest.mark.parametrize(
    "fields",
    ({"leads": {"number": "UF_CRM_X"}}, {"deals": {"title": "UF_CRM_X"}}, {"deals": {"number": "TITLE"}}, {"deals": {"number": ""}}),
)
def test_a_field_that_cannot_be_is_named_at_set_up(fields: dict[str, dict[str, str]]) -> None:
    with pytest.raises(ValueError, match=r"paper_fields\.(leads|deals)\."):
        ways_of({"paper_fields": fields})


def test_a_person_chooses_the_fields_of_a_deal_and_where_article_numbers_stand() -> None:
    account = portal()
    for name, kind in (("RE_NUMBER", "string"), ("RE_LINK", "url"), ("RE_PAID", "boolean")):
        account.act("make_field", kind="deal", name=name, type=kind)
    system = system_of(account)
    found = {one.name: one for one in choices(system, {})}
    assert [offer.value for offer in found["deal_number"].offers] == ["none", "UF_CRM_RE_NUMBER", "UF_CRM_RE_LINK"]
    assert (found["article_field"].value, "files_as_comments" in found) == ("xmlId", False), "a webhook has nothing to choose there"

    kept = settled(system, {}, {"deal_number": "UF_CRM_RE_NUMBER", "deal_link": "UF_CRM_RE_LINK", "article_field": "code"})

    assert (kept["paper_fields"], ways_of(kept).article_field) == (FIELDS, "code")
    assert {one.name: one.value for one in choices(system, kept)}["deal_link"] == "UF_CRM_RE_LINK"
    assert "paper_fields" not in settled(system, kept, {"deal_number": "none", "deal_link": "none"})


# --- making -----------------------------------------------------------------------------------------------------------------------------


def paper(kind: Kind, *lines: Line, basis: Basis = "net", **given: Any) -> Document:
    rows = lines or (Line(name="Kran", quantity=Decimal(3), unit="Std", price=Decimal("33.33"), vat_rate=Decimal(19)),)
    plain: dict[str, Any] = {"title": "Kran", "date": dt.date(2026, 3, 2), "due": dt.date(2026, 3, 16), "currency": "EUR", "basis": basis}
    return Document(type_code=INVOICE if kind == "invoice" else QUOTATION, lines=Lines(rows), **plain | given)


def made(account: Portal, kind: Kind, body: Document) -> tuple[str, Document]:
    firm = account.do(Write(operation="create", side="a", kind="party", body=Party(type="company", name="Kranbau Riesig GmbH")))
    key = account.do(Write(operation="create", side="a", kind=kind, body=body, owner=firm, reference=REFERENCE))
    got = account.record(kind, key).body
    assert isinstance(got, Document)
    return key, got


@pytest.mark.parametrize("kind", ("quote", "invoice"))
def test_a_paper_is_made_with_its_rows_in_one_call_and_found_again(kind: Kind) -> None:
    account = portal()
    deal = account.act("create_deal", title="Kran")
    calls = len(account.wire.sent)

    key, got = made(account, kind, paper(kind, preceding=f"deal:{deal}", gross=Decimal("118.99")))

    assert len(account.wire.sent) - calls == 3, "its customer, itself, and reading it back"
    assert (got.reference, got.preceding, got.date, got.due) == (REFERENCE, f"deal:{deal}", dt.date(2026, 3, 2), dt.date(2026, 3, 16))
    assert (got.gross, got.basis, got.stage) == (Decimal("118.99"), "gross", "draft")
    assert key.startswith(f"{kind}:")


def test_a_quote_for_a_person_names_that_person_and_is_found_again() -> None:
    account = portal()
    person = account.act("create_contact", name="Ida", last_name="Uhl")
    line = Line(name="Kran", price=Decimal("33.33"))
    body = paper("quote", line, basis="gross")
    write = Write(operation="create", side="a", kind="quote", body=body, owner=f"contact:{person}", reference=REFERENCE)

    key = account.do(write)

    record = account.record("quote", key)
    assert isinstance(record.body, Document)
    assert isinstance(record.body.lines, Lines)
    assert (record.owner, record.body.lines.rows[0].vat_rate) == (f"contact:{person}", None), "a row without a rate is given none"
    assert [raw.key for raw in account.system.probe(write)] == [key.partition(":")[2]]


def test_net_prices_are_grossed_up_where_no_cent_moves_and_else_a_line_is_one_piece() -> None:
    account = portal()
    exact = Line(name="Kran", quantity=Decimal(2), unit="Std", price=Decimal(100), vat_rate=Decimal(19))
    fine = Line(name="Schraube", quantity=Decimal(1000), unit="Stk", price=Decimal("0.0123"), vat_rate=Decimal(19))

    _, whole = made(account, "quote", paper("quote", exact))
    _, folded = made(account, "invoice", paper("invoice", fine))

    assert isinstance(whole.lines, Lines)
    assert isinstance(folded.lines, Lines)
    assert [(line.quantity, line.price) for line in whole.lines.rows] == [(Decimal(2), Decimal(119))]
    assert [(line.name, line.quantity, line.price) for line in folded.lines.rows] == [("Schraube (1000 Stk)", Decimal(1), Decimal("14.64"))]
    assert (whole.gross, folded.gross) == (Decimal(238), Decimal("14.64"))


def test_a_total_that_the_portal_cannot_hold_is_refused_with_both_totals() -> None:
    account = portal()
    lines = tuple(Line(name=f"Teil {n}", price=Decimal("0.33"), vat_rate=Decimal(19)) for n in range(3))
    firm = account.act("create_company", title="Kranbau Riesig GmbH")
    write = Write(operation="create", side="a", kind="invoice", body=paper("invoice", *lines), owner=f"company:{firm}", reference=REFERENCE)
    calls = len(account.wire.sent)

    fault = caught(Refused, lambda: account.system.compose(write, None))

    assert (fault.code, fault.field, fault.values["total"], fault.values["there"]) == ("total-not-held", "gross", "1.18", "1.17")
    assert len(account.wire.sent) == calls


@pytest.mark.parametrize(
    ("body", "code", "field"),
    (
        (paper("quote", title=""), "missing-field", "title"),
        (paper("quote", basis="unknown"), "missing-field", "basis"),
        (paper("quote", stage="issued"), "not-allowed", "stage"),
        (paper("quote", Line(name=" ", price=Decimal(1), vat_rate=Decimal(0))), "missing-field", "lines.name"),
        (paper("quote", Line(name="x" * 257, price=Decimal(1), vat_rate=Decimal(0))), "too-long", "lines.name"),
        (paper("quote", Line(name="$result[item][item][id]", price=Decimal(1), vat_rate=Decimal(0))), "cannot-hold", "lines.name"),
        (paper("quote", Line(name="Kran", price=Decimal(1))), "missing-field", "lines.vat_rate"),
        (paper("quote", Line(name="Kran", price=Decimal("1.005"), vat_rate=Decimal(0)), basis="gross"), "too-fine", "lines.price"),
    ),
)
def test_what_a_paper_has_no_place_for_never_leaves(body: Document, code: str, field: str) -> None:
    account = portal()
    write = Write(operation="create", side="a", kind="quote", body=body, owner="company:1", reference=REFERENCE)

    fault = caught(Refused, lambda: account.system.compose(write, None))

    assert (fault.code, fault.field) == (code, field)


def test_a_paper_whose_rows_did_not_arrive_is_found_and_not_made_again() -> None:
    account = portal()
    firm = account.act("create_company", title="Kranbau Riesig GmbH")
    write = Write(operation="create", side="a", kind="quote", body=paper("quote"), owner=f"company:{firm}", reference=REFERENCE)
    (command,) = account.system.compose(write, None)
    steps = command.payload["steps"]
    broken = [steps[0], ["rows", "crm.item.productrow.set", {**steps[1][2], "ownerType": "?"}]]

    caught(Unclear, lambda: account.system.send(replace(command, payload={**command.payload, "steps": broken})))

    assert len(account.system.probe(write)) == 1
    assert account.system.probe(replace(write, reference="uni-somebodyelse2345")) == ()
