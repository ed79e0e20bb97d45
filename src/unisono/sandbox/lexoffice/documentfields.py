"""What a sales document may hold: reading a body, filling in what the account knows itself."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from unisono.sandbox.kit.world import Row
from unisono.sandbox.lexoffice import contacts
from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.amounts import FREE, TAX_TYPES, leading, totals
from unisono.sandbox.lexoffice.contactfields import PLACE
from unisono.sandbox.lexoffice.countries import CODES
from unisono.sandbox.lexoffice.dates import instant
from unisono.sandbox.lexoffice.errors import NOT_NULL, invalid
from unisono.sandbox.lexoffice.fields import inner, number, text, whole
from unisono.sandbox.lexoffice.kinds import QUOTATION, Kind
from unisono.sandbox.lexoffice.lines import Lines
from unisono.sandbox.lexoffice.masterdata import LAYOUTS, condition, default_condition

_SHIPPING = {"service": 1, "delivery": 1, "serviceperiod": 2, "deliveryperiod": 2, "none": 0}
"""How many dates each kind of delivery has."""
_LONGEST = 3650
"""Days of payment (guess)."""
_TEXTS = ("title", "introduction", "remark")


class Reader:
    """Reads one body; what is wrong is collected and told at once."""

    def __init__(self, account: Account, kind: Kind, body: Row) -> None:
        self._account = account
        self._kind = kind
        self._body = body
        self.wrong: list[tuple[str, str]] = []

    def read(self) -> Row:
        """The values to keep. Raises ``Refused``. Unknown members, and those that the server fills in, are ignored."""
        kind, body = self._kind, self._body
        tax = self._tax()
        offers = kind is QUOTATION
        lines = Lines(self._account, tax["taxType"], self.wrong, offers=offers, priced=kind.totals)
        values: Row = {
            "language": self._one_of("language", ("de", "en"), "de"),
            "date": self._instant("voucherDate", body.get("voucherDate")),
            "address": self._address(tax["taxType"]),
            "lineItems": lines.read(body.get("lineItems")),
            "taxConditions": tax,
            "expiration": self._instant("expirationDate", body.get("expirationDate")) if offers else None,
            "shippingConditions": self._shipping() if kind.shipping else None,
            "paymentConditions": self._payment() if kind.terms else None,
            "printLayoutId": self._layout(),
            "deliveryTerms": text(body.get("deliveryTerms")) if kind.shipping and not kind.issues else "",
            **{name: text(body.get(name)) for name in _TEXTS},
        }
        values["title"] = values["title"] or kind.title
        values["contact"] = values["address"].get("contactId", "")
        values["totalPrice"], values["taxAmounts"] = self._totals(values)
        values["xRechnung"] = self._buyer(values["contact"])
        if body.get("closingInvoice") is True:
            self.wrong.append(("closingInvoice", "NOT_SUPPORTED"))  # guess: closing invoices are made by a person
        if self.wrong:
            raise invalid(*self.wrong)
        return values

    def _instant(self, name: str, value: Any) -> datetime:
        found = instant(value)
        if found is None:
            self.wrong.append((name, NOT_NULL if value is None else "INVALID_FORMAT"))
        return found or self._account.now()

    def _one_of(self, name: str, known: tuple[str, ...], default: str) -> str:
        value = self._body.get(name)
        if value is not None and value not in known:
            self.wrong.append((name, "INVALID_VALUE"))
        return str(value or default)

    def _tax(self) -> Row:
        given = inner(self._body, "taxConditions")
        kind = (given or {}).get("taxType")
        if kind not in TAX_TYPES:
            self.wrong.append(
                ("taxConditions" if given is None else "taxConditions.taxType", NOT_NULL if kind is None else "INVALID_VALUE")
            )
            return {"taxType": "net"}
        if self._account.setting("small_business") and kind != "vatfree":
            self.wrong.append(("taxConditions.taxType", "INVALID_VALUE"))
        found: Row = {"taxType": kind}
        sub = (given or {}).get("taxSubType")
        if sub is not None:
            if sub not in ("distanceSales", "electronicServices") or self._account.setting("distance_sales") != "DESTINATION":
                self.wrong.append(("taxConditions.taxSubType", "INVALID_VALUE"))
            found["taxSubType"] = sub
        if note := text((given or {}).get("taxTypeNote")):
            found["taxTypeNote"] = note
        return found

    def _address(self, tax_type: str) -> Row:
        """A contact's, with what the body says otherwise; or one that is used once."""
        given = inner(self._body, "address")
        if given is None:
            self.wrong.append(("address", NOT_NULL))
            return {}
        said = {name: found for name in ("name", *PLACE) if (found := text(given.get(name)))}
        key = given.get("contactId")
        if key is None:
            if tax_type in FREE and tax_type != "vatfree":
                self.wrong.append(("address.contactId", NOT_NULL))
            self.wrong += [(f"address.{name}", NOT_NULL) for name in ("name", "countryCode") if name not in said]
        else:
            contact = self._account.find(contacts.TABLE, key) if isinstance(key, str) else None
            if contact is None or not contacts.usable(self._account, contact):
                self.wrong.append(("address.contactId", "INVALID_VALUE"))
                return {}
            said = _filled(contact) | said
        if said.get("countryCode", "DE") not in CODES:
            self.wrong.append(("address.countryCode", "INVALID_VALUE"))
        return said

    def _totals(self, values: Row) -> tuple[Row, list[Row]]:
        given = inner(self._body, "totalPrice")
        if given is None and self._kind.totals:
            self.wrong.append(("totalPrice", NOT_NULL))
        elif given is not None and self._kind.totals and given.get("currency") != "EUR":
            self.wrong.append(("totalPrice.currency", NOT_NULL if given.get("currency") is None else "INVALID_VALUE"))
        given = given or {}
        discounts: list[Decimal | None] = []
        for name in ("totalDiscountAbsolute", "totalDiscountPercentage"):
            found = number(given.get(name), 2)
            if given.get(name) is not None and (found is None or found < 0):
                self.wrong.append((f"totalPrice.{name}", "DIGITS"))
            discounts.append(found)
        if all(one is not None for one in discounts):
            self.wrong.append(("totalPrice.totalDiscountPercentage", "NULL"))  # guess: one of the two
        if self.wrong:
            return {}, []
        return totals(leading(values["taxConditions"]["taxType"]), values["lineItems"], discounts[0], discounts[1])

    def _shipping(self) -> Row | None:
        given = inner(self._body, "shippingConditions")
        if given is None:
            self.wrong.append(("shippingConditions", NOT_NULL))
            return None
        kind = given.get("shippingType")
        if not isinstance(kind, str) or kind not in _SHIPPING:
            self.wrong.append(("shippingConditions.shippingType", NOT_NULL if kind is None else "INVALID_VALUE"))
            return None
        found: Row = {"shippingType": kind}
        for name in ("shippingDate", "shippingEndDate")[: _SHIPPING[kind]]:
            found[name] = self._instant(f"shippingConditions.{name}", given.get(name))
        return found

    def _payment(self) -> Row:
        given = inner(self._body, "paymentConditions")
        if given is None:
            return default_condition()
        days = whole(given.get("paymentTermDuration"))
        if days is None or not 0 <= days <= _LONGEST:
            self.wrong.append(("paymentConditions.paymentTermDuration", NOT_NULL if days is None else "RANGE"))
            days = 0
        discount = inner(given, "paymentDiscountConditions")
        if discount is not None:
            share, within = number(discount.get("discountPercentage"), 2), whole(discount.get("discountRange"))
            if share is None or within is None:
                self.wrong.append(("paymentConditions.paymentDiscountConditions", NOT_NULL))
            discount = {"discountPercentage": share, "discountRange": within}
        return condition(days, discount, text(given.get("paymentTermLabel")))

    def _layout(self) -> str:
        said = self._body.get("printLayoutId")
        if said is not None and said not in [one["id"] for one in LAYOUTS]:
            self.wrong.append(("printLayoutId", "INVALID_VALUE"))
        return text(said)

    def _buyer(self, contact: str) -> Row:
        """The buyer reference of an electronic invoice: the body's, else the contact's (guess)."""
        given = inner(self._body, "xRechnung") or {}
        row = self._account.find(contacts.TABLE, contact) if contact else None
        said = text(given.get("buyerReference")) or (row["xRechnung"].get("buyerReference", "") if row else "")
        return {"buyerReference": said} if said and self._kind.paid == "paid" else {}


def _filled(contact: Row) -> Row:
    """The address of a contact as a document takes it over. Guess: without any address, Germany."""
    place: Row = next(iter(contact["addresses"]["billing"]), {})
    found: Row = {"contactId": contact["id"], "name": contacts.name_of(contact)}
    found |= {name: place[name] for name in PLACE if place.get(name)}
    person = contacts.person_of(contact)
    return {"countryCode": "DE"} | found | ({"contactPerson": person} if person else {})
