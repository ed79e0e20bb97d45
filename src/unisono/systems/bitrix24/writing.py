"""Canonical writes as calls of Bitrix24. Pure.

A customer is a record, a requisite with the tax id and an address on the requisite: what a write needs of them travels in one batch, whose
later commands point to the answers of earlier ones. A change sends only what changed; a number or e-mail carries the id it was read with.
"""

from __future__ import annotations

from typing import Any

from unisono.connect.port import Command
from unisono.model.capability import Capabilities
from unisono.model.errors import NotThere
from unisono.model.fields import Row, text
from unisono.model.limits import refused
from unisono.model.party import Contact, Flat, Party
from unisono.model.record import flat_of
from unisono.model.text import clean
from unisono.model.writing import Write
from unisono.systems.bitrix24 import catalogue, choose, drafts, notes
from unisono.systems.bitrix24.calls import command_of, must_fit, split
from unisono.systems.bitrix24.client import Step
from unisono.systems.bitrix24.mapping import ENTITIES, OURS, RESOURCES, Ways
from unisono.systems.bitrix24.values import country_name, id_of

COMPANY_TOP = {"name": "title", "note": "comments"}
PERSON_TOP = {"name": "lastName", "first_name": "name", "position": "post", "note": "comments"}
"""Canonical field -> the member of the record itself."""
ADDRESS = {
    "address.line1": "ADDRESS_1",
    "address.line2": "ADDRESS_2",
    "address.postcode": "POSTAL_CODE",
    "address.city": "CITY",
    "address.region": "PROVINCE",
    "address.country": "COUNTRY",
}
_NEW = "$result[item][item][id]"
_NEW_REQUISITE = "$result[requisite]"


def compose(write: Write, current: Row | None, capabilities: Capabilities, ways: Ways) -> tuple[Command, ...]:
    """The one call of a write; none if the record is as it should be already.

    Raises ``Refused`` naming the field, ``NotThere`` for a change of a row that is gone.
    """
    match write.operation, write.kind:
        case "create", "party" | "contact":
            return _create(write, capabilities, ways)
        case "change", "party" | "contact":
            return _change(write, current, capabilities, ways)
        case "delete", "party" | "contact":
            prefix, row_id = split(write.key, ("company", "contact"), write)
            params = {"entityTypeId": ENTITIES[RESOURCES[prefix]], "id": int(row_id)}
            return (command_of([Step("item", "crm.item.delete", params)], write.key),)
        case "create", "note":
            return (notes.created(write, capabilities),)
        case "change", "note":
            return (notes.changed(write, current, capabilities),)
        case "create", "file":
            return (notes.filed(write, capabilities, ways),)
        case "delete", "note" | "file":
            return (notes.deleted(write),)
        case "create", "quote" | "invoice":
            return drafts.created(write, capabilities, ways)
        case "change", "quote" | "invoice":
            return drafts.changed(write, capabilities, ways)
        case "create", "product":
            return (catalogue.created(write, capabilities, ways.article_field),)
        case "change", "product":
            return (catalogue.changed(write, current, capabilities, ways.article_field),)
    raise refused("cannot-write", write, "", f"{write.operation} {write.kind}")


# --- parties and contacts ---------------------------------------------------------------------------------------------------------------


