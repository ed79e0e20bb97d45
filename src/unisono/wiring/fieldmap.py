"""Which field goes where between the two systems of a pair, and what a real record shows of it: values on both sides, what would not arrive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from unisono.engine.hands import Connected, Pairing
from unisono.model.capability import FieldLimit
from unisono.model.errors import SystemFault
from unisono.model.party import CONTACT_FIELDS, PARTY_FIELDS, Flat
from unisono.model.record import Kind, Side, flat_of
from unisono.plan.compare import allowed
from unisono.policy.schema import Direction, Policy, direction_of, winner_of
from unisono.store import seen
from unisono.store.examples import Example, example, examples
from unisono.wiring.house import House

KINDS: tuple[Kind, ...] = ("party", "contact")
_NAMES: Mapping[Kind, tuple[str, ...]] = {
    "party": tuple(name for name in PARTY_FIELDS if name != "type"),
    "contact": tuple(CONTACT_FIELDS),
}
"""Whether somebody is a company or a person never crosses."""
_DIRECTIONS: tuple[Direction, ...] = ("both", "to-invoicing", "to-crm", "off")
_SIDES: tuple[Side, ...] = ("a", "b")


class Flaw(Struct, frozen=True, kw_only=True):
    """Something about a field on one side. ``code`` is a word under ``flaw.``; ``bad``: the shown value would not arrive."""

    code: str
    side: Literal["crm", "invoicing"]
    bad: bool = False
    values: Mapping[str, str] = field(default_factory=dict)


class MappedField(Struct, frozen=True, kw_only=True):
    """One field. ``direction`` and ``wins`` are what the policy says of it alone (``""``: nothing), ``to_crm`` and ``to_invoicing`` what
    comes of it. ``directions`` may be chosen; none where the field never crosses. A value is ``None`` where there is no record to show."""

    name: str
    direction: str
    wins: str
    whole: str
    winner: str
    to_crm: bool
    to_invoicing: bool
    directions: tuple[str, ...]
    crm: str | None = None
    invoicing: str | None = None
    flaws: tuple[Flaw, ...] = ()


class FieldMap(Struct, frozen=True, kw_only=True):
    """All fields of a kind, at a record where there is one. ``failed`` says which side could not be read just now: the fault, or ``None``
    for a record that is gone."""

    kind: Kind
    fields: tuple[MappedField, ...]
    shown: Example | None = None
    read_now: bool = False
    failed: Mapping[str, SystemFault | None] = field(default_factory=dict)
    not_cleared: tuple[Literal["crm", "invoicing"], ...] = ()


def to_show(house: House, pair_id: str, kind: Kind, named: str = "") -> list[Example]:
    """Linked records that the fields may be shown at."""
    pairing = house.pairing(pair_id)
    with house.store.read() as conn:
        return examples(conn, pair_id, kind, pairing.a.id, pairing.b.id, named=named)


def field_map(house: House, pair_id: str, kind: Kind, a_key: str = "", policy: Policy | None = None) -> FieldMap:
    """The fields with the values that were read last; ``policy`` is a draft instead of the one in force."""
    pairing = house.pairing(pair_id)
    with house.store.read() as conn:
        shown = example(conn, pair_id, kind, pairing.a.id, pairing.b.id, a_key) if a_key else None
    values = _known(house, pairing, shown) if shown is not None else {}
    return _mapped(pairing if policy is None else replace(pairing, policy=policy), kind, shown, values)


def read_now(house: House, pair_id: str, kind: Kind, a_key: str) -> FieldMap:
    """The fields with the values that both vendors answer at this moment; nothing is stored. A side that cannot be read shows the last."""
    pairing = house.pairing(pair_id)
    with house.store.read() as conn:
        shown = example(conn, pair_id, kind, pairing.a.id, pairing.b.id, a_key)
    if shown is None:
        return _mapped(pairing, kind, None, {})
    values = _known(house, pairing, shown)
    failed: dict[str, SystemFault | None] = {}
    for side in _SIDES:
        name = "crm" if side == "a" else "invoicing"
        try:
            found = _read(pairing.side(side), kind, shown.a_key if side == "a" else shown.b_key)
        except SystemFault as fault:
            failed[name] = fault
            continue
        if found is None:
            failed[name] = None
        else:
            values[side] = found
    return replace(_mapped(pairing, kind, shown, values), read_now=True, failed=failed)


def _known(house: House, pairing: Pairing, shown: Example) -> dict[Side, Flat]:
    out: dict[Side, Flat] = {}
    with house.store.read() as conn:
        for side, key in (("a", shown.a_key), ("b", shown.b_key)):
            found = seen.get_many(conn, pairing.side(side).id, shown.kind, [key]).get(key)  # type: ignore[arg-type]
            if found is not None:
                out[side] = flat_of(found.record.body)  # type: ignore[index]
    return out


def _read(where: Connected, kind: Kind, key: str) -> Flat | None:
    raw = where.system.read(*where.system.locate(kind, key))
    records = where.system.records(raw) if raw is not None else ()
    return next((flat_of(one.body) for one in records if one.kind == kind and one.key == key), None)


def _mapped(pairing: Pairing, kind: Kind, shown: Example | None, values: Mapping[Side, Flat]) -> FieldMap:
    a, b = pairing.a.system.capabilities, pairing.b.system.capabilities
    held = {"a": a.fields(kind), "b": b.fields(kind)}
    places = {"a": a.fields(kind, shown.a_key), "b": b.fields(kind, shown.b_key)} if shown is not None else held
    found = []
    for name in _NAMES[kind]:
        limits: dict[Side, FieldLimit | None] = {"a": held["a"].get(name), "b": held["b"].get(name)}
        if limits["a"] is None and limits["b"] is None:
            continue
        one = _field(pairing.policy, name, limits)
        told = {side: values[side].get(name, "") if side in values and name in places[side] else None for side in _SIDES}
        flaws = tuple(_flaws(pairing, one, kind, limits, {side: name in places[side] for side in _SIDES}, values))
        found.append(replace(one, crm=told["a"], invoicing=told["b"], flaws=flaws))
    tried = "clear-field" in pairing.policy.try_unverified
    not_cleared: tuple[Literal["crm", "invoicing"], ...] = tuple(
        "crm" if side == "a" else "invoicing"
        for side in _SIDES
        if not tried and any(not limit.can_clear and limit.required == "no" for limit in held[side].values())
    )
    return FieldMap(kind=kind, fields=tuple(found), shown=shown, not_cleared=not_cleared)


def _field(policy: Policy, name: str, limits: Mapping[Side, FieldLimit | None]) -> MappedField:
    rule = policy.customers.fields.get(name)
    chosen = direction_of(policy, name)
    both = limits["a"] is not None and limits["b"] is not None
    can = {side: both and _writable(limits[side]) for side in _SIDES}
    whole = policy.customers.direction
    offered = tuple(
        one
        for one in _DIRECTIONS
        if (one == "off" or all(can[side] for side in _SIDES if allowed(one, side))) and (whole == "both" or one in (whole, "off"))
    )
    return MappedField(
        name=name,
        direction=(rule.direction if rule else None) or "",
        wins=(rule.wins if rule else None) or "",
        whole=whole,
        winner=winner_of(policy, name),
        to_crm=can["a"] and allowed(chosen, "a"),
        to_invoicing=can["b"] and allowed(chosen, "b"),
        directions=offered if any(can.values()) and whole != "off" else (),
    )


def _flaws(
    pairing: Pairing,
    one: MappedField,
    kind: Kind,
    limits: Mapping[Side, FieldLimit | None],
    placed: Mapping[Side, bool],
    values: Mapping[Side, Flat],
) -> Iterator[Flaw]:
    """What stands in a field's way, on the side it would be written to."""
    for side in _SIDES:
        name: Literal["crm", "invoicing"] = "crm" if side == "a" else "invoicing"
        limit, source = limits[side], values.get("b" if side == "a" else "a")
        if limit is None:
            bindable = kind == "party" and pairing.side(side).system.capabilities.writing(kind).bindable
            yield Flaw(code="bind" if bindable else "no-place", side=name)
            continue
        if limits["b" if side == "a" else "a"] is None:
            continue
        if not placed[side]:
            yield Flaw(code="no-place-here", side=name)
            continue
        if not _writable(limit):
            yield Flaw(code="not-written", side=name)
        elif not limit.on_change:
            yield Flaw(code="create-only", side=name)
        if not (one.to_crm if side == "a" else one.to_invoicing):
            continue
        yield from _about_value(pairing, one.name, side, name, limit, source)


def _about_value(
    pairing: Pairing, field_name: str, side: Side, name: Literal["crm", "invoicing"], limit: FieldLimit, source: Flat | None
) -> Iterator[Flaw]:
    value = source.get(field_name, "") if source is not None else ""
    kind_of = source.get("type", "company") if source is not None else ""
    longest = limit.longest(kind_of)
    if longest and len(value) > longest:
        yield Flaw(code="too-long", side=name, bad=True, values={"length": str(len(value)), "limit": str(longest)})
    elif longest and field_name != "address.country":  # a country is a code here, and a name to whoever reads it
        yield Flaw(code="limit", side=name, values={"limit": str(longest)})
    if source is None:
        return
    if not value and limit.required in ("yes", kind_of):
        yield Flaw(code="required", side=name, bad=True)
    elif not value and side == "b" and "type" in source and field_name in pairing.policy.customers.require:
        yield Flaw(code="needed", side=name, bad=True)
    if value and limit.values and value not in limit.values:
        yield Flaw(code="no-such-value", side=name, bad=True, values={"values": ", ".join(limit.values)})


def _writable(limit: FieldLimit | None) -> bool:
    return limit is not None and (limit.on_create or limit.on_change)
