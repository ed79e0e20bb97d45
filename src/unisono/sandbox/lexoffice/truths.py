"""The whole data of the account, for an oracle: every record as the API would show it, and what the API keeps to itself."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from unisono.sandbox.kit.world import Row
from unisono.sandbox.lexoffice import articles, contacts, documents, vouchers
from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.dates import stamp
from unisono.sandbox.lexoffice.kinds import ALL
from unisono.sandbox.lexoffice.voucherlist import status_of


def truth(account: Account) -> dict[str, Any]:
    """``{table: [row, ...]}`` in the order they were made: contacts, articles, each kind of document by its path, vouchers, files,
    subscriptions. Sums are texts (``"119.00"`` as computed).

    A document or voucher besides has ``listStatus`` (as the voucherlist says it), ``preceding`` (the id of what it follows), ``payments``
    and ``openAmount``; a file has its ``sha256``.
    """
    found: dict[str, Any] = {
        "contacts": [_plain(contacts.shown(account, row)) for row in account.table(contacts.TABLE).values()],
        "articles": [_plain(articles.shown(account, row)) for row in account.table(articles.TABLE).values()],
        **{kind.path: [] for kind in ALL},
        "vouchers": [
            _plain(vouchers.shown(account, row) | _inside(account, row, vouchers.open_amount(row)))
            for row in account.table(vouchers.TABLE).values()
        ],
        "files": [{name: row[name] for name in ("id", "name", "type", "sha256")} for row in account.table("files").values()],
        "subscriptions": [
            {name: row[name] for name in ("id", "eventType", "callbackUrl")} for row in account.table("subscriptions").values()
        ],
    }
    for row in account.table(documents.TABLE).values():
        inside = _inside(account, row, documents.open_amount(row)) | {"preceding": row["preceding"]}
        found[row["kind"]].append(_plain(documents.shown(account, row) | inside))
    return found


def _inside(account: Account, row: Row, open_amount: Decimal) -> Row:
    return {"listStatus": status_of(account, row), "payments": row["payments"], "openAmount": open_amount}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return {name: _plain(one) for name, one in value.items()} if isinstance(value, dict) else value
