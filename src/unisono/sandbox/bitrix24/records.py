"""Making, changing and removing records, whoever does it: stages and their meaning, links, stamps, the events that follow."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from unisono.sandbox.bitrix24 import amounts, multifields
from unisono.sandbox.bitrix24.directories import default_category, has_category, known_code, stage_directory, stages
from unisono.sandbox.bitrix24.errors import Refused
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.types import (
    ALL,
    COMPANY,
    CONTACT,
    DEAL,
    INVOICE,
    LEAD,
    QUOTE,
    WITH_CONTACTS,
    WITH_MULTIFIELDS,
    WITH_ROWS,
    Type,
)
from unisono.sandbox.kit.world import Row

_DEFAULTS: dict[str, Row] = {
    "company": {"REVENUE": Decimal(0), "IS_MY_COMPANY": "N", "COMMENTS": "", "OPENED": "N"},
    "contact": {"EXPORT": "Y", "OPENED": "Y", "COMMENTS": None, "COMPANY_IDS": []},
    "deal": {"OPENED": "Y", "IS_RECURRING": "N", "IS_RETURN_CUSTOMER": "N", "IS_REPEATED_APPROACH": "N", "TYPE_ID": "SALE", "IS_NEW": "N"},
    "lead": {"OPENED": "Y", "IS_RETURN_CUSTOMER": "N"},
    "quote": {"OPENED": "Y", "PERSON_TYPE_ID": 1, "STORAGE_TYPE_ID": 3},
    "invoice": {"OPENED": "Y"},
}
_CLIENTS = ("deals", "leads", "quotes", "invoices")


def create(portal: Portal, kind: Type, values: Row, changes: multifields.Changes | None = None) -> Row:
    """Make a record from cleaned values. Raises ``Refused``."""
    now = portal.now()
    row: Row = dict.fromkeys((name for name, field in kind.fields.items() if field.kind != "null"), None)
    row |= _DEFAULTS[kind.name]
    if kind.id in WITH_ROWS:
        row |= {"OPPORTUNITY": Decimal("0.00"), "TAX_VALUE": Decimal("0.00"), "IS_MANUAL_OPPORTUNITY": "N"}
    if "CURRENCY_ID" in kind.fields:
        row["CURRENCY_ID"] = portal.setting("currency")
    stamps = {"DATE_CREATE": now, "DATE_MODIFY": now, "CREATED_BY_ID": portal.user, "MODIFY_BY_ID": portal.user}
    row |= stamps | {"ASSIGNED_BY_ID": portal.user, "LAST_ACTIVITY_BY": portal.user, "LAST_ACTIVITY_TIME": now}
    row |= {name: value for name, value in values.items() if value is not None or name not in row or name in ("COMMENTS",)}
    for name, field in kind.fields.items():
        if field.multiple and row.get(name) is None:
            row[name] = []
    people = _linked(kind, row, values)
    _begin_stage(portal, kind, row, values)
    for name in ("HAS_PHONE", "HAS_EMAIL", "HAS_IMOL"):
        if name in kind.fields:
            row[name] = "N"
    portal.add(kind.table, row)
    key = row["ID"]
    numbered: Row = {}
    if "TITLE" in kind.fields and not row["TITLE"]:
        numbered["TITLE"] = f"{kind.words} #{key}"
    if kind is QUOTE:
        numbered["QUOTE_NUMBER"] = str(key)
    if kind is INVOICE and not row.get("ACCOUNT_NUMBER"):
        numbered["ACCOUNT_NUMBER"] = str(portal.world.storage.next_id("account_number"))
    portal.change(kind.table, row, numbered)
    if kind is COMPANY and people:
        put_people(portal, row, people)
    if changes:
        multifields.apply(portal, kind, key, changes)
        _reachable(portal, kind, row)
    happened(portal, kind, "ADD", key)
    return row


def change(portal: Portal, kind: Type, row: Row, values: Row, changes: multifields.Changes | None = None) -> bool:
    """Change a record; whether anything did change. What changes nothing leaves stamp and listeners alone. Raises ``Refused``."""
    values = dict(values)
    people = _linked(kind, row | values, values)
    if "TITLE" in values and not values["TITLE"]:
        values["TITLE"] = f"{kind.words} #{row['ID']}"
    if kind is CONTACT and not any((row | values)[name] for name in ("NAME", "LAST_NAME")):
        raise Refused("CRM_FIELD_ERROR_REQUIRED", "The fields 'First name' or 'Last name' must be filled in.")
    relinked = kind is COMPANY and values.pop("CONTACT_IDS", None) is not None
    moved_pipeline = _move(portal, kind, row, values)
    counts = kind.id in WITH_ROWS and values.get("IS_MANUAL_OPPORTUNITY", row["IS_MANUAL_OPPORTUNITY"]) != "Y"
    if counts and (rows := amounts.rows_of(portal, kind, row["ID"])):
        values |= {name: value for name, value in amounts.totals(rows).items() if name in kind.fields}
    different = portal.change(kind.table, row, values)
    if relinked:
        different = put_people(portal, row, people) or different
    if changes and multifields.apply(portal, kind, row["ID"], changes):
        _reachable(portal, kind, row)
        if not (different or portal.setting("multifields_move")):
            happened(portal, kind, "UPDATE", row["ID"])
            return True
        different = True
    if different:
        if not ({"DATE_MODIFY", "MODIFY_BY_ID"} & values.keys()):
            touched(portal, kind, row)
        happened(portal, kind, "UPDATE", row["ID"])
        if moved_pipeline:
            portal.happened("ONCRMDEALMOVETOCATEGORY", {"FIELDS": {"ID": row["ID"], "CATEGORY_ID": row["CATEGORY_ID"]}})
    return different


def touched(portal: Portal, kind: Type, row: Row) -> None:
    """Set the stamp of a record."""
    portal.change(kind.table, row, {"DATE_MODIFY": portal.now(), "MODIFY_BY_ID": portal.user})


def happened(portal: Portal, kind: Type, what: str, key: int) -> None:
    """Note the event of a record: ``ADD``, ``UPDATE``, ``DELETE``."""
    if kind.dynamic:
        data = {"FIELDS": {"ID": key, "ENTITY_TYPE_ID": kind.id}}
        portal.happened(f"ONCRMDYNAMICITEM{what}", data)
        portal.happened(f"ONCRMDYNAMICITEM{what}_{kind.id}", data)
    else:
        portal.happened(f"ONCRM{kind.code}{what}", {"FIELDS": {"ID": key}})


def remove(portal: Portal, kind: Type, row: Row) -> None:
    """Delete a record with what hangs on it; the recycle bin of the user interface keeps it, REST knows nothing of that."""
    key = row["ID"]
    kept: Row = {"TYPE": kind.id, "ITEM": dict(row), "DELETED": portal.now(), "PARTS": {}}
    portal.remove(kind.table, key)
    for table, parts in _parts(portal, kind, key).items():
        kept["PARTS"][table] = [dict(part) for part in parts]
        for part in parts:
            portal.remove(table, part["ID"])
    if kind is COMPANY:
        for person in portal.by("contacts", "COMPANY_IDS", key):
            _unlink(portal, "contacts", person, "COMPANY", key)
    if kind in (COMPANY, CONTACT):
        for table in _CLIENTS:
            for owner in list(portal.table(table).values()):
                if kind is COMPANY and owner.get("COMPANY_ID") == key:
                    portal.change(table, owner, {"COMPANY_ID": None})
                if kind is CONTACT and key in (owner.get("CONTACT_IDS") or []):
                    _unlink(portal, table, owner, "CONTACT", key)
    for field, target in (
        (("DEAL_ID", QUOTE), ("PARENT_ID_2", INVOICE)) if kind is DEAL else (("PARENT_ID_7", INVOICE),) if kind is QUOTE else ()
    ):
        for owner in list(portal.table(target.table).values()):
            if owner.get(field) == key:
                portal.change(target.table, owner, {field: None})
    portal.add("recycle", kept)
    happened(portal, kind, "DELETE", key)


def restore(portal: Portal, kept: Row) -> Row:
    """Bring a record back from the recycle bin under its old id (guess); links to others are lost."""
    portal.remove("recycle", kept["ID"])
    kind = next(one for one in ALL if one.id == kept["TYPE"])
    row: Row = dict(kept["ITEM"]) | {"DATE_MODIFY": portal.now()}
    if "COMPANY_IDS" in row:
        row["COMPANY_IDS"] = [key for key in row["COMPANY_IDS"] if portal.get("companies", key)]
        row["COMPANY_ID"] = row["COMPANY_IDS"][0] if row["COMPANY_IDS"] else None
    portal.add(kind.table, row)
    for table, parts in kept["PARTS"].items():
        for part in parts:
            portal.add(table, dict(part))
    happened(portal, kind, "ADD", row["ID"])
    return row


def _parts(portal: Portal, kind: Type, key: int) -> dict[str, list[Row]]:
    """What goes with a record: multifields, rows, requisites with addresses and bank details."""
    found: dict[str, list[Row]] = {}
    if kind.id in WITH_MULTIFIELDS:
        found["multifields"] = multifields.of(portal, kind, key)
    if kind.id in WITH_ROWS:
        found["rows"] = [row for row in portal.by("rows", "OWNER_ID", key) if row["OWNER_TYPE"] == kind.short]
    if kind in (COMPANY, CONTACT):
        requisites = [row for row in portal.by("requisites", "ENTITY_ID", key) if row["ENTITY_TYPE_ID"] == kind.id]
        found["requisites"] = requisites
        found["bankdetails"] = [one for row in requisites for one in portal.by("bankdetails", "ENTITY_ID", row["ID"])]
        found["addresses"] = [one for one in portal.by("addresses", "ANCHOR_ID", key) if one["ANCHOR_TYPE_ID"] == kind.id]
    return found


# links


def put_people(portal: Portal, company: Row, keys: list[int], sorts: dict[str, int] | None = None) -> bool:
    """Exactly these contacts belong to the company; whether anything is different now."""
    key = company["ID"]
    different = False
    for person in portal.by("contacts", "COMPANY_IDS", key):
        if person["ID"] not in keys:
            _unlink(portal, "contacts", person, "COMPANY", key)
            different = True
    for number in keys:
        linked = portal.get("contacts", number)
        if linked is None:
            continue
        values: Row = {}
        if key not in linked["COMPANY_IDS"]:
            values = {"COMPANY_IDS": [*linked["COMPANY_IDS"], key], "COMPANY_ID": linked["COMPANY_ID"] or key}
        if sorts is not None and sorts.get(str(number)) is not None:
            values["COMPANY_SORTS"] = (linked.get("COMPANY_SORTS") or {}) | {str(key): sorts[str(number)]}
        different = portal.change("contacts", linked, values) or different
    return different


def _unlink(portal: Portal, table: str, row: Row, code: str, key: int) -> None:
    left = [one for one in row[f"{code}_IDS"] if one != key]
    primary = row[f"{code}_ID"] if row[f"{code}_ID"] in left else left[0] if left else None
    portal.change(table, row, {f"{code}_IDS": left, f"{code}_ID": primary})


def _linked(kind: Type, whole: Row, values: Row) -> list[int]:
    """Bring a record's list of links and its primary one together. One id alone replaces the list (guess)."""
    code = "COMPANY" if kind is CONTACT else "CONTACT" if kind.id in WITH_CONTACTS else ""
    if code:
        many, one = f"{code}_IDS", f"{code}_ID"
        if many in values:
            keys = list(dict.fromkeys(values[many] or []))
            primary = values.get(one) if values.get(one) in keys else keys[0] if keys else None
            values |= {many: keys, one: primary}
        elif one in values:
            values[many] = [values[one]] if values[one] else []
        whole |= {name: values[name] for name in (many, one) if name in values}
    return list(dict.fromkeys(values.get("CONTACT_IDS") or [])) if kind is COMPANY else []