def _create(write: Write, capabilities: Capabilities, ways: Ways) -> tuple[Command, ...]:
    body = write.body
    if not isinstance(body, Party | Contact):
        raise refused("cannot-write", write, "", type(body).__name__)
    is_company = isinstance(body, Party) and body.type == "company"
    flat = {name: clean(value) for name, value in flat_of(body).items()}
    must_fit(flat, write, capabilities, is_company=is_company)
    entity = ENTITIES["companies" if is_company else "contacts"]
    fields = _top(flat, write, is_company, ways, whole=True)
    entries = [_entry(name, flat[name]) for name in choose.POINTS if flat.get(name)]
    if entries:
        fields["fm"] = {f"n{place}": entry for place, entry in enumerate(entries)}
    if ways.responsible:
        fields["assignedById"] = int(ways.responsible)
    if write.kind == "contact":
        _, owner = split(write.owner, ("company",), write)
        fields["companyId"] = int(owner)
    reference = write.reference or body.reference
    if reference:
        fields |= {"originatorId": OURS, "originId": reference}
    steps = [Step("item", "crm.item.add", {"entityTypeId": entity, "fields": fields, "useOriginalUfNames": "Y"})]
    if write.kind == "party":
        place = _postal({name: value for name, value in flat.items() if value}, ways)
        label = " ".join(part for part in (body.first_name, body.name) if part)
        steps += _legal(entity, _NEW, flat.get("tax_id", ""), place, "company" if is_company else "person", label, ways)
    return (command_of(steps, "", "company" if is_company else "contact"),)


def _change(write: Write, current: Row | None, capabilities: Capabilities, ways: Ways) -> tuple[Command, ...]:
    prefix, row_id = split(write.key, ("company", "contact"), write)
    if current is None:
        raise NotThere("not-there", {"record": write.key})
    is_company = prefix == "company"
    changes = {name: clean(value) for name, value in write.changes.items()}
    must_fit(changes, write, capabilities, is_company=is_company, whole=False)
    entity = ENTITIES[RESOURCES[prefix]]
    fields = _top(changes, write, is_company, ways, whole=False)
    entries = _edited_points(current, changes, write)
    if entries:
        fields["fm"] = entries
    if write.reference and not text(current, "originId", write.key) and not text(current, "originatorId", write.key):
        # Linking an existing record leaves our reference in it; that of another program is not overwritten.
        fields |= {"originatorId": OURS, "originId": write.reference}
    steps = []
    if fields:
        params = {"entityTypeId": entity, "id": int(row_id), "fields": fields, "useOriginalUfNames": "Y"}
        steps.append(Step("item", "crm.item.update", params))
    if write.kind == "party":
        steps += _edited_legal(write, current, changes, entity, int(row_id), ways)
    if not steps:
        return ()
    return (command_of(steps, write.key),)


def _top(flat: Flat, write: Write, is_company: bool, ways: Ways, *, whole: bool) -> dict[str, Any]:
    """The members of the record itself. ``whole``: an empty field is not sent at all."""
    names = COMPANY_TOP if is_company else PERSON_TOP
    fields: dict[str, Any] = {member: flat[name] for name, member in names.items() if name in flat and (flat[name] or not whole)}
    if not is_company and "salutation" in flat and (flat["salutation"] or not whole):
        fields["honorific"] = _honorific(flat["salutation"], write, ways)
    return fields


def _honorific(salutation: str, write: Write, ways: Ways) -> str:
    if not salutation:
        return ""
    known = next((word for word, meant in ways.honorifics.items() if meant == salutation), "")
    if not known:
        raise refused("cannot-hold", write, "salutation", salutation)
    return known


def _entry(name: str, value: str) -> dict[str, str]:
    type_id, kind = choose.POINTS[name]
    return {"typeId": type_id, "valueType": kind, "value": value}


def _edited_points(current: Row, changes: Flat, write: Write) -> dict[str, Any]:
    """Entries by their id; a new one by a key of its own. Without its type an entry would be passed over in silence."""
    edits: dict[str, Any] = {}
    for name in choose.POINTS:
        if name not in changes:
            continue
        entry = choose.point(current, name, write.key)
        if entry is not None and id_of(entry):
            edits[id_of(entry)] = {"typeId": choose.POINTS[name][0], "valueType": entry.get("valueType"), "value": changes[name]}
        elif changes[name]:
            edits[f"n{len(edits)}"] = _entry(name, changes[name])
    return edits


def _postal(flat: Flat, ways: Ways) -> dict[str, str]:
    place = {member: flat[name] for name, member in ADDRESS.items() if name in flat}
    if place.get("COUNTRY"):
        place["COUNTRY"] = country_name(place["COUNTRY"], ways.language)
    return place


