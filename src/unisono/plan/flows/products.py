"""Products: the catalogues of both sides, field by field. Recognised by the seller's number; an equal name alone is a question.

A price crosses on the basis the other side keeps (net or gross), to the cent. Deletion never spreads.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec.structs import replace

from unisono.model.capability import FieldLimit
from unisono.model.money import Amount, Basis, cents
from unisono.model.party import Flat
from unisono.model.product import Product, flat_product, price_of, price_on, price_text, product_of
from unisono.model.record import Side, label_of, other
from unisono.model.text import clean
from unisono.model.writing import Write
from unisono.plan.actions import Action, Ask, Decision, Join, Reason, Report, Send, Sever, Wait, side_name
from unisono.plan.compare import Comparison, allowed, compare, conflict_subject, held_by_both
from unisono.plan.situation import Candidate, Link, Rules, Seen, Situation
from unisono.policy.schema import product_direction

SAME_PRODUCT = "same-product"
"""Code of the question whether two products are one."""
_BASES: tuple[Basis, ...] = ("net", "gross")


def plan_product(s: Situation, rules: Rules) -> Decision:
    """What is to be done about one product."""
    if s.link is not None:
        return _linked(s, s.link, rules)
    me = s.seen(s.subject.side)
    if me is None or me.gone:
        return Decision(s.subject, "gone", Reason("not-there"))
    left_out = _left_out(s.subject.side, me, s.history, rules)
    if left_out is not None:
        return Decision(s.subject, "left-out", left_out)
    if s.held:
        return Decision(s.subject, "waiting", Reason("unclear-create-first"), (Wait(on="", reason=Reason("unclear-create-first")),))
    sure, doubtful = _found(s, me)
    if sure is not None:
        return _join(s, me, sure.seen, rules)
    if doubtful:
        return _ask(s, me, doubtful[0], rules)
    if not s.whole:
        return Decision(s.subject, "waiting", Reason("target-not-read"), (Wait(on="", reason=Reason("target-not-read")),))
    return _create(s, me, rules)


def _left_out(side: Side, me: Seen, history: bool, rules: Rules) -> Reason | None:
    policy = rules.policy.products
    if not allowed(policy.direction, other(side)):
        return Reason("direction-off")
    if rules.capabilities(other(side)).writing("product").create == "none":
        return Reason("cannot-create", {"system": rules.capabilities(other(side)).title})
    if not product(me).active:
        return Reason("product-archived")
    return Reason("older-than-release") if history and policy.history == "new" else None


def product(seen: Seen) -> Product:
    """The body of a record that is a product."""
    body = seen.record.body
    assert isinstance(body, Product)
    return body


def couple(s: Situation, other_key: str) -> str:
    """What a question about two products is remembered by: the CRM's key, then the other's, whoever asks."""
    return f"{s.subject.key}|{other_key}" if s.subject.side == "a" else f"{other_key}|{s.subject.key}"


def _found(s: Situation, me: Seen) -> tuple[Candidate | None, list[Candidate]]:
    """The counterpart beyond doubt, and those a person must look at, strongest first. An equal number is sure where neither side has it
    twice; an equal name is not, and is nothing at all where both have numbers that differ."""
    said = {c.seen.record.key: s.answers.get(f"{SAME_PRODUCT}|{couple(s, c.seen.record.key)}", "") for c in s.candidates}
    open_ = [c for c in sorted(s.candidates, key=lambda c: c.seen.record.key) if not c.seen.gone and said[c.seen.record.key] != "different"]
    free = [c for c in open_ if not c.linked]
    chosen = next((c for c in free if said[c.seen.record.key] == "same"), None)
    ours = next((c for c in free if me.keys.reference and c.seen.keys.reference == me.keys.reference), None)
    if chosen is not None or ours is not None:
        return chosen or ours, []
    numbered = [c for c in open_ if me.keys.number and c.seen.keys.number == me.keys.number]
    twice = any(peer.number == me.keys.number for peer in s.peers)
    if len(numbered) == 1 and not numbered[0].linked and not twice:
        return numbered[0], []
    named = [c for c in open_ if c not in numbered and _same_name(me, c.seen)]
    return None, numbered + named


def _same_name(me: Seen, they: Seen) -> bool:
    apart = bool(me.keys.number and they.keys.number)
    return not apart and clean(product(me).name) == clean(product(they).name) != ""


def _join(s: Situation, me: Seen, they: Seen, rules: Rules) -> Decision:
    """Links two products that are there. Equal fields become agreed; everything else is compared on the next look."""
    a, b = (me, they) if s.subject.side == "a" else (they, me)
    flat_a, flat_b = flat_product(product(a)), flat_product(product(b))
    both = held_by_both("product", rules.a, rules.b, a.record.key, b.record.key)
    equal = [name for name in both if flat_a.get(name, "") == flat_b.get(name, "")]
    rule = "product-number" if me.keys.number and me.keys.number == they.keys.number else "reference"
    reason = Reason("matched", {"rule": rule, "name": label_of(they.record)})
    if s.answers.get(f"{SAME_PRODUCT}|{couple(s, they.record.key)}") == "same":
        reason = Reason("answered-same", {"name": label_of(they.record)})
    join = Join(
        kind="product",
        a_key=a.record.key,
        b_key=b.record.key,
        agreed_a={name: flat_a.get(name, "") for name in equal},
        agreed_b={name: flat_b.get(name, "") for name in equal},
        reason=reason,
    )
    return Decision(s.subject, "linked", reason, (join,))


def _ask(s: Situation, me: Seen, candidate: Candidate, rules: Rules) -> Decision:
    """One question about the strongest candidate, once: on the CRM's side, where both records would ask."""
    they = candidate.seen
    if s.subject.side == "b" and not candidate.linked and _left_out("a", they, False, rules) is None:
        reason = Reason("asked-over-there", {"name": label_of(they.record)})
        return Decision(s.subject, "waiting", reason, (Wait(on=f"a:product:{they.record.key}", reason=reason),))
    options = ("different", "later") if candidate.linked else ("same", "different", "later")
    rule = "product-number" if me.keys.number and me.keys.number == they.keys.number else "name"
    values = {"name": label_of(me.record), "other": label_of(they.record), "rule": rule, "side": side_name(s.subject.side)}
    group = f"{SAME_PRODUCT}/{rule}/{'linked' if candidate.linked else 'free'}"
    ask = Ask(code=SAME_PRODUCT, subject=couple(s, they.record.key), group=group, options=options, values=values)
    return Decision(s.subject, "doubtful", Reason(SAME_PRODUCT, values), (ask,))


