"""Quotes, invoices and the notes that file them: once each (I1), exact (I7), untouched (I6), at the right customer (I18), all of them (I3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from tests.storm.people import mark_of
from tests.storm.picture import Picture
from tests.storm.sides import Entry
from tests.storm.verdict import Broken

SAYS = " ist jetzt: "
"""What stands in a note that tells a document's new state, between the document and the state."""


def judge(p: Picture) -> Iterator[Broken]:
    """Everything about documents."""
    yield from _quotes(p)
    yield from _sums(p)
    yield from _notes(p)


def mark_of_owner(p: Picture, letter: str, entry: Entry) -> str:
    """The mark of the customer a document belongs to; empty if nobody knows them."""
    owner = p.records(p.letter(letter), "party").get(entry.owner)
    return mark_of("party", owner) if owner is not None else ""


def _quotes(p: Picture) -> Iterator[Broken]:
    quotes = p.marked("b", "quote")
    values: dict[str, set[Decimal]] = {}
    lost = set()
    for did in p.e.did:
        if did.deed.what in ("deal", "edit-deal") and did.after is not None:
            values.setdefault(did.deed.about, set()).add(Decimal(did.after.get("value")))
            if did.after.get("state") in ("lost", "rejected"):
                lost.add(did.deed.about)
    for mark, made in quotes.items():
        if not mark.startswith("q"):
            continue
        # Of a customer that nobody can recognise after an older database was put back, and who is made anew, the quote is, too.
        owners = {mark_of_owner(p, "b", quote) for quote in made}
        # Of whom the books have two records, the one that is linked after an older database was put back may not be the one it was made for.
        twice = p.e.restored and len({quote.owner for quote in made}) == len(made) <= max(
            len(p.marked("b", "party").get(o, [])) for o in owners
        )
        if len(made) > 1 + bool(owners & p.unrecognisable) and not twice:
            yield Broken("I1", f"{len(made)} quotes from one deal {mark}", " ".join(q.key for q in made))
        for quote in made:
            amounts = {Decimal(quote.get("net")), Decimal(quote.get("gross"))}
            if not amounts & values.get(mark, set()):
                yield Broken("I7", f"{mark}: {quote.get('net')} net, {quote.get('gross')} gross is none of {values.get(mark)}", quote.key)
            deal = next(iter(p.marked("a", "quote").get(mark, ())), None)
            if deal is None or mark in p.taken:
                continue
            mine, theirs = mark_of_owner(p, "a", deal), mark_of_owner(p, "b", quote)
            if mine and theirs and mine != theirs and not ({mine, theirs} & p.taken):
                yield Broken("I18", f"{mark} is {mine}'s deal and {theirs}'s quote", quote.key)
    for mark, deals in p.marked("a", "quote").items():
        owner = mark_of_owner(p, "a", deals[0])
        there = bool(p.marked("b", "party").get(owner))
        settled = mark in quotes or mark in lost or {mark, owner} & p.taken or p.excused_key(deals[0].key) or p.excused(owner)
        # Where deals make nobody a customer, one of two records made by hand may be none.
        settled = settled or "quotes" in p.loose or ("deals" in p.loose and p.made.get(owner, 0) > 1)
        if owner and there and not settled:
            yield Broken("I3", f"deal {mark} has no quote", deals[0].key)


def _sums(p: Picture) -> Iterator[Broken]:
    for kind in ("quote", "invoice"):
        for entry in p.records("b", kind).values():
            if Decimal(entry.get("net")) + Decimal(entry.get("vat")) != Decimal(entry.get("gross")):
                yield Broken("I7", f"{entry.get('net')} and {entry.get('vat')} are not {entry.get('gross')}", entry.key)


