"""What a person does in FastBill's own user interface: also what no API call can do (change an estimate, set its state, part payments).

Values are texts. Fields carry the vendor's names in any case (``organization``, ``ZIPCODE``). Items come as ``items``: JSON like the
API's ITEMS, or one line each, ``description; quantity; unit price; VAT percent``; or as one item in ``description``, ``quantity``,
``unit_price``, ``vat_percent``. Everything answers ``{"id": ...}``. ``KeyError`` is an id or an act that does not exist, ``ValueError``
anything else.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from unisono.sandbox.fastbill import articles, contacts, customers, documents, estimates, invoices, issuing
from unisono.sandbox.fastbill.account import Account, key_of
from unisono.sandbox.fastbill.errors import Refusal
from unisono.sandbox.fastbill.fields import day, number
from unisono.sandbox.kit.world import Row

Values = dict[str, Any]
_ITEM = ("DESCRIPTION", "QUANTITY", "UNIT_PRICE", "VAT_PERCENT")


def act(account: Account, name: str, values: dict[str, str]) -> dict[str, Any]:
    """Perform one act by name."""
    if name not in ACTS:
        raise KeyError(f"no act {name!r}; there are {', '.join(ACTS)}")
    given: Values = {key.upper(): value for key, value in values.items()}
    try:
        return {"id": ACTS[name](account, given)}
    except Refusal as refusal:
        raise ValueError("; ".join(refusal.errors)) from None


def _create_customer(account: Account, values: Values) -> int:
    kind = values.get("CUSTOMER_TYPE") or ("business" if values.get("ORGANIZATION") else "consumer")
    return int(customers.add(account, {**values, "CUSTOMER_TYPE": kind}, api=False)["CUSTOMER_ID"])


def _edit_customer(account: Account, values: Values) -> int:
    row = _row(account, "customers", values)
    customers.change(account, {**values, "CUSTOMER_ID": row["CUSTOMER_ID"]}, api=False)
    return int(row["CUSTOMER_ID"])


def _delete_customer(account: Account, values: Values) -> int:
    row = _row(account, "customers", values)
    return int(customers.remove(account, row["CUSTOMER_ID"], api=False)["CUSTOMER_ID"])


def _create_contact(account: Account, values: Values) -> int:
    _row(account, "customers", values, "CUSTOMER_ID")
    return int(contacts.add(account, values, api=False)["CONTACT_ID"])


def _edit_contact(account: Account, values: Values) -> int:
    return int(contacts.change(account, _contact_ids(account, values), api=False)["CONTACT_ID"])


def _delete_contact(account: Account, values: Values) -> int:
    return int(contacts.remove(account, _contact_ids(account, values), api=False)["CONTACT_ID"])


def _contact_ids(account: Account, values: Values) -> Values:
    row = _row(account, "contacts", values)
    return {**values, "CONTACT_ID": row["CONTACT_ID"], "CUSTOMER_ID": row["CUSTOMER_ID"]}


def _create_estimate(account: Account, values: Values) -> int:
    _row(account, "customers", values, "CUSTOMER_ID")
    return int(estimates.add(account, _document(values), api=False)["ESTIMATE_ID"])


def _edit_estimate(account: Account, values: Values) -> int:
    row = _row(account, "estimates", values)
    estimates.change(account, row, _document(values))
    return int(row["ESTIMATE_ID"])


def _set_estimate_state(account: Account, values: Values) -> int:
    row = _row(account, "estimates", values)
    estimates.set_state(account, row, values.get("STATE", ""))
    return int(row["ESTIMATE_ID"])


def _send_estimate_mail(account: Account, values: Values) -> int:
    row = _row(account, "estimates", values)
    customer = account.table("customers").get(int(row["CUSTOMER_ID"]), {})
    mail = {"RECIPIENT": {"TO": values.get("TO") or customer.get("EMAIL", "")}, "SUBJECT": values.get("SUBJECT", "")}
    documents.mailed(account, mail, f"estimates/{row['ESTIMATE_ID']}")
    return int(row["ESTIMATE_ID"])


def _create_invoice(account: Account, values: Values) -> int:
    if values.get("ESTIMATE_ID"):
        row = estimates.invoiced(account, _row(account, "estimates", values, "ESTIMATE_ID"), api=False)
        changes = {key: value for key, value in _document(values).items() if key not in ("CUSTOMER_ID", "ESTIMATE_ID", "COMPLETE")}
        if changes:
            invoices.change(account, row, {**changes, "DELETE_EXISTING_ITEMS": "1" if "ITEMS" in changes else "0"})
    else:
        _row(account, "customers", values, "CUSTOMER_ID")
        row = invoices.add(account, _document(values), api=False)
    if _yes(values.get("COMPLETE")):
        issuing.finish(account, row, api=False)
    return int(row["INVOICE_ID"])


def _edit_draft_invoice(account: Account, values: Values) -> int:
    row = invoices.draft(account, _row(account, "invoices", values)["INVOICE_ID"])
    changes = _document(values)
    invoices.change(account, row, {**changes, "DELETE_EXISTING_ITEMS": "1" if "ITEMS" in changes else "0"})
    return int(row["INVOICE_ID"])


def _delete_draft_invoice(account: Account, values: Values) -> int:
    row = invoices.draft(account, _row(account, "invoices", values)["INVOICE_ID"])
    account.remove("invoices", int(row["INVOICE_ID"]))
    return int(row["INVOICE_ID"])


def _complete_invoice(account: Account, values: Values) -> int:
    row = invoices.draft(account, _row(account, "invoices", values)["INVOICE_ID"])
    issuing.finish(account, row, api=False)
    return int(row["INVOICE_ID"])


def _cancel_invoice(account: Account, values: Values) -> int:
    row = _row(account, "invoices", values)
    issuing.call_off(account, row, api=False)
    return int(row["INVOICE_ID"])


def _record_payment(account: Account, values: Values) -> int:
    row = _row(account, "invoices", values, "INVOICE_ID")
    amount = number(values["AMOUNT"]) if values.get("AMOUNT") else issuing.open_amount(row)
    when = day(values["DATE"]) if values.get("DATE") else account.today()
    if amount is None or amount.as_tuple().exponent not in (0, -1, -2) or amount == 0:
        raise ValueError(f"amount {values.get('AMOUNT')!r} is no amount of money")
    if when is None:
        raise ValueError(f"date {values.get('DATE')!r} is not YYYY-MM-DD")
    if row["TYPE"] == "draft" or row["IS_CANCELED"] == "1":
        raise ValueError(f"invoice {row['INVOICE_ID']} is a draft or canceled: it takes no payment")
    if row["TYPE"] == "outgoing" and not Decimal(0) < amount <= issuing.open_amount(row):
        raise ValueError(f"amount {amount}: {issuing.open_amount(row)} is open on invoice {row['INVOICE_NUMBER']}")
    issuing.pay(account, row, amount, when, values.get("PAYMENT_METHOD", ""))
    return int(row["INVOICE_ID"])


def _create_credit(account: Account, values: Values) -> int:
    row = _row(account, "invoices", values, "INVOICE_ID")
    if row["TYPE"] != "outgoing":
        raise ValueError(f"invoice {row['INVOICE_ID']} is {row['TYPE']}: a credit needs an issued invoice")
    return int(issuing.credit(account, row, api=False)["INVOICE_ID"])


def _create_article(account: Account, values: Values) -> int:
    return int(articles.add(account, values)["ARTICLE_ID"])


def _row(account: Account, table: str, values: Values, key: str = "ID") -> Row:
    """The row that the values name by ``ID`` or by the vendor's own key. Raises ``KeyError``."""
    own = {"customers": "CUSTOMER_ID", "contacts": "CONTACT_ID", "estimates": "ESTIMATE_ID", "invoices": "INVOICE_ID"}[table]
    said = values.get(key) or values.get(own) or ""
    row = account.table(table).get(key_of(said))
    if row is None:
        raise KeyError(f"no {own} {said!r}")
    return row


