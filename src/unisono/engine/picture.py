"""What the store shows of a batch of records: seen on either side, linked, answered; and the ways to look up more of the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from unisono.engine.assumed import Assumed
from unisono.engine.doubts import asked_again, own_references
from unisono.engine.hands import Pairing
from unisono.engine.pull import CLOCKS_APART
from unisono.model.document import Document
from unisono.model.record import Kind, MatchKeys, Side, other
from unisono.plan.flows.moved import MOVED
from unisono.plan.flows.products import SAME_PRODUCT
from unisono.plan.situation import Link, Seen, Subject
from unisono.store import asking, links, pairs, seen, work
from unisono.store.stamps import instant

SIDES: tuple[Side, ...] = ("a", "b")


class Picture:
    """One batch, fetched with few statements. ``seen`` and ``links`` hold its records by side and kind, then by key, and their counterparts;
    ``answers`` what people said about each; ``origins``, for a pair that was restored, whom a side's records may have been made from."""

    def __init__(self, conn: Connection, pairing: Pairing, subjects: Sequence[Subject], assumed: Assumed) -> None:
        self.conn = conn
        self.pairing = pairing
        self.assumed = assumed
        self._released = instant(pairing.released_at) if pairing.released_at else None
        self.links: dict[tuple[Side, Kind], dict[str, Link]] = {}
        self.seen: dict[tuple[Side, Kind], dict[str, Seen]] = {}
        for side, kind in sorted({(s.side, s.kind) for s in subjects}):
            keys = [s.key for s in subjects if (s.side, s.kind) == (side, kind)]
            self._load(side, kind, keys)
        self.unsure = self._not_looked_for(subjects)
        self.origins = own_references(conn, pairing, [s for s in subjects if s in self.unsure], self.seen, self.links)
        self.answers = asking.answers_for(conn, pairing.id, [str(s) for s in subjects])
        self.asked_again = asked_again(conn, pairing, subjects)
        self.unsure.update(s for s in subjects if str(s) in self.asked_again)
        self._remember_couples(subjects)
        self._remember_moved(subjects)
        self._known = {side: self._all_listed(side) for side in SIDES}

    def _not_looked_for(self, subjects: Sequence[Subject]) -> set[Subject]:
        """Those of whom nobody knows what was made for them since the backup: all of an unsure pair's, and what it left over."""
        if self.pairing.unsure:
            return set(subjects)
        names: dict[str, Subject] = {}
        for s in subjects:
            link = self.link(s)
            far = () if link is None else (str(Subject(other(s.side), s.kind, link.key(other(s.side)))),)
            names |= dict.fromkeys((str(s), *far), s)
        return {names[key] for key in work.unsure_among(self.conn, self.pairing.lane, list(names))}

    def row(self, subject: Subject) -> Seen | None:
        """A record of the batch as it was seen."""
        return self.seen[subject.side, subject.kind].get(subject.key)

    def link(self, subject: Subject) -> Link | None:
        """Its link."""
        return self.links[subject.side, subject.kind].get(subject.key)

    def rows(self, side: Side, kind: Kind, keys: Sequence[str]) -> dict[str, Seen]:
        """Any records of a side by their keys."""
        return seen.get_many(self.conn, self.pairing.side(side).id, kind, keys)

    def of_owners(self, side: Side, kinds: Sequence[Kind], keys: Sequence[str], *, gone: bool = False) -> dict[str, list[Seen]]:
        """What belongs to some records of a side, by their keys."""
        return seen.of_owners(self.conn, self.pairing.side(side).id, kinds, keys, gone=gone)

    def alike(self, side: Side, kind: Kind, wanted: Sequence[MatchKeys]) -> list[Seen]:
        """Records of a side that have any of some match keys."""
        return seen.alike(self.conn, self.pairing.side(side).id, kind, wanted)

    def links_of(self, kind: Kind, side: Side, keys: Sequence[str]) -> dict[str, Link]:
        """The links of some records, and what a preview assumes of them."""
        stored = links.links_of(self.conn, self.pairing.id, kind, side, keys)
        return self.assumed.links_of(kind, side, keys) | self.assumed.ended(kind, side, stored)

    def _load(self, side: Side, kind: Kind, keys: list[str]) -> None:
        self.seen.setdefault((side, kind), {}).update(self.rows(side, kind, keys))
        found = self.links_of(kind, side, keys)
        self.links.setdefault((side, kind), {}).update(found)
        far = other(side)
        theirs = self.rows(far, kind, [link.key(far) for link in found.values()])
        self.seen.setdefault((far, kind), {}).update(theirs)

    def counterpart(self, subject: Subject, link: Link | None) -> Seen | None:
        """Its linked record on the other side, if that was seen."""
        far = other(subject.side)
        return self.seen.get((far, subject.kind), {}).get(link.key(far)) if link else None

    def _remember_couples(self, subjects: Sequence[Subject]) -> None:
        """An answer about a couple counts for both of its records, whichever was asked about."""
        people = {(s.side, s.key): s for s in subjects if s.kind in ("party", "contact")}
        for subject, answer in asking.couples(self.conn, self.pairing.id) if people else ():
            a_key, _, b_key = subject.partition("|")
            for side, key, far in (("a", a_key, b_key), ("b", b_key, a_key)):
                mine = people.get((side, key))  # type: ignore[arg-type]
                if mine is not None:
                    self.answers.setdefault(str(mine), {})[f"same-customer|{far}"] = answer

    def _remember_moved(self, subjects: Sequence[Subject]) -> None:
        """An answer about a contact that changed company counts for the contact that stayed behind, too."""
        left = {s.key: s for s in subjects if s.side == "b" and s.kind == "contact"}
        items = [s for s in subjects if s.kind == "product"]
        for couple, answer in asking.answered(self.conn, self.pairing.id, SAME_PRODUCT) if items else ():
            a_key, _, b_key = couple.partition("|")
            for s in items:
                if s.key == (a_key if s.side == "a" else b_key):
                    self.answers.setdefault(str(s), {})[f"{SAME_PRODUCT}|{couple}"] = answer
        for subject, answer in asking.answered(self.conn, self.pairing.id, MOVED) if left else ():
            mine = left.get(subject.partition("|")[2])
            if mine is not None:
                self.answers.setdefault(str(mine), {})[f"{MOVED}|"] = answer

    def read_whole(self, side: Side) -> set[Kind]:
        """The kinds of which all of a side's records are known: every list that shows them was read to its end at least once."""
        where = self.pairing.side(side)
        marks = pairs.get_connection(self.conn, where.id).marks
        capabilities = where.system.capabilities
        unread = {name for name in where.resources if "whole_at" not in marks.get(name, {})}
        if self.pairing.unsure:
            # A row nobody can read may be the very one that was made since the backup.
            unread |= asking.lists_with_unread_rows(self.conn, self.pairing.id, side) & set(where.resources)
        shown = {kind for name in where.resources for kind in capabilities.resource(name).kinds}
        return shown - {kind for name in unread for kind in capabilities.resource(name).kinds}

    def _all_listed(self, side: Side) -> dict[Kind, datetime]:
        """From when on whatever is first seen of a kind is new: the pair was released, and everything of that kind had been listed. What a
        later policy reads besides is listed later. Kinds that were never listed whole are left out."""
        if self._released is None:
            return {}
        where = self.pairing.side(side)
        marks = pairs.get_connection(self.conn, where.id).marks
        since: dict[Kind, datetime] = {}
        unread: set[Kind] = set()
        for name in where.resources:
            kinds, first = where.system.capabilities.resource(name).kinds, marks.get(name, {}).get("first_whole", "")
            unread.update(() if first else kinds)
            since |= {kind: max(since.get(kind, self._released), instant(first)) for kind in kinds if first}
        return {kind: at for kind, at in since.items() if kind not in unread}

    def is_history(self, side: Side, row: Seen) -> bool:
        """Whether a record was there before the pair was released; a document also if it has not changed since. An invoice of the CRM counts
        by its date: a payment on an old one makes no new one of it."""
        body = row.record.body
        if self._released is None or not isinstance(body, Document):
            return self.existed(side, row)
        if (side, row.record.kind) == ("a", "invoice"):
            return self.existed(side, row) and not (body.date is not None and body.date > self._released.date())
        since = row.record.changed is not None and self._after_release(side, row, row.record.changed)
        return self.existed(side, row) and not since

    def existed(self, side: Side, row: Seen) -> bool:
        """Whether a record was there before the pair was released."""
        return self._released is None or not self._after_release(side, row, row.record.created or row.first_at)

    def _after_release(self, side: Side, row: Seen, at: datetime) -> bool:
        assert self._released is not None
        listed = self._known[side].get(row.record.kind)
        if listed is not None and row.first_at > listed:
            # It was not there when everything was listed: it is new, even if the vendor's clock is behind.
            at += CLOCKS_APART
        return at > self._released

    def told(self, subject: Subject) -> dict[str, str]:
        """Those that a person named as the same customer, or is asked about: by key, and for what reason."""
        said = self.answers.get(str(subject), {})
        same = {name.partition("|")[2]: "" for name, answer in said.items() if name.startswith("same-customer|") and answer == "same"}
        return same | self.asked_again.get(str(subject), {})
