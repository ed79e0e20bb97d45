"""What an invented vendor can do and how it behaves: drawn by a seed, told to the product as its capabilities."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Literal

from unisono.model.capability import Capabilities, FieldLimit, Find, Resource, Signal, Writing
from unisono.model.party import CONTACT_FIELDS
from unisono.model.record import Kind, Side

Habit = Literal["trim", "upper", "lower", "cut", "ignore"]
Removal = Literal["delete", "archive"]

PARTY = ("name", "first_name", "email", "phone", "website", "note", "address.line1", "address.postcode", "address.city", "address.country")
"""What every invented vendor holds of a customer, besides its type."""
EXTRA = ("fax", "mobile", "tax_id", "address.line2")
"""What only some of them hold."""
PERSON = ("name", "first_name", "email", "phone", "position")
ADDRESS = ("address.line1", "address.postcode", "address.city", "address.country")
CUT = 40
"""Characters that a vendor keeps which cuts in silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """One vendor's nature."""

    side: Side
    find: Find = "reference"
    find_lag: int = 0
    """Seconds a search trails a create; told to the product."""
    conditional: bool = False
    """A change names the version it rests on; another one is refused."""
    row_versions: bool = False
    """Each row names its version; else its bytes tell it apart."""
    signal: Signal = "compare"
    whole_seconds: bool = False
    list_lag: int = 0
    """Seconds until a change shows in a list of changes; told to the product."""
    skew: int = 0
    """Seconds the vendor's clock is ahead of ours."""
    page: int = 3
    removal: Removal = "delete"
    redirects: bool = False
    """A merged record's address answers with the survivor."""
    answers_row: bool = False
    """The answer to a write shows the row."""
    stale: int = 0
    """Seconds during which a read after a write shows the row from before it."""
    token_life: int = 0
    """Seconds an access token holds; 0: none are used."""
    habits: tuple[tuple[str, Habit], ...] = ()
    extra: tuple[str, ...] = ()
    lengths: tuple[tuple[str, int], ...] = ()
    batch: int = 1
    """Writes and looks that one call carries."""

    def kept(self, field: str, value: str) -> str:
        """What the vendor makes of a value, whoever wrote it."""
        for name, habit in self.habits:
            if name == field:
                value = _HABITS[habit](value)
        return value

    def holds(self, kind: str) -> tuple[str, ...]:
        """The fields of a party or contact that it has a place for."""
        return (*PARTY, *self.extra) if kind == "party" else PERSON


_HABITS = {
    "trim": lambda text: " ".join(text.split()),
    "upper": str.upper,
    "lower": str.lower,
    "cut": lambda text: text[:CUT].rstrip(),
    "ignore": lambda _: "",
}
_TASTES: tuple[tuple[str, Habit], ...] = (
    ("name", "trim"),
    ("address.city", "upper"),
    ("email", "lower"),
    ("note", "cut"),
    ("website", "lower"),
    ("address.line1", "trim"),
    ("phone", "ignore"),
)


def draw_traits(chance: random.Random, side: Side) -> Traits:
    """A vendor of that side."""
    find: Find = chance.choice(("reference", "reference", "natural", "idempotency-key"))
    signal: Signal = chance.choice(("stamp", "coarse-stamp", "compare", "ordered-until", "version"))
    limited = chance.random() < 0.3
    habits = tuple(sorted(chance.sample(_TASTES, chance.choice((0, 1, 2)))))
    drawn = Traits(
        side=side,
        find=find,
        find_lag=chance.choice((0, 0, 2, 20)),
        conditional=chance.random() < 0.5,
        row_versions=chance.random() < 0.5,
        signal=signal,
        whole_seconds=signal == "coarse-stamp" or chance.random() < 0.3,
        list_lag=chance.choice((0, 0, 5, 45)),
        skew=chance.choice((0, 0, 0, 7200, -7200, 3)),
        page=chance.choice((3, 5, 100)),
        removal=chance.choice(("delete", "delete", "archive")),
        redirects=chance.random() < 0.5,
        answers_row=chance.random() < 0.5,
        stale=0 if habits else chance.choice((0, 2)),
        token_life=chance.choice((0, 0, 600)),
        habits=habits,
        extra=tuple(sorted(chance.sample(EXTRA, chance.choice((0, 2, 4))))),
        lengths=(("name", 30),) if limited else (),
    )
    # One that alters what it is given may show old rows as well. (Drawn last, so that the seeds of old are the worlds they were.)
    drawn = replace(drawn, stale=chance.choice((0, 2))) if habits else drawn
    return replace(drawn, batch=chance.choice((1, 1, 3)))


def name_of(side: Side) -> str:
    """By what the product knows an invented vendor."""
    return "invented-crm" if side == "a" else "invented-books"


def capabilities_of(traits: Traits) -> Capabilities:
    """What such a vendor tells the product about itself."""
    crm = traits.side == "a"
    kinds: tuple[Kind, ...] = ("party", "contact", "quote", "tag") if crm else ("party", "contact", "quote", "invoice")
    resources = [_resource(kind, traits) for kind in kinds]
    writings = [_writing("party", traits), _writing("contact", traits)]
    if crm:
        resources.append(Resource(name="note", kinds=("note",), listed=False, whole=False))
        writings += [
            Writing(kind="note", mode="partial", create="record", change=True, find="reference", lag=_lag(traits), read_back=False),
            Writing(kind="file", mode="append", create="record", find="natural", lag=_lag(traits), read_back=False, file_limit=1_000_000),
        ]
    else:
        writings.append(
            Writing(
                kind="quote",
                create="draft",
                delete=True,
                find=traits.find,
                lag=_lag(traits),
                read_back=not traits.answers_row,
                batch=traits.batch,
                types=("310",),
            )
        )
    return Capabilities(
        name=name_of(traits.side),
        title="Invented CRM" if crm else "Invented Books",
        kind="crm" if crm else "invoicing",
        country="DE",
        implemented=True,
        time_zone="Europe/Berlin",
        api="",
        hosts=(),
        login=(),
        pace=(),
        resources=tuple(resources),
        writings=tuple(writings),
    )


def _resource(kind: Kind, traits: Traits) -> Resource:
    signal: Signal = "compare" if kind == "tag" else traits.signal
    overlap = traits.list_lag + 5 if signal in ("stamp", "coarse-stamp", "ordered-until") else 0
    return Resource(
        name=kind, kinds=(kind,), signal=signal, overlap=overlap, page=traits.page, lines="readable", delete_lag=60, batch=traits.batch
    )


def _writing(kind: Kind, traits: Traits) -> Writing:
    lengths = dict(traits.lengths)
    fields = {name: FieldLimit(length=lengths.get(name, 0)) for name in traits.holds(kind)}
    fields["name"] = FieldLimit(length=lengths.get("name", 0), required="yes", can_clear=False)
    if kind == "party":
        fields["type"] = FieldLimit(required="yes", on_change=False, can_clear=False, values=("company", "person"))
    return Writing(
        kind=kind,
        mode="partial",
        create="record",
        change=True,
        delete=True,
        conditional=traits.conditional,
        find=traits.find,
        lag=_lag(traits),
        read_back=not traits.answers_row,
        batch=traits.batch,
        tags=traits.side == "a" and kind == "party",
        fields=fields,
    )


def _lag(traits: Traits) -> int:
    return max(2, traits.find_lag)


assert set(PERSON) <= set(CONTACT_FIELDS)
