"""The sales documents: making them, reading them, what becomes of them. What was issued is never changed through the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from unisono.sandbox.kit.world import Row
from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.dates import stamp
from unisono.sandbox.lexoffice.documentfields import Reader
from unisono.sandbox.lexoffice.envelope import Answer, Call, without_nothing
from unisono.sandbox.lexoffice.errors import invalid, not_found
from unisono.sandbox.lexoffice.kinds import BY_PATH, INVOICE, Kind

TABLE = "documents"


def kind_of(row: Row) -> Kind:
    """The kind of a document."""
    return BY_PATH[row["kind"]]


def one(account: Account, kind: Kind, key: str) -> Row:
    """A document of a kind. Raises ``Refused``: an id of another kind is unknown here."""
    row = account.find(TABLE, key)
    if row is None or row["kind"] != kind.path:
        raise not_found()
    return row


def gross(row: Row) -> Decimal:
    """What a document comes to."""
    total: Decimal = row["totalPrice"]["totalGrossAmount"]
    return total


def open_amount(row: Row) -> Decimal:
    """What of it is not paid yet."""
    if row["status"] != "open":
        return Decimal(0)
    return gross(row) - sum((one["amount"] for one in row["payments"]), Decimal(0))


def has_file(row: Row) -> bool:
    """What can be issued has a PDF from then on; the others always have one."""
    return row["status"] != "draft" or not kind_of(row).issues


def is_overdue(account: Account, row: Row) -> bool:
    """An open invoice past its day."""
    return row["status"] == "open" and row["due"] is not None and bool(row["due"] < account.now() - timedelta(days=1))


def shown(account: Account, row: Row) -> Row:
    """A document as the API shows it."""
    kind = kind_of(row)
    found: Row = {"id": row["id"], "organizationId": account.organization, "createdDate": stamp(row["created"])}
    found |= {"updatedDate": stamp(row["updated"]), "version": row["version"], "language": row["language"], "archived": row["archived"]}
    found |= {"voucherStatus": row["status"], "voucherNumber": number_of(account, row), "voucherDate": stamp(row["date"])}
    found |= {"expirationDate": stamp(row["expiration"]) if row["expiration"] else None}
    found |= {"dueDate": stamp(row["due"]) if row["due"] and row["status"] != "draft" else None}
    found |= {"address": dict(row["address"]), "xRechnung": row["xRechnung"]}
    if kind.paid == "paid":
        found["electronicDocumentProfile"] = "XRechnung" if row["xRechnung"] else "NONE"  # guess: the word for an electronic one
    found |= {"lineItems": [dict(line) for line in row["lineItems"]]}
    if kind.totals:
        found |= {"totalPrice": dict(row["totalPrice"]), "taxAmounts": list(row["taxAmounts"])}
    found |= {"taxConditions": dict(row["taxConditions"]), "paymentConditions": row["paymentConditions"]}
    if row["shippingConditions"]:
        dates = {name: value if isinstance(value, str) else stamp(value) for name, value in row["shippingConditions"].items()}
        found["shippingConditions"] = dates
    if kind is INVOICE:
        found |= {"closingInvoice": False, "recurringTemplateId": row.get("template")}
    found |= {"relatedVouchers": related(account, row)}
    found |= {name: row[name] for name in ("printLayoutId", "title", "introduction", "remark", "deliveryTerms")}
    if row["file"] and has_file(row):
        found["files"] = {"documentFileId": row["file"]}
    return without_nothing(found)


def number_of(account: Account, row: Row) -> str | None:
    """A document's number; it may show a little later than the document."""
    if account.age(row) < timedelta(seconds=account.setting("number_seconds")):
        return None
    return str(row["number"])


