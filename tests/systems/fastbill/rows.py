"""Rows as FastBill's listings show them, invented for the tests; types as in recorded answers (ids as text, totals as numbers)."""

from __future__ import annotations

import json
from typing import Any

from unisono.connect.port import Raw

COMPANY: dict[str, Any] = {
    "CUSTOMER_ID": "4711",
    "CUSTOMER_NUMBER": "K-0012",
    "DAYS_FOR_PAYMENT": "14",
    "CREATED": "2026-01-15 09:30:00",
    "PAYMENT_TYPE": "1",
    "BANK_NAME": "",
    "SHOW_PAYMENT_NOTICE": "1",
    "ACCOUNT_RECEIVABLE": [],
    "CUSTOMER_TYPE": "business",
    "TOP": "0",
    "ORGANIZATION": "Möbelwerk Ötting GmbH",
    "POSITION": "Einkauf",
    "ACADEMIC_DEGREE": "Dr.",
    "SALUTATION": "mrs",
    "FIRST_NAME": "Ilse",
    "LAST_NAME": "Grundler",
    "ADDRESS": "Hauptstraße 5",
    "ADDRESS_2": "Hinterhaus",
    "ZIPCODE": "84543",
    "CITY": "Winhöring",
    "COUNTRY_CODE": "DE",
    "SECONDARY_ADDRESS": "Lager Nord, Tor 3",
    "PHONE": "08671 5550",
    "PHONE_2": "08671 5551",
    "FAX": "",
    "MOBILE": [],
    "EMAIL": "einkauf@oetting.example",
    "WEBSITE": "https://oetting.example",
    "VAT_ID": "DE812345678",
    "CURRENCY_CODE": "EUR",
    "NEWSLETTER_OPTIN": "0",
    "LASTUPDATE": "2026-07-01 12:00:00",
    "TAGS": "Stammkunde, Messe",
    "BUYER_REFERENCE": "991-12345-06",
    "DOCUMENT_HISTORY_URL": "https://portal.fastbill.com/history/xyz",
}
PERSON: dict[str, Any] = COMPANY | {
    "CUSTOMER_ID": 4712,
    "CUSTOMER_TYPE": "consumer",
    "ORGANIZATION": "",
    "SALUTATION": "mr",
    "FIRST_NAME": "Timo",
    "LAST_NAME": "Varga",
    "POSITION": "",
    "ACADEMIC_DEGREE": "",
    "TAGS": "",
    "BUYER_REFERENCE": "",
}
CONTACT: dict[str, Any] = {
    "CONTACT_ID": "55",
    "CUSTOMER_ID": "4711",
    "ORGANIZATION": "Möbelwerk Ötting GmbH",
    "POSITION": "Versand",
    "ACADEMIC_DEGREE": "",
    "SALUTATION": "mr",
    "FIRST_NAME": "Jannik",
    "LAST_NAME": "Peters",
    "ADDRESS": "",
    "PHONE": "08671 5552",
    "MOBILE": "0171 5553",
    "FAX": "",
    "EMAIL": "versand@oetting.example",
    "COMMENT": "ab 10 Uhr",
    "CREATED": "2026-02-01 08:00:00",
    "LASTUPDATE": "",
}
REFERENCE = "uni-abcdefgh234567ij"
ESTIMATE: dict[str, Any] = {
    "ESTIMATE_ID": "9",
    "STATE": "b",
    "CUSTOMER_ID": "4711",
    "CUSTOMER_NUMBER": "K-0012",
    "CURRENCY_CODE": "EUR",
    "TEMPLATE_ID": "2",
    "ESTIMATE_NUMBER": "A-2026-7",
    "INVOICE_TITLE": "Regale für das Lager",
    "INTROTEXT": "Wie besprochen.",
    "ESTIMATE_DATE": "2026-06-10",
    "DUE_DATE": "2026-07-10 00:00:00",
    "SUB_TOTAL": 1000,
    "VAT_TOTAL": 190,
    "VAT_ITEMS": [{"VAT_PERCENT": "19.00", "COMPLETE_NET": 1000, "VAT_VALUE": 190}],
    "ITEMS": [
        {
            "ESTIMATE_ITEM_ID": "31",
            "ARTICLE_NUMBER": REFERENCE,
            "DESCRIPTION": "Regal",
            "QUANTITY": "4.00",
            "UNIT": "Stück",
            "UNIT_PRICE": "250.00000000",
            "VAT_PERCENT": "19.00",
            "VAT_VALUE": 190,
            "COMPLETE_NET": 1000,
            "COMPLETE_GROSS": 1190,
            "IS_GROSS": "0",
            "SORT_ORDER": 1,
        }
    ],
    "TOTAL": 1190,
    "DOCUMENT_URL": "https://portal.fastbill.com/download/token-of-today",
}
INVOICE: dict[str, Any] = {
    "INVOICE_ID": "77",
    "TYPE": "outgoing",
    "SUBTYPE": "standard",
    "REFERENCED_INVOICE_ID": "0",
    "CUSTOMER_ID": "4711",
    "CONTACT_ID": "0",
    "CURRENCY_CODE": "EUR",
    "INVOICE_NUMBER": "2026-101",
    "INVOICE_TITLE": "Regale",
    "INTROTEXT": "",
    "PAID_DATE": "0000-00-00 00:00:00",
    "IS_CANCELED": "0",
    "INVOICE_DATE": "2026-06-20",
    "DUE_DATE": "2026-07-04 00:00:00",
    "DELIVERY_DATE": "Juni 2026",
    "SUB_TOTAL": 1000,
    "VAT_TOTAL": 190,
    "VAT_ITEMS": [{"VAT_PERCENT": "19.00", "VAT_VALUE": 190}],
    "ITEMS": [
        {
            "INVOICE_ITEM_ID": "401",
            "ARTICLE_NUMBER": "R-12",
            "DESCRIPTION": "Regal",
            "QUANTITY": "4.00",
            "UNIT_PRICE": "250.00000000",
            "VAT_PERCENT": "19.00",
            "VAT_VALUE": 190,
            "COMPLETE_NET": 1000,
            "COMPLETE_GROSS": 1190,
            "SORT_ORDER": 1,
        }
    ],
    "TOTAL": 1190,
    "PAYMENTS": [],
    "LASTUPDATE": "2026-06-20 16:00:00",
    "DOCUMENT_URL": "https://portal.fastbill.com/download/invoice-token",
    "DETAILS_URL": "https://my.fastbill.com/invoice/77",
}


def raw(resource: str, row: dict[str, Any], **changed: Any) -> Raw:
    """A row as the client hands it on."""
    row = row | changed
    return Raw(resource, str(row[f"{resource.upper()}_ID"]), json.dumps(row).encode())
