"""Situations the planner may meet, drawn from a seed: a base, and what both sides and the agreed state became of it.

The three are related, as they are in life: mostly equal, edited here and there, sometimes on both sides, sometimes alike.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

from msgspec.structs import replace

from tests.storm.levels.abilities import KEYS, TAG, drawn_rules, pick
from tests.storm.levels.applied import settled
from tests.storm.levels.cases import Case, body_of, flat_of_seen, seen
from unisono.model.document import Document, Line, Lines, NotReadable
from unisono.model.party import CONTACT_FIELDS, PARTY_FIELDS, Flat
from unisono.model.record import Kind, Side, match_keys, other
from unisono.plan.flows.quotes import quote_version
from unisono.plan.situation import Candidate, FiledQuote, Link, Owner, Rules, Situation, Subject

FLOWS = ("customers", "contacts", "deletions", "quotes", "documents")
SHARED = 10_000
"""So many seeds draw from one stock of pairs."""
REFERENCES = ("", "uni-abcdefgh23456722", "uni-zzzzzzzz23456722")
VALUES: dict[str, tuple[str, ...]] = {
    "type": ("company", "company", "company", "person"),
    "name": ("Keller AG", "keller ag", "Kellner AG", "Weber KG", "K" * 25, ""),
    "first_name": ("", "Anna", "Anne"),
    "salutation": ("", "mr", "mrs"),
    "number": ("", "", "K-7", "K-8"),
    "tax_id": ("", "DE136695976", "DE 136 695 976", "136695976", "DE811907980"),
    "email": ("", "a@b.example", "A@B.example", "c@d.example"),
    "phone": ("", "030 1234567", "+49 30 1234567", "030/7654321", "+48 22 1234567"),
    "mobile": ("", "0170 1", "keine"),
    "address.postcode": ("", "10115", "53111"),
    "address.city": ("", "Berlin", "Bonn", "Łódź"),
    "address.country": ("", "DE", "DE", "PL"),
    "address.line1": ("", "Am Markt 1", "Ring 2"),
    "note": ("", "ruft zurück", "x" * 30),
}
_ANY = ("", "x", "yy", "ß")
_SIDES: tuple[Side, ...] = ("a", "b")
MONEY = (Decimal("0.01"), Decimal("33.33"), Decimal("1000.00"), Decimal("1190"), Decimal("99999999.99"))


def drawn(seed: int, flow: str = "") -> Case:
    """The case of a seed, of one flow or of any."""
    return drawn_from(Random(seed), drawn_rules(seed // SHARED), seed, flow)


def drawn_from(rnd: Random, stock: tuple[Rules, ...], seed: object, flow: str = "") -> Case:
    """A case from any source of chance (Hypothesis has one that shrinks)."""
    flow = flow or pick(rnd, FLOWS)
    return _DRAW[flow](rnd, pick(rnd, stock), seed)


# --- values -----------------------------------------------------------------------------------------------------------------------------


def drawn_flat(rnd: Random, kind: Kind) -> Flat:
    """Some values, a good part of them empty."""
    names = PARTY_FIELDS if kind == "party" else CONTACT_FIELDS
    flat = {name: pick(rnd, VALUES.get(name, _ANY)) for name in names}
    return flat if flat["name"] or rnd.random() < 0.2 else flat | {"name": "Keller AG"}


def edited(rnd: Random, flat: Flat, count: int) -> Flat:
    """The same after so many edits; an edit may leave a value as it is."""
    names = [name for name in flat if name != "type"]
    return flat | {name: pick(rnd, VALUES.get(name, _ANY)) for name in (pick(rnd, names) for _ in range(count))}


def pairs_of(answers: dict[str, str], rnd: Random, code: str, keys: list[str], options: tuple[str, ...], share: float = 0.25) -> None:
    """A person has answered some of the questions about these keys."""
    for key in keys:
        if rnd.random() < share:
            answers[f"{code}|{key}"] = pick(rnd, options)


# --- customers and contacts -------------------------------------------------------------------------------------------------------------


def _people(rnd: Random, rules: Rules, seed: object, kind: Kind, flow: str) -> Case:
    situation = linked_people(rnd, kind, rnd.random() < 0.05) if rnd.random() < 0.6 else unlinked_people(rnd, kind)
    return Case(seed=seed, flow=flow, situation=situation, rules=rules)


def linked_people(rnd: Random, kind: Kind, unread: bool = False) -> Situation:
    """Two linked records, and what each held when they were last in step."""
    base = drawn_flat(rnd, kind)
    agreed_a, agreed_b = base, edited(rnd, base, pick(rnd, (0, 0, 1)))
    flat_a, flat_b = edited(rnd, agreed_a, pick(rnd, (0, 1, 2))), edited(rnd, agreed_b, pick(rnd, (0, 1, 2)))
    for name in rnd.sample(sorted(base), pick(rnd, (0, 0, 1, 2))):
        flat_b |= {name: flat_a[name]}
    forgotten = set(rnd.sample(sorted(base), pick(rnd, (0, 0, 2, 6))))
    # Of what was made and never read, only what was sent is known.
    sent = sorted(forgotten) if len(forgotten) > 2 else []
    agreed_a = {n: v for n, v in agreed_a.items() if n not in forgotten or n in sent[::3]}
    agreed_b = {n: v for n, v in agreed_b.items() if n not in forgotten or n in sent[1::3]}
    a_key, b_key = KEYS[kind]
    if kind == "contact" and rnd.random() < 0.3:
        b_key += "#main"
    link = Link("l1", kind, a_key, b_key, agreed_a, agreed_b)
    if rnd.random() < 0.05:
        link = replace(link, state="severed", why=pick(rnd, ("deleted-there", "undone")))
    answers: dict[str, str] = {}
    differing = [n for n in base if flat_a[n] != flat_b[n]]
    pairs_of(answers, rnd, "conflict", [f"{n}={flat_a[n]}|{flat_b[n]}" for n in differing], ("crm", "invoicing"))
    if rnd.random() < 0.05:
        wanted = [
            json.dumps(["b", n, flat_b[n], agreed_b.get(n, "")], ensure_ascii=False)
            for n in base
            if n != "type" and flat_b[n] != agreed_b.get(n, "")
        ]
        pairs_of(answers, rnd, "undo-edited", wanted, ("before", "leave"))
    owner = {"owner": KEYS["party"]} if kind == "contact" else {}
    a, b = (
        seen(kind, key, body_of(kind, flat), owner=owner["owner"][n] if owner else "", missing=rnd.random() < 0.03)
        for n, (key, flat) in enumerate(((a_key, flat_a), (b_key, flat_b)))
    )
    side = pick(rnd, _SIDES) if unread else "a"
    shown: dict[str, Any] = {"a": a, "b": b}
    if unread:
        shown[other(side)] = None
    owned = Owner("42", "party", "c42", "linked") if kind == "contact" else None
    s = Situation(subject=Subject(side, kind, link.key(side)), link=link, answers=answers, owner=owned, **shown)
    return moved(rnd, s) if kind == "contact" and not unread and rnd.random() < 0.15 else s


def moved(rnd: Random, s: Situation) -> Situation:
    """The person of a linked contact belongs to another company now."""
    assert s.link is not None
    there = unlinked_people(rnd, "contact", "a")
    said = {f"contact-moved|42|{s.link.b_key}": pick(rnd, ("follow", "follow", "leave"))} if rnd.random() < 0.8 else {}
    return replace(
        s,
        moved=True,
        owner=drawn_owner(rnd, "a"),
        candidates=there.candidates,
        reasons=there.reasons,
        whole=there.whole,
        held=there.held,
        unsure=there.unsure,
        answers=s.answers | there.answers | said,
    )


def unlinked_people(rnd: Random, kind: Kind, of: Side | None = None) -> Situation:
    """A record without a counterpart, and those of the other side that may be it."""
    side: Side = of if of is not None else pick(rnd, _SIDES)
    mine = drawn_flat(rnd, kind)
    key = KEYS[kind][0 if side == "a" else 1]
    tags = (TAG,) if rnd.random() < 0.4 else ()
    me = seen(
        kind, key, body_of(kind, mine, pick(rnd, REFERENCES), tags), owner="42" if kind == "contact" else "", gone=rnd.random() < 0.03
    )
    candidates = [
        Candidate(
            seen(kind, f"x{n}", body_of(kind, edited(rnd, mine, pick(rnd, (0, 2, 4, 8))), pick(rnd, REFERENCES)), gone=rnd.random() < 0.05),
            linked=rnd.random() < 0.2,
            asks=side == "b" and kind == "party" and rnd.random() < 0.2,
        )
        for n in range(pick(rnd, (0, 0, 1, 1, 2, 3)))
    ]
    rnd.shuffle(candidates)
    peers = [match_keys(seen(kind, f"y{n}", body_of(kind, edited(rnd, mine, 6))).record) for n in range(pick(rnd, (0, 0, 0, 1, 2)))]
    answers: dict[str, str] = {}
    pairs_of(answers, rnd, "same-customer", [c.seen.record.key for c in candidates], ("same", "different", "different"))
    pairs_of(answers, rnd, "gained-company", [""], ("leave",))
    pairs_of(answers, rnd, "person-or-contact", [""], ("leave",))
    pairs_of(answers, rnd, "contact-moved", [""], ("follow",), 0.05)
    reasons = {"party": ("quote", "tag", "contact-tag"), "contact": ("tag", "owner-tag")}[kind] if side == "a" else ("document",)
    return Situation(
        subject=Subject(side, kind, key),
        **{side: me},  # type: ignore[arg-type]
        reasons=tuple(r for r in reasons if rnd.random() < 0.6),
        owner=drawn_owner(rnd, side) if kind == "contact" else None,
        candidates=tuple(candidates),
        peers=tuple(peers) if kind == "party" else (),
        answers=answers,
        also_linked_as=("contact" if kind == "party" else "party") if side == "a" and rnd.random() < 0.05 else "",
        whole=rnd.random() < 0.9,
        held=rnd.random() < 0.05,
        history=rnd.random() < 0.3,
        unsure=rnd.random() < 0.15,
    )


def drawn_owner(rnd: Random, side: Side) -> Owner | None:
    """The customer something belongs to, mostly linked."""
    state = pick(rnd, ("linked",) * 6 + ("wanted", "unwanted", "severed", "unknown", ""))
    mine, theirs = ("42", "c42") if side == "a" else ("c42", "42")
    return Owner(mine, "party", theirs if state in ("linked", "severed") else "", state) if state else None  # type: ignore[arg-type]


def _deletion(rnd: Random, rules: Rules, seed: object) -> Case:
    """A linked record of which one side vanished, or both."""
    kind: Kind = pick(rnd, ("party", "party", "contact"))
    s = linked_people(rnd, kind)
    assert s.link is not None
    assert s.a is not None
    assert s.b is not None
    lost = pick(rnd, ("a", "b", "a", "b", "ab"))
    a, b = (replace(x, gone=side in lost, missing=rnd.random() < 0.7) for side, x in (("a", s.a), ("b", s.b)))
    if rnd.random() < 0.5:  # nobody edited what is left
        s = replace(s, link=replace(s.link, agreed_a=flat_of_seen(a), agreed_b=flat_of_seen(b)))
        assert s.link is not None
    alike = [
        Candidate(seen(kind, f"m{n}", body_of(kind, edited(rnd, flat_of_seen(a), 2))), linked=rnd.random() < 0.3)
        for n in range(pick(rnd, (0, 0, 1, 2)))
    ]
    rnd.shuffle(alike)
    answers: dict[str, str] = {}
    pairs_of(answers, rnd, "maybe-merged", [c.seen.record.key for c in alike], ("same", "different", "different"), 0.6)
    link = s.link
    assert link is not None
    if rnd.random() < 0.15:
        link = replace(link, state="severed", why="to-mark")
    elif rnd.random() < 0.15:
        link = replace(link, why="deletion-ignored")
    return Case(
        seed=seed,
        flow="deletions",
        rules=rules,
        situation=replace(s, a=a, b=b, link=link, merged=tuple(alike), answers=answers, issued=rnd.random() < 0.5),
    )


# --- quotes and documents ---------------------------------------------------------------------------------------------------------------


def drawn_deal(rnd: Random) -> Document:
    """A CRM's deal: one amount, or lines."""
    lines = {"lines": Lines(tuple(drawn_line(rnd) for _ in range(pick(rnd, (1, 2)))))} if rnd.random() < 0.15 else {}
    return Document(
        type_code="310",
        title=pick(rnd, ("New roof", "Neues Dach mit Gauben", "", "Dach")),
        currency=pick(rnd, ("EUR", "EUR", "PLN")),
        basis=pick(rnd, ("unknown", "unknown", "net", "gross")),
        value=pick(rnd, (*MONEY, None, Decimal(0), Decimal(-5))),
        quantity=pick(rnd, (None, None, Decimal(3), Decimal("1.5"))),
        unit=pick(rnd, ("", "HUR")),
        answer=pick(rnd, ("open", "open", "accepted", "rejected")),
        reference=pick(rnd, REFERENCES),
        **lines,  # type: ignore[arg-type]
    )


