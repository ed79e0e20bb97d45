"""What estimates and invoices have in common: the customer's address of the day, filters by day, mailing, and how a row is shown."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from unisono.sandbox.fastbill import codes, links
from unisono.sandbox.fastbill.account import Account, filled
from unisono.sandbox.fastbill.errors import Refusal, field_error, invalid
from unisono.sandbox.fastbill.fields import cleaned, day, filled_text, is_email
from unisono.sandbox.kit.world import Row

MAIL = frozenset({"RECIPIENT", "SUBJECT", "MESSAGE", "RECEIPT_CONFIRMATION"})
_ADDRESS = (
    "CUSTOMER_ID",
    "CUSTOMER_NUMBER",
    "ORGANIZATION",
    "SALUTATION",
    "FIRST_NAME",
    "LAST_NAME",
    "ADDRESS",
    "ADDRESS_2",
    "ZIPCODE",
    "CITY",
    "COUNTRY_CODE",
    "VAT_ID",
    "PAYMENT_TYPE",
    "BANK_NAME",
    "BANK_ACCOUNT_NUMBER",
    "BANK_CODE",
    "BANK_ACCOUNT_OWNER",
    "BANK_IBAN",
    "BANK_BIC",
)
TEMPLATES = {
    2: {"TEMPLATE_ID": "2", "TEMPLATE_NAME": "Standard", "TEMPLATE_HASH": "6f1c0b7d2a9e4853"},
    7: {"TEMPLATE_ID": "7", "TEMPLATE_NAME": "English", "TEMPLATE_HASH": "b23e91d07c5546fa"},
}


def addressed(customer: Row) -> Row:
    """The part of a document that is copied from its customer on the day it is made."""
    return {name: customer[name] for name in _ADDRESS}


def flag(value: str | None) -> bool:
    """A flag that came as a text."""
    return value == "1"


def days_of(values: dict[str, str], *names: str) -> list[str]:
    """Bring the named day fields to ``YYYY-MM-DD``; answers the names of those that are no day."""
    wrong = []
    for name in names:
        if values.get(name):
            when = day(values[name])
            if when is None:
                wrong.append(name)
            else:
                values[name] = when.isoformat()
    return wrong


def template(values: dict[str, str]) -> list[str]:
    """Settle TEMPLATE_ID from id or hash; answers the names of fields that name no template."""
    by_hash = {t["TEMPLATE_HASH"]: t["TEMPLATE_ID"] for t in TEMPLATES.values()}
    hash_ = values.pop("TEMPLATE_HASH", "")
    if hash_ and hash_ not in by_hash:
        return ["TEMPLATE_HASH"]
    if hash_:
        values["TEMPLATE_ID"] = by_hash[hash_]
    known = {t["TEMPLATE_ID"] for t in TEMPLATES.values()}
    return ["TEMPLATE_ID"] if values.get("TEMPLATE_ID") and values["TEMPLATE_ID"] not in known else []


def header_errors(values: dict[str, str]) -> list[str]:
    """The wrong ones among the fields that estimates and invoices share."""
    wrong = template(values)
    if values.get("CURRENCY_CODE") and values["CURRENCY_CODE"] not in codes.CURRENCIES:
        wrong.append("CURRENCY_CODE")
    if values.get("IS_GROSS") and values["IS_GROSS"] not in codes.FLAGS:
        wrong.append("IS_GROSS")
    return wrong


def numbered_items(account: Account, items: list[Row], id_key: str, **more: str) -> list[Row]:
    """The items with ids of their own, and further members."""
    return [{id_key: str(account.new_id("items")), **more, **item} for item in items]


def due(start: date, days: int) -> str:
    """A due date as FastBill writes it, with an empty time behind."""
    return f"{(start + timedelta(days=days)).isoformat()} 00:00:00"


def shown(account: Account, row: Row, table: str, id_key: str) -> dict[str, Any]:
    """The row as a list shows it: lists in this account's manner, and a fresh link to the PDF."""
    result = {name: value for name, value in row.items() if name[0] != "_"}
    for name in ("VAT_ITEMS", "ITEMS", "PAYMENTS", "COMMENTS"):
        if name in result:
            result[name] = account.shaped(result[name])
    result["DOCUMENT_URL"] = links.issue(account, table, row[id_key])
    return result


def within(rows: Iterable[Row], filter_: dict[str, Any], field_name: str, starts: tuple[str, ...], ends: tuple[str, ...]) -> Iterable[Row]:
    """The rows whose day lies between START and END (both included, whole days); zero dates lie nowhere. Raises ``Refusal``."""
    first, last = _bound(filter_, starts), _bound(filter_, ends)
    if first is None and last is None:
        return rows
    low, high = first or "0001-01-01", last or "9999-12-31"
    return [row for row in rows if low <= row[field_name][:10] <= high]


def _bound(filter_: dict[str, Any], names: tuple[str, ...]) -> str | None:
    for name in names:
        if filled(filter_.get(name)):
            when = day(filter_[name])
            if when is None:
                raise invalid(name)
            return when.isoformat()
    return None


def mailed(account: Account, data: dict[str, Any], about: str) -> str:
    """Send a document by e-mail; answers the mail's ``table/id``. Nothing else changes, the state of the document included."""
    recipient = data.get("RECIPIENT")
    to = recipient if isinstance(recipient, dict) else {"TO": recipient}
    addresses = {name: filled_text(account, to.get(name)) for name in ("TO", "CC", "BCC")}
    wrong = ["RECIPIENT"] if not is_email(addresses["TO"]) or any(a and not is_email(a) for a in addresses.values()) else []
    values = cleaned(account, data, frozenset({"SUBJECT", "MESSAGE", "RECEIPT_CONFIRMATION"}))
    if wrong:
        raise Refusal(*field_error(*wrong))
    key = account.world.storage.next_id("mails")
    account.add("mails", {"ABOUT": about, **addresses, **values, "SENT": account.now()}, key)
    return f"mails/{key}"
