"""Canonical writes as wire calls of CentralStationCRM. Pure.

A create is one call with everything nested in it. A change sends only what changed: a nested entry that is edited carries the id it was
read from, a new one carries none, a cleared one ``_destroy``. Nulls are never sent. What the vendor certainly refuses is refused here.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from unisono.model.capability import Capabilities
from unisono.model.document import File, Note
from unisono.model.errors import NotThere
from unisono.model.fields import Row, bad, text
from unisono.model.limits import must_fit, refused
from unisono.model.party import Contact, Flat, Party
from unisono.model.record import Kind, flat_of
from unisono.model.text import clean
from unisono.model.writing import Write
from unisono.systems.centralstation import choose
from unisono.systems.centralstation.mapping import PLURALS, Bindings, company, marker, person, postal, street_of
from unisono.systems.centralstation.values import id_of, nested

TOP = {"name": "name", "first_name": "first_name", "title": "title", "note": "background"}
"""Canonical field -> the attribute of the row itself."""
PARTS = {"address.postcode": "zip", "address.city": "city", "address.region": "state_code", "address.country": "country_code"}
"""Canonical field -> the attribute of an address entry; the two lines share ``street``."""
PERSON_ONLY = ("first_name", "title", "salutation")
GENDERS = {"mr": "male_user", "mrs": "female_user", "family": "family_user", "": "gender_unknown"}


class Call(Struct, frozen=True):
    """One wire call: ``POST /companies`` and its body. ``file`` names a local file whose bytes go along."""

    operation: str
    payload: dict[str, Any] = field(default_factory=dict)
    file: str = ""


def compose(write: Write, current: Row | None, capabilities: Capabilities, bindings: Bindings) -> tuple[Call, ...]:
    """The calls of a write, in order; none if nothing of it can be held here and the record is as it should be.

    Raises ``Refused`` naming the field, ``NotThere`` for a change of a row that is gone.
    """
    match write.operation, write.kind:
        case "create", "party" | "contact":
            return (_create(write, capabilities, bindings),)
        case "change", "party" | "contact":
            return _change(write, current, capabilities, bindings)
        case "create" | "change", "note":
            return (_note(write, capabilities),)
        case "create", "file":
            return (_file(write, capabilities),)
        case "delete", "party" | "contact":
            resource, row_id = split(write.key, ("company", "person"), write)
            return (Call(f"DELETE /{resource}/{row_id}"),)
    raise refused("cannot-write", write, "", f"{write.operation} {write.kind}")


def split(key: str, allowed: tuple[str, ...], write: Write) -> tuple[str, str]:
    """``company:42`` as resource and row id. A symbol (``$1``) stands for the only kind that is allowed."""
    singular, _, row_id = key.partition(":")
    if key.startswith("$") and key[1:].isdigit() and len(allowed) == 1:
        return PLURALS[allowed[0]], key
    if singular not in allowed or not row_id.isdigit():
        raise refused("wrong-owner" if key else "missing-owner", write, "owner", key)
    return PLURALS[singular], row_id


def _number(row_id: str) -> int | str:
    return row_id if row_id.startswith("$") else int(row_id)


# --- creating ---------------------------------------------------------------------------------------------------------------------------


def _create(write: Write, capabilities: Capabilities, bindings: Bindings) -> Call:
    body = write.body
    if not isinstance(body, Party | Contact):
        raise refused("cannot-write", write, "", "no body")
    flat = flat_of(body)
    is_company = isinstance(body, Party) and body.type == "company"
    check(flat, write, capabilities, is_company=is_company)
    row: dict[str, Any] = {attribute: flat[name] for name, attribute in TOP.items() if flat.get(name) and _holds(name, is_company)}
    if not is_company and flat.get("salutation"):
        row["gender"] = GENDERS[flat["salutation"]]
    for name in choose.LISTS:
        if flat.get(name):
            entry = {"name": flat[name], "atype": _atype(name, write.kind, is_company)}
            row.setdefault(f"{choose.LISTS[name]}_attributes", []).append(entry)
    if entry := _new_address(flat, write, is_company):
        row["addrs_attributes"] = [entry]
    values = flat | {"reference": write.reference or body.reference}
    bound = bindings.of("Company" if is_company else "Person")
    if fields := [_new_value(type_id, values[name]) for name, type_id in bound.items() if values.get(name)]:
        row["custom_fields_attributes"] = fields
    if isinstance(body, Contact):
        _, company_id = split(write.owner, ("company",), write)
        held = {"company_id": _number(company_id), "name": body.position, "primary_function": True}
        row["positions_attributes"] = [{k: v for k, v in held.items() if v != ""}]
    return Call("POST /companies", {"company": row}) if is_company else Call("POST /people", {"person": row})


def _atype(name: str, kind: Kind, is_company: bool) -> str:
    if name in ("mobile", "fax"):
        return name
    return "office" if is_company or kind == "contact" else "private"


def _new_address(flat: Flat, write: Write, is_company: bool) -> dict[str, Any]:
    values = {attribute: flat[name] for name, attribute in PARTS.items() if flat.get(name)}
    street = _street(flat.get("address.line1", ""), [flat.get("address.line2", "")])
    values = ({"street": street} if street else {}) | values
    if not values:
        return {}
    _placed(values.get("city", ""), values.get("country_code", ""), write)
    return values | {"atype": "work_hq" if is_company else "private"}


def _placed(city: str, country: str, write: Write) -> None:
    """The vendor takes an address only with a city or a country."""
    if not (city or country):
        raise refused("missing-field", write, "address.city", "")


def _street(first: str, rest: list[str]) -> str:
    return "\n".join(line for line in (first, *rest) if line)


def _new_value(type_id: str, value: str) -> dict[str, Any]:
    return {"custom_fields_type_id": int(type_id), "name": value}


# --- changing ---------------------------------------------------------------------------------------------------------------------------


def _change(write: Write, current: Row | None, capabilities: Capabilities, bindings: Bindings) -> tuple[Call, ...]:
    resource, row_id = split(write.key, ("company", "person"), write)
    if current is None:
        raise NotThere("not-there", {"record": write.key})
    is_company = resource == "companies"
    changes = {name: clean(value) for name, value in write.changes.items()}
    if "type" in changes and changes["type"] != ("company" if is_company else "person"):
        raise refused("type-is-fixed", write, "type", changes["type"])
    check(changes, write, capabilities, is_company=is_company, whole=False)
    row: dict[str, Any] = {attribute: changes[name] for name, attribute in TOP.items() if name in changes and _holds(name, is_company)}
    if not is_company and "salutation" in changes:
        row["gender"] = GENDERS.get(changes["salutation"], "gender_unknown")
    for name, wanted in choose.LISTS.items():
        if name in changes and (edit := _edited_point(current, name, changes[name], write, is_company)):
            row.setdefault(f"{wanted}_attributes", []).append(edit)
    if edit := _edited_address(current, changes, write, is_company):
        row["addrs_attributes"] = [edit]
    if fields := _edited_values(current, changes, write, bindings.of("Company" if is_company else "Person")):
        row["custom_fields_attributes"] = fields
    if tag := _new_tag(current, changes.get("tags", "")):
        row["tags_attributes"] = [tag]
    calls = [Call(f"PUT /{resource}/{row_id}", {"company" if is_company else "person": row})] if row else []
    if write.kind == "contact" and "position" in changes:
        calls.append(_edited_position(current, row_id, changes["position"], write))
    if not calls and "tags" not in changes:
        _nothing(write, current, changes, bindings, is_company)
    return tuple(calls)


def _new_tag(current: Row, name: str) -> dict[str, Any]:
    """A tag that the record does not carry yet: a tag is a row of its own, and nobody refuses a second one of the same name."""
    held = {text(row, "name", "") for row in nested(current, "tags", "")}
    return {"name": name} if name and name not in held else {}


def _nothing(write: Write, current: Row, changes: Flat, bindings: Bindings, is_company: bool) -> None:
    """No call is right if the record already is as wanted, and a problem to be told if it has no place for what is wanted."""
    held = flat_of(company(current, write.key, bindings) if is_company else person(current, write.key, bindings))
    for name, value in changes.items():
        if held.get(name, "") != value:
            raise refused("cannot-hold", write, name, value)


def _edited_point(current: Row, name: str, value: str, write: Write, is_company: bool) -> dict[str, Any]:
    entry = choose.point(current, name, write.key)
    if entry is None:
        return {"name": value, "atype": _atype(name, write.kind, is_company)} if value else {}
    return _edit(entry, {"name": value} if value else {})


def _edit(entry: Row, values: dict[str, Any]) -> dict[str, Any]:
    """An entry that is edited, or removed when no value is left."""
    if not id_of(entry):
        raise bad(str(entry.get("attachable_id", "")), "id", entry.get("id"))
    return {"id": int(id_of(entry))} | (values or {"_destroy": True})


def _edited_address(current: Row, changes: Flat, write: Write, is_company: bool) -> dict[str, Any]:
    if not any(name.startswith("address.") for name in changes):
        return {}
    entry = choose.address(current, "company" if is_company else "person", write.key)
    if entry is None:
        return _new_address(changes, write, is_company)
    after = {
        f"address.{part}": getattr(postal(entry, write.key), part) for part in ("line1", "line2", "postcode", "city", "region", "country")
    }
    after |= {name: value for name, value in changes.items() if name in after}
    if not any(after.values()):
        return _edit(entry, {})
    _placed(after["address.city"], after["address.country"], write)
    values: dict[str, Any] = {attribute: changes[name] for name, attribute in PARTS.items() if name in changes}
    if "address.line1" in changes or "address.line2" in changes:
        first, rest = street_of(entry, write.key)
        # A street of three lines is seen as two; the further ones stay as they are unless they are what changes.
        values["street"] = _street(changes.get("address.line1", first), [changes["address.line2"]] if "address.line2" in changes else rest)
    return _edit(entry, values)


def _edited_values(current: Row, changes: Flat, write: Write, bound: Any) -> list[dict[str, Any]]:
    edits = []
    for name, type_id in bound.items():
        entry = choose.bound_value(current, type_id, write.key)
        if name == "reference":
            # Linking an existing record leaves our reference in it; that of another pair is not overwritten.
            if write.reference and not (entry and text(entry, "name", write.key)):
                edits.append(_edit(entry, {"name": write.reference}) if entry else _new_value(type_id, write.reference))
        elif name in changes and entry:
            edits.append(_edit(entry, {"name": changes[name]} if changes[name] else {}))
        elif changes.get(name):
            edits.append(_new_value(type_id, changes[name]))
    return edits


def _edited_position(current: Row, person_id: str, value: str, write: Write) -> Call:
    company_id = split(write.owner, ("company",), write)[1] if write.owner else ""
    held = choose.position(current, write.key, company_id)
    if held is None or not id_of(held):
        raise refused("no-position", write, "position", value)
    return Call(f"PUT /people/{person_id}/positions/{id_of(held)}", {"position": {"name": value}})


# --- notes and files --------------------------------------------------------------------------------------------------------------------


def _note(write: Write, capabilities: Capabilities) -> Call:
    body = write.body if isinstance(write.body, Note) else None
    values = {"title": body.title, "text": body.text} if body else dict(write.changes)
    check(values, write, capabilities, is_company=False, whole=write.operation == "create")
    row: dict[str, Any] = {"name": values["title"]} if values.get("title") else {}
    if "text" in values:
        row["content"] = _marked(values["text"], write.reference or (body.reference if body else ""))
    if write.operation == "change":
        _, note_id = split(write.key, ("protocol",), write)
        return Call(f"PUT /protocols/{note_id}", {"protocol": row})
    about: dict[str, list[int | str]] = {}
    for key in (body.about if body else ()) or ((write.owner,) if write.owner else ()):
        resource, row_id = split(key, ("deal", "company", "person"), write)
        about.setdefault({"deals": "deal_ids", "companies": "company_ids", "people": "person_ids"}[resource], []).append(_number(row_id))
    if not about:
        raise refused("missing-owner", write, "owner", "")
    fixed = {"type": "ProtocolObjectNote", "badge": "note", "format": "plaintext"}
    return Call("POST /protocols", {"protocol": fixed | row | about})


def _marked(content: str, reference: str) -> str:
    if not reference or marker(reference) in content.splitlines():
        return content
    return f"{content}\n\n{marker(reference)}".lstrip("\n")


def _file(write: Write, capabilities: Capabilities) -> Call:
    body = write.body
    if not isinstance(body, File) or not body.path:
        raise refused("missing-field", write, "path", "")
    limit = capabilities.writing("file").file_limit
    if body.size > limit:
        raise refused("file-too-large", write, "size", str(body.size), str(limit))
    check({"name": body.name}, write, capabilities, is_company=False)
    _, note_id = split(write.owner, ("protocol",), write)
    row = {"filename": body.name, "content_type": body.media_type}
    return Call(f"POST /protocols/{note_id}/attachments", {"attachment": row}, file=body.path)


# --- limits -----------------------------------------------------------------------------------------------------------------------------


def check(flat: Flat, write: Write, capabilities: Capabilities, *, is_company: bool, whole: bool = True) -> None:
    """Required fields, lengths and words of what is written."""
    must_fit(flat, write, capabilities.fields(write.kind), "company" if is_company else "person", whole=whole)


def _holds(name: str, is_company: bool) -> bool:
    return not (is_company and name in PERSON_ONLY)


_NAMES = {"name": "name", "title": "title", "first_name": "first_name", "background": "note", "content": "text", "filename": "name"} | {
    f"addrs.{attribute}": name for name, attribute in PARTS.items()
}
_NAMES |= {
    "gender": "salutation",
    "addrs.street": "address.line1",
    "emails.name": "email",
    "tels.name": "phone",
    "homepages.name": "website",
    "positions.name": "position",
}
_NAMES |= {
    "zip": "address.postcode",
    "city": "address.city",
    "country_code": "address.country",
    "street": "address.line1",
    "emails": "email",
}


def our_name(attribute: str) -> str:
    """Our name of a field the vendor names in a refusal (``addrs.zip``, ``addrs[0].zip``); empty if it is none we know."""
    bare = "".join(part.partition("]")[2] if "]" in part else part for part in attribute.split("["))
    return _NAMES.get(bare, "")