def drawn_line(rnd: Random) -> Line:
    """One line of a document, its totals told or not."""
    price, quantity = pick(rnd, MONEY), Decimal(pick(rnd, (1, 2, 3)))
    net = price * quantity if rnd.random() < 0.5 else None
    return Line(name=pick(rnd, ("Roof", "Tiles")), quantity=quantity, price=price, net=net)


def drawn_document(rnd: Random, kind: Kind) -> Document:
    """A quote, invoice or credit note of an invoicing system; most add up."""
    rows = tuple(drawn_line(rnd) for _ in range(pick(rnd, (1, 1, 2))))
    net = sum((row.price * row.quantity for row in rows), Decimal(0))
    off = pick(rnd, (Decimal(0),) * 8 + (Decimal("0.01"), Decimal(1)))
    vat = (net * Decimal("0.19")).quantize(Decimal("0.01"))
    told = rnd.random() < 0.9
    return Document(
        type_code="310" if kind == "quote" else pick(rnd, ("380", "380", "381", "325")),
        title=pick(rnd, ("", "Dach")),
        number=pick(rnd, ("", "R-7", "R/7")),
        date=pick(rnd, (None, dt.date(2026, 3, 1))),
        due=pick(rnd, (None, dt.date(2026, 4, 1))),
        lines=Lines(rows) if rnd.random() < 0.9 else NotReadable(),
        net=net if told else None,
        vat=vat if told else None,
        gross=net + vat + off if told else None,
        stage=pick(rnd, ("draft", "draft", "issued", "sent", "sent", "cancelled")),
        answer=pick(rnd, ("open", "accepted", "rejected")),
        paid=pick(rnd, ("none", "part", "full")),
        paid_amount=pick(rnd, (None, Decimal("10.00"))),
        dunning=pick(rnd, (0, 0, 1)),
        reference=pick(rnd, REFERENCES),
        file_url=pick(rnd, ("", "https://files.example/token")),
        view_url=pick(rnd, ("", "https://staff.example/7")),
    )


