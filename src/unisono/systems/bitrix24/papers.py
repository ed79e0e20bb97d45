"""Deals, quotes and smart invoices as canonical documents. Pure.

All three are one sort of row with product rows hanging on it; they differ in where number, dates, text and reference stand, and in how
their stages are called.
"""

from __future__ import annotations

import re
from decimal import Decimal

from unisono.model.codes import CURRENCIES, INVOICE, QUOTATION
from unisono.model.document import Answer, Document, Line, Lines, NotGiven, Paid, Stage
from unisono.model.fields import Row, amount, bad, day, text
from unisono.model.money import Basis
from unisono.systems.bitrix24.values import as_id, id_of, nested

OWNERS = {"quotes": "Q", "deals": "D", "invoices": "SI"}
"""What product rows call their owner."""
NUMBERS = {"quotes": "quoteNumber", "invoices": "accountNumber"}
TEXTS = {"quotes": "content", "deals": "comments", "invoices": "comments"}
DUE = {"quotes": "actualDate", "deals": "closedate", "invoices": "closedate"}
"""Payment due; of a quote valid until, of a deal the day it is to be closed."""
PAGES = {"deals": "deal", "quotes": "type/7", "invoices": "type/31"}
QUOTE_STAGES: dict[str, tuple[Stage, Answer]] = {
    "DRAFT": ("draft", "open"),
    "SENT": ("sent", "open"),
    "APPROVED": ("sent", "accepted"),
    "DECLAINED": ("sent", "rejected"),
}
"""The vendor's own spelling. Stages that a firm added are *sent*: they come after the draft."""
INVOICE_STAGES: dict[str, tuple[Stage, Paid]] = {
    "N": ("draft", "none"),
    "S": ("sent", "none"),
    "P": ("sent", "full"),
    "D": ("sent", "none"),
}
MEANING = "meaning"
"""Member of a row that reading adds: what a stage of the firm's own means (``S`` success, ``F`` failure), as its directory says."""
_ANSWERS: dict[str, Answer] = {"S": "accepted", "F": "rejected"}
_REFERENCE = re.compile(r"uni-[a-z2-7]{16}\Z")
_MARKER = re.compile(r"\n*^Ref: (uni-[a-z2-7]{16})\s*$", re.MULTILINE)


def marker(reference: str) -> str:
    """The line by which a text of ours is found again, in any language."""
    return f"Ref: {reference}"


def is_reference(told: str) -> bool:
    """Whether a foreign id is a reference of ours."""
    return bool(_REFERENCE.match(told))


def marked_with(told: str) -> str:
    """Our reference in a text; empty if it carries none."""
    found = _MARKER.search(told)
    return found[1] if found else ""


def document(row: Row, resource: str, me: str, reference: str, portal: str) -> Document:
    """A deal, quote or smart invoice. What its rows were typed in, net or gross, is its basis; one amount without rows is gross.

    A manual amount is not computed from the rows, so the two may differ: both are told as they are.
    """
    currency = text(row, "currencyId", me).upper() or "EUR"
    if currency not in CURRENCIES:
        raise bad(me, "currencyId", row.get("currencyId"), "unknown-currency")
    gross = amount(row, "opportunity", me)
    rows = nested(row, "productRows", me)
    # Without rows nobody has said what tax is in the amount: a tax of zero is only the lack of a sum.
    vat = amount(row, "taxValue", me) if rows else None
    net = None if gross is None or not rows else gross - (vat or Decimal(0))
    basis: Basis = "gross" if all(one.get("taxIncluded") == "Y" for one in rows) else "net"
    stage, answer, paid = state(row, resource, me)
    return Document(
        type_code=INVOICE if resource == "invoices" else QUOTATION,
        title=text(row, "title", me),
        number=text(row, NUMBERS.get(resource, ""), me),
        date=day(row, "begindate", me),
        due=day(row, DUE[resource], me),
        currency=currency,
        basis=basis,
        lines=Lines(tuple(line(one, basis, me) for one in rows)) if rows else NotGiven(),
        value=gross if basis == "gross" else net,
        gross=gross,
        vat=vat,
        net=net,
        stage=stage,
        answer=answer,
        paid=paid,
        text=text(row, TEXTS[resource], me),
        reference=reference,
        preceding=preceding(row, resource),
        view_url=f"https://{portal}/crm/{PAGES[resource]}/details/{id_of(row)}/" if portal else "",
        contact=contact_of(row) if id_of(row, "companyId") else "",
    )


