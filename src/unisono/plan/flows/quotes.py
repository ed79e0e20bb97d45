"""Quotes: a deal made in the CRM becomes a quote in the invoicing system, once; to be completed and sent there by a person."""

from __future__ import annotations

from decimal import Decimal

from unisono.model.codes import QUOTATION
from unisono.model.document import Document
from unisono.model.money import plain
from unisono.model.writing import Write
from unisono.plan.actions import Decision, Reason, Report, Send
from unisono.plan.flows.papers import (
    asked_same,
    basis_from,
    carrying,
    digest,
    document_of,
    joined,
    lines_from,
    linked,
    made_again,
    may_be_made,
    not_so,
    not_yet,
    too_long,
)
from unisono.plan.situation import Rules, Seen, Situation
from unisono.policy.schema import Policy


def plan_quote(s: Situation, rules: Rules) -> Decision:
    """What is to be done about one deal of the CRM, or about the quote made from it."""
    if s.link is not None:
        return linked(s, rules, "quote", "quote-edited", quote_version)
    if s.subject.side == "b":
        return Decision(s.subject, "left-out", Reason("quote-stays-there"))
    me = s.a
    if me is None or me.gone:
        return Decision(s.subject, "gone", Reason("not-there"))
    left_out, they = _left_out(s, me, rules), carrying(s, me)
    # What was made of it belongs to it, whatever would be decided today: of a customer who is gone nothing would be made.
    if left_out is not None and (they is None or left_out.code == "direction-off"):
        return Decision(s.subject, "left-out", left_out)
    if they is not None:
        return joined(s, "quote", me, they, quote_version)
    again = may_be_made(s, "quote", rules)
    return asked_same(s, "quote", me, quote_version, lambda a, b: again and made_again(a, b)) or _create(s, me, rules)


def quote_version(document: Document) -> str:
    """What was carried over of a deal: its title and amount. A later edit of these is a question, since the quote cannot follow."""
    amount = (plain(document.value or Decimal(0)), plain(document.quantity or Decimal(1)))
    return digest([document.title, *amount, document.unit, document.currency])


def _left_out(s: Situation, me: Seen, rules: Rules) -> Reason | None:
    if rules.policy.quotes.direction == "off" or rules.b.writing("quote").create == "none":
        return Reason("direction-off")
    if not me.record.owner:
        return Reason("quote-without-customer")
    if s.history and rules.policy.quotes.history == "new":
        return Reason("older-than-release")
    if document_of(me).answer == "rejected":
        return Reason("quote-lost")
    if s.owner is not None and s.owner.state in ("unwanted", "severed"):
        return Reason("owner-left-out")
    return None


def _create(s: Situation, me: Seen, rules: Rules) -> Decision:
    document = document_of(me)
    if document.value is None or document.value <= 0:
        report = Report(code="quote-without-amount", field="value", values={"name": document.title})
        return Decision(s.subject, "refused", Reason("quote-without-amount"), (report,))
    waiting = not_yet(s, me)
    if waiting is not None:
        return waiting
    made = quote_from(document, rules.policy)
    long = too_long(made, "quote", rules)
    if long is not None:
        return not_so(s, long)
    assert s.owner is not None
    reason = Reason("quote-made", {"name": document.title})
    write = Write(operation="create", side="b", kind="quote", body=made, owner=s.owner.linked)
    send = Send(write=write, reason=reason, link_kind="quote", agree={"version": quote_version(document)})
    return Decision(s.subject, "new", reason, (send,))


def quote_from(deal: Document, policy: Policy) -> Document:
    """A quote with one line from a deal's single amount, on the basis and with the VAT rate the policy settles."""
    basis, lines = basis_from(deal, policy.quotes.basis), lines_from(deal, policy.quotes.vat_rate)
    return Document(type_code=QUOTATION, title=deal.title, currency=deal.currency, basis=basis, lines=lines, text=deal.text)
