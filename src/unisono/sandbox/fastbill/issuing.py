"""invoice.complete, cancel, lock, setpaid and sending: what happens to an invoice once it is more than a draft."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from unisono.sandbox.fastbill import invoices, webhooks
from unisono.sandbox.fastbill.account import NO_TIME, Account, Answer
from unisono.sandbox.fastbill.documents import mailed
from unisono.sandbox.fastbill.envelope import Call
from unisono.sandbox.fastbill.errors import NOT_CANCELLABLE, NOT_COMPLETED, NOT_PAYABLE, Refusal, invalid
from unisono.sandbox.fastbill.fields import cleaned, day
from unisono.sandbox.kit.world import Row

PAID = frozenset({"INVOICE_ID", "PAID_DATE", "PAYMENT_METHOD"})
_LETTERS_IN_STOCK = 25


def complete(account: Account, call: Call) -> Answer:
    """Give a draft its number; it cannot be changed any more."""
    row = invoices.draft(account, call.data.get("INVOICE_ID"))
    finish(account, row)
    return Answer({"STATUS": "success", "INVOICE_NUMBER": row["INVOICE_NUMBER"]}, _subject(row))


def cancel(account: Account, call: Call) -> Answer:
    """Cancel an issued invoice."""
    row = invoices.named(account, call.data.get("INVOICE_ID"))
    call_off(account, row)
    return Answer({"STATUS": "success"}, _subject(row))


def lock(account: Account, call: Call) -> Answer:
    """Lock an issued invoice against changes by people."""
    row = _issued(account, call)
    row["_locked"] = True
    return Answer({"STATUS": "success"}, _subject(row))


def set_paid(account: Account, call: Call) -> Answer:
    """Note that all that is open has been paid. A second time is an error; there is no way to pay a part or to take it back."""
    row = invoices.named(account, call.data.get("INVOICE_ID"))
    values = cleaned(account, call.data, PAID)
    when = day(values["PAID_DATE"]) if values.get("PAID_DATE") else account.today()
    if when is None:
        raise invalid("PAID_DATE")
    if row["TYPE"] == "draft" or row["IS_CANCELED"] == "1" or row["PAID_DATE"] != NO_TIME:
        raise Refusal(NOT_PAYABLE)
    pay(account, row, open_amount(row), when, values.get("PAYMENT_METHOD", ""))
    return Answer({"STATUS": "success", "INVOICE_NUMBER": row["INVOICE_NUMBER"]}, _subject(row))


def send_by_email(account: Account, call: Call) -> Answer:
    """Mail an issued invoice; also the only way to remind."""
    row = _issued(account, call)
    return Answer({"STATUS": "success"}, mailed(account, call.data, _subject(row)))


def send_by_post(account: Account, call: Call) -> Answer:
    """Have an issued invoice printed and posted, which costs a letter of the stock."""
    row = _issued(account, call)
    letter = account.world.storage.next_id("letters")
    if letter > _LETTERS_IN_STOCK:
        raise Refusal("Invoice Error: No credits left.")
    account.add("letters", {"ABOUT": _subject(row), "SENT": account.now()}, letter)
    return Answer({"STATUS": "success", "REMAINING_CREDITS": _LETTERS_IN_STOCK - letter}, f"letters/{letter}")


def finish(account: Account, row: Row, *, api: bool = True) -> None:
    """Turn a draft into an invoice with a number."""
    row.update({"TYPE": "outgoing", "INVOICE_NUMBER": account.next_number("invoices", 1001), "LASTUPDATE": account.now()})
    webhooks.fire(account, "invoice.completed", lambda: invoices.rendered(account, row), api=api)


def call_off(account: Account, row: Row, *, api: bool = True) -> None:
    """Cancel an issued invoice; a credit over the same amount is made with it (guess). Raises ``Refusal``."""
    if row["TYPE"] != "outgoing" or row["IS_CANCELED"] == "1":
        raise Refusal(NOT_CANCELLABLE)
    row.update({"IS_CANCELED": "1", "LASTUPDATE": account.now()})
    webhooks.fire(account, "invoice.canceled", lambda: invoices.rendered(account, row), api=api)
    if account.setting("cancel_creates_credit"):
        credit(account, row, api=api)


def credit(account: Account, row: Row, *, api: bool = True) -> Row:
    """A credit over an issued invoice: its lines with negative quantities (the sign is a guess), and its own number."""
    data = {name: row[name] for name in ("CUSTOMER_ID", "CURRENCY_CODE", "INVOICE_TITLE", "IS_GROSS", "VAT_CASE")}
    items = [{**item, "QUANTITY": format(-Decimal(item["QUANTITY"]), "f")} for item in row["ITEMS"]]
    more = {"TYPE": "credit", "INVOICE_NUMBER": account.next_number("invoices", 1001), "REFERENCED_INVOICE_ID": row["INVOICE_ID"]}
    return invoices.add(account, {**data, "ITEMS": items}, api=api, more=more)


def pay(account: Account, row: Row, amount: Decimal, when: date, method: str = "") -> None:
    """Note a payment; the invoice is paid once nothing is open any more."""
    payment: dict[str, Any] = {
        "PAYMENT_ID": str(account.new_id("payments")),
        "DATE": f"{when.isoformat()} 00:00:00",
        "AMOUNT": amount,
        "CURRENCY_CODE": row["CURRENCY_CODE"],
        "TYPE": method,
        "NOTE": "",
    }
    row["PAYMENTS"] = [*row["PAYMENTS"], payment]
    row["LASTUPDATE"] = account.now()
    if open_amount(row) <= 0:
        row["PAID_DATE"] = payment["DATE"]


def open_amount(row: Row) -> Decimal:
    """What remains to be paid."""
    total: Decimal = row["TOTAL"]
    return total - sum((payment["AMOUNT"] for payment in row["PAYMENTS"]), Decimal(0))


def _issued(account: Account, call: Call) -> Row:
    row = invoices.named(account, call.data.get("INVOICE_ID"))
    if row["TYPE"] == "draft":
        raise Refusal(NOT_COMPLETED)
    return row


def _subject(row: Row) -> str:
    return f"invoices/{row['INVOICE_ID']}"