def _notes(p: Picture) -> Iterator[Broken]:
    notes = p.records("a", "note")
    by_number: dict[str, list[Entry]] = {}
    for note in notes.values():
        if SAYS in note.get("title"):
            # What says a document's new state is no filing of it.
            continue
        for word in set(re.split(r"[^\w-]+", note.get("title"))):
            by_number.setdefault(word, []).append(note)
        files = [f for f in note.get("files").split("|") if f]
        if len(files) != len(set(files)):
            yield Broken("I1", f"a file twice on one note: {files}", note.key)
    for kind in ("quote", "invoice"):
        for entry in p.records("b", kind).values():
            yield from _filed(p, kind, entry, by_number.get(entry.get("number"), []) if entry.get("number") else [])


def _card_is_gone(p: Picture, note: Entry) -> bool:
    """Whether a note hangs on its customer alone by now: the deal, quote or invoice it stood on was deleted, and nothing is put there any more."""
    card, _, number = note.key.partition("@")[2].partition("/")
    word = {"dynamic_31": "invoice"}.get(card, card)
    return word in ("deal", "quote", "invoice") and not p.there("a", f"{word}:{number}")


def _came_before_its_number(p: Picture, entry: Entry, note: Entry) -> bool:
    """Whether a document's file stands under its title: a vendor whose clock was put back shows a number hours later than the document."""
    return p.e.skewed and f"{entry.get('title')}.pdf" in note.get("beside").split("|")


def _excused(p: Picture, owner: str, entry: Entry) -> bool:
    return "documents" in p.loose or p.excused_key(entry.key) or p.excused(owner)


def _filed(p: Picture, kind: str, entry: Entry, notes: list[Entry]) -> Iterator[Broken]:
    owner = mark_of_owner(p, "b", entry)
    # Of whom the CRM has two records, the one that is linked after an older database was put back may not be the one it was filed at before.
    cards = len(p.marked("a", "party").get(owner, [])) if p.e.restored else 1
    # A note on the card of a customer who was deleted shows nowhere; an older database does not know of it, and they are made anew.
    shown = [n for n in notes if not p.e.restored or any(p.there("a", key) for key in n.about)]
    if len(shown) > max(1, cards) or len(shown) > len({n.about for n in shown}):
        yield Broken("I1", f"{len(shown)} notes about {entry.get('number')}", " ".join(n.key for n in shown))
    out = entry.get("state") not in ("a", "draft")
    customers = p.marked("a", "party").get(owner, [])
    if notes:
        about = {mark_of("party", c) for key in notes[0].about if (c := p.records("a", "party").get(key)) is not None}
        if about and owner not in about and not ({owner, *about} & p.taken):
            yield Broken("I18", f"{entry.get('number')} of {owner} is filed at {', '.join(sorted(about))}", notes[0].key)
        # Whose customer is gone by now gets nothing more, not even the rest of what was begun.
        has_file = notes[0].get("files") or entry.get("rendered") == "no" or _came_before_its_number(p, entry, notes[0])
        gone = not has_file and _card_is_gone(p, notes[0])
        # An older database does not know whose it is: what was begun is finished once a person has said so.
        asked = p.e.restored and p.excused(owner)
        if not (has_file or gone or asked or p.excused_key(entry.key)) and owner and owner not in p.taken:
            yield Broken("I3", f"the note about {entry.get('number')} has no file", notes[0].key)
        text = re.sub(r"[^\d]", "", notes[0].get("text"))
        gross = re.sub(r"[^\d]", "", f"{abs(Decimal(entry.get('gross'))):.2f}")
        if gross not in text and owner not in p.taken and not p.excused_key(entry.key):
            yield Broken("I3", f"the note about {entry.get('number')} does not say {entry.get('gross')}", notes[0].key)
    elif (
        "documents" not in p.loose
        and out
        and owner
        and customers
        and owner not in p.taken
        and not p.excused_key(entry.key)
        and not p.excused(owner)
    ):
        yield Broken("I3", f"{kind} {entry.get('number')} of {owner} is not filed", entry.key)
