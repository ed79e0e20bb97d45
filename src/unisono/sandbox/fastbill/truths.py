"""The whole data of the account, for an oracle: every table, without the vendor's quirks of notation."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from unisono.sandbox.fastbill.account import Account
from unisono.sandbox.fastbill.envelope import plain
from unisono.sandbox.kit.world import Row

_TABLES = ("customers", "deleted_customers", "contacts", "estimates", "invoices", "articles", "webhooks", "mails", "letters", "times")


def truth(account: Account) -> dict[str, Any]:
    """``{table: [row, ...]}`` ascending by id: vendor's field names, sums as texts (``"1190.5"``).

    An invoice also says what FastBill's API keeps to itself: ``ESTIMATE_ID`` (the estimate it was made from, or empty) and ``LOCKED``.
    """
    return {name: [_row(row) for row in account.table(name).values()] for name in _TABLES}


def _row(row: Row) -> dict[str, Any]:
    shown = {name: _plain(value) for name, value in row.items() if name[0] != "_"}
    if "_locked" in row:
        shown.update({"ESTIMATE_ID": row["_estimate"], "LOCKED": row["_locked"]})
    return shown


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return {name: _plain(member) for name, member in value.items()} if isinstance(value, dict) else value
