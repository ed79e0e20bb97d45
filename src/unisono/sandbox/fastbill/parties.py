"""What customers and contacts have in common: the fields of a name and an address, and the checks on them."""

from __future__ import annotations

from unisono.sandbox.fastbill import codes
from unisono.sandbox.fastbill.account import Account
from unisono.sandbox.fastbill.fields import is_email
from unisono.sandbox.kit.world import Row

NAME_AND_ADDRESS = (
    "ORGANIZATION",
    "POSITION",
    "ACADEMIC_DEGREE",
    "SALUTATION",
    "FIRST_NAME",
    "LAST_NAME",
    "ADDRESS",
    "ADDRESS_2",
    "ZIPCODE",
    "CITY",
    "COUNTRY_CODE",
    "SECONDARY_ADDRESS",
    "PHONE",
    "PHONE_2",
    "FAX",
    "MOBILE",
    "EMAIL",
    "WEBSITE",
    "VAT_ID",
    "CURRENCY_CODE",
)
_SEARCHED = ("ORGANIZATION", "FIRST_NAME", "LAST_NAME", "ADDRESS", "ADDRESS_2", "ZIPCODE", "EMAIL", "TAGS")


def wrong_codes(values: dict[str, str]) -> list[str]:
    """The names of the fields whose value is in no list: country, currency, salutation, and an e-mail that is none."""
    wrong = []
    if values.get("COUNTRY_CODE") and values["COUNTRY_CODE"] not in codes.COUNTRIES:
        wrong.append("COUNTRY_CODE")
    if values.get("CURRENCY_CODE") and values["CURRENCY_CODE"] not in codes.CURRENCIES:
        wrong.append("CURRENCY_CODE")
    if values.get("SALUTATION", "") not in codes.SALUTATIONS:
        wrong.append("SALUTATION")
    if values.get("EMAIL") and not is_email(values["EMAIL"]):
        wrong.append("EMAIL")
    return wrong


def matches(row: Row, term: str) -> bool:
    """Whether a search term stands in one of the searched fields, whatever its case."""
    return any(term in row[name].casefold() for name in _SEARCHED if row.get(name))


def stamped(account: Account, row: Row, values: dict[str, str]) -> None:
    """Write changed fields and the time of the change into a row."""
    row.update(values)
    row["LASTUPDATE"] = account.now()
