"""What the picture of a batch leaves in doubt: creates whose outcome nobody knows, and people who changed company."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from unisono.engine.apart import places
from unisono.engine.assumed import keys_of_new
from unisono.engine.hands import Pairing
from unisono.engine.ids import REFERENCE, reference_of
from unisono.model.record import Kind, Side, other
from unisono.plan.flows.papers import SAME
from unisono.plan.situation import Link, Seen, Subject, subject_of
from unisono.store import asking, seen
from unisono.store.intents import Making

_MANY = 1000
_SIDES: tuple[Side, ...] = ("a", "b")
LinksOf = Callable[[Kind, Side, Sequence[str]], dict[str, Link]]
"""The links of some records of a kind, by their key on one side."""
SEVERAL = "several-found"
"""Code of the question which of several rows is the outcome of an unclear create."""
Places = Mapping[tuple[str, str, str], str]
"""What a party would be taken for -> the record it is made from."""


def unclear_parties(made: Sequence[Making]) -> Places:
    """What the parties would be taken for whose create is unclear."""
    parties = [i for i in made if i.write.kind == "party"]
    return {place: i.key for i in parties for place in places(other(i.write.side), keys_of_new(i.write))}


def twin_unclear(unclear: Places, subject: Subject, mine: Seen | None) -> bool:
    """Whether a record may be the same as one whose create is unclear: until that is settled nobody knows whether it is there."""
    if mine is None or subject.kind != "party" or not unclear:
        return False
    return any(unclear.get(place, str(subject)) != str(subject) for place in places(subject.side, mine.keys))


class Held(Struct, frozen=True):
    """Which new records wait because they may be the outcome of an unclear create: all of a kind on a side; once a person is asked which it
    is, only those they are asked about. Else one open question would hold up everybody."""

    kinds: frozenset[tuple[Side, Kind]] = frozenset()
    keys: frozenset[tuple[Side, str]] = frozenset()

    def holds(self, subject: Subject) -> bool:
        """Whether a record waits."""
        return (subject.side, subject.kind) in self.kinds or (subject.side, subject.key) in self.keys


class Spoken(Struct, frozen=True):
    """Which new records may have been made out of others since the backup: see ``spoken.spoken_for``."""

    origins: Mapping[Subject, Subject] = {}
    """The record -> what it was made from."""
    unlooked: frozenset[tuple[Side, Kind]] = frozenset()
    """Sides and kinds on which a look failed: each of their records that nobody was linked with since the backup may be what was looked for."""

    def waits_for(self, subject: Subject, *, unsure: bool) -> str | None:
        """Whom a record waits for before anything is made of it; "" if it is not known whom."""
        if subject in self.origins:
            return str(self.origins[subject])
        return "" if unsure and (subject.side, subject.kind) in self.unlooked else None


NOBODY = Spoken()


def held_by_doubt(conn: Connection, pairing: Pairing, made: Sequence[Making]) -> Held:
    """What unclear creates hold up; nothing as a rule."""
    if not made:
        return Held()
    asked = {q.subject: q.options for q in asking.questions(conn, pairing.id) if q.code == SEVERAL}
    return Held(
        frozenset((i.write.side, i.write.kind) for i in made if i.id not in asked),
        frozenset((i.write.side, key) for i in made for key in asked.get(i.id, ())),
    )


def asked_again(conn: Connection, pairing: Pairing, subjects: Sequence[Subject]) -> dict[str, dict[str, str]]:
    """The records about which a pair that was unsure asked, on either side: whom each may be, and by which rule. They stay unsure and are
    asked about until a person has answered, or their next edit would be planned by the ordinary rules, the question withdrawn, and the
    customer or document made a second time."""
    parties = [s for s in subjects if s.kind == "party"]
    papers = [str(s) for s in subjects if s.side == "a" and s.kind in ("quote", "invoice")]
    found = asking.standing(conn, pairing.id, "same-customer", [str(s) for s in parties], [s.key for s in parties])
    found += asking.standing(conn, pairing.id, SAME, papers)
    out: dict[str, dict[str, str]] = {}
    for one in found:
        if "unsure" in one.values:
            here = subject_of(one.key)
            there = Subject(other(here.side), here.kind, one.subject)
            out.setdefault(str(here), {})[there.key] = out.setdefault(str(there), {})[here.key] = one.values.get("rule", SAME)
    return out


def own_references(
    conn: Connection,
    pairing: Pairing,
    subjects: Sequence[Subject],
    rows: Mapping[tuple[Side, Kind], dict[str, Seen]],
    linked: Mapping[tuple[Side, Kind], dict[str, Link]],
) -> dict[Side, tuple[Seen, ...]]:
    """Of records of which nobody knows what was made for them since the backup: our reference follows from the record it was made from, so
    it tells the two apart from all others, whatever was edited since. Writes it into the match keys of ``rows``; returns, by the side of the
    subjects, the records of the other side that something of theirs was made from.
    """
    out: dict[Side, tuple[Seen, ...]] = {}
    for side in _SIDES:
        free = [s.key for s in subjects if s.side == side and s.kind == "party" and s.key not in linked.get((side, "party"), {})]
        mine = {key: row for key in free if (row := rows[side, "party"].get(key)) is not None and not row.gone}
        made = {row.keys.reference for row in mine.values() if row.keys.reference.startswith(REFERENCE)}
        for key, row in mine.items():
            if not row.keys.reference:
                told = reference_of(pairing.id, str(Subject(side, "party", key)), "party")
                rows[side, "party"][key] = replace(row, keys=replace(row.keys, reference=told))
        out[side] = _made_from(conn, pairing, other(side), made) if made else ()
    for s in subjects:
        paper = rows["a", s.kind].get(s.key) if s.side == "a" and s.kind in ("quote", "invoice") else None
        if paper is not None and not paper.keys.reference:
            rows["a", s.kind][s.key] = replace(paper, keys=replace(paper.keys, reference=reference_of(pairing.id, str(s), s.kind)))
    return out


def _made_from(conn: Connection, pairing: Pairing, side: Side, references: set[str]) -> tuple[Seen, ...]:
    """The parties of a side from which records with these references were made, each with that reference among its match keys."""
    where, found, after = pairing.side(side).id, dict[str, str](), ""
    while keys := seen.keys_after(conn, where, "party", after, _MANY):
        after = keys[-1]
        told = {key: reference_of(pairing.id, str(Subject(side, "party", key)), "party") for key in keys}
        found |= {key: reference for key, reference in told.items() if reference in references}
    rows = seen.get_many(conn, where, "party", list(found))
    return tuple(replace(row, keys=replace(row.keys, reference=found[key])) for key, row in sorted(rows.items()) if not row.gone)


def moved_contacts(people: Mapping[Subject, tuple[str, str]], near: Mapping[tuple[Side, str], Link], links_of: LinksOf) -> set[Subject]:
    """Of linked contacts (each with its owner on either side) those of which one owner is another one's counterpart by now.

    ``near``: the links of the owners by side and key.
    """
    far = links_of("party", "b", sorted({b for _, b in people.values()})) if people else {}
    out = set()
    for contact, (a, b) in people.items():
        mine, theirs = near.get(("a", a)), far.get(b)
        if mine is not None and mine.state == "linked":
            if mine.b_key != b:
                out.add(contact)
        elif theirs is not None and theirs.state == "linked" and theirs.a_key != a:
            out.add(contact)
    return out
