"""Everything a decision about one record may rest on: a value, gathered beforehand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter
from typing import Literal

from msgspec import Struct, field

from unisono.model.capability import Capabilities
from unisono.model.record import Kind, MatchKeys, Record, Side
from unisono.policy.schema import Policy


class Subject(Struct, frozen=True, order=True):
    """The record a piece of work is about. As text ``a:party:company:42``: side, kind, the vendor's key."""

    side: Side
    kind: Kind
    key: str

    def __str__(self) -> str:
        return f"{self.side}:{self.kind}:{self.key}"


def in_order(subjects: Iterable[Subject]) -> list[Subject]:
    """Subjects in the order of their names: as ``sorted`` has it, without comparing them field by field."""
    return sorted(subjects, key=_PLACE)


_PLACE = attrgetter("side", "kind", "key")


def subject_of(text: str) -> Subject:
    """The reverse of ``str(subject)``."""
    side, kind, key = text.split(":", 2)
    return Subject(side, kind, key)  # type: ignore[arg-type]


NO_KEYS = MatchKeys()


class Seen(Struct, frozen=True):
    """A record as last observed. ``first_at`` is when we first saw it (UTC); ``gone`` says it was definitely deleted."""

    record: Record
    change: int
    first_at: datetime
    gone: bool = False
    missing: bool = False
    keys: MatchKeys = NO_KEYS


BEFORE = "?"
"""Ends the name under which a side's agreed values keep what stood in a field before a write of ours that nobody has seen the outcome of."""


class Link(Struct, frozen=True):
    """Who is who, and what each side held, field by field, when they were last in step. A field not in ``agreed_a`` was never in step."""

    id: str
    kind: Kind
    a_key: str
    b_key: str
    agreed_a: dict[str, str] = field(default_factory=dict)
    agreed_b: dict[str, str] = field(default_factory=dict)
    state: Literal["linked", "severed"] = "linked"
    why: str = ""

    def key(self, side: Side) -> str:
        """The key on one side."""
        return self.a_key if side == "a" else self.b_key

    def agreed(self, side: Side) -> dict[str, str]:
        """What one side held when last in step."""
        return self.agreed_a if side == "a" else self.agreed_b


class Owner(Struct, frozen=True):
    """The record that the subject belongs to, and where it stands. ``linked`` is its key on the other side."""

    key: str
    kind: Kind
    linked: str = ""
    state: Literal["linked", "wanted", "unwanted", "severed", "unknown"] = "unknown"


class Candidate(Struct, frozen=True):
    """A record of the other side that may be the same. ``linked`` says it already is somebody else's counterpart, ``asks`` that it is
    to go across itself, so that its own planning asks about this couple. ``asked``: by which rule a person is asked about them already."""

    seen: Seen
    linked: bool = False
    asks: bool = False
    asked: str = ""


class FiledQuote(Struct, frozen=True):
    """A quote of the same customer in the invoicing system, and the deal it was made from, if any."""

    seen: Seen
    deal: str = ""


class Situation(Struct, frozen=True, kw_only=True):
    """One record, seen on one or both sides, with its surroundings."""

    subject: Subject
    a: Seen | None = None
    b: Seen | None = None
    link: Link | None = None
    filed: Link | None = None
    """The note in the CRM that files this document."""
    told: Link | None = None
    """Which state of this document was told to the CRM, and how (a link of kind ``status``)."""
    reasons: tuple[str, ...] = ()
    """Why a CRM customer is one of the invoicing system's: ``quote``, ``tag``, ``contact-tag``."""
    owner: Owner | None = None
    candidates: tuple[Candidate, ...] = ()
    peers: tuple[MatchKeys, ...] = ()
    """The match keys of other parties of the subject's own side that share its tax id or number: then neither tells it alone."""
    quotes: tuple[FiledQuote, ...] = ()
    answers: dict[str, str] = field(default_factory=dict)
    """``code|subject`` -> what a person answered."""
    also_linked_as: Kind | Literal[""] = ""
    """The same CRM person is already linked as another kind (a party that is also a contact)."""
    whole: bool = True
    """All of the target's records of this kind are seen, so that *not found* means something."""
    held: bool = False
    """A create of this kind on the subject's own side is unclear: this record may be its outcome. Or one on the other side is, of a record
    so alike that this one may be the same."""
    history: bool = False
    """The record is older than the release of the pair."""
    existed: bool = False
    """The record was there before the release of the pair, whatever happened to it since."""
    today: dt.date | None = None
    """The firm's date; ``None`` where nothing depends on it."""
    merged: tuple[Candidate, ...] = ()
    """Records on the side where this one vanished that may be what it was merged into."""
    issued: bool = True
    """Whether the customer has, or may have, documents in the invoicing system: then it is never deleted."""
    moved: bool = False
    """A linked contact whose owners on the two sides are not each other's counterparts any more."""
    unsure: bool = False
    """The pair was restored from a backup: what it made since then is there, and it does not know of it."""

    def seen(self, side: Side) -> Seen | None:
        """The record on one side."""
        return self.a if side == "a" else self.b


class Rules(Struct, frozen=True):
    """What holds for the whole pair: its policy, and what each side can do."""

    policy: Policy
    a: Capabilities
    b: Capabilities

    def capabilities(self, side: Side) -> Capabilities:
        """What one side can do."""
        return self.a if side == "a" else self.b
