"""``/vouchers``: what is booked without a sales document: receipts in and out."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from unisono.sandbox.kit.world import Row
from unisono.sandbox.lexoffice import contacts
from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.amounts import cents
from unisono.sandbox.lexoffice.dates import day, instant, midnight, stamp
from unisono.sandbox.lexoffice.envelope import Answer, Call, without_nothing
from unisono.sandbox.lexoffice.errors import INVALID, MISSING, legacy, not_found, parameter
from unisono.sandbox.lexoffice.fields import number, text, whole
from unisono.sandbox.lexoffice.listing import paged
from unisono.sandbox.lexoffice.masterdata import CATEGORIES

TABLE = "vouchers"
TYPES = ("salesinvoice", "salescreditnote", "purchaseinvoice", "purchasecreditnote")
_DATES = ("voucherDate", "shippingDate", "dueDate")
_NONE = Decimal(0)


def one(account: Account, key: str) -> Row:
    """A voucher. Raises ``Refused``."""
    row = account.find(TABLE, key)
    if row is None:
        raise not_found()
    return row


def paid_status(row: Row) -> str:
    """What a paid voucher is called. Guess: ``paid`` for invoices, ``paidoff`` for credit notes."""
    return "paid" if row["type"].endswith("invoice") else "paidoff"


def open_amount(row: Row) -> Decimal:
    """What is not paid yet."""
    if row["status"] != "open":
        return _NONE
    total: Decimal = row["gross"]
    return total - sum((payment["amount"] for payment in row["payments"]), _NONE)


def is_overdue(account: Account, row: Row) -> bool:
    """An open voucher past its day."""
    return row["status"] == "open" and row["dueDate"] is not None and bool(row["dueDate"] < account.now() - timedelta(days=1))


def shown(account: Account, row: Row) -> Row:
    """A voucher as the API shows it."""
    found: Row = {"id": row["id"], "organizationId": account.organization, "type": row["type"], "voucherStatus": row["status"]}
    found |= {"voucherNumber": row["number"]} | {name: stamp(row[name]) if row[name] else None for name in _DATES}
    found |= {"totalGrossAmount": row["gross"], "totalTaxAmount": row["tax"], "taxType": row["taxType"]}
    found |= {"useCollectiveContact": not row["contact"], "contactId": row["contact"] or None, "remark": row["remark"]}
    found |= {"voucherItems": [dict(item) for item in row["items"]], "files": list(row["files"])}
    return without_nothing(found | {"createdDate": stamp(row["created"]), "updatedDate": stamp(row["updated"]), "version": row["version"]})


def read(account: Account, body: Row, *, status: str) -> Row:
    """The values of a voucher. Raises ``Refused``. What nobody has looked at yet may lack everything but its kind (guess)."""
    issues: list[tuple[str, str]] = []
    kind = body.get("type")
    if kind not in TYPES:
        issues.append(("type", MISSING if kind is None else INVALID))
    values: Row = {"type": kind, "number": text(body.get("voucherNumber")), "remark": text(body.get("remark"))}
    for name in _DATES:
        values[name] = _date(body.get(name))
        if body.get(name) is not None and values[name] is None:
            issues.append((name, INVALID))
    loose = status == "unchecked"
    if not loose:
        issues += [
            (name, MISSING) for name, held in (("voucherNumber", values["number"]), ("voucherDate", values["voucherDate"])) if not held
        ]
    values["taxType"] = body.get("taxType") or ("gross" if loose else None)
    if values["taxType"] not in ("net", "gross"):
        issues.append(("taxType", INVALID))
    for name, column in (("totalGrossAmount", "gross"), ("totalTaxAmount", "tax")):
        found = number(body.get(name), 2)
        if found is None and not (loose and body.get(name) is None):
            issues.append((name, MISSING if body.get(name) is None else INVALID))
        values[column] = found or _NONE
    contact = body.get("contactId")
    if contact is None and body.get("useCollectiveContact") is not True and not loose:
        issues.append(("contactId", MISSING))
    if contact is not None and (not isinstance(contact, str) or account.find(contacts.TABLE, contact) is None):
        issues.append(("contactId", INVALID))
    values["contact"] = text(contact).lower()
    values["items"] = _items(body.get("voucherItems"), values["taxType"] == "gross", issues, loose=loose)
    _check(values, issues, loose=loose)
    files = body.get("files")
    values["files"] = [key for key in files if account.find("files", key)] if isinstance(files, list) else []
    if issues:
        raise legacy(*issues)
    return values


def _date(value: Any) -> datetime | None:
    """A day, or a full instant."""
    found = day(value)
    return midnight(found) if found else instant(value)


def _items(given: Any, is_gross: bool, issues: list[tuple[str, str]], *, loose: bool) -> list[Row]:
    if not isinstance(given, list) or not given:
        if not loose:
            issues.append(("voucherItems", MISSING))
        return []
    found = []
    for place, item in enumerate(given):
        where, item = f"voucherItems[{place}]", item if isinstance(item, dict) else {}
        line: Row = {"amount": number(item.get("amount"), 2), "taxAmount": number(item.get("taxAmount"), 2)}
        line |= {"taxRatePercent": number(item.get("taxRatePercent"), 2), "categoryId": item.get("categoryId")}
        issues += [(f"{where}.{name}", MISSING) for name, value in line.items() if value is None]
        if line["categoryId"] is not None and line["categoryId"] not in [one["id"] for one in CATEGORIES]:
            issues.append((f"{where}.categoryId", INVALID))
        if None not in line.values():
            rate = line["taxRatePercent"] / 100
            tax = line["amount"] - cents(line["amount"] / (1 + rate)) if is_gross else cents(line["amount"] * rate)
            # Guess: a cent of difference is let pass.
            if abs(tax - line["taxAmount"]) > Decimal("0.01"):
                issues.append((f"{where}.taxAmount", "invalid_taxamount"))
        found.append(line)
    return found


def _check(values: Row, issues: list[tuple[str, str]], *, loose: bool) -> None:
    """The totals are the sums of the items."""
    if issues or (loose and not values["items"]):
        return
    tax = sum((item["taxAmount"] for item in values["items"]), _NONE)
    amount = sum((item["amount"] for item in values["items"]), _NONE)
    if values["gross"] != (amount if values["taxType"] == "gross" else amount + tax):
        issues.append(("totalGrossAmount", "invalid_total_amount"))
    if values["tax"] != tax:
        issues.append(("totalTaxAmount", "invalid_total_amount"))


def add(account: Account, values: Row, *, status: str) -> Row:
    """A new voucher."""
    row = account.add(TABLE, values | {"status": status, "payments": [], "archived": False})
    account.happened("voucher.created", row["id"])
    return row


def from_file(account: Account, file: Row) -> Row:
    """The voucher of an uploaded file: nobody has looked at it yet."""
    values = read(account, {"type": "purchaseinvoice", "files": [file["id"]]}, status="unchecked")
    return add(account, values, status="unchecked")


def change(account: Account, row: Row, values: Row) -> None:
    """Other values."""
    account.change(TABLE, row, values)
    account.happened("voucher.changed", row["id"])


def set_status(account: Account, row: Row, status: str, **values: object) -> None:
    """Another state, by a person."""
    account.change(TABLE, row, {"status": status, **values})
    account.happened("voucher.status.changed", row["id"])


def remove(account: Account, row: Row) -> None:
    """Delete a voucher, by a person."""
    account.remove(TABLE, row)
    account.happened("voucher.deleted", row["id"])


def get(account: Account, call: Call) -> Answer:
    """One voucher."""
    return Answer(shown(account, one(account, call.id)))


def create(account: Account, call: Call) -> Answer:
    """A new voucher, open or unchecked."""
    body = call.body()
    status = body.get("voucherStatus") or "open"
    if status not in ("open", "unchecked"):
        raise legacy(("voucherStatus", INVALID))
    row = add(account, read(account, body, status=status), status=status)
    return Answer(account.made(TABLE, row), 201, f"{TABLE}/{row['id']}")


def update(account: Account, call: Call) -> Answer:
    """The whole voucher anew. Files that are left out are gone."""
    row, body = one(account, call.id), call.body()
    if body.get("voucherStatus") is not None:
        raise legacy(("voucherStatus", INVALID))
    # Guess: a stale version is refused as it is for contacts, and what is paid stays as it is.
    if whole(body.get("version")) != row["version"]:
        raise legacy(("version", MISSING if body.get("version") is None else INVALID))
    if row["status"] not in ("open", "unchecked"):
        raise legacy(("voucherStatus", INVALID))
    values = read(account, body, status=row["status"])
    for key in set(row["files"]) - set(values["files"]):
        file = account.find("files", key)
        if file is not None:
            account.remove("files", file)
    change(account, row, values)
    return Answer(account.made(TABLE, row), subject=f"{TABLE}/{row['id']}")


def listed(account: Account, call: Call) -> Answer:
    """By number only."""
    said = call.text("voucherNumber")
    if not said:
        raise parameter("voucherNumber", MISSING)
    rows = [row for row in account.table(TABLE).values() if row["number"] == said]
    return Answer(paged(call, rows, lambda row: shown(account, row), []))
