"""A local app of a simulated portal: somebody lets it in at the browser, and our side of it speaks with the keys it was given."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.clock import FakeClock
from tests.support.transport import SimTransport
from tests.systems.contract.account import TiedClock, Wire
from unisono.connect.http import Door
from unisono.connect.pace import MemoryPace
from unisono.connect.renewal import Held, Issued, Renew
from unisono.model.secret import Secret
from unisono.sandbox import bitrix24 as simulated
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.world import World
from unisono.systems.bitrix24 import make
from unisono.systems.bitrix24.login import address, redeem
from unisono.systems.bitrix24.system import Bitrix24
from unisono.systems.catalogue import load

PORTAL = "muster.bitrix24.de"
CLIENT_SECRET = "canary-client-secret-4711"


class Kept:
    """Where keys lie in a test: what was exchanged, and how often."""

    def __init__(self) -> None:
        self.now: Held = {}
        self.renewals = 0

    def renewed(self, held: Held, renew: Renew) -> Held:
        if self.now and self.now != held:
            return self.now
        self.renewals += 1
        self.now = renew(held)
        return self.now


class LocalApp:
    """``simulator`` is the portal, ``wire`` what went out; ``let_in`` is what somebody does at the portal's own page."""

    def __init__(self, **settings: Any) -> None:
        self.clock = FakeClock()
        self.world = World(clock=TiedClock(self.clock), random=random.Random(5))
        self.world.storage.settings.update({"portal": f"https://{PORTAL}", "plan": "none", "operating_limit": None} | settings)
        self.world.storage.settings["client_secret"] = CLIENT_SECRET
        self.simulator = simulated.make(self.world)
        self.app = application(self.simulator)
        self.wire = Wire(self.app)
        self.known = load("bitrix24")
        self.login: dict[str, str | Secret] = {
            "portal": PORTAL,
            "client_id": str(self.simulator.portal.setting("client_id")),
            "client_secret": Secret(CLIENT_SECRET),
        }

    def door(self) -> Door:
        """A way out of our own."""
        return Door(transport=self.wire, hosts=self.known.hosts, pace=MemoryPace((), self.clock), clock=self.clock)

    def code(self, state: str = "s-1", settings: Mapping[str, Any] | None = None) -> tuple[str, str]:
        """The code and the state that the browser brings back from the portal's page."""
        import httpx2

        with httpx2.Client(transport=SimTransport(self.app), follow_redirects=False) as browser:
            answer = browser.get(address(self.login, settings or {}, state))
        back = parse_qs(urlsplit(answer.headers["location"]).query)
        return back["code"][0], back["state"][0]

    def let_in(self) -> Issued:
        """Keys, by way of the browser."""
        return redeem(self.door(), self.login, {}, Secret(self.code()[0]))

    def system(self, keys: Kept | None = None, issued: Issued | None = None, **settings: Any) -> Bitrix24:
        """Our side, with keys of its own."""
        held = (issued or self.let_in()).keys
        made = make(self.door(), {**self.login, **held}, self.known, {"login": "local-app", **settings}, keys=keys)
        assert isinstance(made, Bitrix24)
        return made

    def act(self, what: str, /, **values: Any) -> str:
        """What a person does in the portal; the id of what it was done to."""
        return str(self.simulator.act(what, {key: str(value) for key, value in values.items()})["id"])
