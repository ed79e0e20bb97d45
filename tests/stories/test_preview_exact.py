"""F24, record by record: what a preview shows of every record is what the vendors are told after its release, value by value.

The vendors' request logs say which of their records was written; their truth says what stands in it. Neither is read from our tables.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from tests.stories.folk import Row, bound, company, customer, deal_of, employee, estimate, filled, invoice, person, state
from tests.stories.test_f_complete_sync import complete
from tests.stories.test_preview import previewed, released, rows
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
        made = company(
            v, name=name, email=f"a{number}@crm.example", phone=f"+49 30 9{number:03d}", zip=f"{1067 + number:05d}", city="Görlitz"
        )
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
        values = {
            "ORGANIZATION": f"{name} (Alt)",
            "EMAIL": f"b{number}@books.example",
            "PHONE": f"0221 8{number:03d}",
            "CUSTOMER_NUMBER": f"K{number}",
        }
        values |= {"FIRST_NAME": "Łucja", "LAST_NAME": f"Müller-{number}"} if number % 2 else {}
        made = customer(v, **values)
        invoice(v, made, TITLE=f"Rechnung an {name}"[:50])
        if number % 3 == 0:
            sent = estimate(v, made, TITLE=f"Versandt {number}")
            state(v, sent, "b")
            estimate(v, made, TITLE=f"Entwurf {number}")
    for number in range(10):
        made = customer(
            v, ORGANIZATION="", FIRST_NAME="Ilse", LAST_NAME=f"Özgür {number}", EMAIL=f"ilse{number}@books.example", ZIPCODE=f"{number:05d}"
        )
        if number % 2:
            invoice(v, made, ITEMS=f"Stunde; {number}.5; 33.33; 7")


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
    for town, postcode in (("Essen", "45127"), ("Ulm", "89073")):
        branch = company(v, name="Zweigstelle KG", email=f"{town}@zweig.example".lower(), city=town, zip=postcode)
        filled(v, branch, kind, "DE811569869")
        v.crm_act("tag", kind="company", id=branch, name="FastBill")
    doubtful = company(v, name="Optik Mond", email="post@mond.example")
    deal_of(v, doubtful, "Brillen", "50")
    customer(v, ORGANIZATION="Optik Mond", EMAIL="post@mond.example", ADDRESS="Ring 1", ZIPCODE="12345", CITY="Berlin")


# --- the vendors' side: what stands in a record that was written, in our words ------------------------------------------------------------


class Vendors:
    """Both vendors' request logs and truth after the release."""

    def __init__(self, v: Village) -> None:
        self.calls = [(side, call) for side, system in (("a", v.crm), ("b", v.books)) for call in system.world.log.writes()]
        crm, books = v.crm.truth(), v.books.truth()
        self._rows: dict[str, Row] = {f"{table}/{row['id']}": row for table in ("companies", "people", "protocols") for row in crm[table]}
        for table, name in (("customers", "CUSTOMER_ID"), ("contacts", "CONTACT_ID"), ("estimates", "ESTIMATE_ID")):
            self._rows |= {f"{table}/{row[name]}": row for row in books[table]}
        self._files = {f"attachments/{a['id']}": (a, p) for p in crm["protocols"] for a in p["attachments"]}

    def subjects(self) -> Counter[tuple[str, str, str]]:
        """Every write that a vendor carried out: side, operation, record."""
        words = {"POST": "create", "create": "create", "PUT": "change", "update": "change"}
        found = ((side, call.operation.split(" ")[0].rpartition(".")[2], call.subject) for side, call in self.calls)
        return Counter((side, words[word], subject) for side, word, subject in found)

    def holds(self, subject: str) -> Row:
        """What stands in a record, filled fields only, under the names that a preview uses."""
        table = subject.partition("/")[0]
        row = self._files[subject][0] if table == "attachments" else self._rows[subject]
        return {name: value for name, value in _READ[table](row).items() if value}

    def owner(self, subject: str) -> set[str]:
        """The records a written one belongs to."""
        table = subject.partition("/")[0]
        if table == "attachments":
            return {f"protocols/{self._files[subject][1]['id']}"}
        row = self._rows[subject]
        if table in ("contacts", "estimates"):
            return {f"customers/{row['CUSTOMER_ID']}"}
        if table in ("companies", "customers"):
            return set()
        return {f"companies/{key}" for key in row["company_ids"]} | {f"people/{key}" for key in row.get("person_ids", ())}