# stages


def _begin_stage(portal: Portal, kind: Type, row: Row, values: Row) -> None:
    if not kind.stage:
        return
    category = values.get("CATEGORY_ID")
    if category is None or not has_category(portal, kind, category):
        category = default_category(portal, kind)
    if "CATEGORY_ID" in kind.fields:
        row["CATEGORY_ID"] = category
    known = stages(portal, kind, category)
    given = values.get(kind.stage)
    row[kind.stage] = given if any(one["STATUS_ID"] == given for one in known) else known[0]["STATUS_ID"]
    row |= {name: value for name, value in {"MOVED_BY_ID": portal.user, "MOVED_TIME": portal.now()}.items() if name in kind.fields}
    row |= _meaning(portal, kind, row, category, row[kind.stage])


def _move(portal: Portal, kind: Type, row: Row, values: Row) -> bool:
    """Complete values that change pipeline or stage; whether the pipeline changes."""
    if not kind.stage:
        return False
    category = values.get("CATEGORY_ID", row.get("CATEGORY_ID"))
    if category is None or ("CATEGORY_ID" in kind.fields and not has_category(portal, kind, category)):
        values.pop("CATEGORY_ID", None)
        category = row.get("CATEGORY_ID")
    moved = category != row.get("CATEGORY_ID")
    stage = values.get(kind.stage) or (stages(portal, kind, category)[0]["STATUS_ID"] if moved else row[kind.stage])
    if not known_code(portal, stage_directory(kind, category), stage):
        raise Refused(
            "CRM_FIELD_ERROR_VALUE_NOT_VALID", f"The value of the field '{kind.fields[kind.stage].camel}' is no stage of the pipeline."
        )
    values[kind.stage] = stage
    if stage != row[kind.stage]:
        more = {"MOVED_BY_ID": portal.user, "MOVED_TIME": portal.now(), "PREVIOUS_STAGE_ID": row[kind.stage]}
        values |= {name: value for name, value in more.items() if name in kind.fields}
        values |= _meaning(portal, kind, row, category, stage)
    return moved and kind is DEAL


