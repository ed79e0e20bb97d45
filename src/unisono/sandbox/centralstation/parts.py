"""Sub-records: contact details, addresses, tags, positions, custom fields; one way in for nested attributes, routes and people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from unisono.sandbox.centralstation.book import Book
from unisono.sandbox.centralstation.countries import COUNTRIES, STATES
from unisono.sandbox.centralstation.envelope import not_found
from unisono.sandbox.centralstation.fields import ADDR, CUSTOM_FIELD, DETAIL, POSITION, TAG, Errors, Field, clean
from unisono.sandbox.kit.world import Row


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of sub-record: where it is kept, what it is called in JSON, what may be written."""

    table: str
    wrapper: str
    fields: dict[str, Field]
    type: str = ""
    """The ``type`` of a contact detail."""


PARTS: dict[str, Part] = {
    "tels": Part("contact_details", "tel", DETAIL, "Tel"),
    "emails": Part("contact_details", "email", DETAIL, "Email"),
    "homepages": Part("contact_details", "homepage", DETAIL, "Homepage"),
    "ims": Part("contact_details", "im", DETAIL, "Im"),
    "sms": Part("contact_details", "sm", DETAIL, "Sm"),
    "addrs": Part("addrs", "addr", ADDR),
    "tags": Part("tags", "tag", TAG),
    "positions": Part("positions", "position", POSITION),
    "custom_fields": Part("custom_fields", "custom_field", CUSTOM_FIELD),
}
"""By the name they have in ``includes`` and in ``<name>_attributes``."""

DETAIL_TYPES = {part.type: part for part in PARTS.values() if part.type}

Work = Callable[[int], Row | None]
"""Something validated that is still to be done, for the owner with this id."""


def prepare(
    book: Book, part: Part, owner_type: str, owner_id: int, given: Row, row: Row | None = None, *, by_api: bool = True
) -> tuple[Work, Errors]:
    """Check a new sub-record or a change of ``row``. The work must only be called if there are no errors."""
    values, errors = clean(part.fields, given, creating=row is None)
    match part.wrapper:
        case "addr":
            _check_addr(values, row, errors)
        case "position":
            _check_position(book, values, row, owner_type, errors)
        case "custom_field":
            _check_custom_field(book, values, row, owner_type, owner_id, errors)
    if row is not None:
        return (lambda _: _change(book, part, row, values)), errors
    return (lambda owner: _create(book, part, owner_type, owner, values, by_api=by_api)), errors


def remove(book: Book, part: Part, row: Row) -> None:
    """Delete one sub-record."""
    book.remove(part.table, row["id"])


def _check_addr(values: Row, row: Row | None, errors: Errors) -> None:
    merged = {**(row or {}), **values}
    if not merged.get("city") and not merged.get("country_code") and not errors:
        errors["city"] = errors["country_code"] = ["one of city and country_code must be filled in"]
    state, country = values.get("state_code"), merged.get("country_code")
    if state and country in STATES and state not in STATES[country]:
        errors["state_code"] = ["does not belong to the country"]


def _check_position(book: Book, values: Row, row: Row | None, owner_type: str, errors: Errors) -> None:
    needed = "company_id" if owner_type == "Person" else "person_id"
    if row is None and not values.get(needed) and not values.get("company_name"):
        errors.setdefault(needed, ["must be filled in"])
    for name, table in (("person_id", "people"), ("company_id", "companies")):
        if values.get(name) is not None and book.get(table, values[name]) is None:
            errors[name] = ["does not exist"]
    if values.get("company_name"):
        book.room_for("contacts")


def _check_custom_field(book: Book, values: Row, row: Row | None, owner_type: str, owner_id: int, errors: Errors) -> None:
    type_id = values.get("custom_fields_type_id") or (row or {}).get("custom_fields_type_id")
    kind = book.get("custom_fields_types", type_id) if type_id else None
    if kind is None or kind["category"] != owner_type:
        errors.setdefault("custom_fields_type_id", [f"does not exist for {owner_type}"])
        return
    if row is None and any(own["custom_fields_type_id"] == type_id for own in book.by("custom_fields", "attachable_id", owner_id)):
        errors["custom_fields_type_id"] = ["has a value at this record already"]
    text = values.get("name")
    if text is None:
        return
    if kind["ftype"] == "select" and text not in (kind["options"] or []):
        errors["name"] = ["is not one of the options"]
    for ftype, column in (("decimal", "name_decimal"), ("date", "name_date")):
        if kind["ftype"] == ftype:
            found, wrong = clean({"name": Field(ftype)}, {"name": text}, creating=False)
            errors.update(wrong)
            values[column] = found.get("name")


def _create(book: Book, part: Part, owner_type: str, owner_id: int, values: Row, *, by_api: bool) -> Row:
    now = book.now()
    account = book.setting("account_id")
    head: Row = {"id": book.new_id()}
    whose: Row = {"attachable_id": owner_id, "attachable_type": owner_type}
    times: Row = {"created_at": now, "updated_at": now}
    match part.wrapper:
        case "addr":
            row = head | whose | {name: values.get(name) for name in ("street", "zip", "city", "state_code", "country_code", "primary")}
            row |= times | {"atype": values.get("atype") or "work_hq", "api_input": by_api, "country_name": None}
            row["country_name"] = COUNTRIES.get(row["country_code"] or "")
        case "tag":
            row = head | {"account_id": account} | whose | {"api_input": by_api, "name": values["name"]} | times
        case "position":
            row = head | {"account_id": account} | _position(book, owner_type, owner_id, values) | {"api_input": by_api} | times
        case "custom_field":
            row = head | {"account_id": account, "attachable_type": owner_type, "attachable_id": owner_id}
            row |= {"custom_fields_type_id": values["custom_fields_type_id"], "api_input": by_api, "name": values["name"]}
            row |= {"name_decimal": values.get("name_decimal"), "name_date": values.get("name_date")} | times
        case _:
            row = head | {"type": part.type, "attachable_type": owner_type, "attachable_id": owner_id}
            row |= {"atype": values.get("atype") or "office", "primary": values.get("primary"), "name": values["name"]}
            row |= {"name_clean": _name_clean(part, values["name"]), "api_input": by_api} | times
    book.add(part.table, row)
    if part.wrapper == "position":
        _only_main(book, row)
    return row


