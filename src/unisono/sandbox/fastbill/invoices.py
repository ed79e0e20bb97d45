"""invoice.get, create, update, delete and item.*: drafts are made and changed here; what makes them final is in ``issuing``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from unisono.sandbox.fastbill import codes, customers, fields, webhooks
from unisono.sandbox.fastbill.account import NO_TIME, Account, Answer, candidates, filled, key_of, page
from unisono.sandbox.fastbill.documents import addressed, days_of, due, flag, header_errors, numbered_items, shown, within
from unisono.sandbox.fastbill.envelope import Call
from unisono.sandbox.fastbill.errors import NOT_A_DRAFT, Refusal, field_error, gathered, invalid
from unisono.sandbox.fastbill.fields import cleaned, number, text
from unisono.sandbox.fastbill.lines import item_rows, recomputed, sums
from unisono.sandbox.kit.world import Row

_OPTIONAL: dict[str, str] = {
    "CUSTOMER_COSTCENTER_ID": "0",
    "CONTACT_ID": "0",
    "PROJECT_ID": "0",
    "CURRENCY_CODE": "EUR",
    "TEMPLATE_ID": "2",
    "TEMPLATE_HASH": "",
    "INTROTEXT": "",
    "INVOICE_TITLE": "",
    "INVOICE_DATE": "",
    "DELIVERY_DATE": "",
    "SERVICE_PERIOD_START": "",
    "SERVICE_PERIOD_END": "",
    "CASH_DISCOUNT_PERCENT": "0.00",
    "CASH_DISCOUNT_DAYS": "0",
    "IS_GROSS": "0",
    "CUSTOMER_ACCOUNTING_NOTE": "",
    "CONTRACT_REFERENCE": "",
    "CUSTOMER_ORDER_REFERENCE": "",
    "ORDER_REFERENCE": "",
    "VAT_CASE": "standard",
    "SUBTYPE": "standard",
    "PREVIOUS_INVOICE_ID": "0",
}
DATA = frozenset(_OPTIONAL) | {"CUSTOMER_ID", "INVOICE_ID", "ITEMS", "DELETE_EXISTING_ITEMS"}
_RANGES = (
    ("INVOICE_DATE", ("START_DATE",), ("END_DATE",)),
    ("DUE_DATE", ("START_DUE_DATE",), ("END_DUE_DATE",)),
    ("PAID_DATE", ("START_PAID_DATE",), ("END_PAID_DATE",)),
    ("LASTUPDATE", ("START_LASTUPDATE",), ("END_LASTUPDATE",)),
)
_EQUAL = ("INVOICE_NUMBER", "INVOICE_TITLE", "TYPE", "SUBTYPE", "IS_GROSS")


def get(account: Account, call: Call) -> Answer:
    """List invoices, drafts and credits. START_LASTUPDATE is the one filter for what changed, by whole days."""
    rows = found(account, call.filter)
    return Answer(account.listing("INVOICES", [rendered(account, row) for row in page(rows, call)]))


def found(account: Account, filter_: dict[str, Any]) -> Iterable[Row]:
    """The invoices that a filter leaves, ascending by id. Raises ``Refusal`` for a day that is none."""
    rows = candidates(account.table("invoices"), filter_, "INVOICE_ID", account.owned("invoices"))
    tests = [(name, text(filter_[name])) for name in _EQUAL if filled(filter_.get(name))]
    if tests:
        rows = [row for row in rows if all(row[name] == said for name, said in tests)]
    for name, starts, ends in _RANGES:
        rows = within(rows, filter_, name, starts, ends)
    for name, cut in (("YEAR", slice(0, 4)), ("MONTH", slice(5, 7))):
        if filled(filter_.get(name)):
            wanted = (text(filter_[name]) or "").zfill(2)
            rows = [row for row in rows if row["INVOICE_DATE"][cut] == wanted]
    return rows


def create(account: Account, call: Call) -> Answer:
    """Make a draft; the answer's id is a number."""
    row = add(account, call.data)
    return Answer({"STATUS": "success", "INVOICE_ID": int(row["INVOICE_ID"])}, f"invoices/{row['INVOICE_ID']}")


