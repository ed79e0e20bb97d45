"""Situations of what a firm may switch on, drawn from a seed: products of both sides, invoices of the CRM, states of documents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

from msgspec.structs import replace

from tests.storm.dues import totals
from tests.storm.goods import KEPT, flat_of_product
from tests.storm.levels.abilities import DIRECTIONS, WINNERS, pick, some
from tests.storm.levels.cases import AT, Case
from tests.storm.levels.situations import REFERENCES, drawn_deal, drawn_document, drawn_owner, edited_document, pairs_of
from unisono.model.capability import Capabilities, FieldLimit, Writing
from unisono.model.document import Document, Line, Lines, NotGiven, NotReadable
from unisono.model.money import Amount
from unisono.model.product import Product
from unisono.model.record import Kind, Record, Side, match_keys, other
from unisono.plan.flows.invoices import invoice_version
from unisono.plan.situation import Candidate, FiledQuote, Link, Rules, Seen, Situation, Subject
from unisono.policy.schema import Invoices, ProductFields, Products, Stages, Status, Triggers

FLOWS = ("products", "invoices", "states")
TODAY = dt.date(2026, 3, 10)
_NAMED: tuple[str, ...] = (
    "quote_issued",
    "quote_sent",
    "quote_accepted",
    "quote_rejected",
    "invoice_issued",
    "invoice_sent",
    "invoice_part_paid",
)
_NAMED += ("invoice_paid", "invoice_overdue", "invoice_reminded", "invoice_cancelled")
_PRICES = (Decimal("10"), Decimal("11.90"), Decimal("100"), Decimal("119"), Decimal("0.01"), Decimal("16.8"), Decimal("19.99"))
_WORDS = {
    "name": ("Kran", "kran", "Haken", "K" * 25),
    "number": ("", "K-7", "K-8"),
    "description": ("", "lang", "lang und breit"),
    "unit": ("", "Stück", "box"),
}


def drawn_trade(rnd: Random, rules: Rules, seed: object, flow: str) -> Case:
    """A case of one of these flows, under a policy and between systems that have it."""
    case = _DRAW[flow](rnd, _opened(rnd, rules, flow), seed)
    return replace(case, flow=flow)


def _opened(rnd: Random, rules: Rules, flow: str) -> Rules:
    """The same pair with the flow switched on, mostly, and able to do it, mostly."""
    more: dict[str, Any]
    match flow:
        case "products":
            own: dict[str, Any] = {name: pick(rnd, DIRECTIONS) for name in some(rnd, KEPT, 0.2)}
            way: dict[str, Any] = {"direction": pick(rnd, DIRECTIONS), "wins": pick(rnd, WINNERS)}
            more = {"products": Products(**way, history=_history(rnd), basis=_basis(rnd), fields=ProductFields(**own))}
            rules = replace(rules, a=_with(rules.a, _product_writing(rnd)), b=_with(rules.b, _product_writing(rnd)))
        case "invoices":
            invoices = Invoices(
                direction=pick(rnd, ("to-invoicing",) * 9 + ("off",)),
                made_as=pick(rnd, ("draft", "draft", "issued")),
                taken=pick(rnd, ("issued", "created", "created")),
                history=_history(rnd),
                basis=_basis(rnd),
                vat_rate=pick(rnd, (Decimal(19), Decimal(7), Decimal(0))),
            )
            more = {"invoices": invoices}
            rules = replace(rules, b=_with(rules.b, _invoice_writing(rnd)))
        case _:
            named = dict.fromkeys(some(rnd, _NAMED, 0.6), "Weiter")
            fired = dict.fromkeys(some(rnd, _NAMED, 0.3), "unisono.weiter")
            more = {"status": Status(direction="to-crm", stages=Stages(**named), triggers=Triggers(**fired), note=rnd.random() < 0.7)}
            rules = replace(rules, a=_moving(rnd, rules.a))
    return replace(rules, policy=replace(rules.policy, **more, leave_out=()))


def _history(rnd: Random) -> Any:
    return pick(rnd, ("all", "new"))


def _basis(rnd: Random) -> Any:
    return pick(rnd, ("net", "gross"))


def _with(system: Capabilities, writing: Writing) -> Capabilities:
    return replace(system, writings=(*(one for one in system.writings if one.kind != writing.kind), writing))


def _product_writing(rnd: Random) -> Writing:
    fields = {name: _limit(rnd) for name in KEPT if rnd.random() < 0.85}
    fields["name"] = FieldLimit(length=pick(rnd, (0, 0, 20)), required="yes", can_clear=False)
    if "price" in fields:
        fields["price"] = replace(
            fields["price"], length=0, values=pick(rnd, ((), (), ("net", "EUR"), ("gross",), ("net", "gross", "EUR")))
        )
    create: Any = pick(rnd, ("record",) * 8 + ("none",))
    return Writing(kind="product", create=create, change=rnd.random() < 0.9, find=pick(rnd, ("reference", "natural")), fields=fields)


def _limit(rnd: Random) -> FieldLimit:
    return FieldLimit(
        length=pick(rnd, (0, 0, 0, 6)),
        required=pick(rnd, ("no",) * 8 + ("yes",)),
        on_create=rnd.random() < 0.9,
        on_change=rnd.random() < 0.9,
        can_clear=rnd.random() < 0.7,
    )


def _invoice_writing(rnd: Random) -> Writing:
    fields = {"title": FieldLimit(length=pick(rnd, (0, 0, 12)))}
    if rnd.random() < 0.5:
        fields["currency"] = FieldLimit(values=("EUR",), on_change=False)
    return Writing(
        kind="invoice",
        create=pick(rnd, ("draft",) * 8 + ("issued", "none")),
        other_means=pick(rnd, ((), ("issued",), ("issued",), ("issued",))),
        find=pick(rnd, ("reference", "natural")),
        max_lines=pick(rnd, (0, 0, 1)),
        fields=fields,
    )


def _moving(rnd: Random, crm: Capabilities) -> Capabilities:
    """A CRM whose papers can be moved to another stage, or cannot; whose automations can be set off, or cannot."""
    for kind in ("quote", "invoice"):
        fields = {"stage": FieldLimit(on_create=False)} if rnd.random() < 0.7 else {}
        crm = _with(crm, Writing(kind=kind, change=rnd.random() < 0.8, fields=fields))  # type: ignore[arg-type]
    return replace(crm, doors=("trigger",) if rnd.random() < 0.6 else ())


def seen(kind: Kind, key: str, body: Product | Document, *, owner: str = "", gone: bool = False, missing: bool = False) -> Seen:
    """A product or document as last observed."""
    record = Record(kind=kind, key=key, body=body, resource="r", resource_key=key, owner=owner, owner_kind="party" if owner else "")
    return Seen(record, 1, AT, gone, missing, match_keys(record))


# --- products ---------------------------------------------------------------------------------------------------------------------------


def _drawn_product(rnd: Random, side: Side, rules: Rules) -> Product:
    held = rules.capabilities(side).fields("product")
    amount = Amount(pick(rnd, _PRICES), pick(rnd, ("EUR", "EUR", "EUR", "PLN")), pick(rnd, ("net", "gross", "net", "unknown")))
    words: dict[str, Any] = {name: pick(rnd, of) for name, of in _WORDS.items() if name in held}
    return Product(
        **({"name": "Kran"} | words),
        price=amount if "price" in held and rnd.random() < 0.85 else None,
        vat_rate=pick(rnd, (Decimal(19), Decimal(19), Decimal(7), None)) if "vat_rate" in held else None,
        active=rnd.random() < 0.95,
        reference=pick(rnd, REFERENCES),
    )


def _near(rnd: Random, side: Side, rules: Rules, like: Product, changes: int) -> Product:
    """Another one of the same values, as far as that side holds them, but for a few."""
    fresh, held = _drawn_product(rnd, side, rules), rules.capabilities(side).fields("product")
    altered = {pick(rnd, KEPT) for _ in range(changes)}
    same = {name: getattr(like, name) for name in KEPT if name in held and name not in altered}
    return replace(fresh, **same)


def _product(rnd: Random, rules: Rules, seed: object) -> Case:
    draw = _linked_product if rnd.random() < 0.6 else _single_product
    return Case(seed=seed, flow="products", situation=draw(rnd, rules), rules=rules)


def _linked_product(rnd: Random, rules: Rules) -> Situation:
    base = _drawn_product(rnd, "a", rules)
    agreed = [base, _near(rnd, "b", rules, base, pick(rnd, (0, 0, 1)))]
    now = [_near(rnd, "a", rules, agreed[0], pick(rnd, (0, 1, 2))), _near(rnd, "b", rules, agreed[1], pick(rnd, (0, 1, 2)))]
    a, b = (
        seen("product", key, body, gone=rnd.random() < 0.04, missing=rnd.random() < 0.03)
        for key, body in zip(("p1", "q1"), now, strict=True)
    )
    both = [name for name in KEPT if name in rules.a.fields("product") and name in rules.b.fields("product")]
    known = [name for name in both if rnd.random() < 0.8]
    # Of what was made and never read, only what was sent is known.
    held = [[name for name in both if name in known or rnd.random() < 0.2] for _ in agreed]
    agreed_a, agreed_b = (
        {name: flat_of_product(seen("product", "x", body))[name] for name in names} for body, names in zip(agreed, held, strict=True)
    )
    state: Any = "severed" if rnd.random() < 0.04 else "linked"
    answers: dict[str, str] = {}
    flat_a, flat_b = flat_of_product(a), flat_of_product(b)
    pairs_of(answers, rnd, "conflict", [f"{n}={flat_a[n]}|{flat_b[n]}" for n in both if flat_a[n] != flat_b[n]], ("crm", "invoicing"))
    link = Link("l1", "product", "p1", "q1", agreed_a, agreed_b, state, "deleted-there" if state == "severed" else "")
    return Situation(subject=Subject("a", "product", "p1"), link=link, a=a, b=b, answers=answers, unsure=rnd.random() < 0.1)


def _single_product(rnd: Random, rules: Rules) -> Situation:
    side: Side = pick(rnd, ("a", "b"))
    mine = _drawn_product(rnd, side, rules)
    me = seen("product", "p1", mine, gone=rnd.random() < 0.03)
    found = [
        Candidate(
            seen("product", f"x{n}", _near(rnd, other(side), rules, mine, pick(rnd, (0, 2, 4))), gone=rnd.random() < 0.05),
            linked=rnd.random() < 0.2,
        )
        for n in range(pick(rnd, (0, 0, 1, 2, 3)))
    ]
    rnd.shuffle(found)
    peers = [
        match_keys(seen("product", "y", _near(rnd, side, rules, mine, pick(rnd, (0, 3)))).record) for _ in range(pick(rnd, (0, 0, 0, 1)))
    ]
    answers: dict[str, str] = {}
    keys = [("p1", c.seen.record.key) if side == "a" else (c.seen.record.key, "p1") for c in found]
    pairs_of(answers, rnd, "same-product", [f"{a}|{b}" for a, b in keys], ("same", "different"))
    return Situation(
        subject=Subject(side, "product", "p1"),
        **{side: me},  # type: ignore[arg-type]
        candidates=tuple(found),
        peers=tuple(peers),
        answers=answers,
        whole=rnd.random() < 0.9,
        held=rnd.random() < 0.05,
        history=rnd.random() < 0.3,
    )


# --- invoices of the CRM ----------------------------------------------------------------------------------------------------------------


def _drawn_bill(rnd: Random) -> Document:
    """An invoice of the CRM: lines that add up, now and then by a cent not."""
    basis: Any = pick(rnd, ("net", "net", "net", "gross", "gross", "unknown"))
    rows = tuple(
        Line(
            name=pick(rnd, ("Roof", "Tiles")),
            quantity=Decimal(pick(rnd, ("1", "2", "1.5"))),
            price=pick(rnd, (*_PRICES, Decimal(0))),
            vat_rate=pick(rnd, (Decimal(19),) * 6 + (Decimal(7), None)),
        )
        for _ in range(pick(rnd, (1, 1, 2)))
    )
    told = rnd.random() < 0.5 and basis != "unknown" and all(row.vat_rate is not None for row in rows)
    # What the CRM tells of its total is what the lines make of it, but for a cent now and then.
    gross = totals(list(rows), basis)[2] + pick(rnd, (Decimal(0),) * 5 + (Decimal("0.01"),)) if told else None
    lines: Any = pick(rnd, (Lines(rows),) * 9 + (NotGiven(), NotReadable()))
    return Document(
        type_code=pick(rnd, ("380",) * 12 + ("381",)),
        title=pick(rnd, ("New roof", "Neues Dach mit Gauben", "")),
        number=pick(rnd, ("", "R-7")),
        date=pick(rnd, (None, dt.date(2026, 3, 1), dt.date(2026, 3, 2))),
        currency=pick(rnd, ("EUR", "EUR", "EUR", "PLN")),
        basis=basis,
        lines=lines,
        value=pick(rnd, (None, Decimal(119))),
        vat=pick(rnd, (None,) * 9 + (Decimal(0),)),
        gross=gross,
        stage=pick(rnd, ("draft", "issued", "issued", "sent", "sent", "sent", "sent", "cancelled")),
        reference=pick(rnd, REFERENCES),
    )


def _invoice(rnd: Random, rules: Rules, seed: object) -> Case:
    bill = _drawn_bill(rnd)
    me = seen("invoice", "i5", bill, owner=pick(rnd, ("42",) * 9 + ("",)), gone=rnd.random() < 0.04)
    there = [
        Candidate(
            seen("invoice", f"i{n}", _copied(rnd, bill), owner="c42", gone=rnd.random() < 0.05),
            linked=rnd.random() < 0.3,
            asked="number" if rnd.random() < 0.05 else "",
        )
        for n in range(pick(rnd, (0, 0, 1, 2)))
    ]
    rnd.shuffle(there)
    answers: dict[str, str] = {}
    pairs_of(answers, rnd, "same-paper", [c.seen.record.key for c in there], ("same", "different", "different"))
    s = Situation(
        subject=Subject("a", "invoice", "i5"),
        a=me,
        answers=answers,
        owner=drawn_owner(rnd, "a") if me.record.owner else None,
        candidates=tuple(there),
        whole=rnd.random() < 0.9,
        history=rnd.random() < 0.2,
        unsure=rnd.random() < 0.1,
    )
    case = Case(seed=seed, flow="invoices", situation=s, rules=rules)
    return _made(rnd, case, bill) if rnd.random() < 0.4 else case


def _copied(rnd: Random, bill: Document) -> Document:
    """An invoice over there: another one, or as somebody would make it by hand."""
    fresh = drawn_document(rnd, "invoice")
    if rnd.random() < 0.5:
        return fresh
    return replace(
        fresh, **{name: getattr(bill, name) for name in some(rnd, ("lines", "gross", "currency", "title", "number", "date"), 0.8)}
    )


def _made(rnd: Random, case: Case, bill: Document) -> Case:
    """The invoice is there already, and either may have been edited since."""
    s = case.situation
    now = edited_document(rnd, bill, replace(_drawn_bill(rnd), type_code="380"))
    a = seen("invoice", "i5", now, owner="42", gone=rnd.random() < 0.05)
    b = seen("invoice", "i7", drawn_document(rnd, "invoice"), owner="c42", gone=rnd.random() < 0.05)
    known = rnd.random() < 0.9
    state: Any = "severed" if rnd.random() < 0.05 else "linked"
    agreed = {"version": invoice_version(bill)} if known else {}
    link = Link("l5", "invoice", "i5", "i7", agreed, {}, state, "deleted-there" if state == "severed" else "")
    stage = b.record.body.stage if isinstance(b.record.body, Document) else ""
    answers: dict[str, str] = {}
    pairs_of(answers, rnd, "invoice-edited", [f"{invoice_version(now)}/{stage}"], ("leave", "done-by-hand"), 0.5)
    return replace(case, situation=replace(s, a=a, b=b, link=link, candidates=(), answers=answers), was=bill if known else None)


# --- states -----------------------------------------------------------------------------------------------------------------------------


def _state(rnd: Random, rules: Rules, seed: object) -> Case:
    """A document of the invoicing system, the paper of the CRM it belongs to, and what was told of it."""
    kind: Kind = pick(rnd, ("quote", "invoice", "invoice"))
    document = drawn_document(rnd, kind)
    if kind == "invoice" and rnd.random() < 0.6:
        document = replace(document, answer="open", type_code="380")
    made = rnd.random() < 0.6
    paper = drawn_deal(rnd) if kind == "quote" else _drawn_bill(rnd)
    link = Link("l5", kind, "5", "d7", {}, {}) if made else None
    if link is not None and rnd.random() < 0.05:
        link = replace(link, state="severed", why="deleted-there")
    quotes = [
        FiledQuote(seen("quote", f"f{n}", replace(drawn_document(rnd, "quote"), answer="accepted"), owner="c42"), pick(rnd, ("", "6", "8")))
        for n in range(pick(rnd, (0, 0, 1, 2)))
    ]
    if quotes and rnd.random() < 0.5:
        document = replace(document, preceding=quotes[0].seen.record.key)
    s = Situation(
        subject=Subject("b", kind, "d7"),
        b=seen(kind, "d7", document, owner="c42"),
        a=seen(kind, "5", paper, owner="42", gone=rnd.random() < 0.05) if made else None,
        link=link,
        owner=drawn_owner(rnd, "b"),
        quotes=tuple(quotes),
        told=_told(rnd) if rnd.random() < 0.5 else None,
        existed=rnd.random() < 0.3,
        today=pick(rnd, (None, TODAY, dt.date(2026, 5, 1))),
    )
    return Case(seed=seed, flow="states", situation=s, rules=rules)


def _told(rnd: Random) -> Link:
    """What was told before: by all means, or by the first of several when a process ended."""
    words = ("draft", "issued", "sent", "accepted", "rejected", "paid", "part-paid", "overdue", "reminded/1", "cancelled")
    before, now = pick(rnd, words), pick(rnd, words)
    by = {means: now if rnd.random() < 0.5 else before for means in ("stage", "trigger", "note")}
    whole = dict.fromkeys(by, before) if rnd.random() < 0.6 else by
    return Link("l6", "status", "invoice/d7", "invoice/d7", whole, {"state": before})


_DRAW: dict[str, Callable[[Random, Rules, object], Case]] = {"products": _product, "invoices": _invoice, "states": _state}
