"""An invoice that a person wants for a customer of the CRM: a draft in the invoicing system, filled in as far as is known. Pure.

It is input to planning like an answer, and made through the same journal as everything else, with the person as its cause, once. Who is no
customer there yet becomes one first. Nothing is issued: people finish the draft in the system's own page, or throw it away.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from unisono.model.codes import INVOICE
from unisono.model.document import Document, Line, Lines
from unisono.model.money import plain
from unisono.model.record import label_of
from unisono.model.totals import totals_of
from unisono.model.writing import Write
from unisono.plan.actions import Action, Decision, Reason, Report, Send
from unisono.plan.flows.papers import too_long
from unisono.plan.situation import Rules, Situation

WANTED = "wanted"
"""Code under which the wish is kept as an answer, of the reason its write carries in the journal, and of why its customer goes across."""


class Wanted(Struct, frozen=True, kw_only=True):
    """``id`` tells one wish from another; ``paper`` is the draft as the person saw it; ``by`` is who they are."""

    id: str
    by: str
    paper: Document

    def __str__(self) -> str:
        paper = self.paper
        rows = paper.lines.rows if isinstance(paper.lines, Lines) else ()
        lines = [[r.name, plain(r.quantity), r.unit, plain(r.price), "" if r.vat_rate is None else plain(r.vat_rate)] for r in rows]
        return json.dumps([self.id, self.by, paper.title, paper.currency, paper.basis, lines], ensure_ascii=False)


def wanted_of(text: str) -> Wanted:
    """The reverse of ``str(wanted)``."""
    id, by, title, currency, basis, lines = json.loads(text)
    rows = tuple(
        Line(name=name, quantity=Decimal(quantity), unit=unit, price=Decimal(price), vat_rate=Decimal(rate) if rate else None)
        for name, quantity, unit, price, rate in lines
    )
    return Wanted(id=id, by=by, paper=drafted(Document(type_code=INVOICE, title=title, currency=currency, basis=basis, lines=Lines(rows))))


def drafted(paper: Document) -> Document:
    """A document as the draft of an invoice, with the totals that follow from its lines."""
    assert isinstance(paper.lines, Lines)
    totals = totals_of(paper.lines.rows, paper.basis)
    sums = (totals.net, totals.vat, totals.gross) if totals else (None, None, None)
    return replace(paper, type_code=INVOICE, stage="draft", net=sums[0], vat=sums[1], gross=sums[2])


def standing(answers: Mapping[str, str]) -> list[Wanted]:
    """The wishes among a record's answers (``code|subject`` -> answer) that are still to be carried out."""
    found = (key.partition("|") for key in sorted(answers))
    return [wanted_of(subject) for code, _, subject in found if code == WANTED]


def plan_wanted(s: Situation, rules: Rules) -> Decision | None:
    """What is to be done about an invoice that somebody wants for this customer; ``None``: nobody does, or the customer is not there yet."""
    wishes = standing(s.answers)
    if not wishes or s.link is None or s.link.state != "linked" or s.a is None or s.b is None or s.b.gone:
        return None
    one, name = wishes[0], label_of(s.a.record)
    report = unfit(one.paper, rules)
    if report is not None:
        return Decision(s.subject, "refused", Reason(report.code, report.values), (report,))
    reason = Reason(WANTED, {"by": one.by, "name": name})
    write = Write(operation="create", side="b", kind="invoice", body=one.paper, owner=s.link.b_key)
    actions: tuple[Action, ...] = (Send(write=write, reason=reason, link_kind="invoice", source=f"{WANTED}:{one.id}"),)
    return Decision(s.subject, "new", reason, actions)


def unfit(paper: Document, rules: Rules) -> Report | None:
    """Why a draft cannot be made as it is: which field, and what to do."""
    writing, held = rules.b.writing("invoice"), rules.b.fields("invoice")
    rows = paper.lines.rows if isinstance(paper.lines, Lines) else ()
    if writing.max_lines and len(rows) > writing.max_lines:
        return Report(code="too-many-lines", field="lines", values={"count": str(len(rows)), "limit": str(writing.max_lines)})
    currencies = held["currency"].values if "currency" in held else ()
    if currencies and paper.currency not in currencies:
        values = {"currency": paper.currency, "system": rules.b.title, "choices": ", ".join(currencies)}
        return Report(code="currency-not-held", field="currency", values=values)
    return too_long(paper, "invoice", rules)
