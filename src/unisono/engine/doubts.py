"""What the picture of a batch leaves in doubt: creates whose outcome nobody knows, records made but never read, people who changed company."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from unisono.engine.apart import places
from unisono.engine.assumed import keys_of_new
from unisono.engine.hands import Pairing
from unisono.model.record import Kind, Side, other
from unisono.plan.situation import Candidate, Link, Seen, Subject
from unisono.store import intents, links, seen

LinksOf = Callable[[Kind, Side, Sequence[str]], dict[str, Link]]
"""The links of some records of a kind, by their key on one side."""
Places = Mapping[tuple[str, str, str], str]
"""What a party would be taken for -> the record it is made from."""


def unclear_parties(conn: Connection, pairing: Pairing) -> Places:
    """What the parties would be taken for whose create is unclear."""
    made = [i for i in intents.unsettled(conn, pairing.id) if i.write.operation == "create" and i.write.kind == "party"]
    return {place: i.key for i in made for place in places(other(i.write.side), keys_of_new(i.write))}


def twin_unclear(unclear: Places, subject: Subject, mine: Seen | None) -> bool:
    """Whether a record may be the same as one whose create is unclear: until that is settled nobody knows whether it is there."""
    if mine is None or subject.kind != "party" or not unclear:
        return False
    return any(unclear.get(place, str(subject)) != str(subject) for place in places(subject.side, mine.keys))


def not_read_back(conn: Connection, pairing: Pairing, side: Side, links_of: LinksOf) -> tuple[Candidate, ...]:
    """Candidates that were made but not read since (reading them back failed): as the records they were made from show them."""
    near = other(side)
    made = links_of("party", near, links.unseen(conn, pairing.id, "party", side, pairing.side(side).id))
    rows = seen.get_many(conn, pairing.side(near).id, "party", list(made)) if made else {}
    return tuple(
        Candidate(replace(row, record=replace(row.record, key=made[key].key(side))), linked=True) for key, row in sorted(rows.items())
    )


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
