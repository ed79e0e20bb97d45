"""What two systems cannot do of what a policy asks for, or can do in another way only: what a preview says before anything is released. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct, field

from unisono.model.capability import Capabilities, Confidence, FieldLimit, Writing, confidence_of
from unisono.model.record import Kind, Side
from unisono.policy.possible import Code as LackCode
from unisono.policy.possible import Lack, in_vain, lacks
from unisono.policy.schema import Direction, Policy, direction_of, product_direction
from unisono.policy.settings import Setting, settings, values_of

Code = Literal[
    "bind", "no-place", "read-only", "create-only", "only-company", "only-person", "part-of-owner", "too-long", "no-such-word", "not-cleared",
    "tag-field", "few-contacts", "several-entries", "vat-rates", "no-lines", "never-changed", "currency", "max-lines", "as-note",
    "older-stays", "draft-file", "deletion-unseen",
]  # fmt: skip
Way = Literal["never", "otherwise", "limit"]
"""It does not happen at all; it happens in another way; it happens up to a limit, beyond which a record or a field is held and told about."""
_KNOWN: tuple[Confidence, ...] = ("guess", "client", "doc", "fixture")
_SIDES: tuple[Side, ...] = ("a", "b")
_CUSTOMERS: tuple[Kind, ...] = ("party", "contact")
_UNTOLD = {"type", "reference", "tags"}
"""Fields that are no content of a record: nobody misses them on the other side."""


class Shortfall(Struct, frozen=True, kw_only=True):
    """One statement. ``code`` is a word under ``cannot.``, or under ``lacks.`` where an answer of the policy comes to nothing: ``entry`` is the
    question, ``choice`` the code of the answer's words. ``side`` is whose doing it is; ``limits`` are fields with the most characters of a
    company's and a person's; no ``kind``: it concerns the connection."""

    code: Code | LackCode
    way: Way
    side: Literal["crm", "invoicing"]
    kind: Kind | Literal[""] = ""
    fields: tuple[str, ...] = ()
    limits: tuple[tuple[str, int, int], ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    entry: str = ""
    choice: str = ""
    confidence: Confidence | Literal[""] = ""

    def plain(self) -> dict[str, Any]:
        """As plain values, to be stored with a preview."""
        told: dict[str, Any] = {"code": self.code, "way": self.way, "side": self.side, "kind": self.kind, "fields": list(self.fields)}
        told |= {"limits": [list(one) for one in self.limits], "values": dict(self.values), "entry": self.entry, "choice": self.choice}
        return {name: value for name, value in (told | {"confidence": self.confidence}).items() if value}


def shortfalls(policy: Policy, a: Capabilities, b: Capabilities) -> tuple[Shortfall, ...]:
    """Everything that the policy makes relevant: answers that come to nothing, then customers, papers, filed documents, deletions."""
    found = [*_answers(policy, a, b)]
    for kind in _CUSTOMERS:
        if kind == "contact" and not _contacts_cross(policy):
            continue
        for to in _SIDES:
            found += _fields(policy, kind, to, a if to == "a" else b, b if to == "a" else a, lambda name: direction_of(policy, name))
    found += [*_customers(policy, a, b), *_products(policy, a, b), *_papers(policy, a, b), *_filed(policy, a, b), *_deletions(policy, a, b)]
    return tuple(found)


def goes(direction: Direction, to: Side) -> bool:
    """Whether a direction lets something go to a side."""
    return direction == "both" or direction == ("to-crm" if to == "a" else "to-invoicing")


def _answers(policy: Policy, a: Capabilities, b: Capabilities) -> Iterator[Shortfall]:
    """Answers of the policy that come to nothing with these two systems."""
    values = values_of(policy)
    for setting in settings():
        if not _asked(setting.entry, policy):
            continue
        for choice, lack in in_vain(values[setting.entry], lacks(setting, a, b)):
            known = _confidence_of(lack, a if lack.side == "crm" else b)
            way: Way = "otherwise" if lack.code == "bind" else "never"
            fields = (lack.field,) if lack.field else ()
            told = choice and word_of(setting, choice)
            yield Shortfall(
                code=lack.code, way=way, side=lack.side, kind=lack.kind, fields=fields, entry=setting.entry, choice=told, confidence=known
            )


def word_of(setting: Setting, choice: str) -> str:
    """The code of the words of one of a setting's choices."""
    if setting.form == "yes-no":
        return f"choice.{choice}"
    if setting.section == "matching":
        return f"rule.{choice}"
    own = {"documents.kinds": "kind", "customers.require": "field", "language": "language"}
    if setting.section == "deletions":
        return f"deletion.{choice}"
    return f"{own[setting.entry]}.{choice}" if setting.entry in own else f"choice.{setting.family}.{choice}"


