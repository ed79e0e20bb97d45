"""Gather: everything the decisions about a batch of records may rest on, read from one picture of the store, a batch at a time."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from unisono.engine.assumed import Assumed
from unisono.engine.candidates import Candidates
from unisono.engine.causes import Causes
from unisono.engine.doubts import (
    held_by_doubt,
    moved_contacts,
    twin_unclear,
    unclear_parties,
)
from unisono.engine.hands import Pairing
from unisono.engine.marks import PAPERS
from unisono.engine.picture import SIDES, Picture
from unisono.model.record import FIELDWISE, Kind, MatchKeys, Side, other
from unisono.plan.flows.deletions import alike_enough
from unisono.plan.situation import Candidate, FiledQuote, Link, Seen, Situation, Subject
from unisono.store import intents, links


def gather(conn: Connection, pairing: Pairing, subjects: Sequence[Subject], assumed: Assumed | None = None) -> list[Situation]:
    """One situation a subject, in their order. Subjects must be canonical (see ``canonical``). A preview adds what it assumes."""
    batch = _Batch(conn, pairing, subjects, assumed or Assumed())
    return [batch.situation(subject) for subject in subjects]


def canonical(conn: Connection, pairing: Pairing, subjects: Sequence[Subject]) -> dict[Subject, Subject]:
    """A record that is linked is worked on under its CRM key, so that there is one hand for both sides of it."""
    out = {s: s for s in subjects}
    for kind in sorted({s.kind for s in subjects if s.side == "b" and s.kind in FIELDWISE}):
        keys = [s.key for s in subjects if s.side == "b" and s.kind == kind]
        for key, link in links.links_of(conn, pairing.id, kind, "b", keys).items():
            if link.state == "linked":
                out[Subject("b", kind, key)] = Subject("a", kind, link.a_key)
    return out


class _Batch:
    """The surroundings of a batch."""

    def __init__(self, conn: Connection, pairing: Pairing, subjects: Sequence[Subject], assumed: Assumed) -> None:
        self._picture = picture = Picture(conn, pairing, subjects, assumed)
        unclear = intents.unclear_creates(conn, pairing.id)
        self._held = held_by_doubt(conn, pairing, unclear)
        self._unclear = unclear_parties(unclear)
        self._filed = self._of_documents("note", subjects)
        self._states = self._of_documents("status", subjects) if pairing.policy.status.direction != "off" else {}
        self._whole = {side: picture.read_whole(side) for side in SIDES}
        self._causes = Causes(picture, subjects)
        self._moved = moved_contacts(self._linked_people(subjects), self._causes.owner_links, picture.links_of)
        self._also = self._load_also(subjects)
        self._candidates = Candidates(picture, self._causes, self._moved, subjects)
        self._quotes = self._load_quotes(subjects)
        self._merged = self._load_merged(subjects)
        self._without_documents = self._load_without_documents(subjects)

    def situation(self, subject: Subject) -> Situation:
        """The situation of one subject of the batch."""
        link = self._picture.link(subject)
        mine = self._picture.row(subject)
        theirs = self._picture.counterpart(subject, link)
        a, b = (mine, theirs) if subject.side == "a" else (theirs, mine)
        owner = self._causes.owner(subject, mine)
        return Situation(
            subject=subject,
            a=a,
            b=b,
            link=link,
            filed=self._filed.get(subject),
            told=self._states.get(subject),
            reasons=self._causes.reasons.get(subject, ()),
            owner=owner,
            candidates=self._candidates.of.get(subject, ()),
            peers=self._candidates.peers.get(subject, ()),
            quotes=tuple(self._quotes.get(mine.record.owner, ())) if mine and subject.kind in PAPERS else (),
            answers=self._picture.answers.get(str(subject), {}),
            also_linked_as=self._also.get(subject, ""),
            whole=subject.kind in self._whole[other(subject.side)],
            held=self._held.holds(subject) or twin_unclear(self._unclear, subject, mine),
            history=mine is not None and self._picture.is_history(subject.side, mine),
            existed=mine is not None and self._picture.existed(subject.side, mine),
            today=self._picture.pairing.today,
            merged=self._merged.get(subject, ()),
            issued=subject not in self._without_documents,
            moved=subject in self._moved,
            unsure=subject in self._picture.unsure,
        )

    def _of_documents(self, kind: Kind, subjects: Sequence[Subject]) -> dict[Subject, Link]:
        """The notes that file some documents, or what was told of their states."""
        documents = {f"{s.kind}/{s.key}": s for s in subjects if s.side == "b" and s.kind in PAPERS}
        found = self._picture.links_of(kind, "b", list(documents))
        return {documents[key]: link for key, link in found.items()}

    def _linked_people(self, subjects: Sequence[Subject]) -> dict[Subject, tuple[str, str]]:
        """The linked contacts, each with its owner on either side."""
        out: dict[Subject, tuple[str, str]] = {}
        for s in subjects:
            link = self._picture.link(s) if (s.side, s.kind) == ("a", "contact") else None
            if link is not None and link.state == "linked":
                rows = [self._picture.seen.get((side, "contact"), {}).get(link.key(side)) for side in SIDES]
                a, b = (row.record.owner if row is not None else "" for row in rows)
                if a and b:
                    out[s] = (a, b)
        return out

    def _load_also(self, subjects: Sequence[Subject]) -> dict[Subject, Kind]:
        out: dict[Subject, Kind] = {}
        for kind, also in (("contact", "party"), ("party", "contact")):
            keys = [s.key for s in subjects if s.side == "a" and s.kind == kind]
            found = self._picture.links_of(also, "a", keys)  # type: ignore[arg-type]
            out |= {Subject("a", kind, key): also for key, link in found.items() if link.state == "linked"}  # type: ignore[arg-type, misc]
        return out

    def _load_quotes(self, subjects: Sequence[Subject]) -> dict[str, list[FiledQuote]]:
        rows = [self._picture.row(s) for s in subjects if s.side == "b" and s.kind in PAPERS]
        owners = sorted({r.record.owner for r in rows if r} - {""})
        by_owner = self._picture.of_owners("b", ("quote",), owners)
        keys = [row.record.key for rows_ in by_owner.values() for row in rows_]
        made = {key: link.a_key for key, link in self._picture.links_of("quote", "b", keys).items() if link.state == "linked"}
        lost = {key for key, row in self._picture.rows("a", "quote", sorted(set(made.values()))).items() if row.gone}
        # A deal that was deleted is told nothing, and nothing is filed there.
        deals = {key: deal for key, deal in made.items() if deal not in lost}
        return {owner: [FiledQuote(row, deals.get(row.record.key, "")) for row in rows_] for owner, rows_ in by_owner.items()}

    def _vanished(self, subjects: Sequence[Subject]) -> list[tuple[Subject, Link, Side, Seen]]:
        """The linked customers of which one side is gone: which, and what was seen of it last."""
        out: list[tuple[Subject, Link, Side, Seen]] = []
        for s in subjects:
            link = self._picture.link(s) if s.kind in ("party", "contact") else None
            if link is not None and link.state == "linked":
                rows = {side: self._picture.seen.get((side, s.kind), {}).get(link.key(side)) for side in SIDES}
                out += [(s, link, side, row) for side, row in rows.items() if row is not None and row.gone]
        return out

    def _load_merged(self, subjects: Sequence[Subject]) -> dict[Subject, tuple[Candidate, ...]]:
        """What may have taken the place of records that vanished: others on the same side with their tax id or name."""
        out: dict[Subject, tuple[Candidate, ...]] = {}
        for subject, _, side, lost in self._vanished(subjects):
            keys = MatchKeys(tax_id=lost.keys.tax_id, name=lost.keys.name)
            found = self._picture.alike(side, subject.kind, [keys])
            there = [row for row in found if row.record.key != lost.record.key and alike_enough(lost, row)]
            live = self._picture.links_of(subject.kind, side, [row.record.key for row in there])
            out[subject] = tuple(Candidate(row, row.record.key in live) for row in sorted(there, key=lambda row: row.record.key))
        return out

    def _load_without_documents(self, subjects: Sequence[Subject]) -> set[Subject]:
        """The vanished customers that certainly never had a document: all documents are read, and none is theirs."""
        lost = self._vanished(subjects)
        if not lost or not {"quote", "invoice"} <= self._whole["b"]:
            return set()
        owners = {s: link.b_key for s, link, _, _ in lost if s.kind == "party"}
        issued = self._picture.of_owners("b", PAPERS, sorted(owners.values()), gone=True)
        filed = {owner for owner, rows in issued.items() if any(getattr(r.record.body, "stage", "") != "draft" for r in rows)}
        return {s for s, _, _, _ in lost if owners.get(s, "") not in filed}
