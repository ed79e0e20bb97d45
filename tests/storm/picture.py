"""The end of a world, looked up by the marks of what people made."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from tests.storm.evidence import Evidence
from tests.storm.people import mark_of
from tests.storm.sides import Entry, Kind, Letter, Side

FIELDS = (
    "name", "first_name", "email", "phone", "mobile", "fax", "website",
    "address.line1", "address.postcode", "address.city", "address.country", "position", "price",
)  # fmt: skip
TAG = "FastBill"
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4,}")
_INVISIBLE = {0: None, 0xFEFF: None, 0x200B: None, 0x200E: None, 0x200F: None}


def plain(name: str, value: str) -> str:
    """A value as people mean it: blanks, forms of one letter, the case of an e-mail and the spelling of a number do not count."""
    text = " ".join(unicodedata.normalize("NFC", value.translate(_INVISIBLE)).split())
    if name == "email":
        return text.casefold()
    if name == "price" and text:
        # We write it with currency and basis, each vendor in its own columns.
        return f"{Decimal(text.partition(' ')[0]):.2f}"
    if name in ("phone", "mobile", "fax"):
        return re.sub(r"^(\+49|0049|0)", "", re.sub(r"[^\d+]", "", text))
    return text


def same(name: str, one: str, other: str) -> bool:
    """Whether two values mean the same."""
    return plain(name, one) == plain(name, other)


def rows_key(key: str) -> str:
    """The row that holds a record: the main person of FastBill, and any of Lexware Office, lives in the customer's own."""
    return key.partition("#")[0]