def _create(s: Situation, me: Seen, rules: Rules) -> Decision:
    to = other(s.subject.side)
    fields = rules.capabilities(to).fields("product")
    source = flat_product(product(me))
    values = {
        name: source[name]
        for name, limit in fields.items()
        if name in source and limit.on_create and (name == "type" or allowed(product_direction(rules.policy, name), to))
    }
    values, reports = _priced(values, source, {}, fields, rules)
    reports = [*reports, *_refusals(values, fields)]
    if reports:
        return Decision(s.subject, "refused", Reason(reports[0].code, reports[0].values), tuple(reports))
    reason = Reason("created-because", {"why": "new"})
    write = Write(operation="create", side=to, kind="product", body=product_of(values))
    held = rules.capabilities(s.subject.side).fields("product", s.subject.key)
    agree = {name: source[name] for name in values if name in held}
    return Decision(s.subject, "new", reason, (Send(write=write, reason=reason, link_kind="product", agree=agree),))


def _refusals(values: Flat, fields: dict[str, FieldLimit]) -> list[Report]:
    missing = [name for name, limit in fields.items() if limit.required == "yes" and not values.get(name)]
    reports = [Report(code="missing-field", field=missing[0], values={"fields": ", ".join(missing)})] if missing else []
    return reports + [_too_long(name, value, fields[name].length) for name, value in values.items() if 0 < fields[name].length < len(value)]


def _too_long(name: str, value: str, limit: int) -> Report:
    return Report(code="too-long", field=name, values={"value": value[:80], "length": str(len(value)), "limit": str(limit)})


