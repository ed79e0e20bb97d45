"""What is set up in the account and only read through the API: profile, payment conditions, posting categories, print layouts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from unisono.sandbox.kit.world import Row
from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.countries import countries
from unisono.sandbox.lexoffice.dates import instant, stamp
from unisono.sandbox.lexoffice.envelope import Answer, Call

PLAIN_TERM = "Zahlbar sofort, rein netto"
DISCOUNT_TERM = "{discountRange} Tage -{discount}, {paymentRange} Tage netto"
DAYS_TERM = "Zahlbar innerhalb von {paymentRange} Tagen"
CONDITIONS: tuple[Row, ...] = (
    {
        "id": "1f3b8c55-6a0d-4f7e-8d4a-0d1c6f2e9a01",
        "paymentTermLabelTemplate": PLAIN_TERM,
        "paymentTermDuration": 0,
        "organizationDefault": False,
    },
    {
        "id": "1f3b8c55-6a0d-4f7e-8d4a-0d1c6f2e9a02",
        "paymentTermLabelTemplate": DAYS_TERM,
        "paymentTermDuration": 14,
        "organizationDefault": True,
    },
    {
        "id": "1f3b8c55-6a0d-4f7e-8d4a-0d1c6f2e9a03",
        "paymentTermLabelTemplate": DISCOUNT_TERM,
        "paymentTermDuration": 30,
        "organizationDefault": False,
        "paymentDiscountConditions": {"discountPercentage": Decimal(3), "discountRange": 10},
    },
)
INCOME, OUTGO = "c1d2a7e4-90b1-4c52-a3a5-5e1f0b7d2c11", "c1d2a7e4-90b1-4c52-a3a5-5e1f0b7d2c21"
CATEGORIES: tuple[Row, ...] = (
    {"id": INCOME, "name": "Einnahmen", "type": "income", "contactRequired": False, "splitAllowed": True, "groupName": "Einnahmen"},
    {
        "id": "c1d2a7e4-90b1-4c52-a3a5-5e1f0b7d2c12", "name": "Dienstleistung", "type": "income", "contactRequired": True, "splitAllowed": True,
        "groupName": "Einnahmen",
    },
    {"id": OUTGO, "name": "Wareneinkauf", "type": "outgo", "contactRequired": False, "splitAllowed": True, "groupName": "Material"},
    {
        "id": "c1d2a7e4-90b1-4c52-a3a5-5e1f0b7d2c22", "name": "Bewirtung", "type": "outgo", "contactRequired": True, "splitAllowed": False,
        "groupName": "Reisen",
    },
)  # fmt: skip
LAYOUTS: tuple[Row, ...] = (
    {"id": "e7a4c0d8-2f61-4b19-b0a3-8c5d9f1e6b31", "name": "Standard", "default": True},
    {"id": "e7a4c0d8-2f61-4b19-b0a3-8c5d9f1e6b32", "name": "Baustelle", "default": False},
)
_FEATURES = ["INVOICING", "INVOICING_PRO", "BOOKKEEPING"]


def profile(account: Account, call: Call) -> Answer:
    """Who the key belongs to."""
    del call
    begun = instant("2024-03-11T09:15:00.000Z")
    assert begun is not None
    shown: Row = {
        "organizationId": account.organization,
        "companyName": account.setting("company_name"),
        "connectionId": account.setting("connection_id"),
        "created": {
            "userId": "5d8e2b90-7c14-4c6a-9a51-1f3e0d7b8c64",
            "userName": account.setting("user_name"),
            "userEmail": account.setting("user_email"),
            "date": stamp(begun),
        },
        "businessFeatures": list(_FEATURES),
        "features": ["cc"],
        "subscriptionStatus": "active",
        "taxType": "vatfree" if account.setting("small_business") else account.setting("tax_type"),
        "smallBusiness": account.setting("small_business"),
    }
    if account.setting("distance_sales"):
        shown["distanceSalesPrinciple"] = account.setting("distance_sales")
    return Answer(shown)


def country_list(account: Account, call: Call) -> Answer:
    """All countries."""
    del account, call
    return Answer(list(countries()))


def condition_list(account: Account, call: Call) -> Answer:
    """The payment conditions of the account."""
    del account, call
    return Answer(list(CONDITIONS))


def category_list(account: Account, call: Call) -> Answer:
    """What a bookkeeping voucher can be booked on."""
    del account, call
    return Answer(list(CATEGORIES))


def layout_list(account: Account, call: Call) -> Answer:
    """The layouts of printed documents."""
    del account, call
    return Answer(list(LAYOUTS))


def default_condition() -> Row:
    """The payment condition of documents that name none."""
    held = next(one for one in CONDITIONS if one["organizationDefault"])
    return condition(held["paymentTermDuration"], held.get("paymentDiscountConditions"), None)


def condition(days: int, discount: Row | None, label: Any) -> Row:
    """A payment condition as a document shows it."""
    template = DISCOUNT_TERM if discount else DAYS_TERM if days else PLAIN_TERM
    filled = template.replace("{paymentRange}", str(days))
    if discount:
        filled = filled.replace("{discountRange}", str(discount["discountRange"])).replace(
            "{discount}", f" {discount['discountPercentage']} %"
        )
    shown: Row = {"paymentTermLabel": label or filled, "paymentTermLabelTemplate": template, "paymentTermDuration": days}
    return shown | ({"paymentDiscountConditions": discount} if discount else {})