def line(row: Row, basis: Basis, me: str) -> Line:
    """A product row. ``price`` is gross after discount and ``priceExclusive`` net after discount, whatever was typed."""
    price = amount(row, "price" if basis == "gross" else "priceExclusive", me)
    quantity = amount(row, "quantity", me)
    if price is None or quantity is None:
        raise bad(me, "productRows", row.get("id"))
    return Line(
        name=text(row, "productName", me),
        quantity=quantity,
        unit=text(row, "measureName", me),
        price=price,
        vat_rate=amount(row, "taxRate", me),
    )


def reference_of(row: Row, resource: str, me: str) -> str:
    """Our reference in the row of an invoice (its foreign id) or a quote (a line of its comments, since it has no foreign id)."""
    if resource == "quotes":
        return marked_with(text(row, "comments", me))
    known = text(row, "xmlId", me) if resource == "invoices" else ""
    return known if is_reference(known) else ""


def customer_of(row: Row) -> str:
    """The key of the party a paper is for: its company, else its first contact."""
    owner = id_of(row, "companyId")
    return f"company:{owner}" if owner else contact_of(row)


def contact_of(row: Row) -> str:
    """The key of the person a paper is for."""
    several = row.get("contactIds")
    known = [id_of(row, "contactId"), *(as_id(one) for one in (several if isinstance(several, list) else []))]
    return next((f"contact:{held}" for held in known if held), "")


def preceding(row: Row, resource: str) -> str:
    """An invoice's quote, else its deal; a quote's deal."""
    names = {"invoices": (("parentId7", "quote"), ("parentId2", "deal")), "quotes": (("dealId", "deal"),)}.get(resource, ())
    return next((f"{prefix}:{id_of(row, name)}" for name, prefix in names if id_of(row, name)), "")


def state(row: Row, resource: str, me: str) -> tuple[Stage, Answer, Paid]:
    """How a paper stands, by its stage: the vendor's own ones by their names, a firm's by their meaning."""
    word, meaning = text(row, "stageId", me), text(row, MEANING, me)
    if resource == "invoices":
        stage, paid = INVOICE_STAGES.get(word.rpartition(":")[2], ("sent", "full" if meaning == "S" else "none"))
        return stage, "open", paid
    if resource == "quotes":
        stage, answer = QUOTE_STAGES.get(word, ("sent", _ANSWERS.get(meaning, "open")))
        return stage, answer, "none"
    return "issued", _ANSWERS.get(text(row, "stageSemanticId", me), "open"), "none"


def directory_of_unknown(row: Row, resource: str) -> str:
    """The directory that tells what the stage of this row means; empty if the vendor's own name or the row itself says it."""
    word = row.get("stageId")
    if not isinstance(word, str):
        return ""
    if resource == "quotes" and word not in QUOTE_STAGES:
        return "QUOTE_STATUS"
    if resource == "invoices" and word.rpartition(":")[2] not in INVOICE_STAGES:
        return directory_of(word, resource)
    return ""


def directory_of(stage: str, resource: str) -> str:
    """The directory that a stage stands in: each pipeline of deals and each category of invoices has one of its own."""
    before, found, _ = stage.partition(":")
    number = before.rpartition("_")[2] if resource == "invoices" else before.removeprefix("C")
    number = number if found and number.isdigit() else ""
    match resource:
        case "quotes":
            return "QUOTE_STATUS"
        case "invoices":
            return f"SMART_INVOICE_STAGE_{number}" if number else ""
        case _:
            return f"DEAL_STAGE_{number}" if number else "DEAL_STAGE"
