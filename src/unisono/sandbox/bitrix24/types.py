"""The types of record: number, names, fields, stages."""

from __future__ import annotations

from dataclasses import dataclass

from unisono.sandbox.bitrix24.errors import Refused
from unisono.sandbox.bitrix24.fields import Field
from unisono.sandbox.bitrix24.specs import SPECS


@dataclass(frozen=True, slots=True)
class Type:
    """One type. ``name`` is that of its classic methods (``crm.company.add``); smart invoices have none of their own."""

    id: int
    name: str
    table: str
    code: str
    """``COMPANY``, as in the names of events and triggers."""
    short: str
    """``CO``, as rows name their owner."""
    user_fields: str
    words: str
    fields: dict[str, Field]
    stage: str = ""
    """The field that holds the stage."""
    stages: str = ""
    """The directory of its stages, without a pipeline."""

    @property
    def dynamic(self) -> bool:
        """Whether its events are those of smart processes."""
        return self.id == INVOICE.id


LEAD = Type(1, "lead", "leads", "LEAD", "L", "CRM_LEAD", "Lead", SPECS["lead"], "STATUS_ID", "STATUS")
DEAL = Type(2, "deal", "deals", "DEAL", "D", "CRM_DEAL", "Deal", SPECS["deal"], "STAGE_ID", "DEAL_STAGE")
CONTACT = Type(3, "contact", "contacts", "CONTACT", "C", "CRM_CONTACT", "Contact", SPECS["contact"])
COMPANY = Type(4, "company", "companies", "COMPANY", "CO", "CRM_COMPANY", "Company", SPECS["company"])
QUOTE = Type(7, "quote", "quotes", "QUOTE", "Q", "CRM_QUOTE", "Quote", SPECS["quote"], "STATUS_ID", "QUOTE_STATUS")
INVOICE = Type(
    31, "invoice", "invoices", "SMART_INVOICE", "SI", "CRM_SMART_INVOICE", "Invoice", SPECS["invoice"], "STAGE_ID", "SMART_INVOICE_STAGE"
)
ALL = (LEAD, DEAL, CONTACT, COMPANY, QUOTE, INVOICE)
BY_ID = {one.id: one for one in ALL}
BY_SHORT = {one.short: one for one in ALL}
CLASSIC = (LEAD, DEAL, CONTACT, COMPANY, QUOTE)
WITH_MULTIFIELDS = frozenset({LEAD.id, CONTACT.id, COMPANY.id})
WITH_CONTACTS = frozenset({LEAD.id, DEAL.id, QUOTE.id, INVOICE.id})
WITH_ROWS = frozenset({LEAD.id, DEAL.id, QUOTE.id, INVOICE.id})
OLD_INVOICE = 5

# What the timeline calls the owners; smart invoices by their number, quotes as a guess.
TIMELINE = {"lead": LEAD, "deal": DEAL, "contact": CONTACT, "company": COMPANY, "quote": QUOTE, "dynamic_31": INVOICE}


def of_id(number: int | None) -> Type:
    """The type of an ``entityTypeId``; the universal methods' refusals."""
    if number in (0, OLD_INVOICE):
        raise Refused("ENTITY_TYPE_NOT_SUPPORTED", "Entity type is not supported")
    if number is None or number not in BY_ID:
        raise Refused("NOT_FOUND", "Smart process not found")
    return BY_ID[number]
