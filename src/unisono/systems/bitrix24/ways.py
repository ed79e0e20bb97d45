"""What differs from portal to portal, read out of the settings of a connection: presets, forms of address, the field of the watched mark.

Apart from set-up, which every sync would load with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unisono.model.party import Salutation
from unisono.systems.bitrix24.drafts import paper_fields
from unisono.systems.bitrix24.login import APP
from unisono.systems.bitrix24.mapping import Ways
from unisono.systems.bitrix24.products import article_field
from unisono.systems.bitrix24.values import as_id

TAG = "Unisono"
TAX_FIELDS = ("RQ_VAT_ID", "RQ_INN")
TYPES = ("1", "4", "6", "8", "9", "11")
"""Types of an address."""


def ways_of(settings: Mapping[str, Any], portal: str = "") -> Ways:
    """The settings of a connection as a value. Raises ``ValueError`` naming the entry that is wrong.

    ``honorifics`` (id -> mr or mrs), ``presets`` (company and person -> id), ``address_type`` (the standard address: 6 legal, 11 delivery,
    1 actual, ...), ``tax_field``, ``language`` (of country names), ``responsible`` (id of a user), ``tag`` and ``tag_field``;
    ``paper_fields`` (user fields for the counterpart of a paper), ``article_field`` and ``files_as_comments``.
    """
    plain: dict[str, Any] = {"portal": portal}
    if honorifics := settings.get("honorifics"):
        plain["honorifics"] = {str(word): _salutation(str(word), meant) for word, meant in honorifics.items()}
    presets = {str(form): str(number) for form, number in (settings.get("presets") or {}).items()}
    for form, number in presets.items():
        if form not in ("company", "person") or not number.isdigit():
            raise ValueError(f"presets.{form} = {number!r}: company or person and the number of a preset")
    kind = str(settings.get("address_type") or "6")
    if kind not in TYPES:
        raise ValueError(f"address_type = {kind!r}: one of {', '.join(TYPES)}")
    tax = str(settings.get("tax_field") or "RQ_VAT_ID")
    if tax not in TAX_FIELDS:
        raise ValueError(f"tax_field = {tax!r}: one of {', '.join(TAX_FIELDS)}")
    tag_field = str(settings.get("tag_field") or "")
    if tag_field and not tag_field.startswith("UF_CRM_"):
        raise ValueError(f"tag_field = {tag_field!r}: the name of a user field (UF_CRM_...)")
    responsible = str(settings.get("responsible") or "")
    if responsible and not as_id(responsible):
        raise ValueError(f"responsible = {responsible!r}: the id of a user")
    return Ways(
        presets=presets,
        responsible=responsible,
        app=settings.get("login") == APP,
        paper_fields=paper_fields(settings),
        article_field=article_field(settings),
        files_as_comments=bool(settings.get("files_as_comments")),
        addresses=tuple(dict.fromkeys((kind, "1"))),
        tax_field=tax,
        language=str(settings.get("language") or "de"),
        tag=str(settings.get("tag") or TAG),
        tag_field=tag_field,
        **plain,
    )


def _salutation(word: str, meant: object) -> Salutation:
    if meant == "mr":
        return "mr"
    if meant == "mrs":
        return "mrs"
    raise ValueError(f"honorifics.{word} = {meant!r}: mr or mrs")
