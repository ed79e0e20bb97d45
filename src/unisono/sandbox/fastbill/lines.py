"""Items of estimates and invoices, and the sums over them. Which step FastBill rounds at is a guess; all amounts are Decimal."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from unisono.sandbox.fastbill.account import Account
from unisono.sandbox.fastbill.errors import Refusal, field_error
from unisono.sandbox.fastbill.fields import filled_text, number
from unisono.sandbox.kit.world import Row

CENT = Decimal("0.01")
_PRICE = Decimal("0.00000001")
_TEXTS = ("ARTICLE_NUMBER", "DESCRIPTION", "UNIT", "CATEGORY", "CATEGORY_ID")
DEFAULT_VAT = Decimal(19)


def sent_items(value: Any) -> list[dict[str, Any]]:
    """ITEMS of a request: an array, ``{"ITEM": [...]}``, an object with numeric keys, or one bare item. Anything else is no item."""
    if isinstance(value, dict) and "ITEM" in value:
        value = value["ITEM"]
    if isinstance(value, dict):
        numbered = bool(value) and all(key.isdigit() for key in value)
        value = [value[key] for key in sorted(value, key=int)] if numbered else [value]
    return [item for item in value if isinstance(item, dict) and item] if isinstance(value, list) else []


def cent(amount: Decimal) -> Decimal:
    """Rounded to the cent, half away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def item_rows(account: Account, value: Any, *, gross: bool, vat_required: bool, first: int = 1) -> list[Row]:
    """The items of a request as rows without ids, in order. Raises ``Refusal`` naming what is missing, ``ITEMS`` if there is none.

    Quantities keep two decimals and prices eight, as in the recorded answers, before anything is computed.
    """
    items = sent_items(value)
    wrong: list[str] = [] if items else ["ITEMS"]
    rows = []
    for position, item in enumerate(items, first):
        texts = {name: filled_text(account, item.get(name)) for name in _TEXTS}
        price = number(item.get("UNIT_PRICE"))
        rate = number(item["VAT_PERCENT"]) if item.get("VAT_PERCENT") is not None else (None if vat_required else DEFAULT_VAT)
        quantity = number(item["QUANTITY"]) if item.get("QUANTITY") is not None else Decimal(1)
        if not texts["DESCRIPTION"]:
            wrong.append("DESCRIPTION")
        if price is None:
            wrong.append("UNIT_PRICE")
        if rate is None or not 0 <= rate <= 100:
            wrong.append("VAT_PERCENT")
        if quantity is None:
            wrong.append("QUANTITY")
        if not wrong and price is not None and rate is not None and quantity is not None:
            rows.append(_row(texts, quantity, price, rate, position, gross=gross))
    if wrong:
        raise Refusal(*dict.fromkeys(field_error(*wrong)))
    return rows


def _row(texts: dict[str, str], quantity: Decimal, price: Decimal, rate: Decimal, position: int, *, gross: bool) -> Row:
    quantity, price, rate = cent(quantity), price.quantize(_PRICE, ROUND_HALF_UP), cent(rate)
    row: Row = {
        **texts,
        "QUANTITY": format(quantity, "f"),
        "UNIT_PRICE": format(price, "f"),
        "VAT_PERCENT": format(rate, "f"),
        "SORT_ORDER": position,
    }
    _amounts(row, gross=gross)
    return row


def _amounts(row: Row, *, gross: bool) -> None:
    amount, rate = cent(Decimal(row["QUANTITY"]) * Decimal(row["UNIT_PRICE"])), Decimal(row["VAT_PERCENT"])
    net = cent(amount * 100 / (100 + rate)) if gross else amount
    vat = amount - net if gross else cent(net * rate / 100)
    row.update({"VAT_VALUE": vat, "COMPLETE_NET": net, "COMPLETE_GROSS": net + vat})


def sums(items: Iterable[Row], *, gross: bool) -> Row:
    """SUB_TOTAL, VAT_TOTAL, VAT_ITEMS and TOTAL: the tax is computed once a rate, on the sum of its lines."""
    by_rate: dict[str, Decimal] = {}
    for item in items:
        by_rate[item["VAT_PERCENT"]] = by_rate.get(item["VAT_PERCENT"], Decimal(0)) + item["COMPLETE_GROSS" if gross else "COMPLETE_NET"]
    vat_items: list[Row] = []
    for rate in sorted(by_rate, key=Decimal, reverse=True):
        amount, percent = by_rate[rate], Decimal(rate)
        net = cent(amount * 100 / (100 + percent)) if gross else amount
        vat = amount - net if gross else cent(net * percent / 100)
        vat_items.append({"VAT_PERCENT": rate, "COMPLETE_NET": net, "VAT_VALUE": vat})
    sub_total = sum((v["COMPLETE_NET"] for v in vat_items), Decimal(0))
    vat_total = sum((v["VAT_VALUE"] for v in vat_items), Decimal(0))
    return {"SUB_TOTAL": sub_total, "VAT_TOTAL": vat_total, "VAT_ITEMS": vat_items, "TOTAL": sub_total + vat_total}


def recomputed(items: Iterable[Row], *, gross: bool) -> None:
    """Compute the lines again after prices turned from net to gross or back."""
    for row in items:
        _amounts(row, gross=gross)