def _meaning(portal: Portal, kind: Type, row: Row, category: int | None, stage: str) -> Row:
    """What a stage says of its record: open, won or lost."""
    entry = next(one for one in stages(portal, kind, category) if one["STATUS_ID"] == stage)
    semantics = entry["SEMANTICS"] or "P"
    found: Row = {"STAGE_SEMANTIC_ID": semantics, "STATUS_SEMANTIC_ID": semantics, "CLOSED": "N" if semantics == "P" else "Y"}
    if kind is LEAD:
        found["DATE_CLOSED"] = portal.now() if semantics != "P" else None
    if kind in (DEAL, QUOTE) and semantics != "P" and row.get("CLOSEDATE") is None:
        found["CLOSEDATE"] = portal.today()
    return {name: value for name, value in found.items() if name in kind.fields}


def _reachable(portal: Portal, kind: Type, row: Row) -> None:
    held = {one["TYPE_ID"] for one in multifields.of(portal, kind, row["ID"])}
    portal.change(kind.table, row, {f"HAS_{name}": "Y" if name in held else "N" for name in ("PHONE", "EMAIL")})


def missing(kind: Type, *, universal: bool) -> Refused:
    """The refusal where a record is not there."""
    return Refused("NOT_FOUND", "Element not found") if universal else Refused("", f"{kind.words} is not found")


def plain_value(value: Any) -> Any:
    """A stored value as JSON has it, for those who look from outside."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return {"bytes": len(value)}
    if isinstance(value, list):
        return [plain_value(one) for one in value]
    if isinstance(value, dict):
        return {str(name): plain_value(one) for name, one in value.items()}
    return value.isoformat() if hasattr(value, "isoformat") else value