def edited_document(rnd: Random, document: Document, fresh: Document) -> Document:
    """The same document with a few members of another one."""
    names = ("title", "value", "quantity", "unit", "currency", "answer", "stage", "paid", "dunning", "number", "due", "file_url", "basis")
    return replace(document, **{name: getattr(fresh, name) for name in rnd.sample(names, pick(rnd, (0, 0, 1, 2)))})


def _quote(rnd: Random, rules: Rules, seed: object) -> Case:
    deal = drawn_deal(rnd)
    me = seen("quote", "5", deal, owner=pick(rnd, ("42", "42", "42", "")), gone=rnd.random() < 0.04)
    candidates = [
        Candidate(seen("quote", f"q{n}", drawn_document(rnd, "quote"), owner="c42"), linked=rnd.random() < 0.3)
        for n in range(pick(rnd, (0, 1, 3)))
    ]
    rnd.shuffle(candidates)
    answers: dict[str, str] = {}
    pairs_of(answers, rnd, "same-paper", [c.seen.record.key for c in candidates], ("same", "different"), 0.1)
    s = Situation(
        subject=Subject("a", "quote", "5"),
        answers=answers,
        a=me,
        owner=drawn_owner(rnd, "a") if me.record.owner else None,
        candidates=tuple(candidates),
        whole=rnd.random() < 0.9,
        history=rnd.random() < 0.3,
        unsure=rnd.random() < 0.1,
    )
    if rnd.random() < 0.5:
        return Case(seed=seed, flow="quotes", situation=s, rules=rules)
    return _carried(rnd, Case(seed=seed, flow="quotes", situation=s, rules=rules, was=deal))


