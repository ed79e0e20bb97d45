"""``/voucherlist``: the only list of documents, and the only "changed since", by whole days. Dunnings are not in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from unisono.sandbox.kit.world import Row
from unisono.sandbox.lexoffice import contacts, documents, vouchers
from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.dates import day, day_of, stamp
from unisono.sandbox.lexoffice.envelope import Answer, Call
from unisono.sandbox.lexoffice.errors import MISSING, parameter, regular
from unisono.sandbox.lexoffice.kinds import ALL
from unisono.sandbox.lexoffice.listing import order_of, paged

TYPES = (*(kind.type for kind in ALL if kind.listed), *vouchers.TYPES)
STATUSES = "draft open paid paidoff voided transferred sepadebit overdue accepted rejected unchecked".split()
_SORTS = {"voucherDate": "date", "createdDate": "created", "updatedDate": "updated", "voucherNumber": "number"}
_DAYS = ("voucherDate", "createdDate", "updatedDate")
_COLLECTIVE = "Sammelkunde"


def status_of(account: Account, row: Row) -> str:
    """The state as the list has it: open ones past their day are overdue, those whose money is being collected say so."""
    late = documents.is_overdue(account, row) if "kind" in row else vouchers.is_overdue(account, row)
    if row["status"] == "open" and row.get("sepa"):
        return "sepadebit"
    return "overdue" if late else str(row["status"])


def type_of(row: Row) -> str:
    """The type of a document or voucher."""
    return documents.kind_of(row).type if "kind" in row else str(row["type"])


def _date(row: Row) -> datetime | None:
    found: datetime | None = row["date"] if "kind" in row else row["voucherDate"]
    return found


def shown(account: Account, row: Row) -> Row:
    """One line of the list."""
    status, sold = status_of(account, row), "kind" in row
    due = row["due"] if sold else row["dueDate"]
    contact = account.find(contacts.TABLE, row["contact"]) if row["contact"] else None
    name = row["address"].get("name", "") if sold else contacts.name_of(contact) if contact else _COLLECTIVE
    # Guess: delivery notes, which have no totals, are listed with 0.
    total: Any = (documents.gross(row) if documents.kind_of(row).totals else 0) if sold else row["gross"]
    open_amount: Any = documents.open_amount(row) if sold else vouchers.open_amount(row)
    voucher_date = _date(row)
    return {
        "id": row["id"],
        "voucherType": type_of(row),
        "voucherStatus": status,
        "voucherNumber": documents.number_of(account, row) if sold else row["number"] or None,
        "voucherDate": stamp(voucher_date) if voucher_date else None,
        "createdDate": stamp(row["created"]),
        "updatedDate": stamp(row["updated"]),
        "dueDate": stamp(due) if due and status != "draft" else None,
        "contactId": row["contact"] or None,
        "contactName": name,
        "totalAmount": total,
        "openAmount": None if status in ("draft", "unchecked") else open_amount,
        "currency": "EUR",
        "archived": row["archived"],
    }


def listed(account: Account, call: Call) -> Answer:
    """The documents and vouchers that fit all filters."""
    types, statuses = _words(call, "voucherType", TYPES), _statuses(account, call)
    days = [held for name in _DAYS for held in _range(call, name)]
    archived, contact = call.flag("archived"), call.text("contactId").lower()
    number = call.request.args.get("voucherNumber")
    if number == "":
        raise regular(400, "voucherNumber: parameter is required")
    sort = order_of(call, tuple(_SORTS), ("voucherDate", "DESC"))

    def fits(row: Row) -> bool:
        if (types and type_of(row) not in types) or (statuses and status_of(account, row) not in statuses):
            return False
        if (archived is not None and row["archived"] != archived) or (contact and row["contact"] != contact):
            return False
        if number is not None and str(row["number"]).casefold() != number.casefold():
            return False
        return account.indexed(row) and all(test(row) for test in days)

    rows = [
        row for table in (documents.TABLE, vouchers.TABLE) for row in account.table(table).values() if type_of(row) in TYPES and fits(row)
    ]
    rows.sort(key=lambda row: (_key(row, _SORTS[sort[0]]), row["created"], row["_key"]), reverse=sort[1] == "DESC")
    return Answer(paged(call, rows, lambda row: shown(account, row), [sort]))


def _key(row: Row, column: str) -> Any:
    if column == "date":
        return _date(row) or row["created"]
    return row[column]


def _words(call: Call, name: str, known: tuple[str, ...] | list[str]) -> set[str]:
    """A list with commas, or nothing for ``any``. Raises ``Refused``."""
    said = call.text(name)
    if not said:
        raise parameter(name, MISSING)
    words = said.split(",")
    if any(word not in (*known, "any") for word in words):
        raise parameter(name)
    return set() if "any" in words else set(words)


def _statuses(account: Account, call: Call) -> set[str]:
    """``open`` includes what is overdue; ``overdue`` stands alone."""
    known = [word for word in STATUSES if word != "unchecked" or account.setting("unchecked_filter")]
    found = _words(call, "voucherStatus", known)
    if "overdue" in found and len(found) > 1:
        raise parameter("voucherStatus")
    return found | {"overdue"} if "open" in found else found


def _range(call: Call, name: str) -> list[Callable[[Row], bool]]:
    """What ``…From`` and ``…To`` ask for: whole days in Germany, both included."""
    column = _SORTS[name]
    tests: list[Callable[[Row], bool]] = []
    for end in ("From", "To"):
        said = call.text(name + end)
        if not said:
            continue
        wanted = day(said)
        if wanted is None:
            raise parameter(name + end)
        tests.append(_between(column, wanted, begins=end == "From"))
    return tests


def _between(column: str, wanted: date, *, begins: bool) -> Callable[[Row], bool]:
    def test(row: Row) -> bool:
        held = _date(row) if column == "date" else row[column]
        if held is None:
            return False
        found = day_of(held)
        return found >= wanted if begins else found <= wanted

    return test
