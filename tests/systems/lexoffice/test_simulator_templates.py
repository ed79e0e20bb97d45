"""Recurring templates of the simulated account: to be read, and made into invoices by their hour."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.systems.lexoffice.caller import Caller
from unisono.sandbox.lexoffice.templates import following


def account_with(**values: Any) -> tuple[Caller, str]:
    """An account with one template for a customer."""
    account = Caller()
    owner = account.act("create_contact", name="Kranbau GmbH", street="Kai 1", zip="28195", city="Bremen")
    said = {"contact_id": owner, "title": "Wartung", "items": "Wartung; 2; 50,00; 19", "start": "2026-01-31"}
    return account, account.act("create_recurring_template", **(said | values))


def test_a_template_is_read_as_an_invoice_without_number_state_and_date() -> None:
    account, template = account_with(interval="quarterly")

    shown, (listed,) = account.get(f"recurring-templates/{template}"), account.get("recurring-templates")["content"]

    assert (shown["title"], shown["address"]["name"], shown["totalPrice"]["totalGrossAmount"]) == ("Wartung", "Kranbau GmbH", 119)
    assert {"voucherNumber", "voucherStatus", "voucherDate", "relatedVouchers"} & set(shown) == set()
    settings = shown["recurringTemplateSettings"]
    assert (settings["executionInterval"], settings["executionStatus"], settings["nextExecutionDate"]) == (
        "QUARTERLY",
        "ACTIVE",
        "2026-01-31",
    )
    assert listed == shown


def test_its_hour_makes_an_invoice_that_names_it_and_the_next_day_moves() -> None:
    account, template = account_with(issues="yes")

    first, second = (account.get(f"invoices/{account.act('execute_recurring_template', id=template)}") for _ in range(2))

    assert [one["recurringTemplateId"] for one in (first, second)] == [template, template]
    assert [one["voucherDate"][:10] for one in (first, second)] == ["2026-01-31", "2026-02-28"]
    assert (first["voucherNumber"], second["voucherNumber"], first["voucherStatus"]) == ("RE0001", "RE0002", "open")
    assert first["lineItems"][0]["lineItemAmount"] == 100
    assert account.get(f"recurring-templates/{template}")["recurringTemplateSettings"]["nextExecutionDate"] == "2026-03-28"
    rows = account.get("voucherlist", voucherType="invoice", voucherStatus="any")["content"]
    assert [row["contactName"] for row in rows] == ["Kranbau GmbH", "Kranbau GmbH"]


def test_without_issuing_it_makes_drafts() -> None:
    account, template = account_with()

    assert account.get(f"invoices/{account.act('execute_recurring_template', id=template)}")["voucherStatus"] == "draft"


def test_a_paused_template_makes_nothing() -> None:
    account, template = account_with()
    account.act("set_recurring_template", id=template, state="paused")

    with pytest.raises(ValueError, match="PAUSED"):
        account.act("execute_recurring_template", id=template)
    assert account.get(f"recurring-templates/{template}")["recurringTemplateSettings"]["executionStatus"] == "PAUSED"
    assert account.get("voucherlist", voucherType="any", voucherStatus="any")["content"] == []


def test_the_api_only_reads_them() -> None:
    account, template = account_with()

    refused = [account.refused(method, f"recurring-templates/{template}", {})[0] for method in ("PUT", "DELETE")]

    assert (refused, account.refused("POST", "recurring-templates", {})[0]) == ([405, 405], 405)


def test_each_of_its_events_is_told() -> None:
    account, template = account_with()
    account.listen(*(f"recurring-template.{what}" for what in ("created", "changed", "deleted")))
    second = account.act("create_recurring_template", name="Kranbau", items="Kran; 1; 1")

    account.act("set_recurring_template", id=template, state="ended")
    account.act("delete_recurring_template", id=template)

    assert account.told() == [
        ("recurring-template.created", second), ("recurring-template.changed", template), ("recurring-template.deleted", template),
    ]  # fmt: skip
    assert account.refused("GET", f"recurring-templates/{template}")[0] == 404


@pytest.mark.parametrize(
    ("interval", "then"),
    (
        *(("WEEKLY", date(2028, 2, 7)), ("BIWEEKLY", date(2028, 2, 14)), ("MONTHLY", date(2028, 2, 29))),
        *(("QUARTERLY", date(2028, 4, 30)), ("BIANNUALLY", date(2028, 7, 31)), ("ANNUALLY", date(2029, 1, 31))),
    ),
)
def test_the_next_day_is_as_far_on_as_the_interval_says(interval: str, then: date) -> None:
    assert following(date(2028, 1, 31), interval) == then


@pytest.mark.parametrize("wrong", ({"interval": "daily"}, {"start": "morgen"}, {"items": "ohne Preis"}))
def test_what_cannot_be_understood_makes_no_template(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"interval|start|item"):
        account_with(**wrong)