def related(account: Account, row: Row) -> list[Row]:
    """What the document follows, and what follows it (guess: both ways)."""
    before = account.find(TABLE, row["preceding"]) if row["preceding"] else None
    found = [*([before] if before else []), *account.by(TABLE, "preceding", row["id"])]
    return [{"id": other["id"], "voucherNumber": other["number"], "voucherType": kind_of(other).type} for other in found]


# making and changing; also by people


def add(account: Account, kind: Kind, values: Row, *, finalize: bool, preceding: str = "") -> Row:
    """A new document: a draft, or issued at once."""
    if finalize and kind.issues and not values["lineItems"]:
        raise invalid(("lineItems", "NOTEMPTY"))  # guess: a draft may be without lines, as one was recorded
    number = account.world.storage.next_id(f"number:{kind.path}")
    values = values | {"kind": kind.path, "archived": False, "status": "draft", "number": f"{kind.prefix}{number:04d}", "due": None}
    values |= {"preceding": preceding, "file": "", "payments": [], "sepa": False}
    issued = finalize and kind.issues
    row = account.add(TABLE, values | (_issued(account, values) if issued else {}))
    account.happened(f"{kind.event}.created", row["id"])
    if issued:
        _status_changed(account, row)
    return row


def _issued(account: Account, row: Row) -> Row:
    """What an issued document has besides; each time it is issued it has another file."""
    days = (row["paymentConditions"] or {}).get("paymentTermDuration")
    due = row["date"] + timedelta(days=days) if days is not None and kind_of(row).paid == "paid" else None
    return {"status": "open", "due": due, "file": account.new_id()}


def finalize(account: Account, row: Row) -> None:
    """A draft is issued, by a person."""
    account.change(TABLE, row, _issued(account, row))
    _status_changed(account, row)


def set_status(account: Account, row: Row, status: str, **values: object) -> None:
    """Another state."""
    account.change(TABLE, row, {"status": status, **values})
    _status_changed(account, row)


def edited(account: Account, row: Row, values: Row) -> None:
    """A document's content is replaced, by a person; a PDF of it gets another id."""
    account.change(TABLE, row, values | ({"file": ""} if row["status"] == "draft" else {}))
    account.happened(f"{kind_of(row).event}.changed", row["id"])


def removed(account: Account, row: Row) -> None:
    """A draft is deleted, by a person."""
    account.remove(TABLE, row)
    account.happened(f"{kind_of(row).event}.deleted", row["id"])


def _status_changed(account: Account, row: Row) -> None:
    """Guess: dunnings have no event of their state."""
    kind = kind_of(row)
    if kind.path != "dunnings":
        account.happened(f"{kind.event}.status.changed", row["id"])


def predecessor(account: Account, kind: Kind, key: str) -> Row:
    """The document that a new one follows. Raises ``Refused``."""
    row = account.find(TABLE, key)
    if row is None or row["kind"] not in kind.after:
        raise invalid(("precedingSalesVoucherId", "INVALID_VALUE"))
    # Order confirmations and delivery notes never are anything but drafts, and are followed all the same.
    if row["status"] == "voided" or (row["status"] == "draft" and kind_of(row).issues):
        raise invalid(("precedingSalesVoucherId", "INVALID_STATUS"))
    return row


# the services


def creator(kind: Kind) -> Callable[[Account, Call], Answer]:
    """The service that creates a kind."""

    def create(account: Account, call: Call) -> Answer:
        key = call.text("precedingSalesVoucherId")
        # A dunning without its invoice is refused before the body is looked at.
        before = predecessor(account, kind, key) if key or kind.must_follow else None
        values = Reader(account, kind, call.body()).read()
        row = add(account, kind, values, finalize=call.text("finalize") == "true", preceding=before["id"] if before else "")
        return Answer(account.made(kind.path, row), 201, f"{kind.path}/{row['id']}")

    return create


def getter(kind: Kind) -> Callable[[Account, Call], Answer]:
    """The service that reads one of a kind."""
    return lambda account, call: Answer(shown(account, one(account, kind, call.id)))
