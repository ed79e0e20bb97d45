"""The fewest calls a complete first sync can make, computed from what the two systems say of themselves and from how much there is.

Nothing is measured here: a vendor that shows more rows a page, that takes several records in a call, or whose answer to a write proves its
values, lowers the number by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from unisono.model.capability import Capabilities
from unisono.model.record import Kind

DOUBTFUL_FIRST_PAGES = {"centralstation": (25, 50, 100, 200)}
"""System -> row counts of a first page that may have been cut by a smaller limit of the server: one more call has to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """How much a first sync finds on one side and makes there. ``rows``: vendor rows by resource that is listed, before anything is
    written. ``creates``: records that are made on this side, by kind. ``documents``: documents of this side that are filed on the other.
    """

    rows: Mapping[str, int] = field(default_factory=dict)
    creates: Mapping[Kind, int] = field(default_factory=dict)
    documents: int = 0


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls by what they are for."""

    identity: int
    listing: int
    creates: int
    read_backs: int
    files: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.identity + self.listing + self.creates + self.read_backs + self.files

    def __add__(self, more: Calls) -> Calls:
        return Calls(
            self.identity + more.identity,
            self.listing + more.listing,
            self.creates + more.creates,
            self.read_backs + more.read_backs,
            self.files + more.files,
        )


def first_sync(a: tuple[Capabilities, Job], b: tuple[Capabilities, Job]) -> Calls:
    """The fewest calls for both sides together. Each filed document is one fetched file here, one note and one attachment over there."""
    return _side(*a, filed=b[1].documents) + _side(*b, filed=a[1].documents)


def listing(rows: int, page: int, doubtful: tuple[int, ...] = ()) -> int:
    """Pages until a short one: a list that fills its last page needs one more call to show that it ends, and so does an empty one."""
    if page <= 0:
        raise ValueError(f"a page of {page} rows lists nothing")
    return rows // page + (2 if rows in doubtful else 1)


def listings(system: Capabilities, rows: Mapping[str, int]) -> int:
    """The calls that list these resources whole."""
    doubtful = DOUBTFUL_FIRST_PAGES.get(system.name, ())
    total = 0
    for name, count in rows.items():
        resource = system.resource(name)
        total += listing(count, resource.page, doubtful) + count * resource.row_calls
    return total


def calls(records: int, batch: int) -> int:
    """Calls that carry so many records, each as full as the vendor lets it be."""
    return -(-records // batch)


def rows_a_call(system: Capabilities, kind: Kind) -> int:
    """How many records of a kind one call reads by their keys."""
    return max((resource.batch for resource in system.resources if kind in resource.kinds), default=1)


def _side(system: Capabilities, job: Job, *, filed: int) -> Calls:
    made = {**job.creates}
    if filed:
        made |= {"note": made.get("note", 0) + filed, "file": made.get("file", 0) + filed}
    creates = sum(calls(count, system.writing(kind).batch) * system.writing(kind).calls for kind, count in made.items())
    read_backs = sum(calls(count, rows_a_call(system, kind)) for kind, count in made.items() if system.writing(kind).read_back)
    return Calls(identity=1, listing=listings(system, job.rows), creates=creates, read_backs=read_backs, files=job.documents)
