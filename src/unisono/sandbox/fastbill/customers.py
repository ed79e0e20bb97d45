"""customer.get, create, update, delete. Firms and private persons are both customers; a firm carries one contact person in its own row."""

from __future__ import annotations

from typing import Any

from unisono.sandbox.fastbill import codes, webhooks
from unisono.sandbox.fastbill.account import NO_TIME, Account, Answer, candidates, filled, key_of, page
from unisono.sandbox.fastbill.envelope import Call
from unisono.sandbox.fastbill.errors import Refusal, field_error, invalid
from unisono.sandbox.fastbill.fields import cleaned, text
from unisono.sandbox.fastbill.parties import NAME_AND_ADDRESS, matches, stamped, wrong_codes
from unisono.sandbox.kit.world import Row

# In the order of the recorded answers, later additions behind.
_FIELDS: dict[str, str] = {
    "CUSTOMER_ID": "",
    "CUSTOMER_NUMBER": "",
    "DAYS_FOR_PAYMENT": "14",
    "CREATED": "",
    "PAYMENT_TYPE": "1",
    "BANK_NAME": "",
    "BANK_ACCOUNT_NUMBER": "",
    "BANK_CODE": "",
    "BANK_ACCOUNT_OWNER": "",
    "BANK_IBAN": "",
    "BANK_BIC": "",
    "BANK_ACCOUNT_MANDATE_REFERENCE": "",
    "SHOW_PAYMENT_NOTICE": "1",
    "ACCOUNT_RECEIVABLE": "",
    "CUSTOMER_ACCOUNT": "",
    "CUSTOMER_TYPE": "",
    "TOP": "0",
    "NEWSLETTER_OPTIN": "0",
    **dict.fromkeys(NAME_AND_ADDRESS, ""),
    "LASTUPDATE": "",
    "TAGS": "",
    "BUYER_REFERENCE": "",
    "GLN": "",
    "DOCUMENT_HISTORY_URL": "",
    "DELETED_DATE": NO_TIME,
}
DATA = frozenset(_FIELDS) - {"DOCUMENT_HISTORY_URL", "DELETED_DATE"}
_WRITABLE = DATA - {"CUSTOMER_ID", "CREATED", "LASTUPDATE"}
_DEFAULTS = {**{k: v for k, v in _FIELDS.items() if v}, "COUNTRY_CODE": "DE", "CURRENCY_CODE": "EUR"}


def get(account: Account, call: Call) -> Answer:
    """List customers. There is no filter for what changed."""
    rows = candidates(account.table("customers"), call.filter, "CUSTOMER_ID")
    tests = []
    for name in ("CUSTOMER_NUMBER", "COUNTRY_CODE", "CITY"):
        if filled(call.filter.get(name)):
            tests.append((name, (text(call.filter[name]) or "").casefold()))
    if tests:
        rows = (row for row in rows if all(row[name].casefold() == said for name, said in tests))
    if filled(call.filter.get("TERM")):
        term = (text(call.filter["TERM"]) or "").casefold()
        rows = (row for row in rows if matches(row, term))
    return Answer(account.listing("CUSTOMERS", [rendered(account, row) for row in page(rows, call)]))


def create(account: Account, call: Call) -> Answer:
    """Make a customer; the answer's id is a number, its customer number a text."""
    row = add(account, call.data)
    return Answer(
        {"STATUS": "success", "CUSTOMER_ID": int(row["CUSTOMER_ID"]), "CUSTOMER_NUMBER": row["CUSTOMER_NUMBER"]},
        f"customers/{row['CUSTOMER_ID']}",
    )


def update(account: Account, call: Call) -> Answer:
    """Change a customer: type and name have to be sent again, other fields that are not sent stay (guess)."""
    row = change(account, call.data)
    return Answer({"STATUS": "success", "CUSTOMER_ID": row["CUSTOMER_ID"]}, f"customers/{row['CUSTOMER_ID']}")


def delete(account: Account, call: Call) -> Answer:
    """Delete a customer. It stays known to its documents and keeps its number (guess)."""
    row = remove(account, call.data.get("CUSTOMER_ID"))
    return Answer({"STATUS": "success"}, f"customers/{row['CUSTOMER_ID']}")


def rendered(account: Account, row: Row) -> dict[str, Any]:
    """The row as a list shows it."""
    shown = {**row, "DOCUMENT_HISTORY_URL": f"{account.setting('portal')}/history/{row['_history']}"}
    del shown["_history"], shown["_blank"]
    if row["_blank"] and row["ACCOUNT_RECEIVABLE"] == "":
        shown["ACCOUNT_RECEIVABLE"] = []
    return shown


def owner(account: Account, customer_id: Any) -> Row:
    """The customer of an id that a request names. Raises ``Refusal``."""
    row = account.table("customers").get(key_of(customer_id))
    if row is None:
        raise invalid("CUSTOMER_ID")
    return row


