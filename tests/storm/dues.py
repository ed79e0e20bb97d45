"""The rule page, invoices of the CRM and states told back: what becomes an invoice and when not, who is told of a document's new state, and how."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from msgspec.structs import replace

from tests.storm.levels.cases import Case
from tests.storm.papers import adds_up, offer
from tests.storm.rules import ASK, LEAVE, REFUSE, WAIT, Ruled
from unisono.model.document import Document, Line, Lines, NotReadable
from unisono.plan.situation import Link, Rules, Seen, Situation

MEANS = ("stage", "trigger", "note")


# --- invoices ---------------------------------------------------------------------------------------------------------------------------


def bill(case: Case) -> Ruled:
    """An invoice of the CRM becomes one of the invoicing system, once, as a draft unless *issued* is named. A later edit is a question."""
    s, rules = case.situation, case.rules
    if s.link is not None:
        return _carried(case, s.link)
    me = s.a
    if me is None or me.gone or rules.policy.invoices.direction == "off":
        return LEAVE
    body = _document(me)
    free = sorted((c for c in s.candidates if not c.linked), key=lambda c: c.seen.record.key)
    ours = [c.seen.record.key for c in free if me.keys.reference and c.seen.keys.reference == me.keys.reference]
    if ours:
        # It was made of it once, whatever would be made of it today.
        return Ruled("join", (ours[0],))
    if not _taken(s, me, rules):
        return LEAVE
    for c in free:
        said = s.answers.get(f"same-paper|{c.seen.record.key}", "")
        if c.seen.gone or said == "different":
            continue
        if said == "same":
            return Ruled("join", (c.seen.record.key,))
        if c.asked or _alike(body, _document(c.seen)) or _forgotten(s, rules, body, _document(c.seen)):
            return Ruled(ASK)
    if not _fits(body, rules):
        return Ruled(REFUSE)
    if s.owner is None or s.owner.state != "linked" or not s.whole:
        return Ruled(WAIT)
    return Ruled("create", (s.owner.linked,))


def _document(seen: Seen) -> Document:
    body = seen.record.body
    assert isinstance(body, Document)
    return body


def _taken(s: Situation, me: Seen, rules: Rules) -> bool:
    """Whether the firm's rules want this invoice over there, and it can be made so there."""
    body, invoices, writing = _document(me), rules.policy.invoices, rules.b.writing("invoice")
    if invoices.direction == "off" or body.type_code != "380" or body.stage == "cancelled":
        return False
    if (body.stage == "draft" and invoices.taken == "issued") or (s.history and invoices.history == "new"):
        return False
    if invoices.made_as not in (writing.create, *writing.other_means) or not me.record.owner:
        return False
    return s.owner is None or s.owner.state not in ("unwanted", "severed")


def _alike(mine: Document, theirs: Document) -> bool:
    """Whether somebody may have made it there by hand: by the number, or by total, names and counts of the lines."""
    if mine.number and mine.number == theirs.number:
        return True
    if mine.gross is None or theirs.gross is None or theirs.stage == "cancelled" or mine.currency != theirs.currency:
        return False
    if _cent(mine.gross) != _cent(theirs.gross) or not (isinstance(mine.lines, Lines) and isinstance(theirs.lines, Lines)):
        return False
    told = [[(row.name, row.quantity.normalize()) for row in lines.rows] for lines in (mine.lines, theirs.lines)]
    return told[0] == told[1]


def _forgotten(s: Situation, rules: Rules, mine: Document, theirs: Document) -> bool:
    """Whether a restored pair may have made it itself, and cannot tell by a reference."""
    if not s.unsure or rules.b.writing("invoice").find in ("reference", "idempotency-key"):
        return False
    one, two = ("".join(document.title.casefold().split()) for document in (mine, theirs))
    if mine.title and theirs.title:
        return one == two
    return (mine.date is not None and mine.date == theirs.date) or (mine.gross is not None and mine.gross == theirs.gross)


def lines_of(body: Document, rules: Rules) -> list[Line]:
    """The lines an invoice is made with: its own, or one of its amount; nought per cent where it says that there is no VAT in it."""
    invoices = rules.policy.invoices
    rows = body.lines.rows if isinstance(body.lines, Lines) else ()
    if not rows:
        count, price = body.quantity or Decimal(1), body.value or Decimal(0)
        rows = (Line(name=body.title, quantity=count, unit=body.unit, price=price, vat_rate=invoices.vat_rate),)
    free = body.vat is not None and body.vat == 0
    return [replace(row, vat_rate=Decimal(0)) if free and row.vat_rate is None else row for row in rows]


