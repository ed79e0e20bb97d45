"""States of documents told to the CRM: each new one once (I4), none that was not there, and nothing moved to a stage nobody named (I6), all of
them in the end (I3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tests.storm.clerks import STAGES
from tests.storm.documents import SAYS, mark_of_owner
from tests.storm.picture import Picture
from tests.storm.sides import Entry
from tests.storm.verdict import Broken

_ENTERS = {
    ("state", "d"): "quote/accepted",
    ("state", "e"): "quote/rejected",
    ("pay", ""): "invoice/paid",
    ("cancel", ""): "invoice/cancelled",
}
"""What somebody does in the invoicing system -> the state a document is in then."""
_IDS: Mapping[str, Mapping[str, str]] = {
    "deal": {"STORM_1": "Angenommen", "STORM_2": "Abgelehnt", "STORM_3": "Bezahlt", "STORM_4": "Storniert"},
    "quote": {"APPROVED": "Angenommen", "DECLAINED": "Abgelehnt", "STORM_3": "Bezahlt", "STORM_4": "Storniert"},
    "invoice": {"DT31_3:P": "Bezahlt", "DT31_3:X": "Storniert"},
}
"""How the key of a paper begins -> the portal's own id of a stage -> its name."""
_WORDS = {"quote/accepted": "angenommen", "quote/rejected": "abgelehnt", "invoice/paid": "bezahlt", "invoice/cancelled": "storniert"}
_ENDS = {"accepted": "quote/accepted", "d": "quote/accepted", "rejected": "quote/rejected", "e": "quote/rejected"}
"""How a quote stands in the end -> its state. Whether an invoice is paid stands in another column, and not every vendor has it."""


def judge(p: Picture) -> Iterator[Broken]:
    """Everything about states."""
    moves = _moves(p)
    for (key, stage), _ in sorted(moves.items()):
        if stage not in STAGES.values() or not _named(p):
            yield Broken("I6", f"moved to {stage or 'a stage'} that no policy names", key)
    # Who put an older database back, or is shown old copies, takes what was told long ago for news.
    if not p.e.restored and not p.old_copies("b"):
        yield from _once(p, moves)
    if _named(p):
        yield from _all_told(p, moves)
    if any(policy.get("status", {}).get("triggers") for policy in p.policies):
        yield from _all_set_off(p)


def _named(p: Picture) -> bool:
    return any(policy.get("status", {}).get("stages") for policy in p.policies)


def _moves(p: Picture) -> Counter[tuple[str, str]]:
    """Paper and stage, and how often we moved it there. A robot that we set off is the firm's own."""
    calls = (c for c in p.side("a").log if c.done and c.operation == "change" and c.kind in ("quote", "invoice"))
    robots = {key for key, _ in _fired(p)}
    return Counter(
        (w.key, _IDS.get(w.key.partition(":")[0], {}).get(w.value, w.value))
        for c in calls
        for w in c.wrote
        if w.field == "stage" and w.key not in robots
    )


def _fired(p: Picture) -> list[tuple[str, str]]:
    fired: Any = getattr(p.side("a"), "fired", None)
    return list(fired()) if fired is not None else []


def _entered(p: Picture) -> Counter[tuple[str, str]]:
    """Mark and state, and how often somebody brought the document there."""
    out: Counter[tuple[str, str]] = Counter()
    for did in p.e.did:
        if did.deed.who == "b":
            state = _ENTERS.get((did.deed.what, did.deed.values.get("state", did.deed.values.get("amount", ""))))
            out[did.deed.about, state or ""] += state is not None
    return +out


def _once(p: Picture, moves: Counter[tuple[str, str]]) -> Iterator[Broken]:
    entered = _entered(p)
    totals: Counter[str] = Counter()
    for (_, state), number in entered.items():
        totals[STAGES[state]] += number
    moved: Counter[str] = Counter()
    for (_, stage), number in moves.items():
        moved[stage] += number
    for stage, number in moved.items():
        if stage in STAGES.values() and number > totals[stage]:
            yield Broken("I4", f"moved to {stage} {number} times, and {totals[stage]} documents came there", "")
    again = sum(1 for d in p.answered if d.deed.values.get("said") == "set-off-again")
    for (key, code), number in Counter(_fired(p)).items():
        mark = next((m for m, deals in p.marked("a", "quote").items() if any(d.key == key for d in deals)), "")
        if number > entered[mark, "quote/accepted"] + again:
            yield Broken("I4", f"{code} was set off {number} times for {mark}", key)
    said = Counter(note.get("title").rpartition(": ")[2] for note in p.records("a", "note").values() if SAYS in note.get("title"))
    for state, word in _WORDS.items():
        most = sum(number for (_, one), number in entered.items() if one == state)
        if said[word] > most:
            yield Broken("I4", f"{said[word]} notes say {word}, and {most} documents came there", "")


def _all_told(p: Picture, moves: Counter[tuple[str, str]]) -> Iterator[Broken]:
    entered = _entered(p)
    for kind, first in (("quote", "q"), ("invoice", "r")):
        for mark, documents in p.marked("b", kind).items():  # type: ignore[arg-type]
            papers = p.marked("a", kind).get(mark, [])  # type: ignore[arg-type]
            state = _ends(documents[0])
            if not mark.startswith(first) or len(documents) != 1 or len(papers) != 1 or not entered[mark, state]:
                continue
            if mark in p.taken or p.excused_key(documents[0].key) or p.excused_key(papers[0].key) or _by_hand(p, mark):
                continue
            if p.excused(mark_of_owner(p, "a", papers[0])):
                # Something is asked about its customer, and it waits for the answer.
                continue
            if not _is_told(p, documents[0], papers[0], state, moves):
                yield Broken("I3", f"{mark} is {state}, and nobody in the CRM was told", papers[0].key)


def _all_set_off(p: Picture) -> Iterator[Broken]:
    entered, fired = _entered(p), {key for key, _ in _fired(p)}
    for mark, documents in p.marked("b", "quote").items():
        deals = [deal for deal in p.marked("a", "quote").get(mark, []) if deal.key.startswith("deal:")]
        if len(documents) != 1 or len(deals) != 1 or not entered[mark, "quote/accepted"] or _ends(documents[0]) != "quote/accepted":
            continue
        excused = mark in p.taken or p.excused_key(documents[0].key) or p.excused_key(deals[0].key)
        if deals[0].key not in fired and not excused:
            yield Broken("I3", f"{mark} is accepted, and nothing was set off", deals[0].key)


def _ends(document: Entry) -> str:
    if document.get("paid") == "yes":
        return "invoice/paid"
    return _ENDS.get(document.get("state"), "")


def _by_hand(p: Picture, mark: str) -> bool:
    """Whether somebody moved the paper in the CRM."""
    return any(d.deed.about == mark and d.deed.what in ("edit-deal", "edit-bill") and "state" in d.deed.values for d in p.e.did)


def _is_told(p: Picture, document: Entry, paper: Entry, state: str, moves: Counter[tuple[str, str]]) -> bool:
    if moves[paper.key, STAGES[state]]:
        return True
    notes = (note.get("title") for note in p.records("a", "note").values())
    return any(SAYS in title and document.get("number") in title.split() and title.endswith(_WORDS[state]) for title in notes)
