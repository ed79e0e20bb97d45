"""The firm that is brought in step: how many customers, contacts and documents there are, and what they are called. All of it invented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from unisono.sandbox.fastbill import customers
from unisono.sandbox.fastbill.simulator import FastBill

_TOWNS = (("48143", "Münster"), ("33602", "Bielefeld"), ("24103", "Kiel"), ("01099", "Dresden"), ("70173", "Stuttgart"), ("50667", "Köln"))
_TRADES = ("Bäckerei", "Tischlerei", "Gärtnerei", "Werbetechnik", "Schlosserei", "Großküchen", "Fördertechnik")
_FIRST = ("Jörg", "Käthe", "Selin", "Paweł", "Frauke", "Matthias", "Zoë")
_LAST = ("Sonnenkorn", "Weiß", "Brückner", "Österreich", "Yıldız", "Große-Wöhrmann")


@dataclass(frozen=True, slots=True)
class Size:
    """``customers`` of the invoicing system and their issued ``documents``."""

    customers: int = 5000
    documents: int = 2000

    @property
    def contacts(self) -> int:
        """Customers whose own row carries a contact person."""
        return sum(1 for n in range(self.customers) if _has_contact(n))

    @property
    def companies(self) -> int:
        """Customers that are companies."""
        return sum(1 for n in range(self.customers) if _is_company(n))

    @property
    def estimates(self) -> int:
        """Sent quotes among the documents; the rest are issued invoices."""
        return self.documents // 2

    @property
    def records(self) -> int:
        """What *records a second* counts: customers and documents. Contacts go along with their customer."""
        return self.customers + self.documents


def _is_company(number: int) -> bool:
    return number % 10 < 6


def _has_contact(number: int) -> bool:
    return number % 10 < 3


def customer(number: int) -> dict[str, str]:
    """One customer as FastBill takes it: six in ten are companies, half of them with a contact person."""
    postcode, city = _TOWNS[number % len(_TOWNS)]
    row = {
        "CUSTOMER_NUMBER": f"K{number:06d}",
        "ADDRESS": f"Straße der Prüfung {number % 180 + 1}",
        "ZIPCODE": postcode,
        "CITY": city,
        "COUNTRY_CODE": "DE",
        "PHONE": f"+49 251 55{number:06d}",
    }
    person = {"FIRST_NAME": _FIRST[number % len(_FIRST)], "LAST_NAME": f"{_LAST[number % len(_LAST)]} {number}"}
    if not _is_company(number):
        return row | person | {"CUSTOMER_TYPE": "consumer", "SALUTATION": "mrs", "EMAIL": f"privat{number}@beispiel.example"}
    name = f"{_TRADES[number % len(_TRADES)]} {_LAST[number % len(_LAST)]} {number} GmbH"
    row |= {"CUSTOMER_TYPE": "business", "ORGANIZATION": name, "EMAIL": f"post@firma{number}.example", "VAT_ID": ""}
    return row | person | {"SALUTATION": "mr", "POSITION": "Einkauf"} if _has_contact(number) else row


def fill(books: FastBill, size: Size) -> None:
    """Puts the firm into the simulated invoicing system."""
    ids = [customers.add(books.account, customer(n), api=False)["CUSTOMER_ID"] for n in range(size.customers)]
    for n in range(size.documents):
        values: dict[str, Any] = {
            "customer_id": ids[n * 7 % len(ids)],
            "title": f"Auftrag {n}",
            "items": f"Schild Nr. {n}; {n % 9 + 1}; {n % 400 + 1}.50; 19\nMontage; 1; 80.00; 19",
        }
        if n < size.estimates:
            made = books.act("create_estimate", values)["id"]
            books.act("set_estimate_state", {"id": str(made), "state": "b"})
        else:
            books.act("create_invoice", values | {"complete": "1"})


def edit(books: FastBill, count: int) -> int:
    """A person corrects the telephone number of ``count`` customers, spread over all. Returns how many were there to correct."""
    ids = sorted(books.account.table("customers"))[:: max(1, len(books.account.table("customers")) // max(count, 1))][:count]
    for key in ids:
        books.act("edit_customer", {"id": str(key), "phone": f"+49 30 77{key % 1_000_000:06d}"})
    return len(ids)
