"""The port: what the engine may ask of any system. Ten very different vendors answer it; what one cannot do its capabilities say.

A system holds no state but its login and its door; it makes no decisions. Errors are those of ``model.errors``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct, field

from unisono.model.capability import Capabilities
from unisono.model.errors import SystemFault
from unisono.model.record import Kind, Record
from unisono.model.writing import Write


class Raw(Struct, frozen=True):
    """One row as the vendor sent it: ``body`` is its JSON text. ``key`` is unique within ``resource`` (a name of ``system.toml``)."""

    resource: str
    key: str
    body: bytes
    version: str = ""


class Page(Struct, frozen=True):
    """One page of a listing, in the vendor's order. ``last`` ends it; ``server_time`` is the vendor's clock (UTC), if its answer told."""

    rows: tuple[Raw, ...]
    last: bool
    server_time: datetime | None = None


class Identity(Struct, frozen=True):
    """Which account a key opens: kept with the links, so that a key of another company is noticed before anything is written."""

    account: str
    name: str
    time_zone: str = ""


class Command(Struct, frozen=True):
    """One wire call of a write: the vendor's operation and its payload (JSON-able, no secret). Symbols ``$1`` stand for earlier answers' keys.

    The journal keeps the operation, and the write it follows from. ``file`` names a local file whose bytes go along.
    """

    operation: str
    payload: dict[str, Any] = field(default_factory=dict)
    file: str = ""


class Answered(Struct, frozen=True):
    """The answer to one command. ``key`` is the canonical key of what was written; ``raw`` its row if the answer proves every value."""

    key: str
    raw: Raw | None = None


class Fetched(Struct, frozen=True):
    """A file that was brought: where it lies, and what tells it apart."""

    path: Path
    size: int
    sha256: str
    media_type: str


class Batching(Protocol):
    """What a system offers besides where the vendor takes several commands in one call (``batch`` of a kind or of a list above 1)."""

    def send_many(self, commands: Sequence[Command], earlier: Sequence[tuple[Answered, ...]]) -> Sequence[Answered | SystemFault]:
        """Several writes as one wire call: the outcome of each, in order. ``earlier``: to each command the answers to those before it.

        Raises what ``send`` raises if it is the call that failed: then that is the outcome of every command.
        """
        ...

    def read_many(self, places: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Raw | SystemFault | None]:
        """Several rows (resource, key) as they are now, in one call; ``None`` is a definite *not found*, a fault is that row's alone."""
        ...

    def probe_many(self, writes: Sequence[Write]) -> Sequence[tuple[Raw, ...]]:
        """What ``probe`` finds for each of several unclear creates of one kind, in as few calls as it takes."""
        ...


class System(Protocol):
    """One vendor, one account."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do, narrowed to this connection."""
        ...

    def identify(self) -> Identity | None:
        """Checks the login and says whose it is. ``None`` where the vendor has no such call, after some other call proved the login.

        Raises ``LoginRefused``, ``Unavailable``.
        """
        ...

    def pages(self, resource: str, since: datetime | None = None) -> Iterator[Page]:
        """Every row of a resource, or those changed since a mark of the vendor's clock where its signal allows. One call a page, lazily.

        Raises ``Unavailable``, ``BadAnswer``, ``LoginRefused``, ``TryLater``; never ends early in silence.
        """
        ...

    def read(self, resource: str, key: str) -> Raw | None:
        """One row as it is now; ``None`` is a definite *not found*."""
        ...

    def records(self, raw: Raw) -> tuple[Record, ...]:
        """The row in canonical form; none if it is of no interest. Pure. Raises ``BadAnswer`` naming the field."""
        ...

    def locate(self, kind: Kind, key: str) -> tuple[str, str]:
        """Resource and row key that hold a canonical record. Pure."""
        ...

    def compose(self, write: Write, current: Raw | None) -> tuple[Command, ...]:
        """The wire calls of a write, in order. ``current`` is the row read just before (changes need it). Pure.

        Raises ``Refused`` for what this vendor certainly will not take (a missing required field, an over-long name), naming the field.
        """
        ...

    def send(self, command: Command, earlier: tuple[Answered, ...] = ()) -> Answered:
        """One wire call. Raises ``Refused``, ``TryLater``, ``Full``, ``LoginRefused``, ``Conflicted`` (all: definitely not done), ``Unclear``."""
        ...

    def probe(self, write: Write) -> tuple[Raw, ...]:
        """After an unclear create: the rows that hold exactly what the write would have made (our reference, else every value it sent)."""
        ...

    def fetch_file(self, record: Record, folder: Path, limit: int) -> Fetched:
        """The rendered file of a document, streamed into ``folder``. Asks for a fresh link once if the known one is stale.

        Raises ``Refused`` (``file-not-pdf``, ``file-too-large``), ``Unavailable``, ``NotThere``.
        """
        ...
