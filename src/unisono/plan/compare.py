"""The three-way comparison: seen on A, seen on B, and what each held when last in step.

A side changed a field iff what is seen there differs from what was agreed for that side. Compared are only fields both sides can hold.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from msgspec import Struct
from msgspec import field as slot

from unisono.model.capability import Capabilities, FieldLimit
from unisono.model.party import Flat
from unisono.model.phone import normal_phone
from unisono.model.record import Kind, Side
from unisono.model.taxid import normal_tax_id
from unisono.model.text import bare_text
from unisono.plan.situation import BEFORE, Link, Rules
from unisono.policy.schema import Direction, Policy, Winner, direction_of, product_direction, winner_of


class Conflict(Struct, frozen=True):
    """One field that both sides changed differently, or that differed when they were first linked (``first``)."""

    field: str
    a: str
    b: str
    first: bool


class Comparison(Struct, frozen=True):
    """Outcome for one linked record: values to write on each side, values to agree without writing, conflicts, fields a rule leaves out."""

    to_a: Flat = slot(default_factory=dict)
    to_b: Flat = slot(default_factory=dict)
    agree: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    left_out: tuple[str, ...] = ()


def held_by_both(kind: Kind, a: Capabilities, b: Capabilities, a_key: str = "", b_key: str = "") -> tuple[str, ...]:
    """The fields of a pair of records that both can hold, in a steady order. ``type`` never moves: a company does not become a person."""
    return _in_both(tuple(a.fields(kind, a_key)), tuple(b.fields(kind, b_key)))


@lru_cache(maxsize=256)
def _in_both(fields_a: tuple[str, ...], fields_b: tuple[str, ...]) -> tuple[str, ...]:
    """Asked several times a record, and the same for nearly all of a pair."""
    return tuple(name for name in sorted(fields_a) if name in fields_b and name != "type")


def allowed(direction: Direction, to: Side) -> bool:
    """Whether a direction permits writing to a side."""
    return direction == "both" or direction == ("to-crm" if to == "a" else "to-invoicing")


def nothing_else(name: str, a: str, b: str) -> bool:
    """No two values mean the same but by the rules that hold for all."""
    del name, a, b
    return False


def compare(
    link: Link,
    a: Flat,
    b: Flat,
    rules: Rules,
    answers: dict[str, str],
    *,
    unsure: bool = False,
    alike: Callable[[str, str, str], bool] = nothing_else,
) -> Comparison:
    """Compares the two records of a link field by field.

    ``answers`` holds a person's choice for a conflict: ``field=a-value|b-value`` -> ``crm`` or ``invoicing``. ``unsure``: the pair does not
    know all of its own writes; two values that differ by case and blanks alone are then one that was carried over, as the vendor spells it.
    ``alike`` tells further values of a field that mean the same (a price with and without VAT).
    """
    kind, agreed_a, agreed_b = link.kind, link.agreed_a, link.agreed_b
    country = a.get("address.country") or b.get("address.country") or rules.policy.customers.country
    to_a: Flat = {}
    to_b: Flat = {}
    agree: list[str] = []
    conflicts: list[Conflict] = []
    left_out: list[str] = []

    def move(name: str, to: Side) -> None:
        value = a.get(name, "") if to == "b" else b.get(name, "")
        if not allowed(_direction(kind, name, rules.policy), to) or not _writable(rules.capabilities(to).fields(kind)[name]):
            left_out.append(name)
        else:
            (to_b if to == "b" else to_a)[name] = value

    for name in held_by_both(kind, rules.a, rules.b, link.a_key, link.b_key):
        va, vb = a.get(name, ""), b.get(name, "")
        if not (_known(name, agreed_a) and _known(name, agreed_b)):
            if same(name, va, vb, country) or alike(name, va, vb) or (unsure and respelled(va, vb)):
                agree.append(name)
            elif (sent := agreed_a.get(name)) is not None and va != sent and (kept(vb, sent) or alike(name, sent, vb)):
                # Made from what stood here, and never read since: there it stands as it was sent, here it was edited.
                move(name, "b")
            elif (sent := agreed_b.get(name)) is not None and vb != sent and (kept(va, sent) or alike(name, va, sent)):
                move(name, "a")
            elif not va or not vb:
                move(name, "a" if not va else "b")
            else:
                _decide(name, va, vb, None, answers, move, conflicts)
            continue
        changed_a, changed_b = _changed(name, va, agreed_a, agreed_b), _changed(name, vb, agreed_b, agreed_a)
        if not changed_a and not changed_b:
            continue
        if same(name, va, vb, country) or alike(name, va, vb) or (unsure and changed_a and changed_b and respelled(va, vb)):
            if _as_before(name, va, agreed_a) or _as_before(name, vb, agreed_b):
                # What nobody has looked at since our write equals the other side's edit only in an old picture: the look before the write tells.
                move(name, "a" if changed_b else "b")
            else:
                agree.append(name)
        elif changed_a and changed_b:
            _decide(name, va, vb, _winner(kind, name, rules.policy), answers, move, conflicts)
        else:
            move(name, "b" if changed_a else "a")
    return Comparison(to_a, to_b, tuple(agree), tuple(conflicts), tuple(left_out))


_PHONES = frozenset(("phone", "mobile", "fax"))


def same(name: str, a: str, b: str, country: str) -> bool:
    """Whether two values of a field mean the same beyond doubt: equal text, or one number, tax id or address spelled in two ways.

    What means the same is agreed as each side spells it; nobody's spelling is overwritten.
    """
    if a == b:
        return True
    if not a or not b:
        return False
    if name in _PHONES:
        return normal_phone(a, country) == normal_phone(b, country) != ""
    if name == "tax_id":
        return normal_tax_id(a, country) == normal_tax_id(b, country) != ""
    return name == "email" and a.casefold() == b.casefold()


def _known(name: str, agreed: Flat) -> bool:
    """Whether a side was ever in step in a field, also if nobody has seen what became of a write since."""
    return name in agreed or f"{name}{BEFORE}" in agreed


def _changed(name: str, value: str, agreed: Flat, theirs: Flat) -> bool:
    """Whether a side changed a field. Where nobody has seen what became of a write of ours, neither what stood there before it nor what may
    have become of it is a change."""
    if name in agreed:
        return value != agreed[name]
    return not _as_before(name, value, agreed) and not kept(value, theirs.get(name, ""))


def _as_before(name: str, value: str, agreed: Flat) -> bool:
    """Whether a side shows what stood there before a write of ours of which nobody has seen what became."""
    return value == agreed.get(f"{name}{BEFORE}")


def kept(value: str, sent: str) -> bool:
    """Whether a value is what a vendor may have made of what it was sent: re-cased, trimmed, re-punctuated, cut."""
    if bare_text(value) == bare_text(sent):
        return True
    mine, theirs = ("".join(c for c in bare_text(text) if c.isalnum()) for text in (sent, value))
    return bool(theirs) and mine.startswith(theirs)


def respelled(a: str, b: str) -> bool:
    """Whether two values are one but for case and blanks, which a vendor may alter."""
    return bool(a) and bare_text(a) == bare_text(b)


def _direction(kind: Kind, name: str, policy: Policy) -> Direction:
    return product_direction(policy, name) if kind == "product" else direction_of(policy, name)


def _winner(kind: Kind, name: str, policy: Policy) -> Winner:
    return policy.products.wins if kind == "product" else winner_of(policy, name)


def _decide(
    name: str,
    va: str,
    vb: str,
    rule: Winner | None,
    answers: dict[str, str],
    move: Callable[[str, Side], None],
    conflicts: list[Conflict],
) -> None:
    """Who wins; ``rule`` is the policy's word, ``None`` where both are linked for the first time: then only a person decides."""
    winner = answers.get(conflict_subject(name, va, vb)) or rule or "ask"
    if winner in ("crm", "invoicing"):
        move(name, "b" if winner == "crm" else "a")
    else:
        conflicts.append(Conflict(name, va, vb, rule is None))


def conflict_subject(name: str, va: str, vb: str) -> str:
    """What makes a conflict the same one again: the field and both values."""
    return f"{name}={va}|{vb}"


def _writable(limit: FieldLimit) -> bool:
    return limit.on_change