def _priced(values: Flat, source: Flat, there: Flat, fields: dict[str, FieldLimit], rules: Rules) -> tuple[Flat, list[Report]]:
    """Values to write, the price among them as the other side keeps prices; a price that cannot be said there is left out and told.

    ``source`` is the product it comes from, ``there`` the one it goes to, as far as there is one.
    """
    price = price_of(values.get("price", ""))
    if price is None:
        return values, []
    limits = fields["price"].values
    currencies = tuple(word for word in limits if word.isupper())
    if currencies and price.currency not in currencies:
        told = {"currency": price.currency, "choices": ", ".join(currencies)}
        return _without_price(values), [Report(code="price-currency", field="price", values=told)]
    if price.basis == "unknown":
        price = replace(price, basis=rules.policy.products.basis)
    bases = [basis for basis in _BASES if basis in limits] or list(_BASES)
    now = price_of(there.get("price", ""))
    kept = now.basis if now is not None and now.basis in bases else price.basis if price.basis in bases else bases[0]
    rate = values.get("vat_rate") or source.get("vat_rate") or there.get("vat_rate", "")
    said = price_on(price, kept, Decimal(rate) if rate else None)
    if said is None:
        return _without_price(values), [Report(code="price-without-vat", field="price", values={"value": price_text(price)})]
    return values | {"price": price_text(said)}, []


def _without_price(values: Flat) -> Flat:
    return {name: value for name, value in values.items() if name != "price"}


def same_price(a: str, b: str, rates: Sequence[str], settled: Basis) -> bool:
    """Whether two prices are one, with and without VAT; either may have been computed from the other, so either way counts."""
    one, two = price_of(a), price_of(b)
    if one is None or two is None or one.currency != two.currency:
        return False
    one, two = (replace(price, basis=settled) if price.basis == "unknown" else price for price in (one, two))
    known: list[Decimal | None] = [Decimal(rate) for rate in rates if rate]
    return any(_equal(one, two, rate) or _equal(two, one, rate) for rate in known or [None])


def _equal(one: Amount, two: Amount, rate: Decimal | None) -> bool:
    there = price_on(one, two.basis, rate)
    return there is not None and cents(there.value) == cents(two.value)


def _linked(s: Situation, link: Link, rules: Rules) -> Decision:
    if link.state == "severed":
        return Decision(s.subject, "left-out", Reason("severed", {"why": link.why}))
    if s.a is None or s.b is None:
        return Decision(s.subject, "waiting", Reason("counterpart-not-read"))
    for seen, name in ((s.a, "crm"), (s.b, "invoicing")):
        if seen.gone:
            reason = Reason("deleted-there", {"side": name, "name": label_of(seen.record)})
            return Decision(s.subject, "gone", reason, (Sever(kind="product", a_key=link.a_key, b_key=link.b_key, reason=reason),))
    if s.a.missing or s.b.missing:
        return Decision(s.subject, "waiting", Reason("missing-not-confirmed"), (Wait(on="", reason=Reason("missing-not-confirmed")),))
    if rules.policy.products.direction == "off":
        return Decision(s.subject, "left-out", Reason("direction-off"))
    return _compared(s, link, flat_product(product(s.a)), flat_product(product(s.b)), rules)


def _compared(s: Situation, link: Link, a: Flat, b: Flat, rules: Rules) -> Decision:
    assert s.a is not None
    said = {key.split("|", 1)[1]: value for key, value in s.answers.items() if key.startswith("conflict|")}
    rates = (a["vat_rate"], b["vat_rate"])
    basis = rules.policy.products.basis

    def alike(name: str, one: str, two: str) -> bool:
        return name == "price" and same_price(one, two, rates, basis)

    result = compare(link, a, b, rules, said, unsure=s.unsure, alike=alike)
    actions: list[Action] = []
    if result.agree:
        agreed_a, agreed_b = ({name: flat.get(name, "") for name in result.agree} for flat in (a, b))
        actions.append(Join(kind="product", a_key=link.a_key, b_key=link.b_key, agreed_a=agreed_a, agreed_b=agreed_b))
    for to in ("b", "a"):
        actions += _changes(link, to, result, a, b, rules)
    for c in result.conflicts:
        values = {"name": label_of(s.a.record), "field": c.field, "crm": c.a, "invoicing": c.b, "first": "yes" if c.first else "no"}
        group = f"{'differs' if c.first else 'conflict'}/{c.field}"
        subject = conflict_subject(c.field, c.a, c.b)
        actions.append(Ask(code="conflict", subject=subject, group=group, options=("crm", "invoicing", "later"), values=values))
    return _decided(s, actions, result)


