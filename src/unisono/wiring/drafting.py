"""From a customer of the CRM to a new invoice: what its draft would hold, the wish for it, and the way to its page when it is there.

To look changes nothing. The wish is carried out with the pair's next turn: the customer first, where the invoicing system does not know it, then
a draft, which people finish there. Nothing is issued from here.
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace
from sqlalchemy import Connection

from unisono.engine.hands import Pairing
from unisono.engine.marks import mark_for
from unisono.locale.say import say
from unisono.model.codes import INVOICE
from unisono.model.document import Document, Line, Lines
from unisono.model.record import Kind, label_of
from unisono.plan.actions import Reason
from unisono.plan.flows.papers import basis_from, lines_from
from unisono.plan.situation import Seen
from unisono.plan.wanted import WANTED, Wanted, drafted, standing, unfit
from unisono.store import asking, intents, links, pairs, seen, work
from unisono.store import customers as stored
from unisono.store.asking import Problem, Question
from unisono.store.pairs import PairRow
from unisono.wiring.house import House
from unisono.wiring.leading import page_of
from unisono.wiring.rhythm import look_soon

KINDS: tuple[Kind, ...] = ("party", "contact", "quote")
"""What an invoice can begin from: a customer, one of its people, a deal or quote."""


class NoSuchCard(KeyError):
    """The CRM has no such record, or it was not seen yet. ``args[0]`` is its key."""


class NotPossible(ValueError):
    """No draft can be made. ``args[0]`` is the reason."""


@dataclass(frozen=True, slots=True)
class Made:
    """A draft that was made: its key, and its page, empty where that is not known. ``number`` is the one it stands under, if it has one."""

    key: str
    page: str
    at: str
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a draft for a customer would hold, and how far one is. ``why_not``: why none can be made."""

    record: str
    customer: str
    label: str
    paper: Document
    known: bool
    """The invoicing system has the customer already."""
    pending: bool
    made: tuple[Made, ...]
    questions: tuple[Question, ...]
    problems: tuple[Problem, ...]
    why_not: Reason | None = None


def card(house: House, pair_id: str, record: str) -> Card:
    """A record of the CRM by its key (``company:7``, ``deal:5``), as the beginning of an invoice. Raises ``NoSuchCard``."""
    pairing = house.pairing(pair_id)
    with house.store.read() as conn:
        customer, source = _customer(conn, pairing, record)
        key = f"a:party:{customer.record.key}"
        link = links.links_of(conn, pair_id, "party", "a", [customer.record.key]).get(customer.record.key)
        pending = standing(asking.answers_for(conn, pair_id, [key]).get(key, {}))
        questions, problems = stored.open_about(conn, pair_id, [key])
    paper = _paper(source, pairing)
    linked = link is not None and link.state == "linked"
    return Card(
        record=record,
        customer=customer.record.key,
        label=label_of(customer.record),
        paper=paper,
        known=linked,
        pending=bool(pending),
        made=drafts(house, pair_id, customer.record.key),
        questions=tuple(questions),
        problems=tuple(problems),
        why_not=_why_not(pairing, paper, severed=link is not None and not linked),
    )


def card_if_seen(house: House, pair_id: str, record: str) -> Card | None:
    """The same; ``None`` if nobody has seen the record: then the CRM is read soon, and it may be there after that."""
    try:
        return card(house, pair_id, record)
    except NoSuchCard:
        look_soon(house, pair_id, "a")
        return None


def want(house: House, pair_id: str, record: str, by: str) -> str:
    """Somebody wants an invoice: its customer is looked at with the next turn. Returns the customer's key; a second wish while the first is
    under way changes nothing. Raises ``NoSuchCard``, ``NotPossible``."""
    found = card(house, pair_id, record)
    if found.why_not is not None:
        raise NotPossible(found.why_not)
    # The customer is made as the CRM has them now, not as it had them when it was read last.
    look_soon(house, pair_id, "a")
    pairing, now = house.pairing(pair_id), house.clock.now()
    key, one = f"a:party:{found.customer}", Wanted(id=house.ids.new(), by=by, paper=found.paper)
    with house.store.write() as conn:
        if not standing(asking.answers_for(conn, pair_id, [key]).get(key, {})):
            asking.decide(conn, house.ids.new(), pair_id, key, found.label, WANTED, str(one), by, now)
            pairs.note(conn, pair_id, "party", key, "invoice-wanted", {"name": found.label}, found.label, now, by)
        work.mark(conn, pairing.lane, [mark_for("a", "party", found.customer, 0)], now)
    return found.customer


