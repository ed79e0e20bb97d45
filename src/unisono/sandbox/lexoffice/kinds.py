"""The kinds of sales documents: what they are called, what they need, which states they know."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of sales document."""

    path: str
    """The resource in addresses and permalinks."""
    event: str
    """What its events begin with."""
    type: str
    """``voucherType`` in lists."""
    prefix: str
    title: str
    paid: str = ""
    """The state of a paid one; empty where nothing is paid."""
    issues: bool = True
    """Whether ``finalize`` makes it open; the others stay drafts and have a PDF all the same."""
    shipping: bool = False
    terms: bool = False
    """Whether it has payment conditions."""
    totals: bool = True
    written: bool = True
    """Whether the API can create it."""
    after: tuple[str, ...] = ()
    """The kinds it may follow (guess, save for the chain that the documentation names)."""
    must_follow: bool = False
    listed: bool = True


INVOICE = Kind(
    "invoices", "invoice", "invoice", "RE", "Rechnung", "paid", shipping=True, terms=True,
    after=("quotations", "order-confirmations", "delivery-notes"),
)  # fmt: skip
QUOTATION = Kind("quotations", "quotation", "quotation", "AG", "Angebot", terms=True)
ORDER = Kind(
    "order-confirmations", "order-confirmation", "orderconfirmation", "AB", "Auftragsbestätigung", issues=False, shipping=True, terms=True,
    after=("quotations",),
)  # fmt: skip
DELIVERY = Kind(
    "delivery-notes", "delivery-note", "deliverynote", "LS", "Lieferschein", issues=False, shipping=True, totals=False,
    after=("quotations", "order-confirmations", "invoices"),
)  # fmt: skip
CREDIT = Kind(
    "credit-notes", "credit-note", "creditnote", "GS", "Rechnungskorrektur", "paidoff", after=("invoices", "down-payment-invoices")
)
DUNNING = Kind(
    "dunnings", "dunning", "dunning", "MA", "Mahnung", issues=False, totals=False, after=("invoices",), must_follow=True, listed=False
)
DOWN_PAYMENT = Kind(
    "down-payment-invoices", "down-payment-invoice", "downpaymentinvoice", "AR", "Abschlagsrechnung", "paid", shipping=True, terms=True,
    written=False, after=("quotations", "order-confirmations"),
)  # fmt: skip
ALL = (INVOICE, QUOTATION, ORDER, DELIVERY, CREDIT, DUNNING, DOWN_PAYMENT)
BY_PATH = {kind.path: kind for kind in ALL}
