"""What pairs may be made of: the policies a firm may choose and the abilities two systems may have, drawn from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from random import Random
from typing import Any, TypeVar

from msgspec.structs import replace

from unisono.model.capability import Capabilities, FieldLimit, Writing, with_bindings
from unisono.model.party import CONTACT_FIELDS, PARTY_FIELDS
from unisono.plan.situation import Rules
from unisono.policy.schema import Policy
from unisono.policy.tables import policy_from
from unisono.systems.catalogue import all_systems

T = TypeVar("T")
KEYS = {"party": ("42", "c42"), "contact": ("9", "p9"), "quote": ("5", "q5"), "invoice": ("", "i7")}
"""The keys (CRM, invoicing) of the record that a drawn situation is about."""
TAG = "Bill"
NAMES = ("Keller AG", "Kellner AG", "Weber KG")
LEFT_OUT = ("a:party:42", "b:party:c42", "b:contact:p9", "a:quote:5", "b:invoice:i7", "a:party:1")
DIRECTIONS = ("both",) * 6 + ("to-invoicing", "to-crm", "off")
WINNERS = ("ask", "crm", "invoicing")
VANISHED = ("unlink", "ignore", "mark", "delete")
RULES = ("reference", "tax_id", "number", "email_name", "name_postcode")
VARIED = ("name", "email", "phone", "tax_id", "address.city", "address.postcode", "position", "first_name", "note")


def pick(rnd: Random, of: Sequence[T]) -> T:
    """One of them; several times as fast as ``choice``, and drawing is most of what a case costs."""
    return of[int(rnd.random() * len(of))]


def some(rnd: Random, of: tuple[T, ...], share: float = 0.5) -> list[T]:
    """Each element with a probability, in their order."""
    return [one for one in of if rnd.random() < share]


def drawn_policy(rnd: Random) -> Policy:
    """Any policy at all; each of its entries differs from the product's default in about every second one."""
    look = some(rnd, RULES, 0.8)
    rnd.shuffle(look)
    chosen: dict[str, Any] = {
        "language": pick(rnd, ("de", "en", "pl", "ro")),
        "customers": {
            "direction": pick(rnd, DIRECTIONS),
            "wins": pick(rnd, WINNERS),
            "from_crm": {"when": some(rnd, ("quote", "tag"), 0.8), "tag": TAG, "history": pick(rnd, ("all", "new"))},
            "from_invoicing": {"when": pick(rnd, ("all",) * 5 + ("none",)), "history": pick(rnd, ("all", "new"))},
            "only": drawn_restriction(rnd),
            "contacts": pick(rnd, ("tagged", "all", "none")),
            "require": some(rnd, ("address.line1", "address.postcode", "email", "tax_id"), 0.25),
            "country": pick(rnd, ("", "DE", "PL")),
            "fields": {name: drawn_field_rule(rnd) for name in some(rnd, VARIED, 0.25)},
            "deletion": {"in_crm": pick(rnd, VANISHED), "in_invoicing": pick(rnd, VANISHED)}
            | ({"contacts": pick(rnd, VANISHED)} if rnd.random() < 0.3 else {}),
        },
        "matching": {"look": look, "accept": some(rnd, tuple(look), 0.6)},
        "quotes": {
            "direction": pick(rnd, ("to-invoicing",) * 8 + ("off",)),
            "history": pick(rnd, ("all", "new")),
            "basis": pick(rnd, ("net", "gross")),
            "vat_rate": pick(rnd, (0, 7, 19, 23)),
        },
        "documents": {
            "direction": pick(rnd, ("to-crm",) * 8 + ("off",)),
            "kinds": some(rnd, ("quote", "invoice", "credit-note"), 0.8),
            "quote_when": pick(rnd, ("created", "sent")),
            "invoice_when": pick(rnd, ("created", "issued")),
            "history": pick(rnd, ("all", "new")),
            "file": rnd.random() < 0.8,
            "staff_link": rnd.random() < 0.5,
            "public_link": rnd.random() < 0.3,
        },
        "leave_out": some(rnd, LEFT_OUT, 0.015),
        "try_unverified": some(rnd, ("clear-field",)),
    }
    policy, wrong = policy_from(chosen)
    assert policy is not None, wrong
    return policy


def drawn_restriction(rnd: Random) -> dict[str, Any]:
    """Whom the firm restricted the pair to: mostly nobody."""
    if rnd.random() < 0.7:
        return {}
    return {
        "countries": pick(rnd, ([], ["DE"], ["DE", "PL"])),
        "tag": pick(rnd, ("", TAG)),
        "email": rnd.random() < 0.3,
        "names": pick(rnd, ([], [], ["keller ag"])),
    }


def drawn_field_rule(rnd: Random) -> dict[str, str]:
    """One field's own direction, winner, both or neither."""
    rule = {}
    if rnd.random() < 0.6:
        rule["direction"] = pick(rnd, DIRECTIONS)
    if rnd.random() < 0.6:
        rule["wins"] = pick(rnd, WINNERS)
    return rule


def drawn_limit(rnd: Random) -> FieldLimit:
    """What a system may say about one field."""
    return FieldLimit(
        length=pick(rnd, (0, 0, 0, 8, 20)),
        required=pick(rnd, ("no", "no", "no", "no", "yes", "company", "person")),
        on_create=rnd.random() < 0.9,
        on_change=rnd.random() < 0.9,
        can_clear=rnd.random() < 0.6,
    )


def drawn_system(rnd: Random, kind: str) -> Capabilities:
    """A system that nobody has built yet: any fields, any limits, any abilities."""
    writings = [
        Writing(
            kind=of,  # type: ignore[arg-type]
            create=pick(rnd, ("record",) * 9 + ("none",)),
            change=True,
            delete=rnd.random() < 0.5,
            tags=rnd.random() < 0.5,
            fields={
                "type": FieldLimit(required="yes", on_change=False, can_clear=False),
                "name": replace(drawn_limit(rnd), required="yes", on_create=True),
                **{name: drawn_limit(rnd) for name in some(rnd, tuple(names), 0.7) if name not in ("type", "name")},
            },
        )
        for of, names in (("party", PARTY_FIELDS), ("contact", CONTACT_FIELDS))
    ]
    title = {"title": FieldLimit(length=pick(rnd, (0, 12)))}
    quotes = Writing(kind="quote", create=pick(rnd, ("draft",) * 6 + ("none",)), delete=rnd.random() < 0.6, fields=title)
    papers = (Writing(kind="note", create=pick(rnd, ("record",) * 9 + ("none",)), change=True), Writing(kind="file", create="record"))
    chosen = next(s for s in all_systems() if s.kind == kind)
    return replace(chosen, name=f"any-{kind}", title=f"Any {kind}", writings=(*writings, *(papers if kind == "crm" else (quotes,))))


@lru_cache(maxsize=8)
def drawn_rules(seed: int, count: int = 400) -> tuple[Rules, ...]:
    """A stock of pairs: every real CRM with every real invoicing system and such that nobody built, each under a policy of its own."""
    rnd = Random(f"rules {seed}")
    real = all_systems()
    sides: dict[str, list[Capabilities]] = {}
    for kind in ("crm", "invoicing"):
        known = [s for s in real if s.kind == kind]
        if kind == "crm":
            known += [with_bindings(s, "party", ("tax_id", "number")) for s in known]
        sides[kind] = known + [drawn_system(rnd, kind) for _ in range(30)]
    return tuple(Rules(drawn_policy(rnd), pick(rnd, sides["crm"]), pick(rnd, sides["invoicing"])) for _ in range(count))
