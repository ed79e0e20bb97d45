"""What a door hands to whatever carries its calls, and how it hears of the answer. The network is ``curl.Network``; a simulator is another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Request:
    """One call as it leaves. ``url`` is absolute and was checked; ``headers`` hold the key, so nothing of this is ever printed.

    ``timeout`` is how long the other side may be silent, ``patience`` how long the whole answer may take (both in seconds).
    ``address``, where given, is connected to instead of where the host's name leads; name and certificate remain the host's.
    ``write``: it may change something, and must not be sent a second time by whoever carries it.
    """

    method: str
    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    content: bytes | None = field(default=None, repr=False)
    write: bool = False
    timeout: float = 30.0
    patience: float = 120.0
    address: str = ""


class Hearer(Protocol):
    """Takes an answer as it arrives. What it raises ends the call and comes out of ``carry``."""

    def head(self, status: int, headers: dict[str, str]) -> None:
        """Status and headers (lower-case names), once, before the first piece."""

    def piece(self, data: bytes) -> None:
        """The next bytes of the body, unpacked."""


class Transport(Protocol):
    """Carries calls. Threads may share it. No redirect is followed, no cookie kept, nothing tried twice."""

    def carry(self, request: Request, hearer: Hearer) -> None:
        """Returns when the whole answer was heard; raises ``Lost``."""

    def close(self) -> None:
        """Lets go of connections; a later call opens new ones."""


class Lost(Exception):
    """No whole answer came. ``made``: whether the other side may have seen the call.

    ``code`` is one of ``no-connection`` (never made), ``timed-out``, ``connection-lost``, ``answer-torn``.
    """

    def __init__(self, code: str, reason: str, *, made: bool = True) -> None:
        super().__init__(reason)
        self.code, self.reason, self.made = code, reason, made
