"""How records are written in answers: the classic way and the universal way."""

from __future__ import annotations

from typing import Any

from unisono.sandbox.bitrix24 import fields, files, multifields
from unisono.sandbox.bitrix24.fields import Field
from unisono.sandbox.bitrix24.filters import Columns, Unknown
from unisono.sandbox.bitrix24.links import shown as links_shown
from unisono.sandbox.bitrix24.phpform import members
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.specs import ALWAYS_NULL
from unisono.sandbox.bitrix24.types import COMPANY, CONTACT, INVOICE, WITH_MULTIFIELDS, Type
from unisono.sandbox.kit.world import Row


def classic_columns(portal: Portal, kind: Type) -> Columns:
    """What a classic list can be asked for."""
    known = portal.fields(kind)
    flags = frozenset(name for name, field in known.items() if field.dynamic and field.kind == "boolean")

    def column(name: str) -> str:
        if name in multifields.TYPES and kind.id in WITH_MULTIFIELDS:
            return name
        if name in known and known[name].kind not in ("null", "noise") and (known[name].only != "item" or name == "CONTACT_IDS"):
            return name
        raise Unknown(name)

    return Columns(column, flags)


def classic_row(portal: Portal, kind: Type, row: Row, select: Any = None) -> Row:
    """A record as a classic method shows it. Without ``select`` everything save multifields; ``get`` adds those itself."""
    known = {name: field for name, field in portal.fields(kind).items() if field.only != "item"}
    wanted = [str(name) for name in members(select)]
    names = list(known)
    if wanted:
        names = [n for n, f in known.items() if n in wanted or ("*" in wanted and not f.dynamic) or ("UF_*" in wanted and f.dynamic)]
    shown = {name: _classic(portal, known[name], row.get(name)) for name in names if name not in ("COMPANY_IDS",) or name in wanted}
    asked = [name for name in multifields.TYPES if name in wanted]
    if asked and kind.id in WITH_MULTIFIELDS:
        held = multifields.classic(multifields.of(portal, kind, row["ID"]))
        shown |= {name: held[name] for name in asked if name in held}
    return shown or {"ID": str(row["ID"])}


def classic_whole(portal: Portal, kind: Type, row: Row) -> Row:
    """A record as ``get`` shows it: with the multifields it has."""
    shown = classic_row(portal, kind, row)
    if kind.id in WITH_MULTIFIELDS:
        shown |= multifields.classic(multifields.of(portal, kind, row["ID"]))
    return shown


def _classic(portal: Portal, field: Field, value: Any) -> Any:
    if field.kind == "file" and value:
        return [files.shown(portal, one) for one in value] if isinstance(value, list) else files.shown(portal, value)
    return fields.classic(field, value, portal.zone)


# universal


def name_of(field: Field, original: bool) -> str:
    """A field's name in requests and answers."""
    return field.name if field.dynamic and original else field.camel


def universal_columns(portal: Portal, kind: Type, original: bool) -> Columns:
    """What a universal list can be asked for."""
    known = {name_of(field, original): field for field in portal.fields(kind).values() if field.only != "classic" and field.kind != "noise"}
    flags = frozenset(field.name for field in known.values() if field.dynamic and field.kind == "boolean")

    def column(name: str) -> str:
        if name not in known or (name == "contactIds" and kind is COMPANY):
            # Live: a type without a client is asked for one and answers with nothing, not with an error.
            if name == "companyId" and kind is COMPANY:
                return "NO_CLIENT"
            raise Unknown(name)
        return known[name].name

    return Columns(column, flags, strict=True)


def universal_row(portal: Portal, kind: Type, row: Row, *, original: bool, select: Any = None, everything: bool = False) -> Row:
    """An item. Unknown names in ``select`` are ignored; multifields come with ``*`` only, and with ``everything``."""
    wanted = [str(name) for name in members(select)]
    whole = everything or not wanted or "*" in wanted
    shown: Row = {}
    for field in portal.fields(kind).values():
        name = name_of(field, original)
        if field.only == "classic" or field.kind == "null":
            continue
        if whole or name in wanted or ("ufCrm*" in wanted and field.dynamic) or ("UF_*" in wanted and field.dynamic):
            shown[name] = _universal(portal, kind, field, row)
    if whole:
        shown |= dict.fromkeys(ALWAYS_NULL[kind.name])
        if kind.id in WITH_MULTIFIELDS:
            held = multifields.of(portal, kind, row["ID"])
            shown |= multifields.aliases(held) | {"fm": multifields.universal(held)}
    if not wanted or whole:
        shown["entityTypeId"] = kind.id
    return shown or {"id": row["ID"]}


def _universal(portal: Portal, kind: Type, field: Field, row: Row) -> Any:
    value = row.get(field.name)
    if field.kind == "noise":
        return f"{row['ID']} {row.get('TITLE') or row.get('LAST_NAME') or ''}".strip()
    if field.kind == "file" and value:
        return [files.shown(portal, one) for one in value] if isinstance(value, list) else files.shown(portal, value)
    if kind is COMPANY and field.name == "CONTACT_IDS":
        return [link["CONTACT_ID"] for link in links_shown(portal, kind, row, CONTACT)]
    if kind is INVOICE and field.name == "CONTACTS":
        return links_shown(portal, kind, row, CONTACT)
    return fields.universal(field, value, portal.zone)


# what ``fields`` says

_WORDS = {"noise": "text", "money": "double"}
_TARGETS = {"crm_lead": 1, "crm_deal": 2, "crm_contact": 3, "crm_company": 4, "crm_quote": 7}


def described(portal: Portal, kind: Type, field: Field, *, universal: bool) -> Row:
    """One field in the answer of ``fields``."""
    word = _WORDS.get(field.kind, field.kind)
    if universal:
        word = {"char": "boolean"}.get(word, word)
    elif field.kind == "null":
        word = "integer" if field.name.endswith("LOC_ADDR_ID") else "string"
    shown: Row = {
        "type": word, "isRequired": field.required, "isReadOnly": field.read_only, "isImmutable": field.immutable,
        "isMultiple": field.multiple, "isDynamic": field.dynamic,
    }  # fmt: skip
    if field.status:
        shown["statusType"] = kind.stages if field.name == kind.stage else field.status
    if universal:
        shown["upperName"] = field.upper
        if field.name == "ACCOUNT_NUMBER":
            shown["isReadOnly"] = not portal.setting("account_number_writable")
    if target := _TARGETS.get(field.kind):
        if field.name == "CONTACT_ID":
            shown |= {"isDeprecated": True} if universal else {}
        elif not field.multiple:
            mine = {"isMyCompany": True, "isEmbeddedEditorEnabled": True} if field.name == "MYCOMPANY_ID" else {}
            shown["settings"] = {"parentEntityTypeId": target} | mine
    shown["title"] = field.name if field.dynamic or not universal else field.camel
    if field.dynamic:
        label = next(
            (row["LABEL"] for row in portal.by("userfields", "ENTITY_ID", kind.user_fields) if row["FIELD_NAME"] == field.name), ""
        )
        shown |= {"listLabel": label, "formLabel": label, "filterLabel": label, "settings": {}}
        own = [row for row in portal.table("enums").values() if row["FIELD"] == f"{kind.user_fields}:{field.name}"]
        if own:
            shown["items"] = [{"ID": str(row["ID"]), "VALUE": row["VALUE"]} for row in own]
    return shown
