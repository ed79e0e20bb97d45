"""What was sent for a record, in its own types. The classic methods put bad values right in silence, the universal ones refuse them."""

from __future__ import annotations

from typing import Any

from unisono.sandbox.bitrix24 import files, multifields
from unisono.sandbox.bitrix24.directories import known_code
from unisono.sandbox.bitrix24.errors import Refused
from unisono.sandbox.bitrix24.fields import Field, taken, taken_many
from unisono.sandbox.bitrix24.phpform import members
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.types import COMPANY, CONTACT, DEAL, INVOICE, QUOTE, WITH_MULTIFIELDS, Type
from unisono.sandbox.kit.world import Row

IMPORTED = ("DATE_CREATE", "DATE_MODIFY", "CREATED_BY_ID", "MODIFY_BY_ID")
"""Fields that can be written while importing."""
_LINKED = {"crm_company": COMPANY, "crm_contact": CONTACT, "crm_deal": DEAL, "crm_quote": QUOTE}


def classic(portal: Portal, kind: Type, given: Row, *, creating: bool, importing: bool = False) -> tuple[Row, multifields.Changes]:
    """The fields of a classic method."""
    values: Row = {}
    for name, field in portal.fields(kind).items():
        sent = "CONTACT_ID" if kind is COMPANY and name == "CONTACT_IDS" and "CONTACT_IDS" not in given else name
        if sent not in given or (field.only == "item" and name not in ("CONTACT_IDS", "IS_MANUAL_OPPORTUNITY")) or field.kind == "null":
            continue
        if not _writable(portal, field, importing):
            continue
        if not creating and kind is DEAL and name == "CATEGORY_ID":
            continue
        try:
            value = _value(portal, kind, field, given[sent])
        except ValueError:
            if field.dynamic:
                raise Refused("ERROR_CORE", f"The value of the field {name} is not valid.<br>") from None
            continue
        if field.limit and isinstance(value, str):
            value = value[: field.limit]
        if not field.dynamic and not _linked(portal, field, value):
            value = None
        if field.status and value and not _listed(portal, kind, field, value):
            if not creating:
                continue
            value = None
        values[name] = value
    changes = multifields.from_classic(given) if kind.id in WITH_MULTIFIELDS else []
    multifields.check(changes)
    _required(portal, kind, values, creating=creating, code="ERROR_CORE")
    return values, changes


def universal(
    portal: Portal, kind: Type, given: Row, *, creating: bool, original: bool, importing: bool = False
) -> tuple[Row, multifields.Changes]:
    """The fields of a universal method. Unknown names are ignored in silence here, too."""
    values: Row = {}
    for name, field in portal.fields(kind).items():
        sent = name if field.dynamic and original else field.camel
        if sent not in given or field.only == "classic" or not _writable(portal, field, importing, creating=creating):
            continue
        try:
            value = _value(portal, kind, field, given[sent], pairs=True)
        except ValueError as error:
            raise _bad_value(sent, str(error)) from None
        if field.limit and isinstance(value, str) and len(value) > field.limit:
            raise _bad_value(sent, f"is longer than {field.limit} characters")
        if not _linked(portal, field, value):
            raise _bad_value(sent, "names nothing that exists")
        values[name] = value
    _check_codes(portal, kind, values)
    changes = multifields.from_universal(given.get("fm")) if kind.id in WITH_MULTIFIELDS else []
    multifields.check(changes)
    _required(portal, kind, values, creating=creating, code="CRM_FIELD_ERROR_REQUIRED")
    return values, changes


def _writable(portal: Portal, field: Field, importing: bool, *, creating: bool = True) -> bool:
    if field.name == "ACCOUNT_NUMBER":
        return bool(portal.setting("account_number_writable"))
    if field.name == "XML_ID" and not creating:
        return not portal.setting("xml_id_fixed")
    return not field.read_only or (importing and field.name in IMPORTED)


def _value(portal: Portal, kind: Type, field: Field, raw: Any, *, pairs: bool = False) -> Any:
    if field.kind == "file":
        return files.from_field(portal, raw, multiple=field.multiple, pairs=pairs)
    if field.multiple:
        values: Any = taken_many(field, raw, portal.zone)
    else:
        values = taken(field, raw, portal.zone)
    if field.dynamic and field.name in _enumerations(portal, kind):
        known = {row["ID"] for row in portal.table("enums").values() if row["FIELD"] == f"{kind.user_fields}:{field.name}"}
        if any(value not in known for value in members(values)):
            raise ValueError("is none of the list's values")
    return values


def _enumerations(portal: Portal, kind: Type) -> set[str]:
    own = portal.by("userfields", "ENTITY_ID", kind.user_fields)
    return {row["FIELD_NAME"] for row in own if row["USER_TYPE_ID"] == "enumeration"}


def _linked(portal: Portal, field: Field, value: Any) -> bool:
    """Whether what a value names exists: records, users, currencies."""
    if field.kind == "crm_currency":
        return value is None or any(row["CURRENCY"] == value for row in portal.table("currencies").values())
    if field.kind == "user":
        return all(portal.get("users", key) is not None for key in members(value))
    target = _LINKED.get(field.kind)
    return target is None or all(portal.get(target.table, key) is not None for key in members(value))


def _listed(portal: Portal, kind: Type, field: Field, value: str) -> bool:
    """Whether a code stands in its directory; stages are looked at when the pipeline is known."""
    return field.name == kind.stage or known_code(portal, field.status, value)


def _check_codes(portal: Portal, kind: Type, values: Row) -> None:
    for name, field in kind.fields.items():
        code = values.get(name)
        if field.status and code and name != kind.stage and not known_code(portal, field.status, code):
            raise _bad_value(field.camel, f"has no entry {code!r} in {field.status}")


def _required(portal: Portal, kind: Type, values: Row, *, creating: bool, code: str) -> None:
    """Fields that the portal's owner declared necessary, and a contact's name. They are looked at when they are sent or at the start."""
    for name, field in portal.fields(kind).items():
        asked = field.dynamic and field.required
        asked = asked or (code == "ERROR_CORE" and field.required and kind is not INVOICE)
        if asked and (creating or name in values) and values.get(name) in (None, "", []):
            raise Refused(code, f"The field '{field.name if field.dynamic else field.camel}' is required.{_end(code)}")
    if kind is CONTACT and creating and not (values.get("NAME") or values.get("LAST_NAME")):
        raise Refused(code, f"The fields 'First name' or 'Last name' must be filled in.{_end(code)}")


def _end(code: str) -> str:
    return "<br>" if code == "ERROR_CORE" else ""


def _bad_value(name: str, text: str) -> Refused:
    return Refused("CRM_FIELD_ERROR_VALUE_NOT_VALID", f"The value of the field '{name}' {text}.")
