"""One write on its way through a wave: what was planned, the calls it takes, how far it got."""

from __future__ import annotations

from msgspec import Struct, field

from unisono.connect.port import Answered, Command, Fetched, Raw
from unisono.model.errors import LoginRefused, SystemFault
from unisono.model.record import Record, Side
from unisono.plan.actions import Decision, Send
from unisono.plan.situation import Subject
from unisono.store import intents


class Job(Struct):
    """One write on its way: what was planned, what it takes, how far it got. ``fault`` ends it; ``stale`` sends it back to planning."""

    decision: Decision
    send: Send
    label: str
    commands: tuple[Command, ...] = ()
    current: Raw | None = None
    document: Record | None = None
    """The document whose file is brought."""
    answers: tuple[Answered, ...] = ()
    intents: list[intents.Intent] = field(default_factory=list)
    read_back: Raw | None = None
    found: tuple[Raw, ...] = ()
    """Rows that were found there already, though nobody remembers: nothing is sent, they are looked at instead."""
    fetched: Fetched | None = None
    unchanged_file: bool = False
    fault: SystemFault | None = None
    stale: bool = False
    unclear: bool = False
    unsure: bool = False
    """Whether what it makes may be there already, though nobody remembers: it is looked for first."""
    others: frozenset[str] = frozenset()
    """Keys of the records there of which a person has said that they are another one."""
    alone: bool = False
    """Whether it is all there is to do about the record: then it need not be planned again if it leaves both sides in step."""
    in_step: bool = False
    asked: Side | None = None
    """The side the fault is of, if it is not the one that is written to: that of a file that could not be fetched."""

    @property
    def subject(self) -> Subject:
        """The record it was planned for."""
        return self.decision.subject

    @property
    def side(self) -> Side:
        """The side the fault is of."""
        return self.asked or self.send.write.side

    @property
    def fetches_first(self) -> bool:
        """Whether this is a note whose file comes next: the file is fetched first, so that no note ever stands without it."""
        write = self.send.write
        return write.kind == "note" and write.operation == "create" and any(s.write.kind == "file" for s in self.decision.sends)

    @property
    def fetches(self) -> bool:
        """Whether a document's file is fetched for it."""
        return self.fetches_first or (bool(self.send.source) and self.send.write.kind == "file")

    @property
    def over(self) -> bool:
        """Whether nothing more is to be called for it."""
        return self.fault is not None or self.stale or self.unchanged_file or bool(self.found)


Refusals = dict[Side, LoginRefused]
"""The sides that refused the login in a wave: nobody asks there again in it."""
