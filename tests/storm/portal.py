"""A Bitrix24 portal as the oracle reads it: rows of its own tables in plain texts, with our names of fields. Nothing of the product's mapping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.storm.sides import Entry, Inside
from unisono.sandbox.bitrix24 import multifields
from unisono.sandbox.bitrix24.directories import stages
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.types import COMPANY, CONTACT, DEAL, INVOICE, QUOTE, TIMELINE, Type

Row = dict[str, Any]
WATCHED = "UF_CRM_STORM"
"""The user field that stands for a tag."""
TAG = "FastBill"
COUNTRIES = {"DE": "Deutschland", "AT": "Österreich"}
"""Countries as the portal's people write them."""
_CODES = {name: code for code, name in COUNTRIES.items()}
WORDS: Mapping[int, str] = {COMPANY.id: "company", CONTACT.id: "contact"}
_POINTS = {"email": ("EMAIL", ()), "mobile": ("PHONE", ("MOBILE",)), "fax": ("PHONE", ("FAX",)), "website": ("WEB", ())}
_NO_PHONE = ("MOBILE", "FAX", "PAGER")
_RANK = ("WORK", "OTHER", "HOME", "MAILING")
_BILLING, _ACTUAL = 6, 1
_OWN = ("COMPANY_TYPE", "TYPE_ID", "INDUSTRY", "ASSIGNED_BY_ID", "CREATED_BY_ID", "DATE_CREATE", "OPENED", "SOURCE_ID")
PAPERS: Mapping[str, Type] = {"deal": DEAL, "quote": QUOTE, "invoice": INVOICE}
"""How the key of a paper begins -> its type."""
_PAPERS_OWN = ("TITLE", "OPPORTUNITY", "CURRENCY_ID", "COMPANY_ID", "CONTACT_ID")
STATES = {"WON": "won", "LOSE": "lost", "APOLOGY": "lost", "APPROVED": "won", "DECLAINED": "lost"}


def parties(portal: Portal) -> Iterator[Entry]:
    """Companies, but for the portal's own one, and every person."""
    for row in portal.table("companies").values():
        if row.get("IS_MY_COMPANY") != "Y":
            yield party(portal, COMPANY, row)
    for row in portal.table("contacts").values():
        yield party(portal, CONTACT, row)


def contacts(portal: Portal) -> Iterator[Entry]:
    """The persons that belong to a company."""
    for row in portal.table("contacts").values():
        if row["COMPANY_ID"]:
            yield contact(portal, row)


def papers(portal: Portal) -> Iterator[Entry]:
    """Deals and quotes: each is what an offer is made from."""
    for word in ("deal", "quote"):
        yield from _papers(portal, word)


def bills(portal: Portal) -> Iterator[Entry]:
    """The invoices that are written in the portal."""
    return _papers(portal, "invoice")


def _papers(portal: Portal, word: str) -> Iterator[Entry]:
    kind = PAPERS[word]
    for row in portal.table(kind.table).values():
        person = row.get("CONTACT_ID") or next(iter(row.get("CONTACT_IDS") or []), 0)
        owner = f"company:{row['COMPANY_ID']}" if row["COMPANY_ID"] else f"contact:{person}" if person else ""
        stage = str(row[kind.stage])
        values = {"title": row["TITLE"], "value": str(row["OPPORTUNITY"]), "stage": stage, "stage_name": _stage_name(portal, kind, row)}
        yield Entry(f"{word}:{row['ID']}", values | {"state": STATES.get(stage.rpartition(":")[2], stage.lower())}, owner)


def _stage_name(portal: Portal, kind: Type, row: Row) -> str:
    """What people call the stage a paper stands at."""
    found = stages(portal, kind, row.get("CATEGORY_ID"))
    return next((str(one["NAME"]) for one in found if one["STATUS_ID"] == row[kind.stage]), "")


def products(portal: Portal) -> Iterator[Entry]:
    """The catalogue, each product with its price without VAT."""
    for row in portal.table("products").values():
        yield product(portal, row)


def product(portal: Portal, row: Row) -> Entry:
    """A product. Its number stands where another program's id stands."""
    held = next(iter(portal.by("prices", "PRODUCT_ID", row["ID"])), None)
    values = {"number": row["XML_ID"] or "", "name": row["NAME"], "price": "" if held is None else str(held["PRICE"])}
    return Entry(f"product:{row['ID']}", values)


def notes(portal: Portal) -> Iterator[Entry]:
    """Comments on cards; a comment that brings a file, or a document of the CRM, belongs to the one on the same card whose words name it."""
    rows = portal.table("comments")
    brought = [(_place(row), portal.table("files")[number]["NAME"]) for row in rows.values() for number in row["FILES"]]
    brought += [((row["ENTITY_TYPE_ID"], row["ENTITY_ID"]), row["TITLE"]) for row in portal.table("documents").values()]
    for row in rows.values():
        if row["FILES"]:
            continue
        title, _, told = row["COMMENT"].removeprefix("[B]").partition("[/B]")
        beside = [name for place, name in brought if place == _place(row)]
        names = [name for name in beside if _names(title, name)]
        about = tuple(key for bound in row["BOUND"] if (key := _card(portal, bound)))
        yield Entry(note_key(row), {"title": title, "text": told, "files": "|".join(names), "beside": "|".join(beside)}, about=about)


def _place(row: Row) -> tuple[int, int]:
    """The type and number of the card a comment stands on."""
    return TIMELINE[row["ENTITY_TYPE"]].id, row["ENTITY_ID"]


def note_key(row: Row) -> str:
    """The key of a comment: it names its card."""
    return f"comment:{row['ID']}@{row['ENTITY_TYPE']}/{row['ENTITY_ID']}"


