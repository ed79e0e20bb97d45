"""What every part of this connector knows: which kinds of voucher there are, how their rows are opened, how a day is written. Pure."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from unisono.model.codes import CREDIT_NOTE, INVOICE, ORDER, PREPAYMENT, QUOTATION
from unisono.model.fields import Row, bad, text
from unisono.model.money import plain
from unisono.model.record import Kind

ZONE = ZoneInfo("Europe/Berlin")
"""Days are those of this zone, whatever the firm's own is."""
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z", re.IGNORECASE)


class Voucher(Struct, frozen=True):
    """A kind of document. ``path`` is its resource, ``paid``: whether payments are kept of it, ``drafts``: whether it stays a draft for good."""

    path: str
    kind: Kind
    code: str
    paid: bool = False
    drafts: bool = False


VOUCHERS: dict[str, Voucher] = {
    "quotation": Voucher("quotations", "quote", QUOTATION),
    "orderconfirmation": Voucher("order-confirmations", "order", ORDER, drafts=True),
    "invoice": Voucher("invoices", "invoice", INVOICE, paid=True),
    "downpaymentinvoice": Voucher("down-payment-invoices", "invoice", PREPAYMENT, paid=True),
    "creditnote": Voucher("credit-notes", "invoice", CREDIT_NOTE, paid=True),
}
"""The service's word for a kind of document, as lists and our keys spell it."""
BY_CODE = {voucher.code: word for word, voucher in VOUCHERS.items()}
BY_PATH = {voucher.path: word for word, voucher in VOUCHERS.items()}


def is_id(value: object) -> bool:
    """Whether a value has the form of an id."""
    return isinstance(value, str) and _UUID.match(value) is not None


def split(key: str) -> tuple[str, str]:
    """``invoice:<id>`` as word and id; two empty texts if it is no key of a document."""
    word, _, row_id = key.partition(":")
    return (word, row_id) if word in VOUCHERS and is_id(row_id) else ("", "")


def member(row: Row, name: str, me: str) -> Row:
    """An object inside a row; nothing is an empty one."""
    value = row.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad(me, name, value)
    return value


def members(row: Row, name: str, me: str) -> list[Row]:
    """The objects of a list inside a row; nothing is an empty one."""
    value = row.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise bad(me, name, value)
    return value


def texts(row: Row, name: str, me: str) -> list[str]:
    """The texts of a list inside a row."""
    value = row.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise bad(me, name, value)
    return [text({name: one}, name, me) for one in value]


def midnight(day: dt.date) -> str:
    """A day as sales documents want it: with milliseconds and offset, neither of which may be missing."""
    moment = dt.datetime.combine(day, dt.time(), ZONE)
    return moment.isoformat(timespec="milliseconds")


def storable(value: Any) -> Any:
    """The same value with its exact numbers as texts, so that a journal can keep it."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, dict):
        return {name: storable(inner) for name, inner in value.items()}
    return [storable(inner) for inner in value] if isinstance(value, list) else value
