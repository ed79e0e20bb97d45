"""Invoices that are written in the CRM: each becomes one invoice of the invoicing system (I1, I3), of the same amount (I7), of the same customer
(I18), and a draft unless the policy says *issued* by name (I6)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tests.storm.documents import mark_of_owner
from tests.storm.picture import Picture
from tests.storm.sides import Entry
from tests.storm.verdict import Broken

DRAFT = ("draft", "a")


def judge(p: Picture) -> Iterator[Broken]:
    """Everything about the CRM's invoices."""
    bills = {mark: entries for mark, entries in p.marked("a", "invoice").items() if mark.startswith("r")}
    made = {mark: entries for mark, entries in p.marked("b", "invoice").items() if mark.startswith("r")}
    values = _typed(p)
    anew = {d.deed.about for d in p.answered if d.deed.values.get("said") == "make-anew"}
    for mark, invoices in made.items():
        owners = {mark_of_owner(p, "b", invoice) for invoice in invoices}
        if len(invoices) > 1 + bool(owners & p.unrecognisable) + bool(anew):
            yield Broken("I1", f"{len(invoices)} invoices from one of the CRM, {mark}", " ".join(i.key for i in invoices))
        for invoice in invoices:
            yield from _as_told(p, mark, invoice, bills.get(mark, []), values.get(mark, set()))
    if p.flow("invoices") != "to-invoicing":
        return
    for mark, written in bills.items():
        owner = mark_of_owner(p, "a", written[0])
        there = bool(p.marked("b", "party").get(owner))
        settled = mark in made or written[0].get("state") == "lost" or {mark, owner} & p.taken or p.undated(mark)
        if owner and there and not settled and not p.excused_key(written[0].key) and not p.excused(owner):
            yield Broken("I3", f"the CRM's invoice {mark} has none in the invoicing system", written[0].key)


def _as_told(p: Picture, mark: str, invoice: Entry, bills: list[Entry], values: set[Decimal]) -> Iterator[Broken]:
    if Decimal(invoice.get("gross")) not in values:
        yield Broken("I7", f"{mark}: {invoice.get('gross')} is none of {values}", invoice.key)
    by_hand = any(d.deed.about == mark and d.deed.what in ("complete", "pay", "cancel") for d in p.e.did)
    named = any(policy.get("invoices", {}).get("made_as") == "issued" for policy in p.policies)
    if invoice.get("state") not in DRAFT and not by_hand and not named:
        yield Broken("I6", f"{mark} was issued and no policy says so", invoice.key)
    mine, theirs = (mark_of_owner(p, "a", bills[0]) if bills else ""), mark_of_owner(p, "b", invoice)
    if mine and theirs and mine != theirs and not ({mine, theirs, mark} & p.taken):
        yield Broken("I18", f"{mark} is {mine}'s there and {theirs}'s here", invoice.key)


def _typed(p: Picture) -> dict[str, set[Decimal]]:
    out: dict[str, set[Decimal]] = {}
    for did in p.e.did:
        if did.deed.what in ("bill", "edit-bill") and did.after is not None:
            out.setdefault(did.deed.about, set()).add(Decimal(did.after.get("value")))
    return out
