"""A vendor's notice at one of our doors, in process: as it comes, and with everything that may go wrong on its way."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from unisono.store import inbox
from unisono.wiring import House
from unisono.wiring.hooks import PATH
from unisono.wiring.receiving import MOST, Doorkeeper

ADDRESS = "https://unisono.example.de"
JSON = {"Content-Type": "application/json"}


def open_hook(house: House, connection: str) -> str:
    """A door of which only the test knows: no vendor is told. Returns its whole address, secret included."""
    token = base64.urlsafe_b64encode(house.chance.randbytes(24)).decode()
    hook_id = house.ids.new()
    begin = f"{ADDRESS}{PATH}{hook_id}/"
    with house.store.write() as conn:
        inbox.add_hook(conn, hook_id, connection, inbox.secret_hash(token), begin, "test", house.clock.now())
        inbox.update_hook(conn, hook_id, state="open")
    return begin + token


def deliver(keeper: Doorkeeper, url: str, headers: Mapping[str, str], body: bytes) -> bool:
    """One notice, knocking as the door in front of the application does it; whether it was kept."""
    kind = next((value for name, value in headers.items() if name.casefold() == "content-type"), "")
    place = keeper.knock("POST", urlsplit(url).path, kind, len(body))
    if place is None or len(body) > MOST:
        return False
    keeper.keep(place, body, {name.casefold(): value for name, value in headers.items()})
    return True


@dataclass
class Postman:
    """What is between a vendor and our doors. Given to a simulator as ``world.storage.settings["deliver"]``, it carries each notice

    on at once (``carry``), or holds it back (``held``) to be brought later, doubled, in another order, changed, or never.
    """

    keeper: Doorkeeper
    hold: bool = False
    held: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    carried: int = 0

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """A notice is sent."""
        if self.hold:
            self.held.append((url, dict(headers), body))
        else:
            self.carried += deliver(self.keeper, url, headers, body)

    def bring(self, order: Callable[[list[Any]], list[Any]] = list, times: int = 1) -> int:
        """Everything held back, in an order, so many times over; how many of them were kept."""
        letters, self.held = order(self.held), []
        kept = sum(deliver(self.keeper, *letter) for letter in letters for _ in range(times))
        self.carried += kept
        return kept