def _why_not(pairing: Pairing, paper: Document, *, severed: bool) -> Reason | None:
    rules = pairing.rules
    values, writing = {"system": rules.b.title}, rules.b.writing("invoice")
    if "draft" not in (writing.create, *writing.other_means):
        return Reason("draft-not-here", values)
    if pairing.state != "released":
        return Reason("draft-not-released", values)
    if severed:
        return Reason("draft-severed", values)
    lacks = unfit(paper, rules)
    return Reason(lacks.code, lacks.values) if lacks is not None else None


def drafts_here(house: House, row: PairRow) -> bool:
    """Whether drafts of invoices can be made for a pair's customers at all."""
    with house.store.read() as conn:
        writing = house.capabilities(pairs.get_connection(conn, row.b).system).writing("invoice")
    return "draft" in (writing.create, *writing.other_means)


def drafts(house: House, pair_id: str, customer: str) -> tuple[Made, ...]:
    """The drafts that were made for a customer of the CRM, the newest first, with the pages on which people finish them."""
    with house.store.read() as conn:
        row = pairs.get_pair(conn, pair_id)
        books = pairs.get_connection(conn, row.b)
        written = intents.journal(conn, pair_id, key=f"a:party:{customer}")
        done = [one for one in written if one["state"] == "done" and one["kind"] == "invoice" and _is_wish(one)]
        rows = seen.get_many(conn, row.b, "invoice", [str(one["target"]) for one in done])
    out = []
    for one in done:
        there = rows.get(str(one["target"]))
        if there is None or not there.gone:
            body = there.record.body if there is not None else None
            page = page_of(house, books, there.record) if there is not None else ""
            out.append(Made(str(one["target"]), page, str(one["at"]), body.number if isinstance(body, Document) else ""))
    return tuple(out)


def _is_wish(written: dict[str, object]) -> bool:
    reason = written["reason"]
    return isinstance(reason, dict) and reason.get("code") == WANTED


def _customer(conn: Connection, pairing: Pairing, record: str) -> tuple[Seen, Document | None]:
    """The customer that a record of the CRM leads to: itself, the company of a person, who a deal is for; and the deal. Raises ``NoSuchCard``."""
    found = {kind: seen.get_many(conn, pairing.a.id, kind, [record]).get(record) for kind in KINDS}
    there = {kind: row for kind, row in found.items() if row is not None and not row.gone}
    paper = there.get("quote")
    owner = next((row.record.owner for row in (there.get("contact"), paper) if row is not None and row.record.owner), "")
    party = seen.get_many(conn, pairing.a.id, "party", [owner]).get(owner) if owner else there.get("party")
    if party is None and owner and paper is not None:
        # A deal of one of a company's people is for the company.
        person = seen.get_many(conn, pairing.a.id, "contact", [owner]).get(owner)
        above = person.record.owner if person is not None else ""
        party = seen.get_many(conn, pairing.a.id, "party", [above]).get(above) if above else None
    if party is None or party.gone:
        raise NoSuchCard(record)
    body = paper.record.body if paper is not None else None
    return party, body if isinstance(body, Document) else None


def _paper(source: Document | None, pairing: Pairing) -> Document:
    """The draft: a deal's lines on its basis, else one empty line at the rate of the settings, since none may be without."""
    rules, policy = pairing.policy.invoices, pairing.policy
    held = pairing.rules.b.fields("invoice").get("currency")
    currency = held.values[0] if held is not None and held.values else "EUR"
    if source is None:
        line = Line(name=say("draft.line", {}, policy.language), vat_rate=rules.vat_rate)
        return drafted(Document(type_code=INVOICE, currency=currency, basis=rules.basis, lines=Lines((line,))))
    rows = tuple(
        replace(line, vat_rate=rules.vat_rate) if line.vat_rate is None else line for line in lines_from(source, rules.vat_rate).rows
    )
    basis = basis_from(source, rules.basis)
    return drafted(Document(type_code=INVOICE, title=source.title, currency=source.currency, basis=basis, lines=Lines(rows)))
