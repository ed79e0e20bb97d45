"""The rule page, deals and papers: what becomes a quote, what is filed where, what is told instead."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from tests.storm.levels.cases import Case
from tests.storm.rules import ASK, LEAVE, REFUSE, WAIT, Ruled
from unisono.model.document import Document, Lines, NotGiven
from unisono.plan.situation import Link, Seen, Situation


def deal(case: Case) -> Ruled:
    """A CRM's deal becomes a quote once. What somebody edits afterwards is a question, since the quote cannot follow."""
    s, rules = case.situation, case.rules
    if s.link is not None:
        return carried(case, s.link)
    me = s.a
    if s.subject.side == "b" or me is None or me.gone:
        return LEAVE
    body = me.record.body
    assert isinstance(body, Document)
    quotes = rules.policy.quotes
    old = s.history and quotes.history == "new"
    unwanted = s.owner is not None and s.owner.state in ("unwanted", "severed")
    no_place = quotes.direction == "off" or rules.b.writing("quote").create == "none"
    if no_place:
        return LEAVE
    free = sorted((c.seen for c in s.candidates if not c.linked), key=lambda seen: seen.record.key)
    ours = [seen.record.key for seen in free if me.keys.reference and seen.keys.reference == me.keys.reference]
    if ours:
        # It was made of it once, whatever would be made of it today.
        return Ruled("join", (min(ours),))
    if not me.record.owner or old or body.answer == "rejected" or unwanted:
        return LEAVE
    for seen in free:
        said = s.answers.get(f"same-paper|{seen.record.key}", "")
        if said == "same" and not seen.gone:
            return Ruled("join", (seen.record.key,))
        if said != "different" and not seen.gone and forgotten(case, body, seen):
            return Ruled(ASK)
    if body.value is None or body.value <= 0:
        return Ruled(REFUSE)
    if s.owner is None or s.owner.state != "linked" or not s.whole:
        return Ruled(WAIT)
    title = rules.b.fields("quote").get("title")
    return Ruled(REFUSE) if title is not None and 0 < title.length < len(body.title) else Ruled("create", (s.owner.linked,))


def forgotten(case: Case, deal: Document, there: Seen) -> bool:
    """Whether a restored pair may have made that quote of the deal, and cannot tell by a reference: it is asked before a second is made."""
    body = there.record.body
    assert isinstance(body, Document)
    if not case.situation.unsure or case.rules.b.writing("quote").find in ("reference", "idempotency-key"):
        return False
    one, two = ("".join(document.title.casefold().split()) for document in (deal, body))
    if deal.title and body.title:
        return one == two
    return (deal.date is not None and deal.date == body.date) or (deal.gross is not None and deal.gross == body.gross)


def carried(case: Case, link: Link) -> Ruled:
    """A deal that has its quote."""
    s, was = case.situation, case.was
    if link.state == "severed" or s.a is None or s.b is None:
        return LEAVE
    if s.a.gone or s.b.gone:
        return Ruled("unlink")
    now, made = s.a.record.body, s.b.record.body
    assert isinstance(now, Document)
    assert isinstance(made, Document)
    if s.subject.side == "b" or was is None or what_crossed(was) == what_crossed(now):
        return LEAVE
    can_redo = made.stage == "draft" and isinstance(now.lines, NotGiven) and case.rules.b.writing("quote").delete
    said = {v for k, v in s.answers.items() if k.startswith("quote-edited|") and k.endswith(f"/{made.stage}") != can_redo}
    if said & {"leave", "done-by-hand"}:
        return Ruled("agree")
    return Ruled("delete") if "make-anew" in said and can_redo else Ruled(ASK)


def what_crossed(document: Document) -> tuple[object, ...]:
    """Title, amount, count, unit, currency: no amount is nothing, no count is one."""
    return document.title, document.value or Decimal(0), document.quantity or Decimal(1), document.unit, document.currency


def paper(case: Case) -> Ruled:
    """A document of the invoicing system is filed in the CRM once; when it changes its file is put beside the earlier one."""
    s, rules = case.situation, case.rules
    me = s.b
    if me is None or me.gone:
        return LEAVE
    body, policy = me.record.body, rules.policy.documents
    assert isinstance(body, Document)
    kind = {"310": "quote", "380": "invoice", "381": "credit-note"}.get(body.type_code, "")
    if policy.direction == "off" or rules.a.writing("note").create == "none" or kind not in policy.kinds:
        return LEAVE
    if s.owner is not None and s.owner.state in ("unwanted", "severed"):
        return LEAVE
    if s.filed is None:
        too_early = kind == "quote" and policy.quote_when == "sent" and body.stage in ("draft", "issued")
        too_early = too_early or (kind != "quote" and policy.invoice_when == "issued" and body.stage == "draft")
        if too_early or (s.history and policy.history == "new"):
            return LEAVE
    elif s.filed.state == "severed":
        return LEAVE
    if not adds_up(body):
        return Ruled(REFUSE)
    about = tuple(key for key in (offer(s, body), customer_of(s)) if key)
    if not about:
        return Ruled(WAIT)
    if s.filed is None:
        listed = rules.b.lists(s.subject.kind)
        rendered = body.stage != "draft" or listed is None or listed.draft_file
        return Ruled("file", about, {"note": "to-a"} | ({"file": "to-a"} if policy.file and rendered else {}))
    unchanged = case.was is not None and case.was == body
    return LEAVE if unchanged else Ruled("refile")


def customer_of(s: Situation) -> str:
    """The customer's key in the CRM, once they are linked."""
    return s.owner.linked if s.owner is not None and s.owner.state == "linked" else ""


def offer(s: Situation, body: Document) -> str:
    """The deal a document belongs to: by its link while the deal is there, by the quote it follows from, by the reference it carries, or as that
    of the one accepted quote of equal lines and total."""
    if s.link is not None and s.link.state == "linked" and not (s.a is not None and s.a.gone):
        return s.link.a_key
    follows = next((q.deal for q in s.quotes if q.deal and body.preceding and q.seen.record.key == body.preceding), "")
    if follows:
        return follows
    named = {q.deal for q in s.quotes if q.deal and body.reference and q.seen.keys.reference == body.reference}
    if len(named) == 1:
        return named.pop()
    equal = [q for q in s.quotes if isinstance(q.seen.record.body, Document) and same_sale(q.seen.record.body, body)]
    return equal[0].deal if len(equal) == 1 else ""


def same_sale(quote: Document, invoice: Document) -> bool:
    """An accepted quote with the invoice's lines and total."""
    if quote.answer != "accepted" or invoice.gross is None or quote.gross != invoice.gross:
        return False
    if not (isinstance(quote.lines, Lines) and isinstance(invoice.lines, Lines)):
        return False
    told = [[(row.name, row.quantity, row.price) for row in lines.rows] for lines in (quote.lines, invoice.lines)]
    return told[0] == told[1]


def adds_up(body: Document) -> bool:
    """Header and lines agree to the cent, as far as they are told."""
    if None not in (body.net, body.vat, body.gross) and _cent([body.net, body.vat]) != _cent([body.gross]):
        return False
    rows = body.lines.rows if isinstance(body.lines, Lines) else ()
    for total, parts in ((body.net, [row.net for row in rows]), (body.gross, [row.gross for row in rows])):
        if rows and total is not None and None not in parts and _cent(parts) != _cent([total]):
            return False
    return True


def _cent(parts: Iterable[Decimal | None]) -> Decimal:
    return sum((part for part in parts if part is not None), Decimal(0)).quantize(Decimal("0.01"), ROUND_HALF_UP)
