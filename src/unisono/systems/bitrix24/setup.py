"""Set-up: what a person may choose for a portal, our user field, and notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unisono.connect.port import Command
from unisono.systems.bitrix24.choices import ENTITIES, TAG_FIELD, rows_of
from unisono.systems.bitrix24.choices import choices as choices
from unisono.systems.bitrix24.choices import honorifics as honorifics
from unisono.systems.bitrix24.choices import presets as presets
from unisono.systems.bitrix24.choices import settled as settled
from unisono.systems.bitrix24.client import Step
from unisono.systems.bitrix24.events import hook as hook
from unisono.systems.bitrix24.events import let_go as let_go
from unisono.systems.bitrix24.events import queue_up as queue_up
from unisono.systems.bitrix24.events import queued as queued
from unisono.systems.bitrix24.events import unhook as unhook
from unisono.systems.bitrix24.events import unqueue as unqueue
from unisono.systems.bitrix24.login import portal_of as portal_of
from unisono.systems.bitrix24.ways import TAG

if TYPE_CHECKING:
    from unisono.systems.bitrix24.system import Bitrix24


def make_for(system: Bitrix24, choice: str) -> str:
    """Makes in the portal what a choice lacks; only ``tag_field`` may. Raises what ``ensure_tag_field`` raises."""
    if choice != "tag_field":
        raise KeyError(choice)
    return ensure_tag_field(system)


def ensure_tag_field(system: Bitrix24, label: str = TAG) -> str:
    """Makes the user field that carries the watched mark where it is missing; its name, for the setting ``tag_field``.

    Needs an administrator. Raises what ``send`` raises. After ``Unclear`` call it again: it looks first.
    """
    for entity in ENTITIES:
        rows = rows_of(system, Step("fields", f"crm.{entity}.userfield.list", {"filter": {"FIELD_NAME": TAG_FIELD}}))
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