def update(account: Account, call: Call) -> Answer:
    """Change a draft. Items are added to those it has, unless DELETE_EXISTING_ITEMS is 1."""
    row = draft(account, call.data.get("INVOICE_ID"))
    change(account, row, call.data)
    return Answer({"STATUS": "success", "INVOICE_ID": row["INVOICE_ID"]}, f"invoices/{row['INVOICE_ID']}")


def delete(account: Account, call: Call) -> Answer:
    """Delete a draft."""
    row = draft(account, call.data.get("INVOICE_ID"))
    account.remove("invoices", int(row["INVOICE_ID"]))
    return Answer({"STATUS": "success"}, f"invoices/{row['INVOICE_ID']}")


def get_items(account: Account, call: Call) -> Answer:
    """The items of one invoice; INVOICE_ID is required."""
    row = named(account, call.filter.get("INVOICE_ID"))
    return Answer(account.listing("ITEMS", list(page(row["ITEMS"], call))))


def delete_item(account: Account, call: Call) -> Answer:
    """Take one item out of a draft."""
    item_id = str(key_of(call.data.get("INVOICE_ITEM_ID")))
    for row in account.table("invoices").values():
        if any(item["INVOICE_ITEM_ID"] == item_id for item in row["ITEMS"]):
            draft(account, row["INVOICE_ID"])
            put_items(row, [item for item in row["ITEMS"] if item["INVOICE_ITEM_ID"] != item_id])
            row["LASTUPDATE"] = account.now()
            return Answer({"STATUS": "success"}, f"invoices/{row['INVOICE_ID']}")
    raise invalid("INVOICE_ITEM_ID")


def rendered(account: Account, row: Row) -> dict[str, Any]:
    """The row as a list shows it."""
    result = shown(account, row, "invoices", "INVOICE_ID")
    result["DETAILS_URL"] = f"https://my.fastbill.com/invoice/detail/{row['INVOICE_ID']}"
    return result


def named(account: Account, invoice_id: Any) -> Row:
    """The invoice of an id. Raises ``Refusal``."""
    row = account.table("invoices").get(key_of(invoice_id))
    if row is None:
        raise invalid("INVOICE_ID")
    return row


def draft(account: Account, invoice_id: Any) -> Row:
    """The draft of an id. Raises ``Refusal`` if it is none."""
    row = named(account, invoice_id)
    if row["TYPE"] != "draft":
        raise Refusal(NOT_A_DRAFT)
    return row


def add(account: Account, data: dict[str, Any], *, api: bool = True, more: Row | None = None) -> Row:
    """Make a draft from DATA; ``more`` are members nobody can send (a credit's type, number and reference). Raises ``Refusal``."""
    gross = fields.text(data.get("IS_GROSS")) == "1"
    customer, sent, items = gathered(
        lambda: customers.owner(account, data.get("CUSTOMER_ID")),
        lambda: _read(account, data, key_of(data.get("CUSTOMER_ID"))),
        lambda: item_rows(account, data.get("ITEMS"), gross=gross, vat_required=False),
    )
    values = {name: value for name, value in sent.items() if value}
    key, now = account.new_id("invoices"), account.now()
    row: Row = {
        "INVOICE_ID": str(key),
        "TYPE": "draft",
        "NEXT_INVOICE_ID": "0",
        "REFERENCED_INVOICE_ID": "0",
        "SUBSCRIPTION_ID": "0",
        **addressed(customer),
        **{name: value for name, value in _OPTIONAL.items() if name != "TEMPLATE_HASH"},
        "CURRENCY_CODE": customer["CURRENCY_CODE"],
        "COMMENT_": "",
        "COMMENTS": [],
        "NOTE": "",
        "DAYS_FOR_PAYMENT": customer["DAYS_FOR_PAYMENT"],
        "AFFILIATE": "",
        "BASE_CURRENCY_CODE": "EUR",
        "EXCHANGE_RATE": "1.00000000",
        "INVOICE_NUMBER": "",
        "PAID_DATE": NO_TIME,
        "IS_CANCELED": "0",
        "INVOICE_DATE": account.today().isoformat(),
        "PAYMENTS": [],
        "PAYMENT_INFO": "",
        "LASTUPDATE": now,
        **values,
        **(more or {}),
        "_estimate": "",
        "_locked": False,
    }
    put_items(row, numbered_items(account, items, "INVOICE_ITEM_ID", **_item_head(row)))
    row["DUE_DATE"] = due(date.fromisoformat(row["INVOICE_DATE"]), int(row["DAYS_FOR_PAYMENT"]))
    account.add("invoices", row, key)
    webhooks.fire(account, "invoice.created", lambda: rendered(account, row), api=api)
    return row