def _position(book: Book, owner_type: str, owner_id: int, values: Row) -> Row:
    person_id, company_id = values.get("person_id"), values.get("company_id")
    if values.get("company_name") and company_id is None:
        company_id = _company_named(book, values["company_name"])
    if owner_type == "Person":
        person_id = owner_id
    elif not values.get("company_name"):
        company_id = owner_id
    return {
        "person_id": person_id,
        "company_id": company_id,
        "name": values.get("name", ""),
        "department": values.get("department", ""),
        "primary_function": values.get("primary_function", False),
        "former": values.get("former", False),
    }


MAKERS: dict[str, Callable[[Book, Row], Row]] = {}
"""How a whole record is made, for a part that brings one along; ``records``, which knows, enters itself here."""


def _company_named(book: Book, name: str) -> int:
    """The company of exactly this name, made if there is none."""
    found = book.by("companies", "name", name)
    return int((found[0] if found else MAKERS["company"](book, {"name": name}))["id"])


def _only_main(book: Book, row: Row) -> None:
    """A person has one main position (a guess: the vendor's rule was not seen)."""
    if row["primary_function"] and row["person_id"] is not None:
        for other in book.by("positions", "person_id", row["person_id"]):
            if other is not row and other["primary_function"]:
                book.change("positions", other, {"primary_function": False, "updated_at": book.now()})


def _change(book: Book, part: Part, row: Row, values: Row) -> Row | None:
    """Write a change; ``None`` if everything was so already."""
    if part.wrapper == "addr" and "country_code" in values:
        values["country_name"] = COUNTRIES.get(values["country_code"] or "")
    if part.type and "name" in values:
        values["name_clean"] = _name_clean(part, values["name"])
    if part.wrapper == "position" and values.pop("company_name", ""):
        return None
    if not book.change(part.table, row, values):
        return None
    book.change(part.table, row, {"updated_at": book.now()})
    if part.wrapper == "position":
        _only_main(book, row)
    return row


def _name_clean(part: Part, name: str) -> str:
    """Telephone numbers by their digits, everything else trimmed and lower case (a guess)."""
    if part.type in ("Tel", "Sm"):
        return "".join(c for c in name if c.isdigit() or c == "+")
    return name.strip().lower()


def nested(
    book: Book, owner_type: str, owner_id: int, given: Row, allowed: tuple[str, ...], *, by_api: bool = True
) -> tuple[list[Work], Errors]:
    """The work in all ``<part>_attributes`` of a create or update: rows without ``id`` are new, with ``id`` changed, with ``_destroy``
    removed. Errors are named ``addrs.city``. A foreign or unknown ``id`` is 404, as in Rails."""
    work: list[Work] = []
    errors: Errors = {}
    for name in allowed:
        entries = given.get(f"{name}_attributes")
        if entries is None:
            continue
        if isinstance(entries, dict):
            entries = list(entries.values())
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            errors[name] = ["is invalid"]
            continue
        for entry in entries:
            part = PARTS[name]
            row = owned(book, part, owner_id, entry["id"]) if entry.get("id") not in (None, "") else None
            if _on(entry.get("_destroy")):
                if row is not None:
                    work.append(lambda _, part=part, row=row: _destroy(book, part, row))  # type: ignore[misc]
                continue
            one, wrong = prepare(book, part, owner_type, owner_id, entry, row, by_api=by_api)
            errors.update({f"{name}.{attribute}": messages for attribute, messages in wrong.items()})
            work.append(one)
    return work, errors


def _destroy(book: Book, part: Part, row: Row) -> Row:
    remove(book, part, row)
    return row


def _on(value: Any) -> bool:
    return value is True or str(value).lower() in ("1", "true")


def owned(book: Book, part: Part, owner_id: int, key: Any) -> Row:
    """A sub-record of this owner; 404 for another one's."""
    row = book.get(part.table, int(key)) if str(key).isdigit() else None
    if row is None or owner_id not in (row.get("attachable_id"), row.get("person_id"), row.get("company_id")):
        raise not_found(part.wrapper)
    if part.type and row["type"] != part.type:
        raise not_found(part.wrapper)
    return row


def of(book: Book, name: str, owner_type: str, owner_id: int) -> list[Row]:
    """The sub-records of one kind (a key of ``PARTS``) of a record."""
    part = PARTS[name]
    if name == "positions":
        return book.by("positions", "person_id" if owner_type == "Person" else "company_id", owner_id)
    rows = book.by(part.table, "attachable_id", owner_id)
    if part.type:
        return [row for row in rows if row["type"] == part.type]
    return [custom_field(book, row) for row in rows] if name == "custom_fields" else rows


def custom_field(book: Book, row: Row, *, whole: bool = False) -> Row:
    """A custom field with the name of its type; ``whole``: with the type as well."""
    kind = book.rows("custom_fields_types")[row["custom_fields_type_id"]]
    shown = row | {"custom_fields_type_name": kind["name"]}
    if whole:
        shown["custom_fields_type"] = {key: kind[key] for key in ("id", "position", "category", "name", "created_at", "updated_at")}
    return shown
