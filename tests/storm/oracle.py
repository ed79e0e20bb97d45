"""The judge: from the vendors' truth and logs, and from what people did, to the invariants that were broken. Pure.

Nothing here reads the product's tables but where the invariant is about what it says to people: questions, problems, journal (I8, I9).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.storm import bills, causes, documents, edits, hostage, logs, told
from tests.storm.evidence import Evidence
from tests.storm.people import mark_of
from tests.storm.picture import Picture
from tests.storm.sides import Entry, Kind, Letter
from tests.storm.verdict import Broken


def judge(e: Evidence) -> list[Broken]:
    """Every invariant that did not hold."""
    return list(dict.fromkeys(_all(e, Picture(e))))


def _all(e: Evidence, p: Picture) -> Iterator[Broken]:
    yield from twins(p)
    typed = edits.typed(p)
    yield from edits.lost(p, typed)
    yield from edits.apart(p, typed)
    yield from causes.judge(p, typed)
    yield from hostage.judge(p, typed)
    yield from missing(p)
    yield from vanished(p)
    yield from documents.judge(p)
    yield from bills.judge(p)
    yield from told.judge(p)
    yield from logs.judge(e, p)
    yield from unsettled(e)
    yield from told_secrets(e)


def twins(p: Picture) -> Iterator[Broken]:
    """I1: what people made once is there once on each side."""
    for letter in p.letters:
        for kind in ("party", "contact", "product"):
            for mark, entries in p.marked(letter, kind).items():
                # Who took in another one may show the other's website from now on; whom nobody can recognise, or the vendor hid, may be made anew.
                allowed = max(1, p.made.get(mark, 0)) + p.mixed.get(mark, 0) + (mark in p.unrecognisable or mark in p.hidden)
                # Of whom a person says that it is another one, a second is made.
                allowed += p.parted(mark)
                # An older database knows neither of the link nor that somebody put one of the two in the archive since.
                allowed += p.e.restored and mark in p.taken
                # Nor can it find whom a vendor whose clock was put back does not list before their hour has come.
                allowed += p.e.restored and getattr(p.side(letter), "put_back", False)
                allowed += len({e.key for e in entries} & p.told_twice(letter))
                if _standing(p, letter, kind, entries) > allowed:
                    yield Broken("I1", f"{len(entries)} records of {mark} on {letter}", " ".join(e.key for e in entries))


def _standing(p: Picture, letter: Letter, kind: Kind, entries: Sequence[Entry]) -> int:
    """How many there are. Of a customer that stands there twice, which is judged by itself, each has its contacts."""
    if kind != "contact":
        return len(entries)
    most: dict[str, int] = {}
    for owner, count in Counter(entry.owner for entry in entries).items():
        who = p.records(letter, "party").get(owner)
        mark = (mark_of("party", who) if who is not None else "") or owner
        most[mark] = max(most.get(mark, 0), count)
    return sum(most.values())


def missing(p: Picture) -> Iterator[Broken]:
    """I3: what is to be on both sides is there, unless something is asked or told about it, or somebody took it away."""
    wanted_a, wanted_b = p.wanted("a"), p.wanted("b")
    for mark in sorted(wanted_a | wanted_b):
        here, there = (p.marked(letter, "party").get(mark, []) for letter in p.letters)
        if mark in p.taken or p.excused(mark):
            continue
        if mark in wanted_b and not there:
            yield Broken("I3", f"{mark} did not get to the invoicing system", " ".join(e.key for e in here))
        if mark in wanted_a and not here:
            yield Broken("I3", f"{mark} did not get to the CRM", " ".join(e.key for e in there))
    yield from _missing_products(p)
    if "contacts" in p.loose:
        return
    for mark, owner in sorted(p.wanted_contacts().items()):
        sides = [p.marked(letter, "contact").get(mark, []) for letter in p.letters]
        both = all(p.marked(letter, "party").get(owner) for letter in p.letters)
        if both and not all(sides) and not ({mark, owner} & p.taken) and not p.excused(mark) and not p.excused(owner):
            yield Broken("I3", f"contact {mark} is on one side only", " ".join(e.key for entries in sides for e in entries))


def _missing_products(p: Picture) -> Iterator[Broken]:
    if p.flow("products") != "both":
        return
    marks = {mark for letter in p.letters for mark in p.marked(letter, "product")}
    for mark in sorted(marks - p.taken):
        sides = [p.marked(letter, "product").get(mark, []) for letter in p.letters]
        if not all(sides) and not p.excused(mark):
            yield Broken("I3", f"product {mark} is on one side only", " ".join(e.key for entries in sides for e in entries))


def vanished(p: Picture) -> Iterator[Broken]:
    """I5: nobody but people deletes."""
    for did in p.e.did:
        if did.deed.what not in ("create", "deal", "estimate", "invoice", "bill") or did.deed.about in p.taken:
            continue
        letter = p.letter(did.deed.who)
        if not p.there(letter, did.key):
            yield Broken("I5", f"{did.deed.about} is not on {letter} any more, and nobody deleted it", did.key)


def unsettled(e: Evidence) -> Iterator[Broken]:
    """I8: everything that was begun ended, or a person is asked about it."""
    asked = {q.subject for q in e.questions if q.state == "open"}
    for row in e.journal:
        if row["state"] in ("open", "unclear") and row["id"] not in asked:
            yield Broken("I8", f"{row['operation']} of {row['kind']} never ended: {row['state']}", str(row["key"]))


def told_secrets(e: Evidence) -> Iterator[Broken]:
    """I13: no key stands in the database, or in an address that was asked for."""
    for secret in e.secrets:
        if secret.encode() in e.image:
            yield Broken("I13", "a key stands in the database in plain letters", "")
