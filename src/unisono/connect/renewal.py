"""Keys that their vendor exchanges for others now and then. A system never sees where they are kept: it asks for the ones that hold now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct, field

from unisono.model.secret import Secret

Held = Mapping[str, Secret]
"""Login field -> its value."""
Renew = Callable[[Held], Held]
"""Exchanges keys at the vendor. Raises ``LoginRefused`` (they are worth nothing any more), ``TryLater``."""


class Keys(Protocol):
    """The renewed keys of one connection."""

    def renewed(self, held: Held, renew: Renew) -> Held:
        """Other keys than ``held``, which the vendor did not take: those that somebody else got meanwhile, else what ``renew`` brings.

        Whatever comes back is kept already: what a vendor exchanged, it takes no second time. Raises what ``renew`` raises.
        """
        ...


class Issued(Struct, frozen=True, kw_only=True):
    """What a vendor handed out at the end of its sign-in page: keys by login field, and what it said of the account besides."""

    keys: Held
    proven: Mapping[str, str] = field(default_factory=dict)
