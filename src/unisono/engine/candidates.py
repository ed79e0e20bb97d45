"""Who may be whose counterpart: for each record of a batch without one, those of the other side that are like it in anything."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from unisono.engine.assumed import symbol
from unisono.engine.causes import Causes
from unisono.engine.marks import PAPERS
from unisono.engine.picture import Picture
from unisono.model.record import Kind, MatchKeys, Side, other
from unisono.plan.flows.papers import SAME
from unisono.plan.situation import Candidate, Seen, Subject


class Candidates:
    """``of``: the candidates of each record; ``peers``: who of its own side shares its tax id or number."""

    def __init__(self, picture: Picture, causes: Causes, moved: set[Subject], subjects: Sequence[Subject]) -> None:
        self._picture = picture
        self._causes = causes
        self._moved = moved
        self.peers: dict[Subject, tuple[MatchKeys, ...]] = {}
        self.of = self._load(subjects)

    def _load(self, subjects: Sequence[Subject]) -> dict[Subject, tuple[Candidate, ...]]:
        out: dict[Subject, tuple[Candidate, ...]] = {}
        for side in ("a", "b"):
            far = other(side)
            free = [s for s in subjects if s.side == side and (self._picture.link(s) is None or s in self._moved)]
            parties = [s for s in free if s.kind == "party"]
            rows = [m for s in parties if (m := self._picture.row(s))]
            pool = self._candidates_from(far, "party", self._picture.alike(far, "party", [r.keys for r in rows]))
            pool += self._candidates_from(far, "party", self._picture.origins.get(side, ()))
            pool += self._to_be_made(far, [r.keys for r in rows])
            pool += self._named(far, parties, {c.seen.record.key for c in pool})
            out |= dict.fromkeys(parties, pool)
            if pool:
                self._find_peers(side, "party", rows)
            out |= self._contact_candidates(far, [s for s in free if s.kind == "contact"])
            out |= self._product_candidates(far, [s for s in free if s.kind == "product"])
            if side == "a":
                for kind in PAPERS:
                    out |= self._paper_candidates(kind, [s for s in free if s.kind == kind])
        return {s: self._narrow(s, pool) for s, pool in out.items()}

    def _find_peers(self, side: Side, kind: Kind, rows: Sequence[Seen]) -> None:
        """Who of the same side shares a tax id or number: the keys that are told apart by nothing else."""
        told = [MatchKeys(tax_id=r.keys.tax_id, number=r.keys.number) for r in rows]
        alike = self._picture.alike(side, kind, told)
        for row in rows:
            mine = (row.keys.tax_id, row.keys.number)
            peers = [p for p in alike if p.record.key != row.record.key and any(m and m in (p.keys.tax_id, p.keys.number) for m in mine)]
            self.peers[Subject(side, kind, row.record.key)] = tuple(p.keys for p in peers)

    def _to_be_made(self, side: Side, wanted: Sequence[MatchKeys]) -> tuple[Candidate, ...]:
        """Candidates that a preview's earlier rows will have made by then, as the records they are made from show them."""
        found = self._picture.rows(other(side), "party", self._picture.assumed.alike(side, wanted))
        made = [
            replace(row, record=replace(row.record, key=symbol(source)), keys=self._picture.assumed.keys_of(source))
            for row in found.values()
            for source in (Subject(other(side), "party", row.record.key),)
        ]
        return tuple(Candidate(row, linked=True) for row in made)

    def _named(self, far: Side, parties: Sequence[Subject], known: set[str]) -> tuple[Candidate, ...]:
        """Those that a person is asked about, or named as the same: they are candidates however little they have in common by now."""
        keys = {key for s in parties for key in self._picture.told(s)} - known
        return self._candidates_from(far, "party", list(self._picture.rows(far, "party", sorted(keys)).values()))

    def _narrow(self, subject: Subject, pool: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
        told = self._picture.told(subject)
        pool = tuple(replace(c, asked=told[c.seen.record.key]) if c.seen.record.key in told else c for c in pool)
        mine = self._picture.row(subject)
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
        taken = self._picture.links_of(kind, side, keys)
        asks = self._causes.would_ask(rows) if side == "a" and kind == "party" else set()
        return tuple(Candidate(r, r.record.key in taken, r.record.key in asks and r.record.key not in taken) for r in rows)

    def _contact_candidates(self, far: Side, subjects: Sequence[Subject]) -> dict[Subject, tuple[Candidate, ...]]:
        owners = {s: self._causes.owner(s, self._picture.row(s)) for s in subjects}
        keys = sorted({o.linked for o in owners.values() if o and o.linked})
        people = self._picture.of_owners(far, ("contact",), keys)
        pools = {key: self._candidates_from(far, "contact", rows) for key, rows in people.items()}
        return {s: pools.get(o.linked, ()) if o else () for s, o in owners.items()}

    def _product_candidates(self, far: Side, subjects: Sequence[Subject]) -> dict[Subject, tuple[Candidate, ...]]:
        """Products of the same number or name; also those that a preview's earlier rows will have made by then."""
        rows = [m for s in subjects if (m := self._picture.row(s))]
        found = self._picture.alike(far, "product", [row.keys for row in rows])
        self._find_peers(other(far), "product", rows)
        return dict.fromkeys(subjects, self._candidates_from(far, "product", found)) if subjects else {}

    def _paper_candidates(self, kind: Kind, subjects: Sequence[Subject]) -> dict[Subject, tuple[Candidate, ...]]:
        """Documents that carry the reference of one of the CRM, whoever they are for; of invoices all of its customer, since one may have been
        made by hand; for a restored pair also all of its customer, since it may have made one itself since its backup."""
        if not subjects:
            return {}
        rows = {s: self._picture.row(s) for s in subjects}
        mine = {s: row.keys.reference for s, row in rows.items() if row is not None and row.keys.reference}
        wanted = [MatchKeys(reference=reference) for reference in sorted(set(mine.values()))]
        pool = self._candidates_from("b", kind, self._picture.alike("b", kind, wanted))
        out = {s: tuple(c for c in pool if c.seen.keys.reference == mine.get(s)) for s in subjects}
        asked = {s for s in subjects if any(said.startswith(f"{SAME}|") for said in self._picture.answers.get(str(s), {}))}
        unsure = asked | {*subjects} & self._picture.unsure
        owners = {
            s: o.linked
            for s in subjects
            if (kind == "invoice" or s in unsure) and (o := self._causes.owner(s, rows[s])) and o.state == "linked"
        }
        there = self._picture.of_owners("b", (kind,), sorted(set(owners.values())))
        theirs = {key: self._candidates_from("b", kind, found) for key, found in there.items()}
        return {s: out[s] + tuple(c for c in theirs.get(owners.get(s, ""), ()) if c not in out[s]) for s in subjects}
