"""Estimates and invoices: sums to the cent, what can be changed and when, payments, credits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.systems.fastbill.caller import LINE, Caller

ZERO = "0000-00-00 00:00:00"


@pytest.fixture
def fastbill() -> Caller:
    return Caller()


def draft(fastbill: Caller, **data: Any) -> int:
    made: int = fastbill.ok("invoice.create", **{"CUSTOMER_ID": fastbill.customer(), "ITEMS": [LINE], **data})["INVOICE_ID"]
    return made


def issued(fastbill: Caller, **data: Any) -> int:
    made = draft(fastbill, **data)
    fastbill.ok("invoice.complete", INVOICE_ID=made)
    return made


def invoice(fastbill: Caller, made: int | str) -> dict[str, Any]:
    return fastbill.one("invoice.get", "INVOICES", INVOICE_ID=made)


def test_totals_are_bare_numbers_and_item_quantities_are_padded_texts(fastbill: Caller) -> None:
    made = fastbill.customer()
    item = {"DESCRIPTION": "Kran", "QUANTITY": 10, "UNIT_PRICE": 40, "VAT_PERCENT": "19"}

    raw = fastbill.post({"SERVICE": "invoice.create", "DATA": {"CUSTOMER_ID": made, "ITEMS": [item]}}).get_data()
    listed = fastbill.post({"SERVICE": "invoice.get"}).get_data()

    assert b'"INVOICE_ID":9' in raw
    assert b'"QUANTITY":"10.00","UNIT_PRICE":"40.00000000","VAT_PERCENT":"19.00"' in listed
    assert b'"SUB_TOTAL":400,"VAT_TOTAL":76,"VAT_ITEMS":[{"VAT_PERCENT":"19.00","COMPLETE_NET":400,"VAT_VALUE":76}],"TOTAL":476' in listed
    assert b'"INVOICE_NUMBER":""' in listed
    assert f'"PAID_DATE":"{ZERO}"'.encode() in listed
    assert b'"INVOICE_DATE":"2026-11-02"' in listed
    assert b'"DUE_DATE":"2026-11-16 00:00:00"' in listed


@pytest.mark.parametrize(
    ("gross", "lines", "sub_total", "vat_total", "total"),
    (
        (0, [("3", "0.333", "19"), ("1", "0.10", "7")], "1.1", "0.2", "1.3"),
        (0, [("1", "0.05", "19")] * 3, "0.15", "0.03", "0.18"),
        (1, [("1", "119.00", "19"), ("2", "5.35", "7")], "110", "19.7", "129.7"),
        (1, [("1", "9.99", "19")], "8.39", "1.6", "9.99"),
        (0, [("1", "100", "0")], "100", "0", "100"),
    ),
)
def test_tax_is_computed_once_a_rate(
    fastbill: Caller, gross: int, lines: list[tuple[str, str, str]], sub_total: str, vat_total: str, total: str
) -> None:
    items = [{"DESCRIPTION": "x", "QUANTITY": q, "UNIT_PRICE": p, "VAT_PERCENT": v} for q, p, v in lines]

    made = invoice(fastbill, draft(fastbill, ITEMS=items, IS_GROSS=gross))

    assert (made["SUB_TOTAL"], made["VAT_TOTAL"], made["TOTAL"]) == (Decimal(sub_total), Decimal(vat_total), Decimal(total))
    assert sum(v["VAT_VALUE"] for v in made["VAT_ITEMS"]) == made["VAT_TOTAL"]


@pytest.mark.parametrize("items", ([LINE], {"ITEM": [LINE]}, {"ITEM": LINE}, LINE, {"0": LINE}))
def test_items_are_taken_in_every_form_a_client_sends(fastbill: Caller, items: Any) -> None:
    made = invoice(fastbill, draft(fastbill, ITEMS=items))

    assert [(i["DESCRIPTION"], i["SORT_ORDER"], i["COMPLETE_NET"]) for i in made["ITEMS"]] == [("Montage", 1, 191)]


def test_everything_that_is_missing_is_named_in_one_answer(fastbill: Caller) -> None:
    def names(*fields: str) -> list[str]:
        return [f"missing / invalid field: {name}" for name in fields]

    assert fastbill.errors("invoice.create") == names("CUSTOMER_ID", "ITEMS")
    assert fastbill.errors("invoice.create", CURRENCY_CODE="DM", ITEMS=[{}, {"QUANTITY": 1}]) == names(
        "CUSTOMER_ID", "CURRENCY_CODE", "DESCRIPTION", "UNIT_PRICE"
    )
    assert fastbill.errors("estimate.create", CUSTOMER_ID=fastbill.customer(), ITEMS=[{"DESCRIPTION": "x", "UNIT_PRICE": "1,50"}]) == names(
        "UNIT_PRICE", "VAT_PERCENT"
    )
    assert fastbill.simulator.truth()["invoices"] == fastbill.simulator.truth()["estimates"] == []


def test_a_draft_grows_or_is_replaced_and_can_be_deleted(fastbill: Caller) -> None:
    made = draft(fastbill)

    fastbill.ok("invoice.update", INVOICE_ID=made, INVOICE_TITLE="Kranmiete", ITEMS=[{**LINE, "DESCRIPTION": "Abbau"}])
    grown = invoice(fastbill, made)
    fastbill.ok("invoice.update", INVOICE_ID=made, DELETE_EXISTING_ITEMS=1, ITEMS=[{**LINE, "DESCRIPTION": "Pauschale"}])
    replaced = invoice(fastbill, made)
    fastbill.ok("invoice.delete", INVOICE_ID=made)

    assert ([i["DESCRIPTION"] for i in grown["ITEMS"]], grown["SUB_TOTAL"], grown["INVOICE_TITLE"]) == (
        ["Montage", "Abbau"],
        382,
        "Kranmiete",
    )
    assert ([i["DESCRIPTION"] for i in replaced["ITEMS"]], replaced["SUB_TOTAL"]) == (["Pauschale"], 191)
    assert fastbill.get("invoice.get")["INVOICES"] == []


def test_an_item_can_be_listed_and_taken_out_of_a_draft(fastbill: Caller) -> None:
    made = draft(fastbill, ITEMS=[LINE, {**LINE, "DESCRIPTION": "Abbau"}])
    items = fastbill.get("item.get", {"INVOICE_ID": made})["ITEMS"]

    fastbill.ok("item.delete", INVOICE_ITEM_ID=items[0]["INVOICE_ITEM_ID"])

    assert [i["DESCRIPTION"] for i in invoice(fastbill, made)["ITEMS"]] == ["Abbau"]
    assert invoice(fastbill, made)["SUB_TOTAL"] == 191
    assert fastbill.get("item.get")["ERRORS"] == ["missing / invalid field: INVOICE_ID"]


def test_a_completed_invoice_has_a_number_and_changes_no_more(fastbill: Caller) -> None:
    made = draft(fastbill)
    other_draft = draft(fastbill)

    completed = fastbill.ok("invoice.complete", INVOICE_ID=made)

    assert completed["INVOICE_NUMBER"] == "1001"
    assert (invoice(fastbill, made)["TYPE"], invoice(fastbill, made)["INVOICE_NUMBER"]) == ("outgoing", "1001")
    for service in ("invoice.complete", "invoice.update", "invoice.delete"):
        assert fastbill.errors(service, INVOICE_ID=made, ITEMS=[LINE]) == ["Invoice Error: No draft invoice chosen."]
    assert fastbill.ok("invoice.complete", INVOICE_ID=other_draft)["INVOICE_NUMBER"] == "1002"


def test_setpaid_works_once_and_pays_what_is_open(fastbill: Caller) -> None:
    made = issued(fastbill)
    fastbill.act("record_payment", invoice_id=str(made), amount="27.29", date="2026-11-01")
    part = invoice(fastbill, made)

    paid = fastbill.ok("invoice.setpaid", INVOICE_ID=made, PAID_DATE="2026-11-03", PAYMENT_METHOD="Überweisung")
    full = invoice(fastbill, made)

    assert (part["PAID_DATE"], [p["AMOUNT"] for p in part["PAYMENTS"]]) == (ZERO, [Decimal("27.29")])
    assert paid["INVOICE_NUMBER"] == "1001"
    assert (full["PAID_DATE"], full["PAYMENTS"][1]["AMOUNT"], full["PAYMENTS"][1]["TYPE"]) == ("2026-11-03 00:00:00", 200, "Überweisung")
    assert fastbill.errors("invoice.setpaid", INVOICE_ID=made) == ["Invoice Error: Invoice could not be set paid. Maybe it is already?"]
    assert fastbill.errors("invoice.setpaid", INVOICE_ID=draft(fastbill))[0].startswith("Invoice Error: Invoice could not be set paid.")


def test_a_cancelled_invoice_stays_and_a_credit_refers_to_it(fastbill: Caller) -> None:
    made = issued(fastbill)

    fastbill.ok("invoice.cancel", INVOICE_ID=made)
    original, credit = fastbill.get("invoice.get")["INVOICES"]

    assert (original["TYPE"], original["IS_CANCELED"]) == ("outgoing", "1")
    assert (credit["TYPE"], credit["REFERENCED_INVOICE_ID"], credit["TOTAL"]) == ("credit", str(made), -original["TOTAL"])
    assert fastbill.errors("invoice.cancel", INVOICE_ID=made) == ["Invoice Error: Invoice could not be canceled."]
    assert fastbill.errors("invoice.cancel", INVOICE_ID=draft(fastbill)) == ["Invoice Error: Invoice could not be canceled."]


def test_invoices_are_found_by_every_day_they_know(fastbill: Caller) -> None:
    one = issued(fastbill, INVOICE_DATE="2026-10-01", INVOICE_TITLE="Oktober")
    two = draft(fastbill, INVOICE_DATE="2026-11-01")
    fastbill.ok("invoice.setpaid", INVOICE_ID=one, PAID_DATE="2026-10-20")
    fastbill.world.clock.advance(86_400)
    fastbill.ok("invoice.update", INVOICE_ID=two, NOTE="x")

    def found(**filter_: Any) -> list[int]:
        return [int(i["INVOICE_ID"]) for i in fastbill.get("invoice.get", filter_)["INVOICES"]]

    assert found(START_DATE="2026-10-01", END_DATE="2026-10-31") == found(MONTH=10, YEAR=2026) == [one]
    assert found(START_DUE_DATE="2026-11-02") == [two]
    assert found(START_PAID_DATE="2026-10-20", END_PAID_DATE="2026-10-20") == [one]
    assert found(END_PAID_DATE="2026-12-31") == [one]
    assert found(START_LASTUPDATE="2026-11-03") == found(START_LASTUPDATE="2026-11-03 23:59:59") == [two]
    assert found(TYPE="draft") == found(CUSTOMER_ID=fastbill.get("invoice.get", {"INVOICE_ID": two})["INVOICES"][0]["CUSTOMER_ID"]) == [two]
    assert found(INVOICE_NUMBER="1001") == found(INVOICE_TITLE="Oktober") == [one]
    assert fastbill.get("invoice.get", {"START_DATE": "01.10.2026"})["ERRORS"] == ["missing / invalid field: START_DATE"]


def test_an_estimate_is_made_in_state_a_with_a_number(fastbill: Caller) -> None:
    made = fastbill.ok("estimate.create", CUSTOMER_ID=fastbill.customer(), ITEMS=[LINE], INVOICE_TITLE="Kran", INTROTEXT="Ref: 7")

    listed = fastbill.one("estimate.get", "ESTIMATES", ESTIMATE_ID=made["ESTIMATE_ID"])

    assert isinstance(made["ESTIMATE_ID"], int)
    assert listed["ESTIMATE_ID"] == str(made["ESTIMATE_ID"])
    assert (listed["STATE"], listed["ESTIMATE_NUMBER"], listed["INVOICE_TITLE"], listed["INTROTEXT"]) == ("a", "A1001", "Kran", "Ref: 7")
    assert (listed["TOTAL"], listed["ITEMS"][0]["COMPLETE_GROSS"]) == (Decimal("227.29"), Decimal("227.29"))
    assert "STATE" in listed
    assert "LASTUPDATE" not in listed


def test_fields_of_an_estimate_beyond_the_documented_ones_may_not_stick() -> None:
    fastbill = Caller(estimate_extras="drop")

    fastbill.ok("estimate.create", CUSTOMER_ID=fastbill.customer(), ITEMS=[LINE], INVOICE_TITLE="Kran", ESTIMATE_DATE="2026-01-01")
    listed = fastbill.one("estimate.get", "ESTIMATES")

    assert (listed["INVOICE_TITLE"], listed["ESTIMATE_DATE"]) == ("", "2026-11-02")


def test_only_a_person_moves_an_estimate_and_a_mail_does_not(fastbill: Caller) -> None:
    made = str(fastbill.ok("estimate.create", CUSTOMER_ID=fastbill.customer(), ITEMS=[LINE])["ESTIMATE_ID"])

    fastbill.ok("estimate.sendbyemail", ESTIMATE_ID=made, RECIPIENT={"TO": "chef@kranbau.example"}, SUBJECT="Angebot", MESSAGE="Anbei")
    fastbill.act("send_estimate_mail", id=made, to="chef@kranbau.example")
    mailed = fastbill.one("estimate.get", "ESTIMATES")["STATE"]
    fastbill.act("set_estimate_state", id=made, state="b")
    fastbill.act("edit_estimate", id=made, title="Kran, zweite Fassung", items="Kran; 1; 10.00; 7")
    after = fastbill.one("estimate.get", "ESTIMATES")

    assert mailed == "a"
    assert (after["STATE"], after["INVOICE_TITLE"], after["TOTAL"]) == ("b", "Kran, zweite Fassung", Decimal("10.7"))
    assert [m["ABOUT"] for m in fastbill.simulator.truth()["mails"]] == [f"estimates/{made}"] * 2
    assert fastbill.errors("estimate.sendbyemail", ESTIMATE_ID=made, RECIPIENT={"TO": "x"}) == ["missing / invalid field: RECIPIENT"]


def test_a_draft_invoice_made_of_an_estimate_does_not_name_it(fastbill: Caller) -> None:
    made = fastbill.ok("estimate.create", CUSTOMER_ID=fastbill.customer(), ITEMS=[{**LINE, "ARTICLE_NUMBER": "crm-17"}])["ESTIMATE_ID"]

    answer = fastbill.ok("estimate.createinvoice", ESTIMATE_ID=made)
    listed = invoice(fastbill, answer["INVOICE_ID"])

    assert (listed["TYPE"], listed["ITEMS"][0]["ARTICLE_NUMBER"], listed["TOTAL"]) == ("draft", "crm-17", Decimal("227.29"))
    assert "ESTIMATE_ID" not in listed
    assert fastbill.one("estimate.get", "ESTIMATES")["STATE"] == "f"
    assert fastbill.simulator.truth()["invoices"][0]["ESTIMATE_ID"] == str(made)


def test_both_spellings_of_the_estimate_days_work(fastbill: Caller) -> None:
    customer = fastbill.customer()
    for day in ("2026-01-15", "2026-02-15"):
        fastbill.ok("estimate.create", CUSTOMER_ID=customer, ITEMS=[LINE], ESTIMATE_DATE=day)

    def days(**filter_: str) -> list[str]:
        return [e["ESTIMATE_DATE"] for e in fastbill.get("estimate.get", filter_)["ESTIMATES"]]

    assert days(START_DATE="2026-02-01") == days(START_ESTIMATE_DATE="2026-02-01") == ["2026-02-15"]
    assert days(END_DATE="2026-02-01") == days(END_ESTIMATE_DATE="2026-02-01") == ["2026-01-15"]
    assert days(STATE="f") == ["2026-01-15", "2026-02-15"]


def test_a_deleted_estimate_is_gone(fastbill: Caller) -> None:
    made = fastbill.ok("estimate.create", CUSTOMER_ID=fastbill.customer(), ITEMS=[LINE])["ESTIMATE_ID"]

    fastbill.ok("estimate.delete", ESTIMATE_ID=made)

    assert fastbill.get("estimate.get")["ESTIMATES"] == []
    assert fastbill.errors("estimate.delete", ESTIMATE_ID=made) == ["missing / invalid field: ESTIMATE_ID"]


def test_articles_carry_a_price_and_no_stock(fastbill: Caller) -> None:
    made = fastbill.ok("article.create", ARTICLE_NUMBER="K-1", TITLE="Kran", UNIT_PRICE="1200.5")

    fastbill.ok("article.update", ARTICLE_ID=made["ARTICLE_ID"], TITLE="Großer Kran")
    listed = fastbill.one("article.get", "ARTICLES", ARTICLE_NUMBER="K-1")

    assert isinstance(made["ARTICLE_ID"], int)
    assert (listed["ARTICLE_ID"], listed["TITLE"], listed["UNIT_PRICE"]) == (str(made["ARTICLE_ID"]), "Großer Kran", "1200.50000000")
    assert not [name for name in listed if "STOCK" in name]
    assert fastbill.errors("article.create", ARTICLE_NUMBER="K-2", TITLE="x", UNIT_PRICE="viel") == ["missing / invalid field: UNIT_PRICE"]
    fastbill.ok("article.delete", ARTICLE_ID=made["ARTICLE_ID"])
    assert fastbill.get("article.get")["ARTICLES"] == []


def test_an_invoice_can_be_posted_until_the_letters_run_out(fastbill: Caller) -> None:
    made = issued(fastbill)

    left = [fastbill.ok("invoice.sendbypost", INVOICE_ID=made)["REMAINING_CREDITS"] for _ in range(25)]

    assert left == list(range(24, -1, -1))
    assert fastbill.errors("invoice.sendbypost", INVOICE_ID=made) == ["Invoice Error: No credits left."]
    assert fastbill.errors("invoice.sendbyemail", INVOICE_ID=draft(fastbill)) == ["Invoice Error: No completed invoice chosen."]


def test_revenues_are_the_issued_invoices_under_another_key(fastbill: Caller) -> None:
    draft(fastbill)
    made = issued(fastbill)

    assert [r["INVOICE_ID"] for r in fastbill.get("revenue.get")["REVENUES"]] == [str(made)]
    assert fastbill.get("expense.get") == {"EXPENSES": []}
    assert fastbill.get("recurring.get") == {"INVOICES": []}
    assert [t["TEMPLATE_ID"] for t in fastbill.get("template.get")["TEMPLATES"]] == ["2", "7"]
