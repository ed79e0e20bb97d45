"""Set-up: what differs from portal to portal (presets, forms of address, the field of the watched mark), and our user field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from unisono.connect.port import Command
from unisono.model.errors import BadAnswer
from unisono.model.party import Salutation
from unisono.model.text import folded
from unisono.systems.bitrix24.client import Step, result_of
from unisono.systems.bitrix24.mapping import Ways
from unisono.systems.bitrix24.values import Row, text

if TYPE_CHECKING:
    from unisono.systems.bitrix24.system import Bitrix24

TAG = "Unisono"
TAG_FIELD = "UF_CRM_UNISONO"
"""The user field of companies and contacts that carries the watched mark: one of yes and no, which people tick on the card."""
_MR = frozenset("herr mr mister pan dl domnul".split())
_MRS = frozenset("frau mrs ms miss pani dna doamna".split())
_TAX_FIELDS = ("RQ_VAT_ID", "RQ_INN")
_TYPES = ("1", "4", "6", "8", "9", "11")
_ENTITIES = ("company", "contact")


@dataclass(frozen=True, slots=True)
class Preset:
    """A template of requisites. ``country`` is the vendor's own number of it (Germany 46, Poland 110; Romania has none)."""

    id: str
    name: str
    country: str


def portal_of(given: str) -> str:
    """The host of a portal as people paste it."""
    return given.strip().removeprefix("https://").partition("/")[0].casefold()


def ways_of(settings: Mapping[str, Any], portal: str = "") -> Ways:
    """The settings of a connection as a value. Raises ``ValueError`` naming the entry that is wrong.

    ``honorifics`` (id -> mr or mrs), ``presets`` (company and person -> id), ``address_type`` (the standard address: 6 legal, 11 delivery,
    1 actual, ...), ``tax_field``, ``language`` (of country names), ``tag`` and ``tag_field``.
    """
    plain: dict[str, Any] = {"portal": portal}
    if honorifics := settings.get("honorifics"):
        plain["honorifics"] = {str(word): _salutation(str(word), meant) for word, meant in honorifics.items()}
    presets = {str(form): str(number) for form, number in (settings.get("presets") or {}).items()}
    for form, number in presets.items():
        if form not in ("company", "person") or not number.isdigit():
            raise ValueError(f"presets.{form} = {number!r}: company or person and the number of a preset")
    kind = str(settings.get("address_type") or "6")
    if kind not in _TYPES:
        raise ValueError(f"address_type = {kind!r}: one of {', '.join(_TYPES)}")
    tax = str(settings.get("tax_field") or "RQ_VAT_ID")
    if tax not in _TAX_FIELDS:
        raise ValueError(f"tax_field = {tax!r}: one of {', '.join(_TAX_FIELDS)}")
    tag_field = str(settings.get("tag_field") or "")
    if tag_field and not tag_field.startswith("UF_CRM_"):
        raise ValueError(f"tag_field = {tag_field!r}: the name of a user field (UF_CRM_...)")
    return Ways(
        presets=presets,
        addresses=tuple(dict.fromkeys((kind, "1"))),
        tax_field=tax,
        language=str(settings.get("language") or "de"),
        tag=str(settings.get("tag") or TAG),
        tag_field=tag_field,
        **plain,
    )


def presets(system: Bitrix24) -> tuple[Preset, ...]:
    """The portal's templates of requisites, for a person to choose one for companies and one for people."""
    rows = _rows(system, Step("presets", "crm.requisite.preset.list", {"order": {"ID": "ASC"}, "filter": {"ACTIVE": "Y"}}))
    return tuple(Preset(text(row, "ID", "preset"), text(row, "NAME", "preset"), text(row, "COUNTRY_ID", "preset")) for row in rows)


def honorifics(system: Bitrix24) -> dict[str, Salutation]:
    """The portal's forms of address as far as their names tell what they mean: the setting ``honorifics``."""
    rows = _rows(system, Step("honorifics", "crm.status.list", {"filter": {"ENTITY_ID": "HONORIFIC"}, "order": {"SORT": "ASC"}}))
    known: dict[str, Salutation] = {}
    for row in rows:
        word, name = text(row, "STATUS_ID", "honorific"), folded(text(row, "NAME", "honorific"))
        # The list ignores conditions it does not know, so other directories may be in it.
        if row.get("ENTITY_ID") == "HONORIFIC" and word and name in _MR | _MRS:
            known[word] = "mr" if name in _MR else "mrs"
    return known


def ensure_tag_field(system: Bitrix24, label: str = TAG) -> str:
    """Makes the user field that carries the watched mark where it is missing; its name, for the setting ``tag_field``.

    Needs an administrator. Raises what ``send`` raises. After ``Unclear`` call it again: it looks first.
    """
    for entity in _ENTITIES:
        rows = _rows(system, Step("fields", f"crm.{entity}.userfield.list", {"filter": {"FIELD_NAME": TAG_FIELD}}))
        if any(row.get("FIELD_NAME") == TAG_FIELD for row in rows):
            continue
        # The older method puts UF_CRM_ in front of a name by itself where it is missing.
        fields = {
            "FIELD_NAME": TAG_FIELD,
            "USER_TYPE_ID": "boolean",
            "LABEL": label,
            "XML_ID": TAG_FIELD,
            "MULTIPLE": "N",
            "MANDATORY": "N",
        }
        payload = {"key": "", "prefix": "field", "steps": [["item", f"crm.{entity}.userfield.add", {"fields": fields}]]}
        system.send(Command(f"crm.{entity}.userfield.add", payload))
    return TAG_FIELD


def _rows(system: Bitrix24, step: Step) -> list[Row]:
    result = result_of(system.client.read([step]), step)
    if not isinstance(result, list) or not all(isinstance(row, dict) for row in result):
        raise BadAnswer("list-missing", {"system": "bitrix24", "resource": step.method, "field": "result"})
    return result


def _salutation(word: str, meant: object) -> Salutation:
    if meant == "mr":
        return "mr"
    if meant == "mrs":
        return "mrs"
    raise ValueError(f"honorifics.{word} = {meant!r}: mr or mrs")
