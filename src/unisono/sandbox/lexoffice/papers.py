"""What a person does with documents and vouchers in the account's web pages.

Values are texts. A document takes ``contact_id``, or ``name`` with ``street``, ``zip``, ``city``, ``country``; ``items``: JSON like the
API's ``lineItems``, or one line each, ``name; quantity; price; tax percent`` (the price net, unless ``tax_type`` is gross); ``title``,
``introduction``, ``remark``, ``date`` (YYYY-MM-DD), ``days`` (of payment), ``discount`` (percent of the whole), ``follows`` (the id of the
document it continues), ``finalize`` (yes).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from unisono.sandbox.kit.world import Row
from unisono.sandbox.lexoffice import documents, payments, vouchers
from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.amounts import cents
from unisono.sandbox.lexoffice.dates import day, midnight, stamp
from unisono.sandbox.lexoffice.documentfields import Reader
from unisono.sandbox.lexoffice.kinds import BY_PATH, QUOTATION, Kind
from unisono.sandbox.lexoffice.masterdata import INCOME, OUTGO
from unisono.sandbox.lexoffice.people import Values, amount, row_of

_OFFER_DAYS = 30
_PLACE = {"NAME": "name", "SUPPLEMENT": "supplement", "STREET": "street", "ZIP": "zip", "CITY": "city", "COUNTRY": "countryCode"}
_TEXTS = {"TITLE": "title", "INTRODUCTION": "introduction", "REMARK": "remark", "LANGUAGE": "language"}


def yes(value: Any) -> bool:
    """Whether a form said yes."""
    return str(value or "").lower() in ("1", "true", "yes", "on")


def items_of(said: Any, side: str) -> list[Row]:
    """Lines in all the ways a form or a test may give them. Raises ``ValueError``."""
    if isinstance(said, str) and said.lstrip().startswith("["):
        found: list[Row] = json.loads(said, parse_float=Decimal)
        return found
    lines = []
    for line in filter(str.strip, str(said or "").splitlines()):
        parts = [part.strip() for part in line.split(";")]
        if len(parts) not in (3, 4):
            raise ValueError(f"item {line!r}: expected name; quantity; price; tax percent")
        tax = amount(parts[3]) if len(parts) == 4 else Decimal(19)
        price = {"currency": "EUR", side: amount(parts[2]), "taxRatePercentage": tax}
        lines.append({"type": "custom", "name": parts[0], "quantity": amount(parts[1]), "unitName": "Stück", "unitPrice": price})
    return lines


def document_body(account: Account, kind: Kind, held: Row, values: Values) -> Row:
    """A document as it stands, with what the values say, as the API would take it."""
    body = dict(held)
    date = day(values["DATE"]) if values.get("DATE") else None
    if values.get("DATE") and date is None:
        raise ValueError(f"date {values['DATE']!r} is not YYYY-MM-DD")
    if date is not None or "voucherDate" not in body:
        begins = midnight(date or account.today())
        body["voucherDate"] = stamp(begins)
        body["expirationDate"] = stamp(begins + timedelta(days=_OFFER_DAYS)) if kind is QUOTATION else None
        body["shippingConditions"] = {"shippingType": "delivery", "shippingDate": stamp(begins)} if kind.shipping else None
    if values.get("CONTACT_ID"):
        body["address"] = {"contactId": values["CONTACT_ID"]}
    elif said := {name: values[key] for key, name in _PLACE.items() if key in values}:
        body["address"] = {"countryCode": "DE"} | body.get("address", {}) | said
    if "TAX_TYPE" in values or "taxConditions" not in body:
        body["taxConditions"] = {"taxType": values.get("TAX_TYPE") or account.setting("tax_type")}
    if "ITEMS" in values or "lineItems" not in body:
        side = "grossAmount" if body["taxConditions"]["taxType"] == "gross" else "netAmount"
        body["lineItems"] = items_of(values.get("ITEMS"), side)
    total = {"currency": "EUR"} | {
        name: body.get("totalPrice", {}).get(name) for name in ("totalDiscountAbsolute", "totalDiscountPercentage")
    }
    if values.get("DISCOUNT"):
        total = {"currency": "EUR", "totalDiscountPercentage": amount(values["DISCOUNT"])}
    body["totalPrice"] = total
    if values.get("DAYS"):
        body["paymentConditions"] = {"paymentTermDuration": int(amount(values["DAYS"]))}
    return body | {name: values[key] for key, name in _TEXTS.items() if key in values}


def creator(kind: Kind) -> Callable[[Account, Values], str]:
    """The act that creates a kind."""

    def create(account: Account, values: Values) -> str:
        before = documents.predecessor(account, kind, values["FOLLOWS"]) if values.get("FOLLOWS") else None
        if before is None and kind.must_follow:
            raise ValueError(f"{kind.title} needs the document it follows")
        held: Row = {}
        if before is not None:
            shown = documents.shown(account, before)
            held = {name: shown[name] for name in ("address", "taxConditions")}
            # What was only offered beside is not taken along.
            held["lineItems"] = [line for line in shown["lineItems"] if not line.get("optional") and not line.get("alternative")]
        read = Reader(account, kind, document_body(account, kind, held, values)).read()
        row = documents.add(account, kind, read, finalize=yes(values.get("FINALIZE")), preceding=before["id"] if before else "")
        return str(row["id"])

    return create


def _document(account: Account, values: Values, *kinds: str) -> Row:
    row = row_of(account, documents.TABLE, values)
    if kinds and row["kind"] not in kinds:
        raise ValueError(f"{row['number']} is none of {', '.join(kinds)}")
    return row


def _in_state(row: Row, *states: str) -> Row:
    if row["status"] not in states:
        raise ValueError(f"{row['number']} is {row['status']}, not {' or '.join(states)}")
    return row


def edit(account: Account, values: Values) -> str:
    """Change a draft."""
    row = _in_state(_document(account, values), "draft")
    kind = BY_PATH[row["kind"]]
    documents.edited(account, row, Reader(account, kind, document_body(account, kind, documents.shown(account, row), values)).read())
    return str(row["id"])


def delete(account: Account, values: Values) -> str:
    """Delete a draft."""
    row = _in_state(_document(account, values), "draft")
    documents.removed(account, row)
    return str(row["id"])


def archive(account: Account, values: Values) -> str:
    """Into the archive, or with ``archived`` false out of it again."""
    row = _document(account, values)
    documents.edited(account, row, {"archived": values.get("ARCHIVED") != "false"})
    return str(row["id"])


def finalize(account: Account, values: Values) -> str:
    """Issue a draft."""
    row = _in_state(_document(account, values), "draft")
    if not documents.kind_of(row).issues:
        raise ValueError(f"{row['number']} stays a draft")
    documents.finalize(account, row)
    return str(row["id"])


def reopen(account: Account, values: Values) -> str:
    """An open document without payments becomes a draft again."""
    row = _in_state(_document(account, values), "open")
    if row["payments"]:
        raise ValueError(f"{row['number']} has payments")
    documents.set_status(account, row, "draft", due=None)
    if documents.kind_of(row).paid:
        account.happened("payment.changed", row["id"])
    return str(row["id"])


def accept(account: Account, values: Values) -> str:
    """The customer wants what was offered."""
    row = _in_state(_document(account, values, QUOTATION.path), "open", "rejected")
    documents.set_status(account, row, "accepted")
    return str(row["id"])


def reject(account: Account, values: Values) -> str:
    """The customer does not want it."""
    row = _in_state(_document(account, values, QUOTATION.path), "open", "accepted")
    documents.set_status(account, row, "rejected")
    return str(row["id"])


def _payable(account: Account, values: Values) -> Row:
    row = account.find(documents.TABLE, values.get("ID") or "") or row_of(account, vouchers.TABLE, values)
    if "kind" in row and not documents.kind_of(row).paid:
        raise ValueError(f"{row['number']} is nothing that is paid")
    return row


def pay(account: Account, values: Values) -> str:
    """All that is open, or ``amount`` of it, on ``date``; ``type`` says how (manualPayment, cashDiscount ...)."""
    row = _in_state(_payable(account, values), "open")
    left = documents.open_amount(row) if "kind" in row else vouchers.open_amount(row)
    when = day(values["DATE"]) if values.get("DATE") else account.today()
    if when is None:
        raise ValueError(f"date {values['DATE']!r} is not YYYY-MM-DD")
    paid = amount(values["AMOUNT"]) if values.get("AMOUNT") else left
    if cents(paid) != paid:
        raise ValueError(f"amount {paid} has parts of a cent")
    payments.record(account, row, paid, when, str(values.get("TYPE") or "manualPayment"))
    return str(row["id"])


def collect(account: Account, values: Values) -> str:
    """A direct debit is on its way; lists say ``sepadebit``."""
    row = _in_state(_document(account, values, "invoices"), "open")
    documents.set_status(account, row, "open", sepa=True)
    return str(row["id"])


def void(account: Account, values: Values) -> str:
    """Call off what is open and unpaid."""
    row = _in_state(_payable(account, values), "open")
    if row["payments"]:
        raise ValueError(f"{row['number']} has payments")
    change = documents.set_status if "kind" in row else vouchers.set_status
    change(account, row, "voided")
    account.happened("payment.changed", row["id"])
    return str(row["id"])


# bookkeeping vouchers


def _voucher(account: Account, row: Row | None, values: Values) -> Row:
    """``type``, ``number``, ``date``, ``amount`` (gross), ``tax`` (percent), ``contact_id``, ``remark``."""
    kind = str(values.get("TYPE") or (row["type"] if row else "purchaseinvoice"))
    gross, rate = amount(values.get("AMOUNT") or "0"), amount(values.get("TAX") or "19")
    tax = gross - cents(gross / (1 + rate / 100))
    category = INCOME if kind.startswith("sales") else OUTGO
    item = {"amount": gross, "taxAmount": tax, "taxRatePercent": rate, "categoryId": category}
    body: Row = {"type": kind, "voucherNumber": values.get("NUMBER"), "voucherDate": values.get("DATE") or account.today().isoformat()}
    body |= {
        "dueDate": values.get("DUE") or None,
        "totalGrossAmount": gross,
        "totalTaxAmount": tax,
        "taxType": "gross",
        "voucherItems": [item],
    }
    body |= {"contactId": values["CONTACT_ID"]} if values.get("CONTACT_ID") else {"useCollectiveContact": True}
    return vouchers.read(account, body | {"remark": values.get("REMARK"), "files": row["files"] if row else []}, status="open")


def create_voucher(account: Account, values: Values) -> str:
    """A receipt is booked."""
    return str(vouchers.add(account, _voucher(account, None, values), status="open")["id"])


def check_voucher(account: Account, values: Values) -> str:
    """Somebody looks at an uploaded receipt and books it."""
    row = _in_state(row_of(account, vouchers.TABLE, values), "unchecked")
    vouchers.set_status(account, row, "open", **_voucher(account, row, values))
    return str(row["id"])


def transfer_voucher(account: Account, values: Values) -> str:
    """The bank has been told to pay."""
    row = _in_state(row_of(account, vouchers.TABLE, values), "open")
    vouchers.set_status(account, row, "transferred")
    return str(row["id"])


def delete_voucher(account: Account, values: Values) -> str:
    """Delete what is not paid."""
    row = _in_state(row_of(account, vouchers.TABLE, values), "open", "unchecked")
    vouchers.remove(account, row)
    return str(row["id"])
