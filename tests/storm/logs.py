"""What the vendors' logs say: every write is in the journal and the reverse (I9), nothing finished was touched (I6), nobody was pestered
(I15, see ``pace``), nothing was planned under one policy and done under another (I17)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.storm import pace
from tests.storm.evidence import Evidence
from tests.storm.people import mark_of
from tests.storm.picture import Picture, rows_key, same
from tests.storm.sides import Call, Letter
from tests.storm.verdict import Broken


def judge(e: Evidence, p: Picture) -> Iterator[Broken]:
    """Everything about the logs."""
    for letter in p.letters:
        calls = list(p.side(letter).log)
        yield from _untouched(letter, calls, e, p)
        yield from pace.judge(letter, calls, p.side(letter).hold(), e)
        if not e.restored:
            yield from _explained(letter, calls, e, p)
    if not e.skewed:
        yield from _policy(e)


def _untouched(letter: Letter, calls: list[Call], e: Evidence, p: Picture) -> Iterator[Broken]:
    anew = sum(1 for d in p.answered if d.deed.values.get("said") == "make-anew")
    for call in calls:
        if not call.done:
            continue
        if letter == "b" and call.kind == "invoice" and not (call.operation == "create" and p.flow("invoices") == "to-invoicing"):
            yield Broken("I6", f"an invoice was written: {call.operation}", call.key)
        if letter == "b" and call.kind == "quote" and call.operation not in ("create", "delete"):
            yield Broken("I6", f"a quote was written: {call.operation}", call.key)
        if call.operation == "delete" and call.kind == "quote":
            anew -= 1
            if anew < 0:
                yield Broken("I6", "a quote was deleted and nobody said so", call.key)
        elif call.operation == "delete" and "deletion" not in p.loose:
            yield Broken("I5", f"a {call.kind} was deleted and no policy says so", call.key)


def _explained(letter: Letter, calls: list[Call], e: Evidence, p: Picture) -> Iterator[Broken]:
    mine = [row for row in e.journal if row["side"] == letter]
    made = Counter(rows_key(c.key) for c in calls if c.done and c.operation == "create" and c.kind != "file")
    said = Counter(
        rows_key(str(row["target"])) for row in mine if row["operation"] == "create" and row["kind"] != "file" and row["state"] == "done"
    )
    open_ = sum(1 for row in mine if row["operation"] == "create" and row["state"] in ("open", "unclear"))
    # Who works on a record that we made and do not know of yet makes it another one than we sent: nobody can tell it is ours.
    # And who makes by hand exactly what we were about to make has made it for us.
    touched = {rows_key(d.key) for d in e.did} | {rows_key(k.key) for k in e.hidden}
    # Whom a person said not to be what we made is known of, whoever made it.
    parted = {rows_key(k) for q in e.questions if q.code == "several-found" and q.state == "answered" for k in q.options if k != q.answer}
    told_twice = p.told_twice(letter)
    for key in made - said:
        # Whose second making is told to a person is known of.
        if key in told_twice or key in parted:
            continue
        # A call that a process slept over, and lost, may have made what another one found made by hand by then: somebody is asked about the two.
        if e.stalled and p.excused_key(key):
            continue
        # Nor can anybody whose customer was deleted with it before it was looked for.
        if key in touched or (p.taken and not p.there(letter, key)):
            continue
        note = p.records(letter, "note").get(key)
        if p.taken and note is not None and not note.about:
            # A note outlives the customer it was about, and is in nobody's list.
            continue
        if note is not None and {mark_of("party", c) for k in note.about if (c := p.records(letter, "party").get(k))} & set(p.mixed):
            # Or it went with them to whoever took them in, in whose list nobody looks for it.
            continue
        if open_:
            open_ -= 1
        else:
            yield Broken("I9", "made, and the journal does not know of it", f"{letter} {key}")
    for key in said - made:
        if key in touched:
            continue
        yield Broken("I9", "the journal says it was made, the vendor does not know of it", f"{letter} {key}")
    told = {rows_key(str(row["target"])) for row in mine if row["operation"] == "change"}
    asked = {rows_key(c.key) for c in calls if c.operation == "change"}
    for call in calls:
        if call.done and call.operation == "change" and rows_key(call.key) not in told and call.kind != "file":
            yield Broken("I9", f"a {call.kind} was changed, and the journal does not know of it", f"{letter} {call.key}")
    for row in mine:
        if row["operation"] == "change" and row["state"] == "done" and rows_key(str(row["target"])) not in asked:
            if _typed(row, letter, e):
                continue
            yield Broken("I9", "the journal says it was changed, the vendor was never asked to", f"{letter} {row['target']}")
    files = sum(1 for c in calls if c.done and c.kind == "file")
    filed = [row["state"] for row in mine if row["kind"] == "file"]
    if not filed.count("done") <= files <= sum(1 for s in filed if s in ("done", "open", "unclear")):
        yield Broken("I9", f"{files} files were put, the journal says {dict(Counter(filed))}", letter)


def _typed(row: Mapping[str, Any], letter: Letter, e: Evidence) -> bool:
    """Whether a person typed by hand what we were about to write there, or moved the paper to where it was to be moved."""
    target = rows_key(str(row["target"]))
    if row["kind"] in ("quote", "invoice"):
        moves = (d for d in e.did if d.deed.what in ("edit-deal", "edit-bill") and d.deed.who == letter and "state" in d.deed.values)
        return any(rows_key(d.key) == target for d in moves)
    values = (row["after"] or {}).items()
    there = [d.after for d in e.did if d.deed.what == "edit" and d.deed.who == letter and rows_key(d.key) == target]
    return any(values and after is not None and all(same(n, after.get(n), str(v)) for n, v in values) for after in there)


def _policy(e: Evidence) -> Iterator[Broken]:
    # What has begun under a policy is carried to its end under it.
    begun: dict[tuple[object, object], datetime] = {}
    for row in e.journal:
        which, at = (row["key"], row["policy_version"]), datetime.fromisoformat(str(row["at"]))
        begun[which] = min(at, begun.get(which, at))
    for row in e.journal:
        at, version = datetime.fromisoformat(str(row["at"])), int(row["policy_version"])
        # Stamps have milliseconds: what is of the same one is not judged. A restored backup brings an older policy back.
        late = timedelta(milliseconds=1)
        rule = next((r for r in reversed(e.rules) if at - r.at > late), None)
        if rule is not None and rule.version > version and begun[row["key"], row["policy_version"]] - rule.at > late:
            yield Broken("I17", f"written under policy {version} when {rule.version} was in force", str(row["key"]))
