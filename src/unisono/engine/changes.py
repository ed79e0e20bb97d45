"""What changed since a pair last looked, turned into work; and the brake that looks at it first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from unisono.engine.hands import Hands, Pairing
from unisono.engine.marks import mark_for
from unisono.engine.pull import Pulled
from unisono.engine.settle import report_fault
from unisono.model.errors import BadAnswer
from unisono.model.record import Side
from unisono.plan.brakes import WINDOW, Vanishing, must_stop
from unisono.plan.planner import RANKS
from unisono.store import asking, links, pairs, seen, work
from unisono.store.pairs import PairRow
from unisono.store.stamps import instant
from unisono.store.work import Mark

PAGE = 1000
"""Changes turned into work in one transaction."""


def take_changes(pairing: Pairing, hands: Hands) -> int:
    """Turns what changed since the pair's positions into work, and moves the positions, in one transaction a page."""
    total = 0
    while True:
        with hands.store.write() as conn:
            row = pairs.get_pair(conn, pairing.id)
            moved, more = 0, False
            sides: tuple[tuple[Side, int], ...] = (("a", row.position_a), ("b", row.position_b))
            for side, position in sides:
                changes = seen.changed_since(conn, pairing.side(side).id, position, PAGE)
                if not changes:
                    continue
                work.mark(conn, pairing.lane, _marks(conn, pairing, side, changes), hands.clock.now(), run=pairing.run)
                pairs.update_pair(conn, pairing.id, **{f"position_{side}": changes[-1][0]})
                moved += len(changes)
                more = more or len(changes) == PAGE
        total += moved
        if moved:
            hands.step("changes-taken")
        if not more:
            return total


def _marks(conn: Connection, pairing: Pairing, side: Side, changes: Sequence[tuple[int, str, str, str]]) -> list[Mark]:
    """The changed records, and those whose decision rests on them: the owner of a quote or tag, the people of a tagged company."""
    marks: list[Mark] = []
    tagged: list[str] = []
    for _, kind, key, owner in changes:
        if kind in RANKS:
            marks.append(mark_for(side, kind, key))
        if kind in ("quote", "invoice", "contact") and owner:
            # Also of a contact: its tag, which makes its company a customer, may have been listed before it was itself.
            marks.append(mark_for(side, "party", owner))
        if kind == "tag" and owner:
            tagged.append(owner)
    if tagged:
        where = pairing.side(side).id
        companies = seen.owners_of(conn, where, "contact", tagged)
        for key in {*tagged, *companies.values()} - {""}:
            marks.append(mark_for(side, "party", key))
        for key in companies:
            marks.append(mark_for(side, "contact", key))
        people = seen.of_owners(conn, where, ("contact",), tagged)
        marks += [mark_for(side, "contact", r.record.key) for rows in people.values() for r in rows]
    return marks


def now_sure(pairing: Pairing, hands: Hands) -> None:
    """A restored or doubtful pair has read both sides whole and worked off what it could: it need not look before each create any more.

    What failed, waits or is asked about has not been worked off: it stays unsure by itself, however long that takes.
    """
    with hands.store.write() as conn:
        if pairs.get_pair(conn, pairing.id).state == "released":
            pairs.update_pair(conn, pairing.id, unsure=0)
            work.leave_unsure(conn, pairing.lane)


def brake(pairing: Pairing, hands: Hands) -> bool:
    """Stops the pair if too many linked records vanished within a day; a person looks before any more links end."""
    now = hands.clock.now()
    with hands.store.read() as conn:
        row = pairs.get_pair(conn, pairing.id)
        gone = vanishing(conn, row, now)
    if row.state != "released" and row.state != "reading":
        return row.state == "stopped"
    if not must_stop(gone, pairing.policy.customers.deletion):
        return False
    with hands.store.write() as conn:
        told = {"code": "many-vanished", "values": {"count": str(gone.lately), "linked": str(gone.linked)}}
        pairs.update_pair(conn, pairing.id, state="stopped", told=told)
        pairs.note(conn, pairing.id, "pair", pairing.id, "braked", told["values"], "", now)  # type: ignore[arg-type]
    return True


def vanishing(conn: Connection, row: PairRow, now: datetime) -> Vanishing:
    """What vanished of a pair's linked records lately, and what a person has allowed of it (as long as that counts)."""
    linked, lost = links.vanished(conn, row.id, row.a, row.b)
    ended = links.ended_since(conn, row.id, row.a, row.b, now - WINDOW)
    said = str(row.told.get("at", ""))
    holds = not said or instant(said) >= now - WINDOW
    return Vanishing(linked + ended, lost + ended, lost, int(row.told.get("allowed", 0)) if holds else 0)


def unreadable(pairing: Pairing, hands: Hands) -> bool:
    """Whether a row of either side stands as one that could not be understood. A person who dismisses that problem says it does not matter."""
    with hands.store.read() as conn:
        return any(asking.lists_with_unread_rows(conn, pairing.id, side) for side in ("a", "b"))


def tell_unreadable(pairing: Pairing, side: Side, pulled: Pulled, hands: Hands) -> None:
    """Rows that could not be understood: a problem each, until they can be or are gone; everything else goes on."""
    unread = {(resource, key) for resource, key, _ in pulled.unreadable}
    with hands.store.read() as conn:
        told = asking.rows_told(conn, pairing.id, side)
    mended = [row for row in told if row not in unread and (row in pulled.listed or row[0] in pulled.whole)]
    if not (pulled.unreadable or mended):
        return
    with hands.store.write() as conn:
        for resource, key, fault in pulled.unreadable:
            if isinstance(fault, BadAnswer):
                report_fault(conn, f"{side}:row:{resource}/{key}", "row", f"{resource} {key}", fault, pairing, hands)
        for resource, key in mended:
            asking.resolve_others(conn, pairing.id, f"{side}:row:{resource}/{key}", (), hands.clock.now())
