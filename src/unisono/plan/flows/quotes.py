"""Quotes: a deal made in the CRM becomes a quote in the invoicing system, once; to be completed and sent there by a person."""

from __future__ import annotations

import hashlib
from decimal import Decimal

from unisono.model.codes import QUOTATION
from unisono.model.document import Document, Line, Lines, NotGiven
from unisono.model.money import plain
from unisono.model.record import label_of
from unisono.model.writing import Write
from unisono.plan.actions import Ask, Decision, Join, Reason, Report, Send, Sever, Wait
from unisono.plan.situation import Rules, Seen, Situation
from unisono.policy.schema import Policy


def plan_quote(s: Situation, rules: Rules) -> Decision:
    """What is to be done about one deal of the CRM, or about the quote made from it."""
    if s.link is not None:
        return _linked(s, rules)
    if s.subject.side == "b":
        return Decision(s.subject, "left-out", Reason("quote-stays-there"))
    me = s.a
    if me is None or me.gone:
        return Decision(s.subject, "gone", Reason("not-there"))
    left_out = _left_out(s, me, rules)
    if left_out is not None:
        return Decision(s.subject, "left-out", left_out)
    found = [q.seen for q in s.candidates if not q.linked and _of_this(q.seen.keys.reference, me.keys.reference, s)]
    if found:
        return _join(s, me, min(found, key=lambda seen: seen.record.key))
    return _create(s, me, rules)


def _of_this(theirs: str, mine: str, s: Situation) -> bool:
    """Whether a quote carries the deal's reference. A restored pair is only shown quotes with that, or with the one it gives itself."""
    return bool(theirs) and (theirs == mine or s.unsure)


def quote_version(document: Document) -> str:
    """What was carried over of a deal: its title and amount. A later edit of these is a question, since the quote cannot follow."""
    parts = [document.title, plain(document.value or Decimal(0)), plain(document.quantity or Decimal(1)), document.unit, document.currency]
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=12).hexdigest()


def _left_out(s: Situation, me: Seen, rules: Rules) -> Reason | None:
    document = me.record.body
    assert isinstance(document, Document)
    if rules.policy.quotes.direction == "off" or rules.b.writing("quote").create == "none":
        return Reason("direction-off")
    if not me.record.owner:
        return Reason("quote-without-customer")
    if s.history and rules.policy.quotes.history == "new":
        return Reason("older-than-release")
    if document.answer == "rejected":
        return Reason("quote-lost")
    if s.owner is not None and s.owner.state in ("unwanted", "severed"):
        return Reason("owner-left-out")
    return None


def _join(s: Situation, me: Seen, they: Seen) -> Decision:
    document = me.record.body
    assert isinstance(document, Document)
    version = {"version": quote_version(document)}
    reason = Reason("matched", {"rule": "reference", "name": label_of(they.record)})
    join = Join(kind="quote", a_key=me.record.key, b_key=they.record.key, agreed_a=version, agreed_b={}, reason=reason)
    return Decision(s.subject, "linked", reason, (join,))


def _create(s: Situation, me: Seen, rules: Rules) -> Decision:
    document = me.record.body
    assert isinstance(document, Document)
    if document.value is None or document.value <= 0:
        report = Report(code="quote-without-amount", field="value", values={"name": document.title})
        return Decision(s.subject, "refused", Reason("quote-without-amount"), (report,))
    owner = s.owner
    if owner is None or owner.state != "linked":
        on = f"a:party:{me.record.owner}"
        return Decision(s.subject, "waiting", Reason("owner-first"), (Wait(on=on, reason=Reason("owner-first")),))
    if not s.whole:
        return Decision(s.subject, "waiting", Reason("target-not-read"), (Wait(on="", reason=Reason("target-not-read")),))
    made = quote_from(document, rules.policy)
    limit = rules.b.fields("quote").get("title")
    if limit is not None and limit.length and len(made.title) > limit.length:
        values = {"value": made.title[:80], "length": str(len(made.title)), "limit": str(limit.length)}
        return Decision(s.subject, "refused", Reason("too-long"), (Report(code="too-long", field="title", values=values),))
    reason = Reason("quote-made", {"name": document.title})
    write = Write(operation="create", side="b", kind="quote", body=made, owner=owner.linked)
    send = Send(write=write, reason=reason, link_kind="quote", agree={"version": quote_version(document)})
    return Decision(s.subject, "new", reason, (send,))


