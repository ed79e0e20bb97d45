"""estimate.get, create, delete, sendbyemail, createinvoice. The API can neither change an estimate nor set its state: only people can."""

from __future__ import annotations

from datetime import date
from typing import Any

from unisono.sandbox.fastbill import codes, customers, invoices, webhooks
from unisono.sandbox.fastbill.account import Account, Answer, candidates, filled, key_of, page
from unisono.sandbox.fastbill.documents import addressed, days_of, due, flag, header_errors, mailed, numbered_items, shown, within
from unisono.sandbox.fastbill.envelope import Call
from unisono.sandbox.fastbill.errors import Refusal, field_error, gathered, invalid
from unisono.sandbox.fastbill.fields import cleaned, text
from unisono.sandbox.fastbill.lines import item_rows, sums
from unisono.sandbox.kit.world import Row

_DOCUMENTED = frozenset({"CUSTOMER_ID", "ITEMS", "TEMPLATE_ID", "TEMPLATE_HASH"})
_EXTRAS = frozenset({"CUSTOMER_COSTCENTER_ID", "INTROTEXT", "INVOICE_TITLE", "ESTIMATE_DATE", "CURRENCY_CODE", "IS_GROSS"})
DATA = _DOCUMENTED | _EXTRAS
_VALID_DAYS = 30


def get(account: Account, call: Call) -> Answer:
    """List estimates. Two spellings of the date range are in use; there is no filter for state or change."""
    filter_ = call.filter
    rows = candidates(account.table("estimates"), filter_, "ESTIMATE_ID", account.owned("estimates"))
    if filled(filter_.get("ESTIMATE_NUMBER")):
        number = text(filter_["ESTIMATE_NUMBER"])
        rows = [row for row in rows if row["ESTIMATE_NUMBER"] == number]
    rows = within(rows, filter_, "ESTIMATE_DATE", ("START_DATE", "START_ESTIMATE_DATE"), ("END_DATE", "END_ESTIMATE_DATE"))
    return Answer(account.listing("ESTIMATES", [rendered(account, row) for row in page(rows, call)]))


def create(account: Account, call: Call) -> Answer:
    """Make an estimate in state a. Fields beyond customer, items and template are unverified and may be set to be ignored."""
    data = call.data
    if account.setting("estimate_extras") == "drop":
        data = {name: value for name, value in data.items() if name in _DOCUMENTED}
    row = add(account, data)
    return Answer({"STATUS": "success", "ESTIMATE_ID": int(row["ESTIMATE_ID"])}, f"estimates/{row['ESTIMATE_ID']}")


def delete(account: Account, call: Call) -> Answer:
    """Delete an estimate. No webhook tells of it."""
    row = named(account, call.data.get("ESTIMATE_ID"))
    account.remove("estimates", int(row["ESTIMATE_ID"]))
    return Answer({"STATUS": "success"}, f"estimates/{row['ESTIMATE_ID']}")


def send_by_email(account: Account, call: Call) -> Answer:
    """Mail an estimate. Its state stays what it was: "sent" is set by a person."""
    row = named(account, call.data.get("ESTIMATE_ID"))
    return Answer({"STATUS": "success"}, mailed(account, call.data, f"estimates/{row['ESTIMATE_ID']}"))


def create_invoice(account: Account, call: Call) -> Answer:
    """Make a draft invoice of an estimate, which goes to state f (guess)."""
    row = named(account, call.data.get("ESTIMATE_ID"))
    invoice = invoiced(account, row)
    return Answer({"STATUS": "success", "INVOICE_ID": int(invoice["INVOICE_ID"])}, f"invoices/{invoice['INVOICE_ID']}")


def rendered(account: Account, row: Row) -> dict[str, Any]:
    """The row as a list shows it."""
    return shown(account, row, "estimates", "ESTIMATE_ID")


def named(account: Account, estimate_id: Any) -> Row:
    """The estimate of an id. Raises ``Refusal``."""
    row = account.table("estimates").get(key_of(estimate_id))
    if row is None:
        raise invalid("ESTIMATE_ID")
    return row


