"""A person's correction: other values for fields that kept a record from going across, in the system where the record comes from. Pure.

It is input to planning like an answer, and written through the same journal as everything else, with the person as its cause. It is carried
out once, and only while the record still holds what they saw; what it brings about on the other side is planned after it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from msgspec import Struct

from unisono.model.capability import FieldLimit
from unisono.model.party import Flat
from unisono.model.record import Kind, Side, flat_of, other
from unisono.model.valid import valid
from unisono.model.writing import Write
from unisono.plan.actions import Reason, Report, Send
from unisono.plan.compare import compare
from unisono.plan.situation import Rules, Situation
from unisono.policy.schema import Policy

CORRECTED = "corrected"
"""Code under which a correction is kept as an answer, and of the reason its write carries in the journal."""
KINDS: tuple[Kind, ...] = ("party", "contact")


class Correction(Struct, frozen=True, kw_only=True):
    """``changes`` are the new values, ``before`` those the person saw, ``by`` is who they are."""

    side: Side
    kind: Kind
    key: str
    changes: Flat
    before: Flat
    by: str

    def __str__(self) -> str:
        return json.dumps([self.side, self.kind, self.key, self.changes, self.before, self.by], ensure_ascii=False, sort_keys=True)


def correction_of(text: str) -> Correction:
    """The reverse of ``str(correction)``."""
    side, kind, key, changes, before, by = json.loads(text)
    return Correction(side=side, kind=kind, key=key, changes=changes, before=before, by=by)


def standing(answers: Mapping[str, str]) -> list[Correction]:
    """The corrections among a record's answers (``code|subject`` -> answer) that are still to be carried out."""
    found = (key.partition("|") for key in sorted(answers))
    return [correction_of(subject) for code, _, subject in found if code == CORRECTED]


def corrected(s: Situation, rules: Rules) -> Send | None:
    """The write that a correction asks for; ``None`` if there is none, or the record is not any more what the person saw."""
    for one in standing(s.answers):
        mine = s.seen(one.side)
        if mine is None or mine.gone or mine.missing or mine.record.key != one.key:
            continue
        now, limits = flat_of(mine.record.body), rules.capabilities(one.side).fields(one.kind, one.key)
        if any(now.get(name, "") != value for name, value in one.before.items()):
            continue
        if any(name not in limits or not limits[name].on_change for name in one.changes):
            continue
        write = Write(operation="change", side=one.side, kind=one.kind, key=one.key, changes=one.changes, before=one.before)
        reason = Reason(CORRECTED, {"by": one.by, "fields": ", ".join(sorted(one.changes))})
        return Send(write=write, reason=reason, link_kind=one.kind)
    return None


def place_of(s: Situation, rules: Rules, names: tuple[str, ...]) -> Side | None:
    """The side whose record has to be corrected in some fields, so that it goes across; ``None``: nothing of this record can be.

    A record without a counterpart is corrected where it is; of two linked ones the one whose value was to be carried over.
    """
    side: Side = s.subject.side
    if s.subject.kind not in KINDS:
        return None
    if s.link is not None:
        if s.a is None or s.b is None or s.link.state != "linked":
            return None
        said = {key.split("|", 1)[1]: value for key, value in s.answers.items() if key.startswith("conflict|")}
        found = compare(s.link, flat_of(s.a.record.body), flat_of(s.b.record.body), rules, said, unsure=s.unsure)
        if not any(name in found.to_a or name in found.to_b for name in names):
            return None
        side = "a" if any(name in found.to_b for name in names) else "b"
    mine = s.seen(side)
    if mine is None or mine.gone or mine.missing or not rules.capabilities(side).writing(s.subject.kind).change:
        return None
    limits = rules.capabilities(side).fields(s.subject.kind, mine.record.key)
    return side if any(name in limits and limits[name].on_change for name in names) else None


def faults_of(values: Flat, now: Flat, kind: Kind, side: Side, rules: Rules, keys: tuple[str, str] = ("", "")) -> dict[str, Report]:
    """What is wrong with some new values, by field: no value of that field, too long for either system, or missing where it is required.

    ``now`` is the record as it is on ``side``; ``keys`` are those of the record and of its counterpart, as far as there is one.
    """
    here = rules.capabilities(side).fields(kind, keys[0])
    there = rules.capabilities(other(side)).fields(kind, keys[1])
    country = values.get("address.country") or now.get("address.country") or rules.policy.customers.country
    kind_of = now.get("type", "company")
    out: dict[str, Report] = {}
    for name, value in values.items():
        limits = [limit for limit in (here.get(name), there.get(name)) if limit is not None]
        longest = shortest(limits, kind_of)
        if name not in here or not here[name].on_change or not valid(name, value, country):
            out[name] = Report(code="not-valid", field=name, values={"value": value[:80]})
        elif longest and len(value) > longest:
            told = {"value": value[:80], "length": str(len(value)), "limit": str(longest)}
            out[name] = Report(code="too-long", field=name, values=told)
        elif not value and _required(name, limits, kind_of, kind, side, rules.policy):
            out[name] = Report(code="missing-field", field=name, values={"fields": name})
        elif any(value and limit.values and value not in limit.values for limit in limits):
            out[name] = Report(code="not-valid", field=name, values={"value": value[:80]})
    return out


def shortest(limits: Iterable[FieldLimit], form: str) -> int:
    """Most characters that all of some limits leave a company or a person; 0 is unlimited or unknown."""
    return min((longest for limit in limits if (longest := limit.longest(form))), default=0)


def _required(name: str, limits: list[FieldLimit], kind_of: str, kind: Kind, side: Side, policy: Policy) -> bool:
    by_firm = side == "a" and kind == "party" and name in policy.customers.require
    return by_firm or any(limit.required in ("yes", kind_of) or not limit.can_clear for limit in limits)