def totals(lines: list[Line], basis: str) -> tuple[Decimal, Decimal, Decimal]:
    """Net, VAT and gross: each line to the cent, VAT on the sum of each rate."""
    sums: dict[Decimal, Decimal] = {}
    for line in lines:
        rate = line.vat_rate or Decimal(0)
        sums[rate] = sums.get(rate, Decimal(0)) + _cent(line.price * line.quantity)
    net = vat = Decimal(0)
    for rate, total in sums.items():
        part = total if basis == "net" else _cent(total / (1 + rate / 100))
        net, vat = net + part, vat + (_cent(part * rate / 100) if basis == "net" else total - part)
    return net, vat, net + vat


def _fits(body: Document, rules: Rules) -> bool:
    """Whether it would come out there as it is here, to the cent in every line and total."""
    writing, fields = rules.b.writing("invoice"), rules.b.fields("invoice")
    if isinstance(body.lines, NotReadable):
        return False
    lines = lines_of(body, rules)
    basis = rules.policy.invoices.basis if body.basis == "unknown" else body.basis
    if not any(line.price for line in lines) or not adds_up(body) or any(line.vat_rate is None for line in lines):
        return False
    for line in lines:
        told = line.net if basis == "net" else line.gross
        if told is not None and _cent(told) != _cent(line.price * line.quantity):
            return False
    if any(
        told is not None and _cent(told) != made for told, made in zip((body.net, body.vat, body.gross), totals(lines, basis), strict=True)
    ):
        return False
    currencies = fields["currency"].values if "currency" in fields else ()
    room = fields["title"].length if "title" in fields else 0
    return not (
        (writing.max_lines and len(lines) > writing.max_lines)
        or (currencies and body.currency not in currencies)
        or (room and len(body.title) > room)
    )


def _carried(case: Case, link: Link) -> Ruled:
    """One that was made: whatever is edited of it afterwards is asked about, and nothing is ever changed over there."""
    s, was = case.situation, case.was
    if link.state == "severed" or s.a is None or s.b is None:
        return LEAVE
    if s.a.gone or s.b.gone:
        return Ruled("unlink")
    if was is None or what_crossed(was) == what_crossed(_document(s.a)):
        return LEAVE
    stage = _document(s.b).stage
    said = {answer for key, answer in s.answers.items() if key.startswith("invoice-edited|") and key.endswith(f"/{stage}")}
    return Ruled("agree") if said & {"leave", "done-by-hand"} else Ruled(ASK)


def what_crossed(body: Document) -> tuple[object, ...]:
    """Lines, currency, total, date, and whether it still counts."""
    rows = body.lines.rows if isinstance(body.lines, Lines) else ()
    lines = tuple((row.name, row.quantity, row.unit, row.price, row.vat_rate) for row in rows)
    return lines, body.currency, body.gross if body.gross is not None else body.value, body.date, body.stage == "cancelled"


def _cent(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


# --- states -----------------------------------------------------------------------------------------------------------------------------


def state(case: Case) -> Ruled:
    """Each new state of a document is told once to the deal, quote or invoice it belongs to, by what the policy names for it; where the CRM
    lets nobody do that, a note says it. What was there before the pair counts from its next state on."""
    s, rules = case.situation, case.rules
    assert s.b is not None
    body = _document(s.b)
    word = word_of(body, s)
    before = s.told.agreed_b.get("state", "") if s.told is not None else ""
    if word == before or (word == "draft" and s.told is None):
        return LEAVE
    if s.told is None and s.existed:
        return Ruled("agree")
    place = offer(s, body)
    if not place:
        return LEAVE
    made = s.link is not None and s.link.kind == "invoice" and s.link.state == "linked" and not (s.a is not None and s.a.gone)
    named = tuple(_named(word, s.subject.kind, "invoice" if made else "quote", rules))
    due = tuple(means for means in named if s.told is None or s.told.agreed_a.get(means, "") != word)
    return Ruled("tell", due) if due else Ruled("agree")


def word_of(body: Document, s: Situation) -> str:
    """The state of a document, the strongest that holds."""
    if body.stage == "cancelled":
        return "cancelled"
    if body.paid != "none":
        return "paid" if body.paid == "full" else "part-paid"
    if body.dunning:
        return f"reminded/{body.dunning}"
    if body.answer != "open":
        return body.answer
    late = s.today is not None and body.due is not None and body.due < s.today and body.stage in ("issued", "sent")
    return "overdue" if late and body.type_code != "310" else body.stage


def _named(word: str, kind: str, place: str, rules: Rules) -> Iterator[str]:
    """What the policy names for a state, in the order in which it is done; a note for what is wanted and cannot be."""
    status, crm = rules.policy.status, rules.a
    name = f"{kind}_{word.partition('/')[0].replace('-', '_')}"
    stage, trigger = getattr(status.stages, name, ""), getattr(status.triggers, name, "")
    moves = crm.writing(place).change and "stage" in crm.fields(place)  # type: ignore[arg-type]
    fires = "trigger" in crm.doors
    if stage and moves:
        yield "stage"
    if trigger and fires:
        yield "trigger"
    if ((stage and not moves) or (trigger and not fires)) and status.note and crm.writing("note").create != "none":
        yield "note"
