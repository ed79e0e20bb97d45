"""contact.get, create, update, delete: further people of a customer ("Ansprechpartner")."""

from __future__ import annotations

from typing import Any

from unisono.sandbox.fastbill import customers, webhooks
from unisono.sandbox.fastbill.account import Account, Answer, candidates, filled, key_of, page
from unisono.sandbox.fastbill.envelope import Call
from unisono.sandbox.fastbill.errors import Refusal, field_error, invalid
from unisono.sandbox.fastbill.fields import cleaned, text
from unisono.sandbox.fastbill.parties import NAME_AND_ADDRESS, matches, stamped, wrong_codes
from unisono.sandbox.kit.world import Row

_FIELDS = ("CONTACT_ID", "CUSTOMER_ID", *NAME_AND_ADDRESS, "COMMENT", "CREATED", "LASTUPDATE", "TAGS")
DATA = frozenset(_FIELDS)
_WRITABLE = DATA - {"CONTACT_ID", "CUSTOMER_ID", "CREATED", "LASTUPDATE"}


def get(account: Account, call: Call) -> Answer:
    """List contacts of one customer, or of all."""
    filter_ = call.filter
    rows = candidates(account.table("contacts"), filter_, "CONTACT_ID", account.owned("contacts"))
    if filled(filter_.get("CUSTOMER_NUMBER")):
        number = text(filter_["CUSTOMER_NUMBER"])
        owners = {row["CUSTOMER_ID"] for row in account.table("customers").values() if row["CUSTOMER_NUMBER"] == number}
        rows = (row for row in rows if row["CUSTOMER_ID"] in owners)
    if filled(filter_.get("TERM")):
        term = (text(filter_["TERM"]) or "").casefold()
        rows = (row for row in rows if matches(row, term))
    return Answer(account.listing("CONTACTS", [dict(row) for row in page(rows, call)]))


def create(account: Account, call: Call) -> Answer:
    """Make a contact; the answer's id is a number."""
    row = add(account, call.data)
    return Answer({"STATUS": "success", "CONTACT_ID": int(row["CONTACT_ID"])}, f"contacts/{row['CONTACT_ID']}")


def update(account: Account, call: Call) -> Answer:
    """Change a contact; fields that are not sent stay (guess)."""
    row = change(account, call.data)
    return Answer({"STATUS": "success", "CONTACT_ID": row["CONTACT_ID"]}, f"contacts/{row['CONTACT_ID']}")


def delete(account: Account, call: Call) -> Answer:
    """Delete a contact; both ids are required."""
    row = remove(account, call.data)
    return Answer({"STATUS": "success"}, f"contacts/{row['CONTACT_ID']}")


def add(account: Account, data: dict[str, Any], *, api: bool = True) -> Row:
    """Make a contact from DATA. Raises ``Refusal``."""
    customer = customers.owner(account, data.get("CUSTOMER_ID"))
    values = {k: v for k, v in cleaned(account, data, _WRITABLE).items() if v}
    _check(values)
    key, now = account.new_id("contacts"), account.now()
    row: Row = {**dict.fromkeys(_FIELDS, ""), "COUNTRY_CODE": "DE", "CURRENCY_CODE": "EUR", **values}
    row.update({"CONTACT_ID": str(key), "CUSTOMER_ID": customer["CUSTOMER_ID"], "CREATED": now, "LASTUPDATE": now})
    account.add("contacts", row, key)
    webhooks.fire(account, "contact.created", lambda: dict(row), api=api)
    return row


def change(account: Account, data: dict[str, Any], *, api: bool = True) -> Row:
    """Change the contact that DATA names. Raises ``Refusal``."""
    row = _named(account, data)
    values = cleaned(account, data, _WRITABLE)
    _check(values)
    stamped(account, row, values)
    webhooks.fire(account, "contact.updated", lambda: dict(row), api=api)
    return row


def remove(account: Account, data: dict[str, Any], *, api: bool = True) -> Row:
    """Delete the contact that DATA names. Raises ``Refusal``."""
    row = _named(account, data)
    account.remove("contacts", int(row["CONTACT_ID"]))
    webhooks.fire(account, "contact.deleted", lambda: dict(row), api=api)
    return row


def _named(account: Account, data: dict[str, Any]) -> Row:
    customer = customers.owner(account, data.get("CUSTOMER_ID"))
    row = account.table("contacts").get(key_of(data.get("CONTACT_ID")))
    if row is None or row["CUSTOMER_ID"] != customer["CUSTOMER_ID"]:
        raise invalid("CONTACT_ID")
    return row


def _check(values: dict[str, str]) -> None:
    if wrong := wrong_codes(values):
        raise Refusal(*field_error(*wrong))
