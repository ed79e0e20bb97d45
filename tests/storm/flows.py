"""What a firm switches on besides customers, offers and documents: by name, as entries of its policy."""

from __future__ import annotations

from collections.abc import Mapping

from tests.storm.clerks import CODE, STAGES

BILLS = ("invoices.direction=to-invoicing",)
STATES = ("status.direction=to-crm", *(f"status.stages.{name.replace('/', '_')}={stage}" for name, stage in STAGES.items()))
FLOWS: Mapping[str, tuple[str, ...]] = {
    "bills": BILLS,
    "issued": (*BILLS, "invoices.made_as=issued"),
    "products": ("products.direction=both",),
    "states": STATES,
    "unfiled": ("documents.direction=off",),
    "triggers": ("status.direction=to-crm", f"status.triggers.quote_accepted={CODE}"),
}
"""``bills``: the CRM's invoices become drafts; ``issued``: they are issued; ``products``: both catalogues; ``states``: a document's state moves
the paper it belongs to, or is said in a note; ``triggers``: it sets an automation off; ``unfiled``: no document is filed in the CRM."""
POSSIBLE: Mapping[str, tuple[str, ...]] = {
    "bitrix24/lexoffice": ("bills", "issued", "products", "states"),
    "bitrix24/fastbill": ("states",),
    "centralstation/lexoffice": ("states",),
}
"""Pair -> what can be switched on there."""


def on(knobs: Mapping[str, str]) -> list[str]:
    """The names of what is switched on."""
    return knobs.get("flows", "").split()


def entries(knobs: Mapping[str, str]) -> list[str]:
    """What a world's policy says besides the one it begins with: an entry that was drawn, and the flows."""
    drawn = [knobs["policy"]] if knobs.get("policy") else []
    return drawn + [entry for name in on(knobs) for entry in FLOWS[name]]