def _carried(rnd: Random, case: Case) -> Case:
    """The deal has its quote already, and either may have been edited since."""
    s, was = case.situation, case.was
    assert s.a is not None
    assert was is not None
    agreed = {"version": quote_version(was)} if rnd.random() < 0.9 else {}
    deal = edited_document(rnd, was, drawn_deal(rnd))
    a = seen("quote", "5", deal, owner=s.a.record.owner, gone=rnd.random() < 0.05)
    b = seen("quote", "q5", drawn_document(rnd, "quote"), owner="c42", gone=rnd.random() < 0.05)
    state = "severed" if rnd.random() < 0.05 else "linked"
    link = Link("l5", "quote", "5", "q5", agreed, {}, state, "deleted-there" if state == "severed" else "")  # type: ignore[arg-type]
    answers: dict[str, str] = {}
    new, stage = quote_version(deal), b.record.body.stage if isinstance(b.record.body, Document) else ""
    pairs_of(answers, rnd, "quote-edited", [new, f"{new}/{stage}"], ("leave", "done-by-hand", "make-anew", "make-anew"), 0.5)
    subject = Subject("b", "quote", "q5") if rnd.random() < 0.1 else s.subject
    return replace(case, situation=replace(s, subject=subject, a=a, b=b, link=link, answers=answers), was=was if agreed else None)


