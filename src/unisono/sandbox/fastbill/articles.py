"""article.get, create, update, delete: the price list. FastBill keeps no stock."""

from __future__ import annotations

from typing import Any

from unisono.sandbox.fastbill import codes
from unisono.sandbox.fastbill.account import Account, Answer, candidates, filled, key_of, page
from unisono.sandbox.fastbill.envelope import Call
from unisono.sandbox.fastbill.errors import Refusal, field_error, invalid
from unisono.sandbox.fastbill.fields import cleaned, number, text
from unisono.sandbox.kit.world import Row

_FIELDS: dict[str, str] = {
    "ARTICLE_ID": "",
    "ARTICLE_NUMBER": "",
    "TYPE": "none",
    "TITLE": "",
    "DESCRIPTION": "",
    "UNIT": "",
    "UNIT_PRICE": "",
    "CURRENCY_CODE": "EUR",
    "VAT_PERCENT": "19.00",
    "IS_GROSS": "0",
    "TAGS": "",
}
DATA = frozenset(_FIELDS)
_REQUIRED = ("ARTICLE_NUMBER", "TITLE", "UNIT_PRICE")


def get(account: Account, call: Call) -> Answer:
    """List articles."""
    rows = candidates(account.table("articles"), call.filter, "ARTICLE_ID")
    if filled(call.filter.get("ARTICLE_NUMBER")):
        wanted = text(call.filter["ARTICLE_NUMBER"])
        rows = (row for row in rows if row["ARTICLE_NUMBER"] == wanted)
    return Answer(account.listing("ARTICLES", [dict(row) for row in page(rows, call)]))


def create(account: Account, call: Call) -> Answer:
    """Make an article."""
    row = add(account, call.data)
    return Answer({"STATUS": "success", "ARTICLE_ID": int(row["ARTICLE_ID"])}, f"articles/{row['ARTICLE_ID']}")


def update(account: Account, call: Call) -> Answer:
    """Change an article; fields that are not sent stay (guess)."""
    row = _named(account, call.data)
    values = _read(account, call.data)
    wrong = [name for name in _REQUIRED if values.get(name) == ""]
    if wrong:
        raise Refusal(*field_error(*wrong))
    row.update(values)
    return Answer({"STATUS": "success", "ARTICLE_ID": row["ARTICLE_ID"]}, f"articles/{row['ARTICLE_ID']}")


def delete(account: Account, call: Call) -> Answer:
    """Delete an article."""
    row = _named(account, call.data)
    account.remove("articles", int(row["ARTICLE_ID"]))
    return Answer({"STATUS": "success"}, f"articles/{row['ARTICLE_ID']}")


def add(account: Account, data: dict[str, Any]) -> Row:
    """Make an article from DATA. Raises ``Refusal``."""
    values = {name: value for name, value in _read(account, data).items() if value}
    wrong = [name for name in _REQUIRED if not values.get(name)]
    if wrong:
        raise Refusal(*field_error(*wrong))
    key = account.new_id("articles")
    row: Row = {**_FIELDS, **values, "ARTICLE_ID": str(key)}
    account.add("articles", row, key)
    return row


def _named(account: Account, data: dict[str, Any]) -> Row:
    row = account.table("articles").get(key_of(data.get("ARTICLE_ID")))
    if row is None:
        raise invalid("ARTICLE_ID")
    return row


def _read(account: Account, data: dict[str, Any]) -> dict[str, str]:
    values = cleaned(account, data, DATA - {"ARTICLE_ID"})
    wrong = []
    for name, form in (("UNIT_PRICE", ".8f"), ("VAT_PERCENT", ".2f")):
        if values.get(name):
            amount = number(values[name])
            if amount is None:
                wrong.append(name)
            else:
                values[name] = format(amount, form)
    if values.get("TYPE", "none") not in codes.ARTICLE_TYPES:
        wrong.append("TYPE")
    if values.get("CURRENCY_CODE", "EUR") not in codes.CURRENCIES:
        wrong.append("CURRENCY_CODE")
    if wrong:
        raise Refusal(*field_error(*wrong))
    return values
