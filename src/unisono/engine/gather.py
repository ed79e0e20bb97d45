"""Gather: everything the decisions about a batch of records may rest on, read from one picture of the store, a batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from unisono.engine.assumed import Assumed, symbol
from unisono.engine.doubts import (
    Held,
    asked_again,
    held_by_doubt,
    moved_contacts,
    not_read_back,
    own_references,
    twin_unclear,
    unclear_parties,
)
from unisono.engine.hands import Pairing
from unisono.engine.pull import CLOCKS_APART
from unisono.model.document import Document, Tag
from unisono.model.record import FIELDWISE, Kind, MatchKeys, Side, other
from unisono.plan.flows.chosen import party_left_out
from unisono.plan.flows.deletions import alike_enough
from unisono.plan.flows.invoices import untaken
from unisono.plan.flows.moved import MOVED
from unisono.plan.flows.papers import SAME
from unisono.plan.flows.products import SAME_PRODUCT
from unisono.plan.situation import Candidate, FiledQuote, Link, Owner, Seen, Situation, Subject
from unisono.plan.wanted import WANTED
from unisono.store import asking, links, pairs, seen
from unisono.store.stamps import instant

_DOCUMENTS: tuple[Kind, ...] = ("quote", "invoice")
_SIDES: tuple[Side, ...] = ("a", "b")


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
    """The surroundings of a batch, fetched with few statements."""

    def __init__(self, conn: Connection, pairing: Pairing, subjects: Sequence[Subject], assumed: Assumed) -> None:
        self._conn = conn
        self._pairing = pairing
        self._assumed = assumed
        self._released = instant(pairing.released_at) if pairing.released_at else None
        self._held = held_by_doubt(conn, pairing)
        self._unclear = unclear_parties(conn, pairing) if self._held != Held() else {}
        self._links: dict[tuple[Side, Kind], dict[str, Link]] = {}
        self._seen: dict[tuple[Side, Kind], dict[str, Seen]] = {}
        for side, kind in sorted({(s.side, s.kind) for s in subjects}):
            keys = [s.key for s in subjects if (s.side, s.kind) == (side, kind)]
            self._load(side, kind, keys)
        self._origins = own_references(conn, pairing, subjects, self._seen, self._links)
        self._filed = self._of_documents("note", subjects)
        self._states = self._of_documents("status", subjects) if pairing.policy.status.direction != "off" else {}
        self._answers = asking.answers_for(conn, pairing.id, [str(s) for s in subjects])
        self._asked_again = asked_again(conn, pairing, subjects)
        self._remember_couples(subjects)
        self._remember_moved(subjects)
        self._whole = {side: self._read_whole(side) for side in ("a", "b")}
        self._known = {side: self._known_before(side) for side in _SIDES}
        self._load_owners(subjects)
        self._moved = moved_contacts(self._linked_people(subjects), self._owner_links, self._links_of)
        self._reasons = self._load_reasons(subjects)
        self._also = self._load_also(subjects)
        self._candidates = self._load_candidates(subjects)
        self._quotes = self._load_quotes(subjects)
        self._merged = self._load_merged(subjects)
        self._without_documents = self._load_without_documents(subjects)

    def situation(self, subject: Subject) -> Situation:
        """The situation of one subject of the batch."""
        link = self._links[subject.side, subject.kind].get(subject.key)
        mine = self._seen[subject.side, subject.kind].get(subject.key)
        theirs = self._counterpart(subject, link)
        a, b = (mine, theirs) if subject.side == "a" else (theirs, mine)
        owner = self._owner(subject, mine)
        return Situation(
            subject=subject,
            a=a,
            b=b,
            link=link,
            filed=self._filed.get(subject),
            told=self._states.get(subject),
            reasons=self._reasons.get(subject, ()),
            owner=owner,
            candidates=self._candidates.get(subject, ()),
            peers=self._peers.get(subject, ()),
            quotes=tuple(self._quotes.get(mine.record.owner, ())) if mine and subject.kind in _DOCUMENTS else (),
            answers=self._answers.get(str(subject), {}),
            also_linked_as=self._also.get(subject, ""),
            whole=subject.kind in self._whole[other(subject.side)],
            held=self._held.holds(subject) or twin_unclear(self._unclear, subject, mine),
            history=mine is not None and self._is_history(subject.side, mine),
            existed=mine is not None and self._existed(subject.side, mine),
            today=self._pairing.today,
            merged=self._merged.get(subject, ()),
            issued=subject not in self._without_documents,
            moved=subject in self._moved,
            unsure=self._pairing.unsure or str(subject) in self._asked_again,
        )

    def _links_of(self, kind: Kind, side: Side, keys: Sequence[str]) -> dict[str, Link]:
        """The links of some records, and what a preview assumes of them."""
        stored = links.links_of(self._conn, self._pairing.id, kind, side, keys)
        return self._assumed.links_of(kind, side, keys) | self._assumed.ended(kind, side, stored)

    def _load(self, side: Side, kind: Kind, keys: list[str]) -> None:
        where = self._pairing.side(side)
        self._seen.setdefault((side, kind), {}).update(seen.get_many(self._conn, where.id, kind, keys))
        found = self._links_of(kind, side, keys)
        self._links.setdefault((side, kind), {}).update(found)
        far = other(side)
        theirs = seen.get_many(self._conn, self._pairing.side(far).id, kind, [link.key(far) for link in found.values()])
        self._seen.setdefault((far, kind), {}).update(theirs)

    def _counterpart(self, subject: Subject, link: Link | None) -> Seen | None:
        far = other(subject.side)
        return self._seen.get((far, subject.kind), {}).get(link.key(far)) if link else None

    def _of_documents(self, kind: Kind, subjects: Sequence[Subject]) -> dict[Subject, Link]:
        """The notes that file some documents, or what was told of their states."""
        documents = {f"{s.kind}/{s.key}": s for s in subjects if s.side == "b" and s.kind in _DOCUMENTS}
        found = self._links_of(kind, "b", list(documents))
        return {documents[key]: link for key, link in found.items()}

    def _remember_couples(self, subjects: Sequence[Subject]) -> None:
        """An answer about a couple counts for both of its records, whichever was asked about."""
        people = {(s.side, s.key): s for s in subjects if s.kind in ("party", "contact")}
        for subject, answer in asking.couples(self._conn, self._pairing.id) if people else ():
            a_key, _, b_key = subject.partition("|")
            for side, key, far in (("a", a_key, b_key), ("b", b_key, a_key)):
                mine = people.get((side, key))  # type: ignore[arg-type]
                if mine is not None:
                    self._answers.setdefault(str(mine), {})[f"same-customer|{far}"] = answer

    def _remember_moved(self, subjects: Sequence[Subject]) -> None:
        """An answer about a contact that changed company counts for the contact that stayed behind, too."""
        left = {s.key: s for s in subjects if s.side == "b" and s.kind == "contact"}
        items = [s for s in subjects if s.kind == "product"]
        for couple, answer in asking.answered(self._conn, self._pairing.id, SAME_PRODUCT) if items else ():
            a_key, _, b_key = couple.partition("|")
            for s in items:
                if s.key == (a_key if s.side == "a" else b_key):
                    self._answers.setdefault(str(s), {})[f"{SAME_PRODUCT}|{couple}"] = answer
        for subject, answer in asking.answered(self._conn, self._pairing.id, MOVED) if left else ():
            mine = left.get(subject.partition("|")[2])
            if mine is not None:
                self._answers.setdefault(str(mine), {})[f"{MOVED}|"] = answer

    def _linked_people(self, subjects: Sequence[Subject]) -> dict[Subject, tuple[str, str]]:
        """The linked contacts, each with its owner on either side."""
        out: dict[Subject, tuple[str, str]] = {}
        for s in subjects:
            link = self._links[s.side, s.kind].get(s.key) if (s.side, s.kind) == ("a", "contact") else None
            if link is not None and link.state == "linked":
                rows = [self._seen.get((side, "contact"), {}).get(link.key(side)) for side in _SIDES]
                a, b = (row.record.owner if row is not None else "" for row in rows)
                if a and b:
                    out[s] = (a, b)
        return out

    def _read_whole(self, side: Side) -> set[Kind]:
        """The kinds of which all of a side's records are known: every list that shows them was read to its end at least once."""
        where = self._pairing.side(side)
        marks = pairs.get_connection(self._conn, where.id).marks
        capabilities = where.system.capabilities
        unread = {name for name in where.resources if "whole_at" not in marks.get(name, {})}
        if self._pairing.unsure:
            # A row nobody can read may be the very one that was made since the backup.
            unread |= asking.lists_with_unread_rows(self._conn, self._pairing.id, side) & set(where.resources)
        shown = {kind for name in where.resources for kind in capabilities.resource(name).kinds}
        return shown - {kind for name in unread for kind in capabilities.resource(name).kinds}

    def _known_before(self, side: Side) -> set[Kind]:
        """The kinds of which all of a side's records had been seen when the pair was released. What a later policy reads besides is not."""
        where = self._pairing.side(side)
        marks = pairs.get_connection(self._conn, where.id).marks
        kinds = {name: where.system.capabilities.resource(name).kinds for name in where.resources}
        first = {name: marks.get(name, {}).get("first_whole", "") for name in kinds}
        late = {kind for name, at in first.items() if not at or at > self._pairing.released_at for kind in kinds[name]}
        return {kind for name in kinds for kind in kinds[name]} - late

    def _load_owners(self, subjects: Sequence[Subject]) -> None:
        self._owner_links: dict[tuple[Side, str], Link] = {}
        self._owner_reasons: dict[tuple[Side, str], tuple[str, ...]] = {}
        for side in ("a", "b"):
            owners = sorted(
                {m.record.owner for s in subjects if s.side == side and s.kind != "party" and (m := self._seen[s.side, s.kind].get(s.key))}
                - {""}
            )
            for key, link in self._links_of("party", side, owners).items():
                self._owner_links[side, key] = link
            unlinked = [o for o in owners if (side, o) not in self._owner_links]
            for key, reasons in self._party_reasons(side, unlinked).items():
                self._owner_reasons[side, key] = reasons
        parties = {side: [k for (s, k) in self._owner_reasons if s == side] for side in ("a", "b")}
        self._owner_seen = {
            (side, key): row
            for side, keys in parties.items()
            for key, row in seen.get_many(self._conn, self._pairing.side(side).id, "party", keys).items()  # type: ignore[arg-type]
        }

    def _owner(self, subject: Subject, mine: Seen | None) -> Owner | None:
        if mine is None or not mine.record.owner or subject.kind == "party":
            return None
        key = mine.record.owner
        link = self._owner_links.get((subject.side, key))
        if link is not None:
            return Owner(key, "party", link.key(other(subject.side)), "linked" if link.state == "linked" else "severed")
        row = self._owner_seen.get((subject.side, key))
        if row is None:
            return Owner(key, "party", "", "unknown")
        reasons = self._owner_reasons.get((subject.side, key), ())
        left_out = party_left_out(subject.side, reasons, self._is_history(subject.side, row), self._pairing.policy, row.record.body)
        return Owner(key, "party", "", "unwanted" if left_out else "wanted")

    def _load_reasons(self, subjects: Sequence[Subject]) -> dict[Subject, tuple[str, ...]]:
        out: dict[Subject, tuple[str, ...]] = {}
        for side in ("a", "b"):
            keys = [s.key for s in subjects if s.side == side and s.kind == "party"]
            out |= {Subject(side, "party", key): reasons for key, reasons in self._party_reasons(side, keys).items()}
        for subject in [s for s in out if s.side == "a" and _is_wanted(self._answers.get(str(s), {}))]:
            out[subject] = (WANTED, *out[subject])
        people = [s.key for s in subjects if s.side == "a" and s.kind == "contact"]
        tagged = self._tagged([*people, *self._owners_of(subjects)])
        for key in people:
            mine = self._seen["a", "contact"].get(key)
            reasons = ("tag",) if key in tagged else ()
            out[Subject("a", "contact", key)] = (*reasons, "owner-tag") if mine and mine.record.owner in tagged else reasons
        return out

    def _owners_of(self, subjects: Sequence[Subject]) -> list[str]:
        rows = [self._seen["a", "contact"].get(s.key) for s in subjects if s.side == "a" and s.kind == "contact"]
        return sorted({r.record.owner for r in rows if r} - {""})

    def _tagged(self, keys: Sequence[str]) -> set[str]:
        wanted = self._pairing.policy.customers.from_crm.tag
        if not wanted or not keys:
            return set()
        rows = seen.of_owners(self._conn, self._pairing.a.id, ("tag",), list(keys))
        return {owner for owner, tags in rows.items() if any(isinstance(t.record.body, Tag) and t.record.body.name == wanted for t in tags)}

    def _party_reasons(self, side: Side, keys: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Why parties are customers: a quote, a tag on them or on one of their people; in the invoicing system a new document."""
        if not keys:
            return {}
        where = self._pairing.side(side).id
        if side == "b":
            documents = seen.of_owners(self._conn, where, _DOCUMENTS, keys)
            new = {key for key, rows in documents.items() if any(self._is_new_document(row) for row in rows)}
            return {key: ("document",) if key in new else () for key in keys}
        quotes = seen.of_owners(self._conn, where, ("quote",), keys)
        wanted = self._pairing.policy.invoices.direction != "off"
        invoices = seen.of_owners(self._conn, where, ("invoice",), keys) if wanted else {}
        contacts = seen.of_owners(self._conn, where, ("contact",), keys)
        people = [row.record.key for rows in contacts.values() for row in rows]
        tagged = self._tagged([*keys, *people])
        # A tagged person of a company goes along as its contact, not as a customer of their own.
        alone = seen.get_many(self._conn, where, "contact", [key for key in keys if key in tagged])
        belonging = {key for key, row in alone.items() if not row.gone and row.record.owner}
        out = {}
        for key in keys:
            reasons = []
            if any(self._counts(row) for row in quotes.get(key, ())):
                reasons.append("quote")
            if key in tagged and key not in belonging:
                reasons.append("tag")
            if any(row.record.key in tagged for row in contacts.get(key, ())):
                reasons.append("contact-tag")
            if any(self._taken(row) for row in invoices.get(key, ())):
                reasons.append("invoice")
            out[key] = tuple(reasons)
        return out

    def _counts(self, quote: Seen) -> bool:
        """Whether a deal makes its party a customer: a new one, or any if the policy takes history along."""
        if self._pairing.policy.customers.from_crm.history == "all":
            return True
        return not self._is_history("a", quote)

    def _taken(self, invoice: Seen) -> bool:
        """Whether an invoice of the CRM goes across, so that its customer does."""
        body = invoice.record.body
        return isinstance(body, Document) and untaken(body, self._is_history("a", invoice), self._pairing.policy) is None

    def _is_new_document(self, row: Seen) -> bool:
        body = row.record.body
        if not isinstance(body, Document) or body.stage == "draft":
            return False
        return self._pairing.policy.documents.direction != "off" and not self._is_history("b", row)

    def _is_history(self, side: Side, row: Seen) -> bool:
        """Whether a record was there before the pair was released; a document also if it has not changed since. An invoice of the CRM counts
        by its date: a payment on an old one makes no new one of it."""
        body = row.record.body
        if self._released is None or not isinstance(body, Document):
            return self._existed(side, row)
        if (side, row.record.kind) == ("a", "invoice"):
            return self._existed(side, row) and not (body.date is not None and body.date > self._released.date())
        since = row.record.changed is not None and self._after_release(side, row, row.record.changed)
        return self._existed(side, row) and not since

    def _existed(self, side: Side, row: Seen) -> bool:
        """Whether a record was there before the pair was released."""
        return self._released is None or not self._after_release(side, row, row.record.created or row.first_at)

    def _after_release(self, side: Side, row: Seen, at: datetime) -> bool:
        assert self._released is not None
        if row.record.kind in self._known[side] and row.first_at > self._released:
            # It was not there when everything was listed: it is new, even if the vendor's clock is behind.
            at += CLOCKS_APART
        return at > self._released

    def _load_also(self, subjects: Sequence[Subject]) -> dict[Subject, Kind]:
        out: dict[Subject, Kind] = {}
        for kind, also in (("contact", "party"), ("party", "contact")):
            keys = [s.key for s in subjects if s.side == "a" and s.kind == kind]
            found = self._links_of(also, "a", keys)  # type: ignore[arg-type]
            out |= {Subject("a", kind, key): also for key, link in found.items() if link.state == "linked"}  # type: ignore[arg-type, misc]
        return out

    def _load_candidates(self, subjects: Sequence[Subject]) -> dict[Subject, tuple[Candidate, ...]]:
        out: dict[Subject, tuple[Candidate, ...]] = {}
        self._peers: dict[Subject, tuple[MatchKeys, ...]] = {}
        for side in ("a", "b"):
            far = other(side)
            free = [s for s in subjects if s.side == side and (s.key not in self._links.get((side, s.kind), {}) or s in self._moved)]
            parties = [s for s in free if s.kind == "party"]
            rows = [m for s in parties if (m := self._seen[side, "party"].get(s.key))]
            pool = self._candidates_from(far, "party", seen.alike(self._conn, self._pairing.side(far).id, "party", [r.keys for r in rows]))
            pool += self._candidates_from(far, "party", self._origins.get(side, ()))
            pool += self._to_be_made(far, [r.keys for r in rows])
            pool += not_read_back(self._conn, self._pairing, far, self._links_of) if parties else ()
            pool += self._named(far, parties, {c.seen.record.key for c in pool})
            out |= dict.fromkeys(parties, pool)
            if pool:
                self._find_peers(side, "party", rows)
            out |= self._contact_candidates(far, [s for s in free if s.kind == "contact"])
            out |= self._product_candidates(far, [s for s in free if s.kind == "product"])
            if side == "a":
                for kind in _DOCUMENTS:
                    out |= self._paper_candidates(kind, [s for s in free if s.kind == kind])
        return {s: self._narrow(s, pool) for s, pool in out.items()}

    def _find_peers(self, side: Side, kind: Kind, rows: Sequence[Seen]) -> None:
        """Who of the same side shares a tax id or number: the keys that are told apart by nothing else."""
        told = [MatchKeys(tax_id=r.keys.tax_id, number=r.keys.number) for r in rows]
        alike = seen.alike(self._conn, self._pairing.side(side).id, kind, told)
        for row in rows:
            mine = (row.keys.tax_id, row.keys.number)
            peers = [p for p in alike if p.record.key != row.record.key and any(m and m in (p.keys.tax_id, p.keys.number) for m in mine)]
            self._peers[Subject(side, kind, row.record.key)] = tuple(p.keys for p in peers)

    def _to_be_made(self, side: Side, wanted: Sequence[MatchKeys]) -> tuple[Candidate, ...]:
        """Candidates that a preview's earlier rows will have made by then, as the records they are made from show them."""
        found = seen.get_many(self._conn, self._pairing.side(other(side)).id, "party", self._assumed.alike(side, wanted))
        made = [
            replace(row, record=replace(row.record, key=symbol(source)), keys=self._assumed.keys_of(source))
            for row in found.values()
            for source in (Subject(other(side), "party", row.record.key),)
        ]
        return tuple(Candidate(row, linked=True) for row in made)

    def _named(self, far: Side, parties: Sequence[Subject], known: set[str]) -> tuple[Candidate, ...]:
        """Those that a person is asked about, or named as the same: they are candidates however little they have in common by now."""
        keys = {key for s in parties for key in self._told(s)} - known
        return self._candidates_from(
            far, "party", list(seen.get_many(self._conn, self._pairing.side(far).id, "party", sorted(keys)).values())
        )

    def _told(self, subject: Subject) -> dict[str, str]:
        said = self._answers.get(str(subject), {})
        same = {name.partition("|")[2]: "" for name, answer in said.items() if name.startswith("same-customer|") and answer == "same"}
        return same | self._asked_again.get(str(subject), {})

    def _narrow(self, subject: Subject, pool: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
        told = self._told(subject)
        pool = tuple(replace(c, asked=told[c.seen.record.key]) if c.seen.record.key in told else c for c in pool)
        mine = self._seen[subject.side, subject.kind].get(subject.key)
        if mine is None or subject.kind not in ("party", "product"):
            return pool
        k = mine.keys
        return tuple(
            c
            for c in pool
            if c.seen.record.key in told
            or any(getattr(k, n) and getattr(k, n) == getattr(c.seen.keys, n) for n in ("reference", "tax_id", "number", "email", "name"))
        )

    def _candidates_from(self, side: Side, kind: Kind, rows: Sequence[Seen]) -> tuple[Candidate, ...]:
        keys = [r.record.key for r in rows]
        taken = self._links_of(kind, side, keys)
        asks = self._would_ask(rows) if side == "a" and kind == "party" else set()
        return tuple(Candidate(r, r.record.key in taken, r.record.key in asks and r.record.key not in taken) for r in rows)

    def _would_ask(self, rows: Sequence[Seen]) -> set[str]:
        """Which CRM parties are to go across themselves."""
        reasons = self._party_reasons("a", [r.record.key for r in rows])
        said = asking.answers_for(self._conn, self._pairing.id, [f"a:party:{key}" for key in reasons]) if reasons else {}
        for name in [name for name, told in said.items() if _is_wanted(told)]:
            reasons[name.removeprefix("a:party:")] += (WANTED,)
        policy = self._pairing.policy
        going = [r.record for r in rows if party_left_out("a", reasons[r.record.key], False, policy, r.record.body) is None]
        return {record.key for record in going if f"a:party:{record.key}" not in policy.leave_out}

    def _contact_candidates(self, far: Side, subjects: Sequence[Subject]) -> dict[Subject, tuple[Candidate, ...]]:
        owners = {s: self._owner(s, self._seen[s.side, "contact"].get(s.key)) for s in subjects}
        keys = sorted({o.linked for o in owners.values() if o and o.linked})
        people = seen.of_owners(self._conn, self._pairing.side(far).id, ("contact",), keys)
        pools = {key: self._candidates_from(far, "contact", rows) for key, rows in people.items()}
        return {s: pools.get(o.linked, ()) if o else () for s, o in owners.items()}

    def _product_candidates(self, far: Side, subjects: Sequence[Subject]) -> dict[Subject, tuple[Candidate, ...]]:
        """Products of the same number or name; also those that a preview's earlier rows will have made by then."""
        rows = [m for s in subjects if (m := self._seen[s.side, "product"].get(s.key))]
        found = seen.alike(self._conn, self._pairing.side(far).id, "product", [row.keys for row in rows])
        self._find_peers(other(far), "product", rows)
        return dict.fromkeys(subjects, self._candidates_from(far, "product", found)) if subjects else {}

    def _paper_candidates(self, kind: Kind, subjects: Sequence[Subject]) -> dict[Subject, tuple[Candidate, ...]]:
        """Documents that carry the reference of one of the CRM, whoever they are for; of invoices all of its customer, since one may have been
        made by hand; for a restored pair also all of its customer, since it may have made one itself since its backup."""
        if not subjects:
            return {}
        rows = {s: self._seen["a", kind].get(s.key) for s in subjects}
        mine = {s: row.keys.reference for s, row in rows.items() if row is not None and row.keys.reference}
        wanted = [MatchKeys(reference=reference) for reference in sorted(set(mine.values()))]
        pool = self._candidates_from("b", kind, seen.alike(self._conn, self._pairing.b.id, kind, wanted))
        out = {s: tuple(c for c in pool if c.seen.keys.reference == mine.get(s)) for s in subjects}
        asked = {s for s in subjects if any(said.startswith(f"{SAME}|") for said in self._answers.get(str(s), {}))}
        unsure = asked | {s for s in subjects if self._pairing.unsure or str(s) in self._asked_again}
        owners = {
            s: o.linked for s in subjects if (kind == "invoice" or s in unsure) and (o := self._owner(s, rows[s])) and o.state == "linked"
        }
        there = seen.of_owners(self._conn, self._pairing.b.id, (kind,), sorted(set(owners.values())))
        theirs = {key: self._candidates_from("b", kind, found) for key, found in there.items()}
        return {s: out[s] + tuple(c for c in theirs.get(owners.get(s, ""), ()) if c not in out[s]) for s in subjects}

    def _load_quotes(self, subjects: Sequence[Subject]) -> dict[str, list[FiledQuote]]:
        rows = [self._seen["b", s.kind].get(s.key) for s in subjects if s.side == "b" and s.kind in _DOCUMENTS]
        owners = sorted({r.record.owner for r in rows if r} - {""})
        by_owner = seen.of_owners(self._conn, self._pairing.b.id, ("quote",), owners)
        keys = [row.record.key for rows_ in by_owner.values() for row in rows_]
        made = self._links_of("quote", "b", keys)
        return {
            owner: [FiledQuote(row, made[row.record.key].a_key if row.record.key in made else "") for row in rows_]
            for owner, rows_ in by_owner.items()
        }

    def _vanished(self, subjects: Sequence[Subject]) -> list[tuple[Subject, Link, Side, Seen]]:
        """The linked customers of which one side is gone: which, and what was seen of it last."""
        out: list[tuple[Subject, Link, Side, Seen]] = []
        for s in subjects:
            link = self._links[s.side, s.kind].get(s.key) if s.kind in ("party", "contact") else None
            if link is not None and link.state == "linked":
                rows = {side: self._seen.get((side, s.kind), {}).get(link.key(side)) for side in _SIDES}
                out += [(s, link, side, row) for side, row in rows.items() if row is not None and row.gone]
        return out

    def _load_merged(self, subjects: Sequence[Subject]) -> dict[Subject, tuple[Candidate, ...]]:
        """What may have taken the place of records that vanished: others on the same side with their tax id or name."""
        out: dict[Subject, tuple[Candidate, ...]] = {}
        for subject, _, side, lost in self._vanished(subjects):
            keys = MatchKeys(tax_id=lost.keys.tax_id, name=lost.keys.name)
            found = seen.alike(self._conn, self._pairing.side(side).id, subject.kind, [keys])
            there = [row for row in found if row.record.key != lost.record.key and alike_enough(lost, row)]
            live = self._links_of(subject.kind, side, [row.record.key for row in there])
            out[subject] = tuple(Candidate(row, row.record.key in live) for row in sorted(there, key=lambda row: row.record.key))
        return out

    def _load_without_documents(self, subjects: Sequence[Subject]) -> set[Subject]:
        """The vanished customers that certainly never had a document: all documents are read, and none is theirs."""
        lost = self._vanished(subjects)
        if not lost or not {"quote", "invoice"} <= self._whole["b"]:
            return set()
        owners = {s: link.b_key for s, link, _, _ in lost if s.kind == "party"}
        issued = seen.of_owners(self._conn, self._pairing.b.id, _DOCUMENTS, sorted(owners.values()), gone=True)
        filed = {owner for owner, rows in issued.items() if any(getattr(r.record.body, "stage", "") != "draft" for r in rows)}
        return {s for s, _, _, _ in lost if owners.get(s, "") not in filed}


def _is_wanted(answers: dict[str, str]) -> bool:
    """Whether somebody wants an invoice for a customer: then they go across."""
    return any(name.startswith(f"{WANTED}|") for name in answers)
