"""The stories of level D between CentralStationCRM and FastBill, and the words that all of them are told in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.storm.chance import At, Deed, Who
from tests.storm.stages import PAIR

KNOBS = {"plan": "premium", "lists": "array", "retry_after": "1"}
_HOME = {"address.line1": "Ring 1", "address.postcode": "10115", "address.city": "Köln", "address.country": "DE"}


@dataclass(frozen=True, slots=True)
class Story:
    """What people do, turn by turn, between which two vendors, and what holds throughout."""

    deeds: tuple[Deed, ...]
    pair: str = PAIR
    knobs: Mapping[str, str] = field(default_factory=lambda: KNOBS)
    reading: bool = True
    """Whether things also fail while the last turn still reads, before it plans: in every story of a pair that is the same."""


def did(turn: int, who: Who, what: str, about: str = "", /, **values: str) -> Deed:
    """Something somebody does before a turn."""
    return Deed(At(turn), who, what, about, values)


def firm(turn: int, who: Who, mark: str, **values: str) -> Deed:
    """A new company."""
    given = {"kind": "company", "website": f"www.{mark}.example", "name": f"Bäckerei {mark} GmbH", "email": f"{mark}@post.example"}
    return Deed(At(turn), who, "create", mark, given | _HOME | values)


def human(turn: int, who: Who, mark: str) -> Deed:
    """A new private person."""
    given = {"kind": "person", "website": f"www.{mark}.example", "name": f"Nagel {mark}", "first_name": "Nora"}
    return Deed(At(turn), who, "create", mark, given | _HOME)


def contact(turn: int, who: Who, mark: str, owner: str) -> Deed:
    """A new contact person of a company."""
    return did(turn, who, "create", mark, kind="contact", owner=owner, name=f"Groß {mark}", first_name="Jörg", email=f"{mark}@post.example")


def deal(turn: int, mark: str, customer: str) -> Deed:
    """A new deal."""
    return did(turn, "a", "deal", mark, customer=customer, title=f"Angebot {mark}", value="1234.56")


def invoice(turn: int, mark: str, customer: str) -> Deed:
    """An invoice that is issued at once."""
    return did(turn, "b", "invoice", mark, customer=customer, title=f"Rechnung {mark}", value="99.90", complete="1")


_TALES: dict[str, tuple[Deed, ...]] = {
    "a tagged company with its person": (firm(0, "a", "c0"), contact(0, "a", "k0", "c0"), did(0, "a", "tag", "c0")),
    "a tagged private person": (human(0, "a", "c0"), did(0, "a", "tag", "c0")),
    "an offer for a new company": (firm(0, "a", "c0"), deal(0, "q0", "c0")),
    "two offers at once": (firm(0, "a", "c0"), deal(0, "q0", "c0"), human(0, "a", "c1"), deal(0, "q1", "c1")),
    "a company from the invoicing system": (firm(0, "b", "c0"),),
    "a private person from the invoicing system": (human(0, "b", "c0"),),
    "a contact person from the invoicing system": (firm(0, "b", "c0"), contact(1, "b", "k0", "c0")),
    "an invoice": (firm(0, "b", "c0"), invoice(1, "i0", "c0")),
    "an offer that was sent": (firm(0, "a", "c0"), deal(0, "q0", "c0"), did(1, "b", "state", "q0", state="b")),
    "an invoice that was paid": (firm(0, "b", "c0"), invoice(0, "i0", "c0"), did(2, "b", "pay", "i0")),
    "an edit in the CRM": (
        firm(0, "a", "c0"),
        did(0, "a", "tag", "c0"),
        did(1, "a", "edit", "c0", **{"address.city": "Bonn", "phone": "0228 1"}),
    ),
    "an edit in the invoicing system": (
        firm(0, "b", "c0"),
        did(1, "b", "edit", "c0", **{"address.city": "Bonn", "email": "neu@post.example"}),
    ),
    "both sides edited": (
        firm(0, "a", "c0"),
        did(0, "a", "tag", "c0"),
        did(1, "a", "edit", "c0", **{"address.city": "Bonn"}),
        did(1, "b", "edit", "c0", **{"address.postcode": "53111"}),
    ),
    "a conflict and its answer": (
        firm(0, "b", "c0"),
        did(1, "a", "edit", "c0", **{"address.city": "Bonn"}),
        did(1, "b", "edit", "c0", **{"address.city": "Ulm"}),
        did(2, "us", "answer", nth="0", said="0"),
    ),
    "a deletion": (firm(0, "b", "c0"), firm(0, "b", "c1"), did(1, "a", "delete", "c0"), did(2, "b", "edit", "c1", phone="0228 1")),
    "an offer edited, and made anew": (
        firm(0, "a", "c0"),
        deal(0, "q0", "c0"),
        did(1, "a", "edit-deal", "q0", value="77.00"),
        did(2, "us", "answer", nth="0", said="2"),
    ),
}
TALES = {name: Story(deeds) for name, deeds in _TALES.items()}