def _postal(line1: Any, postcode: Any, city: Any, country: Any) -> Row:
    return {"address.line1": line1, "address.postcode": postcode, "address.city": city, "address.country": country}


def _address(row: Row) -> Row:
    return _postal(*(row["addrs"][0][name] for name in ("street", "zip", "city", "country_code"))) if row["addrs"] else {}


def _one(row: Row, name: str) -> str:
    assert len(row[name]) <= 1
    return str(row[name][0]["name"]) if row[name] else ""


def _company(row: Row) -> Row:
    read = {"type": "company", "name": row["name"], "email": _one(row, "emails"), "phone": _one(row, "tels")}
    return read | {"tax_id": _one(row, "custom_fields")} | _address(row)


def _person(row: Row) -> Row:
    read = {"name": row["name"], "first_name": row["first_name"], "email": _one(row, "emails"), "phone": _one(row, "tels")}
    if row["positions"]:
        return read | {"position": row["positions"][0]["name"]}
    return read | {"type": "person"} | _address(row)


def _protocol(row: Row) -> Row:
    text, _, reference = row["content"].rpartition("\n")
    assert reference.startswith("Ref: uni-"), "our own reference is the last line"
    return {"title": row["name"], "text": text}


def _customer(row: Row) -> Row:
    business = row["CUSTOMER_TYPE"] == "business"
    read = {"type": "company", "name": row["ORGANIZATION"]} if business else {"type": "person", "name": row["LAST_NAME"]}
    read |= {"first_name": row["FIRST_NAME"], "email": row["EMAIL"], "phone": row["PHONE"], "tax_id": row["VAT_ID"]}
    return read | _postal(row["ADDRESS"], row["ZIPCODE"], row["CITY"], row["COUNTRY_CODE"])


def _contact(row: Row) -> Row:
    read = {"name": row["LAST_NAME"], "first_name": row["FIRST_NAME"], "position": row["POSITION"]}
    return read | {"email": row["EMAIL"], "phone": row["PHONE"]}


def _estimate(row: Row) -> Row:
    names = {"name": "DESCRIPTION", "quantity": "QUANTITY", "unit": "UNIT", "price": "UNIT_PRICE", "vat_rate": "VAT_PERCENT"}
    lines = [_plain({ours: item[theirs] for ours, theirs in names.items()}) for item in row["ITEMS"]]
    basis = {"0": "net", "1": "gross"}[row["ITEMS"][0]["IS_GROSS"]]
    return {
        "title": row["INVOICE_TITLE"],
        "currency": row["CURRENCY_CODE"],
        "basis": basis,
        "lines": lines,
        "stage": {"a": "draft"}[row["STATE"]],
    }


def _plain(line: Row) -> Row:
    """A line with its numbers as numbers: ``1`` is ``1.00``."""
    return {name: Decimal(value) if name in ("quantity", "price", "vat_rate") else value for name, value in line.items() if value}


_READ = {
    "companies": _company,
    "people": _person,
    "protocols": _protocol,
    "attachments": lambda row: {"name": row["filename"]},
    "customers": _customer,
    "contacts": _contact,
    "estimates": _estimate,
}


# --- the preview's side -----------------------------------------------------------------------------------------------------------------


def shown(write: Row) -> Row:
    """What a preview shows of a write, as the vendors' records tell it."""
    after = write["after"]
    if write["kind"] != "quote":
        return dict(after)
    assert (after["type_code"], after["answer"], after["paid"]) == ("310", "open", "none")
    return {n: after[n] for n in ("title", "currency", "basis", "stage")} | {"lines": [_plain(line) for line in after["lines"]["rows"]]}


_TABLES = {"company": "companies", "person": "people", "protocol": "protocols", "attachment": "attachments"}
_TABLES |= {"party": "customers", "contact": "contacts", "quote": "estimates"}


def written(v: Village) -> dict[str, list[tuple[Row, str]]]:
    """The journal: record -> its writes in order, each with the vendor's record."""
    out: dict[str, list[tuple[Row, str]]] = {}
    for entry in sorted(v.journal(), key=lambda e: str(e["id"])):
        if entry["state"] == "void":
            continue  # put off before anything was sent: the hour's or second's limit
        assert entry["state"] == "done"
        out.setdefault(str(entry["key"]), []).append((entry, subject_of(str(entry["side"]), str(entry["kind"]), str(entry["target"]))))
    return out