def change(account: Account, row: Row, data: dict[str, Any]) -> None:
    """Change a draft. There is no webhook for it. Raises ``Refusal``."""
    customer = customers.owner(account, data.get("CUSTOMER_ID") or row["CUSTOMER_ID"])
    values = _read(account, data, int(customer["CUSTOMER_ID"]))
    gross = flag(values.get("IS_GROSS", row["IS_GROSS"]))
    items: list[Row] = row["ITEMS"]
    replace = data.get("DELETE_EXISTING_ITEMS") in (1, "1", True)
    if replace or filled(data.get("ITEMS")):
        kept = [] if replace else items
        new = item_rows(account, data.get("ITEMS"), gross=gross, vat_required=False, first=len(kept) + 1)
        items = kept + numbered_items(account, new, "INVOICE_ITEM_ID", **_item_head(row))
    if row["CUSTOMER_ID"] != customer["CUSTOMER_ID"]:
        account.owned("invoices")[row["CUSTOMER_ID"]].pop(int(row["INVOICE_ID"]))
        row.update(addressed(customer))
        account.add("invoices", row, int(row["INVOICE_ID"]))
    row.update(values)
    put_items(row, items)
    row["DUE_DATE"] = due(date.fromisoformat(row["INVOICE_DATE"]), int(row["DAYS_FOR_PAYMENT"]))
    row["LASTUPDATE"] = account.now()


def put_items(row: Row, items: list[Row]) -> None:
    """Give an invoice its items, and compute its sums."""
    gross = flag(row["IS_GROSS"])
    recomputed(items, gross=gross)
    row.update({"ITEMS": items, **sums(items, gross=gross)})


def _item_head(row: Row) -> dict[str, str]:
    return {name: row[name] for name in ("INVOICE_ID", "CUSTOMER_ID", "CURRENCY_CODE")}


def _read(account: Account, data: dict[str, Any], customer_id: int) -> dict[str, str]:
    values = cleaned(account, data, frozenset(_OPTIONAL))
    for name in ("INVOICE_DATE", "CURRENCY_CODE", "TEMPLATE_ID", "VAT_CASE", "SUBTYPE"):
        if values.get(name) == "":
            del values[name]
    wrong = days_of(values, "INVOICE_DATE", "SERVICE_PERIOD_START", "SERVICE_PERIOD_END") + header_errors(values)
    if values.get("VAT_CASE", "standard") not in codes.VAT_CASES:
        wrong.append("VAT_CASE")
    if values.get("SUBTYPE", "standard") not in codes.INVOICE_SUBTYPES:
        wrong.append("SUBTYPE")
    contact = values.get("CONTACT_ID")
    if contact and contact != "0" and key_of(contact) not in account.owned("contacts").get(str(customer_id), {}):
        wrong.append("CONTACT_ID")
    if percent := values.get("CASH_DISCOUNT_PERCENT"):
        amount = number(percent)
        if amount is None or not 0 <= amount <= 100:
            wrong.append("CASH_DISCOUNT_PERCENT")
        else:
            values["CASH_DISCOUNT_PERCENT"] = f"{amount:.2f}"
    if values.get("CASH_DISCOUNT_DAYS") and not values["CASH_DISCOUNT_DAYS"].isdigit():
        wrong.append("CASH_DISCOUNT_DAYS")
    if wrong:
        raise Refusal(*field_error(*wrong))
    return values