def _legal(entity: int, owner: int | str, tax_id: str, place: dict[str, str], form: str, label: str, ways: Ways) -> list[Step]:
    """A new requisite with its address, if there is anything to hold. Without a preset from set-up it follows the portal's first."""
    if not (tax_id or place):
        return []
    steps = []
    preset: str = ways.presets.get(form, "")
    if not preset:
        steps.append(Step("preset", "crm.requisite.preset.list", {"order": {"ID": "ASC"}, "filter": {"ACTIVE": "Y"}, "select": ["ID"]}))
        preset = "$result[preset][0][ID]"
    fields: dict[str, Any] = {"ENTITY_TYPE_ID": entity, "ENTITY_ID": owner, "PRESET_ID": preset, "NAME": label[:255]}
    if tax_id:
        fields[ways.tax_field] = tax_id
    steps.append(Step("requisite", "crm.requisite.add", {"fields": fields}))
    if place:
        steps.append(_new_address(_NEW_REQUISITE, place, ways))
    return steps


def _new_address(requisite: int | str, place: dict[str, str], ways: Ways) -> Step:
    key = {"TYPE_ID": int(ways.addresses[0]), "ENTITY_TYPE_ID": 8, "ENTITY_ID": requisite}
    return Step("address", "crm.address.add", {"fields": key | place})


def _edited_legal(write: Write, current: Row, changes: Flat, entity: int, row_id: int, ways: Ways) -> list[Step]:
    me = write.key
    place = _postal(changes, ways)
    held, there = choose.requisite(current, me), choose.address(current, ways.addresses, me)
    steps: list[Step] = []
    if held is None and (changes.get("tax_id") or (there is None and any(place.values()))):
        form, names = ("company", ("title",)) if entity == ENTITIES["companies"] else ("person", ("name", "lastName"))
        label = changes.get("name", "") or " ".join(part for part in (text(current, name, me) for name in names) if part)
        new = {member: value for member, value in place.items() if value} if there is None else {}
        steps += _legal(entity, row_id, changes.get("tax_id", ""), new, form, label, ways)
    elif held is not None and "tax_id" in changes:
        params = {"id": int(id_of(held, "ID")), "fields": {_tax_field(held, me, ways): changes["tax_id"]}}
        steps.append(Step("requisite", "crm.requisite.update", params))
    if place and there is not None:
        steps.append(_edited_address(there, place, me))
    elif any(place.values()) and there is None and held is not None:
        steps.append(_new_address(int(id_of(held, "ID")), {member: value for member, value in place.items() if value}, ways))
    return steps


def _tax_field(held: Row, me: str, ways: Ways) -> str:
    found = choose.tax_field(held, me)
    return found if text(held, found, me) else ways.tax_field


def _edited_address(there: Row, place: dict[str, str], me: str) -> Step:
    key = {name: int(text(there, name, me) or 0) for name in ("TYPE_ID", "ENTITY_TYPE_ID", "ENTITY_ID")}
    after = {member: place.get(member, text(there, member, me)) for member in ADDRESS.values()}
    if not any(after.values()):
        return Step("address", "crm.address.delete", {"fields": key})
    return Step("address", "crm.address.update", {"fields": key | place})


FIELDS = {"requisite": "tax_id", "address": "address.line1", "note": "text", "preset": "tax_id"} | {
    "rows": "lines",
    "price": "price",
    "trigger": "trigger",
}
"""Step -> the field a refusal of it is about, where the vendor names none."""
_WORDS = {"email": "email", "e-mail": "email", "phone": "phone", "telefon": "phone", "title": "name", "name": "name"}


def our_name(step: str, words: str, record: str) -> str:
    """Our name of the field that a refusal is about, as well as it can be told."""
    if step in FIELDS:
        return FIELDS[step]
    said = words.casefold()
    found = next((ours for theirs, ours in _WORDS.items() if theirs in said), "name")
    return "title" if found == "name" and record.startswith(("deal", "quote", "invoice")) else found
