"""Two records beside each other, field by field, with what stands between them: the same, counts as the same, different, not carried over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from unisono.model.record import Kind, flat_of, label_of, other
from unisono.plan.compare import held_by_both, same
from unisono.plan.situation import Seen, Subject, subject_of
from unisono.store import links, pairs, seen
from unisono.store.asking import Question
from unisono.store.runs import PlanRow
from unisono.wiring.house import House

Sign = Literal["same", "alike", "differs", "apart"]
"""``=``, ``≈``, ``≠``, and ``·`` for a field that only one side has."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of both records, as text."""

    name: str
    a: str
    b: str
    sign: Sign


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Both records as last seen; ``None`` where there is none yet. ``fields`` holds those that one of them fills."""

    kind: str
    a: Seen | None
    b: Seen | None
    fields: tuple[Field, ...]

    @property
    def label_a(self) -> str:
        """What the CRM's record is called."""
        return label_of(self.a.record) if self.a else ""

    @property
    def label_b(self) -> str:
        """What the invoicing system's record is called."""
        return label_of(self.b.record) if self.b else ""


def beside(house: House, pair_id: str, kind: Kind, a_key: str, b_key: str) -> Beside:
    """Two records of a pair, by their keys; an empty key is no record."""
    with house.store.read() as conn:
        row = pairs.get_pair(conn, pair_id)
        a = seen.get_many(conn, row.a, kind, [a_key]).get(a_key) if a_key else None
        b = seen.get_many(conn, row.b, kind, [b_key]).get(b_key) if b_key else None
        systems = [house.capabilities(pairs.get_connection(conn, c).system) for c in (row.a, row.b)]
    return Beside(kind=kind, a=a, b=b, fields=_fields(a, b, set(held_by_both(kind, systems[0], systems[1], a_key, b_key))))


def beside_subject(house: House, pair_id: str, subject: Subject) -> Beside:
    """A record and the one it is linked with, if it is."""
    with house.store.read() as conn:
        link = links.links_of(conn, pair_id, subject.kind, subject.side, [subject.key]).get(subject.key)
    there = link.key(other(subject.side)) if link is not None else ""
    a_key, b_key = (subject.key, there) if subject.side == "a" else (there, subject.key)
    return beside(house, pair_id, subject.kind, a_key, b_key)


def last_agreed(house: House, pair_id: str, record: str) -> dict[str, str]:
    """What a linked record held, field by field, when both sides were last in step; nothing for one that is not linked."""
    subject = subject_of(record)
    with house.store.read() as conn:
        link = links.links_of(conn, pair_id, subject.kind, subject.side, [subject.key]).get(subject.key)
    return dict(link.agreed(subject.side)) if link is not None else {}


def beside_question(house: House, pair_id: str, question: Question) -> Beside | None:
    """What a question is about: the two who may be the same, or a record and its counterpart. ``None``: it is about no record's fields."""
    subject = subject_of(question.key)
    if subject.kind not in ("party", "contact"):
        return None
    if question.code in ("same-customer", "maybe-merged") and question.subject:
        kind = cast(Kind, subject.kind)
        if question.code == "maybe-merged":
            return beside_subject(house, pair_id, subject)
        a_key, b_key = (subject.key, question.subject) if subject.side == "a" else (question.subject, subject.key)
        return beside(house, pair_id, kind, a_key, b_key)
    return beside_subject(house, pair_id, subject)


def beside_row(house: House, pair_id: str, row: PlanRow) -> Beside | None:
    """What a row of a plan is about: the two it links, the two who may be the same, or a record and its counterpart."""
    subject = subject_of(row.key)
    if subject.kind not in ("party", "contact"):
        return None
    joined = next((one for one in row.action.get("links", []) if one["kind"] == subject.kind), None)
    if joined is not None:
        return beside(house, pair_id, subject.kind, joined["a"], joined["b"])
    asked = next((one["values"].get("other_key", "") for one in row.action.get("questions", []) if one["code"] == "same-customer"), "")
    if asked:
        return beside(house, pair_id, subject.kind, *((subject.key, asked) if subject.side == "a" else (asked, subject.key)))
    return beside_subject(house, pair_id, subject)


def _fields(a: Seen | None, b: Seen | None, held: set[str]) -> tuple[Field, ...]:
    flat_a, flat_b = (flat_of(one.record.body) if one else {} for one in (a, b))
    country = flat_a.get("address.country") or flat_b.get("address.country") or ""
    out = []
    for name in flat_a or flat_b:
        one, two = flat_a.get(name, ""), flat_b.get(name, "")
        if not (one or two) or name == "type":
            continue
        sign: Sign = "same" if one == two else "alike" if same(name, one, two, country) else "differs"
        out.append(Field(name, one, two, sign if name in held and a and b else "apart"))
    return tuple(out)