def add(account: Account, data: dict[str, Any], *, api: bool = True) -> Row:
    """Make an estimate from DATA. Raises ``Refusal``."""
    gross = text(data.get("IS_GROSS")) == "1"
    customer, values, items = gathered(
        lambda: customers.owner(account, data.get("CUSTOMER_ID")),
        lambda: _read(account, data),
        lambda: item_rows(account, data.get("ITEMS"), gross=gross, vat_required=True),
    )
    day = values.pop("ESTIMATE_DATE", "") or account.today().isoformat()
    key = account.new_id("estimates")
    row: Row = {
        "ESTIMATE_ID": str(key),
        "STATE": "a",
        **addressed(customer),
        "CUSTOMER_COSTCENTER_ID": "0",
        "PROJECT_ID": "0",
        "CURRENCY_CODE": customer["CURRENCY_CODE"],
        "BASE_CURRENCY_CODE": "EUR",
        "EXCHANGE_RATE": "1.00000000",
        "TEMPLATE_ID": "2",
        "ESTIMATE_NUMBER": f"A{account.next_number('estimates', 1001)}",
        "INVOICE_TITLE": "",
        "INTROTEXT": "",
        "ESTIMATE_DATE": day,
        "DUE_DATE": due(date.fromisoformat(day), _VALID_DAYS),
        **{name: value for name, value in values.items() if value and name != "IS_GROSS"},
    }
    _put_items(account, row, items, gross=gross)
    account.add("estimates", row, key)
    webhooks.fire(account, "estimate.created", lambda: rendered(account, row), api=api)
    return row


def change(account: Account, row: Row, data: dict[str, Any]) -> None:
    """Change an estimate as a person does. Raises ``Refusal``."""
    values = _read(account, data)
    gross = flag(values.pop("IS_GROSS", "1" if row["_gross"] else "0"))
    if "ITEMS" in data:
        items = item_rows(account, data["ITEMS"], gross=gross, vat_required=True)
        _put_items(account, row, items, gross=gross)
    row.update(values)
    webhooks.fire(account, "estimate.updated", lambda: rendered(account, row), api=False)


def set_state(account: Account, row: Row, state: str, *, api: bool = False) -> None:
    """Set the state, a to f. Raises ``ValueError``."""
    if state not in codes.ESTIMATE_STATES:
        raise ValueError(f"state {state!r} is none of {', '.join(codes.ESTIMATE_STATES)}")
    row["STATE"] = state
    webhooks.fire(account, "estimate.updated", lambda: rendered(account, row), api=api)


def invoiced(account: Account, row: Row, *, api: bool = True) -> Row:
    """A draft invoice with the estimate's lines; the invoice does not name the estimate."""
    data = {
        **{name: row[name] for name in ("CUSTOMER_ID", "CURRENCY_CODE", "TEMPLATE_ID", "INVOICE_TITLE", "INTROTEXT", "ITEMS")},
        "IS_GROSS": "1" if row["_gross"] else "0",
    }
    invoice = invoices.add(account, data, api=api)
    invoice["_estimate"] = row["ESTIMATE_ID"]
    set_state(account, row, "f", api=api)
    return invoice


def _read(account: Account, data: dict[str, Any]) -> dict[str, str]:
    values = cleaned(account, data, (_EXTRAS | _DOCUMENTED) - {"ITEMS", "CUSTOMER_ID"})
    if wrong := days_of(values, "ESTIMATE_DATE") + header_errors(values):
        raise Refusal(*field_error(*wrong))
    return values


def _put_items(account: Account, row: Row, items: list[Row], *, gross: bool) -> None:
    numbered = numbered_items(account, items, "ESTIMATE_ITEM_ID")
    for item in numbered:
        item["IS_GROSS"] = "1" if gross else "0"
        item.pop("CATEGORY_ID", None)
    row.update({**sums(items, gross=gross), "ITEMS": numbered, "_gross": gross})
