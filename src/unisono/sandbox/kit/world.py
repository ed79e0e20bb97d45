"""The world a simulator lives in. Tests hold it and drive the WSGI app in process; a server shows it at ``/_sandbox/``."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from unisono.sandbox.kit.faults import Faults

Row = dict[str, Any]


class SimClock:
    """The vendor's clock. It stands still unless moved, or runs with the machine's clock when ``running``."""

    def __init__(self, start: datetime | None = None, *, running: bool = False) -> None:
        self._start = start or datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
        self._offset = timedelta()
        self._running = running

    def now(self) -> datetime:
        """The present instant, in UTC."""
        base = datetime.now(UTC) if self._running else self._start
        return base + self._offset

    @property
    def offset(self) -> timedelta:
        """How far the clock was moved from where it started."""
        return self._offset

    def advance(self, seconds: float) -> None:
        """Move the vendor's clock; negative values move it back."""
        self._offset += timedelta(seconds=seconds)


@dataclass
class Storage:
    """The vendor's database: tables of rows by integer id, plus loose settings."""

    tables: dict[str, dict[int, Row]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    derived: dict[str, Any] = field(default_factory=dict)
    """What follows from the tables (indexes). Never saved; emptied when the tables come from a file, to be built again on use."""

    def table(self, name: str) -> dict[int, Row]:
        """The rows of one table, in insertion order; made on first use."""
        return self.tables.setdefault(name, {})

    def next_id(self, series: str, start: int = 1, step: int = 1) -> int:
        """The next number of a series; never given twice, not even after a deletion."""
        value = self.counters.get(series, start - step) + step
        self.counters[series] = value
        return value


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One request as the vendor saw it: the oracle's evidence. ``write`` says whether it changed the vendor's data."""

    seq: int
    at: datetime
    method: str
    path: str
    query: str
    status: int
    write: bool
    operation: str
    """Vendor-side name of what was asked: ``customer.create``, ``POST companies``."""
    subject: str = ""
    """``<table>/<id>`` of the row that a write created, changed or deleted."""
    fault: str = ""
    """Name of the fault that hit this call, if any."""


@dataclass
class RequestLog:
    """All requests in order. ``limit`` keeps a server that runs for weeks from growing without end."""

    calls: list[LoggedCall] = field(default_factory=list)
    limit: int = 1_000_000
    seq: int = 0

    def add(self, **values: Any) -> LoggedCall:
        """Append one call and number it."""
        self.seq += 1
        call = LoggedCall(seq=self.seq, **values)
        self.calls.append(call)
        if len(self.calls) > self.limit:
            del self.calls[: self.limit // 10]
        return call

    def writes(self) -> list[LoggedCall]:
        """The calls that changed the vendor's data, in order."""
        return [c for c in self.calls if c.write]


@dataclass
class World:
    """Everything a simulator may touch besides the request itself."""

    clock: SimClock = field(default_factory=SimClock)
    random: random.Random = field(default_factory=lambda: random.Random(1))
    storage: Storage = field(default_factory=Storage)
    faults: Faults = field(default_factory=Faults)
    log: RequestLog = field(default_factory=RequestLog)
