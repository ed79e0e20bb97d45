"""``/payments/{id}``: what was paid. Only a person, or the bank, can pay."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from unisono.sandbox.kit.world import Row
from unisono.sandbox.lexoffice import documents, vouchers
from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.dates import midnight, stamp
from unisono.sandbox.lexoffice.envelope import Answer, Call
from unisono.sandbox.lexoffice.errors import not_found, regular
from unisono.sandbox.lexoffice.voucherlist import type_of


def _payable(account: Account, key: str) -> Row | None:
    row = account.find(documents.TABLE, key) or account.find(vouchers.TABLE, key)
    return row if row is not None and ("kind" not in row or documents.kind_of(row).paid) else None


def get(account: Account, call: Call) -> Answer:
    """What is open and what was paid of a document or voucher."""
    row = _payable(account, call.id)
    if row is None:
        raise not_found()
    if row["status"] in ("draft", "unchecked"):
        raise regular(406, "The requested voucher has no payment information")
    kind = type_of(row)
    left = documents.open_amount(row) if "kind" in row else vouchers.open_amount(row)
    earns = kind in ("invoice", "downpaymentinvoice", "salesinvoice", "purchasecreditnote")
    said: object = f"{left:.2f}" if account.setting("open_amount_text") else left
    shown: Row = {"openAmount": said, "currency": "EUR"}
    shown |= {"paymentStatus": "balanced" if not left else "openRevenue" if earns else "openExpense"}
    shown |= {"voucherType": kind, "voucherStatus": row["status"]}
    if row["status"] in ("paid", "paidoff") and row["payments"]:
        shown["paidDate"] = stamp(midnight(row["payments"][-1]["day"]))
    items = [
        {"paymentItemType": one["type"], "postingDate": stamp(midnight(one["day"])), "amount": one["amount"], "currency": "EUR"}
        for one in row["payments"]
    ]
    return Answer(shown | ({"paymentItems": items} if items else {}))


def record(account: Account, row: Row, amount: Decimal, day: date, kind: str) -> None:
    """Money has come or gone, or what is left is let go (``cashDiscount``); a document of which nothing is left is paid."""
    sold = "kind" in row
    left = documents.open_amount(row) if sold else vouchers.open_amount(row)
    if row["status"] != "open" or not Decimal(0) < amount <= left:
        raise ValueError(f"amount {amount}: {left} is open on {row['number']}")
    payments = [*row["payments"], {"amount": amount, "day": day, "type": kind}]
    if amount < left:
        account.change(documents.TABLE if sold else vouchers.TABLE, row, {"payments": payments})
    elif sold:
        documents.set_status(account, row, documents.kind_of(row).paid, payments=payments, sepa=False)
    else:
        vouchers.set_status(account, row, vouchers.paid_status(row), payments=payments)
    account.happened("payment.changed", row["id"])
