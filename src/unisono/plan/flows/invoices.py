"""Invoices: one made in the CRM becomes an invoice in the invoicing system, once, as a draft unless the policy says *issued* by name.

Nothing issued is ever changed from here (a later edit is a question), and nothing crosses whose totals would not be equal to the cent.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from unisono.model.codes import INVOICE
from unisono.model.document import Document, Line, Lines, NotReadable, adds_up
from unisono.model.money import cents, plain
from unisono.model.record import label_of
from unisono.model.totals import totals_of
from unisono.model.writing import Write
from unisono.plan.actions import Action, Decision, Join, Reason, Report, Send
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


def plan_invoice(s: Situation, rules: Rules) -> Decision:
    """What is to be done about one invoice of the CRM, or about the invoice made from it."""
    if s.link is not None:
        told = linked(s, rules, "invoice", "invoice-edited", invoice_version)
        return _other_total(s, told) if told.verdict == "equal" and s.subject.side == "b" else told
    if s.subject.side == "b":
        return Decision(s.subject, "left-out", Reason("invoice-stays-there"))
    me = s.a
    if me is None or me.gone:
        return Decision(s.subject, "gone", Reason("not-there"))
    left_out, they = _left_out(s, me, rules), carrying(s, me)
    # What was made of it belongs to it, whatever would be decided today: of a customer who is gone nothing would be made.
    if left_out is not None and (they is None or left_out.code == "direction-off"):
        return Decision(s.subject, "left-out", left_out)
    if they is not None:
        return joined(s, "invoice", me, they, invoice_version)
    again = may_be_made(s, "invoice", rules)
    doubtful = asked_same(s, "invoice", me, invoice_version, lambda a, b: alike(a, b) or (again and made_again(a, b)))
    return doubtful or _create(s, me, rules)


def invoice_version(document: Document) -> str:
    """What was carried over of an invoice: its lines, total and date, and whether it still counts. A later edit of these is a question."""
    rows = document.lines.rows if isinstance(document.lines, Lines) else ()
    lines = [f"{r.name}|{plain(r.quantity)}|{r.unit}|{plain(r.price)}|{'' if r.vat_rate is None else plain(r.vat_rate)}" for r in rows]
    total = document.gross if document.gross is not None else document.value
    return digest(
        [
            *lines,
            document.currency,
            "" if total is None else plain(total),
            str(document.date or ""),
            "cancelled" if document.stage == "cancelled" else "",
        ]
    )


def untaken(document: Document, history: bool, policy: Policy) -> Reason | None:
    """Why an invoice of the CRM does not go across, as far as it and the policy tell; ``None`` if it does. Its customer goes with it."""
    rules = policy.invoices
    if rules.direction == "off":
        return Reason("direction-off")
    if document.type_code != INVOICE:
        return Reason("kind-not-taken", {"kind": document.type_code})
    if document.stage == "cancelled":
        return Reason("invoice-cancelled")
    if document.stage == "draft" and rules.taken == "issued":
        return Reason("invoice-is-draft")
    return Reason("older-than-release") if history and rules.history == "new" else None


def _left_out(s: Situation, me: Seen, rules: Rules) -> Reason | None:
    found = untaken(document_of(me), s.history, rules.policy)
    if found is not None:
        return found
    writing = rules.b.writing("invoice")
    if rules.policy.invoices.made_as not in (writing.create, *writing.other_means):
        return Reason("invoice-not-so", {"system": rules.b.title})
    if not me.record.owner:
        return Reason("invoice-without-customer")
    if s.owner is not None and s.owner.state in ("unwanted", "severed"):
        return Reason("owner-left-out")
    return None


def alike(a: Document, b: Document) -> bool:
    """Whether two invoices of one customer may be the same, one of them made by hand: by their numbers, or by lines and total."""
    if a.number and a.number == b.number:
        return True
    if a.gross is None or b.gross is None or cents(a.gross) != cents(b.gross) or a.currency != b.currency or b.stage == "cancelled":
        return False
    return isinstance(a.lines, Lines) and isinstance(b.lines, Lines) and _rows(a.lines) == _rows(b.lines)


def _rows(lines: Lines) -> list[tuple[str, str]]:
    return [(row.name, plain(row.quantity)) for row in lines.rows]


def _create(s: Situation, me: Seen, rules: Rules) -> Decision:
    document = document_of(me)
    made = invoice_from(document, rules.policy)
    report = _unfit(made, document, rules, label_of(me.record))
    if report is not None:
        return not_so(s, report)
    waiting = not_yet(s, me)
    if waiting is not None:
        return waiting
    assert s.owner is not None
    assert made.gross is not None
    reason = Reason("invoice-made" if made.stage == "draft" else "invoice-issued", {"name": label_of(me.record)})
    write = Write(operation="create", side="b", kind="invoice", body=made, owner=s.owner.linked)
    agree = {"version": invoice_version(document), "gross": plain(made.gross)}
    return Decision(s.subject, "new", reason, (Send(write=write, reason=reason, link_kind="invoice", agree=agree),))


def invoice_from(document: Document, policy: Policy) -> Document:
    """The invoice as it is to be made: the CRM's lines on their basis, and the totals that follow from them.

    A rate that no line states is nought where the document says that there is no VAT in it; else such a line has none, and is refused.
    """
    basis, lines = basis_from(document, policy.invoices.basis), lines_from(document, policy.invoices.vat_rate)
    if document.vat is not None and not document.vat:
        lines = Lines(tuple(line if line.vat_rate is not None else replace(line, vat_rate=Decimal(0)) for line in lines.rows))
    totals = totals_of(lines.rows, basis)
    return Document(
        type_code=INVOICE,
        title=document.title,
        date=document.date,
        due=document.due,
        currency=document.currency,
        basis=basis,
        lines=lines,
        net=totals.net if totals else None,
        vat=totals.vat if totals else None,
        gross=totals.gross if totals else None,
        stage=policy.invoices.made_as,
        text=document.text,
    )


def _unfit(made: Document, document: Document, rules: Rules, name: str) -> Report | None:
    """Why an invoice cannot be made as it is: which field, and what to do."""
    assert isinstance(made.lines, Lines)
    writing, held = rules.b.writing("invoice"), rules.b.fields("invoice")
    if isinstance(document.lines, NotReadable):
        return Report(code="lines-not-readable", field="lines", values={"name": name, "system": rules.a.title})
    if not any(line.price for line in made.lines.rows):
        return Report(code="invoice-without-amount", field="value", values={"name": name})
    off = adds_up(document)
    if off:
        return Report(code="invoice-does-not-add-up", field="gross", values={"name": name, "told": off})
    bare = next((line for line in made.lines.rows if line.vat_rate is None), None)
    if bare is not None:
        return Report(code="line-without-vat", field="lines", values={"name": name, "line": bare.name})
    uneven = _uneven(made, document, name)
    if uneven is not None:
        return uneven
    if writing.max_lines and len(made.lines.rows) > writing.max_lines:
        return Report(code="too-many-lines", field="lines", values={"count": str(len(made.lines.rows)), "limit": str(writing.max_lines)})
    currencies = held["currency"].values if "currency" in held else ()
    if currencies and made.currency not in currencies:
        values = {"currency": made.currency, "system": rules.b.title, "choices": ", ".join(currencies)}
        return Report(code="currency-not-held", field="currency", values=values)
    return too_long(made, "invoice", rules)


def _uneven(made: Document, document: Document, name: str) -> Report | None:
    """A line or a total that would come out differently there, by as little as a cent."""
    assert isinstance(made.lines, Lines)
    for line in made.lines.rows:
        told = line.net if made.basis == "net" else line.gross
        if told is not None and cents(told) != cents(line.price * line.quantity):
            return _differs("line-total-differs", "lines", name, told, cents(line.price * line.quantity), line)
    for field, mine, theirs in (("net", document.net, made.net), ("vat", document.vat, made.vat), ("gross", document.gross, made.gross)):
        if mine is not None and theirs is not None and cents(mine) != cents(theirs):
            return _differs("total-differs", field, name, mine, theirs)
    return None


def _differs(code: str, field: str, name: str, mine: Decimal, theirs: Decimal, line: Line | None = None) -> Report:
    values = {"name": name, "crm": f"{cents(mine)}", "invoicing": f"{cents(theirs)}"}
    return Report(code=code, field=field, values=values | ({"line": line.name} if line is not None else {}))


def _other_total(s: Situation, in_step: Decision) -> Decision:
    """Whether the invoicing system made the invoice with another total than it was given: said until somebody has put it right there."""
    link, b = s.link, s.b
    if link is None or b is None or "gross" not in link.agreed_a:
        return in_step
    wanted, there = link.agreed_a["gross"], document_of(b).gross
    now = "" if there is None else plain(there)
    made, actions = link.agreed_b.get("gross", now), list[Action]()
    if now and "gross" not in link.agreed_b:
        # It could not be read back when it was made: this is the first that is seen of it.
        actions.append(Join(kind="invoice", a_key=link.a_key, b_key=link.b_key, agreed_b={"gross": now}))
    if made == wanted or now in ("", wanted):
        return replace(in_step, actions=(*in_step.actions, *actions))
    values = {"name": label_of(b.record), "crm": wanted, "invoicing": now}
    report = Report(code="made-with-other-total", field="gross", values=values)
    return Decision(s.subject, "refused", Reason(report.code, values), (*actions, report))
