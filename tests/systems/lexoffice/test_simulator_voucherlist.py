"""The list of documents, and what was paid of them: filters, states, days, order; the states as people change them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.systems.lexoffice.caller import Caller

DAY = 86_400


def numbers(account: Caller, **query: Any) -> list[str]:
    return [row["voucherNumber"] for row in account.rows(sort="voucherNumber,ASC", **query)]


def stocked(account: Caller) -> dict[str, str]:
    """One document in each state, over some days."""
    made = {name: account.make(issued=True) for name in ("open", "part", "paid", "void", "late", "sepa")}
    made |= {"draft": account.make(), "note": account.make("delivery-notes")}
    made |= {name: account.make("quotations", issued=True) for name in ("offer", "yes", "no")}
    made["credit"] = account.make("credit-notes", issued=True)
    account.act("pay", id=made["part"], amount="50", date="2026-11-02")
    for act, name in (("pay", "paid"), ("void", "void"), ("accept", "yes"), ("reject", "no"), ("collect", "sepa"), ("pay", "credit")):
        account.act(act, id=made[name])
    return made


def test_a_line_of_the_list_says_what_there_is_and_null_for_the_rest() -> None:
    account = Caller()
    owner = account.company()
    issued, draft = account.make(issued=True, address={"contactId": owner}), account.make()

    by_id = {row["id"]: row for row in account.rows()}

    assert by_id[issued] == {
        "id": issued, "voucherType": "invoice", "voucherStatus": "open", "voucherNumber": "RE0001",
        "voucherDate": "2026-11-02T00:00:00.000+01:00", "createdDate": "2026-11-02T09:00:00.000+01:00",
        "updatedDate": "2026-11-02T09:00:00.000+01:00", "dueDate": "2026-11-16T00:00:00.000+01:00", "contactId": owner,
        "contactName": "Kranbau Riesig GmbH", "totalAmount": 119, "openAmount": 119, "currency": "EUR", "archived": False,
    }  # fmt: skip
    assert [by_id[draft][name] for name in ("dueDate", "contactId", "openAmount", "contactName")] == [None, None, None, "Laufkunde"]


@pytest.mark.parametrize(
    ("types", "states", "expected"),
    (
        ("invoice", "draft", ["RE0007"]),
        ("invoice", "open", ["RE0001", "RE0002", "RE0005"]),
        ("invoice", "paid", ["RE0003"]),
        ("invoice", "voided,sepadebit", ["RE0004", "RE0006"]),
        ("quotation", "any", ["AG0001", "AG0002", "AG0003"]),
        ("quotation", "accepted,rejected", ["AG0002", "AG0003"]),
        ("creditnote,deliverynote", "paidoff,draft", ["GS0001", "LS0001"]),
        ("any", "paidoff", ["GS0001"]),
        ("any", "any", ["AG0001", "AG0002", "AG0003", "GS0001", "LS0001", "RE0001", "RE0002", "RE0003", "RE0004", "RE0005", "RE0006", "RE0007"]),
    ),
)  # fmt: skip
def test_types_and_states_narrow_the_list(types: str, states: str, expected: list[str]) -> None:
    account = Caller()
    stocked(account)

    assert numbers(account, voucherType=types, voucherStatus=states) == expected


def test_open_includes_what_is_overdue_and_overdue_stands_alone() -> None:
    account = Caller()
    key = account.make(issued=True)
    account.world.clock.advance(20 * DAY)

    (row,) = account.rows(voucherStatus="open")

    assert (row["voucherStatus"], account.get(f"invoices/{key}")["voucherStatus"]) == ("overdue", "open")
    assert numbers(account, voucherStatus="overdue") == ["RE0001"]
    assert account.issues("GET", "voucherlist?voucherType=any&voucherStatus=open,overdue", status=400) == [
        ("voucherStatus", "invalid_value")
    ]


@pytest.mark.parametrize(
    ("query", "issue"),
    (
        ("voucherType=any", ("voucherStatus", "missing_entity")),
        ("voucherStatus=any", ("voucherType", "missing_entity")),
        ("voucherType=dunning&voucherStatus=any", ("voucherType", "invalid_value")),
        ("voucherType=any&voucherStatus=new", ("voucherStatus", "invalid_value")),
        ("voucherType=any&voucherStatus=any&updatedDateFrom=2026-11-02T00:00:00", ("updatedDateFrom", "invalid_value")),
        ("voucherType=any&voucherStatus=any&archived=1", ("archived", "invalid_value")),
        ("voucherType=any&voucherStatus=any&sort=total,ASC", ("sort", "invalid_value")),
    ),
)
def test_what_cannot_be_asked_is_a_400(query: str, issue: tuple[str, str]) -> None:
    assert Caller().issues("GET", f"voucherlist?{query}", status=400) == [issue]


def test_an_empty_number_is_refused_and_unchecked_may_be() -> None:
    query = "voucherlist?voucherType=any&voucherStatus="

    assert Caller().refused("GET", f"{query}any&voucherNumber=")[1]["message"] == "voucherNumber: parameter is required"
    assert Caller().get("voucherlist", voucherType="any", voucherStatus="unchecked")["content"] == []
    assert Caller(unchecked_filter=False).issues("GET", f"{query}unchecked", status=400) == [("voucherStatus", "invalid_value")]


def test_days_are_whole_ones_in_germany_with_both_ends() -> None:
    account = Caller()
    account.world.clock.advance(14 * 3600)  # 23:00 in Germany
    account.make(voucherDate="2026-10-31T23:00:00.000Z")
    account.world.clock.advance(3600)
    key = account.make()

    assert numbers(account, createdDateTo="2026-11-02") == ["RE0001"]
    assert numbers(account, createdDateFrom="2026-11-03") == ["RE0002"]
    assert numbers(account, voucherDateFrom="2026-11-01", voucherDateTo="2026-11-01") == ["RE0001"]
    account.world.clock.advance(DAY)
    account.act("finalize", id=key)
    assert numbers(account, updatedDateFrom="2026-11-04") == ["RE0002"]


def test_contact_number_and_archive_narrow_the_list() -> None:
    account = Caller()
    owner = account.company()
    account.make(address={"contactId": owner})
    account.act("archive_document", id=account.make())

    assert numbers(account, contactId=owner) == numbers(account, voucherNumber="re0001") == numbers(account, archived="false") == ["RE0001"]
    assert numbers(account, archived="true") == ["RE0002"]


def test_the_order_is_that_of_days_unless_another_is_asked() -> None:
    account = Caller()
    for day in ("03", "01", "02"):
        account.make(voucherDate=f"2026-11-{day}T00:00:00.000+01:00")

    orders = [
        [row["voucherNumber"] for row in account.rows(**query)] for query in ({}, {"sort": "voucherDate,ASC"}, {"sort": "createdDate,DESC"})
    ]

    assert orders == [["RE0001", "RE0003", "RE0002"], ["RE0002", "RE0003", "RE0001"], ["RE0003", "RE0002", "RE0001"]]


def test_a_fresh_document_is_missing_from_the_list_for_a_moment() -> None:
    account = Caller(index_seconds=2)
    account.make()
    before = account.rows()

    account.world.clock.advance(2)

    assert (before, numbers(account)) == ([], ["RE0001"])


# payments


def test_payments_say_what_is_open_and_what_came() -> None:
    account = Caller()
    made = stocked(account)

    part, paid, void = (account.get(f"payments/{made[name]}") for name in ("part", "paid", "void"))

    assert (part["openAmount"], part["paymentStatus"], part["voucherStatus"]) == (69, "openRevenue", "open")
    assert part["paymentItems"] == [
        {"paymentItemType": "manualPayment", "postingDate": "2026-11-02T00:00:00.000+01:00", "amount": 50, "currency": "EUR"}
    ]
    assert (paid["openAmount"], paid["paymentStatus"], paid["paidDate"]) == (0, "balanced", "2026-11-02T00:00:00.000+01:00")
    assert (void["voucherStatus"], void["paymentStatus"]) == ("voided", "balanced")


def test_a_draft_has_no_payments_and_an_offer_never_has() -> None:
    account = Caller()

    status, said = account.refused("GET", f"payments/{account.make()}")

    assert (status, "no payment information" in said["message"]) == (406, True)
    assert account.refused("GET", f"payments/{account.make('quotations', issued=True)}")[0] == 404
    assert account.refused("POST", f"payments/{account.make(issued=True)}", {"amount": 1})[0] == 405


def test_a_discount_that_is_let_go_pays_the_rest_and_amounts_may_come_as_texts() -> None:
    account = Caller(open_amount_text=True)
    key = account.make(issued=True)
    before = account.get(f"payments/{key}")["openAmount"]

    account.act("pay", id=key, amount="115,43", type="partPaymentFinancialTransaction")
    account.act("pay", id=key, type="cashDiscount")

    said = account.get(f"payments/{key}")
    assert (before, said["openAmount"], said["voucherStatus"]) == ("119.00", "0.00", "paid")
    assert [(one["paymentItemType"], one["amount"]) for one in said["paymentItems"]] == [
        ("partPaymentFinancialTransaction", 115.43), ("cashDiscount", 3.57),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("act", "state"),
    (("pay", "draft"), ("pay", "paid"), ("void", "draft"), ("void", "part"), ("finalize", "open"), ("reopen", "part"), ("accept", "open"),
     ("collect", "draft"), ("finalize", "note"), ("pay", "yes"), ("edit_document", "open"), ("delete_document", "open")),
)  # fmt: skip
def test_states_follow_each_other_in_one_way_only(act: str, state: str) -> None:
    account = Caller()
    made = stocked(account)
    before = account.simulator.truth()

    with pytest.raises(ValueError, match="00"):
        account.act(act, id=made[state])

    assert account.simulator.truth() == before


def test_an_open_invoice_becomes_a_draft_again_and_an_edited_draft_is_issued() -> None:
    account = Caller()
    key = account.make(issued=True)

    account.act("reopen", id=key)
    account.act("edit_document", id=key, items="Seil; 1; 10,00; 7", remark="neu")
    draft = account.get(f"invoices/{key}")
    account.act("finalize", id=key)

    after = account.get(f"invoices/{key}")
    assert (draft["voucherStatus"], draft["totalPrice"]["totalGrossAmount"], draft["remark"]) == ("draft", 10.7, "neu")
    assert (after["voucherStatus"], after["voucherNumber"], after["version"]) == ("open", "RE0001", 4)
