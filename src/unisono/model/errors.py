"""Errors that carry the decision: try later, refused, sign in again, unclear. The last is the important one: the answer to a write is lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(eq=False)
class SystemFault(Exception):
    """Something a vendor's API did not do. ``code`` is a catalogue code, ``values`` fill its sentence, ``raw`` is the vendor's own answer.

    ``raw`` is redacted and cut (2,000 characters) where it is made, in ``connect``.
    """

    code: str
    values: dict[str, str] = field(default_factory=dict)
    raw: str = ""

    def __str__(self) -> str:
        told = ", ".join(f"{k}={v}" for k, v in self.values.items())
        return f"{self.code}({told})"


@dataclass(eq=False)
class TryLater(SystemFault):
    """Not done, certainly; may be asked again from ``at`` (UTC) on: pace, 429, an allowance used up. Not counted as an attempt."""

    at: datetime | None = None


class Unavailable(SystemFault):
    """A read failed (no connection, time-out, 5xx, HTML or torn JSON instead of data). Nothing was changed; try again with backoff."""


@dataclass(eq=False)
class Refused(SystemFault):
    """The vendor refused one record, definitely. ``field`` is our name of the offending field if known; waits for a change or a person."""

    field: str = ""


class Full(SystemFault):
    """The account has no room or no plan for this kind of record (507, 402): pauses the resource, not the record."""


class LoginRefused(SystemFault):
    """The key is wrong, expired or lacks a right: the connection stops and a person is told."""


class NotThere(SystemFault):
    """A definite *not found* for one key. Whether it was deleted, merged or hidden is for the caller to find out."""


class Conflicted(SystemFault):
    """A conditional write met a newer version (409/412/406): read again and plan again."""


class Unclear(SystemFault):
    """A write whose outcome is unknown (time-out, reset, 5xx, torn body). Never repeated blindly: the create ladder decides."""


class BadAnswer(SystemFault):
    """An answer that does not have the vendor's shape. For a read: as ``Unavailable``, and one bad record stops nobody else's."""