def quote_from(deal: Document, policy: Policy) -> Document:
    """A quote with one line from a deal's single amount, on the basis and with the VAT rate the policy settles."""
    basis = policy.quotes.basis if deal.basis == "unknown" else deal.basis
    line = Line(
        name=deal.title,
        quantity=deal.quantity or Decimal(1),
        unit=deal.unit,
        price=deal.value or Decimal(0),
        vat_rate=policy.quotes.vat_rate,
    )
    lines = deal.lines if isinstance(deal.lines, Lines) else Lines((line,))
    return Document(type_code=QUOTATION, title=deal.title, currency=deal.currency, basis=basis, lines=lines, text=deal.text)


def _linked(s: Situation, rules: Rules) -> Decision:
    link = s.link
    assert link is not None
    if link.state == "severed":
        return Decision(s.subject, "left-out", Reason("severed", {"why": link.why}))
    if s.a is None or s.b is None:
        return Decision(s.subject, "waiting", Reason("counterpart-not-read"))
    for seen, name in ((s.a, "crm"), (s.b, "invoicing")):
        if seen.gone:
            reason = Reason("deleted-there", {"side": name, "name": label_of(seen.record)})
            return Decision(s.subject, "gone", reason, (Sever(kind="quote", a_key=link.a_key, b_key=link.b_key, reason=reason),))
    deal = s.a.record.body
    assert isinstance(deal, Document)
    version = quote_version(deal)
    # One hand for both records of the link: the deal's. Its quote would only ask the same question a second time.
    if s.subject.side == "b" or "version" not in link.agreed_a or link.agreed_a["version"] == version:
        return Decision(s.subject, "equal", Reason("in-step"))
    return _edited(s, deal, version, s.b, rules)


def _edited(s: Situation, deal: Document, version: str, b: Seen, rules: Rules) -> Decision:
    """A deal edited after its quote exists: the quote cannot be changed from outside, so a person decides. Never automatic."""
    link = s.link
    assert link is not None
    made = b.record.body
    assert isinstance(made, Document)
    untouched = made.stage == "draft" and isinstance(deal.lines, NotGiven) and rules.b.writing("quote").delete
    # A quote that went out between question and answer makes another question: the answer was given about a draft.
    subject = version if untouched else f"{version}/{made.stage}"
    answer = s.answers.get(f"quote-edited|{subject}", "")
    agreed = Join(kind="quote", a_key=link.a_key, b_key=link.b_key, agreed_a={"version": version}, reason=Reason("answered-leave"))
    if answer in ("leave", "done-by-hand"):
        return Decision(s.subject, "equal", Reason("answered-leave"), (agreed,))
    if answer == "make-anew" and untouched:
        reason = Reason("quote-made-anew", {"name": deal.title})
        write = Write(operation="delete", side="b", kind="quote", key=link.b_key)
        return Decision(s.subject, "changed", reason, (Send(write=write, reason=reason, link_kind="quote"),))
    options = ("leave", "done-by-hand", "make-anew", "later") if untouched else ("leave", "done-by-hand", "later")
    values = {"name": deal.title, "number": made.number, "value": plain(deal.value or Decimal(0)), "currency": deal.currency}
    ask = Ask(code="quote-edited", subject=subject, group="quote-edited", options=options, values=values)
    return Decision(s.subject, "doubtful", Reason("quote-edited", values), (ask,))
