"""What a plan is made of: frozen values, printable, comparable, serialisable. Nothing else crosses from deciding to doing."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec import field as slot

from unisono.model.record import Kind, Side
from unisono.model.writing import Write
from unisono.plan.situation import Subject

Verdict = Literal["new", "changed", "linked", "equal", "doubtful", "left-out", "refused", "waiting", "gone"]


class Reason(Struct, frozen=True):
    """Why, as a catalogue code and the values of its sentence."""

    code: str
    values: dict[str, str] = slot(default_factory=dict)


class Send(Struct, frozen=True, kw_only=True):
    """One canonical write. ``agree`` maps each field that will be in step to the *source's* value; the target's is what is read back.

    A ``file`` write carries in ``source`` the document whose rendered file it is.
    """

    write: Write
    reason: Reason
    link_kind: Kind
    agree: dict[str, str] = slot(default_factory=dict)
    source: str = ""


class Join(Struct, frozen=True, kw_only=True):
    """Link two existing records, or move what is agreed. Nothing is sent: nothing is ever overwritten by linking."""

    kind: Kind
    a_key: str
    b_key: str
    agreed_a: dict[str, str] = slot(default_factory=dict)
    agreed_b: dict[str, str] = slot(default_factory=dict)
    reason: Reason = Reason("agreed")


class Sever(Struct, frozen=True, kw_only=True):
    """End a link: a side was deleted. The other side stays as it is; the records are not joined or made anew by themselves.

    ``then``: it is remembered as severed; ``kept`` as it is with a note; ``forgotten``, so that the record may be linked with another one.
    ``why`` is what the link remembers, if it is not the reason's code.
    """

    kind: Kind
    a_key: str
    b_key: str
    reason: Reason
    then: Literal["severed", "kept", "forgotten"] = "severed"
    why: str = ""


class Ask(Struct, frozen=True, kw_only=True):
    """A question only a person can answer. ``subject`` tells the same question again; ``group`` puts alike ones together."""

    code: str
    subject: str
    group: str
    options: tuple[str, ...]
    values: dict[str, str] = slot(default_factory=dict)


class Report(Struct, frozen=True, kw_only=True):
    """A record that cannot go across as it is: which field, which value, what to do. It waits for a change or a person."""

    code: str
    field: str = ""
    values: dict[str, str] = slot(default_factory=dict)


class Wait(Struct, frozen=True, kw_only=True):
    """Not yet: it depends on another record of the same side, whose settlement marks this one again."""

    on: str
    reason: Reason


Action = Send | Join | Sever | Ask | Report | Wait


class Decision(Struct, frozen=True):
    """What is to be done about one record, and why. No action at all is a decision, too: equal, or left out by a rule."""

    subject: Subject
    verdict: Verdict
    reason: Reason
    actions: tuple[Action, ...] = ()

    @property
    def sends(self) -> tuple[Send, ...]:
        """The writes among the actions, in order."""
        return tuple(a for a in self.actions if isinstance(a, Send))


def side_name(side: Side) -> str:
    """The policy's word for a side."""
    return "crm" if side == "a" else "invoicing"