def _names(title: str, file: str) -> bool:
    return file.partition(".")[0].partition("_v")[0] in title.replace(",", " ").split()


def _card(portal: Portal, bound: str) -> str:
    """The key of a card that is still there."""
    short, _, number = bound.partition("_")
    found = next(((word, kind) for word, kind in TIMELINE.items() if kind.short == short), None)
    if found is None or portal.get(found[1].table, int(number)) is None:
        return ""
    return f"{'invoice' if found[0] == 'dynamic_31' else found[0]}:{number}"


def party(portal: Portal, kind: Type, row: Row) -> Entry:
    """A company or person as a customer."""
    company = kind is COMPANY
    place = address(portal, kind, row)
    values = {
        "type": WORDS[kind.id] if company else "person",
        "name": row["TITLE"] if company else row["LAST_NAME"] or "",
        "first_name": "" if company else row["NAME"] or "",
        **reach(portal, kind, row),
        "address.line1": place.get("ADDRESS_1") or "",
        "address.postcode": place.get("POSTAL_CODE") or "",
        "address.city": place.get("CITY") or "",
        "address.country": _CODES.get(place.get("COUNTRY") or "", place.get("COUNTRY") or ""),
    }
    return Entry(f"{WORDS[kind.id]}:{row['ID']}", values, tags=tags(row))


def contact(portal: Portal, row: Row) -> Entry:
    """A person as one of a company."""
    values = {"name": row["LAST_NAME"] or "", "first_name": row["NAME"] or "", "position": row["POST"] or "", **reach(portal, CONTACT, row)}
    values.pop("website")
    return Entry(f"contact:{row['ID']}", values, f"company:{row['COMPANY_ID']}", tags=tags(row))


def tags(row: Row) -> tuple[str, ...]:
    """The mark in the user field."""
    return (TAG,) if row.get(WATCHED) in (True, 1, "1", "Y") else ()


def reach(portal: Portal, kind: Type, row: Row) -> dict[str, str]:
    """The one number or address that stands for each list: by its kind, then the oldest."""
    held = sorted(multifields.of(portal, kind, row["ID"]), key=lambda one: (_rank(one["VALUE_TYPE"]), one["ID"]))
    found = {}
    for name, (type_id, kinds) in _POINTS.items():
        fit = [one for one in held if one["TYPE_ID"] == type_id and (not kinds or one["VALUE_TYPE"] in kinds)]
        found[name] = fit[0]["VALUE"] if fit else ""
    phones = [one for one in held if one["TYPE_ID"] == "PHONE" and one["VALUE_TYPE"] not in _NO_PHONE]
    return found | {"phone": phones[0]["VALUE"] if phones else ""}


def _rank(value_type: str) -> int:
    return _RANK.index(value_type) if value_type in _RANK else len(_RANK)


def address(portal: Portal, kind: Type, row: Row) -> Row:
    """The legal address, else the actual one."""
    held = [one for one in portal.by("addresses", "ANCHOR_ID", row["ID"]) if one["ANCHOR_TYPE_ID"] == kind.id]
    held = [one for one in held if one["TYPE_ID"] in (_BILLING, _ACTUAL)]
    return min(held, key=lambda one: ((_BILLING, _ACTUAL).index(one["TYPE_ID"]), one["ENTITY_ID"]), default={})


def inside(portal: Portal, key: str) -> Inside | None:
    """What a row holds: what both sides may know, and what is the portal's own. Of a paper only its stage is anybody else's business."""
    word, _, number = key.partition(":")
    if word in PAPERS or word == "product":
        return _inside_other(portal, key, word, int(number or 0))
    kind = {"company": COMPANY, "contact": CONTACT}.get(word)
    row = portal.get(kind.table, int(number)) if kind is not None and number.isdigit() else None
    if kind is None or row is None:
        return None
    entries = [party(portal, kind, row), *([contact(portal, row)] if kind is CONTACT and row["COMPANY_ID"] else [])]
    known = {(key, name): value for entry in entries for name, value in entry.values.items()}
    own: Row = {name: row.get(name) for name in _OWN}
    for one in portal.by("addresses", "ANCHOR_ID", row["ID"]):
        if one["ANCHOR_TYPE_ID"] == kind.id and one["TYPE_ID"] not in (_BILLING, _ACTUAL):
            own[f"address {one['TYPE_ID']}"] = (one["ADDRESS_1"], one["CITY"])
    for one in portal.by("requisites", "ENTITY_ID", row["ID"]):
        if one["ENTITY_TYPE_ID"] == kind.id and one.get("RQ_USRLE"):
            own[f"register {one['ID']}"] = one["RQ_USRLE"]
    for one in multifields.of(portal, kind, row["ID"]):
        if one["TYPE_ID"] == "IM":
            own[f"messenger {one['ID']}"] = one["VALUE"]
    return Inside(known | {(key, "tags"): " ".join(tags(row))}, own)


def _inside_other(portal: Portal, key: str, word: str, number: int) -> Inside | None:
    row = portal.get("products" if word == "product" else PAPERS[word].table, number)
    if row is None:
        return None
    if word == "product":
        known = {(key, name): value for name, value in product(portal, row).values.items()}
        return Inside(known, {name: row.get(name) for name in ("ACTIVE", "MEASURE", "SORT", "CREATED_BY")})
    own: Row = {name: row.get(name) for name in _PAPERS_OWN}
    own["rows"] = sorted((one["PRODUCT_NAME"], str(one["PRICE"]), str(one["QUANTITY"])) for one in portal.by("rows", "OWNER_ID", number))
    return Inside({(key, "stage"): str(row[PAPERS[word].stage])}, own)
