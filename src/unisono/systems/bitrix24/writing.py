"""Canonical writes as calls of Bitrix24. Pure.

A customer is a record, a requisite with the tax id and an address on the requisite: what a write needs of them travels in one batch, whose
later commands point to the answers of earlier ones. A change sends only what changed; a number or e-mail carries the id it was read with.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from unisono.connect.port import Command
from unisono.model.capability import Capabilities, FieldLimit
from unisono.model.document import File, Note
from unisono.model.errors import NotThere, Refused
from unisono.model.party import Contact, Flat, Party
from unisono.model.record import Kind, flat_of
from unisono.model.text import clean
from unisono.model.writing import Write
from unisono.systems.bitrix24 import choose
from unisono.systems.bitrix24.client import Step, points_elsewhere
from unisono.systems.bitrix24.mapping import CARDS, ENTITIES, OURS, RESOURCES, Ways, attached, marker, note
from unisono.systems.bitrix24.values import Row, country_name, id_of, text

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
PERSON_ONLY = ("first_name", "salutation")
_CARDS = {prefix: card for card, prefix in CARDS.items()}
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
            return (_command([Step("item", "crm.item.delete", params)], write.key),)
        case "create", "note":
            return (_new_note(write, capabilities),)
        case "change", "note":
            return _edited_note(write, current, capabilities)
        case "create", "file":
            return (_new_file(write, capabilities),)
        case "delete", "note" | "file":
            _, row_id = split(write.key, ("comment", "file"), write)
            return (_command([Step("note", "crm.timeline.comment.delete", {"id": int(row_id)})], write.key),)
    raise _refused("cannot-write", write, "", f"{write.operation} {write.kind}")


def split(key: str, allowed: tuple[str, ...], write: Write) -> tuple[str, str]:
    """``company:42`` as prefix and row id."""
    prefix, _, row_id = key.partition("@")[0].partition(":")
    if prefix not in allowed or not row_id.isdigit():
        raise _refused("wrong-owner" if key else "missing-owner", write, "owner", key)
    return prefix, row_id


def steps_of(command: Command) -> list[Step]:
    """The steps that a command was made of."""
    return [Step(name, method, params) for name, method, params in command.payload["steps"]]


# --- parties and contacts ---------------------------------------------------------------------------------------------------------------


def _create(write: Write, capabilities: Capabilities, ways: Ways) -> tuple[Command, ...]:
    body = write.body
    if not isinstance(body, Party | Contact):
        raise _refused("cannot-write", write, "", type(body).__name__)
    is_company = isinstance(body, Party) and body.type == "company"
    flat = {name: clean(value) for name, value in flat_of(body).items()}
    _check(flat, write, capabilities, is_company=is_company)
    entity = ENTITIES["companies" if is_company else "contacts"]
    fields = _top(flat, write, is_company, ways, whole=True)
    entries = [_entry(name, flat[name]) for name in choose.POINTS if flat.get(name)]
    if entries:
        fields["fm"] = {f"n{place}": entry for place, entry in enumerate(entries)}
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
    return (_command(steps, "", "company" if is_company else "contact"),)


def _change(write: Write, current: Row | None, capabilities: Capabilities, ways: Ways) -> tuple[Command, ...]:
    prefix, row_id = split(write.key, ("company", "contact"), write)
    if current is None:
        raise NotThere("not-there", {"record": write.key})
    is_company = prefix == "company"
    changes = {name: clean(value) for name, value in write.changes.items()}
    _check(changes, write, capabilities, is_company=is_company, whole=False)
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
    return (_command(steps, write.key),)


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
        raise _refused("cannot-hold", write, "salutation", salutation)
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


# --- notes ------------------------------------------------------------------------------------------------------------------------------


def _new_note(write: Write, capabilities: Capabilities) -> Command:
    body = write.body
    if not isinstance(body, Note):
        raise _refused("cannot-write", write, "", type(body).__name__)
    _check({"title": body.title, "text": body.text}, write, capabilities, is_company=False)
    cards = [split(key, tuple(_CARDS), write) for key in body.about or ((write.owner,) if write.owner else ())]
    if not cards:
        raise _refused("missing-owner", write, "owner", "")
    (prefix, row_id), *others = cards
    told = _comment(body.title, body.text, write.reference or body.reference)
    fields = {"ENTITY_ID": int(row_id), "ENTITY_TYPE": _CARDS[prefix], "COMMENT": told}
    steps = [Step("item", "crm.timeline.comment.add", {"fields": fields})]
    for place, (also, other_id) in enumerate(others):
        bound = {"OWNER_ID": "$result[item]", "ENTITY_ID": int(other_id), "ENTITY_TYPE": _CARDS[also]}
        steps.append(Step(f"card{place}", "crm.timeline.bindings.bind", {"fields": bound}))
    return _command(steps, "", "comment", f"@{_CARDS[prefix]}/{row_id}")


def _new_file(write: Write, capabilities: Capabilities) -> Command:
    """A comment of its own on the card of its note, which carries the file: a comment that is there takes none afterwards."""
    body = write.body
    if not isinstance(body, File) or not body.path:
        raise _refused("missing-field", write, "path", "")
    limit = capabilities.writing("file").file_limit
    if body.size > limit:
        raise _refused("file-too-large", write, "size", str(body.size), str(limit))
    _check({"name": body.name}, write, capabilities, is_company=False)
    _, note_id = split(write.owner, ("comment",), write)
    card, _, owner = write.owner.partition("@")[2].partition("/")
    if card not in CARDS or not owner.isdigit():
        raise _refused("wrong-owner", write, "owner", write.owner)
    told = f"{body.name}\n{attached(note_id, body.sha256)}"
    fields = {"ENTITY_ID": int(owner), "ENTITY_TYPE": card, "COMMENT": told, "FILES": [body.name]}
    steps = [Step("item", "crm.timeline.comment.add", {"fields": fields})]
    return replace(_command(steps, "", "file"), file=body.path)


def _edited_note(write: Write, current: Row | None, capabilities: Capabilities) -> tuple[Command, ...]:
    _, row_id = split(write.key, ("comment",), write)
    if current is None:
        raise NotThere("not-there", {"record": write.key})
    _check(dict(write.changes), write, capabilities, is_company=False, whole=False)
    before = note(current, write.key)
    title, told = write.changes.get("title", before.title), write.changes.get("text", before.text)
    comment = _comment(title, told, write.reference or before.reference)
    return (_command([Step("note", "crm.timeline.comment.update", {"id": int(row_id), "fields": {"COMMENT": comment}})], write.key),)


def _comment(title: str, told: str, reference: str) -> str:
    title, told = clean(title), clean(told)
    parts = [f"[B]{title}[/B]"] if title else []
    parts += [told] if told else []
    if reference and marker(reference) not in told.splitlines():
        parts.append(f"\n{marker(reference)}")
    return "\n".join(parts)


# --- limits -----------------------------------------------------------------------------------------------------------------------------


def _limits(capabilities: Capabilities, kind: Kind, *, is_company: bool) -> dict[str, FieldLimit]:
    """The limits that hold for this record: a person's name is shorter than a company's, whatever it is seen as."""
    held = capabilities.fields(kind)
    if kind != "party" or is_company:
        return held
    people = capabilities.fields("contact")
    return {name: people.get(name, limit) for name, limit in held.items()}


def _check(flat: Flat, write: Write, capabilities: Capabilities, *, is_company: bool, whole: bool = True) -> None:
    """Required fields, lengths, words. ``whole``: a create, where a field that is not there is missing; else only what changes is seen."""
    form = "company" if is_company else "person"
    limits = _limits(capabilities, write.kind, is_company=is_company)
    for name, limit in limits.items():
        value = flat.get(name, "")
        if limit.required in ("yes", form) and not value and (whole or name in flat):
            raise _refused("missing-field", write, name, "")
        if limit.length and len(value) > limit.length:
            raise _refused("too-long", write, name, value, str(limit.length))
        if value and limit.values and value not in limit.values:
            raise _refused("not-allowed", write, name, value, allowed=", ".join(limit.values))
        if not whole and name in flat and not limit.on_change:
            raise _refused("cannot-hold", write, name, value)
    for name, value in flat.items():
        if points_elsewhere(value):
            raise _refused("cannot-hold", write, name, value)
        if not whole and value and (name not in limits or (is_company and name in PERSON_ONLY)):
            raise _refused("cannot-hold", write, name, value)
    country = flat.get("address.country", "")
    if country and not (len(country) == 2 and country.isalpha() and country.isupper()):
        raise _refused("unknown-country", write, "address.country", country)


def _command(steps: list[Step], key: str, prefix: str = "", place: str = "") -> Command:
    operation = steps[0].method if len(steps) == 1 else "batch"
    payload = {"key": key, "prefix": prefix, "place": place, "steps": [[step.name, step.method, dict(step.params)] for step in steps]}
    return Command(operation, payload)


def _refused(code: str, write: Write, name: str, value: str, limit: str = "", allowed: str = "") -> Refused:
    values = {"record": _record_name(write), "field": name, "value": value[:80], "limit": limit, "allowed": allowed}
    return Refused(code, {k: v for k, v in values.items() if v or k in ("record", "field", "value")}, field=name)


def _record_name(write: Write) -> str:
    """How a person knows the record that is being written."""
    body = write.body
    name = getattr(body, "name", "") or getattr(body, "title", "")
    return write.key or " ".join(part for part in (getattr(body, "first_name", ""), name) if part) or write.reference


FIELDS = {"requisite": "tax_id", "address": "address.line1", "note": "text", "preset": "tax_id"}
"""Step -> the field a refusal of it is about, where the vendor names none."""
_WORDS = {"email": "email", "e-mail": "email", "phone": "phone", "telefon": "phone", "title": "name", "name": "name"}


def our_name(step: str, words: str) -> str:
    """Our name of the field that a refusal is about, as well as it can be told."""
    if step in FIELDS:
        return FIELDS[step]
    said = words.casefold()
    return next((ours for theirs, ours in _WORDS.items() if theirs in said), "name")
