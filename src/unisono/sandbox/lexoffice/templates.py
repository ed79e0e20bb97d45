"""Recurring templates: what an invoice is made from again and again. The API only reads them; people make, pause and delete them.

Known are that they are read only, their intervals and their states; the shape is an invoice's without what only a document has, and the
members of ``recurringTemplateSettings`` are a guess.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import Any

from unisono.sandbox.kit.world import Row
from unisono.sandbox.lexoffice import documents, papers
from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.dates import day, midnight
from unisono.sandbox.lexoffice.documentfields import Reader
from unisono.sandbox.lexoffice.envelope import Answer, Call
from unisono.sandbox.lexoffice.errors import not_found
from unisono.sandbox.lexoffice.kinds import INVOICE
from unisono.sandbox.lexoffice.listing import paged
from unisono.sandbox.lexoffice.people import Values, row_of

TABLE = "templates"
EVENT = "recurring-template"
WEEKS = {"WEEKLY": 1, "BIWEEKLY": 2}
MONTHS = {"MONTHLY": 1, "QUARTERLY": 3, "BIANNUALLY": 6, "ANNUALLY": 12}
STATES = ("ACTIVE", "PAUSED", "ENDED")
_ONLY_DOCUMENTS = ("voucherStatus", "voucherNumber", "voucherDate", "expirationDate", "closingInvoice", "relatedVouchers", "files")
_AS_A_DOCUMENT: Row = {"kind": INVOICE.path, "archived": False, "status": "draft", "number": "", "due": None, "preceding": "", "file": ""}


def shown(account: Account, row: Row) -> Row:
    """A template as the API shows it."""
    found = {name: value for name, value in documents.shown(account, row).items() if name not in _ONLY_DOCUMENTS}
    settings: Row = {"startDate": row["start"].isoformat(), "finalize": row["finalize"], "executionInterval": row["interval"]}
    settings |= {"nextExecutionDate": row["next"].isoformat(), "lastExecutionFailed": False, "executionStatus": row["state"]}
    return found | {"recurringTemplateSettings": settings}


def get(account: Account, call: Call) -> Answer:
    """One template."""
    row = account.find(TABLE, call.id)
    if row is None:
        raise not_found()
    return Answer(shown(account, row))


def listed(account: Account, call: Call) -> Answer:
    """All of them, in pages (guess: each as it is shown by itself, the newest first)."""
    rows = account.ordered(TABLE, lambda row: (-row["created"].timestamp(), row["_key"]))
    return Answer(paged(call, rows, lambda row: shown(account, row), [("createdDate", "DESC")]))


# by people


def create(account: Account, values: Values) -> str:
    """A template takes what an invoice takes, and ``interval``, ``start`` (YYYY-MM-DD) and ``issues`` (yes: its invoices are issued)."""
    interval = str(values.get("INTERVAL") or "MONTHLY").upper()
    if interval not in WEEKS | MONTHS:
        raise ValueError(f"interval {interval!r}: one of {', '.join(WEEKS | MONTHS)}")
    start = day(values["START"]) if values.get("START") else account.today()
    if start is None:
        raise ValueError(f"start {values['START']!r} is not YYYY-MM-DD")
    read = Reader(account, INVOICE, papers.document_body(account, INVOICE, {}, values)).read()
    own = {"interval": interval, "start": start, "next": start, "state": "ACTIVE", "finalize": papers.yes(values.get("ISSUES"))}
    row = account.add(TABLE, read | _AS_A_DOCUMENT | {"payments": []} | own)
    account.happened(f"{EVENT}.created", row["id"])
    return str(row["id"])


def execute(account: Account, values: Values) -> str:
    """The template's hour has come: it makes an invoice of that day; the id of the invoice."""
    row = row_of(account, TABLE, values)
    if row["state"] != "ACTIVE":
        raise ValueError(f"the template is {row['state']}")
    begins = midnight(row["next"])
    held: dict[str, Any] = {name: value for name, value in row.items() if name not in _OWN}
    if held["shippingConditions"]:
        held["shippingConditions"] = held["shippingConditions"] | {"shippingDate": begins}
    made = documents.add(account, INVOICE, held | {"date": begins, "template": row["id"]}, finalize=row["finalize"])
    account.change(TABLE, row, {"next": following(row["next"], row["interval"])})
    account.happened(f"{EVENT}.changed", row["id"])
    return str(made["id"])


def set_state(account: Account, values: Values) -> str:
    """Pause it, let it go on, or end it: ``state``."""
    row, state = row_of(account, TABLE, values), str(values.get("STATE") or "").upper()
    if state not in STATES:
        raise ValueError(f"state {state!r}: one of {', '.join(STATES)}")
    account.change(TABLE, row, {"state": state})
    account.happened(f"{EVENT}.changed", row["id"])
    return str(row["id"])


def delete(account: Account, values: Values) -> str:
    """Delete it; its invoices stay."""
    row = row_of(account, TABLE, values)
    account.remove(TABLE, row)
    account.happened(f"{EVENT}.deleted", row["id"])
    return str(row["id"])


def following(last: date, interval: str) -> date:
    """The next day after one: as many weeks on, or the same day of a later month, which may be shorter."""
    if interval in WEEKS:
        return last + timedelta(weeks=WEEKS[interval])
    months = last.year * 12 + last.month - 1 + MONTHS[interval]
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(last.day, monthrange(year, month)[1]))


_OWN = ("id", "version", "created", "updated", "_key", "interval", "start", "next", "state", "finalize", *_AS_A_DOCUMENT, "payments")
"""What of a template's row no invoice has from it."""
