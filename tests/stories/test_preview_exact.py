"""F24, record by record: what a preview shows of every record is what the vendors are told after its release, value by value.

The vendors' request logs say which of their records was written; their truth says what stands in it. Neither is read from our tables.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from tests.stories.folk import Row, company, customer, deal_of, employee, estimate, invoice, person, state
from tests.stories.test_f_complete_sync import complete
from tests.stories.test_matching import bound, filled
from tests.stories.test_preview import previewed, released, rows, vendor_writes
from tests.support.village import Village
from unisono.store.runs import PlanRow
from unisono.wiring.policies import with_entries

AWKWARD = (
    "Öl & Söhne GmbH & Co. KG",
    unicodedata.normalize("NFD", "Bäckerei Überall GmbH"),
    "Straßenbau Weiß e. K.",
    'Gasthof "Zum Löwen"',
    "<b>Fett</b> und Mager OHG",
    "Łódź Handel Sp. z o.o.",
    "O'Hara & Partner mbB",
    "1. Fußballclub Ährenfeld e. V.",
    "Șerban Construcții SRL",
    "A",
    "Kanzlei Dr. jur. von und zu Hohenstein-Wittelsbach, Rechtsanwältinnen und Steuerberater Partnerschaft mbB",
    "100 % Bio; Obst, Gemüse & mehr",
)
"""Names with everything that may be lost on the way."""
TAX_IDS = ("DE129274202", "DE136695976", "ATU13585627", "DE811907980")


def twenty_years(v: Village) -> None:
    """Some 150 records on both sides: awkward letters, near-twins, branches, people, missing addresses, offers, documents, links by tax id."""
    _in_the_crm(v)
    _in_the_books(v)
    _in_both(v)
    v.clock.advance(86400)


def _in_the_crm(v: Village) -> None:
    for number, name in enumerate(AWKWARD):
        made = company(v, name=name, email=f"a{number}@crm.example", phone=f"+49 30 9{number:03d}", zip=f"{1067 + number:05d}", city="Görlitz")
        deal_of(v, made, f"Angebot für {name}"[:60], f"{number * 10}.{number + 1:02d}")
        deal_of(v, made, f"Nachtrag {number}", "0.99" if number else "0")
    for number in range(10):
        made = company(v, name=f"Schlagwort {number} AG", email="", phone="", country_code="AT", zip=f"{1010 + number}", city="Wien")
        v.crm_act("tag", kind="company", id=made, name="FastBill")
        employee(v, "Zoë", f"Großmann-{number}", made, email=f"zoe{number}@crm.example")
        if number % 2:
            employee(v, "", f"Şahin {number}", made, position="Einkauf & Technik")
    for number in range(8):
        made = person(v, "Jean-Luc", f"d'Æble {number}", email=f"jl{number}@crm.example", phone=f"0151 {number}23")
        v.crm_act("tag", kind="person", id=made, name="FastBill")
        company(v, name=f"Nie gefragt {number} GmbH", email=f"nie{number}@crm.example", zip=f"{20000 + number}")
    for number in range(3):
        made = company(v, name=f"Ohne Straße {number} GmbH", street="", email=f"ohne{number}@crm.example")
        deal_of(v, made, f"Unzustellbar {number}", "10")
        deal_of(v, company(v, name="Gleich GmbH", email="post@gleich.example"), f"Zwilling {number}", "10")


def _in_the_books(v: Village) -> None:
    for number, name in enumerate(AWKWARD):
        values = {"ORGANIZATION": f"{name} (Alt)", "EMAIL": f"b{number}@books.example", "PHONE": f"0221 8{number:03d}", "CUSTOMER_NUMBER": f"K{number}"}
        values |= {"FIRST_NAME": "Łucja", "LAST_NAME": f"Müller-{number}"} if number % 2 else {}
        made = customer(v, **values)
        invoice(v, made, TITLE=f"Rechnung an {name}"[:50])
        if number % 3 == 0:
            sent = estimate(v, made, TITLE=f"Versandt {number}")
            state(v, sent, "b")
            estimate(v, made, TITLE=f"Entwurf {number}")
    for number in range(10):
        made = customer(v, ORGANIZATION="", FIRST_NAME="Ilse", LAST_NAME=f"Özgür {number}", EMAIL=f"ilse{number}@books.example", ZIPCODE=f"{number:05d}")
        if number % 2:
            invoice(v, made, ITEMS=f"Stunde; {number}.5; 33.33; 7")
    for town in ("Essen", "Ulm"):
        customer(v, ORGANIZATION="Zweigstelle KG", EMAIL=f"{town}@zweig.example".lower(), CITY=town, VAT_ID="DE811569869")


def _in_both(v: Village) -> None:
    kind = bound(v, "tax_id")
    for number, tax_id in enumerate(TAX_IDS):
        name = f"Längst Kunde {number} GmbH"
        # Each side lacks what the other has; the last differs in its street, which is asked.
        here = company(v, name=name, email="", phone=f"040 77{number}", street="Ring 1" if number < 3 else "Ring 9")
        filled(v, here, kind, tax_id)
        deal_of(v, here, f"Altbestand {number}", "250")
        there = {"ADDRESS": "Ring 1", "ZIPCODE": "12345", "CITY": "Berlin", "EMAIL": f"kunde{number}@beide.example", "PHONE": ""}
        invoice(v, customer(v, ORGANIZATION=name, VAT_ID=tax_id, **there), TITLE=f"Laufend {number}")
    doubtful = company(v, name="Optik Mond", email="post@mond.example")
    deal_of(v, doubtful, "Brillen", "50")
    customer(v, ORGANIZATION="Optik Mond", EMAIL="post@mond.example", ADDRESS="Ring 1", ZIPCODE="12345", CITY="Berlin")


# --- the vendors' side: what stands in their records, in our words ----------------------------------------------------------------------


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", None)}


def _first(found: list[Row], *kinds: str) -> str:
    return next((str(one["name"]) for one in found if not kinds or one["atype"] in kinds), "")
