"""The lines of a sales document: reading them, and filling in what the server computes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from unisono.sandbox.kit.world import Row
from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.amounts import FREE, RATES, both_sides, leading, line_amount
from unisono.sandbox.lexoffice.errors import NOT_NULL
from unisono.sandbox.lexoffice.fields import inner, number, text

MOST = 300
_ARTICLE = {"service": "SERVICE", "material": "PRODUCT"}
TYPES = (*_ARTICLE, "custom", "text")

Wrong = list[tuple[str, str]]


class Lines:
    """Reads the lines of one document; what is wrong goes into ``wrong``.

    A document without totals may leave the prices out: a client's own tests against a live account make delivery notes that way.
    """

    def __init__(self, account: Account, tax_type: str, wrong: Wrong, *, offers: bool, priced: bool = True) -> None:
        self._account = account
        self._free = tax_type in FREE
        self._side = leading(tax_type)
        self._offers = offers
        self._priced = priced
        self.wrong = wrong

    def read(self, given: Any) -> list[Row]:
        """The lines to keep."""
        if not isinstance(given, list):
            self.wrong.append(("lineItems", NOT_NULL))
            return []
        if len(given) > MOST:
            self.wrong.append(("lineItems", "SIZE"))
            return []
        return [self._line(one, f"lineItems[{place}]") for place, one in enumerate(given)]

    def _line(self, given: Any, where: str, *, sub: bool = False) -> Row:
        if not isinstance(given, dict) or given.get("type") not in TYPES:
            said = given.get("type") if isinstance(given, dict) else None
            self.wrong.append((f"{where}.type", NOT_NULL if said is None else "INVALID_VALUE"))
            return {"type": "text", "name": ""}
        kind = str(given["type"])
        line: Row = {"type": kind}
        for name in ("name", "description"):
            if said := text(given.get(name)):
                line[name] = said
        if kind == "text":
            if "name" not in line and "description" not in line:
                self.wrong.append((f"{where}.name", NOT_NULL))
            return line
        if "name" not in line:
            self.wrong.append((f"{where}.name", NOT_NULL))
        line = self._article(given, kind, where) | line
        quantity = self._number(given.get("quantity"), 4, f"{where}.quantity")
        line |= {"quantity": quantity, "unitName": text(given.get("unitName")), "unitPrice": self._price(given, where)}
        if quantity <= 0 and number(given.get("quantity"), 4) is not None:
            self.wrong.append((f"{where}.quantity", "POSITIVE"))  # guess
        if not line["unitName"]:
            self.wrong.append((f"{where}.unitName", NOT_NULL))
        discount = self._number(given.get("discountPercentage") or 0, 2, f"{where}.discountPercentage")
        if not 0 <= discount <= 100:
            self.wrong.append((f"{where}.discountPercentage", "RANGE"))
        line["discountPercentage"] = discount
        line["lineItemAmount"] = line_amount(self._side, line)
        if self._offers:
            self._beside(given, line, where, sub=sub)
        return line

    def _beside(self, given: Row, line: Row, where: str, *, sub: bool) -> None:
        """Quotations: what is offered beside. Items below another must be alternatives to it."""
        for name in ("alternative", "optional"):
            line[name] = given.get(name) is True
        if sub and not line["alternative"]:
            self.wrong.append((f"{where}.alternative", "MUST_BE_TRUE"))
        below = given.get("subItems")
        if isinstance(below, list) and below and not sub:
            line["subItems"] = [self._line(one, f"{where}.subItems[{place}]", sub=True) for place, one in enumerate(below)]

    def _article(self, given: Row, kind: str, where: str) -> Row:
        key = given.get("id")
        if kind == "custom":
            if key is not None:
                self.wrong.append((f"{where}.id", "NULL"))  # guess
            return {}
        found = self._account.find("articles", key) if isinstance(key, str) else None
        if found is None or found["type"] != _ARTICLE[kind]:
            self.wrong.append((f"{where}.id", NOT_NULL if key is None else "INVALID_VALUE"))
            return {}
        return {"id": found["id"]}

    def _price(self, given: Row, where: str) -> Row:
        price = inner(given, "unitPrice")
        if price is None:
            if self._priced or given.get("unitPrice") is not None:
                self.wrong.append((f"{where}.unitPrice", NOT_NULL))
            price = {"currency": "EUR", self._side: Decimal(0), "taxRatePercentage": Decimal(0)}
        if price.get("currency") != "EUR":
            self.wrong.append((f"{where}.unitPrice.currency", NOT_NULL if price.get("currency") is None else "INVALID_VALUE"))
        rate = self._number(price.get("taxRatePercentage"), 2, f"{where}.unitPrice.taxRatePercentage")
        if (rate and self._free) or (rate not in RATES and self._account.setting("distance_sales") != "DESTINATION"):
            self.wrong.append((f"{where}.unitPrice.taxRatePercentage", "INVALID_VALUE"))
        amount = self._number(price.get(self._side), 4, f"{where}.unitPrice.{self._side}")
        net, gross = both_sides(self._side, amount, rate)
        return {"currency": "EUR", "netAmount": net, "grossAmount": gross, "taxRatePercentage": rate}

    def _number(self, value: Any, places: int, field: str) -> Decimal:
        found = number(value, places)
        if found is None:
            self.wrong.append((field, NOT_NULL if value is None else "DIGITS"))
        return found if found is not None else Decimal(0)
