"""I2 and I3 for the fields of customers and contacts: what people typed is on both sides, was replaced by somebody who saw it, or is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.storm.picture import FIELDS, Picture, rows_key, same
from tests.storm.sides import Call, Letter
from tests.storm.verdict import Broken

NEXT = 1
"""A change goes out in a wave of no more calls than may be under way, which is one here: the write is the very next call after the look it
rests on, the look after it the very next again. Nothing but the note of the intent lies between. Where a call carries several records, each
counts as one: so many times more."""
CATALOGUE = 3
"""A look at a product is up to three calls: the catalogue and its rates of VAT, the row, its prices."""
WAVE = 32
"""New records go out sixteen at a time, and are looked at after that: so many calls at the most from a create to its look."""
OLD = ("stale", "trailing")
"""What a log calls a look that showed an old copy."""
SHOWING = ("", "27", "delay")
"""What a log calls a look that showed the record, late or not."""
LOST = 80
"""Where an answer got lost, a process ended, or two of them met, the write is looked for in a later turn, after that turn's lists."""


@dataclass(frozen=True, slots=True)
class Typed:
    """One value that a person typed: where, when (in the order of calls), what stood there before."""

    order: int
    seq: int
    letter: Letter
    key: str
    mark: str
    field: str
    value: str
    before: str


def typed(p: Picture) -> list[Typed]:
    """Everything that was typed into customers and contacts, in order."""
    out = []
    for order, did in enumerate(p.e.did):
        if did.deed.who == "us" or did.deed.what not in ("create", "edit") or did.after is None:
            continue
        for name in did.deed.values:
            if name in FIELDS:
                before = did.before.get(name) if did.before is not None and did.deed.what == "edit" else ""
                letter = p.letter(did.deed.who)
                out.append(Typed(order, did.seq, letter, did.key, did.deed.about, name, did.after.get(name), before))
    return out


def lost(p: Picture, typed: list[Typed]) -> Iterator[Broken]:
    """I2: no value that was typed is gone without a trace."""
    by_place: dict[tuple[str, str], list[Typed]] = {}
    for one in typed:
        by_place.setdefault((one.mark, one.field), []).append(one)
    for (mark, field), values in sorted(by_place.items()):
        for one in values:
            if not (_kept(p, one, values) or in_window(p, one) or _met_unseen(p, one, values)):
                yield Broken("I2", f"{one.value!r} typed for {mark} {field} on {one.letter} is lost", _ends(p, mark, field))


def _met_unseen(p: Picture, one: Typed, values: list[Typed]) -> bool:
    """Whether what was typed met an edit on the other side, as it was carried there, in a moment in which nobody can see that one: it looks
    like what the vendor made of it, and whoever types there next types over both."""
    return any(v.letter != one.letter and v.order > one.order and in_window(p, v) for v in values)


def _kept(p: Picture, one: Typed, values: list[Typed]) -> bool:
    here = next((e for e in p.entries(one.mark)[one.letter] if e.key == one.key), None)
    if here is None or one.mark in p.merged or same(one.field, one.before, one.value):
        return True
    if not one.value and (p.e.restored or p.made.get(one.mark, 0) > 1):
        # When two records are first linked, or linked anew, what is empty on one side is filled.
        return True
    far: Letter = "b" if one.letter == "a" else "a"
    if same(one.field, here.get(one.field), one.value):
        # It is where it was typed; whether the other side has it, too, is a matter of being apart.
        return True
    if any(
        same(one.field, v.before, one.value) and not _carried_between(p, v, one)
        for v in values
        if v.letter == one.letter and v.order < one.order
    ):
        # Taken back before the product had carried anything here: whoever looks sees no edit.
        return True
    wrote = [w for c in p.side(one.letter).log if c.seq <= one.seq for w in c.wrote if (w.key, w.field) == (one.key, one.field)]
    if p.e.broken_off and any(same(one.field, w.before, one.value) for w in wrote):
        # Taken back to what stood there before a write of which a process that ended has told nobody: that is what counts as agreed still.
        return True
    # Of a customer made by hand on both sides, what both began with was seen by whoever replaced it first.
    # And what somebody had typed on the other side before looks as if it had been carried here.
    first = min(
        (v.order for v in values if v.letter == far and v.order < one.order and same(one.field, v.value, one.value)), default=one.order
    )
    later = [v for v in values if v.order > first or p.made.get(one.mark, 0) > 1]
    if any(_alike(p, one.field, v.before, one.value) for v in later):
        return True
    if _told(p, one):
        return True
    rivals = [v for v in values if v.letter == far and not _alike(p, one.field, v.before, one.value)]
    return bool(rivals) and "wins" in p.loose


def _alike(p: Picture, field: str, shown: str, typed: str) -> bool:
    """Whether what somebody saw is what was typed, as a vendor that re-cases or trims shows it."""
    return same(field, p.kept("b", field, p.kept("a", field, shown)), p.kept("b", field, p.kept("a", field, typed)))


def _carried_between(p: Picture, first: Typed, last: Typed) -> bool:
    """Whether the product changed the field on either side between two edits: then both sides were in step with something else meanwhile."""
    far: Letter = "b" if last.letter == "a" else "a"
    keys = {last.key} | ({e.key for e in p.entries(last.mark)[far]} if not p.e.restored else set())
    for letter in p.letters:
        calls = (c for c in p.side(letter).log if c.wrote and first.seq < c.seq <= last.seq)
        if any(w.key in keys and w.field == last.field for c in calls for w in c.wrote):
            return True
    return False