def _document(values: Values) -> Values:
    """The values of a document as the API's DATA: title and items in all the ways a form or a test may give them."""
    data = {key: value for key, value in values.items() if key not in ("ID", "TITLE", "ITEMS", *_ITEM)}
    if "TITLE" in values:
        data["INVOICE_TITLE"] = values["TITLE"]
    items = _items(values)
    if items:
        data["ITEMS"] = items
    return data


def _items(values: Values) -> list[dict[str, Any]]:
    said = values.get("ITEMS") or ""
    if isinstance(said, list):
        return [{key.upper(): value for key, value in item.items()} for item in said]
    if said.lstrip().startswith("["):
        return [{key.upper(): value for key, value in item.items()} for item in json.loads(said, parse_float=Decimal)]
    items = [_line(line) for line in said.splitlines() if line.strip()]
    if not items and values.get("DESCRIPTION"):
        items = [{name: values[name] for name in _ITEM if values.get(name)}]
    for item in items:
        item.setdefault("VAT_PERCENT", "19")
    return items


def _line(line: str) -> dict[str, Any]:
    parts = [part.strip() for part in line.split(";")]
    if len(parts) not in (3, 4):
        raise ValueError(f"item {line!r}: expected description; quantity; unit price; VAT percent")
    return dict(zip(_ITEM, [parts[0], *(part.replace(",", ".") for part in parts[1:])], strict=False))


def _yes(value: Any) -> bool:
    return value is True or str(value or "").lower() in ("1", "true", "yes", "on")


ACTS: dict[str, Callable[[Account, Values], int]] = {
    "create_customer": _create_customer,
    "edit_customer": _edit_customer,
    "delete_customer": _delete_customer,
    "create_contact": _create_contact,
    "edit_contact": _edit_contact,
    "delete_contact": _delete_contact,
    "create_estimate": _create_estimate,
    "edit_estimate": _edit_estimate,
    "set_estimate_state": _set_estimate_state,
    "send_estimate_mail": _send_estimate_mail,
    "create_invoice": _create_invoice,
    "edit_draft_invoice": _edit_draft_invoice,
    "delete_draft_invoice": _delete_draft_invoice,
    "complete_invoice": _complete_invoice,
    "cancel_invoice": _cancel_invoice,
    "record_payment": _record_payment,
    "create_credit": _create_credit,
    "create_article": _create_article,
}
