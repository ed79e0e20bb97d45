"""What a cycle did, and what kept it from doing more."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field
from sqlalchemy import Connection

from unisono.engine.hands import Pairing
from unisono.engine.pull import Pulled
from unisono.model.errors import LoginRefused, SystemFault
from unisono.model.record import Kind, Side
from unisono.plan.actions import Decision
from unisono.store import pairs


class Outcome(Struct):
    """What a cycle did. ``decisions`` is filled by a dry run only."""

    pulled_a: Pulled | None = None
    pulled_b: Pulled | None = None
    planned: int = 0
    writes: int = 0
    failed: int = 0
    unclear: int = 0
    stopped: str = ""
    """Why the cycle ended early: a brake, a pair that is not released, a system out of reach."""
    fault: SystemFault | None = None
    """The first fault that closed a whole side, or one kind on it."""
    closed: dict[tuple[Side, Kind | str], tuple[datetime, str]] = field(default_factory=dict)
    """Sides (with kind ``*``) and kinds that take no more writes in this cycle: until when, and the code why. The others go on."""
    refused: set[Side] = field(default_factory=set)
    """Sides whose login was refused."""
    verdicts: dict[str, int] = field(default_factory=dict)
    decisions: list[tuple[Decision, str]] = field(default_factory=list)

    def count(self, decision: Decision) -> None:
        """Counts a decision by its verdict."""
        self.verdicts[decision.verdict] = self.verdicts.get(decision.verdict, 0) + 1

    def after(self, earlier: Outcome) -> Outcome:
        """The same with what an earlier cycle of the turn did."""
        for name in ("planned", "writes", "failed"):
            setattr(self, name, getattr(self, name) + getattr(earlier, name))
        for verdict, count in earlier.verdicts.items():
            self.verdicts[verdict] = self.verdicts.get(verdict, 0) + count
        return self

    def refuse(self, conn: Connection, side: Side, fault: LoginRefused, pairing: Pairing) -> None:
        """A side's key was refused: it is not used again before a person has replaced it, also if this process ends before its turn does."""
        self.refused.add(side)
        pairs.update_connection(conn, pairing.side(side).id, state="refused", told=fault.code)

    def closure(self, side: Side, kind: Kind) -> tuple[datetime, str] | None:
        """Until when, and why, a kind of record is not written on a side."""
        return self.closed.get((side, "*")) or self.closed.get((side, kind))