def _told(p: Picture, one: Typed) -> bool:
    """Whether a question, open or not, or a problem shows the value to a person; also one that was answered before an older database was put
    back, which knows nothing of it."""
    answered = [(str(d.deed.values["code"]), d.deed.values) for d in p.e.did if d.deed.what == "answer" and "code" in d.deed.values]
    for code, values in [*((q.code, q.values) for q in p.e.questions), *answered]:
        shown = (values.get("crm", ""), values.get("invoicing", ""))
        if code == "conflict" and values.get("field") == one.field and any(same(one.field, v, one.value) for v in shown):
            return True
    return any(pr.field == one.field and one.value[:40] in str(pr.values) and one.value for pr in p.e.problems)


def in_window(p: Picture, one: Typed) -> bool:
    """The honest limit: an edit between the look right before a write and the write itself cannot be seen; nor can one between a write and
    the look after it be told from what the vendor made of the write."""
    # A vendor that shows an old copy shows nothing.
    calls = [c for c in p.side(one.letter).log if rows_key(c.key) == rows_key(one.key) and not (c.operation == "read" and c.fault in OLD)]
    broken_off = p.e.broken_off
    old = {c.seq for c in p.side(one.letter).log if c.operation == "read" and c.fault in OLD}
    look = CATALOGUE if any(c.kind == "product" for c in calls) else NEXT * getattr(p.side(one.letter), "abreast", 1)
    for n, write in enumerate(calls):
        if write.operation != "change" or not (write.done or write.fault):
            continue
        reads = [c for c in calls[:n] if c.operation == "read"]
        # A look that shows an old copy, right before or after, shows nothing of the edit: the one before that counts, or the one after.
        unseen = write.fault or broken_off or {write.seq - 1, write.seq + 1} & old
        far = LOST if unseen else look
        # The name of a product is in the first call of the look.
        read = next((c for c in reads if look == CATALOGUE and write.seq <= c.seq + far), reads[-1] if reads else None)
        if read is not None and read.seq <= one.seq < write.seq <= read.seq + far:
            return True
        after = next((c for c in calls[n + 1 :] if c.operation == "read" and _shows(c)), None)
        if after is not None and any(write.seq < c.seq < after.seq and c.operation == "read" for c in calls):
            # A look that failed shows nothing: the next one counts.
            far = LOST
        if after is not None and look == CATALOGUE:
            # The price is in the last call of the look.
            after = next((c for c in calls if c.operation == "read" and c.seq == after.seq + 1), after)
        if after is not None and write.seq <= one.seq < after.seq <= write.seq + far:
            return True
    for n, write in enumerate(calls):
        # A look that failed shows nothing, and with a new record nothing is known from before it. Nor does one that a process had before it
        # ended without writing it down: then the next one counts.
        looks = [c.seq for c in calls[n + 1 :] if c.operation == "read" and _shows(c)]
        if look == CATALOGUE and not p.e.broken_off:
            # The price is in the last call of the first look.
            looks = [seq for seq in looks[1:] if seq == looks[0] + 1] or looks
        far = LOST if write.fault or broken_off else WAVE
        if write.operation == "create" and any(
            write.seq <= one.seq < after <= write.seq + far for after in (looks if p.e.broken_off else looks[:1])
        ):
            return True
    return False


def _shows(look: Call) -> bool:
    """Whether a look was answered with what stands there."""
    return look.fault in SHOWING and look.status in (0, 200)


def apart(p: Picture, typed: list[Typed]) -> Iterator[Broken]:
    """I3: both sides agree on every field both can hold, unless something about it stands open."""
    hidden: set[tuple[str, str]] | None = None
    marks = set(p.marked("a", "party")) & set(p.marked("b", "party"))
    contacts = set(p.marked("a", "contact")) & set(p.marked("b", "contact")) if "contacts" not in p.loose else set()
    products = set(p.marked("a", "product")) & set(p.marked("b", "product")) if p.flow("products") == "both" else set()
    for mark in sorted(marks | {c for c in contacts if c.startswith("k")} | products):
        a, b = (p.entries(mark)[letter] for letter in p.letters)
        if len(a) != 1 or len(b) != 1 or mark in p.taken or p.made.get(mark, 0) > 1:
            continue
        for name in FIELDS:
            if name not in a[0].values or name not in b[0].values or name in p.loose or a[0].get(name) == b[0].get(name):
                continue
            one, other = a[0].get(name), b[0].get(name)
            one, other = p.kept("b", name, p.kept("a", name, one)), p.kept("b", name, p.kept("a", name, other))
            if not same(name, one, other) and not p.excused(mark, name):
                # Somebody edited it in a moment in which nobody can see it.
                hidden = hidden if hidden is not None else {(t.mark, t.field) for t in typed if in_window(p, t)}
                if (mark, name) in hidden:
                    continue
                yield Broken("I3", f"{mark} {name}: {one!r} and {other!r}", f"{a[0].key} {b[0].key}")


def _ends(p: Picture, mark: str, field: str) -> str:
    return " ".join(f"{letter}={e.get(field)!r}" for letter, entries in p.entries(mark).items() for e in entries)
