"""How the pages are reached: address, hosts that are ours, proxies we believe, and how passwords are kept."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from unisono.wiring.making import Aside, in_a_thread
from unisono.wiring.people import Hasher
from unisono.wiring.spreadsheet import MOST_BYTES

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
MOST_BODY = 1024 * 1024
"""Bytes of a form or a call; ``Site.larger`` names the doors that take more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One installation as browsers see it."""

    hasher: Hasher
    address: str = "http://127.0.0.1:8460"
    """Where people find it: scheme, host and port, as a browser spells its origin."""
    proxies: tuple[str, ...] = ()
    """Addresses of reverse proxies in front of it; only these are believed who the caller is."""
    every: float = 2.0
    """Seconds between two looks of a page that is kept up to date,"""
    looks: int = 1800
    """and how many before it has to ask again: a forgotten browser is not told for ever."""
    larger: dict[str, int] = field(default_factory=lambda: {"/check-list": MOST_BYTES + MOST_BODY})
    """End of a path -> bytes a call to it may have."""
    aside: Aside = in_a_thread
    """What a page begins and does not wait for."""

    @property
    def secure(self) -> bool:
        """Whether people reach it by TLS; on loopback without it, browsers refuse cookies that ask for TLS."""
        return self.address.startswith("https://")

    @property
    def cookie(self) -> str:
        """The name of the cookie: with its prefix no other host and no path can set it."""
        return "__Host-unisono" if self.secure else "unisono"

    @property
    def door_cookie(self) -> str:
        """The name of the cookie that guards the forms before anybody is signed in."""
        return self.cookie + "-door"

    def is_ours(self, host: str) -> bool:
        """Whether a ``Host`` header names us: a page of another name that was pointed at this machine is not us."""
        own = urlsplit(self.address)
        port = own.port
        if host.casefold() == own.netloc.casefold():
            return True
        return not self.secure and any(host.casefold() in (name, f"{name}:{port}") for name in LOOPBACK)

    def is_ours_origin(self, origin: str, host: str) -> bool:
        """Whether an ``Origin`` header is that of the page we served under this host."""
        return origin.casefold() == f"{'https' if self.secure else 'http'}://{host}".casefold()


def is_loopback(host: str) -> bool:
    """Whether listening there reaches this machine only."""
    if host in ("localhost", ""):
        return host == "localhost"
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
