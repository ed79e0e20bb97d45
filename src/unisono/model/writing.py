"""What is to be written, said without any vendor's words: the currency between planning, journal and systems."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from unisono.model.record import Body, Kind, Side

Operation = Literal["create", "change", "delete"]


class Write(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One canonical write on one side.

    ``create``: ``body`` is the whole record, ``owner`` the key *on the same side* of the record it belongs to.
    ``change``: ``changes`` holds only the changed fields (empty text clears one), ``before`` the same fields as last seen.
    ``reference`` is our own (``uni-`` + 16 characters) and goes into the record wherever the system has a place for it.
    """

    operation: Operation
    side: Side
    kind: Kind
    key: str = ""
    body: Body | None = None
    changes: dict[str, str] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    owner: str = ""
    reference: str = ""
