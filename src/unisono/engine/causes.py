"""Why records cross: what makes a party a customer, and where the owner of a contact or document stands."""

from __future__ import annotations

from collections.abc import Sequence

from unisono.engine.marks import PAPERS
from unisono.engine.picture import Picture
from unisono.model.document import Document, Tag
from unisono.model.record import Side, other
from unisono.plan.flows.chosen import party_left_out
from unisono.plan.flows.invoices import untaken
from unisono.plan.situation import Link, Owner, Seen, Subject
from unisono.plan.wanted import WANTED
from unisono.store import asking


class Causes:
    """The reasons of the parties and contacts of a batch, the owners of its contacts and documents, and the reasons of any other party."""

    def __init__(self, picture: Picture, subjects: Sequence[Subject]) -> None:
        self._picture = picture
        self._policy = picture.pairing.policy
        self.owner_links: dict[tuple[Side, str], Link] = {}
        self._ending: set[tuple[Side, str]] = set()
        self._load_owners(subjects)
        self.reasons = self._load_reasons(subjects)

    def _load_owners(self, subjects: Sequence[Subject]) -> None:
        self._owner_reasons: dict[tuple[Side, str], tuple[str, ...]] = {}
        for side in ("a", "b"):
            belonging = [s for s in subjects if s.side == side and s.kind != "party"]
            owners = sorted({row.record.owner for s in belonging if (row := self._picture.row(s))} - {""})
            found = self._picture.links_of("party", side, owners)
            self.owner_links |= {(side, key): link for key, link in found.items()}
            self._ending |= self._without_counterpart(side, found)
            unlinked = [o for o in owners if (side, o) not in self.owner_links]
            for key, reasons in self._party_reasons(side, unlinked).items():
                self._owner_reasons[side, key] = reasons
        parties = {side: [k for (s, k) in self._owner_reasons if s == side] for side in ("a", "b")}
        self._owner_seen = {
            (side, key): row
            for side, keys in parties.items()
            for key, row in self._picture.rows(side, "party", keys).items()  # type: ignore[arg-type]
        }

    def _without_counterpart(self, side: Side, found: dict[str, Link]) -> set[tuple[Side, str]]:
        """Owners whose counterpart is gone though the link has not ended: it may have been merged, which a person is asked. Whatever is made
        for them there would be refused."""
        far = other(side)
        there = self._picture.rows(far, "party", [link.key(far) for link in found.values() if link.state == "linked"])
        lost = {row.record.key for row in there.values() if row.gone}
        return {(side, key) for key, link in found.items() if link.key(far) in lost}

    def owner(self, subject: Subject, mine: Seen | None) -> Owner | None:
        """The owner of a contact or document, and where it stands."""
        if mine is None or not mine.record.owner or subject.kind == "party":
            return None
        key = mine.record.owner
        link = self.owner_links.get((subject.side, key))
        if (subject.side, key) in self._ending:
            return Owner(key, "party", "", "unknown")
        if link is not None:
            return Owner(key, "party", link.key(other(subject.side)), "linked" if link.state == "linked" else "severed")
        row = self._owner_seen.get((subject.side, key))
        if row is None:
            return Owner(key, "party", "", "unknown")
        reasons = self._owner_reasons.get((subject.side, key), ())
        left_out = party_left_out(subject.side, reasons, self._picture.is_history(subject.side, row), self._policy, row.record.body)
        return Owner(key, "party", "", "unwanted" if left_out else "wanted")

    def _load_reasons(self, subjects: Sequence[Subject]) -> dict[Subject, tuple[str, ...]]:
        out: dict[Subject, tuple[str, ...]] = {}
        for side in ("a", "b"):
            keys = [s.key for s in subjects if s.side == side and s.kind == "party"]
            out |= {Subject(side, "party", key): reasons for key, reasons in self._party_reasons(side, keys).items()}
        for subject in [s for s in out if s.side == "a" and _is_wanted(self._picture.answers.get(str(s), {}))]:
            out[subject] = (WANTED, *out[subject])
        people = [s.key for s in subjects if s.side == "a" and s.kind == "contact"]
        tagged = self._tagged([*people, *self._owners_of(subjects)])
        for key in people:
            mine = self._picture.seen["a", "contact"].get(key)
            reasons = ("tag",) if key in tagged else ()
            out[Subject("a", "contact", key)] = (*reasons, "owner-tag") if mine and mine.record.owner in tagged else reasons
        return out

    def _owners_of(self, subjects: Sequence[Subject]) -> list[str]:
        rows = [self._picture.row(s) for s in subjects if s.side == "a" and s.kind == "contact"]
        return sorted({r.record.owner for r in rows if r} - {""})

    def _tagged(self, keys: Sequence[str]) -> set[str]:
        wanted = self._policy.customers.from_crm.tag
        if not wanted or not keys:
            return set()
        rows = self._picture.of_owners("a", ("tag",), list(keys))
        return {owner for owner, tags in rows.items() if any(isinstance(t.record.body, Tag) and t.record.body.name == wanted for t in tags)}

    def _party_reasons(self, side: Side, keys: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Why parties are customers: a quote, a tag on them or on one of their people; in the invoicing system a new document."""
        if not keys:
            return {}
        if side == "b":
            documents = self._picture.of_owners(side, PAPERS, keys)
            new = {key for key, rows in documents.items() if any(self._is_new_document(row) for row in rows)}
            return {key: ("document",) if key in new else () for key in keys}
        quotes = self._picture.of_owners(side, ("quote",), keys)
        wanted = self._policy.invoices.direction != "off"
        invoices = self._picture.of_owners(side, ("invoice",), keys) if wanted else {}
        contacts = self._picture.of_owners(side, ("contact",), keys)
        people = [row.record.key for rows in contacts.values() for row in rows]
        tagged = self._tagged([*keys, *people])
        # A tagged person of a company goes along as its contact, not as a customer of their own.
        alone = self._picture.rows(side, "contact", [key for key in keys if key in tagged])
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
        if self._policy.customers.from_crm.history == "all":
            return True
        return not self._picture.is_history("a", quote)

    def _taken(self, invoice: Seen) -> bool:
        """Whether an invoice of the CRM goes across, so that its customer does."""
        body = invoice.record.body
        return isinstance(body, Document) and untaken(body, self._picture.is_history("a", invoice), self._policy) is None

    def _is_new_document(self, row: Seen) -> bool:
        body = row.record.body
        if not isinstance(body, Document) or body.stage == "draft":
            return False
        return self._policy.documents.direction != "off" and not self._picture.is_history("b", row)

    def would_ask(self, rows: Sequence[Seen]) -> set[str]:
        """Which CRM parties are to go across themselves."""
        reasons = self._party_reasons("a", [r.record.key for r in rows])
        said = asking.answers_for(self._picture.conn, self._picture.pairing.id, [f"a:party:{key}" for key in reasons]) if reasons else {}
        for name in [name for name, told in said.items() if _is_wanted(told)]:
            reasons[name.removeprefix("a:party:")] += (WANTED,)
        policy = self._policy
        going = [r.record for r in rows if party_left_out("a", reasons[r.record.key], False, policy, r.record.body) is None]
        return {record.key for record in going if f"a:party:{record.key}" not in policy.leave_out}


def _is_wanted(answers: dict[str, str]) -> bool:
    """Whether somebody wants an invoice for a customer: then they go across."""
    return any(name.startswith(f"{WANTED}|") for name in answers)
