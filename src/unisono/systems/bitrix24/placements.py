"""Menu entries on the cards of the portal, which lead to a page of ours. A local application and an administrator only.

What the portal sends when somebody presses one carries keys: they are thrown away unread, and nothing but the card is taken from it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from unisono.systems.bitrix24.choices import rows_of
from unisono.systems.bitrix24.client import Step
from unisono.systems.bitrix24.system import Bitrix24
from unisono.systems.bitrix24.values import as_id

PLACES = {"CRM_CONTACT_DETAIL_TOOLBAR": "contact", "CRM_COMPANY_DETAIL_TOOLBAR": "company", "CRM_DEAL_DETAIL_TOOLBAR": "deal"}
"""Where the entry stands -> what a record of that card is called here."""


def placed(system: Bitrix24, address: str) -> list[str]:
    """The cards whose menu has an entry that leads to this address."""
    rows = rows_of(system, Step("places", "placement.get"))
    return [place for place in PLACES if any((row.get("placement"), row.get("handler")) == (place, address) for row in rows)]


def place(system: Bitrix24, address: str, title: str) -> None:
    """Puts the entry on every card that lacks it; may be repeated. Raises what ``Client.write`` raises."""
    there = placed(system, address)
    for one in PLACES:
        if one not in there:
            system.client.write([Step("place", "placement.bind", {"PLACEMENT": one, "HANDLER": address, "TITLE": title})])


def unplace(system: Bitrix24, address: str) -> None:
    """Takes the entries away. Raises what ``Client.write`` raises."""
    for one in placed(system, address):
        system.client.write([Step("place", "placement.unbind", {"PLACEMENT": one, "HANDLER": address})])


def pressed(form: Mapping[str, str]) -> str:
    """The card on which somebody pressed the entry, as the key of its record; empty if that cannot be told."""
    kind = PLACES.get(form.get("PLACEMENT", ""), "")
    try:
        options = json.loads(form.get("PLACEMENT_OPTIONS", ""))
    except ValueError:
        return ""
    number = as_id(options.get("ID")) if isinstance(options, dict) else ""
    return f"{kind}:{number}" if kind and number else ""