def _decided(s: Situation, actions: list[Action], result: Comparison) -> Decision:
    if result.conflicts:
        fields = ", ".join(c.field for c in result.conflicts)
        return Decision(s.subject, "doubtful", Reason("conflict", {"fields": fields}), tuple(actions))
    if any(isinstance(action, Report) for action in actions):
        return Decision(s.subject, "refused", Reason("change-refused"), tuple(actions))
    sends = [action for action in actions if isinstance(action, Send)]
    if sends:
        return Decision(s.subject, "changed", sends[0].reason, tuple(actions))
    if result.left_out:
        return Decision(s.subject, "left-out", Reason("fields-left-out", {"fields": ", ".join(result.left_out)}), tuple(actions))
    return Decision(s.subject, "equal", Reason("in-step"), tuple(actions))


def _changes(link: Link, to: Side, result: Comparison, a: Flat, b: Flat, rules: Rules) -> list[Action]:
    moved = result.to_b if to == "b" else result.to_a
    mine, theirs = (a, b) if to == "b" else (b, a)
    if not moved:
        return []
    capabilities = rules.capabilities(to)
    fields = capabilities.fields("product", link.key(to))
    if not capabilities.writing("product").change:
        return [
            Report(code="cannot-change", field=sorted(moved)[0], values={"system": capabilities.title, "fields": ", ".join(sorted(moved))})
        ]
    # The rate that holds on both sides afterwards, whichever of them it comes from.
    rate = moved.get("vat_rate", "") or (result.to_a if to == "b" else result.to_b).get("vat_rate", "")
    ill = [told for name, value in moved.items() if name != "price" and (told := _ill_fitting(name, value, fields[name], theirs, rules))]
    # A rate that does not get there takes nothing along: the price would be written again and again, and the rate still differ.
    arriving = {name: value for name, value in moved.items() if name not in {report.field for report in ill}}
    if _rate_moves_price(result, arriving, mine, theirs, fields) and allowed(product_direction(rules.policy, "price"), to):
        # Where only one of the two keeps its price with VAT, another rate makes another price of it.
        arriving = arriving | {"price": mine["price"]}
    sent, reports = _priced(arriving, mine | ({"vat_rate": rate} if rate else {}), theirs, fields, rules)
    if "price" in sent and (told := _ill_fitting("price", sent["price"], fields["price"], theirs, rules)):
        reports.append(told)
    reports += ill
    kept_back = {report.field for report in reports}
    sent = {name: value for name, value in sent.items() if name not in kept_back}
    if not sent:
        return list(reports)
    reason = Reason("edited-there", {"side": side_name(other(to)), "fields": ", ".join(sorted(sent))})
    before = {name: theirs.get(name, "") for name in sent}
    write = Write(operation="change", side=to, kind="product", key=link.key(to), changes=sent, before=before)
    return [Send(write=write, reason=reason, link_kind="product", agree={name: mine.get(name, "") for name in sent}), *reports]


def _ill_fitting(name: str, value: str, limit: FieldLimit, theirs: Flat, rules: Rules) -> Report | None:
    """Why a field of a product cannot be changed to a value; ``None`` if it can."""
    if 0 < limit.length < len(value):
        return _too_long(name, value, limit.length)
    if not value and limit.required == "yes":
        return Report(code="missing-field", field=name, values={"fields": name})
    if not value and not limit.can_clear and "clear-field" not in rules.policy.try_unverified:
        return Report(code="clear-unverified", field=name, values={"before": theirs.get(name, "")})
    return None


def _rate_moves_price(result: Comparison, moved: Flat, mine: Flat, theirs: Flat, fields: dict[str, FieldLimit]) -> bool:
    """Whether a rate takes the price along: nobody edited that, and only one side keeps it with VAT."""
    edited = "price" in result.to_a or "price" in result.to_b or any(c.field == "price" for c in result.conflicts)
    one, two = price_of(mine.get("price", "")), price_of(theirs.get("price", ""))
    different = one is not None and two is not None and one.basis != two.basis
    return "vat_rate" in moved and not edited and different and "price" in fields and fields["price"].on_change