class Picture:
    """Truth, deeds and what the product told, by mark. Nothing is kept between worlds."""

    letters: tuple[Letter, Letter] = ("a", "b")

    def __init__(self, e: Evidence) -> None:
        self.e = e
        self._records: dict[tuple[Letter, Kind], dict[str, Entry]] = {}
        self._marks: dict[tuple[Letter, Kind], dict[str, list[Entry]]] = {}
        self.made = Counter(d.deed.about for d in e.did if d.deed.what == "create")
        self.taken: set[str] = {d.deed.about for d in e.did if d.deed.what in ("delete", "merge")}
        """Marks that somebody deleted, merged, or that a vendor hid: their links have ended."""
        self.taken |= {d.deed.values["loser"] for d in e.did if d.deed.what == "merge"} | {k.mark for k in e.hidden}
        # What belongs to a customer goes with it.
        self.taken |= {d.deed.about for d in e.did if {d.deed.values.get("owner"), d.deed.values.get("customer")} & self.taken}
        self.hidden = {k.mark for k in e.hidden}
        self.merged: set[str] = {d.deed.about for d in e.did if d.deed.what == "merge"}
        """Marks whose record took in another one: of two telephone numbers and addresses either may stand for it now."""
        self.mixed = Counter(m for d in e.did if d.deed.what == "merge" for m in (d.deed.about, d.deed.values["loser"]))
        self.unrecognisable = {
            d.deed.about for d in e.did if e.restored and d.deed.what == "edit" and {"name", "email", "first_name"} & set(d.deed.values)
        }
        """After an older database was put back: who got another name or e-mail since, on one side only, is like nobody on the other."""
        self.policies = [tomllib.loads(rule.body) for rule in e.rules]
        self.answered = [d for d in e.did if d.deed.what == "answer"]

    def side(self, letter: Letter) -> Side:
        """One vendor."""
        return self.e.a if letter == "a" else self.e.b

    @staticmethod
    def letter(who: str) -> Letter:
        """The side somebody sits at."""
        return "a" if who == "a" else "b"

    def kept(self, letter: Letter, name: str, value: str) -> str:
        """What a vendor makes of a value that it is given, if it has such a habit."""
        habit = getattr(self.side(letter), "kept", None)
        return str(habit(name, value)) if habit is not None else value

    def told_twice(self, letter: Letter) -> set[str]:
        """Rows of whose second making a person was told."""
        return {one.key.rpartition(":")[2] for one in self.e.problems if one.code == "made-twice" and one.key.startswith(f"{letter}:")}

    def old_copies(self, letter: Letter) -> int:
        """How often a vendor showed a copy of whatever age: nobody can tell that from somebody's having put the row back."""
        return sum(call.fault == "stale" for call in self.side(letter).log)

    def records(self, letter: Letter, kind: Kind) -> dict[str, Entry]:
        """A side's records of a kind."""
        if (letter, kind) not in self._records:
            self._records[letter, kind] = dict(self.side(letter).records(kind))
        return self._records[letter, kind]

    def marked(self, letter: Letter, kind: Kind) -> dict[str, list[Entry]]:
        """They by their marks."""
        if (letter, kind) not in self._marks:
            found: dict[str, list[Entry]] = {}
            for entry in self.records(letter, kind).values():
                found.setdefault(mark_of(kind, entry), []).append(entry)
            found.pop("", None)
            self._marks[letter, kind] = found
        return self._marks[letter, kind]

    def there(self, letter: Letter, key: str) -> bool:
        """Whether a record is there."""
        kinds: tuple[Kind, ...] = ("party", "contact", "quote", "invoice", "note", "product")
        return any(key in self.records(letter, kind) for kind in kinds)

    def entries(self, mark: str) -> dict[Letter, Sequence[Entry]]:
        """The records of a customer, contact or product on both sides."""
        kind: Kind = "contact" if mark.startswith("k") else "product" if mark.startswith("p") else "party"
        return {letter: self.marked(letter, kind).get(mark, ()) for letter in self.letters}

    def flow(self, name: str) -> str:
        """Which way a flow went all the time; ``off`` if the policy ever said so, or never said anything."""
        said = {str(policy.get(name, {}).get("direction", "off")) for policy in self.policies}
        return said.pop() if len(said) == 1 else "off"

    # --- what is to be where ---

    def wanted(self, to: Letter) -> set[str]:
        """The customers that are to be on a side: in the CRM all; in the invoicing system those with a tag or a deal."""
        if to == "a":
            return set(self.marked("b", "party"))
        owners = {deal.owner for deal in self.records("a", "quote").values()} if "deals" not in self.loose else set()
        if self.flow("invoices") == "to-invoicing":
            bills = (b for mark, some in self.marked("a", "invoice").items() if not self.undated(mark) for b in some)
            owners |= {bill.owner for bill in bills if bill.get("state") != "lost"}
        # Whoever leaves contacts where they are does not read a list that shows nobody else, and learns of no tag on them.
        unread = "contacts-none" in self.loose and getattr(self.side("a"), "contacts_apart", False)
        tagged_people = {c.owner for c in self.records("a", "contact").values() if TAG in c.tags} if not unread else set()
        belonging = set(self.records("a", "contact"))
        return {
            mark
            for mark, entries in self.marked("a", "party").items()
            for entry in entries
            if entry.key in owners or entry.key in tagged_people or (TAG in entry.tags and entry.key not in belonging)
        }

    def wanted_contacts(self) -> dict[str, str]:
        """Contacts that are to be on both sides, and the customer each belongs to."""
        out = {}
        parties = self.records("a", "party")
        for mark, entries in self.marked("a", "contact").items():
            owner = parties.get(entries[0].owner)
            if owner is not None and (TAG in entries[0].tags or TAG in owner.tags):
                out[mark] = mark_of("party", owner)
        customers = self.records("b", "party")
        for mark, entries in self.marked("b", "contact").items():
            owner = customers.get(entries[0].owner)
            if owner is not None:
                out[mark] = mark_of("party", owner)
        return {mark: owner for mark, owner in out.items() if owner and mark.startswith("k")}

    # --- what is excused ---

    def undated(self, mark: str) -> bool:
        """Whether an invoice of the CRM stood there before the list was first read, and a clock was wrong: nothing tells then whether it is
        older than the release, and of what may be history no invoice is made."""
        listed = next((c.seq for c in self.e.a.log if c.operation == "list" and c.kind == "invoice"), 0)
        return self.e.skewed and any(d.deed.about == mark and d.deed.what == "bill" and d.seq < listed for d in self.e.did)

    @cached_property
    def loose(self) -> set[str]:
        """What a policy left open at some time: ``contacts`` (``contacts-none``: they stay where they are), ``wins``, a field whose direction
        is restricted, ``deletion``, ``deals`` that make nobody a customer, ``quotes`` and ``documents`` that stay where they are."""
        out = set()
        for policy in self.policies:
            customers: dict[str, Any] = policy.get("customers", {})
            if customers.get("contacts", "tagged") in ("none", "all"):
                out.add("contacts")
            if customers.get("contacts") == "none":
                out.add("contacts-none")
            if customers.get("wins", "ask") != "ask":
                out.add("wins")
            out |= set(customers.get("fields", {}))
            if "delete" in str(customers.get("deletion", {})):
                out.add("deletion")
            if "quote" not in customers.get("from_crm", {}).get("when", ("quote",)):
                out.add("deals")
            out |= {name for name in ("quotes", "documents") if policy.get(name, {}).get("direction") == "off"}
        return out

    @cached_property
    def _open(self) -> list[tuple[set[str], str, str]]:
        """What stands open, asked or told: the ids it names, its code, its field."""
        out = []
        for q in self.e.questions:
            if q.state == "open":
                named = " ".join((q.key, q.subject if q.code != "conflict" else "", *(q.values.get(n, "") for n in ("other_key", "keys"))))
                out.append((set(_ID.findall(named)), q.code, q.values.get("field", "")))
        for p in self.e.problems:
            if p.state == "open":
                out.append((set(_ID.findall(p.key + " " + p.values.get("keys", ""))), p.code, p.field))
        return out

    @cached_property
    def _ever(self) -> set[str]:
        """The ids that anything was ever asked or told about."""
        asked = (" ".join((q.key, q.subject, *(q.values.get(n, "") for n in ("other_key", "keys")))) for q in self.e.questions)
        told = (p.key + " " + p.values.get("keys", "") for p in self.e.problems)
        return {number for text in (*asked, *told) for number in _ID.findall(text)}

    def ever_named(self, mark: str) -> bool:
        """Whether anything was ever asked or told about a record of a mark."""
        return any(set(_ID.findall(entry.key)) & self._ever for entries in self.entries(mark).values() for entry in entries)

    def excused_key(self, key: str, field: str = "") -> bool:
        """Whether something open names a record; with ``field``, something about that field or about the whole of it."""
        ids = set(_ID.findall(key))
        whole = ("refused", "missing-field")
        return any(ids & named and (not field or about in ("", field) or code in whole) for named, code, about in self._open)

    def excused(self, mark: str, field: str = "") -> bool:
        """Whether something open names one of the records of a mark, or a customer was said to be another."""
        keys = [entry.key for entries in self.entries(mark).values() for entry in entries]
        if any(self.excused_key(key, field) for key in keys):
            return True
        return self.parted(mark)

    def parted(self, mark: str) -> bool:
        """Whether a person said of one of the records of a mark that it is another one than somebody it was taken for."""
        ids = {i for entries in self.entries(mark).values() for entry in entries for i in _ID.findall(entry.key)}
        said = [d for d in self.answered if d.deed.values["said"] in ("different", "leave", "none")]
        return any(ids & set(_ID.findall(d.key + " " + d.deed.values.get("other_key", ""))) for d in said)