def _asked(entry: str, policy: Policy) -> bool:
    """Whether a question matters at all: what is switched off as a whole has no answers that come to nothing."""
    section = entry.partition(".")[0]
    if entry in ("try_unverified", "matching.accept"):
        # The one says what is dared, not what is wanted; what is accepted is looked at as well, and said there.
        return False
    if entry.startswith("customers.from_crm.") or entry == "customers.contacts":
        return goes(policy.customers.direction, "b")
    whole: Any = getattr(policy, section, None)
    off = getattr(whole, "direction", "") == "off"
    return not off or entry == f"{section}.direction"


def _confidence_of(lack: Lack, system: Capabilities) -> Confidence | Literal[""]:
    """How the fact behind an answer that comes to nothing is known; empty where the file is silent because there is nothing."""
    writing = next((one for one in system.writings if one.kind == lack.kind), None)
    entries = {"write": "create", "means": "other_means", "delete": "delete", "tags": "tags", "field": "fields", "bind": "bindable"}
    if writing is not None and lack.code in entries:
        return confidence_of(writing, entries[lack.code])
    return ""


def _contacts_cross(policy: Policy) -> bool:
    return policy.customers.contacts != "none" or goes(policy.customers.direction, "a")


# --- fields -----------------------------------------------------------------------------------------------------------------------------


def _fields(
    policy: Policy, kind: Kind, to: Side, target: Capabilities, source: Capabilities, direction: Callable[[str], Direction]
) -> Iterator[Shortfall]:
    """What becomes of the fields that one system has, on their way into the other."""
    writing, there, mine = target.writing(kind), target.fields(kind), source.fields(kind)
    if writing.create == "none" and not writing.change:
        return
    side: Literal["crm", "invoicing"] = "crm" if to == "a" else "invoicing"
    moving = [name for name in mine if name not in _UNTOLD and goes(direction(name), to)]

    def told(code: Code, way: Way, names: Iterable[str], **more: Any) -> Iterator[Shortfall]:
        fields = tuple(names)
        if fields:
            known = _weakest(there[name].confidence for name in fields) if all(name in there for name in fields) else writing.confidence
            yield Shortfall(code=code, way=way, side=side, kind=kind, fields=fields, confidence=known, **more)

    here = [name for name in moving if name in there]
    missing = [name for name in moving if name not in there]
    yield from told("bind" if writing.bindable else "no-place", "otherwise" if writing.bindable else "never", missing)
    yield from told("read-only", "never", (n for n in here if not there[n].on_create and not there[n].on_change))
    yield from told("create-only", "limit", (n for n in here if there[n].on_create and not there[n].on_change))
    yield from told("only-company", "never", (n for n in here if there[n].of == "company" != mine[n].of))
    yield from told("only-person", "never", (n for n in here if there[n].of == "person" != mine[n].of))
    for ending, names in writing.only.items():
        yield from told("part-of-owner", "never", (n for n in here if n not in names), values={"ending": ending})
    shorter = [n for n in here if _shorter(there[n], mine[n]) and n != "address.country"]
    limits = tuple((n, there[n].length, there[n].person_length) for n in shorter)
    yield from told("too-long", "limit", shorter, limits=limits)
    for name in here:
        strange = [word for word in mine[name].values if there[name].values and word not in there[name].values]
        if strange and kind != "product":
            yield from told("no-such-word", "limit", (name,), values={"words": ",".join(strange)})
    if "clear-field" not in policy.try_unverified:
        kept = (n for n in here if not there[n].can_clear and there[n].required == "no" and there[n].on_change)
        yield from told("not-cleared", "never", kept)


def _shorter(there: FieldLimit, mine: FieldLimit) -> bool:
    """Whether one system holds more of a field than the other."""
    return any(0 < there.longest(form) < (mine.longest(form) or there.longest(form) + 1) for form in ("company", "person"))


# --- customers, products ----------------------------------------------------------------------------------------------------------------


def _customers(policy: Policy, a: Capabilities, b: Capabilities) -> Iterator[Shortfall]:
    chosen = policy.customers
    watched = "tag" in chosen.from_crm.when or bool(chosen.only.tag) or (chosen.contacts == "tagged" and bool(chosen.from_crm.tag))
    if watched and a.lists("tag") is not None and not a.writing("party").tags:
        yield Shortfall(code="tag-field", way="otherwise", side="crm", kind="party", confidence=confidence_of(a.writing("party"), "tags"))
    for to in _SIDES:
        system = a if to == "a" else b
        side: Literal["crm", "invoicing"] = "crm" if to == "a" else "invoicing"
        if not goes(chosen.direction, to):
            continue
        contacts, parties = system.writing("contact"), system.writing("party")
        if contacts.per_owner and contacts.create != "none" and (to == "a" or chosen.contacts != "none"):
            known = confidence_of(contacts, "per_owner")
            values = {"count": str(contacts.per_owner)}
            yield Shortfall(code="few-contacts", way="limit", side=side, kind="contact", values=values, confidence=known)
        if "more-than-one-entry" in parties.immutable_when:
            known = confidence_of(parties, "immutable_when")
            yield Shortfall(code="several-entries", way="limit", side=side, kind="party", confidence=known)