def _document(rnd: Random, rules: Rules, seed: object) -> Case:
    kind: Kind = pick(rnd, ("quote", "invoice", "invoice"))
    key = "q5" if kind == "quote" else "i7"
    document = drawn_document(rnd, kind)
    quotes = [
        FiledQuote(
            seen("quote", f"f{n}", replace(drawn_document(rnd, "quote"), **_like(rnd, document)), owner="c42"), pick(rnd, ("", "5", "6"))
        )
        for n in range(pick(rnd, (0, 1, 2)))
    ]
    rnd.shuffle(quotes)
    me = seen(kind, key, document, owner="c42", gone=rnd.random() < 0.04)
    made = kind == "quote" and rnd.random() < 0.4
    s = Situation(
        subject=Subject("b", kind, key),
        b=me,
        a=seen("quote", "5", drawn_deal(rnd), owner="42") if made else None,
        link=Link("l5", "quote", "5", key, {}, {}) if made else None,
        owner=drawn_owner(rnd, "b"),
        quotes=tuple(quotes),
        history=rnd.random() < 0.3,
    )
    case = Case(seed=seed, flow="documents", situation=s, rules=rules)
    if rnd.random() < 0.5:
        return case
    case = replace(case, situation=settled(s, rules)[0])
    if rnd.random() < 0.05 and case.situation.filed is not None:
        case = replace(
            case,
            situation=replace(case.situation, filed=replace(case.situation.filed, state="severed", why="note-deleted")),
        )
    now = edited_document(rnd, document, drawn_document(rnd, kind))
    return replace(
        case, situation=replace(case.situation, b=seen(kind, key, now, owner="c42")), was=document if case.situation.filed else None
    )


def _like(rnd: Random, document: Document) -> dict[str, Any]:
    """An accepted quote with the same lines and total, now and then."""
    return {"answer": "accepted", "lines": document.lines, "gross": document.gross} if rnd.random() < 0.4 else {}


_DRAW: dict[str, Callable[[Random, Rules, object], Case]] = {
    "customers": lambda rnd, rules, seed: _people(rnd, rules, seed, "party", "customers"),
    "contacts": lambda rnd, rules, seed: _people(rnd, rules, seed, "contact", "contacts"),
    "deletions": _deletion,
    "quotes": _quote,
    "documents": _document,
}