def add(account: Account, data: dict[str, Any], *, api: bool = True) -> Row:
    """Make a customer from DATA. Raises ``Refusal``."""
    values = {k: v for k, v in cleaned(account, data, _WRITABLE).items() if v}
    _check(account, {**_DEFAULTS, **values}, values)
    number = values.pop("CUSTOMER_NUMBER", "") or _next_number(account)
    key, now = account.new_id("customers"), account.now()
    row: Row = {**_FIELDS, **_DEFAULTS, **values}
    row.update({"CUSTOMER_ID": str(key), "CUSTOMER_NUMBER": number, "CREATED": now, "LASTUPDATE": now})
    # Whether this row's empty accounting number is written as text or as list: both were recorded in one answer.
    row["_blank"] = account.world.random.random() < 0.25
    row["_history"] = f"{account.world.random.getrandbits(96):024x}"
    account.add("customers", row, key)
    webhooks.fire(account, "customer.created", lambda: rendered(account, row), api=api)
    return row


def change(account: Account, data: dict[str, Any], *, api: bool = True) -> Row:
    """Change the customer that DATA names. Raises ``Refusal``."""
    row = owner(account, data.get("CUSTOMER_ID"))
    values = cleaned(account, data, _WRITABLE)
    merged = {**row, **values}
    if api:
        # The vendor's own client insists on type and name with each update.
        named = {k: values.get(k, "") for k in ("CUSTOMER_TYPE", "ORGANIZATION", "LAST_NAME")}
        merged.update(named)
    _check(account, merged, values, row)
    if values.get("CUSTOMER_NUMBER") == "":
        del values["CUSTOMER_NUMBER"]
    if number := values.get("CUSTOMER_NUMBER"):
        account.numbers().discard(row["CUSTOMER_NUMBER"])
        account.numbers().add(number)
    stamped(account, row, values)
    webhooks.fire(account, "customer.updated", lambda: rendered(account, row), api=api)
    return row


def remove(account: Account, customer_id: Any, *, api: bool = True) -> Row:
    """Delete a customer and its contacts. Raises ``Refusal``."""
    row = owner(account, customer_id)
    name, key = row["CUSTOMER_ID"], int(row["CUSTOMER_ID"])
    has_documents = account.owned("estimates").get(name) or account.owned("invoices").get(name)
    if has_documents and account.setting("delete_with_documents") == "refuse":
        raise Refusal("Customer Error: Customer has documents.")
    for contact in list(account.owned("contacts").get(name, {})):
        account.remove("contacts", contact)
    account.remove("customers", key)
    row["DELETED_DATE"] = account.now()
    account.add("deleted_customers", row, key)
    webhooks.fire(account, "customer.deleted", lambda: rendered(account, row), api=api)
    return row


def _next_number(account: Account) -> str:
    number = account.next_number("customers", 1001)
    while number in account.numbers():
        number = account.next_number("customers", 1001)
    return number


def _check(account: Account, whole: dict[str, Any], sent: dict[str, str], present: Row | None = None) -> None:
    """``whole`` is the customer as it would be, ``sent`` what the request said, ``present`` the row before."""
    wrong = []
    kind = whole.get("CUSTOMER_TYPE", "")
    if kind not in codes.CUSTOMER_TYPES:
        wrong.append("CUSTOMER_TYPE")
    if kind == "business" and not whole.get("ORGANIZATION"):
        wrong.append("ORGANIZATION")
    if kind == "consumer" and not whole.get("LAST_NAME"):
        wrong.append("LAST_NAME")
    if account.setting("require_address"):
        wrong += [name for name in ("ZIPCODE", "CITY") if not whole.get(name)]
    wrong += wrong_codes(sent)
    if present is not None:
        wrong += [name for name in ("COUNTRY_CODE", "CURRENCY_CODE") if sent.get(name) == ""]
    if whole.get("PAYMENT_TYPE") not in codes.PAYMENT_TYPES:
        wrong.append("PAYMENT_TYPE")
    if whole.get("PAYMENT_TYPE") == codes.DIRECT_DEBIT:
        wrong += [name for name in ("BANK_NAME", "BANK_IBAN") if not whole.get(name)]
    if not str(whole.get("DAYS_FOR_PAYMENT", "")).isdigit():
        wrong.append("DAYS_FOR_PAYMENT")
    wrong += [name for name in ("TOP", "NEWSLETTER_OPTIN", "SHOW_PAYMENT_NOTICE") if sent.get(name) and sent[name] not in codes.FLAGS]
    number = sent.get("CUSTOMER_NUMBER")
    taken = number and number in account.numbers() and (present is None or present["CUSTOMER_NUMBER"] != number)
    if taken and account.setting("unique_customer_number"):
        wrong.append("CUSTOMER_NUMBER")
    if wrong:
        raise Refusal(*field_error(*wrong))
