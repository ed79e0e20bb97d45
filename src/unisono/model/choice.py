"""A setting of one connection, with the values that its own account offers: which template, whose name, what kind of address."""

from __future__ import annotations

from msgspec import Struct


class Offer(Struct, frozen=True):
    """One value. ``shown`` is what the account calls it; empty: it has a word of ours (``adjust.<choice>.<value>``)."""

    value: str
    shown: str = ""


class Choice(Struct, frozen=True, kw_only=True):
    """``value`` is the one in force. ``makes``: what the vendor's account lacks for it and set-up could make there, after a yes."""

    name: str
    value: str
    offers: tuple[Offer, ...]
    makes: str = ""