def subject_of(side: str, kind: str, key: str) -> str:
    """A record's key as the vendors' logs name it."""
    word, _, number = key.rpartition(":")
    return f"{_TABLES[word if side == 'a' else kind]}/{number}"


def wrong_in(row: PlanRow, told: dict[str, list[tuple[Row, str]]], vendors: Vendors) -> list[str]:
    """How the writes of one record differ from what its row in the preview shows."""
    writes, done = row.action.get("writes", []), told.get(row.key, [])
    if [(w["side"], w["operation"], w["kind"]) for w in writes] != [(e["side"], e["operation"], e["kind"]) for e, _ in done]:
        return [f"{row.key}: {len(writes)} writes were shown, {[(e['side'], e['operation'], e['kind']) for e, _ in done]} were done"]
    wrong = []
    for write, (_, subject) in zip(writes, done, strict=True):
        held, wanted = vendors.holds(subject), shown(write)
        if write["operation"] == "change":
            assert subject == subject_of(write["side"], write["kind"], write["key"])
            held = {name: held.get(name, "") for name in wanted}
        if held != wanted:
            wrong.append(f"{row.key}: shown {wanted}, {subject} holds {held}")
        owners = {_made(one, told, row, write) for one in (write["owner"], *write["about"]) if one}
        if write["operation"] == "create" and vendors.owner(subject) != owners:
            wrong.append(f"{row.key}: shown at {owners}, {subject} is at {vendors.owner(subject)}")
    return wrong


def _made(owner: str, told: dict[str, list[tuple[Row, str]]], row: PlanRow, write: Row) -> str:
    """The vendor's record that an owner is; of one that was still to be made, the record that its own row made."""
    if owner == "$note":
        return next(subject for entry, subject in told[row.key] if entry["kind"] == "note")
    if owner.startswith("$"):
        return next(subject for entry, subject in told[owner[1:]] if entry["kind"] == "party")
    return subject_of(write["side"], "party", owner)


# --- the story --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("F24", kind="do")
def test_every_record_is_written_as_its_row_of_the_preview_shows_it_and_nothing_else_is(unreleased: Village) -> None:
    v = unreleased
    v.settings("b", plan="premium")
    twenty_years(v)
    run = previewed(v, with_entries(complete(), ["quotes.history=all", "customers.contacts=all"]))
    before = rows(v, run)
    assert len(before) >= 150
    kinds = Counter((w["side"], w["operation"], w["kind"]) for row in before for w in row.action.get("writes", []))
    assert set(kinds) == KINDS, "both ways, and every kind"
    assert {row.verdict for row in before} == {"new", "linked", "doubtful", "refused", "waiting", "left-out"}
    as_it_was = Vendors(v)
    for row in before:
        for write in row.action.get("writes", []):
            if write["operation"] == "change":
                held = as_it_was.holds(subject_of(write["side"], write["kind"], write["key"]))
                assert {name: held.get(name, "") for name in write["after"]} == write["before"]
    released(v, run)
    v.sync()
    vendors, told = Vendors(v), written(v)
    assert [text for row in before for text in wrong_in(row, told, vendors)] == []
    done = Counter((str(e["side"]), str(e["operation"]), subject) for writes in told.values() for e, subject in writes)
    assert vendors.subjects() == done, "each call that changed something belongs to a record of the preview"
    assert set(told) <= {row.key for row in before}
    assert {row.outcome for row in rows(v, run)} == {"done", "asked", "refused", "waiting"}
    assert [(row.key, row.verdict, row.action) for row in rows(v, run)] == [(row.key, row.verdict, row.action) for row in before]
    v.sync()
    assert Vendors(v).subjects() == done, "and nothing more"


KINDS = {
    ("a", "create", "party"),
    ("a", "create", "contact"),
    ("a", "create", "note"),
    ("a", "create", "file"),
    ("a", "change", "party"),
    ("b", "create", "party"),
    ("b", "create", "contact"),
    ("b", "create", "quote"),
    ("b", "change", "party"),
}
