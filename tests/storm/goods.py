"""The rule page, products: who is whose counterpart, what becomes of each field, on which basis a price crosses.

The seller's number tells a product beyond doubt, an equal name is a question. A price is kept as its side keeps prices, with VAT or without;
two that come out of each other to the cent are one. What vanishes on one side stays on the other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from tests.storm.levels.cases import Case
from tests.storm.rules import ASK, LEAVE, NOTHING, REFUSE, WAIT, Ruled, as_sent
from unisono.model.capability import FieldLimit
from unisono.model.party import Flat
from unisono.model.product import Product
from unisono.model.record import Side, other
from unisono.plan.situation import Link, Rules, Seen, Situation

KEPT = ("name", "number", "description", "unit", "price", "vat_rate")
"""The fields that are kept in step."""


@dataclass(frozen=True, slots=True)
class Price:
    """A price as a side shows it."""

    value: Decimal
    currency: str
    basis: str


def flat_of_product(seen: Seen) -> Flat:
    """The fields of a product, read from the value itself; a price as ``12.5 EUR net``."""
    body = seen.record.body
    assert isinstance(body, Product)
    out = {name: str(getattr(body, name)) for name in ("name", "number", "description", "unit")}
    price = body.price
    out["price"] = "" if price is None else f"{price.value.normalize():f} {price.currency} {price.basis}"
    out["vat_rate"] = "" if body.vat_rate is None else f"{body.vat_rate.normalize():f}"
    return out


def product(case: Case) -> Ruled:
    """A product of either side."""
    s, rules = case.situation, case.rules
    if s.link is not None:
        return _linked(s, s.link, rules)
    side = s.subject.side
    me, to = s.seen(side), other(s.subject.side)
    writing = rules.capabilities(to).writing("product")
    if me is None or me.gone or not _may("", to, rules) or writing.create == "none" or not _active(me):
        return LEAVE
    if s.history and rules.policy.products.history == "new":
        return LEAVE
    if s.held:
        return Ruled(WAIT)
    found = _counterpart(s, me, to, rules)
    if found is not None:
        return found
    return _made(flat_of_product(me), to, rules) if s.whole else Ruled(WAIT)


def _active(seen: Seen) -> bool:
    body = seen.record.body
    return isinstance(body, Product) and body.active


def _may(name: str, to: Side, rules: Rules) -> bool:
    products = rules.policy.products
    directions = [products.direction, *([getattr(products.fields, name, "both")] if name else [])]
    return all(direction in ("both", "to-crm" if to == "a" else "to-invoicing") for direction in directions)


def _counterpart(s: Situation, me: Seen, to: Side, rules: Rules) -> Ruled | None:
    mine = flat_of_product(me)
    said = {}
    for c in s.candidates:
        a, b = (me.record.key, c.seen.record.key) if to == "b" else (c.seen.record.key, me.record.key)
        said[c.seen.record.key] = s.answers.get(f"same-product|{a}|{b}", "")
    there = [c for c in sorted(s.candidates, key=lambda c: c.seen.record.key) if not c.seen.gone and said[c.seen.record.key] != "different"]
    for c in there:
        if not c.linked and said[c.seen.record.key] == "same":
            return Ruled("join", (c.seen.record.key,))
    ours = me.keys.reference
    for c in there:
        if not c.linked and ours and c.seen.keys.reference == ours:
            return Ruled("join", (c.seen.record.key,))
    number = me.keys.number
    numbered = [c for c in there if number and c.seen.keys.number == number]
    if len(numbered) == 1 and not numbered[0].linked and not any(peer.number == number for peer in s.peers):
        return Ruled("join", (numbered[0].seen.record.key,))
    named = [c for c in there if c not in numbered and mine["name"] and flat_of_product(c.seen)["name"] == mine["name"]]
    named = [c for c in named if not (number and c.seen.keys.number)]
    if not numbered and not named:
        return None
    first = (numbered + named)[0]
    # One of the two asks: the CRM's, if it would go across itself.
    if to == "a" and not first.linked and _asks_itself(first.seen, rules):
        return Ruled(WAIT)
    return Ruled(ASK)


def _asks_itself(they: Seen, rules: Rules) -> bool:
    return _may("", "b", rules) and rules.b.writing("product").create != "none" and _active(they)


def _made(mine: Flat, to: Side, rules: Rules) -> Ruled:
    limits = rules.capabilities(to).fields("product")
    values = {name: mine[name] for name, limit in limits.items() if name in mine and limit.on_create and _may(name, to, rules)}
    price = price_in(values.get("price", ""))
    if price is not None:
        told = crossing_price(price, values.get("vat_rate") or mine["vat_rate"], "", limits["price"], rules)
        if told is None:
            return Ruled(REFUSE)
        values["price"] = told
    return Ruled("create", (), values) if _fits(values, limits) else Ruled(REFUSE)


def _fits(values: Flat, limits: dict[str, FieldLimit]) -> bool:
    if any(limit.required == "yes" and not values.get(name) for name, limit in limits.items() if name != "type"):
        return False
    return all(len(value) <= (limits[name].length or math.inf) for name, value in values.items())


# --- fields of two linked products ------------------------------------------------------------------------------------------------------


def _linked(s: Situation, link: Link, rules: Rules) -> Ruled:
    if link.state == "severed" or s.a is None or s.b is None:
        return LEAVE
    if s.a.gone or s.b.gone:
        return Ruled("unlink")
    if s.a.missing or s.b.missing:
        return Ruled(WAIT)
    if rules.policy.products.direction == "off":
        return LEAVE
    fates = _fates(s, link, flat_of_product(s.a), flat_of_product(s.b), rules)
    return Ruled("fields", (), fates) if fates else Ruled(NOTHING)


def _fates(s: Situation, link: Link, a: Flat, b: Flat, rules: Rules) -> Flat:
    held = [name for name in KEPT if name in rules.a.fields("product") and name in rules.b.fields("product")]
    wanted = {name: _fate(name, a, b, link, s, rules) for name in held}
    moves = {name: fate[-1] for name, fate in wanted.items() if fate.startswith("to-") and _goes(name, fate[-1], rules)}
    fates = {name: fate for name, fate in wanted.items() if fate in ("agree", "ask")}
    for to in ("a", "b"):
        names = sorted(name for name, side in moves.items() if side == to)
        if names and not rules.capabilities(to).writing("product").change:
            # A side that takes no change of a product at all: that is told once, about the first field.
            fates[names[0]] = "refuse"
        elif names:
            fates |= _written(names, to, moves, fates, a, b, rules)
    return fates


def _written(names: list[str], to: Side, moves: dict[str, str], fates: Flat, a: Flat, b: Flat, rules: Rules) -> Flat:
    """What becomes of the fields that go to a side. Where only one of the two keeps its price with VAT, another rate makes another price."""
    one, two = price_in(a["price"]), price_in(b["price"])
    edited = "price" in moves or fates.get("price") == "ask"
    mine = a if to == "b" else b
    rated = "vat_rate" in names and _can_be_written("vat_rate", mine["vat_rate"], to, rules)
    if rated and not edited and one is not None and two is not None and one.basis != two.basis and _goes("price", to, rules):
        names = [*names, "price"]
    out = {}
    for name in names:
        value = _price_for(to, moves, a, b, rules) if name == "price" and mine["price"] else mine[name]
        out[name] = f"to-{to} {value}" if value is not None and _can_be_written(name, value, to, rules) else "refuse"
    return out


def _price_for(to: Side, moves: dict[str, str], a: Flat, b: Flat, rules: Rules) -> str | None:
    """The price as a side is to hold it, by the rate that holds on both sides afterwards, whichever of them it comes from."""
    mine, theirs = (a, b) if to == "b" else (b, a)
    rate = (theirs["vat_rate"] if moves.get("vat_rate") == other(to) else "") or mine["vat_rate"] or theirs["vat_rate"]
    price = price_in(mine["price"])
    return crossing_price(price, rate, theirs["price"], rules.capabilities(to).fields("product")["price"], rules) if price else None


def _goes(name: str, to: str, rules: Rules) -> bool:
    side: Side = "a" if to == "a" else "b"
    limit = rules.capabilities(side).fields("product").get(name)
    return limit is not None and limit.on_change and _may(name, side, rules)


def _fate(name: str, a: Flat, b: Flat, link: Link, s: Situation, rules: Rules) -> str:
    known = name in link.agreed_a and name in link.agreed_b
    moved_a, moved_b = known and a[name] != link.agreed_a[name], known and b[name] != link.agreed_b[name]
    if known and not (moved_a or moved_b):
        return ""
    if a[name] == b[name] or (name == "price" and one_price(a, b, rules)):
        return "agree"
    if s.unsure and moved_a == moved_b and "".join(a[name].split()).casefold() == "".join(b[name].split()).casefold() != "":
        return "agree"
    if known and not (moved_a and moved_b):
        return "to-b" if moved_a else "to-a"
    if not known and (edited := _edited_since_sent(name, a, b, link, rules)):
        return edited
    if not known and not (a[name] and b[name]):
        return "to-b" if a[name] else "to-a"
    winner = s.answers.get(f"conflict|{name}={a[name]}|{b[name]}") or (rules.policy.products.wins if known else "ask")
    return {"crm": "to-b", "invoicing": "to-a"}.get(winner, "ask")


def _edited_since_sent(name: str, a: Flat, b: Flat, link: Link, rules: Rules) -> str:
    """What was made and never read stands as it was sent, a price also as its side keeps prices; where it came from, it was edited since."""
    sent_a, sent_b = link.agreed_a.get(name), link.agreed_b.get(name)

    def stands(there: Flat, here: Flat, sent: str, *, in_b: bool) -> bool:
        was = here | {name: sent}
        one = name == "price" and one_price(*((was, there) if in_b else (there, was)), rules)
        return as_sent(there[name], sent) or one

    if sent_a is not None and a[name] != sent_a and stands(b, a, sent_a, in_b=True):
        return "to-b"
    return "to-a" if sent_b is not None and b[name] != sent_b and stands(a, b, sent_b, in_b=False) else ""


def _can_be_written(name: str, value: str, to: Side, rules: Rules) -> bool:
    limit = rules.capabilities(to).fields("product")[name]
    if limit.length and len(value) > limit.length:
        return False
    return bool(value) or (limit.required != "yes" and (limit.can_clear or "clear-field" in rules.policy.try_unverified))


# --- prices -----------------------------------------------------------------------------------------------------------------------------


def price_in(text: str) -> Price | None:
    """The price a text tells."""
    if not text:
        return None
    value, currency, basis = text.split()
    return Price(Decimal(value), currency, basis)


def crossing_price(price: Price, rate: str, there: str, limit: FieldLimit, rules: Rules) -> str | None:
    """A price as the other side is to hold it: on the basis it has already, else on the one it comes with, else on the first that side knows.
    ``None``: it cannot be said there."""
    currencies = [word for word in limit.values if word.isupper()]
    if currencies and price.currency not in currencies:
        return None
    bases = [basis for basis in ("net", "gross") if basis in limit.values] or ["net", "gross"]
    basis = rules.policy.products.basis if price.basis == "unknown" else price.basis
    now = price_in(there)
    to = now.basis if now is not None and now.basis in bases else basis if basis in bases else bases[0]
    value = converted(price.value, basis, to, rate)
    return None if value is None else f"{value.normalize():f} {price.currency} {to}"


def converted(value: Decimal, basis: str, to: str, rate: str) -> Decimal | None:
    """A price with VAT or without; to the cent if it had to be computed."""
    if basis == to:
        return value
    if not rate:
        return None
    factor = 1 + Decimal(rate) / 100
    return (value * factor if to == "gross" else value / factor).quantize(Decimal("0.01"), ROUND_HALF_UP)


def one_price(a: Flat, b: Flat, rules: Rules) -> bool:
    """Whether two prices come out of each other, either way, by a rate that either side knows."""
    one, two = price_in(a["price"]), price_in(b["price"])
    if one is None or two is None or one.currency != two.currency:
        return False
    settled = rules.policy.products.basis
    bases = [settled if price.basis == "unknown" else price.basis for price in (one, two)]
    for rate in [rate for rate in (a["vat_rate"], b["vat_rate"]) if rate] or [""]:
        there, back = converted(one.value, bases[0], bases[1], rate), converted(two.value, bases[1], bases[0], rate)
        if (there is not None and _cent(there) == _cent(two.value)) or (back is not None and _cent(back) == _cent(one.value)):
            return True
    return False


def _cent(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)