def _products(policy: Policy, a: Capabilities, b: Capabilities) -> Iterator[Shortfall]:
    """Products; their currency and VAT rates stand among the words of price and rate."""
    if policy.products.direction == "off" or a.lists("product") is None or b.lists("product") is None:
        return
    for to in _SIDES:
        target, source = (a, b) if to == "a" else (b, a)
        yield from _fields(policy, "product", to, target, source, lambda name: product_direction(policy, name))
        rates = target.fields("product").get("vat_rate", FieldLimit())
        if rates.values and goes(product_direction(policy, "vat_rate"), to):
            yield _rates("product", "crm" if to == "a" else "invoicing", rates.values, rates.confidence)


def _rates(kind: Kind, side: Literal["crm", "invoicing"], rates: Iterable[str], known: Confidence) -> Shortfall:
    told = ", ".join(f"{rate} %" for rate in sorted(rates, key=float))
    return Shortfall(code="vat-rates", way="limit", side=side, kind=kind, values={"rates": told}, confidence=known)


# --- papers and filed documents ---------------------------------------------------------------------------------------------------------


def _papers(policy: Policy, a: Capabilities, b: Capabilities) -> Iterator[Shortfall]:
    """Quotes and invoices that are made from the CRM's."""
    flows: tuple[tuple[Kind, bool, str], ...] = (
        ("quote", policy.quotes.direction != "off", str(policy.quotes.vat_rate)),
        ("invoice", policy.invoices.direction != "off", str(policy.invoices.vat_rate)),
    )
    for kind, wanted, rate in flows:
        listed, writing = a.lists(kind), b.writing(kind)
        if not wanted or listed is None or writing.create == "none":
            continue
        if listed.lines == "none":
            yield Shortfall(
                code="no-lines", way="otherwise", side="crm", kind=kind, values={"rate": rate}, confidence=confidence_of(listed, "lines")
            )
        if not writing.change:
            yield Shortfall(code="never-changed", way="never", side="invoicing", kind=kind, confidence=confidence_of(writing, "change"))
        yield from _limits_of_papers(kind, writing, lines=listed.lines != "none")


def _limits_of_papers(kind: Kind, writing: Writing, *, lines: bool) -> Iterator[Shortfall]:
    title, currency = (writing.fields.get(name, FieldLimit()) for name in ("title", "currency"))
    if title.length:
        limits = (("title", title.length, 0),)
        yield Shortfall(
            code="too-long", way="limit", side="invoicing", kind=kind, fields=("title",), limits=limits, confidence=title.confidence
        )
    if currency.values:
        values = {"currencies": ", ".join(currency.values)}
        yield Shortfall(code="currency", way="limit", side="invoicing", kind=kind, values=values, confidence=currency.confidence)
    if writing.vat_rates:
        yield _rates(kind, "invoicing", writing.vat_rates, confidence_of(writing, "vat_rates"))
    if writing.max_lines and lines:
        values, known = {"count": str(writing.max_lines)}, confidence_of(writing, "max_lines")
        yield Shortfall(code="max-lines", way="limit", side="invoicing", kind=kind, values=values, confidence=known)


def _filed(policy: Policy, a: Capabilities, b: Capabilities) -> Iterator[Shortfall]:
    """Documents of the invoicing system that are filed in the CRM."""
    chosen = policy.documents
    if chosen.direction == "off" or a.writing("note").create == "none":
        return
    file = a.writing("file")
    if chosen.file and file.create != "none":
        # A list of files that only some ways to sign in open is that of the CRM's own documents.
        if not any("file" in one.kinds and one.needs for one in a.resources):
            yield Shortfall(code="as-note", way="otherwise", side="crm", kind="file", confidence=confidence_of(file, "create"))
        if not file.replace_file:
            yield Shortfall(code="older-stays", way="otherwise", side="crm", kind="file", confidence=confidence_of(file, "replace_file"))
        drafts: tuple[tuple[Kind, bool], ...] = (
            ("quote", chosen.quote_when == "created" and "quote" in chosen.kinds),
            ("invoice", chosen.invoice_when == "created" and "invoice" in chosen.kinds),
        )
        for kind, filed in drafts:
            listed = b.lists(kind)
            if filed and listed is not None and not listed.draft_file:
                known = confidence_of(listed, "draft_file")
                yield Shortfall(code="draft-file", way="otherwise", side="invoicing", kind=kind, confidence=known)


def _deletions(policy: Policy, a: Capabilities, b: Capabilities) -> Iterator[Shortfall]:
    """Deletions that nobody would notice."""
    rules = policy.customers.deletion
    sides: tuple[tuple[Capabilities, Literal["crm", "invoicing"], str], ...] = (
        (a, "crm", rules.in_crm),
        (b, "invoicing", rules.in_invoicing),
    )
    for system, side, rule in sides:
        listed = system.lists("party")
        if rule != "ignore" and listed is not None and not listed.whole:
            known = confidence_of(listed, "whole")
            yield Shortfall(code="deletion-unseen", way="never", side=side, kind="party", confidence=known)


def _weakest(known: Iterable[Confidence]) -> Confidence:
    return min(known, key=_KNOWN.index)
